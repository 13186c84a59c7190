//! Countersignatures: what somebody elsewhere says of a checkpoint, and the key to know it by. Pure: text in, text out.
//!
//! A countersignature is a line in the checkpoint's note: "at this time, this was the largest tree that I had seen of
//! this log, and it extends every one that I saw before". Only timestamped Ed25519 (signature type 0x04) is read and
//! made: it is what witnesses of transparency logs make, and openssl can too. The log's own trust never rests on one.
//! Sources: c2sp.org/tlog-cosignature, c2sp.org/signed-note (verifier keys), RFC 8032.

use super::note::{SignedNote, is_key_name};
use crate::digest::{Digest, from_base64};
use crate::error::{Error, Kind};
use crate::x509::{SignatureAlgorithm, Spki, verify};
use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The type of a timestamped Ed25519 countersignature.
const TIMESTAMPED: u8 = 0x04;
/// SubjectPublicKeyInfo of an Ed25519 key, but for its 32 bytes (RFC 8410 section 4).
const ED25519_SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// The longest key name, in bytes.
const MAX_NAME: usize = 128;

/// A countersigner as people write it: `<name>+<key id, hex>+<base64 of 0x04 and the public key>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

/// A countersignature of a checkpoint, verified or just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// When it was made, as its maker claims; whole seconds.
    pub time: Timestamp,
    /// Ed25519, 64 bytes.
    pub signature: Vec<u8>,
}

impl VerifierKey {
    /// The verifier key of an Ed25519 key under a name.
    ///
    /// # Errors
    /// [`Kind::Usage`]: a name that no note can have, or a key of another kind.
    pub fn new(name: &str, spki: &Spki) -> Result<Self, Error> {
        if !is_key_name(name) || name.len() > MAX_NAME || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::new(Kind::Usage, "a countersigner's name is not in form")
                .saw(name)
                .wanted("printable ASCII without spaces and +, 128 at most, such as witness.example/w1"));
        }
        let public = spki.key_bits().try_into().ok().filter(|_| spki.spec() == crate::key::KeySpec::Ed25519);
        let public = public.ok_or_else(|| {
            Error::new(Kind::Usage, "a countersigner's key is of another kind")
                .saw(spki.spec().title())
                .wanted("Ed25519")
        })?;
        Ok(Self { name: name.to_owned(), public })
    }

    /// The name that stands in notes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What stands before the signature in a note: of name, type and key.
    pub fn key_id(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = Digest::of_parts(&[self.name.as_bytes(), b"\n", &[TIMESTAMPED], &self.public]).0;
        [a, b, c, d]
    }

    /// True where another countersigner has the same key, whatever it calls itself.
    pub fn is_key_of(&self, other: &VerifierKey) -> bool {
        self.public == other.public
    }

    fn spki(&self) -> Result<Spki, Error> {
        Spki::from_der(&[ED25519_SPKI, &self.public[..]].concat())
    }

    /// Checks a countersignature of a note's text.
    ///
    /// # Errors
    /// [`Kind::Verify`].
    pub fn verify(&self, body: &str, cosignature: &Cosignature) -> Result<(), Error> {
        let message = message(body, cosignature.time);
        verify::signature(&self.spki()?, SignatureAlgorithm::Ed25519, message.as_bytes(), &cosignature.signature)
            .map_err(|error| error.within(format!("the countersignature of {}", self.name)))
    }

    /// The newest of this key's countersignatures in a note, each of them verified; `None` where there is none.
    ///
    /// # Errors
    /// [`Kind::Verify`]: one under this key's name and id does not verify, or is out of form.
    pub fn find(&self, note: &SignedNote) -> Result<Option<Cosignature>, Error> {
        let id = self.key_id();
        let mut newest: Option<Cosignature> = None;
        for line in note.signatures.iter().filter(|line| line.name == self.name && line.key_id == id) {
            let cosignature = Cosignature::parse(&line.signature).map_err(|error| error.within(&self.name))?;
            self.verify(&note.body, &cosignature)?;
            if newest.as_ref().is_none_or(|newest| newest.time < cosignature.time) {
                newest = Some(cosignature);
            }
        }
        Ok(newest)
    }

    /// The line of a note that carries a countersignature, with its newline.
    pub fn line(&self, cosignature: &Cosignature) -> String {
        let seconds = cosignature.time.as_second().to_be_bytes();
        let blob = [&self.key_id(), &seconds[..], &cosignature.signature].concat();
        format!("— {} {}\n", self.name, BASE64.encode(&blob))
    }
}

