//! `log show --uses-of-root`: every use of the root key that a log knows of, one after another, and their count.

use super::log::explained;
use super::terminal::Terminal;
use crate::authority::State;
use crate::ceremony::record::uses::{Use, Uses};
use crate::error::Error;
use crate::screen::Screen;
use crate::store;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Listed {
    authority: String,
    origin: String,
    entries: u64,
    #[serde(flatten)]
    uses: Uses,
}

/// Shows the uses of the root key in a log (an authority's directory, a publication, a log's, or an `entries.jsonl`).
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium), [`Kind::Verify`](crate::error::Kind::Verify).
pub fn show(what: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let (mut uses, mut state) = (Uses::default(), State::default());
    let reading = store::read(what, &mut |entry| {
        uses.entry(entry);
        state.apply(entry)
    })
    .map_err(|error| explained(error, what))?;
    let uses = uses.counted();
    if terminal.wants_json() {
        let State { name, origin, .. } = state;
        return terminal.json(&Listed { authority: name, origin, entries: reading.size(), uses });
    }
    let heading = Screen::new().heading(format!("Uses of the root key · {}", state.name), &state.kind);
    let screen = uses.uses.iter().fold(heading, |screen, one| screen.blank().then(screen_of(one)));
    let screen = screen.blank().text(format!(
        "{}. The root's token was unlocked {}, in {} entries of the log.",
        uses.total(),
        times(uses.token_unlocked),
        reading.size(),
    ));
    let screen = state.uncovered().iter().fold(screen, |screen, says| screen.text(says));
    terminal.result_screen(&screen)
}

fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

fn screen_of(one: &Use) -> Screen {
    let entries = match one.outcome_entry {
        Some(outcome) => format!("entries {}, {outcome}", one.entry),
        None => format!("entry {}", one.entry),
    };
    let outcome = if one.outcome == "ok" { "ok".to_owned() } else { one.outcome.to_uppercase() };
    let key = one.root_generation.map(|generation| format!("   (root key {generation})")).unwrap_or_default();
    let mut screen = Screen::new()
        .heading(format!("{} · {} · {entries}", one.time, one.ceremony), outcome)
        .field(one.act, format!("{}{key}", one.says));
    if let Some(serial) = &one.serial {
        screen = screen.field("serial", serial.colons());
    }
    if let Some(number) = one.crl_number {
        screen = screen.field("CRL number", number.to_string());
    }
    if let Some(sha256) = &one.sha256 {
        screen = screen.field("sha256", sha256.hex());
    }
    screen.field("by", one.actors.join(", "))
}
