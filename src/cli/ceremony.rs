//! `ceremony …`: scripts are listed, checked and run. What a run does is what the command of its kind does.

use super::answers;
use super::args::{
    Args, Ceremony, CeremonyCommand, Change, Crl, Decommission, Export, KeyPlace, KeyRestore, OwnScript, Retire,
    Revoke, RootRollover, Run, Sign,
};
use super::ceremonies;
use super::custody;
use super::decommission;
use super::key_backup;
use super::paper;
use super::rehearse;
use super::terminal::Terminal;
use super::{revocation, root_rollover};
use crate::ceremony::script::{BUILT_IN, Script, ScriptKind};
use crate::ceremony::session::Folder;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::screen::Screen;
use crate::text;
use crate::words;
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    purpose: String,
    sha256: Digest,
}

/// `anchorite ceremony …`
pub fn ceremony(args: &Args, a: &Ceremony, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        CeremonyCommand::List => list(terminal),
        CeremonyCommand::Check { script } => check(script, terminal),
        CeremonyCommand::Rehearse(a) => rehearse::rehearse(args, a, terminal),
        CeremonyCommand::Answers(a) => answers::answers(args, a, terminal),
        CeremonyCommand::Script(printed) => paper::print_script(args, printed, terminal),
        CeremonyCommand::Run(run) => self::run(args, run, terminal),
        CeremonyCommand::Record(record) => super::record::record(args, record, terminal),
    }
}

/// A script by the name of one that ships, or from a file.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`].
pub fn read_script(script: &str) -> Result<Script, Error> {
    let (name, text) = source(script)?;
    Script::parse(&name, &text)
}

/// The name and the text of a script.
fn source(script: &str) -> Result<(String, String), Error> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == script) {
        return Ok(((*name).to_owned(), (*text).to_owned()));
    }
    let path = Path::new(script);
    let name = path.file_stem().map_or_else(|| "script".to_owned(), |name| name.to_string_lossy().into_owned());
    let text = Folder::read_text(path).map_err(|error| {
        let near = text::nearest(script, BUILT_IN.iter().map(|(name, _)| *name));
        match near.filter(|_| !path.exists()) {
            Some(near) => error.hint(format!("did you mean the script that ships, {near}?")),
            None => error,
        }
    })?;
    Ok((name, text))
}

fn list(terminal: &mut Terminal) -> Result<(), Error> {
    let mut listed = Vec::new();
    let mut screen = Screen::new();
    for (name, text) in BUILT_IN {
        let script = Script::parse(name, text)?;
        screen = screen.heading(*name, script.title.clone()).indented(&script.purpose);
        listed.push(Listed { name: script.name, title: script.title, purpose: script.purpose, sha256: script.sha256 });
    }
    if terminal.wants_json() {
        return terminal.json(&listed);
    }
    terminal.result_screen(&screen)
}

fn check(script: &str, terminal: &mut Terminal) -> Result<(), Error> {
    let (name, text) = source(script)?;
    let script = match Script::find_faults(&name, &text) {
        Ok(script) => script,
        Err(faults) => {
            let count = text::count(faults.len(), "fault");
            for fault in faults {
                terminal.error(&fault.error(&format!("{name}.toml")));
            }
            return Err(Error::new(Kind::Usage, format!("{name}.toml cannot work")).saw(count));
        }
    };
    if terminal.wants_json() {
        let Script { title, purpose, sha256, .. } = script;
        return terminal.json(&Listed { name: script.name, title, purpose, sha256 });
    }
    let screen = Screen::new()
        .heading(format!("{} can work", script.name), format!("{} steps", script.steps.len()))
        .field("sha256", script.sha256.hex())
        .field("words 1-4", words::words(script.sha256.0.get(..4).unwrap_or_default()).join(" "));
    terminal.result_screen(&screen)
}

