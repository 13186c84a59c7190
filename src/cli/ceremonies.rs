//! `root`, `sign`, `export`, `ceremony`: the commands that hold or describe ceremonies.

use super::args::{Args, Attend, Ceremony, CeremonyCommand, Export, Retire, Root, RootCommand, Sign};
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::authority::inventory;
use crate::ceremony::room::Wishes;
use crate::ceremony::script::{BUILT_IN, Script};
use crate::ceremony::session::Folder;
use crate::consumer::card;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::policy;
use crate::screen::Screen;
use crate::text;
use crate::words;
use serde::Serialize;
use std::path::Path;

/// `anchorite root …`
pub fn root(args: &Args, a: &Root, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        RootCommand::Create { attend, so_pin_file, slot, token_serial, if_needed } => {
            let wishes = Wishes { slot: *slot, token_serial: token_serial.clone(), ..Wishes::default() };
            create(args, attend, so_pin_file.as_deref(), *if_needed, wishes, terminal)
        }
        RootCommand::Show => show(args, terminal),
    }
}

#[derive(Serialize)]
struct Created {
    changed: bool,
    root_fingerprint: Digest,
    written: Vec<String>,
}

fn create(
    args: &Args,
    attend: &Attend,
    so_pin_file: Option<&Path>,
    if_needed: bool,
    mut wishes: Wishes,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let found = find(args)?;
    wishes.final_try = attend.final_try;
    if found.folder.has_log()? {
        let (state, interrupted) = found.folder.read_state()?;
        // A genesis that was cut off after its signatures still has files to write and a session to close.
        let unfinished = state.clusters.is_empty() && interrupted.is_some();
        if let (true, false, Some(fingerprint)) = (state.is_founded(), unfinished, root_fingerprint(&found.folder)?) {
            if if_needed {
                let outcome = Created { changed: false, root_fingerprint: fingerprint, written: Vec::new() };
                if terminal.wants_json() {
                    return terminal.json(&outcome);
                }
                terminal.talk("The root is there already; nothing was changed.");
                return Ok(());
            }
            return Err(Error::new(Kind::Usage, "this authority has a root already")
                .saw(format!("root {fingerprint}"))
                .hint("another root is another authority: anchorite new DIR")
                .truth("Nothing was changed."));
        }
    }
    let held = hold(args, attend, so_pin_file, "root-genesis", &found, wishes, terminal)?;
    let fingerprint =
        root_fingerprint(&found.folder)?.ok_or_else(|| Error::new(Kind::Bug, "a finished genesis has no root"))?;
    if terminal.wants_json() {
        return terminal.json(&Created { changed: true, root_fingerprint: fingerprint, written: held.written });
    }
    terminal.done(
        &held.written,
        &[
            "anchorite root show      print the card; carry it apart from the sticks",
            "then, on each cluster's side: anchorite request NAME",
        ],
    );
    terminal.line(&format!("root   sha256 {fingerprint}"));
    Ok(())
}

/// SHA-256 of the root certificate, where there is one.
fn root_fingerprint(folder: &Folder) -> Result<Option<Digest>, Error> {
    let (state, _) = folder.read_state()?;
    Ok(state.certificate_of("root").and_then(|c| c.der.as_ref()).map(|der| Digest::of(der)))
}

#[derive(Serialize)]
struct Card {
    name: String,
    kind: String,
    origin: String,
    sha256: Digest,
    words: Vec<&'static str>,
}

fn show(args: &Args, terminal: &mut Terminal) -> Result<(), Error> {
    let (state, interrupted) = room::folder(args).read_state()?;
    let Some(der) = state.certificate_of("root").and_then(|c| c.der.clone()) else {
        return Err(Error::new(Kind::Medium, "this authority has no root yet").hint("anchorite root create makes it"));
    };
    if let Some(interrupted) = interrupted {
        terminal.screen(&interrupted.screen());
    }
    if terminal.wants_json() {
        let sha256 = Digest::of(&der);
        let words = words::words(&sha256.0);
        return terminal.json(&Card { name: state.name, kind: state.kind, origin: state.origin, sha256, words });
    }
    let card = card::root_card(&state.name, &state.kind, &state.origin, &der)?;
    terminal.result_screen(&card)
}