impl Cosignature {
    /// The time, eight bytes, then the signature.
    fn parse(blob: &[u8]) -> Result<Self, Error> {
        let bad = || {
            Error::new(Kind::Verify, "a countersignature is out of form")
                .saw(format!("{} bytes", blob.len()))
                .wanted("a time and an Ed25519 signature: 8 and 64 bytes")
        };
        let (seconds, signature) = blob.split_first_chunk::<8>().ok_or_else(bad)?;
        let time = Timestamp::from_second(i64::from_be_bytes(*seconds)).map_err(|_| bad())?;
        if signature.len() != 64 || time < Timestamp::UNIX_EPOCH {
            return Err(bad());
        }
        Ok(Self { time, signature: signature.to_vec() })
    }
}

/// What a countersigner signs: two lines, then the text of the note.
pub fn message(body: &str, time: Timestamp) -> String {
    format!("cosignature/v1\ntime {}\n{body}", time.as_second())
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[TIMESTAMPED], &self.public[..]].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&self.key_id()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    /// # Errors
    /// [`Kind::Usage`]: not three parts, another signature type, an id that is not the key's.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = |what: &str| {
            Error::new(Kind::Usage, format!("a countersigner's key {what}"))
                .saw(text)
                .wanted("NAME+KEYID+BASE64, as `anchorite checkpoint key` prints it")
        };
        // Base64 has plus signs of its own; names and ids have none.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(bad("is not three parts"));
        };
        let key = from_base64(key.as_bytes()).map_err(|_| bad("is not canonical base64"))?;
        let (kind, public) = key.split_first().ok_or_else(|| bad("is empty"))?;
        if *kind != TIMESTAMPED {
            return Err(bad(&format!("is of signature type 0x{kind:02x}"))
                .hint("type 0x04 is read: timestamped Ed25519 countersignatures (c2sp.org/tlog-cosignature)"));
        }
        let public: [u8; 32] = public.try_into().map_err(|_| bad("is not 32 bytes"))?;
        let read = Self::new(name, &Spki::from_der(&[ED25519_SPKI, &public[..]].concat())?)?;
        match HEXLOWER.encode(&read.key_id()) == id {
            true => Ok(read),
            false => Err(bad("was mistyped: its id is another").wanted(read.to_string())),
        }
    }
}

impl Serialize for VerifierKey {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VerifierKey {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::x509::keygen::LocalKey;

    const BODY: &str = "anchorite/x/00\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn signed(seconds: i64) -> (LocalKey, VerifierKey, Cosignature) {
        let key = LocalKey::generate(KeySpec::Ed25519).unwrap();
        let verifier = VerifierKey::new("witness.example/w1", key.spki()).unwrap();
        let time = Timestamp::from_second(seconds).unwrap();
        let signature = key.sign(message(BODY, time).as_bytes()).unwrap();
        (key, verifier, Cosignature { time, signature })
    }

    #[test]
    fn the_line_of_the_specification_has_the_shape_that_is_read_and_made() {
        // c2sp.org/tlog-cosignature, the example; its key is not published.
        let line = "— witness.example.com/w1 \
            jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let note = SignedNote::parse(format!("{BODY}\n{line}")).unwrap();
        let read = Cosignature::parse(&note.signatures[0].signature).unwrap();
        assert_eq!(read.time.as_second(), 1_679_315_147);
        assert!(message(BODY, read.time).starts_with("cosignature/v1\ntime 1679315147\nanchorite/x/00\n"));
    }

    #[test]
    fn a_key_reads_back_and_every_slip_in_it_is_noticed() {
        let (_, verifier, _) = signed(1);
        let text = verifier.to_string();
        assert_eq!(text.parse::<VerifierKey>().unwrap(), verifier);
        for at in 0..text.len() {
            let mut slip = text.clone().into_bytes();
            slip[at] = if slip[at] == b'A' { b'B' } else { b'A' };
            let slip = String::from_utf8(slip).unwrap();
            assert!(slip.parse::<VerifierKey>().is_err(), "{slip}");
        }
        let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        assert!(VerifierKey::new("w", other.spki()).is_err());
        assert!(VerifierKey::new("w 1", signed(1).0.spki()).is_err());
    }

    #[test]
    fn a_countersignature_is_of_one_text_one_time_and_one_key() {
        let (_, verifier, cosignature) = signed(1_795_253_400);
        let note = |line: &str| SignedNote::parse(format!("{BODY}\n{line}")).unwrap();
        let line = verifier.line(&cosignature);
        assert_eq!(verifier.find(&note(&line)).unwrap(), Some(cosignature.clone()));
        assert!(verifier.verify(&BODY.replace("\n7\n", "\n8\n"), &cosignature).is_err());
        let later = Cosignature { time: Timestamp::from_second(1_795_253_401).unwrap(), ..cosignature };
        assert!(verifier.find(&note(&verifier.line(&later))).is_err());
        // Of a key that is not known under this name: nothing is said of it.
        let (_, other, others) = signed(1_795_253_400);
        assert_eq!(verifier.find(&note(&other.line(&others))).unwrap(), None);
    }
}
