//! The outside of a bundle: what a courier can check without opening it.
//!
//! `envelope.json` is signed by the audit key (DER ECDSA P-256 with SHA-256 over its bytes, in
//! `envelope.sig`). It names the ciphertext, the checkpoint and, by digest only, the manifest.

use super::manifest::{FileDigest, read_typed};
use crate::digest::Digest;
use crate::error::Error;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The envelope's type.
pub const ENVELOPE: &str = "anchorite/envelope/v1";
/// The signed envelope.
pub const ENVELOPE_FILE: &str = "envelope.json";
/// The signature over its bytes, DER.
pub const SIGNATURE_FILE: &str = "envelope.sig";
/// The audit certificate, PEM.
pub const SIGNER_FILE: &str = "signer.pem";
/// The signed note.
pub const CHECKPOINT_FILE: &str = "checkpoint";
/// The sealed payload.
pub const PAYLOAD_FILE: &str = "payload.age";
/// The files of a bundle and the cap of each, in bytes.
pub const FILES: [(&str, u64); 5] = [
    (ENVELOPE_FILE, 16 << 10),
    (SIGNATURE_FILE, 1 << 10),
    (SIGNER_FILE, 64 << 10),
    (CHECKPOINT_FILE, 64 << 10),
    (PAYLOAD_FILE, 17 << 20),
];

/// `envelope.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// [`ENVELOPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The bundle's opaque id, which is its directory's name: 32 hex digits.
    pub bundle_id: String,
    /// When it was made, by the offline clock.
    pub created: Timestamp,
    /// [`CHECKPOINT_FILE`] and [`PAYLOAD_FILE`] by digest.
    pub files: BTreeMap<String, FileDigest>,
    /// SHA-256 of `manifest.json`, which is inside.
    pub manifest_sha256: Digest,
    /// SHA-256 of the audit key's SubjectPublicKeyInfo.
    pub signer_spki_sha256: Digest,
}

impl Envelope {
    /// Reads `envelope.json`.
    ///
    /// # Errors
    /// [`Kind::Verify`](crate::error::Kind::Verify): another type, out of form, or not as this version writes it.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        read_typed(ENVELOPE_FILE, ENVELOPE, bytes, |envelope: &Self| &envelope.kind)
    }
}
