//! What must be known of all entries of a ceremony before one is shown: gathered as they are read for the first time.
//!
//! What people did is kept whole: a script bounds it. Of everything else, of which a ceremony has as much as it has
//! requests, only where it stands is kept, and what others refer to.

use super::act::{self, Intended, Known};
use super::course::Course;
use super::listed::Again;
use super::place::{Place, Sheet};
use crate::ceremony::script::Step;
use crate::digest::Digest;
use crate::error::Error;
use crate::finding::{Finding, Severity};
use crate::log::record::SessionClosed;
use crate::log::scan::Located;
use crate::log::{Entry, Record};
use crate::plan::Plan;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the entries of a ceremony say so far.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What people did and when sessions began and ended, by position among the entries.
    pub people: BTreeMap<usize, Entry>,
    /// The sessions that have entries.
    pub sessions: Vec<(String, Span)>,
    /// The session of each entry, by its position among these.
    pub session_of: Vec<usize>,
    /// What was intended, and for whom.
    known: Known,
    /// Outcomes, by the position of their intents.
    outcomes: BTreeMap<u64, Located>,
    /// The newest reason that was given for a plan, by its digest.
    reasons: BTreeMap<Digest, Option<String>>,
    /// Entries that may have findings, in order.
    candidates: Vec<Candidate>,
}

/// A row of entries, from the first to the last.
#[derive(Debug, Clone)]
pub struct Span {
    /// The time of the first.
    pub began: Timestamp,
    /// The time of the last.
    pub ended: Timestamp,
    /// Where their times come from.
    pub time_sources: BTreeSet<String>,
    /// What the last says, where it ends a session.
    closed: Option<SessionClosed>,
}

impl Span {
    fn of(entry: &Entry) -> Self {
        let at = entry.header.time;
        Self { began: at, ended: at, time_sources: BTreeSet::new(), closed: None }
    }

    fn take(&mut self, entry: &Entry) {
        self.ended = entry.header.time;
        if !self.time_sources.contains(&entry.header.time_source) {
            self.time_sources.insert(entry.header.time_source.clone());
        }
        self.closed = match &entry.record {
            Record::SessionClosed(closed) => Some(closed.clone()),
            _ => None,
        };
    }

    /// How it ended.
    pub fn outcome(&self) -> String {
        self.closed.as_ref().map_or_else(|| "interrupted".to_owned(), |closed| closed.outcome.clone())
    }

    /// And why.
    pub fn reason(&self) -> Option<String> {
        self.closed.as_ref().and_then(|closed| closed.reason.clone())
    }
}

/// An entry that may have findings, until it is known how many, and whether they count.
#[derive(Debug, Clone)]
struct Candidate {
    at: Located,
    of: Of,
    count: usize,
    warned: usize,
}

#[derive(Debug, Clone)]
enum Of {
    /// Something that no plan repeats.
    Itself,
    /// A request, by its digest.
    Request(Digest),
    /// A plan, by its digest.
    Plan(Digest),
}

impl Facts {
    /// Takes the next entry.
    pub fn take(&mut self, at: Located, entry: &Entry) {
        let session = self.sessions.iter().rposition(|(id, _)| *id == entry.header.session);
        let session = session.unwrap_or_else(|| {
            self.sessions.push((entry.header.session.clone(), Span::of(entry)));
            self.sessions.len() - 1
        });
        if let Some((_, span)) = self.sessions.get_mut(session) {
            span.take(entry);
        }
        let position = self.session_of.len();
        self.session_of.push(session);
        match &entry.record {
            Record::SignIntent(intent) => self.known.intends(intent, at),
            Record::SignOutcome(outcome) => drop(self.outcomes.insert(outcome.intent, at)),
            Record::PlanApproved(approved) => {
                drop(self.reasons.insert(approved.plan_sha256, approved.reason.clone()));
            }
            // Read again when it is known whose record is wanted: most of a log's plans are of other ceremonies.
            Record::PlanMade(made) => self.found(at, Of::Plan(made.sha256), &[]),
            Record::RequestRefused(refused) => self.found(at, Of::Itself, &refused.findings),
            Record::RequestImported(request) => self.found(at, Of::Request(request.sha256), &request.findings),
            Record::KeyAdopted(adopted) => self.found(at, Of::Itself, &adopted.findings),
            Record::SessionOpened(_)
            | Record::SessionClosed(_)
            | Record::StepDone(_)
            | Record::StepSkipped(_)
            | Record::ValueRecorded(_)
            | Record::Deviation(_) => drop(self.people.insert(position, entry.clone())),
            _ => {}
        }
    }

