//! The rules for a request's file: what must hold before there is a request to check.
//!
//! A file that breaks one of them is refused like any request, and people may strike it. The rules are told
//! apart by what the requester has to change. Pure: what a file is and how large, its reader says.
//! Sources: RFC 7468, ITU-T X.690, RFC 2986.

use super::intake::MAX_BYTES;
use crate::error::{Error, Kind};
use crate::finding::{Finding, Rule, Severity};
use crate::x509::strict::{Breach, NotDer};

const fn refuse(id: &'static str, says: &'static str, source: &'static str, hint: &'static str) -> Rule {
    Rule { id, severity: Severity::Refuse, says, source, hint }
}

/// A file is a file.
pub static KIND: Rule = refuse(
    "request.file.kind",
    "A request is a regular file: no link, FIFO, socket, device or directory.",
    "CWE-59; open(2) O_NOFOLLOW",
    "copy the request itself to the stick, as a file",
);
/// A file has a size that requests have.
pub static SIZE: Rule = refuse(
    "request.file.size",
    "A request has at most 65536 bytes; what is longer is not read.",
    "measured: a request for RSA-8192 with every extension has under 8 KiB; CWE-400",
    "is it the right file? export the request alone, as PEM",
);
/// No private key travels.
pub static PRIVATE_KEY: Rule = refuse(
    "request.private-key",
    "No private key travels with a request.",
    "NIST SP 800-57 part 1 revision 5 section 8.1.5.1: who holds the key can use it",
    "treat that key as compromised: destroy it, make a new key and a new request, and copy only request.json and \
     request.sig, or the CSR",
);
static PEM_DER: Rule = refuse(
    "request.pem.der",
    "A request travels as PEM, which people can look at, and not as DER.",
    "RFC 7468 section 7",
    "convert it: openssl req -inform DER -in FILE -out FILE.pem",
);
static PEM_FORM: Rule = refuse(
    "request.pem.form",
    "A PEM file is printable ASCII with LF or CRLF, its boundaries on lines of their own, its base64 canonical.",
    "RFC 7468 sections 2 and 3; readers differ on everything else",
    "write it again: openssl req -in FILE -out FILE.pem; or ask for the request again",
);
static PEM_LABEL: Rule = refuse(
    "request.pem.label",
    "The PEM block is a CERTIFICATE REQUEST, or NEW CERTIFICATE REQUEST as older tools write.",
    "RFC 7468 section 7",
    "is it the right file? ask for the certificate request",
);
static PEM_ONE: Rule = refuse(
    "request.pem.one-block",
    "A file holds one PEM block: which of several is meant, two programs may answer differently.",
    "RFC 7468 section 2",
    "put each request into a file of its own, without certificates beside it",
);
static DER_CUT: Rule = refuse(
    "request.der.cut-short",
    "The structure is as long as it says.",
    "ITU-T X.690 section 8.1.3",
    "the file is damaged: copy it again, or ask for the request again",
);
static DER_TRAILING: Rule = refuse(
    "request.der.trailing",
    "Nothing follows the structure.",
    "ITU-T X.690 section 8.1.1; bytes that one program reads and another does not",
    "make the request again with another tool",
);
static DER_LENGTH: Rule = refuse(
    "request.der.length",
    "Every length is definite and minimal.",
    "ITU-T X.690 section 10.1",
    "the request is BER, not DER: make it again with another tool",
);
static DER_VALUE: Rule = refuse(
    "request.der.value",
    "Every value has the one encoding that DER gives it: integers, booleans, strings, times, the order of sets.",
    "ITU-T X.690 sections 8, 10.2 and 11",
    "the request can be read in two ways: make it again with another tool",
);
static DER_DEPTH: Rule = refuse(
    "request.der.depth",
    "Nothing is nested deeper than 24 levels; a request needs about ten.",
    "CWE-674 (uncontrolled recursion); measured",
    "this is no request of a common tool: find out where it comes from",
);
static STRUCTURE: Rule = refuse(
    "request.structure",
    "The bytes are a CertificationRequest of version 1, its attributes and extensions well formed.",
    "RFC 2986 section 4; RFC 2985 section 5.4; RFC 5280 appendix A",
    "make the request again: anchorite request NAME, or openssl req -new",
);
static COUNT: Rule = refuse(
    "request.count",
    "A request has at most 32 name attributes, 32 attributes and 32 extensions, and asks for at most 256 things.",
    "CWE-400; measured: no common tool writes more than ten",
    "make the request again with a plain subject and no extensions: none is copied",
);
/// A package is what `anchorite request` writes.
pub static PACKAGE_FORM: Rule = refuse(
    "request.package.form",
    "request.json is strict JSON of this version: the known names and no others, names and recipients well formed.",
    "the request package's format, anchorite/request/v1",
    "ask for a new package: anchorite request NAME",
);
/// A package is whole.
pub static PACKAGE_WHOLE: Rule = refuse(
    "request.package.whole",
    "A package is request.json and request.sig, and renewal.sig where it renews.",
    "the request package's format, anchorite/request/v1",
    "copy NAME/request.json and NAME/request.sig again, both",
);

