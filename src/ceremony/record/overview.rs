//! What a ceremony came to, drawn from its entries: signatures, findings, deviations.

use super::account::{Exception, Noticed, Signature};
use super::act::{self, Known};
use crate::ceremony::script;
use crate::digest::{Digest, Hex};
use crate::finding::Finding;
use crate::log::record::SignIntent;
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
    known.intents.iter().map(signature).collect()
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
    let of = |entry: &Entry| {
        let (about, found, reason): (String, &[Finding], Option<String>) = match &entry.record {
            Record::RequestRefused(r) => (format!("the refused request {}", r.file), &r.findings, None),
            Record::RequestImported(r) if !planned.contains(&r.sha256) => {
                (format!("the request for {}", r.cluster), &r.findings, None)
            }
            Record::PlanMade(r) => {
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

/// What was not as the script says, in the order in which it happened.
pub fn deviations(entries: &[Entry], steps: &[script::Step]) -> Vec<Exception> {
    let exception = |entry: &Entry| {
        let (step, expected, happened, decided) = match &entry.record {
            Record::Deviation(r) => (&r.step, Some(r.expected.clone()), r.happened.clone(), Some(r.decided.clone())),
            Record::StepSkipped(r) => (&r.step, None, format!("the step was left out: {}", r.reason), None),
            _ => return None,
        };
        Some(Exception {
            number: steps.iter().position(|s| s.id == *step).map(|position| position + 1),
            step: step.clone(),
            expected,
            happened,
            decided,
            time: entry.header.time,
            entry: entry.seq,
        })
    };
    entries.iter().filter_map(exception).collect()
}
