//! Rehearsals: the same script, engine and screens against an authority and a token that are made for it and
//! thrown away. Nothing of one can be mistaken for the real thing, or reach it.
//!
//! [`place`] is the directory and what lies where, [`marked`] the configuration that says what it is,
//! [`requests`] keys of clusters that do not exist, [`report`] how long it took. Never here: running it, which
//! is what any ceremony is run by.

pub mod marked;
pub mod place;
pub mod report;
pub mod requests;

use super::script::{Script, ScriptKind};
use super::vocabulary::Fact;

/// What a script needs to be there before its first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// A root, made by a genesis that nobody attends.
    pub root: bool,
    /// Certificates of clusters, signed likewise: a script that imports no requests works on what is there.
    pub issued: bool,
    /// A copy of the authority and no original.
    pub copy_only: bool,
}

impl Before {
    /// What this script needs.
    pub fn of(script: &Script) -> Self {
        let root = script.kind.begins_with().contains(&Fact::Root);
        let imports = script.steps.iter().any(|step| step.activity == "import-requests");
        Self { root, issued: root && !imports, copy_only: script.kind == ScriptKind::Drill }
    }
}
