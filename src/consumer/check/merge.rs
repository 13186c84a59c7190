//! The CRLs of several clusters as one file: every CA's newest exactly once, each verified with a certificate
//! that was given.
//!
//! Envoy fails closed, so a CA without a CRL stops the merge as a wrong CRL does. What is wrong is a rule of the
//! one table; nothing is left out unsaid. Source: RFC 5280 sections 3.3, 5.2 and 5.3.

use super::crl::{check_use, magnitude};
use super::{Asked, Gathered, roots};
use crate::consumer::crl::{self, Row};
use crate::consumer::rule::Found;
use crate::consumer::rules::{
    CRL_IGNORED, CRL_LOST, CRL_MISSING, CRL_NUMBER, CRL_OLDER, CRL_SIGNATURE, CRL_STRANGER, CRL_UNKNOWN,
};
use crate::x509::read::{self, Crl, Foreign};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The most signatures that are tried: hostile files hold thousands of CAs and CRLs of one name.
const MAX_SIGNATURES: usize = 4096;
/// The reason under which an entry may vanish again (RFC 5280 section 5.3.1).
const HOLD: &str = "certificateHold";

/// Where a CRL came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A file that was given by its name: it is meant to be the newest.
    Named,
    /// A cluster's directory, which may well be behind.
    Cluster,
    /// The file that is about to be replaced.
    Last,
}

/// A CRL, and where it came from.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The file.
    pub from: String,
    /// What it is worth.
    pub standing: Standing,
    /// The CRL.
    pub crl: Crl,
}

/// What there is to merge.
#[derive(Debug, Clone, Default)]
pub struct Merging {
    /// Every certificate of the clusters' chains and roots, and where it came from.
    pub certificates: Vec<(String, Foreign)>,
    /// Every CRL.
    pub offered: Vec<Offered>,
    /// Clusters that are gone for good: a CRL whose CA is not given and bears such a name is left out.
    pub gone: Vec<String>,
    /// The clusters whose layout istiod ignores CRLs in.
    pub ignoring: Vec<String>,
}

/// The merged file, where nothing among the findings refuses it.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// The CRLs: those of intermediates first, roots last.
    pub crls: Vec<Crl>,
    /// The same, for people.
    pub rows: Vec<Row>,
    /// CAs that these CRLs revoke: whatever is under them is rejected once the file is in place.
    pub revoked: Vec<String>,
    /// What was left out, and why.
    pub left_out: Vec<String>,
    /// What is wrong, or soon will be.
    pub found: Vec<Found>,
}

/// A CA: a name and a key, by however many certificates.
struct Authority<'a> {
    certificates: Vec<&'a Foreign>,
    from: &'a str,
    crls: Vec<&'a Offered>,
}

impl<'a> Authority<'a> {
    fn is(&self, certificate: &Foreign) -> bool {
        self.certificates
            .first()
            .is_some_and(|own| own.subject_der == certificate.subject_der && own.key == certificate.key)
    }

    fn subject(&self) -> &'a str {
        self.certificates.first().map(|own| own.subject.as_str()).unwrap_or_default()
    }

    fn is_root(&self) -> bool {
        self.certificates.iter().any(|own| own.is_self_issued())
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        self.certificates.iter().all(|own| own.not_after < now)
    }

    /// The one with the highest number.
    fn newest(&self) -> Option<&'a Offered> {
        self.crls.iter().copied().max_by_key(|offered| (offered.crl.view.number, offered.standing == Standing::Named))
    }
}

