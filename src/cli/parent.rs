//! `root certified`: what a parent outside issued for the root.

use super::args::{Args, Certified};
use super::ceremonies::{founded, script, unchanged};
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::ceremony::check_certified;
use crate::ceremony::room::Wishes;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::x509::pem;
use serde::Serialize;

/// The file of a parent, at the most, in bytes.
const MAX_CHAIN: u64 = 64 * 1024;

#[derive(Serialize)]
struct Taken {
    changed: bool,
    generation: u32,
    written: Vec<String>,
}

/// `anchorite root certified`
pub fn certified(args: &Args, a: &Certified, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "root-certified")?;
    founded(&found.folder)?;
    let bytes = intake::read(&a.chain, MAX_CHAIN)?;
    let named = a.chain.display().to_string();
    let parent = pem::decode_all(&pem::without_text(&bytes), "CERTIFICATE")
        .map_err(|error| error.into_kind(Kind::Refused).within(&named).truth("Nothing was changed."))?;
    let now = room::clock(args, &found.config.0)?.now();
    let (state, _) = found.folder.read_state()?;
    let (generation, _) = check_certified(&state, &parent, now)?;
    if a.if_needed && state.parents.paths.get(&generation) == Some(&parent) {
        let outcome = Taken { changed: false, generation, written: Vec::new() };
        return unchanged(&outcome, "The log has these certificates already; nothing was changed.", terminal);
    }
    let wishes = Wishes { final_try: a.attend.final_try, parent, ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    if terminal.wants_json() {
        return terminal.json(&Taken { changed: true, generation, written: held.written });
    }
    terminal.done(
        &held.written,
        &[
            "anchorite export --all      each cluster's chain then leads to the parent",
            "who trusts the parent's root accepts the meshes' workloads from then on",
        ],
    );
    Ok(())
}
