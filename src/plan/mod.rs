//! Plans: the exact bytes that will be signed, what people need to judge them, and their approval.
//!
//! A plan is made from configuration, state and a verified request; it needs no token. Its digest is the
//! SHA-256 of the plan's JSON as the log keeps it. The types are the gates: only a [`MadePlan`] can become
//! an [`ApprovedPlan`], only approved plans of one issuer become a [`Batch`], and only a batch is executed.

mod approval;
pub mod crl;
pub mod forecast;
pub mod make;
pub mod screen;

pub use approval::{ApprovedPlan, Batch, MadePlan};
pub use crl::{CrlChange, CrlLine};

use crate::digest::{Base64, Digest};
use crate::error::{Error, Kind};
use crate::finding::Finding;
use crate::policy::{self, Replaced};
use crate::profile::Profile;
use crate::x509::read::{self, CertificateView, CrlView, RequestInfo};
use crate::x509::{SignatureAlgorithm, verify};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The `type` of a plan.
pub const TYPE: &str = "anchorite/plan/v1";

/// A plan lives this long at the most, in hours, and never longer than its session.
pub const MAX_AGE_HOURS: i64 = 12;

/// What a plan makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The root's self-signed certificate.
    Root,
    /// The audit key's certificate.
    Audit,
    /// A cluster's intermediate.
    Intermediate,
    /// The key of one root, certified by another.
    Cross,
    /// A certificate revocation list.
    Crl,
    /// A PKCS#10 request of a root to a parent.
    Request,
}

impl What {
    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            What::Root => "root",
            What::Audit => "audit",
            What::Intermediate => "intermediate",
            What::Cross => "cross",
            What::Crl => "crl",
            What::Request => "request",
        }
    }
}

/// The plan as the log keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: String,
    /// What it makes.
    pub what: What,
    /// The session it lives in.
    pub session: String,
    /// When it was made.
    pub made: Timestamp,
    /// The to-be-signed bytes, DER.
    pub tbs: Base64,
    /// The signature algorithm's object identifier.
    pub algorithm: String,
    /// The generation of the root key that signs.
    pub issuer_generation: u32,
    /// The certificate profile; `crl` for a CRL, `request` for a request.
    pub profile: String,
    /// What the plan was made from: `sha256:…` of a request or of `authority.toml`, or `offline:<cluster>`.
    pub reviewed: String,
    /// The cluster it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ForCluster>,
    /// What the request asked for and does not get.
    pub asked: Vec<String>,
    /// What a CRL changes against the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl: Option<CrlChange>,
    /// What the checks found.
    pub findings: Vec<Finding>,
}

/// Whom an intermediate is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForCluster {
    /// Its name.
    pub name: String,
    /// Its environment.
    pub environment: String,
    /// Its SPIFFE trust domain.
    pub trust_domain: String,
    /// Its generation with this certificate.
    pub generation: u32,
    /// age recipients of the bundle.
    pub recipients: Vec<String>,
    /// `cluster` or `offline`.
    pub key_origin: String,
    /// The request's digest.
    pub request_sha256: Digest,
    /// SHA-256 of the SubjectPublicKeyInfo in the request.
    pub spki_sha256: Digest,
    /// True when this request enrols the cluster.
    pub enrols: bool,
    /// What differs from the cluster's enrolment or its last certificate.
    pub changes: Vec<String>,
    /// The intermediate that this one follows; absent for the first one, and in plans of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaced>,
}

/// To-be-signed bytes as another parser than the builder's reads them.
#[derive(Debug, Clone)]
pub enum TbsView {
    /// A certificate.
    Certificate(Box<CertificateView>),
    /// A CRL.
    Crl(Box<CrlView>),
    /// A request.
    Request(Box<RequestInfo>),
}

/// What a plan's bytes, and later the signed structure, are held against.
#[derive(Debug, Clone)]
pub enum Standard {
    /// A certificate's profile, and its issuer's certificate; `None` for a root.
    Certificate(Profile, Option<Arc<CertificateView>>),
    /// The certificate of a CRL's issuer, and what the log says of the CRL before.
    Crl(Arc<CertificateView>, Arc<policy::Predecessor>),
    /// A cross certificate's profile, its issuer's certificate, and the own certificate of the root it is for.
    Cross(Profile, Arc<CertificateView>, Arc<CertificateView>),
    /// The own certificate of the root that a request is of.
    Request(Arc<CertificateView>),
}

impl Standard {
    /// When the root that signs ends, where it is known.
    fn issuer_ends(&self) -> Timestamp {
        match self {
            Standard::Request(issuer) | Standard::Cross(_, issuer, _) | Standard::Crl(issuer, _) => issuer.not_after,
            Standard::Certificate(_, issuer) => issuer.as_ref().map_or(Timestamp::MAX, |issuer| issuer.not_after),
        }
    }

    /// What the lint finds in bytes that were read back.
    fn lint(&self, view: &TbsView) -> Result<Vec<Finding>, Error> {
        match (self, view) {
            (Standard::Certificate(profile, issuer), TbsView::Certificate(view)) => {
                Ok(policy::lint(view, issuer.as_deref(), profile))
            }
            (Standard::Crl(issuer, before), TbsView::Crl(view)) => {
                let mut findings = policy::lint_crl(view, issuer);
                findings.extend(policy::lint_succession(view, before));
                Ok(findings)
            }
            (Standard::Cross(profile, issuer, own), TbsView::Certificate(view)) => {
                let known = policy::lint::Known { issuer: policy::lint::Issuer::Is(issuer), own_root: Some(own) };
                Ok(policy::lint_known(view, known, profile))
            }
            (Standard::Request(own), TbsView::Request(view)) if verify::asks_as_itself(own, view) => Ok(Vec::new()),
            _ => Err(Error::new(Kind::Bug, "a certificate is judged as a CRL, or a CRL as a certificate")),
        }
    }
}

impl Plan {
    /// Reads the to-be-signed bytes with the parser that did not build them.
    ///
    /// # Errors
    /// [`Kind::Bug`] when they do not parse.
    fn view(&self) -> Result<TbsView, Error> {
        let bug = |error: Error| error.into_kind(Kind::Bug).within("a plan's to-be-signed bytes do not read back");
        match self.what {
            What::Crl => Ok(TbsView::Crl(Box::new(read::tbs_crl(&self.tbs.0).map_err(bug)?))),
            What::Request => Ok(TbsView::Request(Box::new(read::tbs_request(&self.tbs.0).map_err(bug)?))),
            _ => Ok(TbsView::Certificate(Box::new(read::tbs_certificate(&self.tbs.0).map_err(bug)?))),
        }
    }

    /// The signature algorithm.
    ///
    /// # Errors
    /// [`Kind::Refused`] for one that is not known.
    pub fn algorithm(&self) -> Result<SignatureAlgorithm, Error> {
        SignatureAlgorithm::from_oid(&self.algorithm)
    }
}

#[cfg(test)]
mod tests;
