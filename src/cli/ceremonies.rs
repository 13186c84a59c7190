//! `root`, `sign`, `export`, `retire`: the commands that hold the ceremonies of every day.

use super::adopt;
use super::answers::Outlook;
use super::args::{Args, Attend, Export, Genesis, OwnScript, Retire, Root, RootCommand, Sign};
use super::ceremony;
use super::decommission;
use super::parent;
use super::room::{self, Found, find, hold};
use super::root_rollover;
use super::terminal::Terminal;
use crate::authority::state::Origin;
use crate::authority::{Config, State, inventory};
use crate::ceremony::is_settled;
use crate::ceremony::room::Wishes;
use crate::ceremony::script::{Script, pinned};
use crate::ceremony::session::Folder;
use crate::ceremony::shares;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::policy;
use crate::text;
use jiff::Timestamp;

use serde::Serialize;

/// `anchorite root …`
pub fn root(args: &Args, a: &Root, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        RootCommand::Create { csr, own, genesis, attend } => create(args, *csr, own, (genesis, attend), terminal),
        RootCommand::Certified(a) => parent::certified(args, a, terminal),
        RootCommand::Adopt(adopt) => adopt::adopt(args, adopt, terminal),
        RootCommand::Rollover(a) => root_rollover::rollover(args, a, terminal),
        RootCommand::Show { generation } => root_rollover::show(args, *generation, terminal),
        RootCommand::Retire(a) => decommission::retire_root(args, a, terminal),
    }
}

/// The script that makes the root of a configuration.
pub fn genesis_of(config: &Config) -> &'static str {
    if config.custody.is_some() { "root-genesis-custody" } else { "root-genesis" }
}

/// Said once every bundle on it was synced and read back.
const TAKE_OUT: &str = "the bundles were read back: it is safe to take the exports medium out";

#[derive(Serialize)]
struct Created {
    changed: bool,
    root_fingerprint: Digest,
    written: Vec<String>,
}

/// `anchorite root create`
pub fn create(
    args: &Args,
    csr: bool,
    own: &OwnScript,
    (genesis, attend): (&Genesis, &Attend),
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, own, genesis_of(&found.config.0))?;
    let wishes = Wishes {
        slot: genesis.slot,
        token_serial: genesis.token_serial.clone(),
        final_try: attend.final_try,
        csr,
        ..Wishes::default()
    };
    let begun = if found.folder.has_log()? { Some(found.folder.read_state()?) } else { None };
    shares::check_token(&found.config.0, genesis.token_serial.is_some(), begun.as_ref().map(|(state, _)| state))?;
    if let Some((state, interrupted)) = begun {
        // A genesis that was cut off, or failed, after its signatures still has files to write and a session to close.
        let failed = !state.completed && state.history.uncovered.is_none();
        let unfinished = state.clusters.is_empty() && (interrupted.is_some() || failed);
        if let (true, false, Some(fingerprint)) = (state.is_founded(), unfinished, root_fingerprint(&found.folder)?) {
            if genesis.if_needed {
                let outcome = Created { changed: false, root_fingerprint: fingerprint, written: Vec::new() };
                return unchanged(&outcome, "The root is there already; nothing was changed.", terminal);
            }
            return Err(Error::new(Kind::Usage, "this authority has a root already")
                .saw(format!("root {fingerprint}"))
                .hint("another root is another authority: anchorite new DIR")
                .truth("Nothing was changed."));
        }
    }
    let held = hold(args, attend, genesis.so_pin_file.as_deref(), script, &found, wishes, terminal)?;
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

/// The script of a command: its own, or one of the same kind that people wrote.
pub fn script(found: &Found, own: &OwnScript, built_in: &str) -> Result<Script, Error> {
    let default = Script::built_in(built_in)?;
    let Some(named) = &own.script else { return pinned_script(found, default) };
    let script = ceremony::read_script(named)?;
    if script.kind == default.kind {
        return Ok(script);
    }
    Err(Error::new(Kind::Usage, "this script is of another kind than the command")
        .saw(format!("kind = \"{}\"", script.kind.name()))
        .wanted(format!("kind = \"{}\"", default.kind.name()))
        .hint(format!("anchorite ceremony run {named}"))
        .truth("Nothing was signed."))
}

