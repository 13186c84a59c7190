//! `authority.toml`: what people review before genesis. Strict: an unknown key, a wrong type or a
//! contradiction is an error with line, column and the nearest name.

mod validate;

pub use validate::place_of;

use super::local::parse_toml;
use crate::digest::Digest;
use crate::error::Error;
use crate::key::KeySpec;
use crate::name::SubjectTemplate;
use crate::profile;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What an authority is for; fixed at genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthorityKind {
    /// The real thing: people at a terminal, always.
    Production,
    /// For CI and trials; adds `OU=TEST` to every subject.
    Test,
    /// A dress rehearsal; adds `OU=REHEARSAL` to every subject.
    Rehearsal,
}

impl AuthorityKind {
    /// The name in configuration, log and screens.
    pub const fn name(self) -> &'static str {
        match self {
            AuthorityKind::Production => "production",
            AuthorityKind::Test => "test",
            AuthorityKind::Rehearsal => "rehearsal",
        }
    }

    /// The organizational unit that marks every subject of an authority that is not the real thing.
    pub const fn marking_unit(self) -> Option<&'static str> {
        match self {
            AuthorityKind::Production => None,
            AuthorityKind::Test => Some("TEST"),
            AuthorityKind::Rehearsal => Some("REHEARSAL"),
        }
    }
}

/// `authority.toml`, parsed and free of contradictions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// On every screen and paper, and part of the log's origin.
    pub name: String,
    /// What it is for.
    pub kind: AuthorityKind,
    /// Lets an answers file stand for people; only with `test` or `rehearsal`.
    #[serde(default)]
    pub unattended: bool,
    /// The root's token.
    pub token: TokenConfig,
    /// The audit key's token, where it is another than the root's.
    pub audit: Option<AuditConfig>,
    /// The root certificate.
    pub root: RootConfig,
    /// What every cluster's intermediate gets unless the cluster says less.
    pub intermediates: Intermediates,
    /// Clusters whose enrolment is fixed here.
    #[serde(default)]
    pub clusters: BTreeMap<String, ClusterConfig>,
    /// Certificate revocation lists.
    #[serde(default)]
    pub crl: CrlConfig,
    /// How many people of each role take part.
    #[serde(default)]
    pub roles: Roles,
    /// What becomes of the root key when the token is lost.
    #[serde(default)]
    pub key_backup: KeyBackup,
}

/// `[token]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// A name from `hsm-profiles/`, or a path.
    pub profile: String,
}

/// `[audit]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// `[audit.token]`.
    pub token: TokenConfig,
}

/// `[root]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootConfig {
    /// The subject of every generation; from the second on, ` G<n>` ends the common name.
    pub subject: SubjectTemplate,
    /// The kind of key.
    pub key: KeySpec,
    /// Days of validity.
    pub validity_days: u32,
}

/// `[intermediates]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intermediates {
    /// A certificate profile's name.
    #[serde(default = "istio")]
    pub profile: String,
    /// Days of validity; a cluster may have fewer.
    pub max_validity_days: u32,
    /// Kinds of key that requests may have.
    #[serde(default = "default_keys")]
    pub keys: Vec<KeySpec>,
    /// The subject of every intermediate; `L=<cluster>` and `serialNumber=<generation>` follow.
    pub subject: SubjectTemplate,
    /// SAN dNSNames; left out, the profile's own.
    pub dns_names: Option<Vec<String>>,
}

/// `[clusters.<name>]`.
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
    /// Fewer days than `[intermediates] max_validity_days`.
    pub validity_days: Option<u32>,
    /// Fewer kinds of key than `[intermediates] keys`.
    pub keys: Option<Vec<KeySpec>>,
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

/// `[crl]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlConfig {
    /// Days from thisUpdate to nextUpdate; at most 365 (CA/B Forum BR 4.9.7).
    pub validity_days: u32,
}

impl Default for CrlConfig {
    fn default() -> Self {
        Self { validity_days: 180 }
    }
}

/// `[roles]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Ceremony administrators.
    #[serde(default = "one")]
    pub administrator: usize,
    /// Witnesses.
    #[serde(default = "one")]
    pub witness: usize,
    /// True where one person may hold several roles.
    #[serde(default)]
    pub may_overlap: bool,
}

impl Default for Roles {
    fn default() -> Self {
        Self { administrator: 1, witness: 1, may_overlap: false }
    }
}

/// `[key_backup]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyBackup {
    /// The way of backup.
    #[serde(default)]
    pub mode: BackupMode,
}

/// How the root key is backed up. Fixed before genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupMode {
    /// Not at all: losing the token loses the root, and every mesh needs a new one.
    #[default]
    None,
}

fn istio() -> String {
    "istio".to_owned()
}
fn cluster_local() -> String {
    "cluster.local".to_owned()
}
fn prod() -> String {
    "prod".to_owned()
}
fn one() -> usize {
    1
}
fn default_keys() -> Vec<KeySpec> {
    vec![KeySpec::Rsa3072, KeySpec::Rsa4096, KeySpec::EcdsaP256, KeySpec::EcdsaP384]
}

impl Config {
    /// Parses and validates `authority.toml`.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) with line, column and what was wanted.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let config: Config = parse_toml("authority.toml", text)?;
        validate::validate(&config, text)?;
        Ok(config)
    }

    /// The digest that people compare: of the file's bytes.
    pub fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    /// The kinds of key that a cluster's request may have.
    pub fn keys_for(&self, cluster: &str) -> &[KeySpec] {
        let own = self.clusters.get(cluster).and_then(|c| c.keys.as_deref());
        own.unwrap_or(&self.intermediates.keys)
    }

    /// A cluster's days of validity.
    pub fn validity_days_for(&self, cluster: &str) -> u32 {
        let own = self.clusters.get(cluster).and_then(|c| c.validity_days);
        own.unwrap_or(self.intermediates.max_validity_days)
    }

    /// The SAN dNSNames of an intermediate.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for a profile that does not exist.
    pub fn dns_names(&self) -> Result<Vec<String>, Error> {
        match &self.intermediates.dns_names {
            Some(names) => Ok(names.clone()),
            None => {
                let profile = profile::by_name(&self.intermediates.profile)?;
                Ok(profile.dns_names.iter().map(|n| (*n).to_owned()).collect())
            }
        }
    }
}

/// Names of key kinds, comma-separated.
pub fn names(keys: &[KeySpec]) -> String {
    keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ")
}
