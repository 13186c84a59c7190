//! What an audit found, for people and for programs.

use crate::authority::inventory::Countersigned;
use crate::authority::state::History;
use crate::digest::{Digest, Hex};
use crate::error::Error;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;

/// A log that verifies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The authority's name.
    pub authority: String,
    /// `production`, `test` or `rehearsal`.
    pub kind: String,
    /// The log's id.
    pub log: Hex,
    /// The checkpoints' origin.
    pub origin: String,
    /// The number of entries.
    pub entries: u64,
    /// The size of the largest checkpoint.
    pub size: u64,
    /// The root at that size.
    pub root: Digest,
    /// How many checkpoints there are.
    pub checkpoints: u64,
    /// How many certificates were issued.
    pub certificates: u64,
    /// How many CRLs were issued.
    pub crls: u64,
    /// SHA-256 of each root certificate, by generation.
    pub roots: Vec<Digest>,
    /// Who elsewhere countersigned which state of the log last, by keys that its configuration names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countersigned: Vec<Countersigned>,
    /// When the authority ended: its last checkpoint announces the end of the key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How many signatures were checked.
    pub signatures: u64,
    /// How long that took, in seconds.
    pub signature_seconds: f64,
    /// What the log did not see, where its history begins before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<Uncovered>,
    /// What is unfinished, as a live log may be.
    pub warnings: Vec<String>,
    /// True where everything under the newest checkpoint leads to the pinned root.
    pub authenticated: bool,
}

/// A past that the log did not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uncovered {
    /// `adoption` or `restore`.
    pub of: &'static str,
    /// The entry that takes it over: what happened before it is a claim.
    pub entry: u64,
    /// The same, a sentence.
    pub says: String,
}

impl Uncovered {
    pub(super) fn of(history: &History) -> Option<Self> {
        let (origin, entry) = history.uncovered?;
        Some(Self { of: origin.name(), entry, says: origin.says(entry) })
    }
}

/// The warning about a session that no entry closes.
pub(super) const OPEN: &str = "a session is open";

/// The warning about entries after the first `size`, which no checkpoint covers.
pub(super) fn unsigned(size: u64, entries: u64) -> String {
    format!("lines {} to {entries} are not under a checkpoint", size + 1)
}

impl Report {
    /// Warnings of a log that somebody is writing now: the open session is theirs, and so is its unsigned end.
    pub fn warnings_in_session(&self) -> Vec<&str> {
        let own = [OPEN.to_owned(), unsigned(self.size, self.entries)];
        self.warnings.iter().filter(|warning| !own.contains(warning)).map(String::as_str).collect()
    }

    /// How much was issued, in words.
    pub fn issued(&self) -> String {
        let certificates = if self.certificates == 1 { "certificate" } else { "certificates" };
        let crls = if self.crls == 1 { "CRL" } else { "CRLs" };
        format!("{} {certificates}, {} {crls}", self.certificates, self.crls)
    }

    /// The verdict in a line.
    pub fn verdict(&self) -> &'static str {
        if self.authenticated { "consistent and authenticated" } else { "consistent, NOT authenticated" }
    }
}

/// Counts signature checks and measures how long they take.
pub(super) struct Stopwatch<'a> {
    monotonic: &'a dyn Fn() -> Duration,
    pub(super) count: u64,
    pub(super) spent: Duration,
}

impl<'a> Stopwatch<'a> {
    pub(super) fn new(monotonic: &'a dyn Fn() -> Duration) -> Self {
        Self { monotonic, count: 0, spent: Duration::ZERO }
    }

    /// Measures one check.
    pub(super) fn check<T>(&mut self, check: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let began = (self.monotonic)();
        let result = check();
        self.count += 1;
        self.spent += (self.monotonic)().saturating_sub(began);
        result
    }
}
