//! Checkpoints: the tree's head as a C2SP tlog-checkpoint, which is a C2SP signed note.
//!
//! Signed by the audit key with ECDSA P-256 and SHA-256 (signature type 0x02: the key id is the first four bytes
//! of SHA-256 of the SubjectPublicKeyInfo). Reading is strict; signatures of other keys (witnesses) are kept and
//! never trusted. Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint.

use crate::digest::{Digest, Hex, from_base64};
use crate::error::{Error, Kind};
use crate::x509::{SignatureAlgorithm, Spki, verify as x509};
use data_encoding::BASE64;

/// The largest note that is read, in bytes.
pub const MAX_NOTE: usize = 64 * 1024;

/// The head of a tree: which log, how many entries, their root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name, `anchorite/<slug>/<log id>` ([`origin`]).
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The RFC 6962 root over them.
    pub root: Digest,
}

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub key_id: [u8; 4],
    /// The signature; DER for ECDSA.
    pub signature: Vec<u8>,
}

/// A text and who signed it; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    /// The text, its final newline included: the bytes that are signed.
    pub body: String,
    /// At least one.
    pub signatures: Vec<NoteSignature>,
}

/// The origin of a log, which is also the audit key's name in its notes: no spaces, no `+`.
pub fn origin(name: &str, log_id: &Hex) -> String {
    format!("anchorite/{}/{log_id}", slug(name))
}

/// Lower-case ASCII letters and digits of a name, the rest as single hyphens.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    // A name may be written in another script; the log id is what tells origins apart.
    if slug.is_empty() { "authority".to_owned() } else { slug.to_owned() }
}

/// The id of an ECDSA key in a note: the first four bytes of SHA-256 of its SubjectPublicKeyInfo.
pub fn key_id(spki: &Spki) -> [u8; 4] {
    let [a, b, c, d, ..] = spki.sha256().0;
    [a, b, c, d]
}

impl Checkpoint {
    /// The three lines that are signed.
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root.0))
    }

    /// Reads the three lines. Extension lines, which tlog-checkpoint allows, are refused: this program writes none.
    ///
    /// # Errors
    /// [`Kind::Verify`]: not exactly three lines, a size with leading zeros, a root that is not 32 bytes in
    /// canonical base64.
    pub fn parse(body: &str) -> Result<Self, Error> {
        let bad = |what: &str, saw: &str| Err(Error::new(Kind::Verify, what).saw(saw));
        let mut lines = body.strip_suffix('\n').unwrap_or_default().split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return bad("a checkpoint is not three lines: origin, size, root", body);
        };
        if !is_key_name(origin) {
            return bad("a checkpoint's origin is not in form", origin);
        }
        let Some(size) = decimal(size) else { return bad("a checkpoint's size is not a number", size) };
        let Some(root) = digest(root) else { return bad("a checkpoint's root is not a digest in base64", root) };
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

impl SignedNote {
    /// Reads a note: text, a blank line, signature lines, each ending in a newline.
    ///
    /// # Errors
    /// [`Kind::Verify`]: too long, not UTF-8, a control character, no blank line, a signature line out of form,
    /// base64 that is not canonical, no final newline.
    pub fn parse(note: impl AsRef<[u8]>) -> Result<Self, Error> {
        let note = note.as_ref();
        let bad = |what: &str| Error::new(Kind::Verify, format!("a signed note {what}"));
        if note.len() > MAX_NOTE {
            return Err(bad("is too long").saw(format!("{} bytes", note.len())).wanted(format!("{MAX_NOTE} at most")));
        }
        let text = std::str::from_utf8(note).map_err(|_| bad("is not UTF-8"))?;
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(bad("holds a control character"));
        }
        if !text.ends_with('\n') {
            return Err(bad("does not end in a newline"));
        }
        // The text may hold empty lines; the last one separates.
        let blank = text.rfind("\n\n").ok_or_else(|| bad("has no blank line before its signatures"))?;
        let (body, rest) = (text.get(..=blank).unwrap_or_default(), text.get(blank + 2..).unwrap_or_default());
        let signatures = rest.lines().map(signature_line).collect::<Result<Vec<_>, _>>()?;
        if signatures.is_empty() {
            return Err(bad("has no signature"));
        }
        Ok(Self { body: body.to_owned(), signatures })
    }
}

/// The signed note of a checkpoint; `signature` is DER ECDSA by the key `spki` over [`Checkpoint::body`].
pub fn sign_checkpoint(checkpoint: &Checkpoint, spki: &Spki, signature: &[u8]) -> String {
    let blob = [&key_id(spki), signature].concat();
    format!("{}\n— {} {}\n", checkpoint.body(), checkpoint.origin, BASE64.encode(&blob))
}

/// Reads a note, verifies the audit key's signature and gives the checkpoint that it signs.
///
/// The key's line is found by the origin as its name and by its id; a second line of that name and id must
/// verify as well. Lines of other keys are ignored.
///
/// # Errors
/// [`Kind::Verify`]: the note is out of form, has no signature by this key, or one that does not verify.
pub fn verify(note: impl AsRef<[u8]>, audit: &Spki) -> Result<Checkpoint, Error> {
    let note = SignedNote::parse(note)?;
    let checkpoint = Checkpoint::parse(&note.body)?;
    let id = key_id(audit);
    let mut seen = false;
    for line in note.signatures.iter().filter(|s| s.name == checkpoint.origin && s.key_id == id) {
        x509::signature(audit, SignatureAlgorithm::EcdsaSha256, note.body.as_bytes(), &line.signature)
            .map_err(|error| error.within(format!("the checkpoint of {} entries", checkpoint.size)))?;
        seen = true;
    }
    if !seen {
        return Err(Error::new(
            Kind::Verify,
            format!("the checkpoint of {} entries is not signed by the audit key", checkpoint.size),
        )
        .wanted(format!("a signature by {} with key id {}", checkpoint.origin, Hex(id.to_vec()))));
    }
    Ok(checkpoint)
}

