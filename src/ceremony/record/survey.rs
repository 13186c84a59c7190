//! A ceremony's entries, read once from the first to the last: what must be known of all of them before one is shown.
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
use crate::log::scan::Located;
use crate::log::{Entry, Record};
use crate::plan::Plan;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the entries of a ceremony say together.
pub struct Survey {
    /// Where each of them is shown, in order.
    pub places: Vec<Place>,
    /// What people did, with its position among the entries.
    pub people: Vec<(usize, Entry)>,
    /// What entries refer to.
    pub known: Known,
    /// Its sessions that have entries, by id.
    pub sessions: BTreeMap<String, Span>,
    /// From its first entry to its last.
    pub whole: Option<Span>,
    /// Intents and what became of them, those of earlier ceremonies that this one settled included.
    pub signed: Vec<Signed>,
    /// Entries with findings that count.
    pub findings: Findings,
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
    /// What the last says that it came to.
    pub outcome: String,
    /// And why.
    pub reason: Option<String>,
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

impl Span {
    fn of(entry: &Entry) -> Self {
        let at = entry.header.time;
        let mut span =
            Self { began: at, ended: at, time_sources: BTreeSet::new(), outcome: String::new(), reason: None };
        span.take(entry);
        span
    }

    fn take(&mut self, entry: &Entry) {
        self.ended = entry.header.time;
        if !self.time_sources.contains(&entry.header.time_source) {
            self.time_sources.insert(entry.header.time_source.clone());
        }
        (self.outcome, self.reason) = match &entry.record {
            Record::SessionClosed(closed) => (closed.outcome.clone(), closed.reason.clone()),
            _ => ("interrupted".to_owned(), None),
        };
    }
}

/// An entry with findings, until it is known whether they count.
struct Candidate {
    at: Located,
    of: Of,
    count: usize,
    warned: usize,
}

enum Of {
    /// Something that no plan repeats.
    Itself,
    /// A request, by its digest.
    Request(Digest),
    /// A plan, by its digest.
    Plan(Digest),
}

/// The entries as they are read.
struct Reader<'a> {
    sheet: Sheet<'a>,
    people: Vec<(usize, Entry)>,
    known: Known,
    sessions: BTreeMap<String, Span>,
    whole: Option<Span>,
    outcomes: BTreeMap<u64, Located>,
    reasons: BTreeMap<Digest, Option<String>>,
    candidates: Vec<Candidate>,
    /// Requests that a plan was made of: what was found of one is in its plan too.
    planned: BTreeSet<Digest>,
}

/// Reads the entries of a ceremony with the steps of its script.
///
/// # Errors
/// Those of `again`.
pub fn survey(course: &Course, steps: &[Step], again: &mut Again) -> Result<Survey, Error> {
    let mut reader = Reader {
        sheet: Sheet::new(steps),
        people: Vec::new(),
        known: Known::default(),
        sessions: BTreeMap::new(),
        whole: None,
        outcomes: BTreeMap::new(),
        reasons: BTreeMap::new(),
        candidates: Vec::new(),
        planned: BTreeSet::new(),
    };
    for at in &course.intents {
        if let Record::SignIntent(intent) = again(at)?.record {
            reader.known.intends(&intent, *at);
        }
    }
    for (position, at) in course.entries.iter().enumerate() {
        reader.entry(position, at, again(at)?);
    }
    let first = course.entries.first().map_or(0, |at| at.seq);
    Ok(reader.finish(first))
}

impl Reader<'_> {
    fn entry(&mut self, position: usize, at: &Located, entry: Entry) {
        self.sheet.entry(&entry);
        match self.sessions.get_mut(&entry.header.session) {
            Some(span) => span.take(&entry),
            None => drop(self.sessions.insert(entry.header.session.clone(), Span::of(&entry))),
        }
        match &mut self.whole {
            Some(whole) => whole.take(&entry),
            None => self.whole = Some(Span::of(&entry)),
        }
        match &entry.record {
            Record::SignIntent(intent) => self.known.intends(intent, *at),
            Record::SignOutcome(outcome) => drop(self.outcomes.insert(outcome.intent, *at)),
            Record::PlanMade(made) => {
                if let Ok(plan) = serde_json::from_str::<Plan>(made.plan.get()) {
                    self.found(at, Of::Plan(made.sha256), &plan.findings);
                    self.planned.extend(plan.cluster.as_ref().map(|cluster| cluster.request_sha256));
                    self.known.plans.insert(made.sha256, act::whom_of(&plan));
                }
            }
            Record::PlanApproved(approved) => {
                drop(self.reasons.insert(approved.plan_sha256, approved.reason.clone()));
            }
            Record::RequestRefused(refused) => self.found(at, Of::Itself, &refused.findings),
            Record::RequestImported(request) => self.found(at, Of::Request(request.sha256), &request.findings),
            Record::KeyAdopted(adopted) => self.found(at, Of::Itself, &adopted.findings),
            Record::StepDone(_) | Record::StepSkipped(_) | Record::ValueRecorded(_) | Record::Deviation(_) => {
                self.people.push((position, entry));
            }
            _ => {}
        }
    }

    fn found(&mut self, at: &Located, of: Of, findings: &[Finding]) {
        let warned = findings.iter().filter(|finding| finding.severity != Severity::Info).count();
        // A plan without findings still counts as the newest of what it is about.
        if !findings.is_empty() || matches!(of, Of::Plan(_)) {
            self.candidates.push(Candidate { at: *at, of, count: findings.len(), warned });
        }
    }

    fn finish(self, first: u64) -> Survey {
        let Self { known, outcomes, candidates, planned, .. } = self;
        // A plan that a pause or a crash undid is made again.
        let newest: BTreeMap<&str, Digest> = candidates
            .iter()
            .filter_map(|candidate| match candidate.of {
                Of::Plan(sha256) => Some((known.plans.get(&sha256)?.as_str(), sha256)),
                _ => None,
            })
            .collect();
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
        findings.reasons = self.reasons.into_iter().filter_map(|(plan, reason)| Some((plan, reason?))).collect();
        let signed = |(seq, intent): (&u64, &Intended)| {
            let outcome = outcomes.get(seq).copied();
            (*seq >= first || outcome.is_some()).then_some(Signed { intent: intent.at, outcome })
        };
        let signed = known.intents.iter().filter_map(signed).collect();
        Survey {
            places: self.sheet.places(),
            people: self.people,
            sessions: self.sessions,
            whole: self.whole,
            signed,
            findings,
            known,
        }
    }
}
