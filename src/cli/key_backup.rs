//! `key-backup`: a copy of the root's token, or a file of its wrapped keys, is made and proved; and the keys are made
//! anew of such a file.

use super::args::{Args, Attend, KeyBackup, KeyBackupCommand, KeyRestore, OwnScript};
use super::ceremonies::{founded, script};
use super::room::{self, find, hold};
use super::terminal::Terminal;
use crate::authority::config::BackupMode;
use crate::authority::state::Backup;
use crate::ceremony::room::Wishes;
use crate::ceremony::{backups, key_backup, restore_key, wrapped};
use crate::error::{Error, Kind};
use crate::token::KeyRole;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Backed {
    changed: bool,
    name: String,
    serial: String,
    proved: Timestamp,
}

#[derive(Serialize)]
struct Restored {
    changed: bool,
    serial: String,
    proved: Timestamp,
}

/// `anchorite key-backup`
pub fn key_backup(args: &Args, a: &KeyBackup, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        Some(KeyBackupCommand::Restore(a)) => restore(args, a, terminal),
        None => make(args, &a.own, &a.attend, terminal),
    }
}

/// Makes a backup and proves it.
///
/// # Errors
/// Those of the ceremony.
pub fn make(args: &Args, own: &OwnScript, attend: &Attend, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, own, "key-backup")?;
    founded(&found.folder)?;
    let config = &found.config.0;
    key_backup::check(config, &room::profile_of(&found.folder, &config.token)?)?;
    let is_wrapped = config.key_backup.mode == BackupMode::Wrapped;
    match &found.local.backup.token {
        Some(copy) if is_wrapped && copy.wrapped.is_none() => return Err(wrapped::nowhere()),
        None if is_wrapped => return Err(wrapped::nowhere()),
        None => return Err(backups::nowhere()),
        Some(_) => {}
    }
    let wishes = Wishes { final_try: attend.final_try, ..Wishes::default() };
    hold(args, attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let Some((backup, proved)) = last_proved(state.backups.all()) else {
        return Err(Error::new(Kind::Bug, "a finished key backup is not proved"));
    };
    if terminal.wants_json() {
        let (name, serial) = (backup.name.clone(), backup.serial.clone());
        return terminal.json(&Backed { changed: true, name, serial, proved });
    }
    let keep = match is_wrapped {
        true => "copy the file of wrapped keys to another medium, apart from the shares",
        false => "keep the key backup apart from the token",
    };
    terminal.done(&[], &[keep, "once a year: anchorite ceremony run restore-drill proves it again"]);
    Ok(())
}

fn last_proved(all: &[Backup]) -> Option<(&Backup, Timestamp)> {
    all.last().and_then(|backup| Some((backup, backup.proved()?)))
}

/// `anchorite key-backup restore`
///
/// # Errors
/// Those of the ceremony.
pub fn restore(args: &Args, a: &KeyRestore, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let script = script(&found, &a.own, "key-restore")?;
    founded(&found.folder)?;
    let (state, _) = found.folder.read_state()?;
    restore_key::check(&found.config.0, &state)?;
    if found.local.backup.token.as_ref().is_none_or(|copy| copy.wrapped.is_none()) {
        return Err(wrapped::nowhere());
    }
    let wishes = Wishes {
        final_try: a.attend.final_try,
        slot: a.place.slot,
        token_serial: a.place.token_serial.clone(),
        ..Wishes::default()
    };
    hold(args, &a.attend, None, script, &found, wishes, terminal)?;
    let (state, _) = found.folder.read_state()?;
    let serial = state.tokens.get(KeyRole::Root.name()).map(|token| token.serial.clone());
    let (Some(serial), Some((_, proved))) = (serial, last_proved(state.backups.all())) else {
        return Err(Error::new(Kind::Bug, "keys were made anew and not proved"));
    };
    if terminal.wants_json() {
        return terminal.json(&Restored { changed: true, serial, proved });
    }
    terminal.done(
        &[],
        &[
            "the file of wrapped keys opens as before: keep it",
            "where others may find the lost token: anchorite root rollover",
        ],
    );
    Ok(())
}
