//! What a ceremony came to, drawn from its entries: signatures, findings, deviations.

use super::account::{Exception, LeftOut, Noticed, Signature};
use super::act::{self, Known};
use crate::ceremony::script;
use crate::digest::{Digest, Hex};
use crate::finding::Finding;
use crate::log::record::{PlanMade, SignIntent};
use crate::log::{Entry, Record};
use crate::x509::read::{self, show_name};
use std::collections::{BTreeMap, BTreeSet};

/// What became of each intent, those of earlier ceremonies that this one settled included.
pub fn signatures(entries: &[Entry], known: &Known) -> Vec<Signature> {
    let outcomes: BTreeMap<u64, &Entry> = entries
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::SignOutcome(outcome) => Some((outcome.intent, entry)),
            _ => None,
        })
        .collect();
    let signature = |(seq, intent): (&u64, &SignIntent)| {
        let entry = outcomes.get(seq);
        let outcome = entry.and_then(|entry| match &entry.record {
            Record::SignOutcome(outcome) => Some(outcome),
            _ => None,
        });
        let der = outcome.and_then(|outcome| outcome.der.as_ref());
        let certificate = der.filter(|_| intent.serial.is_some()).and_then(|der| read::certificate(&der.0).ok());
        Signature {
            what: intent.what.clone(),
            says: act::whom(&intent.what, intent.cluster.as_deref(), intent.generation),
            cluster: intent.cluster.clone(),
            serial: intent.serial.as_ref().map(Hex::colons),
            crl_number: intent.crl_number,
            not_after: intent.not_after,
            subject: certificate.map(|certificate| show_name(&certificate.view.subject)),
            sha256: der.map(|der| Digest::of(&der.0)),
            status: outcome.map_or_else(|| "open".to_owned(), |outcome| outcome.status.clone()),
            intent: *seq,
            outcome: entry.map(|entry| entry.seq),
        }
    };
    let first = entries.first().map_or(0, |entry| entry.seq);
    let of_here = |(seq, _): &(&u64, &SignIntent)| **seq >= first || outcomes.contains_key(*seq);
    known.intents.iter().filter(of_here).map(signature).collect()
}

/// What checks found, and why people went on all the same.
pub fn findings(entries: &[Entry], known: &Known) -> Vec<Noticed> {
    let reasons: BTreeMap<Digest, Option<&String>> = entries
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::PlanApproved(approved) => Some((approved.plan_sha256, approved.reason.as_ref())),
            _ => None,
        })
        .collect();
    // What was found of a request is in its plan too, where there is one.
    let requests = known.plans.values().filter_map(|plan| Some(plan.cluster.as_ref()?.request_sha256));
    let planned: BTreeSet<Digest> = requests.collect();
    let made = entries.iter().filter_map(|entry| match &entry.record {
        Record::PlanMade(made) => Some((about(made, known), made.sha256)),
        _ => None,
    });
    let newest: BTreeMap<String, Digest> = made.collect();
    let of = |entry: &Entry| {
        let (about, found, reason): (String, &[Finding], Option<String>) = match &entry.record {
            Record::RequestRefused(r) => (format!("the refused request {}", r.file), &r.findings, None),
            Record::RequestImported(r) if !planned.contains(&r.sha256) => {
                (format!("the request for {}", r.cluster), &r.findings, None)
            }
            Record::KeyAdopted(r) => (format!("the adopted {} key", r.role), &r.findings, r.reason.clone()),
            // A plan that a pause or a crash undid is made again.
            Record::PlanMade(r) if newest.get(&about(r, known)) == Some(&r.sha256) => {
                let plan = known.plans.get(&r.sha256)?;
                (act::whom_of(plan), &plan.findings, reasons.get(&r.sha256).copied().flatten().cloned())
            }
            _ => return None,
        };
        let noticed = found.iter().map(|finding| Noticed {
            about: about.clone(),
            rule: finding.id.clone(),
            weight: finding.severity.to_string(),
            seen: finding.observed.clone(),
            wanted: finding.expected.clone(),
            reason: reason.clone(),
            entry: entry.seq,
        });
        Some(noticed.collect::<Vec<_>>())
    };
    entries.iter().filter_map(of).flatten().collect()
}

/// What a plan is about.
fn about(made: &PlanMade, known: &Known) -> String {
    known.plans.get(&made.sha256).map(act::whom_of).unwrap_or_default()
}

/// What was not as the script says, in the order in which it was written down.
pub fn deviations(entries: &[Entry], steps: &[script::Step]) -> Vec<Exception> {
    let deviation = |entry: &Entry| match &entry.record {
        Record::Deviation(r) => Some(Exception {
            number: number(steps, &r.step),
            step: r.step.clone(),
            expected: r.expected.clone(),
            happened: r.happened.clone(),
            decided: r.decided.clone(),
            time: entry.header.time,
            entry: entry.seq,
        }),
        _ => None,
    };
    entries.iter().filter_map(deviation).collect()
}

/// Steps that were left out, and why.
pub fn left_out(entries: &[Entry], steps: &[script::Step]) -> Vec<LeftOut> {
    let left_out = |entry: &Entry| match &entry.record {
        Record::StepSkipped(r) => Some(LeftOut {
            number: number(steps, &r.step),
            step: r.step.clone(),
            reason: r.reason.clone(),
            time: entry.header.time,
            entry: entry.seq,
        }),
        _ => None,
    };
    entries.iter().filter_map(left_out).collect()
}

fn number(steps: &[script::Step], id: &str) -> Option<usize> {
    steps.iter().position(|step| step.id == id).map(|position| position + 1)
}
