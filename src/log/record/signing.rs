//! Records of what is signed: clusters, requests, plans, intents, outcomes, bundles, recovery.

use crate::digest::{Base64, Digest, Hex};
use crate::finding::Finding;
use crate::log::strict::present;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

/// People retired a cluster: it gets no certificate any more, and its name is never used again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterRetired {
    /// Its name.
    pub cluster: String,
    /// Why, as people typed it.
    pub reason: String,
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
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub request_json: Option<Base64>,
    /// `request.sig`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub request_sig: Option<Base64>,
    /// `renewal.sig`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub renewal_sig: Option<Base64>,
    /// What the checks found.
    pub findings: Vec<Finding>,
}

/// A request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRefused {
    /// SHA-256 of the file, where it could be read whole.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
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
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// People declined a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanDeclined {
    /// The plan's digest.
    pub plan_sha256: Digest,
    /// Why.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
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
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub serial: Option<Hex>,
    /// The CRL's number.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub crl_number: Option<u64>,
    /// The generation of the root key that signs.
    pub issuer_generation: u32,
    /// The cluster of an intermediate.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The cluster's generation.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
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
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub der: Option<Base64>,
    /// Why not `ok`.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
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
    /// The session that was interrupted; absent where only the last line was torn or its checkpoint was missing.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What was found and what was done about it, a sentence each.
    pub found: Vec<String>,
    /// SHA-256 of a torn last line, quarantined beside the log.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub torn_sha256: Option<Digest>,
}
