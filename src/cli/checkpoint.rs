//! `checkpoint`: have somebody elsewhere countersign the log, be that somebody, and take back what they signed.

use super::args::{Args, Checkpoint, CheckpointCommand, Take};
use super::ceremonies::{founded, script, unchanged};
use super::cluster;
use super::countersign;
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::authority::{Config, State};
use crate::ceremony::recovery::Interrupted;
use crate::ceremony::room::Wishes;
use crate::ceremony::{newer_countersignatures, read_countersigned};
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::log::note::MAX_NOTE;
use crate::log::submission;
use crate::store;
use serde::Serialize;
use std::path::Path;

/// `anchorite checkpoint …`
pub fn checkpoint(args: &Args, a: &Checkpoint, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        CheckpointCommand::Export { what, old } => export(args, what.as_deref(), *old, terminal),
        CheckpointCommand::Key { name, into } => countersign::key(name, into, terminal),
        CheckpointCommand::Countersign { request, state, signer, root } => {
            let trusted = signer.as_deref().zip(root.as_deref());
            countersign::countersign(request, state, trusted, cluster::clock(args).now(), terminal)
        }
        CheckpointCommand::Take(a) => take(args, a, terminal),
    }
}

fn export(args: &Args, what: Option<&Path>, old: Option<u64>, terminal: &mut Terminal) -> Result<(), Error> {
    let what = what.map_or_else(|| room::folder(args).path().to_owned(), Path::to_owned);
    let mut state = State::default();
    let reading = store::read(&what, &mut |entry| state.apply(entry)).map_err(|e| super::log::explained(e, &what))?;
    let (Some(note), Some(newest)) = (reading.checkpoint_note(), reading.checkpoint()) else {
        return Err(
            Error::new(Kind::Verify, "this log has no checkpoint yet").hint("a genesis that ended makes the first")
        );
    };
    let old = match old {
        Some(old) => old,
        None => last_seen(&state, newest.size)?,
    };
    let hashes = if old == 0 { Vec::new() } else { reading.consistency(old)? };
    terminal.document(submission::write(old, &hashes, note).as_bytes())
}

/// What every countersigner that the configuration names saw last, where that is one size.
fn last_seen(state: &State, covered: u64) -> Result<u64, Error> {
    let Some(adopted) = state.config(covered) else { return Ok(0) };
    let config = Config::parse(&adopted.text)?;
    let seen = |name: &str| state.witnessed.size_of(name);
    let mut sizes = config.countersigners.keys.iter().map(|key| (key.name(), seen(key.name())));
    let Some((_, first)) = sizes.next() else { return Ok(0) };
    match sizes.find(|(_, size)| *size != first) {
        None => Ok(first),
        Some(_) => {
            let all = config.countersigners.keys.iter().map(|key| format!("{}: {}", key.name(), seen(key.name())));
            Err(Error::new(Kind::Usage, "the countersigners saw different sizes of this log")
                .saw(all.collect::<Vec<_>>().join(", "))
                .hint("print one for each of them: anchorite checkpoint export --old SIZE"))
        }
    }
}

#[derive(Serialize)]
struct Taken {
    changed: bool,
    countersigned: Vec<Seen>,
    written: Vec<String>,
}

#[derive(Serialize)]
struct Seen {
    by: String,
    at: String,
    size: u64,
}

fn take(args: &Args, a: &Take, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "checkpoint-countersigned")?;
    founded(&found.folder)?;
    let cap = u64::try_from(MAX_NOTE).unwrap_or(u64::MAX);
    let notes = a.notes.iter().map(|path| Ok((path.display().to_string(), intake::read(path, cap)?)));
    let notes = notes.collect::<Result<Vec<_>, Error>>()?;
    // As in the step, so that what cannot be taken is found before a token is unlocked: by the configuration that
    // the ceremony adopts.
    let mut state = State::default();
    let reading = store::read(&found.folder.log(), &mut |entry| state.apply(entry))?;
    let now = room::clock(args, &found.config.0)?.now();
    let mut records = Vec::new();
    for (name, note) in &notes {
        let read = read_countersigned(note, &found.config.0, &reading, now);
        records.extend(read.map_err(|error| error.within(name).truth("Nothing was changed."))?);
    }
    let new = newer_countersignatures(records, |name| state.witnessed.size_of(name));
    let interrupted = Interrupted::find(&state, &reading).is_some();
    // What wrote them may not have come to its end: then the ceremony goes on.
    if new.is_empty() && !interrupted {
        if a.if_needed {
            let outcome = Taken { changed: false, countersigned: Vec::new(), written: Vec::new() };
            return unchanged(&outcome, "The log has these countersignatures already; nothing was changed.", terminal);
        }
        return Err(Error::new(Kind::Usage, "the log has these countersignatures already, or newer ones")
            .hint("--if-needed makes this no error")
            .truth("Nothing was changed."));
    }
    let seen = |record: &crate::log::record::CheckpointWitnessed| Seen {
        by: record.by.name().to_owned(),
        at: record.at.to_string(),
        size: record.size,
    };
    let countersigned = new.iter().map(seen).collect();
    let wishes = Wishes { final_try: a.attend.final_try, countersigned: notes, ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    if terminal.wants_json() {
        return terminal.json(&Taken { changed: true, countersigned, written: held.written });
    }
    terminal.done(&held.written, &["anchorite status      what was countersigned, by whom, and what waits"]);
    Ok(())
}
