//! The printed script: the same steps, numbers and roles that the program runs, with room for what people see,
//! decide and sign.
//!
//! Pure: what is printed is handed in. Never here: what a step does; the numbers of steps are the script's order.

mod agenda;
mod cover;
mod losses;
mod people;
mod steps;

pub use agenda::Expected;
pub use losses::{Loss, Quorum, Setting, losses};

use super::{Head, document, parts};
use crate::authority::Config;
use crate::ceremony::script::Script;
use crate::ceremony::steps::unlock_token;
use crate::digest::Digest;
use crate::token::hsm_profile;
use maud::html;
use std::collections::BTreeMap;

/// What goes on the paper.
#[derive(Debug)]
pub struct Printout<'a> {
    /// The script.
    pub script: &'a Script,
    /// The script's file name, as `sha256sum` shows it.
    pub file: &'a str,
    /// The authority that it is printed for; without one the paper is for any.
    pub authority: Option<Authority<'a>>,
    /// The programs of the ceremony.
    pub software: Vec<Software>,
    /// Values that earlier ceremonies recorded, the newest of each name.
    pub last: BTreeMap<String, String>,
    /// The requests that are expected, where somebody said which.
    pub agenda: Option<Vec<Expected>>,
}

/// An authority, as its configuration has it.
#[derive(Debug)]
pub struct Authority<'a> {
    /// `authority.toml`.
    pub config: &'a Config,
    /// SHA-256 of its text.
    pub sha256: Digest,
    /// SHA-256 of the text that the log adopted; `None` before genesis.
    pub in_force: Option<Digest>,
    /// The shares that open its token; `None` where people know the PIN.
    pub quorum: Option<Quorum>,
    /// What the profiles of its tokens say of quorums of the vendors' own.
    pub native: Vec<Native>,
}

/// A quorum that a token's vendor asks for beside the PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Native {
    /// `root` or `audit`.
    pub role: &'static str,
    /// The token's family.
    pub title: String,
    /// What its profile says.
    pub quorum: hsm_profile::Quorum,
}

impl Authority<'_> {
    fn setting(&self) -> Setting {
        Setting { backup: self.config.key_backup.mode, quorum: self.quorum }
    }
}

/// A program or module that takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Software {
    /// Its file.
    pub name: String,
    /// Its SHA-256; `None` where it is not known here, and is to be written in.
    pub sha256: Option<Digest>,
}

impl Printout<'_> {
    /// The vendors' quorums, where this ceremony unlocks a token.
    fn native(&self) -> &[Native] {
        let unlocks = self.script.steps.iter().any(|step| step.activity == unlock_token::ACTIVITY.name);
        self.authority.as_ref().filter(|_| unlocks).map_or(&[], |authority| authority.native.as_slice())
    }

    /// The people who take part: as many of each role as the script and the configuration want.
    fn roles(&self) -> Vec<(String, usize)> {
        let least = |role: &str| self.authority.as_ref().map_or(0, |authority| authority.config.roles.least(role));
        self.script.roles.iter().map(|(role, count)| (role.clone(), (*count).max(least(role)))).collect()
    }
}

/// The printed script, one HTML file.
pub fn script(printout: &Printout<'_>) -> String {
    let name = printout.authority.as_ref().map(|a| a.config.name.as_str());
    let running = match name {
        Some(name) => format!("{name} · {}", printout.script.title),
        None => printout.script.title.clone(),
    };
    let seats = parts::seats(&printout.roles());
    let body = html! {
        (cover::cover(printout))
        (people::participants(&seats, people::emergency(printout), people::native(printout)))
        (cover::before(printout))
        @if let Some(expected) = &printout.agenda { (agenda::page(expected)) }
        (steps::page(printout))
        (people::exceptions())
        (losses::page(printout.authority.as_ref().map(Authority::setting)))
        (people::closing(&seats))
    };
    let foot = format!("script sha256 {}…", printout.script.sha256.short());
    let mark = printout.authority.as_ref().and_then(|a| a.config.kind.marking_unit());
    document(&Head { title: &running, running: &running, foot: &foot, mark }, &body)
}
