//! Making plans: the to-be-signed bytes of the root, the audit certificate, a cross certificate, an intermediate and
//! a request to a parent; a CRL's are in [`super::crl`].

pub use super::crl::{last as last_crl, plan as crl};

use super::{ForCluster, MadePlan, Plan, Standard, TYPE, What};
use crate::authority::Config;
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::finding::Finding;
use crate::policy;
use crate::profile::{self, BACKDATE};
use crate::x509::build::{self, CertificateTemplate, Usage};
use crate::x509::read::{self, CertificateView};
use crate::x509::{SignatureAlgorithm, Spki};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What every plan of one session shares.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The adopted configuration.
    pub config: &'a Config,
    /// Its digest.
    pub config_sha256: Digest,
    /// The session's id.
    pub session: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// The key that will sign: its generation, its public half, and its certificate as far as it is known.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Generation.
    pub generation: u32,
    /// The public key.
    pub spki: Spki,
    /// The issuer's certificate, issued or planned.
    pub view: Arc<CertificateView>,
}

/// A request that policy accepted, and whom it is for.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// Whom it is for.
    pub cluster: ForCluster,
    /// The public key to certify.
    pub spki: Spki,
    /// `sha256:…` or `offline:…`.
    pub reviewed: String,
    /// What the request asked for: what the certificate does not give is shown.
    pub asked: Vec<String>,
    /// What intake and policy found.
    pub findings: Vec<Finding>,
}

/// Plans the self-signed certificate of a root key.
///
/// # Errors
/// [`Kind::Bug`] or [`Kind::Usage`] where the bytes cannot be built.
pub fn root(context: Context<'_>, spki: &Spki, generation: u32, serial: Hex) -> Result<MadePlan, Error> {
    let config = context.config;
    let subject = build::name_der(&config.root_name(generation))?;
    let algorithm = SignatureAlgorithm::of(spki.spec());
    let not_before = whole(context.now - BACKDATE);
    let template = CertificateTemplate {
        serial,
        signature: algorithm,
        issuer: subject.clone(),
        not_before,
        not_after: not_before + days(config.root.validity_days) - SignedDuration::from_secs(1),
        subject,
        spki: spki.clone(),
        subject_key_id: spki.key_identifier(),
        authority_key_id: None,
        usage: Usage::plain_ca(None),
    };
    let tbs = build::certificate_tbs(&template)?;
    let standard = Standard::Certificate(*profile::by_name("root")?, None);
    MadePlan::new(base(context, What::Root, tbs, algorithm, generation, "root"), standard)
}

/// Plans the certificate of the audit key.
///
/// # Errors
/// [`Kind::Bug`] or [`Kind::Usage`] where the bytes cannot be built.
pub fn audit(
    context: Context<'_>,
    issuer: &Issuer,
    spki: &Spki,
    generation: u32,
    serial: Hex,
) -> Result<MadePlan, Error> {
    let config = context.config;
    let suffix = format!(" audit {generation}");
    let subject = config.root.subject.name(config.kind.marking_unit(), &suffix);
    let not_before = begin(context.now, issuer);
    let template = CertificateTemplate {
        serial,
        signature: SignatureAlgorithm::of(issuer.spki.spec()),
        issuer: issuer.view.subject_der.clone(),
        not_before,
        not_after: end(not_before, config.root.validity_days, issuer),
        subject: build::name_der(&subject)?,
        spki: spki.clone(),
        subject_key_id: spki.key_identifier(),
        authority_key_id: issuer.view.subject_key_id.clone(),
        usage: Usage::Audit,
    };
    let tbs = build::certificate_tbs(&template)?;
    let standard = Standard::Certificate(*profile::by_name("audit")?, Some(Arc::clone(&issuer.view)));
    MadePlan::new(base(context, What::Audit, tbs, template.signature, issuer.generation, "audit"), standard)
}

/// Plans the certificate by which one root vouches for another: the other's name, key and key identifier as they
/// stand in its own certificate, inside the validity of both.
///
/// # Errors
/// [`Kind::Bug`] or [`Kind::Usage`] where the bytes cannot be built; [`Kind::Refused`] where the other root has no
/// key identifier.
pub fn cross(context: Context<'_>, issuer: &Issuer, subject: &Issuer, serial: Hex) -> Result<MadePlan, Error> {
    let (from, until) = (&subject.view.not_before, subject.view.not_after);
    let key_id = subject.view.subject_key_id.clone();
    let template = CertificateTemplate {
        serial,
        signature: SignatureAlgorithm::of(issuer.spki.spec()),
        issuer: issuer.view.subject_der.clone(),
        not_before: begin(context.now, issuer).max(*from),
        not_after: until.min(issuer.view.not_after),
        subject: subject.view.subject_der.clone(),
        spki: subject.spki.clone(),
        subject_key_id: key_id.ok_or_else(|| no_key_id("the root to be vouched for"))?,
        authority_key_id: issuer.view.subject_key_id.clone(),
        usage: Usage::plain_ca(None),
    };
    let tbs = build::certificate_tbs(&template)?;
    let (issuer_view, own) = (Arc::clone(&issuer.view), Arc::clone(&subject.view));
    let standard = Standard::Cross(*profile::by_name("cross")?, issuer_view, own);
    MadePlan::new(base(context, What::Cross, tbs, template.signature, issuer.generation, "cross"), standard)
}