    fn found(&mut self, at: Located, of: Of, findings: &[Finding]) {
        if !findings.is_empty() || matches!(of, Of::Plan(_)) {
            self.candidates.push(Candidate { at, of, count: findings.len(), warned: warned(findings) });
        }
    }
}

/// How many are no mere information.
fn warned(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity != Severity::Info).count()
}

/// What the entries of a ceremony say together.
pub struct Survey {
    /// Where each of them is shown, in order.
    pub places: Vec<Place>,
    /// What entries refer to.
    pub known: Known,
    /// Intents and what became of them, those of earlier ceremonies that this one settled included.
    pub signed: Vec<Signed>,
    /// Entries with findings that count.
    pub findings: Findings,
}

/// An intent, and its outcome where there is one.
pub struct Signed {
    /// Where the intent stands.
    pub intent: Located,
    /// Where the outcome stands.
    pub outcome: Option<Located>,
}

/// Where findings stand, how many they are, and why people went on all the same.
#[derive(Default)]
pub struct Findings {
    /// Entries with one or more.
    pub at: Vec<Located>,
    /// How many there are.
    pub count: usize,
    /// How many of them are no mere information.
    pub warned: usize,
    /// The newest reason that was given for a plan, by its digest.
    pub reasons: BTreeMap<Digest, String>,
}

/// Draws together what the entries of a ceremony say, with the steps of its script.
///
/// # Errors
/// Those of `again`.
pub fn survey(course: &Course, steps: &[Step], again: &mut Again) -> Result<Survey, Error> {
    let facts = &course.facts;
    let mut sheet = Sheet::new(steps);
    for (position, session) in facts.session_of.iter().enumerate() {
        let session = facts.sessions.get(*session).map_or("", |(id, _)| id.as_str());
        sheet.entry(session, facts.people.get(&position));
    }
    let mut known = facts.known.clone();
    for at in &course.intents {
        if let Record::SignIntent(intent) = again(at)?.record {
            known.intends(&intent, *at);
        }
    }
    let findings = findings(facts, &mut known, again)?;
    let first = course.entries.first().map_or(0, |at| at.seq);
    let signed = |(seq, intent): (&u64, &Intended)| {
        let outcome = facts.outcomes.get(seq).copied();
        (*seq >= first || outcome.is_some()).then_some(Signed { intent: intent.at, outcome })
    };
    let signed = known.intents.iter().filter_map(signed).collect();
    Ok(Survey { places: sheet.places(), known, signed, findings })
}

/// The findings that count, and, as plans are read again for that, what they make.
fn findings(facts: &Facts, known: &mut Known, again: &mut Again) -> Result<Findings, Error> {
    let mut candidates = facts.candidates.clone();
    // Requests that a plan was made of: what was found of one is in its plan too.
    let mut planned: BTreeSet<Digest> = BTreeSet::new();
    for candidate in &mut candidates {
        if let Of::Plan(sha256) = candidate.of
            && let Record::PlanMade(made) = again(&candidate.at)?.record
            && let Ok(plan) = serde_json::from_str::<Plan>(made.plan.get())
        {
            (candidate.count, candidate.warned) = (plan.findings.len(), warned(&plan.findings));
            planned.extend(plan.cluster.as_ref().map(|cluster| cluster.request_sha256));
            known.plans.insert(sha256, act::whom_of(&plan));
        }
    }
    // A plan that a pause or a crash undid is made again.
    let newest = candidates.iter().filter_map(|candidate| match candidate.of {
        Of::Plan(sha256) => Some((known.plans.get(&sha256)?.as_str(), sha256)),
        _ => None,
    });
    let newest: BTreeMap<&str, Digest> = newest.collect();
    let counts = |candidate: &&Candidate| match candidate.of {
        Of::Itself => true,
        Of::Request(sha256) => !planned.contains(&sha256),
        Of::Plan(sha256) => known.plans.get(&sha256).is_some_and(|whom| newest.get(whom.as_str()) == Some(&sha256)),
    };
    let mut findings = Findings::default();
    for candidate in candidates.iter().filter(|candidate| candidate.count > 0).filter(counts) {
        findings.at.push(candidate.at);
        findings.count += candidate.count;
        findings.warned += candidate.warned;
    }
    let reasons = facts.reasons.iter();
    findings.reasons = reasons.filter_map(|(plan, reason)| Some((*plan, reason.clone()?))).collect();
    Ok(findings)
}
