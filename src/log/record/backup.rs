//! Records of keys beyond their token: copies of the root key, proofs that they live, and the end of keys.

use crate::digest::{Base64, Digest, Hex};
use crate::log::strict::present;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A copy of the root's token was made; nothing is proved yet. One of the same name takes the place of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyBackupMade {
    /// What people call it: what is written on it.
    pub name: String,
    /// `clone` or `wrapped`.
    pub mode: String,
    /// `files` (its directory was copied here), `vendor` (by the vendor's own means, as people say) or `blob` (its keys
    /// were wrapped into a file).
    pub means: String,
    /// The copy's serial number; that of the original where its files were copied or its keys wrapped.
    pub serial: String,
    /// Its label.
    pub label: String,
    /// Its manufacturer.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Generations of the root keys that it should hold.
    pub generations: Vec<u32>,
    /// What a wrapped backup is; left out for a clone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<WrappedKeys>,
}

/// A file of wrapped keys. The file and the threshold of the set's custodians equal the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrappedKeys {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The custody set whose seed gives the key that wraps.
    pub set: Hex,
    /// Generations of the audit keys that it holds beside the root keys.
    pub audits: Vec<u32>,
}

/// A key whose wrapped backup was proved cannot be wrapped any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyLocked {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// Its generation.
    pub generation: u32,
    /// Every attribute as read back, as in `key.generated`.
    pub attributes: BTreeMap<String, String>,
}

/// A key was made in another token out of its wrapped backup. It is not the token's own: it was not always sensitive,
/// and it left a token once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRestored {
    /// CKA_ID, the one that it had.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// Its generation.
    pub generation: u32,
    /// The token that holds it now.
    pub token_serial: String,
    /// The backup that it came from.
    pub backup: String,
    /// Every attribute as read back, as in `key.generated`.
    pub attributes: BTreeMap<String, String>,
}

/// A copy of a root key is about to sign a proof that it lives: `anchorite/prove/v1`, the log's id and the nonce, a
/// line each without a last newline. No certificate or CRL begins so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyBackupProving {
    /// The backup's name.
    pub backup: String,
    /// The root key's generation.
    pub generation: u32,
    /// 16 random bytes.
    pub nonce: Hex,
    /// SHA-256 of the statement.
    pub statement_sha256: Digest,
}

/// What a copy of a root key signs to prove that it lives.
pub fn statement_of_proof(log: &str, nonce: &Hex) -> Vec<u8> {
    format!("anchorite/prove/v1\n{log}\n{nonce}").into_bytes()
}

/// A copy of a root key signed its proof, and the signature verifies under the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyBackupProved {
    /// The position of its `key_backup.proving`.
    pub proving: u64,
    /// The signature over the statement, in the form that certificates carry.
    pub signature: Base64,
}

/// A key is about to be destroyed: from here on it signs nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDestroying {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// Its generation.
    pub generation: u32,
    /// The token that holds it.
    pub token_serial: String,
    /// Why, as people typed it.
    pub reason: String,
}

/// A key, or a copy of it, is gone. That of the audit key in its own token is never written: nothing could sign it any
/// more, so its `key.destroying` under the last checkpoint is its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyDestroyed {
    /// CKA_ID.
    pub id: Hex,
    /// `root`, or `audit` in a copy.
    pub role: String,
    /// Its generation.
    pub generation: u32,
    /// The serial number of the token that held it.
    pub token_serial: String,
    /// The backup that held it; left out for the authority's own token.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub backup: Option<String>,
    /// `searched` (it was destroyed here, and a new session found it no more) or `said` (people say so).
    pub shown: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_copy_signs_is_frozen_and_no_der() {
        let said = statement_of_proof(&"ab".repeat(16), &Hex(vec![7; 16]));
        let expected = format!("anchorite/prove/v1\n{}\n{}", "ab".repeat(16), "07".repeat(16));
        assert_eq!(said, expected.as_bytes());
        assert_ne!(said[0], 0x30);
    }
}
