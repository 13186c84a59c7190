//! What entries say: one type per record, each field stated. A changed meaning gets a new type name.

use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::finding::Finding;
use crate::key::KeySpec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The name of a role as it stands in scripts (`administrator`, `witness`).
pub type Role = String;

macro_rules! records {
    ($($name:literal => $variant:ident,)*) => {
        /// The typed data of an entry.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, clippy::large_enum_variant)] // each variant is documented at its struct
        pub enum Record { $($variant($variant),)* }

        impl Record {
            /// The type's name in the log.
            pub fn kind(&self) -> &'static str {
                match self { $(Record::$variant(_) => $name,)* }
            }

            /// The typed data of a line.
            ///
            /// # Errors
            /// [`Kind::Verify`]: an unknown type, or data of the wrong shape.
            pub fn parse(kind: &str, data: &RawValue) -> Result<Self, Error> {
                match kind {
                    $($name => serde_json::from_str(data.get()).map(Record::$variant).map_err(|error| {
                        Error::new(Kind::Verify, concat!("the data of an entry of type ", $name, " is out of form"))
                            .saw(error.to_string())
                    }),)*
                    _ => Err(Error::new(Kind::Verify, "written by a newer anchorite")
                        .saw(format!("an entry of type {kind}"))
                        .wanted("a type that this version knows")
                        .hint("use the version of anchorite that wrote this log, or a later one")),
                }
            }

            /// The data as it stands in the line.
            ///
            /// # Errors
            /// [`Kind::Bug`].
            pub fn to_json(&self) -> Result<Box<RawValue>, Error> {
                let json = match self { $(Record::$variant(data) => super::entry::to_ascii_json(data)?,)* };
                let bug = || Error::new(Kind::Bug, "a record is not JSON");
                RawValue::from_string(String::from_utf8(json).map_err(|_| bug())?).map_err(|_| bug())
            }
        }

        $(impl From<$variant> for Record {
            fn from(data: $variant) -> Self { Record::$variant(data) }
        })*

        /// Every type name that this version writes or reads.
        pub const KINDS: &[&str] = &[$($name,)*];
    };
}

records! {
    "genesis" => Genesis,
    "config.adopted" => ConfigAdopted,
    "script.adopted" => ScriptAdopted,
    "session.opened" => SessionOpened,
    "session.closed" => SessionClosed,
    "step.done" => StepDone,
    "value.recorded" => ValueRecorded,
    "token.initialized" => TokenInitialized,
    "token.unlocked" => TokenUnlocked,
    "key.intent" => KeyIntent,
    "key.generated" => KeyGenerated,
    "key.sealed" => KeySealed,
    "cluster.enrolled" => ClusterEnrolled,
    "request.imported" => RequestImported,
    "request.refused" => RequestRefused,
    "plan.made" => PlanMade,
    "plan.approved" => PlanApproved,
    "plan.declined" => PlanDeclined,
    "plan.expired" => PlanExpired,
    "sign.intent" => SignIntent,
    "sign.outcome" => SignOutcome,
    "bundle.exported" => BundleExported,
    "recovered" => Recovered,
}

/// Names that are taken: their meaning is fixed by the design and arrives with the feature that writes them.
pub const RESERVED: &[&str] = &[
    "preflight",
    "step.skipped",
    "deviation",
    "key.adopted",
    "key.destroyed",
    "audit.rotated",
    "cluster.retired",
    "history.imported",
    "certificate.revoked",
    "custody.split",
    "custody.share_used",
    "pin.changing",
    "pin.changed",
    "key_backup.made",
    "key_backup.proved",
    "restore",
    "clock.set",
    "checkpoint.witnessed",
];

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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_sha256: Option<Digest>,
    /// True when an answers file stands for people.
    pub unattended: bool,
    /// SHA-256 of the answers file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers_sha256: Option<Digest>,
}

/// A session ended; a checkpoint follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionClosed {
    /// `complete`, `declined`, `abandoned` or `failed`.
    pub outcome: String,
    /// Why it did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// A cluster's first request was accepted by people who compared its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterEnrolled {
    /// Unique name.
    pub cluster: String,
    /// `prod`, `staging`, …
    pub environment: String,
    /// SPIFFE trust domain.
    pub trust_domain: String,
    /// age recipients, sorted.
    pub recipients: Vec<String>,
    /// Certificate profile.
    pub profile: String,
    /// `cluster` or `offline`.
    pub key_origin: String,
    /// SHA-256 of the first intermediate key's SubjectPublicKeyInfo.
    pub spki_sha256: Digest,
    /// The digest whose words were compared.
    pub words_of: Digest,
}

