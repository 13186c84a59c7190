//! The rules for requests: a table of rules, each with the small function that looks for it.
//!
//! A rule's id is stable: it is in the log, in scripts and in people's notes. A check sees the parsed request
//! and says what it observed and what was expected; weight, source and hint are the rule's.

mod form;
mod keys;
mod rsa;
mod signature;

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
    let found = TABLES.into_iter().flatten().flat_map(|check| {
        (check.look)(&request).into_iter().map(|seen| check.rule.finding(seen.observed, seen.expected))
    });
    found.collect()
}

/// The rules for files, requests and packages, in the order in which they are checked.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let checks = TABLES.into_iter().flatten().map(|check| &check.rule);
    super::file::RULES.into_iter().chain(checks).chain(super::package::RULES)
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

/// A rule of weight refuse, as nearly all are.
const fn refuse(id: &'static str, says: &'static str, source: &'static str, hint: &'static str) -> Rule {
    Rule { id, severity: Severity::Refuse, says, source, hint }
}

/// Every table, in the order in which its rules are checked.
static TABLES: [&[Check]; 4] = [keys::CHECKS, rsa::CHECKS, signature::CHECKS, FORM];

static FORM: &[Check] = &[
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
