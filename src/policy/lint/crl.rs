//! The rules for CRLs, and the checks behind them.

use super::certificate::{experiment, time_types};
use super::{Check, List, Seen, refuse, seen};
use crate::finding::{Rule, Severity};
use crate::x509::SignatureAlgorithm;
use crate::x509::read::show_name;
use std::collections::BTreeSet;

const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const CRL_NUMBER: &str = "2.5.29.20";
/// Twelve months, in seconds, a leap day included.
const TWELVE_MONTHS: i64 = 366 * 86_400;

type CrlCheck = Check<fn(&List<'_>) -> Option<Seen>>;

pub(super) static TABLE: &[CrlCheck] = &[
    Check {
        rule: refuse("crl.version", "The version is 2.", "RFC 5280 section 5.1.2.1", "issue it as version 2"),
        look: version,
    },
    Check {
        rule: refuse(
            "crl.signature-algorithm",
            "The signature algorithm is the one of the issuer's kind of key.",
            "RFC 5280 section 5.1.1.2",
            "sign with the algorithm of the issuer's key",
        ),
        look: signature_algorithm,
    },
    Check {
        rule: Rule {
            id: "crl.experimental",
            severity: Severity::Info,
            says: "What signs is of a kind that meshes verify.",
            source: "RFC 9881 (October 2025); measured: Envoy 1.40 verifies it, rustls-webpki and Go 1.19 do not",
            hint: "nothing to do in a test authority: this is an experiment, and nothing real may rely on it",
        },
        look: |list| experiment(&list.view.signature_oid),
    },
    Check {
        rule: refuse(
            "crl.issuer",
            "Issuer and authorityKeyIdentifier are those of the issuer's certificate, which has cRLSign.",
            "RFC 5280 sections 5.1.2.3 and 5.2.1",
            "copy name and key identifier from the issuer's certificate; or this is not its issuer",
        ),
        look: issuer,
    },
    Check {
        rule: refuse(
            "crl.number",
            "A number is present, above zero, not critical.",
            "RFC 5280 section 5.2.3",
            "number CRLs upwards, from 1",
        ),
        look: number,
    },
    Check {
        rule: refuse(
            "crl.times",
            "thisUpdate and nextUpdate lie inside the issuer's validity, at most twelve months apart.",
            "RFC 5280 section 5.1.2; CA/Browser Forum BR 4.9.7",
            "correct [crl] validity_days, or renew the issuer first",
        ),
        look: times,
    },
    Check {
        rule: refuse(
            "crl.time-type",
            "Times to 2049 are UTCTime, later ones GeneralizedTime.",
            "RFC 5280 section 5.1.2.4",
            "issue it with another tool: strict parsers refuse this one",
        ),
        look: time_type,
    },
    Check {
        rule: refuse(
            "crl.entries",
            "Each serial number is there once, revoked not after thisUpdate, with no extension but reason and invalidity date.",
            "RFC 5280 sections 5.1.2.6 and 5.3",
            "list each serial number once, with nothing but dates and a reason",
        ),
        look: entries,
    },
    Check {
        rule: refuse(
            "crl.extensions",
            "The extensions are authorityKeyIdentifier and cRLNumber and no others.",
            "RFC 5280 section 5.2; measured: NSS refuses a critical issuingDistributionPoint",
            "leave the others out: a CRL of full scope needs none",
        ),
        look: extensions,
    },
];

fn version(list: &List<'_>) -> Option<Seen> {
    if list.view.version == 2 { None } else { seen(format!("version {}", list.view.version), "version 2") }
}

fn signature_algorithm(list: &List<'_>) -> Option<Seen> {
    let wanted = SignatureAlgorithm::of(list.issuer.spki.spec());
    if list.view.signature_oid == wanted.oid() { None } else { seen(&list.view.signature_oid, wanted.title()) }
}

fn issuer(list: &List<'_>) -> Option<Seen> {
    let (view, issuer) = (list.view, list.issuer);
    if view.issuer_der != issuer.subject_der {
        return seen(show_name(&view.issuer), show_name(&issuer.subject));
    }
    if view.authority_key_id.is_none() || view.authority_key_id != issuer.subject_key_id {
        return seen("another authorityKeyIdentifier", "the issuer's subjectKeyIdentifier");
    }
    if issuer.is_ca() && issuer.may("cRLSign") { None } else { seen("an issuer without cRLSign", "cRLSign") }
}

fn number(list: &List<'_>) -> Option<Seen> {
    let critical = list.view.extensions.iter().any(|e| e.oid == CRL_NUMBER && e.critical);
    match list.view.number {
        Some(1..) if !critical => None,
        Some(number) => seen(format!("number {number}, critical {critical}"), "above zero, not critical"),
        None => seen("no cRLNumber", "a number"),
    }
}

fn times(list: &List<'_>) -> Option<Seen> {
    let (view, issuer) = (list.view, list.issuer);
    let shown = format!("{} to {}", view.this_update, view.next_update);
    if view.this_update >= view.next_update {
        return seen(shown, "an end after the beginning");
    }
    if view.this_update < issuer.not_before || view.next_update > issuer.not_after {
        return seen(shown, format!("inside the issuer's {} to {}", issuer.not_before, issuer.not_after));
    }
    let seconds = view.next_update.as_second() - view.this_update.as_second();
    if seconds <= TWELVE_MONTHS { None } else { seen(shown, "at most twelve months") }
}

fn time_type(list: &List<'_>) -> Option<Seen> {
    time_types([list.view.this_update, list.view.next_update], list.view.time_types)
}

fn entries(list: &List<'_>) -> Option<Seen> {
    let mut serials = BTreeSet::new();
    for (serial, date, _) in &list.view.revoked {
        if !serials.insert(serial) {
            return seen(format!("serial number {} twice", serial.colons()), "once");
        }
        if *date > list.view.this_update {
            return seen(
                format!("{} revoked at {date}", serial.colons()),
                format!("not after {}", list.view.this_update),
            );
        }
    }
    let other = list.view.entry_others.first()?;
    seen(
        format!("entry extension {}, critical {}", other.oid, other.critical),
        "reason and invalidity date, not critical",
    )
}

fn extensions(list: &List<'_>) -> Option<Seen> {
    let known = |oid: &str| matches!(oid, AUTHORITY_KEY_ID | CRL_NUMBER);
    let wrong = list.view.extensions.iter().find(|e| !known(&e.oid) || e.critical)?;
    seen(
        format!("extension {}, critical {}", wrong.oid, wrong.critical),
        "authorityKeyIdentifier and cRLNumber, not critical",
    )
}
