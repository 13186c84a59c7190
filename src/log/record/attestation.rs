//! Records of what a token's vendor provides: evidence of where a key was made, and the quorum that opens the token.

use crate::digest::{Base64, Digest, Hex};
use crate::log::strict::present;
use serde::{Deserialize, Serialize};

/// A piece of the vendor's evidence of where a key was made, as it was found in the token or brought by people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAttested {
    /// The key's CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// The key's generation.
    pub generation: u32,
    /// The object's label or the file's name, escaped.
    pub name: String,
    /// `token` (an object of it) or `file` (people brought it).
    pub source: String,
    /// `key` (an X.509 certificate of this very key, by another), `itself` (one by this key itself, which shows nothing),
    /// `device` (one of another key: the device's, or above it), or `bytes` (the vendor's own form).
    pub of: String,
    /// SHA-256 of the earlier piece for this key whose key signed this certificate.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<Digest>,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// The certificate in DER, or the bytes as they stand.
    pub bytes: Base64,
}

/// A token was unlocked whose vendor's own quorum asks for more than a PIN, as its profile says: whether it was asked
/// for is not seen here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenQuorum {
    /// `root` or `audit`.
    pub role: String,
    /// The token's serial number.
    pub serial: String,
    /// The profile that says so.
    pub profile: String,
    /// What it says, a sentence each.
    pub says: Vec<String>,
}
