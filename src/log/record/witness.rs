//! The record of a checkpoint that somebody elsewhere countersigned.

use crate::digest::{Base64, Digest};
use crate::log::VerifierKey;
use crate::log::cosignature::Cosignature;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A countersignature that came back: its maker saw this tree of the log, and every one before it that it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointWitnessed {
    /// The number of entries of the checkpoint.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
    /// Who countersigned, as the configuration in force names the key.
    pub by: VerifierKey,
    /// When, by the clock of whoever did; whole seconds.
    pub at: Timestamp,
    /// Ed25519 over `cosignature/v1`, the time and the checkpoint's text (c2sp.org/tlog-cosignature).
    pub signature: Base64,
}

impl CheckpointWitnessed {
    /// The countersignature as notes have it.
    pub fn cosignature(&self) -> Cosignature {
        Cosignature { time: self.at, signature: self.signature.0.clone() }
    }
}
