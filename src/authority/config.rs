//! `authority.toml`: what people review before genesis. Strict: an unknown key, a wrong type or a
//! contradiction is an error with line, column and the nearest name.

use super::local::parse_toml;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::name::{SubjectTemplate, check_label};
use crate::profile;
use crate::text;
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

/// The longest validity of a root, in days: 50 years; beyond it nobody will be there to answer for it.
const MAX_ROOT_DAYS: u32 = 18_263;

impl Config {
    /// Parses and validates `authority.toml`.
    ///
    /// # Errors
    /// [`Kind::Usage`] with line, column and what was wanted.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let config: Config = parse_toml("authority.toml", text)?;
        config.validate(text)?;
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
    /// [`Kind::Usage`] for a profile that does not exist.
    pub fn dns_names(&self) -> Result<Vec<String>, Error> {
        match &self.intermediates.dns_names {
            Some(names) => Ok(names.clone()),
            None => {
                let profile = profile::by_name(&self.intermediates.profile)?;
                Ok(profile.dns_names.iter().map(|n| (*n).to_owned()).collect())
            }
        }
    }

    fn validate(&self, text: &str) -> Result<(), Error> {
        let at = |table: &str, key: &str, what: &str| contradiction(text, table, key, what);
        let name_len = self.name.chars().count();
        if name_len == 0 || name_len > 64 || text::first_deceptive(&self.name).is_some() {
            return Err(at("", "name", "a name of 1 to 64 printable characters is needed").saw(&self.name));
        }
        if !self.name.chars().any(|c| c.is_ascii_alphanumeric()) {
            return Err(at("", "name", "a name needs an ASCII letter or digit: the log's origin is made from it")
                .saw(&self.name));
        }
        if self.unattended && self.kind == AuthorityKind::Production {
            return Err(at("", "unattended", "a production authority is never unattended")
                .saw("unattended = true")
                .hint("set kind = \"test\" for pipelines"));
        }
        for (table, subject) in [("root", &self.root.subject), ("intermediates", &self.intermediates.subject)] {
            validate_subject(subject)
                .map_err(|error| at(table, "subject", error.what()).saw(error.seen().unwrap_or_default()))?;
        }
        if self.root.key == KeySpec::Rsa2048 {
            return Err(at("root", "key", "a root key of RSA-2048 is not made").wanted("rsa-3072 or better"));
        }
        if !(1..=MAX_ROOT_DAYS).contains(&self.root.validity_days) {
            return Err(at("root", "validity_days", "out of range")
                .saw(self.root.validity_days.to_string())
                .wanted(format!("1 to {MAX_ROOT_DAYS}")));
        }
        if !(1..=self.root.validity_days).contains(&self.intermediates.max_validity_days) {
            return Err(at("intermediates", "max_validity_days", "an intermediate cannot outlive its root")
                .saw(self.intermediates.max_validity_days.to_string())
                .wanted(format!("1 to {}, the root's", self.root.validity_days)));
        }
        if self.intermediates.keys.is_empty() {
            return Err(at("intermediates", "keys", "no kind of key is allowed"));
        }
        let profile = profile::by_name(&self.intermediates.profile).map_err(|error| {
            let found = at("intermediates", "profile", error.what()).saw(error.seen().unwrap_or_default());
            error.hints().iter().fold(found, |found, hint| found.hint(hint))
        })?;
        if matches!(profile.name, "root" | "audit" | "cross") {
            return Err(at("intermediates", "profile", "not a profile of intermediates").saw(profile.name));
        }
        for name in self.intermediates.dns_names.iter().flatten() {
            let fine = !name.is_empty()
                && name.len() <= 253
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
            if !fine {
                return Err(at("intermediates", "dns_names", "not a DNS name")
                    .saw(name)
                    .wanted("lower-case letters, digits, hyphens and dots"));
            }
        }
        if !(1..=365).contains(&self.crl.validity_days) {
            return Err(at("crl", "validity_days", "a CRL of a root lives at most 12 months")
                .saw(self.crl.validity_days.to_string())
                .wanted("1 to 365"));
        }
        if self.roles.administrator == 0 || self.roles.witness == 0 {
            return Err(at("roles", "witness", "a ceremony needs an administrator and a witness").wanted("at least 1"));
        }
        for (name, cluster) in &self.clusters {
            self.validate_cluster(text, name, cluster)?;
        }
        Ok(())
    }

