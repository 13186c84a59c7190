//! The record of a log that passes from one audit key to the next.

use crate::digest::{Base64, Digest};
use serde::{Deserialize, Serialize};

/// The old audit key handed the log to the new one, which took it: checkpoints from here on are the new one's.
///
/// Both signed [`statement`](crate::log::rotation::statement) over everything before this entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditRotated {
    /// The new key's generation.
    pub generation: u32,
    /// The old key's SubjectPublicKeyInfo, DER.
    pub old_spki: Base64,
    /// The new key's SubjectPublicKeyInfo, DER.
    pub new_spki: Base64,
    /// The number of entries before this one.
    pub size: u64,
    /// The root over them.
    pub root: Digest,
    /// The old key's signature, DER ECDSA P-256 with SHA-256.
    pub old_signature: Base64,
    /// The new key's.
    pub new_signature: Base64,
}
