//! Countersigned checkpoints in the fold: what somebody elsewhere has seen of the log, and which closing checkpoints
//! nobody has. Part of the fold.

use super::State;
use crate::authority::config::names_countersigner;
use crate::authority::rules::expect;
use crate::error::Error;
use crate::log::record::CheckpointWitnessed;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What countersigners have seen of the log, as far as it came back.
#[derive(Debug, Clone, Default)]
pub struct Witnessed {
    /// The newest countersignature of each, by name, with the position of its entry.
    newest: BTreeMap<String, (u64, CheckpointWitnessed)>,
    /// Closing checkpoints that no countersignature covers: size and time, oldest first.
    waiting: Vec<(u64, Timestamp)>,
    /// True where the open session took a countersignature back.
    taking: bool,
}

impl Witnessed {
    /// The newest countersignature of each countersigner, with the position of its entry.
    pub fn newest(&self) -> impl Iterator<Item = &(u64, CheckpointWitnessed)> {
        self.newest.values()
    }

    /// The largest tree that anybody countersigned.
    pub fn largest(&self) -> Option<&CheckpointWitnessed> {
        self.newest.values().map(|(_, witnessed)| witnessed).max_by_key(|witnessed| witnessed.size)
    }

    /// The largest tree that the countersigner of this name did; 0 where none.
    pub fn size_of(&self, name: &str) -> u64 {
        self.newest.get(name).map_or(0, |(_, witnessed)| witnessed.size)
    }

    /// Closing checkpoints that no countersignature covers: size and time, oldest first.
    pub fn waiting(&self) -> &[(u64, Timestamp)] {
        &self.waiting
    }

    pub(super) fn opened(&mut self) {
        self.taking = false;
    }

    /// A session that took a countersignature back leaves nothing to countersign: it would never end.
    pub(super) fn closed(&mut self, size: u64, at: Timestamp) {
        if !self.taking {
            self.waiting.push((size, at));
        }
    }
}

impl State {
    /// The signature is the audit's to check; that it is of a checkpoint of this log as well.
    pub(super) fn witness(&mut self, seq: u64, witnessed: &CheckpointWitnessed) -> Result<(), Error> {
        self.check_settled()?;
        let key = &witnessed.by;
        let known = self.configs.last().is_some_and(|config| names_countersigner(&config.text, key));
        expect(known, "checkpoint.countersigner", "the configuration names who countersigns", &key.to_string())?;
        let (size, before) = (witnessed.size, self.witnessed.size_of(key.name()));
        let grown = size > before && size <= seq;
        expect(grown, "checkpoint.size", "a countersigner's checkpoints grow, within the log", &size.to_string())?;
        self.witnessed.waiting.retain(|(waiting, _)| *waiting > size);
        self.witnessed.newest.insert(key.name().to_owned(), (seq, witnessed.clone()));
        self.witnessed.taking = true;
        Ok(())
    }
}
