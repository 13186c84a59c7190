//! Going to the copy of the root's token and coming back: the two may share a reader, a slot or a serial number, so the
//! authority's own token is closed meanwhile.

use super::people::{Secret, Stop};
use super::room::{Bench, Room};
use super::script::{ScriptKind, Step};
use super::steps::unlock_token::{ask_pin, reopen};
use super::tokens::{self, Side, Tokens};
use crate::authority::config::BackupMode;
use crate::authority::state::Backup;
use crate::authority::{Config, State};
use crate::error::{Error, Kind};
use crate::screen::Screen;
use crate::token::{KeyRole, Seen, Token};

/// Does something at the copy, with the authority's own tokens closed, and opens those again whatever came of it.
///
/// # Errors
/// [`Stop`] of either.
pub fn visit<T>(
    room: &mut Room<'_>,
    bench: &mut Bench,
    step: &Step,
    act: &mut dyn FnMut(&mut Room<'_>, &Bench) -> Result<T, Stop>,
) -> Result<T, Stop> {
    bench.keys = None;
    let done = match room.tokens.turn_to(Side::Backup) {
        Ok(()) => act(room, bench),
        Err(error) => Err(error.into()),
    };
    reopen(room, bench, step)?;
    done
}

/// The authority's own tokens are open again, where a step that was cut short left them closed.
///
/// # Errors
/// [`Stop`].
pub fn come_back(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    reopen(room, bench, step)
}

/// The copy's token; where it is not there, people put it in.
///
/// # Errors
/// [`Stop`].
pub fn find(room: &mut Room<'_>, step: &Step) -> Result<Seen, Stop> {
    loop {
        match look(room.tokens, room.journal.state(), &room.config) {
            Err(error) if error.kind() == Kind::Token => {
                let error = error.hint("the key backup is needed now: put it in");
                room.people.wait_for(&step.id, &error, None)?;
            }
            found => return Ok(found?),
        }
    }
}

/// The copy's token, by what local.toml, the log and the configuration say of it. The copy's side was turned to.
///
/// # Errors
/// [`Kind::Token`]: it is not here. [`Kind::Usage`]: it could be another.
pub fn look(tokens: &mut dyn Tokens, state: &State, config: &Config) -> Result<Seen, Error> {
    let serial_of = |role: KeyRole| state.tokens.get(role.name()).map(|token| token.serial.clone());
    let (root, audit) = (serial_of(KeyRole::Root), serial_of(KeyRole::Audit));
    let copy = tokens.backup().cloned().unwrap_or_default();
    let clone = config.key_backup.mode == BackupMode::Clone;
    let named = match (copy.serial, copy.directory) {
        (Some(serial), _) => Some(serial),
        // A copy of files has the serial number of the original.
        (None, Some(_)) if clone => root.clone(),
        (None, _) => None,
    };
    if let Some(serial) = named.as_ref().filter(|serial| !clone && Some(*serial) == root.as_ref()) {
        return Err(Error::new(Kind::Usage, "a file of wrapped keys is proved on another token than their own")
            .saw(serial)
            .hint("name a second token in local.toml, or leave the serial out: [backup.token] serial"));
    }
    if let Some(serial) = named {
        return tokens.find(KeyRole::Root, &serial);
    }
    let mut others = tokens.list(KeyRole::Root)?;
    others.retain(|seen| {
        seen.initialized
            && Some(&seen.identity.serial) != root.as_ref()
            && Some(&seen.identity.serial) != audit.as_ref()
    });
    match others.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::new(Kind::Token, "no second token is here").wanted("the key backup")),
        _ => Err(Error::new(Kind::Usage, "more than one token could be the key backup")
            .saw(others.iter().map(|seen| seen.identity.serial.as_str()).collect::<Vec<_>>().join(", "))
            .hint("name it in local.toml: [backup.token] serial")),
    }
}

/// Opens the copy: with what opened the original, where its files were copied; else with a PIN that is asked for.
///
/// # Errors
/// [`Stop`]; one try at the most.
pub fn open(room: &mut Room<'_>, bench: &Bench, step: &Step) -> Result<Box<dyn Token>, Stop> {
    let seen = find(room, step)?;
    let serial = seen.identity.serial;
    let clone = room.config.key_backup.mode == BackupMode::Clone;
    let of_files = clone && room.tokens.backup().is_some_and(|copy| copy.directory.is_some());
    let pin = match bench.opened.as_ref().filter(|_| of_files) {
        Some(opened) => opened.user.clone(),
        None if seen.pinpad => {
            let screen = Screen::new()
                .field(if clone { "key backup" } else { "second token" }, seen.identity.label)
                .field("serial", &serial)
                .text("It has keys of its own: type its user PIN there, now. One try is made.");
            room.people.types_on_token(&[Secret::Pin("backup")], &screen)?;
            None
        }
        None => {
            let shape = room.tokens.profile(KeyRole::Root).user_pin.clone();
            let screen = Screen::new()
                .field(if clone { "key backup" } else { "second token" }, seen.identity.label)
                .field("serial", &serial)
                .text(format!("One try is made: {}.", shape.cost_now(&seen.pin)));
            Some(ask_pin(room, &Secret::Pin("backup"), &screen, &shape)?)
        }
    };
    let opened = room.tokens.unlock(KeyRole::Root, &serial, pin.as_ref(), room.wishes.final_try);
    Ok(opened.map_err(|error| match error.kind() {
        Kind::PinRejected if of_files => error
            .hint("the token's PIN was changed since its files were copied: make the backup anew")
            .hint("anchorite key-backup"),
        _ => error,
    })?)
}

/// The backup that is meant: the one that this ceremony made, the only one, or the one that people name.
///
/// # Errors
/// [`Stop`]: there is none.
pub fn choose(room: &mut Room<'_>, step: &Step) -> Result<Backup, Stop> {
    let all = room.journal.state().backups.all().to_vec();
    if let (ScriptKind::Backup, Some(made)) = (room.script.kind, all.last()) {
        return Ok(made.clone());
    }
    let names = all.iter().map(|backup| backup.name.clone()).collect::<Vec<_>>().join(", ");
    loop {
        let backup = match all.as_slice() {
            [] => return Err(none_made().into()),
            [one] => return Ok(one.clone()),
            _ => room.people.answer(&step.id, "backup", &step.by, "name of the key backup that is here")?,
        };
        match all.iter().find(|known| known.name == backup.trim()) {
            Some(known) => return Ok(known.clone()),
            None => {
                room.people.help(&Error::new(Kind::Usage, "no key backup has this name").saw(backup).wanted(&names))?
            }
        }
    }
}

/// Nobody said where the copy is.
pub fn nowhere() -> Error {
    tokens::no_place().truth("Nothing was copied.")
}

fn none_made() -> Error {
    Error::new(Kind::Usage, "no key backup was made yet").hint("make one: anchorite key-backup")
}