/// The script of a command where the configuration in force pins one under its name: the one that ships, or the
/// authority's own `ceremony/NAME.toml`.
fn pinned_script(found: &Found, default: Script) -> Result<Script, Error> {
    let config = match found.folder.read_adopted()? {
        Some(adopted) => Config::parse(&adopted.text)?,
        None => found.config.0.clone(),
    };
    if config.ceremonies.get(&default.name).is_none_or(|pin| *pin == default.sha256) {
        return Ok(default);
    }
    let (name, kind) = (default.name.clone(), default.kind);
    let own = found.folder.path().join("ceremony").join(format!("{name}.toml"));
    let mut at_hand = vec![default];
    if own.exists() {
        at_hand.push(ceremony::read_script(&own.display().to_string())?);
    }
    let script = pinned::choose(&config.ceremonies, &name, at_hand)?;
    if script.kind == kind {
        return Ok(script);
    }
    Err(Error::new(Kind::Usage, "the pinned script is of another kind than the command")
        .saw(format!("kind = \"{}\"", script.kind.name()))
        .wanted(format!("kind = \"{}\"", kind.name()))
        .truth("Nothing was signed."))
}

/// SHA-256 of the root certificate, where there is one.
fn root_fingerprint(folder: &Folder) -> Result<Option<Digest>, Error> {
    let (state, _) = folder.read_state()?;
    Ok(state.certificate_of("root").and_then(|c| c.der.as_ref()).map(|der| Digest::of(der)))
}

/// `anchorite sign`
pub fn sign(args: &Args, a: &Sign, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "intermediate-signing")?;
    founded(&found.folder)?;
    let wishes = Wishes {
        requests: a.from.clone().or_else(|| found.local.media.requests.clone()),
        exports: a.to.clone().or_else(|| found.local.media.exports.clone()),
        final_try: a.attend.final_try,
        clusters: a.offline.clone(),
        if_needed: a.if_needed,
        issuer_generation: a.issuer_generation,
        ..Wishes::default()
    };
    check_media(&wishes, &found.config.0.name)?;
    if a.if_needed {
        let outlook = Outlook::of(&found, &script)?;
        let now = room::clock(args, &found.config.0)?.now();
        if is_settled(&outlook.prospect(now, wishes.requests.as_deref(), &wishes.clusters))? {
            return unchanged(&Signed::nothing(), "Everything here was signed already; nothing was changed.", terminal);
        }
    }
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    if terminal.wants_json() {
        return terminal.json(&Signed {
            changed: !held.issued.is_empty(),
            issued: held.issued,
            written: held.written,
            signing_seconds: Some(held.signing_seconds),
        });
    }
    let open = "on each cluster's side: anchorite open BUNDLE --into NAME";
    terminal.done(&held.written, &[TAKE_OUT, open]);
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

impl Signed {
    fn nothing() -> Self {
        Self { changed: false, issued: Vec::new(), written: Vec::new(), signing_seconds: None }
    }
}

/// The end of a command that was asked to do what is done already.
pub fn unchanged<T: Serialize>(outcome: &T, said: &str, terminal: &mut Terminal) -> Result<(), Error> {
    if terminal.wants_json() {
        return terminal.json(outcome);
    }
    terminal.talk(said);
    Ok(())
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
pub fn founded(folder: &Folder) -> Result<(), Error> {
    let (state, _) = folder.read_state()?;
    if state.is_founded() {
        return Ok(());
    }
    let (what, with) = match state.history.uncovered {
        None => ("the genesis of this authority", "anchorite root create"),
        Some((Origin::Adoption, _)) => ("the adoption of this authority's root", "anchorite root adopt"),
        Some((Origin::Restore, _)) => ("the restore of this authority", "anchorite restore"),
    };
    Err(Error::new(Kind::Usage, format!("{what} is not finished"))
        .hint(format!("finish it with: {with}"))
        .truth("Nothing was signed."))
}

/// `anchorite export`
pub fn export(args: &Args, a: &Export, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "export")?;
    founded(&found.folder)?;
    let mut clusters = a.clusters.clone();
    let state = found.folder.read_state()?.0;
    let now = room::clock(args, &found.config.0)?.now();
    if a.generation.is_some() && clusters.len() > 1 {
        return Err(Error::new(Kind::Usage, "a generation is one cluster's")
            .saw(clusters.join(", "))
            .wanted("one cluster")
            .truth("Nothing was changed."));
    }
    if a.all {
        clusters = all_in_use(&state, now)?;
    }
    if a.if_needed {
        let undelivered = &state.undelivered;
        clusters.retain(|cluster| undelivered.contains(cluster));
        if clusters.is_empty() && (undelivered.is_empty() || !a.clusters.is_empty()) {
            return unchanged(&Signed::nothing(), "Every bundle is there already; nothing was changed.", terminal);
        }
    }
    for cluster in &clusters {
        policy::exportable(&state, cluster, a.generation, now)?;
    }
    let wishes = Wishes {
        exports: a.to.clone().or_else(|| found.local.media.exports.clone()),
        final_try: a.attend.final_try,
        clusters,
        generation: a.generation,
        ..Wishes::default()
    };
    check_media(&wishes, &found.config.0.name)?;
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    if terminal.wants_json() {
        return terminal.json(&Signed {
            changed: !held.written.is_empty(),
            issued: held.issued,
            written: held.written,
            signing_seconds: None,
        });
    }
    terminal.done(&held.written, &[TAKE_OUT, "on each cluster's side: anchorite open BUNDLE --into NAME"]);
    Ok(())
}

