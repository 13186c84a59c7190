//! `[clusters.<name>]`: what enrolment must find, and what one cluster narrows of `[intermediates]`.

use super::intermediates::{Hash, NameConstraints};
use crate::key::KeySpec;
use serde::Deserialize;

/// `[clusters.<name>]`. Stricter than `[intermediates]`, never laxer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterConfig {
    /// SPIFFE trust domain.
    #[serde(default = "cluster_local")]
    pub trust_domain: String,
    /// `prod`, `staging`, …
    #[serde(default = "prod")]
    pub environment: String,
    /// age recipients of its bundles.
    #[serde(default)]
    pub recipients: Vec<String>,
    /// Where its key is made.
    #[serde(default)]
    pub key_origin: KeyOrigin,
    /// The kind of key made here, for `key_origin = "offline"`.
    pub algorithm: Option<KeySpec>,
    /// One of `[intermediates] profiles`; left out, `[intermediates] profile`.
    pub profile: Option<String>,
    /// Fewer days than `[intermediates] max_validity_days`.
    pub validity_days: Option<u32>,
    /// Fewer kinds of key than `[intermediates] keys`.
    pub keys: Option<Vec<KeySpec>>,
    /// Fewer hashes than `[intermediates] hashes`.
    pub hashes: Option<Vec<Hash>>,
    /// An `OU` after the template's own: nothing else of a subject is a cluster's to choose.
    pub organizational_unit: Option<String>,
    /// Fewer SAN dNSNames than the authority's or the profile's.
    pub dns_names: Option<Vec<String>>,
    /// Subtrees inside the permitted ones, and more excluded ones.
    #[serde(default)]
    pub name_constraints: NameConstraints,
    /// True where this mesh has no ztunnel, whatever `[intermediates] sidecar_only` says of the others.
    pub sidecar_only: Option<bool>,
    /// Less than `[intermediates] path_len`.
    pub path_len: Option<u8>,
}

/// Where an intermediate's key is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyOrigin {
    /// By the cluster: the authority never sees it.
    #[default]
    Cluster,
    /// Here, in memory, sealed to the cluster's recipients before its certificate is signed.
    Offline,
}

impl KeyOrigin {
    /// The name in configuration and log.
    pub const fn name(self) -> &'static str {
        match self {
            KeyOrigin::Cluster => "cluster",
            KeyOrigin::Offline => "offline",
        }
    }
}

fn cluster_local() -> String {
    "cluster.local".to_owned()
}
fn prod() -> String {
    "prod".to_owned()
}
