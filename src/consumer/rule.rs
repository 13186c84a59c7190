//! Rules with a second dimension: whom a breach stops, and what then happens there.
//!
//! A rule's weight says what `manifest` does with it (refuse, warn, mention); whom it stops says what
//! `inspect cacerts` answers for each consumer. The table itself is in [`rules`](super::rules).

use crate::finding::{Finding, Rule};
use serde::Serialize;

/// A program that reads these files, or the certificates under them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consumer {
    /// Istio's control plane, which signs the workloads' certificates.
    Istiod,
    /// Istio's sidecars, gateways and waypoints.
    Envoy,
    /// Istio's ambient node proxy.
    Ztunnel,
    /// Peers written in Go: proxyless gRPC, istiod's own callers.
    Go,
    /// cert-manager's CA issuer.
    CertManager,
    /// Linkerd's identity controller and proxies.
    Linkerd,
    /// SPIRE's UpstreamAuthority "disk".
    Spire,
    /// Vault's PKI mount.
    Vault,
}

impl Consumer {
    /// All.
    pub const ALL: [Consumer; 8] = [
        Consumer::Istiod,
        Consumer::Envoy,
        Consumer::Ztunnel,
        Consumer::Go,
        Consumer::CertManager,
        Consumer::Linkerd,
        Consumer::Spire,
        Consumer::Vault,
    ];

    /// The name on screens.
    pub const fn title(self) -> &'static str {
        match self {
            Consumer::Istiod => "istiod",
            Consumer::Envoy => "Envoy",
            Consumer::Ztunnel => "ztunnel",
            Consumer::Go => "Go peers",
            Consumer::CertManager => "cert-manager",
            Consumer::Linkerd => "Linkerd",
            Consumer::Spire => "SPIRE",
            Consumer::Vault => "Vault",
        }
    }
}

/// A rule, whom its breach stops, and what is seen then.
#[derive(Debug)]
pub struct ConsumerRule {
    /// The rule.
    pub rule: Rule,
    /// Who does not work any more; nobody, where it is only worth knowing.
    pub stops: &'static [Consumer],
    /// What happens, with the versions where they matter; one or two sentences.
    pub then: &'static str,
}

/// A rule that fired.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Who does not work any more.
    pub stops: &'static [Consumer],
    /// What happens.
    pub then: &'static str,
}

impl ConsumerRule {
    /// What this rule says of what was observed; both strings are escaped.
    pub fn found(&self, observed: impl AsRef<str>, expected: impl AsRef<str>) -> Found {
        Found { finding: self.rule.finding(observed, expected), stops: self.stops, then: self.then }
    }

    /// As [`found`](Self::found), with a remedy of this very case.
    pub fn found_with(&self, observed: impl AsRef<str>, expected: impl AsRef<str>, hint: &str) -> Found {
        let mut found = self.found(observed, expected);
        found.finding.hint = crate::text::escape(hint);
        found
    }
}
