//! What may be issued, as data: one row per kind of certificate, and what its consumers can bear.
//!
//! Never builds or judges: planning fills a template from a row, the lint compares a certificate with it.
//! Source: the consumers' code and measurements with istiod, Envoy, ztunnel's policy, Linkerd, SPIRE.

use crate::error::{Error, Kind};
use crate::key::KeySpec::{self, EcdsaP256, EcdsaP384, EcdsaP521, Ed25519, MlDsa65, Rsa2048, Rsa3072, Rsa4096};
use crate::text;
use jiff::SignedDuration;

/// Validity begins this long before the clock's now, because clocks of clusters are not ours.
pub const BACKDATE: SignedDuration = SignedDuration::from_mins(5);

/// A certificate profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The name in configuration, log and manifests.
    pub name: &'static str,
    /// What it is for, one line.
    pub says: &'static str,
    /// The place in the hierarchy.
    pub role: Role,
    /// What basicConstraints says.
    pub path_len: PathLength,
    /// subjectAltName dNSNames, where the configuration gives no others.
    pub dns_names: &'static [&'static str],
    /// The subject's key may be one of these.
    pub keys: &'static [KeySpec],
    /// The issuer's key may be one of these.
    pub issuer_keys: &'static [KeySpec],
    /// Its consumer verifies signatures with SHA-256 only.
    pub sha256_only: bool,
    /// Whether URI name constraints may be given.
    pub uri_constraints: UriConstraints,
}

/// What a profile's consumer makes of URI name constraints: ztunnel and pyca reject every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriConstraints {
    /// Its consumer rejects them.
    Never,
    /// Refused until `sidecar_only = true` says that no ztunnel is there.
    UnlessAmbient,
    /// `sidecar_only = true` was said: given, with a warning.
    SidecarsOnly,
    /// Its consumer checks them.
    Always,
}

impl Profile {
    /// The profile for a mesh without ztunnel.
    pub const fn with_sidecars_only(self) -> Self {
        match self.uri_constraints {
            UriConstraints::UnlessAmbient => Self { uri_constraints: UriConstraints::SidecarsOnly, ..self },
            _ => self,
        }
    }

    /// True for a profile that a cluster's intermediate may have.
    pub fn is_for_clusters(&self) -> bool {
        self.role == Role::Intermediate
    }
}

/// A certificate's place in the hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Self-signed.
    Root,
    /// A CA below the root.
    Intermediate,
    /// A new root's key and name, signed by an older root.
    Cross,
    /// No CA: signs checkpoints and envelopes.
    Audit,
}

/// What basicConstraints says about the path length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathLength {
    /// No limit is written: a root with path length 1 would rule out a cross-signed successor.
    Absent,
    /// Exactly this.
    Exactly(u8),
    /// The configuration chooses between two bounds, inclusive; `default` where it does not.
    Between {
        /// The least.
        least: u8,
        /// The value where nothing is configured.
        default: u8,
        /// The most.
        most: u8,
    },
    /// The certificate is no CA.
    NotACa,
}

impl PathLength {
    /// The value where nothing is configured.
    pub const fn default_value(self) -> Option<u8> {
        match self {
            PathLength::Absent | PathLength::NotACa => None,
            PathLength::Exactly(n) => Some(n),
            PathLength::Between { default, .. } => Some(default),
        }
    }

    /// True where a CA's path length is allowed.
    pub fn allows(self, path_len: Option<u32>) -> bool {
        match (self, path_len) {
            (PathLength::Absent | PathLength::NotACa, value) => value.is_none(),
            (PathLength::Exactly(n), value) => value == Some(u32::from(n)),
            (PathLength::Between { least, most, .. }, Some(n)) => (u32::from(least)..=u32::from(most)).contains(&n),
            (PathLength::Between { .. }, None) => false,
        }
    }

    /// In words, for findings.
    pub fn show(self) -> String {
        match self {
            PathLength::Absent => "no path length".to_owned(),
            PathLength::Exactly(n) => format!("path length {n}"),
            PathLength::Between { least, most, .. } => format!("path length {least} to {most}"),
            PathLength::NotACa => "no CA".to_owned(),
        }
    }
}

