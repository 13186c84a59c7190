//! Proofs as files: that an entry is in a log (C2SP tlog-proof), that a log extends an earlier one.
//!
//! An inclusion proof carries its checkpoint and needs nothing else but the audit key. For consistency C2SP has
//! no file format; ours is in the same spirit: after a first line that names the format, any number of blocks,
//! each an empty line, `old <size>`, `new <size>` and the hashes of RFC 6962 section 2.1.2 in base64, one a line.
//! Source: c2sp.org/tlog-proof.

use super::merkle;
use super::note::{self, Checkpoint};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::Spki;
use data_encoding::BASE64;

/// The first line of an inclusion proof.
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
/// The first line of a file of consistency proofs.
const CONSISTENCY: &str = "anchorite/consistency-proof/v1";
/// No proof in a tree of 2^63 entries is longer.
const MAX_HASHES: usize = 64;

/// An entry's place in a log, with the checkpoint that covers it; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry's position.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Digest>,
    /// The checkpoint as a signed note, as it stands.
    pub note: String,
}

/// That one tree extends another; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The size of the earlier tree.
    pub old: u64,
    /// The size of the later tree.
    pub new: u64,
    /// As RFC 6962 section 2.1.2 orders them.
    pub hashes: Vec<Digest>,
}

/// The text of an inclusion proof; `note` is the signed checkpoint that `hashes` lead to.
pub fn inclusion_proof(index: u64, hashes: &[Digest], note: &str) -> String {
    format!("{INCLUSION}\nindex {index}\n{}\n{note}", hash_lines(hashes))
}

/// Reads an inclusion proof. Extra data, which the format allows, is refused: this program writes none.
///
/// # Errors
/// [`Kind::Verify`]: another format, a line out of form, too many hashes.
pub fn parse_inclusion(text: &str) -> Result<InclusionProof, Error> {
    let bad = |what: &str| Error::new(Kind::Verify, format!("an inclusion proof {what}"));
    let (head, note) = text.split_once("\n\n").ok_or_else(|| bad("has no checkpoint"))?;
    let mut lines = head.split('\n');
    if lines.next() != Some(INCLUSION) {
        return Err(bad("is of another format").wanted(INCLUSION));
    }
    let index = numbered("index", lines.next()).ok_or_else(|| bad("has no index"))?;
    Ok(InclusionProof { index, hashes: hashes(lines)?, note: note.to_owned() })
}

impl InclusionProof {
    /// Checks the checkpoint's signature and that `leaf` is at its index in that tree.
    ///
    /// # Errors
    /// [`Kind::Verify`].
    pub fn verify(&self, leaf: &Digest, audit: &Spki) -> Result<Checkpoint, Error> {
        let checkpoint = note::verify(&self.note, audit)?;
        merkle::verify_inclusion(leaf, self.index, checkpoint.size, &self.hashes, &checkpoint.root)?;
        Ok(checkpoint)
    }
}

/// The text of one consistency proof.
pub fn consistency_proof(old: u64, new: u64, hashes: &[Digest]) -> String {
    consistency_proofs(&[ConsistencyProof { old, new, hashes: hashes.to_vec() }])
}

/// The text of several consistency proofs, or of none.
pub fn consistency_proofs(proofs: &[ConsistencyProof]) -> String {
    let mut text = format!("{CONSISTENCY}\n");
    for proof in proofs {
        text.push_str(&format!("\nold {}\nnew {}\n{}", proof.old, proof.new, hash_lines(&proof.hashes)));
    }
    text
}

/// Reads a file of consistency proofs.
///
/// # Errors
/// [`Kind::Verify`]: another format, a line out of form, too many hashes, no final newline.
pub fn parse_consistency(text: &str) -> Result<Vec<ConsistencyProof>, Error> {
    let bad = |what: &str| Error::new(Kind::Verify, format!("a consistency proof {what}"));
    let text = text.strip_suffix('\n').ok_or_else(|| bad("does not end in a newline"))?;
    let mut blocks = text.split("\n\n");
    if blocks.next() != Some(CONSISTENCY) {
        return Err(bad("is of another format").wanted(CONSISTENCY));
    }
    blocks
        .map(|block| {
            let mut lines = block.split('\n');
            let old = numbered("old", lines.next()).ok_or_else(|| bad("has no old size"))?;
            let new = numbered("new", lines.next()).ok_or_else(|| bad("has no new size"))?;
            Ok(ConsistencyProof { old, new, hashes: hashes(lines)? })
        })
        .collect()
}

