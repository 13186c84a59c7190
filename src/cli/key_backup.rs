//! `key-backup`: a copy of the root's token is made and proved.

use super::args::{Args, KeyBackup};
use super::ceremonies::{founded, script};
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::ceremony::key_backup;
use crate::ceremony::room::Wishes;
use crate::error::{Error, Kind};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Backed {
    changed: bool,
    name: String,
    serial: String,
    proved: Timestamp,
}

/// `anchorite key-backup`
pub fn key_backup(args: &Args, a: &KeyBackup, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "key-backup")?;
    founded(&found.folder)?;
    key_backup::check(&found.config.0, &room::profile_named(&found.config.0.token.profile)?)?;
    if found.local.backup.token.is_none() {
        return Err(crate::ceremony::backups::nowhere());
    }
    let wishes = Wishes { final_try: a.attend.final_try, ..Wishes::default() };
    hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let made = state.backups.all().last().and_then(|backup| Some((backup, backup.proved()?)));
    let Some((backup, proved)) = made else {
        return Err(Error::new(Kind::Bug, "a finished key backup is not proved"));
    };
    if terminal.wants_json() {
        let (name, serial) = (backup.name.clone(), backup.serial.clone());
        return terminal.json(&Backed { changed: true, name, serial, proved });
    }
    terminal.done(
        &[],
        &[
            "keep the key backup apart from the token",
            "once a year: anchorite ceremony run restore-drill proves it again",
        ],
    );
    Ok(())
}
