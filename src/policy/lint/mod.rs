//! The lint: RFC 5280, the profile's rules and the consumers' rules, on parsed to-be-signed bytes.
//!
//! It runs on the TBS before people approve and on the certificate after it is signed, on values that another
//! parser than the builder's made. A table of rules, each with the small function that looks for it.

mod certificate;
mod crl;

use crate::finding::{Finding, Rule, Severity};
use crate::profile::Profile;
use crate::x509::read::{CertificateView, CrlView};
use certificate as c;

/// Judges a certificate for a profile. `issuer` is `None` for a root, which issues itself.
///
/// Findings are in the order of the rules.
pub fn lint(subject: &CertificateView, issuer: Option<&CertificateView>, profile: &Profile) -> Vec<Finding> {
    let certificate = Certificate { view: subject, issuer, profile };
    let found = CERTIFICATE.iter().flat_map(|check| {
        (check.look)(&certificate).into_iter().map(|seen| check.rule.finding(seen.observed, seen.expected))
    });
    found.collect()
}

/// Judges a CRL of an issuer.
pub fn lint_crl(crl: &CrlView, issuer: &CertificateView) -> Vec<Finding> {
    let list = List { view: crl, issuer };
    let found = CRL
        .iter()
        .flat_map(|check| (check.look)(&list).into_iter().map(|seen| check.rule.finding(seen.observed, seen.expected)));
    found.collect()
}

/// The rules for certificates and CRLs, in the order in which they are checked.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    CERTIFICATE.iter().map(|check| &check.rule).chain(CRL.iter().map(|check| &check.rule))
}

struct Certificate<'a> {
    view: &'a CertificateView,
    issuer: Option<&'a CertificateView>,
    profile: &'a Profile,
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

