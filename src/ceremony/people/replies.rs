//! What people reply about clusters and their certificates.

use crate::request::package::RequestJson;

/// A reply about the retirement of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// The cluster's name as each of them typed it, and why.
    Typed {
        /// By the administrator.
        administrator: String,
        /// By the witness.
        witness: String,
        /// Why.
        reason: String,
    },
    /// Decided beforehand, says an answers file.
    Beforehand {
        /// Why.
        reason: String,
    },
    /// It is not retired.
    No,
}

/// A reply about the revocation of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoking {
    /// The certificate's name as each of them typed it.
    Typed {
        /// By the administrator.
        administrator: String,
        /// By the witness.
        witness: String,
    },
    /// Decided beforehand, with this reason, says an answers file.
    Beforehand,
    /// It is not revoked.
    No,
}

/// Whom a plain CSR is for, and who may open what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Cluster name.
    pub cluster: String,
    /// Environment.
    pub environment: String,
    /// SPIFFE trust domain.
    pub trust_domain: String,
    /// age recipients.
    pub recipients: Vec<String>,
}

impl Assignment {
    /// What a package says of itself.
    pub fn of(request: &RequestJson) -> Self {
        Self {
            cluster: request.cluster.clone(),
            environment: request.environment.clone(),
            trust_domain: request.trust_domain.clone(),
            recipients: request.recipients.clone(),
        }
    }
}
