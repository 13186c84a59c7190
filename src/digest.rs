//! SHA-256 digests, and bytes as they stand in JSON: digests and serials in hex, DER in base64.

use crate::error::{Error, Kind};
use data_encoding::{BASE64, DecodeError, DecodeKind, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// A SHA-256 digest, 32 bytes; lower-case hex in text and JSON.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of several byte strings one after the other.
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// The digest of everything that a reader gives.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn of_stream(mut from: impl std::io::Read) -> std::io::Result<Self> {
        let (mut hash, mut block) = (Sha256::new(), vec![0; 64 * 1024]);
        loop {
            match from.read(&mut block)? {
                0 => return Ok(Self(hash.finalize().into())),
                read => hash.update(block.get(..read).unwrap_or_default()),
            }
        }
    }

    /// Parses 64 lower-case hex digits.
    ///
    /// # Errors
    /// [`Kind::Usage`] for anything else.
    pub fn from_hex(hex: &str) -> Result<Self, Error> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok().and_then(|b| b.try_into().ok());
        bytes
            .map(Self)
            .ok_or_else(|| Error::new(Kind::Usage, "not a SHA-256 digest").saw(hex).wanted("64 lower-case hex digits"))
    }

    /// 64 lower-case hex digits.
    pub fn hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The first 16 hex digits, for screens that show the whole digest elsewhere.
    pub fn short(&self) -> String {
        self.hex().chars().take(16).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let hex = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Digest::from_hex(&hex).map_err(de::Error::custom)
    }
}

/// The SHA-256 of bytes that pass by, piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Passing(Sha256);

impl Passing {
    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all of them.
    pub fn digest(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// A short byte string (serial number, key id, log id) in lower-case hex.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(pub Vec<u8>);

impl Hex {
    /// Parses lower-case hex.
    ///
    /// # Errors
    /// [`Kind::Usage`] for anything else.
    pub fn parse(hex: &str) -> Result<Self, Error> {
        HEXLOWER
            .decode(hex.as_bytes())
            .map(Self)
            .map_err(|_| Error::new(Kind::Usage, "not hex").saw(hex).wanted("an even number of lower-case hex digits"))
    }

    /// Bytes separated by colons, as certificate viewers show serial numbers.
    pub fn colons(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let hex = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Hex::parse(&hex).map_err(de::Error::custom)
    }
}

/// The bytes of a text in base64 (RFC 4648 section 4), of which there is one text only: no bits are left over, and nothing
/// comes after the padding.
///
/// # Errors
/// Where the first character stands that must not be there.
pub fn from_base64(text: &[u8]) -> Result<Vec<u8>, DecodeError> {
    // The decoder takes several texts one after another, each with its padding.
    match text.iter().position(|character| *character == b'=') {
        Some(position) if position + 2 < text.len() => Err(DecodeError { position, kind: DecodeKind::Padding }),
        _ => BASE64.decode(text),
    }
}

/// Bytes of a file or a DER structure: standard base64 in JSON, so that `base64 -d` reads them.
#[derive(Clone, PartialEq, Eq)]
pub struct Base64(pub Vec<u8>);

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, sha256 {}", self.0.len(), Digest::of(&self.0))
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        from_base64(text.as_bytes()).map(Self).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_fips_180_4_and_reads_back() {
        let abc = Digest::of(b"abc");
        assert_eq!(abc.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(Digest::of_parts(&[b"a", b"bc"]), abc);
        assert_eq!(Digest::from_hex(&abc.hex()), Ok(abc));
        assert!(Digest::from_hex(&abc.hex().to_uppercase()).is_err());
    }

    #[test]
    fn base64_that_is_not_canonical_is_refused() {
        assert!(serde_json::from_str::<Base64>("\"aGk=\"").is_ok());
        assert!(serde_json::from_str::<Base64>("\"aGl=\"").is_err());
        assert!(serde_json::from_str::<Base64>("\"aGk\"").is_err());
        // Two texts, of which the first ends with its padding.
        for two in ["aGk=aGk=", "aA==aGhp", "aGhpaGk=aGhp"] {
            assert!(from_base64(two.as_bytes()).is_err(), "{two}");
        }
        assert_eq!(from_base64(b"").unwrap(), b"");
        assert_eq!(from_base64(b"aA==").unwrap(), b"h");
    }
}
