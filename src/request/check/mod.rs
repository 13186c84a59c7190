//! The rules for requests: a table of rules, each with the small function that looks for it.
//!
//! A rule's id is stable: it is in the log, in scripts and in people's notes. A check sees the parsed request
//! and says what it observed and what was expected; weight, source and hint are the rule's.

mod form;
mod keys;

use super::key::{self, Parts};
use crate::finding::{Finding, Rule, Severity};
use crate::key::KeySpec;
use crate::x509::Spki;
use crate::x509::read::RequestView;

/// Which keys a request may carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPolicy {
    /// The kinds that the authority allows.
    pub keys: Vec<KeySpec>,
}

impl Default for KeyPolicy {
    /// RSA of 3072 and 4096 bits, ECDSA on P-256 and P-384.
    fn default() -> Self {
        Self { keys: vec![KeySpec::Rsa3072, KeySpec::Rsa4096, KeySpec::EcdsaP256, KeySpec::EcdsaP384] }
    }
}

/// Runs every check; findings in the order of the rules.
pub(super) fn all(view: &RequestView, spki: Option<&Spki>, policy: &KeyPolicy) -> Vec<Finding> {
    let request = Request { view, spki, parts: key::parts(&view.spki_der), policy };
    let found = CHECKS.iter().flat_map(|check| {
        (check.look)(&request).into_iter().map(|seen| check.rule.finding(seen.observed, seen.expected))
    });
    found.collect()
}

/// The rules for files, requests and packages, in the order in which they are checked.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    super::file::RULES.into_iter().chain(CHECKS.iter().map(|check| &check.rule)).chain(super::package::RULES)
}

struct Check {
    rule: Rule,
    look: fn(&Request<'_>) -> Vec<Seen>,
}

struct Request<'a> {
    view: &'a RequestView,
    spki: Option<&'a Spki>,
    parts: Parts,
    policy: &'a KeyPolicy,
}

struct Seen {
    observed: String,
    expected: String,
}

fn seen(observed: impl Into<String>, expected: impl Into<String>) -> Vec<Seen> {
    vec![Seen { observed: observed.into(), expected: expected.into() }]
}