/// A request was read, found fit and assigned to a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestImported {
    /// The request's digest: of `request.json`, of the CSR file, or of the CSR made here.
    pub sha256: Digest,
    /// `package`, `csr` or `offline`.
    pub form: String,
    /// The cluster it is for.
    pub cluster: String,
    /// Its environment.
    pub environment: String,
    /// Its trust domain.
    pub trust_domain: String,
    /// age recipients, sorted.
    pub recipients: Vec<String>,
    /// The digest whose words people compare: of `request.json`, or of the enrolment text of a bare CSR.
    pub words_of: Digest,
    /// The PKCS#10 request, DER.
    pub csr: Base64,
    /// `request.json` as it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_json: Option<Base64>,
    /// `request.sig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_sig: Option<Base64>,
    /// `renewal.sig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewal_sig: Option<Base64>,
    /// What the checks found.
    pub findings: Vec<Finding>,
}

/// A request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRefused {
    /// SHA-256 of the file, where it could be read whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// The file's name, escaped.
    pub file: String,
    /// What the checks found.
    pub findings: Vec<Finding>,
    /// True when people struck it so that the others could go on.
    pub struck: bool,
}

/// A plan: the exact bytes that people review.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanMade {
    /// SHA-256 of `plan` as it stands.
    pub sha256: Digest,
    /// The plan, as it stands.
    pub plan: Box<RawValue>,
}

impl PartialEq for PlanMade {
    fn eq(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.plan.get() == other.plan.get()
    }
}

/// People approved a plan by its words (or an answers file by what was reviewed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanApproved {
    /// The plan's digest.
    pub plan_sha256: Digest,
    /// `words` or `answers`.
    pub by: String,
    /// The reason people typed, where a finding asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// People declined a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDeclined {
    /// The plan's digest.
    pub plan_sha256: Digest,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A plan outlived its session or its twelve hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanExpired {
    /// The plan's digest.
    pub plan_sha256: Digest,
}

/// The root key is about to sign these bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIntent {
    /// The approved plan.
    pub plan_sha256: Digest,
    /// SHA-256 of the to-be-signed bytes.
    pub tbs_sha256: Digest,
    /// `root`, `audit`, `intermediate`, `cross` or `crl`.
    pub what: String,
    /// The certificate's serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Hex>,
    /// The CRL's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl_number: Option<u64>,
    /// The generation of the root key that signs.
    pub issuer_generation: u32,
    /// The cluster of an intermediate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The cluster's generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// The end of validity, or a CRL's nextUpdate.
    pub not_after: Timestamp,
}

/// What became of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOutcome {
    /// The intent's position.
    pub intent: u64,
    /// `ok`, `failed` (the token was never asked) or `unknown` (a signature may exist).
    pub status: String,
    /// The certificate or CRL, DER, where `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub der: Option<Base64>,
    /// Why not `ok`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A bundle was written and read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleExported {
    /// The bundle's id, which is its directory's name.
    pub bundle_id: String,
    /// The cluster it is for.
    pub cluster: String,
    /// The cluster's generation.
    pub generation: u32,
    /// The bundle's number for this cluster, from 1.
    pub sequence: u64,
    /// SHA-256 of `envelope.json`.
    pub envelope_sha256: Digest,
    /// SHA-256 of `manifest.json`.
    pub manifest_sha256: Digest,
    /// SHA-256 of `payload.age`.
    pub payload_sha256: Digest,
    /// The tree size of its checkpoint.
    pub tree_size: u64,
}

/// An interrupted session was completed or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovered {
    /// The session that was interrupted.
    pub session: String,
    /// What was found and what was done about it, a sentence each.
    pub found: Vec<String>,
    /// SHA-256 of a torn last line, quarantined beside the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn_sha256: Option<Digest>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_or_reserved_never_both() {
        assert!(KINDS.iter().all(|kind| !RESERVED.contains(kind)));
        let all: std::collections::BTreeSet<&str> = KINDS.iter().chain(RESERVED).copied().collect();
        assert_eq!(all.len(), KINDS.len() + RESERVED.len());
    }
}