/// `— <name> <base64>`, without its newline.
fn signature_line(line: &str) -> Result<NoteSignature, Error> {
    let parsed = line.strip_prefix("— ").and_then(|l| l.split_once(' ')).and_then(|(name, blob)| {
        let blob = from_base64(blob.as_bytes()).ok()?;
        let (key_id, signature) = blob.split_first_chunk::<4>()?;
        let signature = NoteSignature { name: name.to_owned(), key_id: *key_id, signature: signature.to_vec() };
        (is_key_name(name) && !signature.signature.is_empty()).then_some(signature)
    });
    parsed.ok_or_else(|| {
        Error::new(Kind::Verify, "a signature line of a note is out of form")
            .saw(line)
            .wanted("an em dash, a key name, canonical base64, single spaces between")
    })
}

pub(super) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c == '+')
}

/// A decimal number without leading zeros or sign.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// 32 bytes in canonical base64.
pub(super) fn digest(text: &str) -> Option<Digest> {
    from_base64(text.as_bytes()).ok()?.try_into().ok().map(Digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::x509::keygen::LocalKey;

    fn signed(size: u64) -> (LocalKey, Checkpoint, String) {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let origin = origin("Example Mesh Root", &Hex(vec![0xab; 16]));
        let checkpoint = Checkpoint { origin, size, root: Digest::of(b"root") };
        let signature = key.sign(checkpoint.body().as_bytes()).unwrap();
        let note = sign_checkpoint(&checkpoint, key.spki(), &signature);
        (key, checkpoint, note)
    }

    #[test]
    fn a_signed_checkpoint_reads_back_and_verifies_with_its_key_only() {
        let (key, checkpoint, note) = signed(20_852_163);
        assert!(note.starts_with("anchorite/example-mesh-root/abababab"));
        assert_eq!(verify(&note, key.spki()), Ok(checkpoint));
        let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        assert_eq!(verify(&note, other.spki()).unwrap_err().kind(), Kind::Verify);
    }

    #[test]
    fn each_byte_of_a_note_counts() {
        let (key, _, note) = signed(7);
        for at in 0..note.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = note.clone().into_bytes();
                changed[at] ^= flip;
                assert!(verify(&changed, key.spki()).is_err(), "byte {at} ^ {flip:#x}");
            }
            assert!(verify(&note.as_bytes()[..at], key.spki()).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn signatures_of_other_keys_are_kept_and_never_trusted() {
        let (key, checkpoint, note) = signed(7);
        let witness = "— witness.example/w1 AAAAAAECAwQ=\n";
        assert_eq!(verify(format!("{note}{witness}"), key.spki()), Ok(checkpoint.clone()));
        assert!(verify(format!("{}\n{witness}", checkpoint.body()), key.spki()).is_err());
        // A second line by the audit key's name and id must verify as well.
        let forged = sign_checkpoint(&checkpoint, key.spki(), &[0x30, 0]);
        let forged = forged.lines().last().unwrap();
        assert!(verify(format!("{note}{forged}\n"), key.spki()).is_err());
    }

    #[test]
    fn the_note_of_the_specification_reads_and_what_is_out_of_form_does_not() {
        let note = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo\
            +zyWE+xeMcTOAYQ8=\n";
        let parsed = SignedNote::parse(note).unwrap();
        assert_eq!(parsed.signatures[0].key_id, [0x03, 0x3d, 0xe0, 0xae]);
        assert_eq!(Checkpoint::parse(&parsed.body).unwrap().size, 20_852_163);
        assert_eq!(Checkpoint::parse(&parsed.body).unwrap().body(), parsed.body);
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "+20852163"),
            ("20852163\n", "20852163\r\n"),
            ("q2I=\n\n", "q2I=\nextension\n\n"),
            ("q2I=", "q2J="),
            ("q2I=", "q2I"),
            ("— ", "- "),
            ("OAYQ8=\n", "OAYQ8=\n\n"),
            ("OAYQ8=\n", "OAYQ8="),
            ("OAYQ8=", "OAYQ8= "),
            ("sofa Az", "sofa  Az"),
        ] {
            let changed = note.replacen(from, to, 1);
            assert_ne!(changed, note);
            let read = SignedNote::parse(&changed).and_then(|note| Checkpoint::parse(&note.body));
            assert!(read.is_err(), "{from:?} -> {to:?}");
        }
        let own_name = note.replace("example.com/behind-the-sofa", "with space");
        assert!(SignedNote::parse(own_name).is_err());
    }

    #[test]
    fn a_slug_is_letters_digits_and_single_hyphens() {
        for (name, expected) in
            [("Example Mesh Root", "example-mesh-root"), (" A+B  (x) ", "a-b-x"), ("Корень", "authority")]
        {
            assert_eq!(slug(name), expected);
        }
    }
}
