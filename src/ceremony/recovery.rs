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

/// So many intents and clusters are named on one screen.
const ON_SCREEN: usize = 2;
/// How many lines of a screen of 24 may say so; below them stand the way on and the prompt.
const SCREEN_LINES: usize = 20;
/// So many are named in one entry, which has a longest length; each has an outcome of its own beside it.
const IN_LOG: usize = 256;

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
    /// Keys that were announced and never in the log: roles and generations.
    pub keys: Vec<(String, u32)>,
    /// Numbers of the CRLs that the session signed, and may not have published.
    pub crls: Vec<u64>,
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
        let keys = session.as_ref().map(|_| state.unmade_keys()).unwrap_or_default();
        let crls = session.as_ref().map(|_| state.left_crls()).unwrap_or_default();
        let undelivered = state.undelivered.iter().cloned().collect();
        let unsure = state.custody.all_unsure().map(|(_, which, set)| (which.to_owned(), set.clone())).collect();
        Some(Self { session, uncovered, intents, keys, crls, undelivered, unsure, torn })
    }

    /// What is left of a genesis whose first line was torn.
    pub fn before_genesis(torn: &Torn) -> Self {
        Self {
            session: None,
            uncovered: None,
            intents: Vec::new(),
            keys: Vec::new(),
            crls: Vec::new(),
            undelivered: Vec::new(),
            unsure: Vec::new(),
            torn: Some((torn.sha256, torn.aside())),
        }
    }

    /// What happened, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        self.told(usize::MAX)
    }

    /// The same with so many intents and clusters; the others are counted.
    fn told(&self, most: usize) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(session) = &self.session {
            let after = session.steps.last().map_or("no step".to_owned(), |step| format!("the step \"{step}\""));
            found
                .push(format!("The ceremony {} of {} was interrupted after {after}.", session.ceremony, session.since));
            let nothing = self.intents.is_empty() && self.crls.is_empty() && self.undelivered.is_empty();
            if nothing && self.keys.is_empty() {
                found.push("Nothing was being signed; what was planned is planned and reviewed again.".to_owned());
            }
        }
        if let Some(ceremony) = &self.uncovered {
            found.push(format!("The ceremony {ceremony} closed, but its last checkpoint is not in place yet."));
        }
        found.extend(self.intents.iter().take(most).map(|(seq, intent, covered)| fate(*seq, intent, *covered)));
        if let Some(more) = self.intents.len().checked_sub(most).filter(|more| *more > 0) {
            let covered = self.intents.iter().skip(most).filter(|(.., covered)| *covered).count();
            found.push(format!(
                "{} more like these: {covered} may have been signed, {} were not. All are in the log: anchorite log show",
                text::count(more, "intent"),
                more - covered
            ));
        }
        for (role, generation) in &self.keys {
            let which = if *generation > 1 { format!("{role} key {generation}") } else { format!("{role} key") };
            found.push(format!("The same command destroys what was made of the {which}, and makes another."));
        }
        match self.crls.as_slice() {
            [] => {}
            [one] => found.push(format!("CRL {one} was issued; public/ may lack it until the next ceremony.")),
            more => {
                let numbers = more.iter().map(u64::to_string).collect::<Vec<_>>().join(" and ");
                found.push(format!("CRLs {numbers} were issued; public/ may lack them until the next ceremony."));
            }
        }
        for cluster in self.undelivered.iter().take(most) {
            found.push(format!(
                "The certificate of {cluster} was issued; its bundle may be missing: anchorite export {cluster}"
            ));
        }
        if let Some(more) = self.undelivered.len().checked_sub(most).filter(|more| *more > 0) {
            found.push(format!("{} more may lack a bundle: anchorite export", text::count(more, "cluster")));
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

    /// The screen that the next start shows: of intents and clusters as many as leave it one screen.
    pub fn screen(&self) -> Screen {
        let shown = |most| {
            let count = text::count(self.intents.len(), "open intent");
            let head = Screen::new().heading("An earlier session was interrupted", count);
            self.told(most).into_iter().fold(head, |screen, sentence| screen.indented(sentence))
        };
        let fits = |screen: &Screen| screen.render().lines().count() <= SCREEN_LINES;
        (ON_SCREEN + 1..=SCREEN_LINES).rev().map(shown).find(fits).unwrap_or_else(|| shown(ON_SCREEN))
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
            found: self.told(IN_LOG),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::entry::MAX_LINE;

    #[test]
    fn what_a_large_batch_left_fits_a_screen_and_an_entry_and_says_how_much_it_was() {
        let intent = |seq: u64| {
            let json = serde_json::json!({
                "plan_sha256": "00".repeat(32), "tbs_sha256": "00".repeat(32), "what": "intermediate", "issuer_generation": 1,
                "serial": format!("{seq:032x}"), "cluster": format!("{}-{seq}", "c".repeat(57)), "generation": 1,
                "not_after": "2027-11-21T09:30:00Z"
            });
            (seq, serde_json::from_value::<SignIntent>(json).unwrap(), seq.is_multiple_of(2))
        };
        let interrupted = Interrupted {
            session: Some(Session {
                id: "0".repeat(16),
                ceremony: "c".repeat(40),
                opened: 0,
                since: "2026-11-21T09:30:00Z".parse().unwrap(),
                steps: vec!["s".repeat(40)],
                unattended: false,
            }),
            uncovered: None,
            intents: (0..10_000).map(intent).collect(),
            keys: vec![("root".to_owned(), 2)],
            crls: vec![1000; 2],
            undelivered: (0..10_000).map(|at| format!("{}-{at}", "u".repeat(57))).collect(),
            unsure: Vec::new(),
            torn: Some((Digest([7; 32]), "torn-10000-07070707".to_owned())),
        };
        let shown = interrupted.screen().render();
        assert!(shown.lines().count() <= 22, "{shown}");
        let told = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("9998 intents more like these: 4999 may have been signed, 4999 were not."), "{told}");
        assert!(told.contains("9998 clusters more may lack a bundle: anchorite export"), "{told}");
        assert!(interrupted.told(IN_LOG).concat().len() < MAX_LINE / 4);
    }
}
