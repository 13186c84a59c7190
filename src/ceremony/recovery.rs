//! After a crash: what the log says of an interrupted session, and how the next one closes it.

use super::journal::Journal;
use crate::authority::State;
use crate::digest::Digest;
use crate::error::Error;
use crate::log::Record;
use crate::log::record::{Recovered, SignIntent, SignOutcome};
use crate::screen::Screen;
use crate::text;

/// A session that did not close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// Its id.
    pub session: String,
    /// Its ceremony.
    pub ceremony: String,
    /// When it began.
    pub since: jiff::Timestamp,
    /// Steps done.
    pub steps: Vec<String>,
    /// Intents without outcome, each with whether a checkpoint covers it: only then the root key may have
    /// been used.
    pub intents: Vec<(u64, SignIntent, bool)>,
    /// SHA-256 of a torn last line.
    pub torn: Option<Digest>,
}

impl Interrupted {
    /// What the state says of an interrupted session; `covered` is the tree size of the newest checkpoint.
    pub fn find(state: &State, covered: u64, torn: Option<Digest>) -> Option<Self> {
        let session = state.session.as_ref()?;
        let intents = state.open_intents.iter().map(|(seq, i)| (*seq, i.clone(), *seq < covered)).collect();
        Some(Self {
            session: session.id.clone(),
            ceremony: session.ceremony.clone(),
            since: session.since,
            steps: session.steps.clone(),
            intents,
            torn,
        })
    }

    /// What happened, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let mut found = vec![format!(
            "The ceremony {} of {} was interrupted after {}.",
            self.ceremony,
            self.since,
            match self.steps.last() {
                Some(step) => format!("the step \"{step}\""),
                None => "no step".to_owned(),
            }
        )];
        for (seq, intent, covered) in &self.intents {
            let name = match (&intent.serial, intent.crl_number) {
                (Some(serial), _) => format!("serial {}", serial.colons()),
                (None, number) => format!("CRL number {}", number.unwrap_or_default()),
            };
            let whom = intent.cluster.as_ref().map(|c| format!(" for {c}")).unwrap_or_default();
            found.push(if *covered {
                format!(
                    "Entry {seq}, {name}{whom}, may have been signed: it is recorded as unknown, treated as issued and never used again."
                )
            } else {
                format!("Entry {seq}, {name}{whom}, was not signed: the token was never asked.")
            });
        }
        if self.intents.is_empty() {
            found.push("Nothing was being signed; what was planned is planned and reviewed again.".to_owned());
        }
        if self.torn.is_some() {
            found.push("The last line of the log was torn; it is kept beside the log.".to_owned());
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
        records
            .push(Recovered { session: self.session.clone(), found: self.sentences(), torn_sha256: self.torn }.into());
        journal.append(records)
    }
}
