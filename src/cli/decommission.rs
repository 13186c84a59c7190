//! `decommission` and `root retire`: the end of root keys.

use super::args::{Args, Decommission, RetireRoot};
use super::ceremonies::{founded, script};
use super::room::{find, hold};
use super::terminal::Terminal;
use crate::ceremony::check_generation;
use crate::ceremony::room::Wishes;
use crate::error::{Error, Kind};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Ended {
    changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Timestamp>,
    destroyed_generations: Vec<u32>,
    key_backups_left: Vec<String>,
}

/// `anchorite decommission`
pub fn decommission(args: &Args, a: &Decommission, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "decommission")?;
    founded(&found.folder)?;
    let wishes = Wishes { final_try: a.attend.final_try, ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let ended = state.ended().ok_or_else(|| Error::new(Kind::Bug, "a decommissioned authority has not ended"))?;
    let left: Vec<String> = state.backups.all().iter().map(|backup| backup.name.clone()).collect();
    if terminal.wants_json() {
        let roots = state.keys.iter().filter(|key| key.role == "root" && key.spki.is_some());
        let destroyed_generations = roots.map(|key| key.generation).collect();
        return terminal.json(&Ended {
            changed: true,
            ended: Some(ended),
            destroyed_generations,
            key_backups_left: left,
        });
    }
    for name in &left {
        terminal.talk(&format!("Still there: the key backup {name}. It can sign for whoever opens it."));
    }
    terminal.done(
        &held.written,
        &[
            "publish public/ for good: the CRL in it is the last",
            "keep log, records and signed paper; anchorite log verify DIR --at-rest",
            "wipe or destroy the token, and destroy what opened it",
        ],
    );
    Ok(())
}

/// `anchorite root retire`
pub fn retire_root(args: &Args, a: &RetireRoot, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "root-retirement")?;
    founded(&found.folder)?;
    check_generation(&found.folder.read_state()?.0, a.generation)?;
    let root_generation = Some(a.generation);
    let wishes = Wishes { final_try: a.attend.final_try, root_generation, ..Wishes::default() };
    let held = hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let holds = |backup: &&crate::authority::state::Backup| backup.generations.contains_key(&a.generation);
    let left: Vec<String> = state.backups.all().iter().filter(holds).map(|backup| backup.name.clone()).collect();
    if terminal.wants_json() {
        let destroyed_generations = vec![a.generation];
        return terminal.json(&Ended { changed: true, ended: None, destroyed_generations, key_backups_left: left });
    }
    for name in &left {
        terminal.talk(&format!("Still there: the key backup {name}. It can sign for whoever opens it."));
    }
    let last = format!("publish public/root-g{}.crl: no CRL of that root follows it", a.generation);
    terminal.done(&held.written, &[&last, "anchorite status says what the newer root has issued"]);
    Ok(())
}