impl ConsistencyProof {
    /// Checks that the tree of `new_root` extends the tree of `old_root`.
    ///
    /// # Errors
    /// [`Kind::Verify`].
    pub fn verify(&self, old_root: &Digest, new_root: &Digest) -> Result<(), Error> {
        merkle::verify_consistency(self.old, self.new, old_root, new_root, &self.hashes)
    }
}

pub(super) fn hash_lines(hashes: &[Digest]) -> String {
    hashes.iter().map(|hash| BASE64.encode(&hash.0) + "\n").collect()
}

pub(super) fn hashes<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<Digest>, Error> {
    let bad = |saw: &str| {
        Error::new(Kind::Verify, "a line of a proof is not a hash").saw(saw).wanted("32 bytes in canonical base64")
    };
    let hashes = lines.map(|line| note::digest(line).ok_or_else(|| bad(line))).collect::<Result<Vec<_>, _>>()?;
    if hashes.len() > MAX_HASHES {
        return Err(Error::new(Kind::Verify, "a proof has too many hashes")
            .saw(hashes.len().to_string())
            .wanted(format!("{MAX_HASHES} at most")));
    }
    Ok(hashes)
}

/// `<word> <number>`.
pub(super) fn numbered(word: &str, line: Option<&str>) -> Option<u64> {
    line?.strip_prefix(word)?.strip_prefix(' ').and_then(note::decimal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Hex;
    use crate::key::KeySpec;
    use crate::log::merkle::{leaf_hash, root_of};
    use crate::x509::keygen::LocalKey;

    fn leaves() -> Vec<Digest> {
        (0..11u8).map(|n| leaf_hash(&[n])).collect()
    }

    #[test]
    fn an_inclusion_proof_reads_back_and_verifies_under_its_own_checkpoint() {
        let (leaves, key) = (leaves(), LocalKey::generate(KeySpec::EcdsaP256).unwrap());
        let checkpoint = Checkpoint { origin: note::origin("x", &Hex(vec![1; 16])), size: 11, root: root_of(&leaves) };
        let signature = key.sign(checkpoint.body().as_bytes()).unwrap();
        let note = note::sign_checkpoint(&checkpoint, key.spki(), &signature);
        for (index, leaf) in (0..).zip(&leaves) {
            let text = inclusion_proof(index, &merkle::inclusion(&leaves, index, 11), &note);
            let proof = parse_inclusion(&text).unwrap();
            assert_eq!(inclusion_proof(proof.index, &proof.hashes, &proof.note), text);
            assert_eq!(proof.verify(leaf, key.spki()), Ok(checkpoint.clone()));
            assert!(proof.verify(&Digest::of(b"another"), key.spki()).is_err());
            for at in 0..text.len() {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= 1;
                let read = String::from_utf8(changed).ok().and_then(|text| parse_inclusion(&text).ok());
                assert!(read.is_none_or(|proof| proof.verify(leaf, key.spki()).is_err()), "byte {at}");
            }
        }
        let single = inclusion_proof(0, &[], &note);
        assert!(single.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n\nanchorite/x/"));
    }

    #[test]
    fn a_file_of_consistency_proofs_holds_none_one_or_several() {
        let leaves = leaves();
        let proof = |old| ConsistencyProof { old, new: 11, hashes: merkle::consistency(&leaves, old, 11) };
        for olds in [vec![], vec![4], vec![1, 4, 7, 11]] {
            let proofs: Vec<ConsistencyProof> = olds.iter().map(|old| proof(*old)).collect();
            let text = consistency_proofs(&proofs);
            assert_eq!(parse_consistency(&text), Ok(proofs.clone()));
            for proof in proofs {
                let old = usize::try_from(proof.old).unwrap();
                proof.verify(&root_of(&leaves[..old]), &root_of(&leaves)).unwrap();
                assert!(proof.verify(&Digest::of(b"fork"), &root_of(&leaves)).is_err());
            }
        }
        let text = consistency_proof(7, 11, &proof(7).hashes);
        for (from, to) in
            [("old 7", "old 07"), ("new 11", "new 11 "), ("v1\n\n", "v1\n"), ("=\n", "\n"), ("=\n", "=\n\n")]
        {
            assert!(parse_consistency(&text.replacen(from, to, 1)).is_err(), "{from:?} -> {to:?}");
        }
        assert!(parse_consistency(text.trim_end()).is_err());
    }
}