/// The clusters that are in use and have a certificate of which a bundle can be made.
fn all_in_use(state: &State, now: Timestamp) -> Result<Vec<String>, Error> {
    let in_use = state.clusters.iter().filter(|(_, cluster)| cluster.retired.is_none());
    let can = |name: &str| policy::exportable(state, name, None, now).is_ok();
    let all: Vec<String> = in_use.map(|(name, _)| name.clone()).filter(|name| can(name)).collect();
    match all.is_empty() {
        false => Ok(all),
        true => Err(Error::new(Kind::Usage, "no cluster here has a certificate that is valid")
            .hint("what there is: anchorite status")
            .truth("Nothing was changed.")),
    }
}

#[derive(Serialize)]
struct Drilled {
    changed: bool,
    entries: u64,
}

/// A drill, by the script that ships or people's own: the authority of `-C` is the copy.
pub fn drill(args: &Args, own: &OwnScript, attend: &Attend, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, own, "restore-drill")?;
    founded(&found.folder)?;
    let wishes = Wishes { final_try: attend.final_try, ..Wishes::default() };
    let held = hold(args, attend, None, script, &found, wishes, terminal)?;
    let entries = found.folder.read_state()?.0.size;
    if terminal.wants_json() {
        return terminal.json(&Drilled { changed: true, entries });
    }
    terminal.talk("The drill is over: this copy and the token are enough to go on with. It is the newest copy now.");
    terminal.done(&held.written, &["bring the other copies up to date, and note on this stick that it was drilled"]);
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
    let script = script(&found, &a.own, "cluster-retirement")?;
    founded(&found.folder)?;
    let state = found.folder.read_state()?.0;
    if a.if_needed && state.clusters.get(&a.cluster).is_some_and(|cluster| cluster.retired.is_some()) {
        let still_valid = inventory::unexpired(&state, &a.cluster, room::clock(args, &found.config.0)?.now());
        let outcome = Retired { changed: false, cluster: a.cluster.clone(), still_valid };
        return unchanged(&outcome, "The cluster is retired already; nothing was changed.", terminal);
    }
    policy::check_retirable(&state, &a.cluster)?;
    let clusters = vec![a.cluster.clone()];
    let wishes = Wishes { final_try: a.attend.final_try, clusters, ..Wishes::default() };
    let now = room::clock(args, &found.config.0)?.now();
    hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let still_valid = inventory::unexpired(&state, &a.cluster, now);
    if terminal.wants_json() {
        return terminal.json(&Retired { changed: true, cluster: a.cluster.clone(), still_valid });
    }
    let valid = text::count(still_valid.len(), "certificate");
    terminal.line(&format!("{} is retired; {valid} of it still valid", a.cluster));
    let revoke = match still_valid.is_empty() {
        true => "nothing of it is left to revoke".to_owned(),
        false => format!("what is still valid: anchorite revoke {} --reason cessationOfOperation", a.cluster),
    };
    terminal.done(
        &[],
        &[
            "on the cluster's side: kubectl -n istio-system delete secret cacerts",
            "and destroy its ca-key.pem and identity.age",
            "a cluster that lives on under another name: anchorite request NEW-NAME",
            &revoke,
        ],
    );
    Ok(())
}
