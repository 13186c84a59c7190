//! `[intermediates]`, and the terms of one cluster: what its intermediate gets of the authority's settings
//! once the cluster's own have narrowed them.
//!
//! Nothing here is from a request. Never judges whether a setting is allowed: `validate` does.

use super::{ClusterConfig, Config};
use crate::error::Error;
use crate::key::KeySpec;
use crate::name::SubjectTemplate;
use crate::profile::{self, PathLength, Profile};
use crate::x509::SignatureAlgorithm;
use jiff::SignedDuration;
use serde::Deserialize;

/// `[intermediates]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intermediates {
    /// The certificate profile of a cluster that chooses none.
    #[serde(default = "istio")]
    pub profile: String,
    /// What clusters may choose; `profile` is always among them.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Days of validity; a cluster may have fewer.
    pub max_validity_days: u32,
    /// Kinds of key that requests may have.
    #[serde(default = "default_keys")]
    pub keys: Vec<KeySpec>,
    /// Hashes that requests may be signed with.
    #[serde(default = "default_hashes")]
    pub hashes: Vec<Hash>,
    /// The subject of every intermediate; `L=<cluster>` and `serialNumber=<generation>` follow.
    pub subject: SubjectTemplate,
    /// SAN dNSNames of the default profile; left out, the profile's own.
    pub dns_names: Option<Vec<String>>,
    /// Which names a cluster's leaves may have.
    #[serde(default)]
    pub name_constraints: NameConstraints,
    /// True where no mesh has a ztunnel: only then may an istio intermediate constrain URIs.
    #[serde(default)]
    pub sidecar_only: bool,
    /// The path length, for a profile that leaves it open.
    pub path_len: Option<u8>,
    /// The lifetime of workloads' certificates (istiod's DEFAULT_WORKLOAD_CERT_TTL), in hours.
    #[serde(default = "leaf_hours")]
    pub leaf_hours: u32,
    /// Where the root's CRL can be fetched: cRLDistributionPoints of every intermediate.
    #[serde(default)]
    pub crl_urls: Vec<String>,
    /// Where the root's certificate can be fetched: caIssuers in authorityInfoAccess of every intermediate.
    #[serde(default)]
    pub ca_issuers_urls: Vec<String>,
}

/// `name_constraints`: subtrees of RFC 5280 section 4.2.1.10.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameConstraints {
    /// DNS names that leaves may have, with everything below; empty for any.
    #[serde(default)]
    pub permitted_dns: Vec<String>,
    /// DNS names that leaves may not have, with everything below.
    #[serde(default)]
    pub excluded_dns: Vec<String>,
    /// Hosts of URIs that leaves may have (a SPIFFE trust domain); a leading dot for the hosts below one.
    #[serde(default)]
    pub permitted_uris: Vec<String>,
}

/// A hash that a request may be signed with. Ed25519 has its own and is chosen by `keys`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Hash::Sha256 => "sha256",
            Hash::Sha384 => "sha384",
            Hash::Sha512 => "sha512",
        }
    }

    /// The hash of a signature algorithm; `None` for those that have their own.
    pub const fn of(algorithm: SignatureAlgorithm) -> Option<Self> {
        match algorithm {
            SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::EcdsaSha256 => Some(Hash::Sha256),
            SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::EcdsaSha384 => Some(Hash::Sha384),
            SignatureAlgorithm::RsaSha512 | SignatureAlgorithm::EcdsaSha512 => Some(Hash::Sha512),
            SignatureAlgorithm::Ed25519 | SignatureAlgorithm::MlDsa65 => None,
        }
    }
}

impl Intermediates {
    /// How long a workload's certificate lives, and an intermediate must when it issues its last one.
    pub fn leaf(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.leaf_hours))
    }
}

/// What one cluster's intermediate gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its profile, with what `sidecar_only` says of it.
    pub profile: Profile,
    /// Kinds of key that its request may have: those of the configuration that the profile's consumer reads.
    pub keys: Vec<KeySpec>,
    /// Hashes that its request may be signed with.
    pub hashes: Vec<Hash>,
    /// Days of validity.
    pub validity_days: u32,
    /// pathLenConstraint.
    pub path_len: Option<u8>,
    /// SAN dNSNames.
    pub dns_names: Vec<String>,
    /// Name constraints.
    pub name_constraints: NameConstraints,
}