static CHECKS: &[Check] = &[
    Check {
        rule: Rule {
            id: "request.key.kind",
            severity: Severity::Refuse,
            says: "The key is RSA, ECDSA or Ed25519, and well formed.",
            source: "RFC 3279; RFC 5480; RFC 8410",
            hint: "make a key of an allowed kind: anchorite request NAME makes ECDSA P-256",
        },
        look: keys::kind,
    },
    Check {
        rule: Rule {
            id: "request.key.rsa-size",
            severity: Severity::Refuse,
            says: "An RSA modulus has a length that the authority allows; 2048 bits only where it is listed.",
            source: "NIST SP 800-57 part 1 revision 5 section 5.6; authority.toml",
            hint: "make a key of 3072 or 4096 bits, or one on P-256",
        },
        look: keys::rsa_size,
    },
    Check {
        rule: Rule {
            id: "request.key.rsa-exponent",
            severity: Severity::Refuse,
            says: "An RSA exponent is 65537.",
            source: "Bleichenbacher 2006 (exponent 3); Wiener 1990 (small private exponent)",
            hint: "make a key with the usual exponent; every current tool does",
        },
        look: keys::rsa_exponent,
    },
    Check {
        rule: Rule {
            id: "request.key.rsa-even",
            severity: Severity::Refuse,
            says: "An RSA modulus is odd.",
            source: "RFC 8017 section 3.1",
            hint: "the key is broken: make a new one with another tool",
        },
        look: keys::rsa_even,
    },
    Check {
        rule: Rule {
            id: "request.key.small-factor",
            severity: Severity::Refuse,
            says: "An RSA modulus has no small prime factor.",
            source: "RFC 8017 section 3.1; CA/Browser Forum BR 6.1.6",
            hint: "the key is broken: make a new one with another tool",
        },
        look: keys::small_factor,
    },
    Check {
        rule: Rule {
            id: "request.key.curve",
            severity: Severity::Refuse,
            says: "An elliptic curve key is on a named curve that the authority allows.",
            source: "RFC 5480 section 2.1.1; CVE-2020-0601; authority.toml",
            hint: "make a key on P-256 or P-384, with a named curve",
        },
        look: keys::curve,
    },
    Check {
        rule: Rule {
            id: "request.key.point",
            severity: Severity::Refuse,
            says: "An elliptic curve key is an uncompressed point on its curve, and not of small order.",
            source: "RFC 5480 section 2.2; SP 800-56A revision 3 section 5.6.2.3",
            hint: "the key is broken or in an unusual form: write it uncompressed, or make a new one",
        },
        look: keys::point,
    },
    Check {
        rule: Rule {
            id: "request.key.not-allowed",
            severity: Severity::Refuse,
            says: "An Ed25519 key is allowed only where the authority lists it.",
            source: "authority.toml",
            hint: "make a key of an allowed kind, or have the authority's configuration list this one",
        },
        look: keys::ed25519,
    },
    Check {
        rule: Rule {
            id: "request.hash",
            severity: Severity::Refuse,
            says: "The request is signed with SHA-256 or better.",
            source: "RFC 6194; RFC 9155",
            hint: "sign the request again: openssl req -new -sha256 -key KEY.pem",
        },
        look: keys::hash,
    },
    Check {
        rule: Rule {
            id: "request.algorithm-parameters",
            severity: Severity::Refuse,
            says: "A signature algorithm's parameters are NULL for RSA and absent otherwise.",
            source: "RFC 4055 section 5; RFC 5758 section 3.2; RFC 8410 section 3",
            hint: "the request is not canonical: make it again with another tool",
        },
        look: keys::parameters,
    },
    Check {
        rule: Rule {
            id: "request.proof-of-possession",
            severity: Severity::Refuse,
            says: "The request is signed by its own key, over its original bytes.",
            source: "RFC 2986 section 4.2",
            hint: "the file was changed, or the key is not the requester's: ask for a new request",
        },
        look: keys::proof_of_possession,
    },
    Check {
        rule: Rule {
            id: "request.subject.deceptive",
            severity: Severity::Refuse,
            says: "No string in the subject holds control, bidirectional, zero-width, blank or unassigned characters, \
                   marks without a letter, or spaces that nobody counts.",
            source: "Unicode TR 36 and TS 39; RFC 4518 section 2.6.1 (readers drop such spaces); CVE-2021-42574",
            hint: "make the request again with a plain subject; it is not copied anyway",
        },
        look: form::deceptive,
    },
    Check {
        rule: Rule {
            id: "request.asks.deceptive",
            severity: Severity::Refuse,
            says: "No name or URL that is asked for holds such characters either: people are shown what is asked.",
            source: "Unicode TR 36 and TS 39; CVE-2021-42574",
            hint: "make the request again without extensions; they are not copied anyway",
        },
        look: form::asks_deceptive,
    },
    Check {
        rule: Rule {
            id: "request.subject.form",
            severity: Severity::Refuse,
            says: "The subject is canonical: the standard's string types and lengths, each single-valued type once.",
            source: "RFC 5280 section 4.1.2.4 and appendix A.1",
            hint: "make the request again with a plain subject; it is not copied anyway",
        },
        look: form::subject_form,
    },
    Check {
        rule: Rule {
            id: "request.subject.path",
            severity: Severity::Refuse,
            says: "No string in the subject climbs directories.",
            source: "CWE-22",
            hint: "make the request again with a plain subject; it is not copied anyway",
        },
        look: form::subject_path,
    },
    Check {
        rule: Rule {
            id: "request.duplicate-attribute",
            severity: Severity::Refuse,
            says: "No attribute occurs twice; the two forms of extensionRequest count as one.",
            source: "RFC 2986 section 4.1",
            hint: "the request can be read in two ways: make it again",
        },
        look: form::duplicate_attribute,
    },
    Check {
        rule: Rule {
            id: "request.duplicate-extension",
            severity: Severity::Refuse,
            says: "No extension is asked for twice.",
            source: "RFC 5280 section 4.2",
            hint: "the request can be read in two ways: make it again",
        },
        look: form::duplicate_extension,
    },
    Check {
        rule: Rule {
            id: "request.critical-extension",
            severity: Severity::Refuse,
            says: "No unknown extension is asked for as critical.",
            source: "RFC 5280 section 4.2",
            hint: "leave it out: nothing that a request asks for is copied",
        },
        look: form::critical_extension,
    },
    Check {
        rule: Rule {
            id: "request.asks-for-another-purpose",
            severity: Severity::Refuse,
            says: "The request does not ask for a purpose that no CA of a mesh has.",
            source: "RFC 5280 section 4.2.1.12; RFC 6960 section 4.2.2.2",
            hint: "was this request meant for another CA? make it again without key usages",
        },
        look: form::another_purpose,
    },
    Check {
        rule: Rule {
            id: "request.subject.unusual",
            severity: Severity::Info,
            says: "The subject holds letters beyond ASCII, other attribute types or several values in one part.",
            source: "Unicode TR 36",
            hint: "look twice: similar letters are not the same letters",
        },
        look: form::unusual,
    },
    Check {
        rule: Rule {
            id: "request.asks",
            severity: Severity::Info,
            says: "What a request asks for is never copied: the certificate comes from the profile.",
            source: "RFC 2986 section 3 (a CA may ignore attributes)",
            hint: "nothing to do",
        },
        look: form::asks,
    },
];