/// Merges CRLs; at the time asked about, with its notice.
pub fn merge(merging: &Merging, asked: &Asked<'_>) -> Merged {
    let mut gathered = Gathered { asked: *asked, found: Vec::new() };
    let mut merged = Merged::default();
    let mut authorities = authorities(&merging.certificates);
    assign(merging, &mut authorities, &mut merged.left_out, &mut gathered);
    authorities.sort_by_key(|authority| (authority.is_root(), authority.subject()));
    let newest: Vec<&Crl> = authorities.iter().filter_map(|a| a.newest()).map(|offered| &offered.crl).collect();
    for authority in &authorities {
        let is_revoked = authority.certificates.iter().all(|own| newest.iter().any(|crl| lists(crl, own)));
        if is_revoked {
            merged.revoked.push(authority.subject().to_owned());
        }
        take(authority, is_revoked, &merging.certificates, &mut merged, &mut gathered);
    }
    // A verifier takes a CRL of the name: where two keys have it, the wrong one may be asked.
    roots::check_names(merging.certificates.iter().map(|(_, certificate)| certificate), &mut gathered);
    for cluster in &merging.ignoring {
        gathered.add(&CRL_IGNORED, format!("{cluster}: tls.crt"), "the layout of four files");
    }
    merged.found = gathered.found;
    merged
}

fn lists(crl: &Crl, certificate: &Foreign) -> bool {
    crl.view.issuer_der == certificate.issuer_der
        && crl.view.revoked.iter().any(|(serial, ..)| serial.0 == magnitude(certificate))
}

fn authorities(certificates: &[(String, Foreign)]) -> Vec<Authority<'_>> {
    let mut found: Vec<Authority<'_>> = Vec::new();
    for (from, certificate) in certificates.iter().filter(|(_, c)| c.is_ca() || c.is_self_issued()) {
        match found.iter_mut().find(|authority| authority.is(certificate)) {
            Some(authority) => authority.certificates.push(certificate),
            None => found.push(Authority { certificates: vec![certificate], from, crls: Vec::new() }),
        }
    }
    found
}

/// Gives each CRL to the CA that signed it.
fn assign<'a>(
    merging: &'a Merging,
    authorities: &mut [Authority<'a>],
    left_out: &mut Vec<String>,
    gathered: &mut Gathered<'_>,
) {
    let now = gathered.asked.now;
    let mut tried = 0_usize;
    let mut seen: BTreeSet<(&[u8], Standing)> = BTreeSet::new();
    for one in &merging.offered {
        if !seen.insert((&one.crl.der, one.standing)) {
            continue;
        }
        let who = read::show_name(&one.crl.view.issuer);
        let issuer = &one.crl.view.issuer_der;
        let is_named = |authority: &Authority<'_>| authority.certificates.iter().any(|own| own.subject_der == *issuer);
        let named = authorities.iter().filter(|authority| is_named(authority));
        let costs: usize = named.map(|authority| authority.certificates.len()).sum();
        tried = tried.saturating_add(costs);
        if tried > MAX_SIGNATURES {
            gathered.add(&CRL_SIGNATURE, format!("more than {MAX_SIGNATURES} signatures to try"), "one CRL of each CA");
            return;
        }
        let signed =
            |authority: &&mut Authority<'_>| authority.certificates.iter().any(|own| crl::is_by(&one.crl, own));
        match authorities.iter_mut().find(signed) {
            Some(authority) => authority.crls.push(one),
            None if costs > 0 => gathered.add(
                &CRL_SIGNATURE,
                format!("{}: the CRL of {who} is not this CA's", one.from),
                "signed by it, with cRLSign",
            ),
            // Nobody's chain needs it any more, or that CA would be missing below.
            None if one.crl.view.next_update < now => {
                left_out.push(format!("{who}: expired, and no certificate of this CA was given"));
            }
            None if one.crl.view.issuer.iter().any(|attribute| merging.gone.contains(&attribute.value)) => {
                left_out.push(format!("{who}: the cluster is gone"));
            }
            None => gathered.add(&CRL_UNKNOWN, format!("{}: a CRL of {who}", one.from), "a CRL of a CA that is given"),
        }
    }
}

