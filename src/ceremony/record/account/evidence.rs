//! What vouches for a record: the checkpoints over its ceremony, who countersigned them, and what was verified. Never
//! what happened in it; that is [`super`].

use crate::digest::Digest;
use jiff::Timestamp;
use serde::Serialize;

/// A checkpoint that covers the ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checkpoint {
    /// The number of entries that it covers.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
    /// The first eight words of the root.
    pub words: Vec<&'static str>,
    /// The signed note, as it stands.
    pub note: String,
    /// True where it is the ceremony's own: it covers the last entry and nothing after it.
    pub closing: bool,
    /// Who elsewhere has since countersigned it, or one that extends it: the first time that each did.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countersigned: Vec<Countersigned>,
}

/// A countersignature that covers a ceremony, from a later entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Countersigned {
    /// Who.
    pub by: String,
    /// When, by their clock.
    pub at: Timestamp,
    /// The number of entries of the checkpoint that was countersigned.
    pub size: u64,
    /// The line that stands in that checkpoint's note.
    pub line: String,
    /// The entry that brought it back.
    pub entry: u64,
}

/// What was verified to make a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verified {
    /// True where everything leads to a root certificate that was pinned.
    pub authenticated: bool,
    /// SHA-256 of each root certificate of the log.
    pub roots: Vec<Digest>,
    /// How many entries the log has now.
    pub entries: u64,
    /// What was verified, a sentence each.
    pub was: Vec<String>,
    /// What was not.
    pub was_not: Vec<String>,
}
