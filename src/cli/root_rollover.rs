//! `root rollover`: the next root beside the one that is there. `root show`: the card of a root.

use super::args::{Args, RootRollover};
use super::ceremonies::{founded, script, unchanged};
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::authority::State;
use crate::authority::config::BackupMode;
use crate::authority::state::Piece;
use crate::ceremony::attestation;
use crate::ceremony::room::Wishes;
use crate::ceremony::script::Script;
use crate::ceremony::session;
use crate::consumer::card;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::token::KeyRole;
use crate::words;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct RolledOver {
    changed: bool,
    generation: u32,
    root_fingerprint: Digest,
    written: Vec<String>,
}

/// `anchorite root rollover`
pub fn rollover(args: &Args, a: &RootRollover, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, if a.cross { "root-rollover-cross" } else { "root-rollover" })?;
    founded(&found.folder)?;
    let now = room::clock(args, &found.config.0)?.now();
    let (state, interrupted) = found.folder.read_state()?;
    let session = interrupted.as_ref().and_then(|i| i.session.as_ref()).filter(|s| s.ceremony == script.name);
    let done: Option<Vec<String>> = match session::unfinished(&found.folder, &script)? {
        Some(course) => Some(course.done.into_iter().map(|done| done.step).collect()),
        None => session.map(|session| session.steps.clone()),
    };
    // A session that closed and whose last checkpoint is not in place had made everything.
    let closed = interrupted.as_ref().is_some_and(|i| i.uncovered.as_ref() == Some(&script.name));
    let closed = closed.then(|| state.succession().root.saturating_sub(1));
    let generation = match done.map(|done| unfinished(&state, &script, &done)).or(closed) {
        Some(begun) => asked(a, begun)?,
        None if a.if_needed && a.generation.is_some_and(|wanted| wanted < state.succession().root) => {
            let generation = a.generation.unwrap_or_default();
            let root_fingerprint = fingerprint(&state, generation)?;
            let outcome = RolledOver { changed: false, generation, root_fingerprint, written: Vec::new() };
            return unchanged(&outcome, "That root is there already; nothing was changed.", terminal);
        }
        None => wanted(a, &state, now)?,
    };
    let wishes = Wishes { final_try: a.attend.final_try, root_generation: Some(generation), ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let root_fingerprint = fingerprint(&state, generation)?;
    if terminal.wants_json() {
        return terminal.json(&RolledOver { changed: true, generation, root_fingerprint, written: held.written });
    }
    let card = format!("anchorite root show --generation {generation}     print the card; carry it apart");
    let mut next = vec![
        card.as_str(),
        "anchorite export --all --to OUT     bundles that bring both roots",
        "on each cluster's side: anchorite rollover plan, before it is renewed",
        "anchorite sign --issuer-generation N     while a mesh cannot move yet",
    ];
    if found.config.0.key_backup.mode != BackupMode::None {
        next.insert(1, "anchorite key-backup     no backup has the new root's key yet");
    }
    terminal.done(&held.written, &next);
    terminal.line(&format!("root {generation} sha256 {root_fingerprint}"));
    Ok(())
}

/// The generation of a rollover that people paused or a crash cut off after these steps.
fn unfinished(state: &State, script: &Script, done: &[String]) -> u32 {
    let next = state.succession();
    let mut steps = script.steps.iter().filter(|step| done.contains(&step.id));
    // Where its keys were made and none waits to be certified or handed the log, all of it is made.
    let made = !next.begun && steps.any(|step| step.activity == "generate-next-root");
    if made { next.root.saturating_sub(1) } else { next.root }
}

/// The generation of an unfinished rollover, where people asked for no other.
fn asked(a: &RootRollover, begun: u32) -> Result<u32, Error> {
    match a.generation {
        Some(other) if other != begun => Err(Error::new(Kind::Usage, "another rollover is not finished")
            .saw(format!("--generation {other}"))
            .wanted(format!("generation {begun}"))
            .hint("finish it first: anchorite root rollover")
            .truth("Nothing was signed.")),
        _ => Ok(begun),
    }
}

