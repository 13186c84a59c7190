//! Restore drills in the log: which scripts are drills, and when the last one ended. Part of the fold.

use crate::digest::Digest;
use crate::log::record::ScriptAdopted;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;

/// What the log says of drills.
#[derive(Debug, Clone, Default)]
pub struct Drills {
    scripts: BTreeSet<Digest>,
    last: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

impl Drills {
    /// When the last drill was completed.
    pub fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// People name their scripts as they like: its kind says what it is.
    pub(super) fn adopted(&mut self, script: &ScriptAdopted) {
        if toml::from_str::<Kind>(&script.text).is_ok_and(|script| script.kind == "drill") {
            self.scripts.insert(script.sha256);
        }
    }

    /// A session of this script ended.
    pub(super) fn closed(&mut self, script: Option<Digest>, outcome: &str, at: Timestamp) {
        if outcome == "complete" && script.is_some_and(|script| self.scripts.contains(&script)) {
            self.last = Some(at);
        }
    }
}
