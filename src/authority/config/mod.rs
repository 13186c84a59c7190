//! `authority.toml`: what people review before genesis. Strict: an unknown key, a wrong type or a
//! contradiction is an error with line, column and the nearest name.

mod cluster;
mod countersigners;
mod emergency;
mod intermediates;
mod preflight;
mod status;
mod validate;

pub use cluster::{ClusterConfig, KeyOrigin};
pub use countersigners::{Countersigners, names_countersigner};
pub use emergency::Emergency;
pub use intermediates::{Hash, Intermediates, NameConstraints, Terms};
pub use preflight::{CHECKS, PreflightConfig};
pub use status::StatusConfig;
pub use validate::place_of;

use super::local::parse_toml;
use crate::digest::Digest;
use crate::error::Error;
use crate::key::KeySpec;
use crate::name::{Attribute, DistinguishedName, SubjectTemplate};
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
    /// Who opens the root's token together; left out, its PIN is typed.
    pub custody: Option<Custody>,
    /// How many people of each role take part.
    #[serde(default)]
    pub roles: Roles,
    /// What an emergency revocation may do without.
    #[serde(default)]
    pub emergency: Emergency,
    /// What becomes of the root key when the token is lost.
    #[serde(default)]
    pub key_backup: KeyBackup,
    /// Scripts by name and digest: where there are any, no other is held.
    #[serde(default)]
    pub ceremonies: BTreeMap<String, Digest>,
    /// How early `status` says that something is due.
    #[serde(default)]
    pub status: StatusConfig,
    /// Who elsewhere countersigns checkpoints.
    #[serde(default)]
    pub countersigners: Countersigners,
    /// What a machine must be for a ceremony.
    #[serde(default)]
    pub preflight: PreflightConfig,
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

/// `[custody]`: the token's PINs are derived from a seed that is shared among custodians.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Custody {
    /// How many custodians open the token.
    pub threshold: u8,
    /// How many hold a share.
    pub custodians: u8,
    /// An age recipient for each custodian, in order: the shares are sealed to them. Left out, each is shown as words.
    #[serde(default)]
    pub recipients: Vec<String>,
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

impl Roles {
    /// How many people of a role take part at least; 0 where only a script says it.
    pub fn least(&self, role: &str) -> usize {
        match role {
            "administrator" => self.administrator,
            "witness" => self.witness,
            _ => 0,
        }
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
#[serde(try_from = "String")]
pub enum BackupMode {
    /// Not at all: losing the token loses the root, and every mesh needs a new one.
    #[default]
    None,
    /// A clone of the token: by the vendor's own means, or a copy of the files of a token without hardware.
    Clone,
    /// The key leaves the token once, wrapped under a key of the custody seed, and never again.
    Wrapped,
}

impl BackupMode {
    /// The name in configuration, log and screens.
    pub const fn name(self) -> &'static str {
        match self {
            BackupMode::None => "none",
            BackupMode::Clone => "clone",
            BackupMode::Wrapped => "wrapped",
        }
    }
}

impl TryFrom<String> for BackupMode {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            "none" => Ok(BackupMode::None),
            "clone" => Ok(BackupMode::Clone),
            "wrapped" => Ok(BackupMode::Wrapped),
            other => Err(format!("no such way of backup: saw \"{other}\", wanted none, clone, wrapped")),
        }
    }
}

fn one() -> usize {
    1
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

    /// The subject of a root key's generation: from the second on, ` G<n>` ends the common name, because a
    /// distinguished name belongs to one key.
    pub fn root_name(&self, generation: u32) -> DistinguishedName {
        let suffix = if generation > 1 { format!(" G{generation}") } else { String::new() };
        self.root.subject.name(self.kind.marking_unit(), &suffix)
    }

    /// The subject of a cluster's intermediate: unique by cluster and generation.
    pub fn intermediate_name(&self, cluster: &str, generation: u32) -> DistinguishedName {
        let own = self.clusters.get(cluster).and_then(|c| c.organizational_unit.as_deref());
        let units = own.into_iter().chain(self.kind.marking_unit());
        let name = self.intermediates.subject.name(units, "");
        name.with(Attribute::Locality, cluster).with(Attribute::SerialNumber, generation.to_string())
    }
}

/// Names of key kinds, comma-separated.
pub fn names(keys: &[KeySpec]) -> String {
    keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(", ")
}