type CertificateCheck = Check<fn(&Certificate<'_>) -> Option<Seen>>;
type CrlCheck = Check<fn(&List<'_>) -> Option<Seen>>;

/// What to do about most of these: they are defects of a plan, and people cannot repair a plan.
const REPORT: &str = "nothing is signed; this is a defect: report it with the plan";
const CONFIGURE: &str = "correct authority.toml, or choose another profile";

const fn refuse(id: &'static str, says: &'static str, source: &'static str, hint: &'static str) -> Rule {
    Rule { id, severity: Severity::Refuse, says, source, hint }
}

static CERTIFICATE: &[CertificateCheck] = &[
    Check {
        rule: refuse("certificate.version", "The version is 3.", "RFC 5280 section 4.1.2.1", REPORT),
        look: c::version,
    },
    Check {
        rule: refuse(
            "certificate.serial",
            "The serial number is positive, of 8 to 20 octets.",
            "RFC 5280 section 4.1.2.2; CA/Browser Forum BR 7.1 (64 bits of entropy)",
            REPORT,
        ),
        look: c::serial,
    },
    Check {
        rule: refuse(
            "certificate.signature-algorithm",
            "The signature algorithm is the one of the issuer's kind of key.",
            "RFC 5280 section 4.1.1.2; RFC 5758",
            REPORT,
        ),
        look: c::signature_algorithm,
    },
    Check {
        rule: refuse(
            "certificate.names",
            "Names use the standard's string types, lengths and one attribute a part, without deceptive characters.",
            "RFC 5280 section 4.1.2.4 and appendix A.1; Unicode TR 36",
            CONFIGURE,
        ),
        look: c::names,
    },
    Check {
        rule: refuse(
            "certificate.issuer",
            "The issuer's name is, byte for byte, the subject of the issuer's certificate.",
            "RFC 5280 section 6.1.3 (a)(4)",
            REPORT,
        ),
        look: c::issuer,
    },
    Check {
        rule: refuse(
            "certificate.subject-is-issuer",
            "Only a root has its issuer's name.",
            "RFC 5280 section 6.1 (self-issued certificates escape the path length)",
            CONFIGURE,
        ),
        look: c::subject_is_issuer,
    },
    Check {
        rule: refuse(
            "certificate.issuer-may-issue",
            "The issuer is a CA with keyCertSign.",
            "RFC 5280 section 4.2.1.9",
            REPORT,
        ),
        look: c::issuer_may_issue,
    },
    Check {
        rule: refuse(
            "certificate.validity",
            "It ends after it begins, inside the issuer's validity.",
            "RFC 5280 section 4.1.2.5; Istio clamps nothing above its own CA",
            CONFIGURE,
        ),
        look: c::validity,
    },
    Check {
        rule: refuse(
            "certificate.time-type",
            "Times to 2049 are UTCTime, later ones GeneralizedTime.",
            "RFC 5280 section 4.1.2.5",
            REPORT,
        ),
        look: c::time_type,
    },
    Check {
        rule: refuse(
            "certificate.key-of-issuer",
            "The subject's key is not the issuer's.",
            "an intermediate with the root's key is a second root",
            "the request carries the root's key: find out how it came to it",
        ),
        look: c::key_of_issuer,
    },
    Check {
        rule: refuse(
            "certificate.key-kind",
            "The subject's and the issuer's kinds of key are those that the profile's consumer can use.",
            "Linkerd: ECDSA P-256 with SHA-256 only; the profile table",
            CONFIGURE,
        ),
        look: c::key_kind,
    },
    Check {
        rule: refuse(
            "certificate.basic-constraints",
            "A CA has critical basicConstraints CA:TRUE; an audit certificate is no CA.",
            "RFC 5280 section 4.2.1.9",
            REPORT,
        ),
        look: c::basic_constraints,
    },
    Check {
        rule: refuse(
            "certificate.path-length",
            "The path length is the profile's, and leaves what the issuer's allows.",
            "RFC 5280 section 4.2.1.9; the profile table",
            CONFIGURE,
        ),
        look: c::path_length,
    },
    Check {
        rule: refuse(
            "certificate.key-usage",
            "A CA's keyUsage is critical and exactly keyCertSign and cRLSign; an audit certificate's digitalSignature.",
            "RFC 5280 section 4.2.1.3; pkilint, zlint",
            REPORT,
        ),
        look: c::key_usage,
    },
    Check {
        rule: refuse(
            "certificate.extended-key-usage",
            "A CA has no extKeyUsage, or serverAuth and clientAuth both; an audit certificate documentSigning, critical.",
            "measured: Envoy and ztunnel's policy reject anyExtendedKeyUsage and a lone serverAuth; RFC 9336",
            REPORT,
        ),
        look: c::extended_key_usage,
    },
    Check {
        rule: refuse(
            "certificate.subject-key-id",
            "subjectKeyIdentifier is present, not critical, of 20 octets.",
            "RFC 5280 section 4.2.1.2; RFC 7093; measured: Envoy fails without it between CAs of one name",
            REPORT,
        ),
        look: c::subject_key_id,
    },
    Check {
        rule: refuse(
            "certificate.authority-key-id",
            "authorityKeyIdentifier is the issuer's subjectKeyIdentifier, not critical; a root may leave it out.",
            "RFC 5280 section 4.2.1.1",
            REPORT,
        ),
        look: c::authority_key_id,
    },
    Check {
        rule: refuse(
            "certificate.alternative-names",
            "subjectAltName holds only DNS names, is not critical, and is absent from roots, cross and audit certificates.",
            "RFC 5280 section 4.2.1.6; the profile table",
            CONFIGURE,
        ),
        look: c::alternative_names,
    },
    Check {
        rule: refuse(
            "certificate.name-constraints",
            "nameConstraints are critical, in intermediates only, of DNS names, and of URIs only where the profile allows.",
            "RFC 5280 section 4.2.1.10; measured: ztunnel's policy rejects every URI constraint",
            "leave the constraint out, or set sidecar_only = true where no ztunnel and no pyca will verify",
        ),
        look: c::name_constraints,
    },
    Check {
        rule: refuse(
            "certificate.excluded-own-name",
            "nameConstraints do not exclude the certificate's own DNS names.",
            "measured: a constraint that excludes istiod's own name breaks istiod",
            CONFIGURE,
        ),
        look: c::excluded_own_name,
    },
    Check {
        rule: refuse(
            "certificate.policies",
            "certificatePolicies, where present, are not critical.",
            "measured: ztunnel's policy rejects critical ones",
            REPORT,
        ),
        look: c::policies,
    },
    Check {
        rule: refuse(
            "certificate.unknown-extension",
            "There are no other extensions, and no unique identifiers.",
            "RFC 5280 sections 4.1.2.8 and 4.2",
            REPORT,
        ),
        look: c::unknown_extension,
    },
];

static CRL: &[CrlCheck] = &[
    Check { rule: refuse("crl.version", "The version is 2.", "RFC 5280 section 5.1.2.1", REPORT), look: crl::version },
    Check {
        rule: refuse(
            "crl.signature-algorithm",
            "The signature algorithm is the one of the issuer's kind of key.",
            "RFC 5280 section 5.1.1.2",
            REPORT,
        ),
        look: crl::signature_algorithm,
    },
    Check {
        rule: refuse(
            "crl.issuer",
            "Issuer and authorityKeyIdentifier are those of the issuer's certificate, which has cRLSign.",
            "RFC 5280 sections 5.1.2.3 and 5.2.1",
            REPORT,
        ),
        look: crl::issuer,
    },
    Check {
        rule: refuse("crl.number", "A number is present, above zero, not critical.", "RFC 5280 section 5.2.3", REPORT),
        look: crl::number,
    },
    Check {
        rule: refuse(
            "crl.times",
            "thisUpdate and nextUpdate lie inside the issuer's validity, at most twelve months apart.",
            "RFC 5280 section 5.1.2; CA/Browser Forum BR 4.9.7",
            CONFIGURE,
        ),
        look: crl::times,
    },
    Check {
        rule: refuse(
            "crl.time-type",
            "Times to 2049 are UTCTime, later ones GeneralizedTime.",
            "RFC 5280 section 5.1.2.4",
            REPORT,
        ),
        look: crl::time_type,
    },
    Check {
        rule: refuse(
            "crl.entries",
            "Each serial number is there once, revoked not after thisUpdate, with no extension but the reason.",
            "RFC 5280 sections 5.1.2.6 and 5.3",
            REPORT,
        ),
        look: crl::entries,
    },
    Check {
        rule: refuse(
            "crl.extensions",
            "The extensions are authorityKeyIdentifier and cRLNumber and no others.",
            "RFC 5280 section 5.2; measured: NSS refuses a critical issuingDistributionPoint",
            REPORT,
        ),
        look: crl::extensions,
    },
];

#[cfg(test)]
mod tests;