    fn validate_cluster(&self, text: &str, name: &str, cluster: &ClusterConfig) -> Result<(), Error> {
        let table = format!("clusters.{name}");
        let at = |key: &str, what: &str| contradiction(text, &table, key, what);
        check_label("cluster name", name)
            .map_err(|error| at("", error.what()).saw(name).wanted(error.wants().unwrap_or_default()))?;
        check_label("environment", &cluster.environment).map_err(|error| {
            at("environment", error.what()).saw(&cluster.environment).wanted(error.wants().unwrap_or_default())
        })?;
        if let Some(days) = cluster.validity_days
            && !(1..=self.intermediates.max_validity_days).contains(&days)
        {
            return Err(at("validity_days", "a cluster may be stricter than [intermediates], never laxer")
                .saw(days.to_string())
                .wanted(format!("1 to {}", self.intermediates.max_validity_days)));
        }
        for key in cluster.keys.iter().flatten().chain(&cluster.algorithm) {
            if !self.intermediates.keys.contains(key) {
                return Err(at("keys", "a cluster may be stricter than [intermediates], never laxer")
                    .saw(key.name())
                    .wanted(names(&self.intermediates.keys)));
            }
        }
        match (cluster.key_origin, cluster.algorithm) {
            (KeyOrigin::Offline, None) => {
                Err(at("algorithm", "a key made here needs its kind").wanted("algorithm = \"ecdsa-p384\", for example"))
            }
            (KeyOrigin::Offline, Some(_)) if cluster.recipients.is_empty() => {
                Err(at("recipients", "a key made here needs at least one recipient to be sealed to")
                    .wanted("recipients = [\"age1…\"]"))
            }
            (KeyOrigin::Cluster, Some(algorithm)) => Err(at("algorithm", "only for key_origin = \"offline\"")
                .saw(algorithm.name())
                .hint("the cluster chooses its own key's kind; restrict it by keys = […]")),
            _ => Ok(()),
        }
    }
}

/// Names of key kinds, comma-separated.
pub fn names(keys: &[KeySpec]) -> String {
    keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ")
}

fn validate_subject(subject: &SubjectTemplate) -> Result<(), Error> {
    for (attribute, value) in &subject.name(None, "").0 {
        let label = attribute.label();
        // Room for the generation's suffix " G999".
        let room = if label == "CN" { attribute.max_len() - 5 } else { attribute.max_len() };
        if value.trim() != value || value.is_empty() || value.chars().count() > room {
            return Err(Error::new(Kind::Usage, format!("{label} needs 1 to {room} characters without outer spaces"))
                .saw(value));
        }
        if text::first_deceptive(value).is_some() {
            return Err(Error::new(Kind::Usage, format!("{label} holds a character that does not print")).saw(value));
        }
        if label == "C" && !(value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase())) {
            return Err(Error::new(Kind::Usage, "C needs two upper-case letters").saw(value));
        }
    }
    Ok(())
}

/// An error at a key of a table, with line and column where the key can be found.
fn contradiction(text: &str, table: &str, key: &str, what: &str) -> Error {
    let mut current = String::new();
    let mut place = None;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if let Some(header) = trimmed.strip_prefix('[') {
            current = header.trim_end_matches(']').trim().to_owned();
            if current == table && place.is_none() {
                place = Some((number + 1, 1));
            }
        }
        let named = trimmed.split('=').next().map(str::trim) == Some(key) && trimmed.contains('=');
        if current == table && named && !key.is_empty() {
            let column = line.len() - line.trim_start().len() + 1;
            place = Some((number + 1, column));
            break;
        }
    }
    let name = if table.is_empty() { key.to_owned() } else { format!("[{table}] {key}") };
    let place = place.map(|(line, column)| format!(", line {line}, column {column}")).unwrap_or_default();
    Error::new(Kind::Usage, format!("authority.toml{place}: {}: {what}", name.trim()))
}