/// Plans the request by which a root asks a parent to certify its key: the root's own name, key and key identifier, by
/// which intermediates name their issuer. What the parent gives is judged when it comes back.
///
/// # Errors
/// [`Kind::Bug`] where the bytes cannot be built; [`Kind::Refused`] where the root has no key identifier.
pub fn request(context: Context<'_>, root: &Issuer) -> Result<MadePlan, Error> {
    let algorithm = SignatureAlgorithm::of(root.spki.spec());
    let view = &root.view;
    let tbs = build::request_tbs(&CertificateTemplate {
        serial: view.serial.clone(),
        signature: algorithm,
        issuer: view.issuer_der.clone(),
        not_before: view.not_before,
        not_after: view.not_after,
        subject: view.subject_der.clone(),
        spki: root.spki.clone(),
        subject_key_id: view.subject_key_id.clone().ok_or_else(|| no_key_id("the root"))?,
        authority_key_id: None,
        usage: Usage::plain_ca(None),
    })?;
    let standard = Standard::Request(Arc::clone(&root.view));
    MadePlan::new(base(context, What::Request, tbs, algorithm, root.generation, "request"), standard)
}

pub(super) fn no_key_id(whose: &str) -> Error {
    Error::new(Kind::Refused, format!("the certificate of {whose} has no subject key identifier"))
        .truth("Nothing was signed.")
}

/// Plans a cluster's intermediate. What the request asks for is never copied: subject, extensions and
/// validity come from configuration and profile.
///
/// # Errors
/// [`Kind::Bug`] or [`Kind::Usage`] where the bytes cannot be built.
pub fn intermediate(
    context: Context<'_>,
    issuer: &Issuer,
    accepted: &Accepted,
    serial: Hex,
) -> Result<MadePlan, Error> {
    let config = context.config;
    let terms = config.terms(&accepted.cluster.name)?;
    let profile = &terms.profile;
    let subject = config.intermediate_name(&accepted.cluster.name, accepted.cluster.generation);
    let not_before = begin(context.now, issuer);
    let template = CertificateTemplate {
        serial,
        signature: SignatureAlgorithm::of(issuer.spki.spec()),
        issuer: issuer.view.subject_der.clone(),
        not_before,
        not_after: end(not_before, terms.validity_days, issuer),
        subject: build::name_der(&subject)?,
        spki: accepted.spki.clone(),
        subject_key_id: accepted.spki.key_identifier(),
        authority_key_id: issuer.view.subject_key_id.clone(),
        usage: Usage::Ca {
            path_len: terms.path_len,
            dns_names: terms.dns_names.clone(),
            permitted_dns: terms.name_constraints.permitted_dns.clone(),
            excluded_dns: terms.name_constraints.excluded_dns.clone(),
            permitted_uris: terms.name_constraints.permitted_uris.clone(),
            crl_urls: config.intermediates.crl_urls.clone(),
            ca_issuers_urls: config.intermediates.ca_issuers_urls.clone(),
        },
    };
    let tbs = build::certificate_tbs(&template)?;
    let given = read::tbs_certificate(&tbs)?.given();
    let mut plan = base(context, What::Intermediate, tbs, template.signature, issuer.generation, profile.name);
    plan.findings.clone_from(&accepted.findings);
    plan.findings.extend(policy::cut_short(not_before + days(terms.validity_days), issuer.view.not_after));
    plan.reviewed.clone_from(&accepted.reviewed);
    plan.cluster = Some(accepted.cluster.clone());
    plan.asked = accepted.asked.iter().filter(|asked| !given.contains(asked)).cloned().collect();
    MadePlan::new(plan, Standard::Certificate(*profile, Some(Arc::clone(&issuer.view))))
}

pub(super) fn base(
    context: Context<'_>,
    what: What,
    tbs: Vec<u8>,
    algorithm: SignatureAlgorithm,
    generation: u32,
    profile: &str,
) -> Plan {
    Plan {
        kind: TYPE.to_owned(),
        what,
        session: context.session.to_owned(),
        made: context.now,
        tbs: Base64(tbs),
        algorithm: algorithm.oid().to_owned(),
        issuer_generation: generation,
        profile: profile.to_owned(),
        reviewed: format!("sha256:{}", context.config_sha256),
        cluster: None,
        asked: Vec::new(),
        crl: None,
        findings: Vec::new(),
    }
}

/// notBefore: a little in the past, never before the issuer's.
pub(super) fn begin(now: Timestamp, issuer: &Issuer) -> Timestamp {
    whole(now - BACKDATE).max(issuer.view.not_before)
}

/// notAfter: days minus one second after notBefore (both ends are inclusive, RFC 5280 section 4.1.2.5),
/// never after the issuer's.
pub(super) fn end(not_before: Timestamp, validity_days: u32, issuer: &Issuer) -> Timestamp {
    (not_before + days(validity_days) - SignedDuration::from_secs(1)).min(issuer.view.not_after)
}

fn days(days: u32) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
