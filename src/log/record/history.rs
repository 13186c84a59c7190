//! Records of what a log did not see happen: keys and certificates that are older than it, and the log before it.

use crate::digest::{Base64, Digest, Hex};
use crate::finding::Finding;
use crate::log::strict::{present, unique_map};
use crate::x509::Reason;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A key that was made before this log began, found in a token and proved by its public half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyAdopted {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// The key's generation, from 1.
    pub generation: u32,
    /// The serial number of the token that it lives in.
    pub token_serial: String,
    /// SubjectPublicKeyInfo, DER.
    pub spki: Base64,
    /// Its certificate, DER.
    pub certificate: Base64,
    /// Attributes as read back, by PKCS#11 name.
    #[serde(deserialize_with = "unique_map")]
    pub attributes: BTreeMap<String, String>,
    /// What was found about certificate and key.
    pub findings: Vec<Finding>,
    /// Why people took it all the same, where a finding asked for a reason.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What was issued, revoked and enrolled before this log began: a claim of whoever brought it. A long history is
/// in several entries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryImported {
    /// `adoption` or `restore`.
    pub of: String,
    /// The files that it was read from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<HistorySource>,
    /// Certificates, but for those of adopted keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<PastCertificate>,
    /// The CRLs of each root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crls: Vec<PastCrl>,
    /// Clusters as they were enrolled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clusters: Vec<PastCluster>,
    /// The custody set that opens the root's token.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub custody: Option<super::CustodySplit>,
}

/// A file that history was read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistorySource {
    /// Its name, escaped.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// A certificate that a root issued before this log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastCertificate {
    /// Serial number.
    pub serial: Hex,
    /// `imported` where nobody knows what it is for, else as in an intent.
    pub what: String,
    /// Its subject for people, escaped; empty where only its serial number is known.
    pub subject: String,
    /// The end of validity; that of the root where it is not known.
    pub not_after: Timestamp,
    /// The generation of the root key that signed it.
    pub issuer_generation: u32,
    /// The cluster of an intermediate.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The cluster's generation.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// True where a crash left it unknown whether it was signed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// That it was revoked.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub revoked: Option<PastRevocation>,
    /// DER, where it is at hand.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub der: Option<Base64>,
}

/// That a certificate was revoked before this log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastRevocation {
    /// revocationDate.
    pub date: Timestamp,
    /// Why.
    pub reason: Reason,
    /// invalidityDate, where one is known.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub invalid_from: Option<Timestamp>,
}

/// The CRLs of a root before this log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastCrl {
    /// The generation of the root key that signed it.
    pub generation: u32,
    /// Numbers up to this one count as used.
    pub used: u64,
    /// The newest CRL, DER, where it is at hand.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub der: Option<Base64>,
}

/// A cluster that was enrolled before this log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastCluster {
    /// Its name.
    pub name: String,
    /// Its environment.
    pub environment: String,
    /// Its SPIFFE trust domain.
    pub trust_domain: String,
    /// age recipients of its bundles.
    pub recipients: Vec<String>,
    /// Its certificate profile.
    pub profile: String,
    /// `cluster` or `offline`.
    pub key_origin: String,
    /// When it was enrolled.
    pub since: Timestamp,
    /// Generations up to this one count as used.
    pub generation: u32,
    /// The newest bundle that is known; its number and those before it count as used.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub bundle: Option<PastBundle>,
    /// When and why it was retired.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub retired: Option<PastRetirement>,
    /// The request of each generation whose certificate is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<PastRequest>,
}

/// A bundle that was made before this log began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastBundle {
    /// Its id.
    pub id: String,
    /// The generation of the certificate inside.
    pub generation: u32,
    /// Its number for the cluster.
    pub sequence: u64,
}

/// That a cluster was retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastRetirement {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What was asked for a generation of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastRequest {
    /// The cluster's generation.
    pub generation: u32,
    /// SHA-256 of the PKCS#10 request, DER.
    pub csr_sha256: Digest,
    /// The environment it named.
    pub environment: String,
    /// The trust domain it named.
    pub trust_domain: String,
    /// age recipients of its bundle.
    pub recipients: Vec<String>,
    /// The certificate profile that its plan followed.
    pub profile: String,
}

/// This log takes the place of another, of which only an older copy is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// The id of the log that it takes the place of.
    pub log: Hex,
    /// The number of entries in the copy that was at hand.
    pub size: u64,
    /// The tree's root over them.
    pub root: Digest,
    /// The most entries that the lost log is known to have had: by its copy, a checkpoint, a receipt or the token.
    pub cited: u64,
    /// Why no newer copy can be had, as people said it.
    pub reason: String,
    /// The newest checkpoint of it that was brought, as it stands.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The logs before that one, newest first, each with the most entries that it is known to have had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<PastLog>,
}

/// A log that another took the place of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PastLog {
    /// Its id.
    pub log: Hex,
    /// The most entries that it is known to have had.
    pub cited: u64,
}
