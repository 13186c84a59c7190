//! `plan.json`: what `rollover plan` made, for `check` and `observe` and for scripts. Names, digests and dates;
//! never a key.

use super::ca::Files;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::format;
use crate::x509::read::Foreign;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name of this form.
pub const FORMAT: &str = "anchorite-rollover-v1";

/// What was planned for one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// [`FORMAT`].
    pub format: String,
    /// The cluster.
    pub cluster: String,
    /// When it was planned.
    pub made: Timestamp,
    /// Another root, or only another intermediate.
    pub kind: Change,
    /// How long a workload's certificate lives, in seconds.
    pub leaf_lifetime_seconds: i64,
    /// The mesh's SPIFFE trust domain.
    pub trust_domain: String,
    /// ztunnel was not counted.
    pub sidecar_only: bool,
    /// The keys were left out.
    pub redacted: bool,
    /// The Secret that is created or replaced.
    pub secret: Live,
    /// The CA that signed before: the intermediate, then every CA above it, the root last.
    pub old: Vec<Row>,
    /// The CA that signs after.
    pub new: Vec<Row>,
    /// The stages, in order.
    pub stages: Vec<StageRow>,
}

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// The root: stages 0 to 3.
    Rollover,
    /// Only the intermediate, under the same root: one Secret.
    Renewal,
}

/// The Secret of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its type, which is kept; none for Opaque.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none", default)]
    pub secret_type: Option<String>,
    /// Whether it is there before stage 1; none where nobody said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exists: Option<bool>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The subject on one line, escaped.
    pub subject: String,
    /// The SHA-256 of the certificate, DER.
    pub sha256: Digest,
    /// The SHA-256 of its public key, DER.
    pub spki_sha256: Digest,
    /// The beginning of validity.
    pub not_before: Timestamp,
    /// The end of validity.
    pub not_after: Timestamp,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRow {
    /// 0 to 3.
    pub stage: u8,
    /// `prepare`, `trust-both`, `switch`, `retire`; `renew` for a renewal's only step.
    pub name: String,
    /// Its directory beside this file.
    pub directory: String,
    /// `old` or `new`: who signs.
    pub signs: String,
    /// The SHA-256 of each certificate of root-cert.pem, in its order.
    pub roots: Vec<Digest>,
    /// The SHA-256 of each file that is no key.
    pub files: BTreeMap<String, Digest>,
    /// The latest time to apply it, where a date forces one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub apply_by: Option<Timestamp>,
}

impl Record {
    /// Reads `plan.json`.
    ///
    /// # Errors
    /// [`Kind::Medium`]: not this form.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        // Before its fields are looked at.
        format::check(Kind::Medium, "plan.json", bytes, FORMAT)?;
        let record: Self = serde_json::from_slice(bytes).map_err(|error| {
            Error::new(Kind::Medium, "plan.json cannot be read")
                .saw(error.to_string())
                .wanted("what `anchorite rollover plan` wrote")
        })?;
        format::check_type(Kind::Medium, "plan.json", &record.format, FORMAT)?;
        Ok(record)
    }

    /// As it is written: JSON, a newline at the end.
    ///
    /// # Errors
    /// [`Kind::Bug`].
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::new(Kind::Bug, "plan.json cannot be written").saw(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// How long a workload's certificate lives.
    pub fn leaf_lifetime(&self) -> SignedDuration {
        SignedDuration::from_secs(self.leaf_lifetime_seconds)
    }

    /// The first end of the CAs that signed before.
    pub fn old_ends(&self) -> Option<Timestamp> {
        self.old.iter().map(|row| row.not_after).min()
    }

    /// The first end of the CAs that sign after.
    pub fn new_ends(&self) -> Option<Timestamp> {
        self.new.iter().map(|row| row.not_after).min()
    }
}

impl Row {
    /// What is written of a certificate.
    pub fn of(certificate: &Foreign) -> Self {
        Self {
            subject: certificate.subject.clone(),
            sha256: Digest::of(&certificate.der),
            spki_sha256: Digest::of(&certificate.key.der),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }
}

/// The digests of the files that are no keys.
pub fn digests(files: &Files) -> BTreeMap<String, Digest> {
    let named =
        [("ca-cert.pem", &files.ca_cert), ("cert-chain.pem", &files.cert_chain), ("root-cert.pem", &files.root_cert)];
    named.into_iter().map(|(name, bytes)| (name.to_owned(), Digest::of(bytes))).collect()
}
