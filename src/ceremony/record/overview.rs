//! What a ceremony came to, drawn from its entries: signatures, findings, deviations.

use super::account::{Exception, LeftOut, Noticed, Signature};
use super::act;
use super::listed::{Listed, Source};
use super::survey::{Findings, Signed};
use crate::ceremony::script;
use crate::digest::{Digest, Hex};
use crate::finding::Finding;
use crate::log::{Entry, Record};
use crate::plan::Plan;
use crate::x509::read::{self, show_name};
use std::rc::Rc;

/// What became of each intent, those of earlier ceremonies that this one settled included.
pub fn signatures(source: &Rc<Source>, signed: Vec<Signed>) -> Listed<Signature> {
    let count = signed.len();
    Listed::new(source, signed, count, |source, signed| {
        let Record::SignIntent(intent) = source.entry(&signed.intent)?.record else { return Ok(None) };
        let entry = signed.outcome.as_ref().map(|at| source.entry(at)).transpose()?;
        let outcome = entry.as_ref().and_then(|entry| match &entry.record {
            Record::SignOutcome(outcome) => Some(outcome),
            _ => None,
        });
        let der = outcome.and_then(|outcome| outcome.der.as_ref());
        let certificate = der.filter(|_| intent.serial.is_some()).and_then(|der| read::certificate(&der.0).ok());
        Ok(Some(Signature {
            what: intent.what.clone(),
            says: act::whom(&intent.what, intent.cluster.as_deref(), intent.generation),
            cluster: intent.cluster.clone(),
            serial: intent.serial.as_ref().map(Hex::colons),
            crl_number: intent.crl_number,
            not_after: intent.not_after,
            subject: certificate.map(|certificate| show_name(&certificate.view.subject)),
            sha256: der.map(|der| Digest::of(&der.0)),
            status: outcome.map_or_else(|| "open".to_owned(), |outcome| outcome.status.clone()),
            intent: signed.intent.seq,
            outcome: entry.as_ref().map(|entry| entry.seq),
        }))
    })
}

/// What checks found, and why people went on all the same.
pub fn findings(source: &Rc<Source>, findings: Findings) -> Listed<Noticed> {
    let Findings { at, count, reasons, .. } = findings;
    Listed::new(source, at, count, move |source, at| {
        let (about, found, reason): (String, Vec<Finding>, Option<String>) = match source.entry(at)?.record {
            Record::RequestRefused(r) => (format!("the refused request {}", r.file), r.findings, None),
            Record::RequestImported(r) => (format!("the request for {}", r.cluster), r.findings, None),
            Record::KeyAdopted(r) => (format!("the adopted {} key", r.role), r.findings, r.reason),
            Record::PlanMade(r) => match serde_json::from_str::<Plan>(r.plan.get()) {
                Ok(plan) => (act::whom_of(&plan), plan.findings, reasons.get(&r.sha256).cloned()),
                Err(_) => return Ok(Vec::new()),
            },
            _ => return Ok(Vec::new()),
        };
        let noticed = found.into_iter().map(|finding| Noticed {
            about: about.clone(),
            rule: finding.id,
            weight: finding.severity.to_string(),
            seen: finding.observed,
            wanted: finding.expected,
            reason: reason.clone(),
            entry: at.seq,
        });
        Ok(noticed.collect())
    })
}

/// What was not as the script says, in the order in which it was written down.
pub fn deviations(people: &[(usize, &Entry)], steps: &[script::Step]) -> Vec<Exception> {
    let deviation = |(_, entry): &(usize, &Entry)| match &entry.record {
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
    people.iter().filter_map(deviation).collect()
}

/// Steps that were left out, and why.
pub fn left_out(people: &[(usize, &Entry)], steps: &[script::Step]) -> Vec<LeftOut> {
    let left_out = |(_, entry): &(usize, &Entry)| match &entry.record {
        Record::StepSkipped(r) => Some(LeftOut {
            number: number(steps, &r.step),
            step: r.step.clone(),
            reason: r.reason.clone(),
            time: entry.header.time,
            entry: entry.seq,
        }),
        _ => None,
    };
    people.iter().filter_map(left_out).collect()
}

fn number(steps: &[script::Step], id: &str) -> Option<usize> {
    steps.iter().position(|step| step.id == id).map(|position| position + 1)
}