/// A script is held by the command of its kind.
fn run(args: &Args, run: &Run, terminal: &mut Terminal) -> Result<(), Error> {
    let own = || OwnScript { script: Some(run.script.clone()) };
    let attend = run.attend.clone();
    let (from, to, if_needed) = (run.from.clone(), run.to.clone(), run.genesis.if_needed);
    match read_script(&run.script)?.kind {
        ScriptKind::Genesis => ceremonies::create(args, false, &own(), (&run.genesis, &attend), terminal),
        ScriptKind::Signing => {
            let sign = Sign {
                from,
                to,
                offline: run.clusters.clone(),
                if_needed,
                issuer_generation: None,
                own: own(),
                attend,
            };
            ceremonies::sign(args, &sign, terminal)
        }
        ScriptKind::Export => {
            let clusters = run.clusters.clone();
            let export = Export { clusters, all: false, generation: None, to, if_needed, own: own(), attend };
            ceremonies::export(args, &export, terminal)
        }
        ScriptKind::Rollover => {
            let rollover = RootRollover { cross: false, generation: None, if_needed: false, own: own(), attend };
            root_rollover::rollover(args, &rollover, terminal)
        }
        ScriptKind::Backup => key_backup::make(args, &own(), &attend, terminal),
        ScriptKind::KeyRestore => {
            let place = KeyPlace { slot: None, token_serial: None };
            key_backup::restore(args, &KeyRestore { place, own: own(), attend }, terminal)
        }
        ScriptKind::Decommission => decommission::decommission(args, &Decommission { own: own(), attend }, terminal),
        ScriptKind::RootEnd => Err(Error::new(Kind::Usage, "the generation that ends is named with the command")
            .hint(format!("anchorite root retire GENERATION --script {}", run.script))),
        ScriptKind::Certified => Err(Error::new(Kind::Usage, "what a parent issued is named with the command")
            .hint(format!("anchorite root certified FILE --script {}", text::escape(&run.script)))
            .truth("Nothing was signed.")),
        ScriptKind::Checkpoint => {
            Err(Error::new(Kind::Usage, "what was countersigned elsewhere is named with the command")
                .hint(format!("anchorite checkpoint take FILE --script {}", text::escape(&run.script)))
                .truth("Nothing was changed."))
        }
        ScriptKind::Adoption => Err(Error::new(Kind::Usage, "an adoption is held with the files that it takes over")
            .hint(format!(
                "anchorite root adopt --script {} --certificate FILE --token-serial SERIAL",
                text::escape(&run.script)
            ))
            .truth("Nothing was signed.")),
        ScriptKind::Restore => Err(Error::new(Kind::Usage, "a restore is held with the copy that is left")
            .hint(format!("anchorite -C NEW-DIRECTORY restore --script {} --from COPY", text::escape(&run.script)))
            .truth("Nothing was signed.")),
        ScriptKind::Drill => ceremonies::drill(args, &own(), &attend, terminal),
        ScriptKind::Custody => {
            let change = Change { own: own(), so_pin_file: run.genesis.so_pin_file.clone(), attend };
            custody::change(args, &change, terminal)
        }
        kind @ (ScriptKind::Revocation | ScriptKind::Emergency) => {
            let (what, why) = (run.clusters.clone(), run.why.clone());
            let emergency = kind == ScriptKind::Emergency;
            let seats = run.seats.clone();
            let revoke = Revoke { what, why, emergency, seats, if_needed, own: own(), attend };
            revocation::revoke(args, &revoke, terminal)
        }
        ScriptKind::Refresh => revocation::crl(args, &Crl { csr: false, if_needed, own: own(), attend }, terminal),
        ScriptKind::Retirement => {
            let [cluster] = run.clusters.as_slice() else {
                return Err(Error::new(Kind::Usage, "a retirement is of one cluster")
                    .saw(text::count(run.clusters.len(), "cluster"))
                    .hint("name it: --cluster NAME"));
            };
            ceremonies::retire(args, &Retire { cluster: cluster.clone(), if_needed, own: own(), attend }, terminal)
        }
    }
}