/// Takes a CA's newest CRL into the file.
fn take(
    authority: &Authority<'_>,
    is_revoked: bool,
    certificates: &[(String, Foreign)],
    merged: &mut Merged,
    gathered: &mut Gathered<'_>,
) {
    let now = gathered.asked.now;
    let who = authority.subject();
    let Some(newest) = authority.newest() else {
        // A revoked CA is rejected with its CRL or without; its key may be in the wrong hands.
        if !is_revoked && !authority.has_expired(now) {
            gathered.add(&CRL_MISSING, format!("none of {who} ({})", authority.from), "a CRL of every CA");
        }
        return;
    };
    let view = &newest.crl.view;
    if authority.has_expired(now) {
        merged.left_out.push(format!("{who}: the CA has expired"));
        return;
    }
    if is_revoked && (view.next_update < now || now < view.this_update) {
        merged.left_out.push(format!("{who}: its CRL is not current, and the CA is revoked"));
        return;
    }
    check_order(authority, newest, certificates, gathered);
    check_strangers(newest, certificates, gathered);
    check_use(&newest.crl, gathered);
    merged.rows.push(Row::of(&newest.crl, &newest.from));
    merged.crls.push(newest.crl.clone());
}

/// The newest against all others of its CA: numbers, and what they list.
fn check_order(
    authority: &Authority<'_>,
    newest: &Offered,
    certificates: &[(String, Foreign)],
    gathered: &mut Gathered<'_>,
) {
    let who = authority.subject();
    let Some(number) = newest.crl.view.number else {
        gathered.add(&CRL_NUMBER, format!("{}: the CRL of {who} has no number", newest.from), "a cRLNumber");
        return;
    };
    let listed: BTreeSet<&[u8]> = newest.crl.view.revoked.iter().map(|(serial, ..)| serial.0.as_slice()).collect();
    for other in authority.crls.iter().filter(|other| other.crl.der != newest.crl.der) {
        if other.crl.view.number == Some(number) {
            let seen = format!("two CRLs of {who} have the number {number}: {} and {}", newest.from, other.from);
            gathered.add(&CRL_NUMBER, seen, "a number each");
        }
        let lost = other.crl.view.revoked.iter().filter(|(serial, _, reason)| {
            !listed.contains(serial.0.as_slice())
                && reason.as_deref() != Some(HOLD)
                && !has_expired(&serial.0, &newest.crl, certificates)
        });
        for (serial, ..) in lost {
            gathered.add(
                &CRL_LOST,
                format!("{}: serial {} of {who} is no longer listed", newest.from, serial.colons()),
                format!("listed, as in {}", other.from),
            );
        }
    }
    let named = authority.crls.iter().filter(|offered| offered.standing == Standing::Named);
    if let Some(given) = named.max_by_key(|offered| offered.crl.view.number)
        && given.crl.view.number != Some(number)
    {
        let older = given.crl.view.number.map_or_else(|| "none".to_owned(), |number| number.to_string());
        gathered.add(
            &CRL_OLDER,
            format!("{}: the CRL of {who} has the number {older}", given.from),
            format!("{number} or higher, as in {}", newest.from),
        );
    }
}

/// RFC 5280 section 3.3: an entry stays until a CRL was issued after the certificate's end.
fn has_expired(serial: &[u8], crl: &Crl, certificates: &[(String, Foreign)]) -> bool {
    certificates.iter().any(|(_, certificate)| {
        certificate.issuer_der == crl.view.issuer_der
            && magnitude(certificate) == serial
            && certificate.not_after < crl.view.this_update
    })
}

/// Serial numbers are random: one that stands on another CA's certificate was meant for that.
fn check_strangers(newest: &Offered, certificates: &[(String, Foreign)], gathered: &mut Gathered<'_>) {
    let view = &newest.crl.view;
    for (serial, ..) in &view.revoked {
        let holders: Vec<&Foreign> =
            certificates.iter().map(|(_, c)| c).filter(|certificate| magnitude(certificate) == serial.0).collect();
        if let Some(holder) = holders.first().filter(|_| holders.iter().all(|c| c.issuer_der != view.issuer_der)) {
            gathered.add(
                &CRL_STRANGER,
                format!(
                    "{}: serial {} is {}, issued by {}",
                    newest.from,
                    serial.colons(),
                    holder.subject,
                    holder.issuer
                ),
                format!("certificates of {}", read::show_name(&view.issuer)),
            );
        }
    }
}