impl Config {
    /// The name of a cluster's profile.
    pub fn profile_for(&self, cluster: &str) -> &str {
        let own = self.clusters.get(cluster).and_then(|c| c.profile.as_deref());
        own.unwrap_or(&self.intermediates.profile)
    }

    /// What a cluster's intermediate gets. A cluster that is not configured gets what `[intermediates]` says.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for a profile that does not exist.
    pub fn terms(&self, cluster: &str) -> Result<Terms, Error> {
        let all = &self.intermediates;
        let own = self.clusters.get(cluster);
        let profile = profile::by_name(self.profile_for(cluster))?;
        let sidecar_only = own.and_then(|c| c.sidecar_only).unwrap_or(all.sidecar_only);
        Ok(Terms {
            profile: if sidecar_only { profile.with_sidecars_only() } else { *profile },
            keys: self.keys_for(cluster),
            hashes: own.and_then(|c| c.hashes.clone()).unwrap_or_else(|| all.hashes.clone()),
            validity_days: own.and_then(|c| c.validity_days).unwrap_or(all.max_validity_days),
            path_len: own.and_then(|c| c.path_len).or_else(|| self.path_len_of(profile)),
            dns_names: own.and_then(|c| c.dns_names.clone()).unwrap_or_else(|| self.dns_names_of(profile)),
            name_constraints: self.name_constraints_for(own),
        })
    }

    /// The kinds of key that a cluster's request may have: those of the configuration that its profile's
    /// consumer reads.
    pub fn keys_for(&self, cluster: &str) -> Vec<KeySpec> {
        let own = self.clusters.get(cluster).and_then(|c| c.keys.as_ref());
        let keys = own.unwrap_or(&self.intermediates.keys).iter().copied();
        match profile::by_name(self.profile_for(cluster)) {
            Ok(profile) => keys.filter(|key| profile.keys.contains(key)).collect(),
            Err(_) => keys.collect(),
        }
    }

    /// The path length of a profile: where it leaves one open, what `[intermediates]` chooses.
    pub fn path_len_of(&self, profile: &Profile) -> Option<u8> {
        match (profile.path_len, self.intermediates.path_len) {
            (PathLength::Between { .. }, Some(chosen)) => Some(chosen),
            (fixed, _) => fixed.default_value(),
        }
    }

    /// The SAN dNSNames of a profile: `[intermediates] dns_names` speaks for the default one only.
    pub fn dns_names_of(&self, profile: &Profile) -> Vec<String> {
        match &self.intermediates.dns_names {
            Some(names) if profile.name == self.intermediates.profile => names.clone(),
            _ => profile.dns_names.iter().map(|n| (*n).to_owned()).collect(),
        }
    }

    /// A cluster's permitted subtrees stand for the authority's, its excluded ones add to them.
    fn name_constraints_for(&self, own: Option<&ClusterConfig>) -> NameConstraints {
        let mut constraints = self.intermediates.name_constraints.clone();
        let Some(own) = own.map(|cluster| &cluster.name_constraints) else { return constraints };
        if !own.permitted_dns.is_empty() {
            constraints.permitted_dns.clone_from(&own.permitted_dns);
        }
        if !own.permitted_uris.is_empty() {
            constraints.permitted_uris.clone_from(&own.permitted_uris);
        }
        for name in &own.excluded_dns {
            if !constraints.excluded_dns.contains(name) {
                constraints.excluded_dns.push(name.clone());
            }
        }
        constraints
    }
}

fn istio() -> String {
    "istio".to_owned()
}
fn leaf_hours() -> u32 {
    24
}
fn default_keys() -> Vec<KeySpec> {
    vec![KeySpec::Rsa3072, KeySpec::Rsa4096, KeySpec::EcdsaP256, KeySpec::EcdsaP384]
}
fn default_hashes() -> Vec<Hash> {
    vec![Hash::Sha256, Hash::Sha384, Hash::Sha512]
}
