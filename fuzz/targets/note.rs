//! Signed notes, checkpoints and proofs: what is read is what would be written, and errors are plain.

use anchorite::error::Error;
use anchorite::log::note::{Checkpoint, SignedNote};
use anchorite::log::proof;
use anchorite::text;

fn plain<T>(result: Result<T, Error>) -> Option<T> {
    result.map_err(|error| assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}")).ok()
}

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    if let Some(note) = plain(SignedNote::parse(bytes)) {
        assert!(!note.signatures.is_empty());
        if let Some(checkpoint) = plain(Checkpoint::parse(&note.body)) {
            assert_eq!(checkpoint.body(), note.body);
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(inclusion) = plain(proof::parse_inclusion(text)) {
        assert_eq!(proof::inclusion_proof(inclusion.index, &inclusion.hashes, &inclusion.note), text);
    }
    if let Some(proofs) = plain(proof::parse_consistency(text)) {
        assert_eq!(proof::consistency_proofs(&proofs), text);
    }
}
