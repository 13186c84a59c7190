//! The plan of a CRL: what the log says must be listed, and what that changes against the last CRL of the same root.

use super::make::{Context, Issuer, base, begin, end, no_key_id};
use super::{MadePlan, Standard, TbsView, What};
use crate::authority::State;
use crate::authority::state::{Certificate, Listed, Status};
use crate::digest::Hex;
use crate::error::Error;
use crate::policy::{Predecessor, revocation};
use crate::x509::SignatureAlgorithm;
use crate::x509::build::{self, CrlTemplate, RevokedCertificate};
use crate::x509::read::{self, CrlView};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The longest time from thisUpdate to nextUpdate, in days.
const MOST_DAYS: u32 = 365;

/// What a CRL changes against the last one of its root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlChange {
    /// The last one's number; absent before there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
    /// The last one's thisUpdate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_update: Option<Timestamp>,
    /// Entries that the last one does not have.
    pub added: Vec<CrlLine>,
    /// Entries that it has.
    pub kept: Vec<CrlLine>,
    /// Entries that it has and this one does not.
    pub dropped: Vec<CrlLine>,
}

/// An entry of a CRL as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlLine {
    /// Serial number.
    pub serial: Hex,
    /// Whose: `west@2`, or what it is.
    pub whose: String,
    /// Why it is listed, or no longer.
    pub why: String,
}

/// How an answers file names the CRL of a root: the first is part of what founds it, the later ones by generation.
pub fn reviewed(generation: u32) -> String {
    format!("crl:{generation}")
}

/// Plans the next CRL of a root.
///
/// # Errors
/// [`Kind::Bug`] where the bytes cannot be built; [`Kind::Refused`] where the issuer has no key identifier.
pub fn plan(context: Context<'_>, issuer: &Issuer, state: &State) -> Result<MadePlan, Error> {
    let validity_days = context.config.crl.validity_days;
    lasting(context, issuer, state, validity_days)
}

/// Plans the last CRL of a root whose key ends: it lasts as long as the last certificate that it can list, or for 12
/// months where that is longer (CA/B Forum BR 4.9.7), and never less than any other.
///
/// # Errors
/// As [`plan`].
pub fn last(context: Context<'_>, issuer: &Issuer, state: &State) -> Result<MadePlan, Error> {
    let this_update = begin(context.now, issuer);
    let ends = state.outlived_by(issuer.generation).map(|certificate| certificate.not_after).max();
    let hours = ends.map_or(0, |end| end.duration_since(this_update).as_hours());
    let needed = u32::try_from(hours / 24 + 1).unwrap_or_default();
    let validity_days = needed.clamp(context.config.crl.validity_days.min(MOST_DAYS), MOST_DAYS);
    lasting(context, issuer, state, validity_days)
}

fn lasting(context: Context<'_>, issuer: &Issuer, state: &State, validity_days: u32) -> Result<MadePlan, Error> {
    let this_update = begin(context.now, issuer);
    let key_id = issuer.view.subject_key_id.clone();
    let before = Predecessor::of(state, issuer.generation)?;
    let template = CrlTemplate {
        signature: SignatureAlgorithm::of(issuer.spki.spec()),
        issuer: issuer.view.subject_der.clone(),
        this_update,
        next_update: end(this_update, validity_days, issuer),
        authority_key_id: key_id.ok_or_else(|| no_key_id("the issuer"))?,
        number: state.crl_number(issuer.generation) + 1,
        revoked: before.listed.values().map(|listed| entry(listed, this_update)).collect(),
    };
    let tbs = build::crl_tbs(&template)?;
    let mut plan = base(context, What::Crl, tbs, template.signature, issuer.generation, "crl");
    if before.last.is_some() {
        plan.reviewed = reviewed(issuer.generation);
        plan.crl = Some(change(state, &before));
    }
    MadePlan::new(plan, Standard::Crl(Arc::clone(&issuer.view), Arc::new(before)))
}

/// True where a plan would only say again what a CRL says: the same entries, for no longer, and half of its time is not
/// over.
pub fn says_nothing_new(plan: &MadePlan, crl: &CrlView, now: Timestamp) -> bool {
    let Ok(TbsView::Crl(planned)) = plan.view() else { return false };
    let entries = |crl: &CrlView| -> BTreeSet<(Hex, Option<String>)> {
        crl.revoked.iter().map(|(serial, _, reason)| (serial.clone(), reason.clone())).collect()
    };
    let lasts = |crl: &CrlView| crl.next_update.duration_since(crl.this_update);
    entries(&planned) == entries(crl) && lasts(&planned) <= lasts(crl) && !revocation::is_half_over(crl, now)
}

/// The entry of a certificate; an unspecified reason is left out (RFC 5280 section 5.3.1).
fn entry(listed: &Listed, this_update: Timestamp) -> RevokedCertificate {
    RevokedCertificate {
        serial: listed.serial.clone(),
        date: listed.date_at(this_update),
        reason: Some(listed.reason.code()).filter(|code| *code != 0),
        invalid_from: listed.invalid_from,
    }
}

fn change(state: &State, before: &Predecessor) -> CrlChange {
    let last = before.last.as_ref();
    let on_last = |serial: &Hex| last.is_some_and(|last| last.revoked.iter().any(|(other, ..)| other == serial));
    let line = |listed: &Listed| CrlLine {
        serial: listed.serial.clone(),
        whose: whose(state.certificates.get(&listed.serial)),
        why: match state.certificates.get(&listed.serial).map(|certificate| certificate.status) {
            Some(Status::Unknown) => "a crash left unknown whether it was signed".to_owned(),
            _ => listed.reason.name().to_owned(),
        },
    };
    let (kept, added): (Vec<&Listed>, Vec<&Listed>) =
        before.listed.values().partition(|listed| on_last(&listed.serial));
    let gone = last.into_iter().flat_map(|last| &last.revoked);
    let gone = gone.filter(|(serial, ..)| !before.listed.contains_key(serial));
    CrlChange {
        last: last.and_then(|last| last.number),
        last_update: last.map(|last| last.this_update),
        added: added.into_iter().map(line).collect(),
        kept: kept.into_iter().map(line).collect(),
        dropped: gone.map(|(serial, ..)| dropped(state, serial)).collect(),
    }
}

fn dropped(state: &State, serial: &Hex) -> CrlLine {
    let certificate = state.certificates.get(serial);
    let why = certificate.map_or_else(
        || "the log does not know it".to_owned(),
        |certificate| format!("it ended {}, and a CRL made after that has listed it", certificate.not_after),
    );
    CrlLine { serial: serial.clone(), whose: whose(certificate), why }
}

fn whose(certificate: Option<&Certificate>) -> String {
    match certificate {
        Some(certificate) if certificate.cluster.is_some() => revocation::name(certificate),
        Some(certificate) => format!("the {} certificate", certificate.what),
        None => "nobody's".to_owned(),
    }
}

/// The number and dates of a CRL, DER, for those who just issued it.
///
/// # Errors
/// [`Kind::Verify`].
pub fn summary(der: &[u8]) -> Result<String, Error> {
    let view = read::crl(der)?.view;
    let number = view.number.unwrap_or_default();
    Ok(format!("CRL number {number}, until {}", view.next_update))
}