/// `anchorite sign`
pub fn sign(args: &Args, a: &Sign, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    founded(&found.folder)?;
    let wishes = Wishes {
        requests: a.from.clone().or_else(|| found.local.media.requests.clone()),
        exports: a.to.clone().or_else(|| found.local.media.exports.clone()),
        final_try: a.attend.final_try,
        clusters: a.offline.clone(),
        ..Wishes::default()
    };
    check_media(&wishes, &found.config.0.name)?;
    let held = hold(args, &a.attend, None, "intermediate-signing", &found, wishes, terminal)?;
    if terminal.wants_json() {
        return terminal.json(&Signed {
            changed: !held.issued.is_empty(),
            issued: held.issued,
            written: held.written,
            signing_seconds: Some(held.signing_seconds),
        });
    }
    let open = "on each cluster's side: anchorite open BUNDLE --into NAME";
    terminal.done(&held.written, &["take the exports medium out and carry it to the clusters", open]);
    Ok(())
}

#[derive(Serialize)]
struct Signed {
    changed: bool,
    issued: Vec<String>,
    written: Vec<String>,
    /// From the start of signing to outcomes under a checkpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_seconds: Option<f64>,
}

/// What can be known of the media before anybody unlocks a token.
fn check_media(wishes: &Wishes, authority: &str) -> Result<(), Error> {
    use crate::ceremony::media;
    if let Some(dir) = &wishes.requests {
        media::check_requests(dir).map_err(|error| error.truth("Nothing was signed."))?;
    }
    match &wishes.exports {
        Some(dir) => media::check_exports(dir, authority).map_err(|error| error.truth("Nothing was signed.")),
        None => Err(media::no_exports()),
    }
}

/// A ceremony on an authority without a root is a mistake that needs no token to be found.
fn founded(folder: &Folder) -> Result<(), Error> {
    let (state, _) = folder.read_state()?;
    if state.is_founded() {
        return Ok(());
    }
    Err(Error::new(Kind::Usage, "the genesis of this authority is not finished")
        .hint("finish it with: anchorite root create")
        .truth("Nothing was signed."))
}

/// `anchorite export`
pub fn export(args: &Args, a: &Export, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    founded(&found.folder)?;
    let wishes = Wishes {
        exports: a.to.clone().or_else(|| found.local.media.exports.clone()),
        final_try: a.attend.final_try,
        clusters: a.clusters.clone(),
        ..Wishes::default()
    };
    check_media(&wishes, &found.config.0.name)?;
    let held = hold(args, &a.attend, None, "export", &found, wishes, terminal)?;
    if terminal.wants_json() {
        return terminal.json(&Signed {
            changed: !held.written.is_empty(),
            issued: held.issued,
            written: held.written,
            signing_seconds: None,
        });
    }
    terminal.done(&held.written, &["on each cluster's side: anchorite open BUNDLE --into NAME"]);
    Ok(())
}

#[derive(Serialize)]
struct Retired {
    changed: bool,
    cluster: String,
    still_valid: Vec<inventory::Issued>,
}

/// `anchorite retire`
pub fn retire(args: &Args, a: &Retire, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    founded(&found.folder)?;
    policy::check_retirable(&found.folder.read_state()?.0, &a.cluster)?;
    let clusters = vec![a.cluster.clone()];
    let wishes = Wishes { final_try: a.attend.final_try, clusters, ..Wishes::default() };
    let now = room::clock(args, &found.config.0)?.now();
    hold(args, &a.attend, None, "cluster-retirement", &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let still_valid = inventory::unexpired(&state, &a.cluster, now);
    if terminal.wants_json() {
        return terminal.json(&Retired { changed: true, cluster: a.cluster.clone(), still_valid });
    }
    let valid = text::count(still_valid.len(), "certificate");
    terminal.line(&format!("{} is retired; {valid} of it still valid", a.cluster));
    terminal.done(
        &[],
        &[
            "on the cluster's side: kubectl -n istio-system delete secret cacerts",
            "and destroy its ca-key.pem and identity.age",
            "a cluster that lives on under another name: anchorite request NEW-NAME",
        ],
    );
    Ok(())
}

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    purpose: String,
    sha256: Digest,
}

/// `anchorite ceremony …`
pub fn ceremony(a: &Ceremony, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        CeremonyCommand::List => {
            let mut listed = Vec::new();
            let mut screen = Screen::new();
            for (name, text) in BUILT_IN {
                let script = Script::parse(name, text)?;
                screen = screen.heading(*name, script.title.clone()).indented(&script.purpose);
                listed.push(Listed {
                    name: script.name,
                    title: script.title,
                    purpose: script.purpose,
                    sha256: script.sha256,
                });
            }
            if terminal.wants_json() {
                return terminal.json(&listed);
            }
            terminal.result_screen(&screen)
        }
        CeremonyCommand::Check { script } => {
            let script = if BUILT_IN.iter().any(|(name, _)| name == script) {
                Script::built_in(script)?
            } else {
                Script::parse(script, &Folder::read_text(Path::new(script))?)?
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
    }
}