/// Every kind that a mesh can use; the configuration narrows it.
const ANY: &[KeySpec] = &[Rsa2048, Rsa3072, Rsa4096, EcdsaP256, EcdsaP384, EcdsaP521, Ed25519];
/// With the experiment, under which no mesh works: the root itself, and what is under it and meant for no mesh.
const ROOT: &[KeySpec] = &[Rsa2048, Rsa3072, Rsa4096, EcdsaP256, EcdsaP384, EcdsaP521, Ed25519, MlDsa65];
/// Linkerd's issuer: ECDSA P-256 only.
const P256: &[KeySpec] = &[EcdsaP256];
/// Linkerd's anchor: P-256 or RSA, SHA-256.
const LINKERD_ANCHORS: &[KeySpec] = &[EcdsaP256, Rsa3072, Rsa4096];
/// SPIRE and cert-manager read RSA and ECDSA keys.
const RSA_OR_EC: &[KeySpec] = &[Rsa2048, Rsa3072, Rsa4096, EcdsaP256, EcdsaP384, EcdsaP521];

/// A CA below the root with nothing added: what the other rows say only where they differ.
const INTERMEDIATE: Profile = Profile {
    name: "",
    says: "",
    role: Role::Intermediate,
    path_len: PathLength::Exactly(0),
    dns_names: &[],
    keys: ANY,
    issuer_keys: ANY,
    sha256_only: false,
    uri_constraints: UriConstraints::Never,
};

/// Every profile.
pub static PROFILES: &[Profile] = &[
    Profile {
        name: "istio",
        says: "istiod's cacerts; sidecars and ambient",
        dns_names: &["istiod.istio-system.svc"],
        uri_constraints: UriConstraints::UnlessAmbient,
        ..INTERMEDIATE
    },
    Profile {
        name: "cert-manager",
        says: "a cert-manager CA issuer",
        keys: RSA_OR_EC,
        uri_constraints: UriConstraints::Always,
        ..INTERMEDIATE
    },
    Profile {
        name: "linkerd",
        says: "Linkerd's identity issuer",
        keys: P256,
        issuer_keys: LINKERD_ANCHORS,
        sha256_only: true,
        ..INTERMEDIATE
    },
    Profile {
        name: "spire",
        says: "SPIRE's upstream authority on disk, which issues a CA below itself",
        path_len: PathLength::Exactly(1),
        keys: RSA_OR_EC,
        uri_constraints: UriConstraints::Always,
        ..INTERMEDIATE
    },
    Profile { name: "vault", says: "a Vault PKI mount", uri_constraints: UriConstraints::Always, ..INTERMEDIATE },
    Profile {
        name: "subordinate",
        says: "a regional CA, or Gloo's management plane",
        path_len: PathLength::Between { least: 0, default: 1, most: 2 },
        issuer_keys: ROOT,
        ..INTERMEDIATE
    },
    Profile {
        name: "cross",
        says: "a new root under an old one",
        role: Role::Cross,
        path_len: PathLength::Absent,
        ..INTERMEDIATE
    },
    Profile {
        name: "root",
        says: "the root itself",
        role: Role::Root,
        path_len: PathLength::Absent,
        keys: ROOT,
        issuer_keys: ROOT,
        ..INTERMEDIATE
    },
    Profile {
        name: "audit",
        says: "signs checkpoints and envelopes",
        role: Role::Audit,
        path_len: PathLength::NotACa,
        issuer_keys: ROOT,
        ..INTERMEDIATE
    },
];

/// The profile of a name.
///
/// # Errors
/// [`Kind::Usage`] names the known ones and the nearest.
pub fn by_name(name: &str) -> Result<&'static Profile, Error> {
    PROFILES.iter().find(|profile| profile.name == name).ok_or_else(|| {
        let known = || PROFILES.iter().map(|profile| profile.name);
        let error = Error::new(Kind::Usage, "no such profile")
            .saw(format!("\"{name}\""))
            .wanted(known().collect::<Vec<_>>().join(", "));
        match text::nearest(name, known()) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_profile_names_the_nearest() {
        assert_eq!(by_name("istio").unwrap().path_len.default_value(), Some(0));
        assert_eq!(by_name("istoi").unwrap_err().hints(), ["did you mean \"istio\"?"]);
    }

    #[test]
    fn names_are_unique_and_each_default_is_allowed() {
        for (position, profile) in PROFILES.iter().enumerate() {
            assert_eq!(PROFILES.iter().position(|p| p.name == profile.name), Some(position));
            assert!(profile.path_len.allows(profile.path_len.default_value().map(u32::from)));
            assert!(!profile.path_len.allows(Some(3)), "{}", profile.name);
        }
    }
}