/// The rules, in the order in which they are checked.
pub(super) static RULES: [&Rule; 16] = [
    &KIND,
    &SIZE,
    &PRIVATE_KEY,
    &PEM_DER,
    &PEM_FORM,
    &PEM_LABEL,
    &PEM_ONE,
    &DER_CUT,
    &DER_TRAILING,
    &DER_LENGTH,
    &DER_VALUE,
    &DER_DEPTH,
    &STRUCTURE,
    &COUNT,
    &PACKAGE_FORM,
    &PACKAGE_WHOLE,
];

/// The finding of a rule for what a reader said; `expected` where the reader does not say it better.
pub fn broken(rule: &Rule, error: &Error, expected: &str) -> Finding {
    let seen = error.seen().filter(|seen| !seen.is_empty());
    let observed = seen.map_or_else(|| error.what().to_owned(), |seen| format!("{}: {seen}", error.what()));
    rule.finding(observed, error.wants().unwrap_or(expected))
}

/// The refusal of a file by the first of its findings that refuses: exit 30 where there is no request to
/// judge, 10 where there is one, or where a private key lies there.
pub fn refusal(file: &str, findings: &[Finding]) -> Error {
    let Some(first) = findings.iter().find(|finding| finding.severity == Severity::Refuse) else {
        return Error::new(Kind::Bug, format!("{file} is refused without a reason"));
    };
    let unread = RULES.iter().any(|rule| rule.id == first.id) && first.id != PRIVATE_KEY.id;
    Error::new(if unread { Kind::Medium } else { Kind::Refused }, format!("{file} is refused by the rule {}", first.id))
        .saw(&first.observed)
        .wanted(&first.expected)
        .hint(&first.hint)
        .truth("Nothing was signed.")
}

pub(super) fn too_large(size: usize) -> Finding {
    SIZE.finding(format!("{size} bytes"), format!("at most {MAX_BYTES} bytes"))
}

pub(super) fn private_key(what: &str) -> Finding {
    PRIVATE_KEY.finding(what, "a request without its key")
}

pub(super) fn no_block(der: bool) -> Finding {
    match der {
        true => PEM_DER.finding("DER", "PEM"),
        false => PEM_LABEL.finding("no PEM block", "-----BEGIN CERTIFICATE REQUEST-----"),
    }
}

pub(super) fn other_label(label: &str) -> Finding {
    PEM_LABEL.finding(label, "CERTIFICATE REQUEST")
}

pub(super) fn several_blocks(count: usize) -> Finding {
    PEM_ONE.finding(format!("{count} blocks"), "one")
}

pub(super) fn not_pem(error: &Error) -> Finding {
    broken(&PEM_FORM, error, "one plain PEM block")
}

pub(super) fn not_der(not_der: &NotDer) -> Finding {
    let rule = match not_der.breach {
        Breach::CutShort => &DER_CUT,
        Breach::Trailing => &DER_TRAILING,
        Breach::Length => &DER_LENGTH,
        Breach::Value => &DER_VALUE,
        Breach::Depth => &DER_DEPTH,
    };
    broken(rule, &not_der.error, "DER")
}

pub(super) fn no_request(error: &Error) -> Finding {
    broken(&STRUCTURE, error, "a PKCS#10 certificate request")
}

pub(super) fn too_many(what: &str, count: usize, most: usize) -> Finding {
    COUNT.finding(format!("{count} {what}"), format!("at most {most}"))
}
