//! The lint: RFC 5280, the profile's rules and the consumers' rules, on parsed to-be-signed bytes.
//!
//! It runs on the TBS before people approve and on the certificate after it is signed, on values that another
//! parser than the builder's made; and on anybody's certificate. Tables of rules, each with the small function
//! that looks for it.

mod certificate;
mod crl;
mod extension;
mod table;

use crate::finding::{Finding, Rule, Severity};
use crate::profile::{Profile, Role};
use crate::x509::read::{self, CertificateView, CrlView};
use crate::x509::verify;

/// What a certificate is held against besides its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a> {
    /// Who issued it.
    pub issuer: Issuer<'a>,
    /// The self-signed certificate of the same key, where a cross certificate's is at hand.
    pub own_root: Option<&'a CertificateView>,
}

/// Who issued a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer<'a> {
    /// Itself.
    Itself,
    /// This CA.
    Is(&'a CertificateView),
    /// Nobody knows: what depends on it is not judged.
    Unknown,
}

/// Judges a certificate for a profile. `issuer` is `None` for a root, which issues itself.
///
/// Findings are in the order of the rules.
pub fn lint(subject: &CertificateView, issuer: Option<&CertificateView>, profile: &Profile) -> Vec<Finding> {
    let issuer = issuer.map_or(Issuer::Itself, Issuer::Is);
    lint_known(subject, Known { issuer, own_root: None }, profile)
}

/// Judges a certificate for a profile, as far as what is known allows.
///
/// Findings are in the order of the rules.
pub fn lint_known(subject: &CertificateView, known: Known<'_>, profile: &Profile) -> Vec<Finding> {
    let certificate = Certificate { view: subject, known, profile };
    let found = table::CERTIFICATE.iter().flat_map(|check| {
        (check.look)(&certificate).into_iter().map(|seen| check.rule.finding(seen.observed, seen.expected))
    });
    found.collect()
}

/// The finding where the issuer's key did not make the signature of a certificate; the lint itself sees only
/// what is signed.
pub fn lint_signature(certificate: &read::Certificate, issuer: &read::Certificate) -> Option<Finding> {
    let issuer = &issuer.view.spki;
    let error = verify::signature(issuer, certificate.algorithm, &certificate.tbs, &certificate.signature).err()?;
    Some(table::SIGNATURE.finding(error.what(), "a signature by the issuer's key"))
}

/// Judges a CRL of an issuer.
pub fn lint_crl(crl: &CrlView, issuer: &CertificateView) -> Vec<Finding> {
    let list = List { view: crl, issuer };
    let found = crl::TABLE
        .iter()
        .flat_map(|check| (check.look)(&list).into_iter().map(|seen| check.rule.finding(seen.observed, seen.expected)));
    found.collect()
}

/// The rules for certificates and CRLs, in the order in which they are checked.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let certificates = table::CERTIFICATE.iter().map(|check| &check.rule);
    certificates.chain([&table::SIGNATURE]).chain(crl::TABLE.iter().map(|check| &check.rule))
}

struct Certificate<'a> {
    view: &'a CertificateView,
    known: Known<'a>,
    profile: &'a Profile,
}

impl<'a> Certificate<'a> {
    /// The CA that issued it, where that is another and known.
    fn issuer(&self) -> Option<&'a CertificateView> {
        match self.known.issuer {
            Issuer::Is(issuer) => Some(issuer),
            Issuer::Itself | Issuer::Unknown => None,
        }
    }

    /// The CA that issued it, itself included.
    fn authority(&self) -> Option<&'a CertificateView> {
        match self.known.issuer {
            Issuer::Is(issuer) => Some(issuer),
            Issuer::Itself => Some(self.view),
            Issuer::Unknown => None,
        }
    }

    /// A CA below the root, or a root's key under an older root.
    fn is_below_a_root(&self) -> bool {
        matches!(self.profile.role, Role::Intermediate | Role::Cross)
    }
}

struct List<'a> {
    view: &'a CrlView,
    issuer: &'a CertificateView,
}

struct Check<T> {
    rule: Rule,
    look: T,
}

struct Seen {
    observed: String,
    expected: String,
}

fn seen(observed: impl Into<String>, expected: impl Into<String>) -> Option<Seen> {
    Some(Seen { observed: observed.into(), expected: expected.into() })
}

const fn refuse(id: &'static str, says: &'static str, source: &'static str, hint: &'static str) -> Rule {
    Rule { id, severity: Severity::Refuse, says, source, hint }
}

#[cfg(test)]
mod tests;
