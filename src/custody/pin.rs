//! From the seed to a PIN: HKDF-SHA256 (RFC 5869) to 64 bytes, read as one big-endian number, written in the
//! alphabet of the token's PINs, lowest digit first; and to the key that wraps keys for a backup. Frozen: the tests
//! hold vectors.

use super::{Seed, SetId};
use crate::error::{Error, Kind};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Whose PIN it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The security officer.
    So,
    /// The user: opens the keys.
    User,
}

impl Owner {
    /// The name in the log and in the derivation.
    pub const fn name(self) -> &'static str {
        match self {
            Owner::So => "so",
            Owner::User => "user",
        }
    }

    /// The name on screens.
    pub const fn title(self) -> &'static str {
        match self {
            Owner::So => "security officer's PIN",
            Owner::User => "user PIN",
        }
    }
}

/// The bytes that HKDF gives: far more than a PIN has, so that no character is likelier than another.
const OKM: usize = 64;

/// How many bytes HKDF gives.
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// The bytes that HKDF gives of a seed for one purpose.
fn expand(seed: &Seed, set: SetId, info: &str, into: &mut [u8]) -> Result<(), Error> {
    let extracted = Salt::new(HKDF_SHA256, &set.0).extract(seed.bytes());
    let length = Length(into.len());
    let filled = extracted.expand(&[info.as_bytes()], length).and_then(|okm| okm.fill(into));
    filled.map_err(|_| Error::new(Kind::Bug, "HKDF gives nothing").saw(info))
}

/// The key that wraps the token's keys: AES-256. Never shown, logged or written.
#[derive(Clone)]
pub struct Kek(Zeroizing<[u8; 32]>);

impl Kek {
    /// The bytes, for the token.
    pub fn bytes(&self) -> &Zeroizing<[u8; 32]> {
        &self.0
    }
}

impl std::fmt::Debug for Kek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kek(…)")
    }
}

/// The key that wraps keys for a backup: HKDF-SHA256 of the seed, its salt the set, `anchorite/kek/v1`.
///
/// # Errors
/// [`Kind::Bug`].
pub fn derive_kek(seed: &Seed, set: SetId) -> Result<Kek, Error> {
    let mut key = Zeroizing::new([0; 32]);
    expand(seed, set, "anchorite/kek/v1", key.as_mut())?;
    Ok(Kek(key))
}

/// The PIN of an owner: `length` of these characters.
///
/// # Errors
/// [`Kind::Bug`]: an alphabet of one character or of more than 256.
pub fn derive_pin(
    seed: &Seed,
    set: SetId,
    owner: Owner,
    characters: impl Iterator<Item = char>,
    length: usize,
) -> Result<SecretString, Error> {
    let bug = |what: &str| Error::new(Kind::Bug, format!("a PIN cannot be derived: {what}"));
    let characters: Vec<char> = characters.collect();
    let base = u16::try_from(characters.len()).ok().filter(|base| (2..=256).contains(base));
    let base = base.ok_or_else(|| bug("its alphabet"))?;
    let info = format!("anchorite/pin/v1/{}", owner.name());
    let mut number = Zeroizing::new([0u8; OKM]);
    expand(seed, set, &info, number.as_mut())?;
    // Reserved at once: a string that grows leaves copies behind.
    let mut pin = Zeroizing::new(String::with_capacity(length * 4));
    for _ in 0..length {
        let digit = usize::from(divide(&mut number, base));
        pin.push(*characters.get(digit).ok_or_else(|| bug("a digit"))?);
    }
    Ok(SecretString::from(pin.as_str()))
}

/// Divides the number by `base` and gives the remainder.
fn divide(number: &mut [u8; OKM], base: u16) -> u16 {
    let mut remainder: u32 = 0;
    let base = u32::from(base);
    for byte in number {
        let all = remainder * 256 + u32::from(*byte);
        // Below 256: the remainder is below the base.
        *byte = u8::try_from(all / base).unwrap_or(u8::MAX);
        remainder = all % base;
    }
    u16::try_from(remainder).unwrap_or(u16::MAX)
}
