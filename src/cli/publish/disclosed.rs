//! What becomes public with a log, said before anybody pushes it: no secret and no name of a person is in a log, but
//! clusters, tokens, paths of the machine and whatever people typed are.

use crate::log::{Entry, Record};
use crate::screen::Screen;
use crate::text;
use serde::Serialize;
use std::collections::BTreeSet;

/// What a log tells of its authority, beside what was signed.
#[derive(Debug, Default, Serialize)]
pub struct Disclosed {
    /// How many texts of `authority.toml`.
    pub configurations: usize,
    /// Names of clusters.
    pub clusters: BTreeSet<String>,
    /// Label and serial number of each token.
    pub tokens: BTreeSet<String>,
    /// Paths of PKCS#11 modules.
    pub modules: BTreeSet<String>,
    /// How many lines a preflight wrote of the machine.
    pub preflight: usize,
    /// Positions of the entries in which people typed something: values, deviations, reasons.
    pub typed: Vec<u64>,
    /// How many people's names, because their file was given.
    pub names: usize,
}

impl Disclosed {
    /// Takes the next entry.
    pub fn entry(&mut self, entry: &Entry) {
        match &entry.record {
            Record::ConfigAdopted(_) => self.configurations += 1,
            Record::ClusterEnrolled(r) => drop(self.clusters.insert(r.cluster.clone())),
            Record::TokenInitialized(r) => drop(self.tokens.insert(format!("{} {}", r.label, r.serial))),
            Record::TokenUnlocked(r) => drop(self.tokens.insert(format!("{} {}", r.label, r.serial))),
            Record::KeyBackupMade(r) => drop(self.tokens.insert(format!("{} {}", r.name, r.serial))),
            Record::SessionOpened(r) => drop(self.modules.insert(r.module.clone())),
            Record::Preflight(r) => self.preflight += r.checks.len(),
            Record::ValueRecorded(_)
            | Record::Deviation(_)
            | Record::StepSkipped(_)
            | Record::ClusterRetired(_)
            | Record::KeyDestroying(_) => self.typed.push(entry.seq),
            Record::SessionClosed(r) if r.reason.is_some() => self.typed.push(entry.seq),
            Record::PlanApproved(r) if r.reason.is_some() => self.typed.push(entry.seq),
            Record::PlanDeclined(r) if r.reason.is_some() => self.typed.push(entry.seq),
            _ => {}
        }
    }

    /// The same for people, before they go on.
    pub fn screen(&self) -> Screen {
        let all = |names: &BTreeSet<String>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
        };
        let names = match self.names {
            0 => "none: people are shown by their roles".to_owned(),
            count => format!("{count}: the files that open the log's commitments are in records/"),
        };
        Screen::new()
            .text("With the log these become public:")
            .field("settings", text::count(self.configurations, "text") + " of authority.toml")
            .field("clusters", all(&self.clusters))
            .field("tokens", all(&self.tokens))
            .field("modules", all(&self.modules))
            .field("machine", text::count(self.preflight, "line") + " of preflights")
            .field(
                "typed",
                text::entries(u64::try_from(self.typed.len()).unwrap_or(u64::MAX))
                    + " of values, deviations and reasons",
            )
            .field("names", names)
            .text("Read them before others do: anchorite log show, and the pages in records/.")
    }
}
