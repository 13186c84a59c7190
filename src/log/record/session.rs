//! Records of an authority's setting: genesis, configuration, sessions, steps, tokens and keys.

use crate::digest::{Base64, Digest, Hex};
use crate::key::KeySpec;
use crate::log::strict::{present, unique_map};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The first entry: which authority this log is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The authority's name as people know it.
    pub name: String,
    /// `production`, `test` or `rehearsal`.
    pub kind: String,
    /// The checkpoint origin, `anchorite/<slug>/<log id>`.
    pub origin: String,
    /// The version of anchorite that began the log.
    pub version: String,
}

/// The reviewed configuration, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigAdopted {
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The file.
    pub text: String,
}

/// The script of the session, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptAdopted {
    /// `root-genesis`.
    pub name: String,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// The file.
    pub text: String,
}

/// A session began: which script, program and module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionOpened {
    /// `root-genesis`.
    pub ceremony: String,
    /// SHA-256 of the script.
    pub script_sha256: Digest,
    /// The program's version.
    pub version: String,
    /// SHA-256 of the running binary.
    pub binary_sha256: Digest,
    /// The PKCS#11 module's path.
    pub module: String,
    /// SHA-256 of the module.
    pub module_sha256: Digest,
    /// SHA-256 of `local.toml`, where there is one.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub local_sha256: Option<Digest>,
    /// True when an answers file stands for people.
    pub unattended: bool,
    /// SHA-256 of the answers file.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub answers_sha256: Option<Digest>,
    /// The session in which the ceremony began that this one goes on with: its finished steps stay done.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub resumes: Option<String>,
}

/// A session ended; a checkpoint follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionClosed {
    /// `complete`, `declined`, `paused`, `abandoned` or `failed`.
    pub outcome: String,
    /// Why it did not complete.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A step of the script was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepDone {
    /// The step's id.
    pub step: String,
    /// Its activity.
    #[serde(rename = "do")]
    pub activity: String,
}

/// People recorded a value: a bag number, a participant's commitment, a checked item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValueRecorded {
    /// The step's id.
    pub step: String,
    /// What it is.
    pub name: String,
    /// The value; a salted commitment for people's names.
    pub value: String,
}

/// Who a token says it is, at the moment it was initialised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenInitialized {
    /// `root` or `audit`.
    pub role: String,
    /// Serial number after initialisation.
    pub serial: String,
    /// The new label.
    pub label: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// The custody set whose PINs it was given; left out where people chose them.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub custody: Option<Hex>,
}

/// A token was unlocked with its user PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenUnlocked {
    /// `root` or `audit`.
    pub role: String,
    /// Serial number.
    pub serial: String,
    /// Label.
    pub label: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Firmware version.
    pub firmware: String,
    /// The PKCS#11 library's own description and version.
    pub library: String,
    /// The profile's name.
    pub profile: String,
}

/// A key will be generated under this id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyIntent {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// The key's generation, from 1.
    pub generation: u32,
    /// The kind of key.
    pub spec: KeySpec,
    /// The serial number of the token it will live in.
    pub token_serial: String,
}

/// A key was generated (or found, after a crash) under an intended id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyGenerated {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// The key's generation, from 1.
    pub generation: u32,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Base64,
    /// Attributes as read back, by PKCS#11 name.
    #[serde(deserialize_with = "unique_map")]
    pub attributes: BTreeMap<String, String>,
    /// Template attributes that the token rejected.
    pub dropped: Vec<String>,
    /// The generating mechanism.
    pub mechanism: String,
}

/// A key made here was sealed to its recipients, before its certificate is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySealed {
    /// The cluster it is for.
    pub cluster: String,
    /// SHA-256 of its SubjectPublicKeyInfo.
    pub spki_sha256: Digest,
    /// age recipients.
    pub recipients: Vec<String>,
    /// An age file: the PKCS#8 key in PEM.
    pub ciphertext: Base64,
}