/// The generation to make. Where two roots are current, a third is made by its number only: the command run twice
/// must not make two.
fn wanted(a: &RootRollover, state: &State, now: Timestamp) -> Result<u32, Error> {
    let next = state.succession();
    let current = state.current_roots(now).len();
    match a.generation {
        Some(wanted) if wanted < next.root => Err(Error::new(Kind::Usage, "that root is there already")
            .saw(format!("generation {wanted}"))
            .wanted(format!("generation {}", next.root))
            .hint("anchorite root show --generation N shows its card")
            .truth("Nothing was changed.")),
        Some(wanted) if wanted > next.root => Err(Error::new(Kind::Usage, "generations of roots have no gaps")
            .saw(format!("generation {wanted}"))
            .wanted(format!("generation {}", next.root))
            .truth("Nothing was changed.")),
        Some(wanted) => Ok(wanted),
        None if current > 1 && !next.begun => Err(Error::new(Kind::Usage, "a rollover was held already")
            .saw(format!("{current} current roots, the newest of generation {}", next.root - 1))
            .hint(format!("to make one more all the same: anchorite root rollover --generation {}", next.root))
            .hint("meshes move to the newest with: anchorite sign, after every cluster trusts both")
            .truth("Nothing was changed.")),
        None => Ok(next.root),
    }
}

fn fingerprint(state: &State, generation: u32) -> Result<Digest, Error> {
    let der = state.roots().get(&generation).and_then(|root| root.der.as_ref());
    der.map(|der| Digest::of(der)).ok_or_else(|| Error::new(Kind::Bug, "a finished rollover has no root"))
}

#[derive(Serialize)]
struct Card {
    name: String,
    kind: String,
    origin: String,
    generation: u32,
    sha256: Digest,
    words: Vec<&'static str>,
    /// The vendor's evidence of where its key was made, as the log has it.
    attested: Vec<Attested>,
}

#[derive(Serialize)]
struct Attested {
    entry: u64,
    name: String,
    source: String,
    of: String,
    signed_by: Option<Digest>,
    sha256: Digest,
}

/// `anchorite root show`
pub fn show(args: &Args, generation: Option<u32>, terminal: &mut Terminal) -> Result<(), Error> {
    let (state, interrupted) = room::folder(args).read_state()?;
    let roots = state.roots();
    let chosen = match generation {
        Some(generation) => roots.get_key_value(&generation),
        None => roots.last_key_value(),
    };
    let Some((generation, der)) = chosen.and_then(|(generation, root)| Some((*generation, root.der.clone()?))) else {
        return Err(match roots.keys().map(u32::to_string).collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => {
                Error::new(Kind::Medium, "this authority has no root yet").hint("anchorite root create makes it")
            }
            there => Error::new(Kind::Usage, "no root has this generation")
                .saw(generation.unwrap_or_default().to_string())
                .wanted(there),
        });
    };
    if let Some(interrupted) = interrupted {
        terminal.screen(&interrupted.screen());
    }
    let pieces: Vec<&Piece> = state.attested(KeyRole::Root.name(), generation).collect();
    if terminal.wants_json() {
        let sha256 = Digest::of(&der);
        let words = words::words(&sha256.0);
        let attested = pieces.into_iter().map(|piece| Attested {
            entry: piece.at,
            name: piece.record.name.clone(),
            source: piece.record.source.clone(),
            of: piece.record.of.clone(),
            signed_by: piece.record.signed_by,
            sha256: piece.record.sha256,
        });
        return terminal.json(&Card {
            attested: attested.collect(),
            name: state.name,
            kind: state.kind,
            origin: state.origin,
            generation,
            sha256,
            words,
        });
    }
    let card = card::root_card(&state.name, &state.kind, &state.origin, &der, state.uncovered().as_deref())?;
    let card = pieces.iter().fold(card, |card, piece| {
        let what = format!("{}, entry {}: {}", piece.record.name, piece.at, attestation::says(&piece.record.of));
        card.field("attested", what).field("", format!("sha256 {}", piece.record.sha256.hex()))
    });
    terminal.result_screen(&card)
}
