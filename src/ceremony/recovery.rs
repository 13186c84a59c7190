//! After a crash: what the log says of an interrupted session, and how the next one closes it.

use super::journal::Journal;
use crate::authority::State;
use crate::authority::state::Session;
use crate::custody::Owner;
use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::log::Record;
use crate::log::record::{Recovered, SignIntent, SignOutcome};
use crate::screen::Screen;
use crate::store::{Reading, Torn};
use crate::text;

/// What a session left that did not end as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// The session, where it did not close.
    pub session: Option<Session>,
    /// The ceremony that closed, where the checkpoint that covers its closing is not in place.
    pub uncovered: Option<String>,
    /// Intents without outcome, each with whether a checkpoint covers it: only then the root key may have
    /// been used.
    pub intents: Vec<(u64, SignIntent, bool)>,
    /// Clusters whose certificate is in the log and whose bundle may not be on a medium.
    pub undelivered: Vec<String>,
    /// PINs that a change was announced for: whose, and the set that they may be of.
    pub unsure: Vec<(String, Hex)>,
    /// SHA-256 of a torn last line, and the file that keeps it.
    pub torn: Option<(Digest, String)>,
}

impl Interrupted {
    /// What a log says of an interrupted session; `state` is its fold.
    pub fn find(state: &State, log: &Reading) -> Option<Self> {
        let session = state.session.clone();
        let uncovered = match (&session, &state.last_session) {
            (None, Some((ceremony, _))) if !log.is_sealed() => Some(ceremony.clone()),
            _ => None,
        };
        // What the newest checkpoint covers may have been acted on.
        let covered = log.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        let torn = log.torn().map(|torn| (torn.sha256, torn.aside()));
        if session.is_none() && uncovered.is_none() && torn.is_none() {
            return None;
        }
        let intents = state.open_intents.iter().map(|(seq, i)| (*seq, i.clone(), *seq < covered)).collect();
        let undelivered = state.undelivered.iter().cloned().collect();
        let unsure = state.custody.all_unsure().map(|(_, which, set)| (which.to_owned(), set.clone())).collect();
        Some(Self { session, uncovered, intents, undelivered, unsure, torn })
    }

    /// What is left of a genesis whose first line was torn.
    pub fn before_genesis(torn: &Torn) -> Self {
        Self {
            session: None,
            uncovered: None,
            intents: Vec::new(),
            undelivered: Vec::new(),
            unsure: Vec::new(),
            torn: Some((torn.sha256, torn.aside())),
        }
    }

    /// What happened, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(session) = &self.session {
            let after = session.steps.last().map_or("no step".to_owned(), |step| format!("the step \"{step}\""));
            found
                .push(format!("The ceremony {} of {} was interrupted after {after}.", session.ceremony, session.since));
            if self.intents.is_empty() && self.undelivered.is_empty() {
                found.push("Nothing was being signed; what was planned is planned and reviewed again.".to_owned());
            }
        }
        if let Some(ceremony) = &self.uncovered {
            found.push(format!("The ceremony {ceremony} closed, but its last checkpoint is not in place yet."));
        }
        found.extend(self.intents.iter().map(|(seq, intent, covered)| fate(*seq, intent, *covered)));
        for cluster in &self.undelivered {
            found.push(format!(
                "The certificate of {cluster} was issued; its bundle may be missing: anchorite export {cluster}"
            ));
        }
        for (which, set) in &self.unsure {
            let whose = if which == "so" { Owner::So } else { Owner::User };
            found.push(format!(
                "The token's {} may be of the new custody set {set} already; anchorite custody change finds out.",
                whose.title()
            ));
        }
        if let Some((_, aside)) = &self.torn {
            found.push(format!("The last line of the log was torn; it is kept beside the log as {aside}."));
        }
        found
    }

    /// The screen that the next start shows.
    pub fn screen(&self) -> Screen {
        let head =
            Screen::new().heading("An earlier session was interrupted", text::count(self.intents.len(), "open intent"));
        self.sentences().into_iter().fold(head, |screen, sentence| screen.indented(sentence))
    }

    /// Records what became of each intent, and that the session was recovered.
    ///
    /// # Errors
    /// [`Kind::Medium`](crate::error::Kind::Medium).
    pub fn close(&self, journal: &mut Journal) -> Result<(), Error> {
        let mut records: Vec<Record> = Vec::new();
        for (seq, _, covered) in &self.intents {
            let (status, reason) = if *covered {
                ("unknown", "interrupted after the intent was under a checkpoint")
            } else {
                ("failed", "not reached: interrupted before the intent was under a checkpoint")
            };
            records.push(
                SignOutcome { intent: *seq, status: status.to_owned(), der: None, reason: Some(reason.to_owned()) }
                    .into(),
            );
        }
        let recovered = Recovered {
            session: self.session.as_ref().map(|session| session.id.clone()),
            found: self.sentences(),
            torn_sha256: self.torn.as_ref().map(|(sha256, _)| *sha256),
        };
        records.push(recovered.into());
        journal.append(records)
    }
}

/// What became of an intent without outcome.
fn fate(seq: u64, intent: &SignIntent, covered: bool) -> String {
    let name = match (&intent.serial, intent.crl_number) {
        (Some(serial), _) => format!("serial {}", serial.colons()),
        (None, Some(number)) => format!("CRL number {number}"),
        (None, None) => "the request to a parent".to_owned(),
    };
    let whom = intent.cluster.as_ref().map(|c| format!(" for {c}")).unwrap_or_default();
    if covered {
        format!(
            "Entry {seq}, {name}{whom}, may have been signed: it is recorded as unknown, treated as issued and never used again."
        )
    } else {
        format!("Entry {seq}, {name}{whom}, was not signed: the token was never asked.")
    }
}
