//! What a countersigner is shown: the newest checkpoint, and the proof that it extends the tree that was shown before.
//! Pure: the body of `add-checkpoint` of c2sp.org/tlog-witness, so that witnesses of transparency logs take it too.

use super::note::{self, Checkpoint, MAX_NOTE};
use super::proof::{ConsistencyProof, hash_lines, hashes, numbered};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::Spki;

/// A submission as it was read; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The size of the tree that the countersigner saw last; 0 for none.
    pub old: u64,
    /// The consistency proof from there; empty from 0, and where nothing has grown.
    pub hashes: Vec<Digest>,
    /// The checkpoint as a signed note, as it stands.
    pub note: String,
}

/// The text of a submission; `hashes` is the consistency proof from `old` to the note's tree.
pub fn write(old: u64, hashes: &[Digest], note: &str) -> String {
    format!("old {old}\n{}\n{note}", hash_lines(hashes))
}

impl Submission {
    /// Reads a submission.
    ///
    /// # Errors
    /// [`Kind::Verify`]: out of form.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bad = |what: &str| {
            Error::new(Kind::Verify, format!("what is to be countersigned {what}"))
                .wanted("what `anchorite checkpoint export` prints")
        };
        if bytes.len() > MAX_NOTE {
            return Err(bad("is too long"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| bad("is not text"))?;
        let (head, note) = text.split_once("\n\n").ok_or_else(|| bad("has no checkpoint"))?;
        let mut lines = head.split('\n');
        let old = numbered("old", lines.next()).ok_or_else(|| bad("does not begin with the old size"))?;
        Ok(Self { old, hashes: hashes(lines)?, note: note.to_owned() })
    }

    /// Checks the log's own signature, and that the tree extends the one that was seen: its size and root.
    ///
    /// # Errors
    /// [`Kind::Verify`]: a signature by another key; a tree that is smaller, or is not an extension of what was seen.
    pub fn verify(&self, audit: &Spki, seen: Option<(u64, Digest)>) -> Result<Checkpoint, Error> {
        let checkpoint = note::verify(&self.note, audit)?;
        let (size, root) = match seen {
            None if self.old == 0 && self.hashes.is_empty() => return Ok(checkpoint),
            None => (0, Digest::of(b"")),
            Some(seen) => seen,
        };
        if checkpoint.size < size {
            return Err(Error::new(Kind::Verify, "this checkpoint is older than one that was countersigned here")
                .saw(format!("{} entries", checkpoint.size))
                .wanted(format!("{size} or more"))
                .hint("an older copy of the authority may be in use: ask its people which log they go on with"));
        }
        if checkpoint.size == size && checkpoint.root == root {
            // The same once more, for one that was lost on the way: whatever the proof begins with.
            return Ok(checkpoint);
        }
        if self.old != size {
            return Err(Error::new(Kind::Verify, "the proof does not begin where the last countersignature ended")
                .saw(format!("old {}", self.old))
                .wanted(format!("old {size}"))
                .hint(format!("ask for it: anchorite checkpoint export --old {size}")));
        }
        let proof = ConsistencyProof { old: size, new: checkpoint.size, hashes: self.hashes.clone() };
        proof.verify(&root, &checkpoint.root).map_err(|error| {
            error
                .within("this checkpoint is not of the log that was countersigned here before")
                .hint("keep both: two histories of one log are signed, which only its audit key can do")
                .hint("tell everybody who relies on this root, before its own people")
        })?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Hex;
    use crate::key::KeySpec;
    use crate::log::merkle::{self, leaf_hash, root_of};
    use crate::x509::keygen::LocalKey;

    fn leaves(fork: bool) -> Vec<Digest> {
        (0..13u8).map(|n| leaf_hash(&[n, u8::from(fork && n == 3)])).collect()
    }

    fn note(key: &LocalKey, leaves: &[Digest], size: usize) -> String {
        let origin = note::origin("x", &Hex(vec![1; 16]));
        let checkpoint = Checkpoint { origin, size: u64::try_from(size).unwrap(), root: root_of(&leaves[..size]) };
        note::sign_checkpoint(&checkpoint, key.spki(), &key.sign(checkpoint.body().as_bytes()).unwrap())
    }

    #[test]
    fn a_log_that_grew_is_taken_and_one_that_shrank_forked_or_skips_is_not() {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let (leaves, fork) = (leaves(false), leaves(true));
        let seen = |size: usize| Some((u64::try_from(size).unwrap(), root_of(&leaves[..size])));
        let told = |leaves: &[Digest], old: u64, size: usize| {
            let hashes = match old {
                0 => Vec::new(),
                old => merkle::consistency(leaves, old, u64::try_from(size).unwrap()),
            };
            Submission::parse(write(old, &hashes, &note(&key, leaves, size)).as_bytes()).unwrap()
        };
        for old in 1..=13 {
            let submission = told(&leaves, old, 13);
            let old = usize::try_from(old).unwrap();
            assert_eq!(submission.verify(key.spki(), seen(old)).unwrap().size, 13, "from {old}");
            // A countersigner that forgot everything does not take a proof for a beginning.
            assert!(submission.verify(key.spki(), None).is_err(), "from {old}, nothing seen");
            if old > 3 {
                let forked = told(&fork, u64::try_from(old).unwrap(), 13).verify(key.spki(), seen(old)).unwrap_err();
                assert!(forked.to_string().contains("is not of the log that was countersigned"), "{forked}");
            }
        }
        assert!(told(&leaves, 0, 7).verify(key.spki(), None).is_ok());
        assert!(told(&leaves, 0, 7).verify(key.spki(), seen(7)).is_ok());
        assert!(told(&fork, 0, 7).verify(key.spki(), seen(7)).is_err());
        assert!(told(&leaves, 0, 7).verify(key.spki(), seen(5)).unwrap_err().to_string().contains("does not begin"));
        assert!(told(&leaves, 0, 7).verify(key.spki(), seen(9)).unwrap_err().to_string().contains("is older"));
        let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        assert!(told(&leaves, 0, 7).verify(other.spki(), None).is_err());
    }

    #[test]
    fn what_is_out_of_form_is_not_read() {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let leaves = leaves(false);
        let text = write(7, &merkle::consistency(&leaves, 7, 13), &note(&key, &leaves, 13));
        let read = Submission::parse(text.as_bytes()).unwrap();
        assert_eq!(write(read.old, &read.hashes, &read.note), text);
        for (from, to) in [("old 7", "old 07"), ("old 7", "new 7"), ("=\n", "\n"), ("\n\n", "\n")] {
            assert!(Submission::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from:?} -> {to:?}");
        }
    }
}
