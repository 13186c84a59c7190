//! One share as bytes. The encoding is frozen; another one gets another version byte.
//!
//! ```text
//! 0      version, 1
//! 1..5   set id
//! 5      threshold
//! 6      index, from 1
//! 7..39  the share of each byte of the seed: a point of its polynomial over GF(256)
//! 39..45 SHA-256("anchorite/share/v1" ‖ bytes 0..39), its first 6 bytes
//! ```

use super::{MOST, SetId};
use crate::digest::Digest;
use zeroize::Zeroizing;

/// The length of an encoded share, in bytes.
pub const ENCODED: usize = 45;
/// The only version.
const VERSION: u8 = 1;
/// Separates the checksum from every other use of SHA-256 here.
const DOMAIN: &[u8] = b"anchorite/share/v1";

/// One custodian's share.
pub struct Share {
    /// The set that it belongs to.
    pub set: SetId,
    /// How many shares of the set give the seed.
    pub threshold: u8,
    /// Its index, from 1.
    pub index: u8,
    pub(super) value: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({} of set {})", self.index, self.set)
    }
}

/// Why bytes are no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareFault {
    /// Written by a newer anchorite, or no share at all: the version byte.
    Version(u8),
    /// A threshold or an index that no set has.
    Numbers,
    /// The checksum is of other bytes: more than one row is wrong.
    Checksum,
}

impl ShareFault {
    /// The fault, a sentence's part.
    pub fn says(self) -> String {
        match self {
            ShareFault::Version(version) => format!("it is of version {version}, and this program knows version 1"),
            ShareFault::Numbers => "its threshold or index cannot be".to_owned(),
            ShareFault::Checksum => "its rows do not belong together".to_owned(),
        }
    }
}

impl Share {
    /// The share as bytes.
    pub fn encode(&self) -> Zeroizing<[u8; ENCODED]> {
        let mut out = Zeroizing::new([0; ENCODED]);
        let head = [VERSION].into_iter().chain(self.set.0).chain([self.threshold, self.index]);
        for (to, from) in out.iter_mut().zip(head.chain(self.value.iter().copied())) {
            *to = from;
        }
        let check = checksum(out.get(..39).unwrap_or_default());
        for (to, from) in out.iter_mut().skip(39).zip(check) {
            *to = from;
        }
        out
    }

    /// Reads a share.
    ///
    /// # Errors
    /// [`ShareFault`].
    pub fn decode(bytes: &[u8; ENCODED]) -> Result<Self, ShareFault> {
        let [version, s0, s1, s2, s3, threshold, index, rest @ ..] = bytes;
        if *version != VERSION {
            return Err(ShareFault::Version(*version));
        }
        let (value, check) = rest.split_at(32);
        if check != checksum(bytes.get(..39).unwrap_or_default()) {
            return Err(ShareFault::Checksum);
        }
        if !(2..=MOST).contains(threshold) || !(1..=MOST).contains(index) {
            return Err(ShareFault::Numbers);
        }
        let mut own = Zeroizing::new([0; 32]);
        own.copy_from_slice(value);
        Ok(Self { set: SetId([*s0, *s1, *s2, *s3]), threshold: *threshold, index: *index, value: own })
    }

    /// What the log keeps of the share: SHA-256 of its encoding, which 256 random bits keep from being guessed.
    pub fn commitment(&self) -> Digest {
        Digest::of(self.encode().as_ref())
    }
}

fn checksum(bytes: &[u8]) -> [u8; 6] {
    let Digest([a, b, c, d, e, f, ..]) = Digest::of_parts(&[DOMAIN, bytes]);
    [a, b, c, d, e, f]
}
