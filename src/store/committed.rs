//! What a log has of intents before the root key is asked: in the log, and then under a signed checkpoint.
//!
//! Only the log makes these; whoever holds one knows that "logged first" has happened.

use super::SignedCheckpoint;
use crate::digest::Digest;
use std::ops::Range;

/// Intents that are on disk and read back, and under no checkpoint yet.
#[derive(Debug, Clone)]
pub struct Intended {
    pub(super) tbs_digests: Vec<Digest>,
    pub(super) range: Range<u64>,
}

/// Intents that are on disk, read back and under a signed checkpoint: what a root signature asks for.
///
/// Made by [`Log::commit`](super::Log::commit) and in no other way: "logged first" is this type.
#[derive(Debug)]
pub struct Committed {
    pub(super) tbs_digests: Vec<Digest>,
    pub(super) range: Range<u64>,
    pub(super) checkpoint: SignedCheckpoint,
}

impl Committed {
    /// SHA-256 of the to-be-signed bytes of each intent, in order: only these may be signed.
    pub fn tbs_digests(&self) -> &[Digest] {
        &self.tbs_digests
    }

    /// The positions of the intents.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The checkpoint that covers them.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }
}
