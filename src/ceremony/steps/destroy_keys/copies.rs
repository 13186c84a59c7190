//! The end of a key in its copies: destroyed here, said to be destroyed, or written down as still there.

use super::gone;
use crate::authority::state::{Backup, KeyRecord};
use crate::ceremony::backups;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{ScriptKind, Step};
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::screen::Screen;
use crate::text;
use crate::token::{KeyId, KeyRole};

/// The longest place, in characters.
const MAX_PLACE: usize = 200;

/// What people say of a copy.
enum Fate {
    /// It is here: it is destroyed now.
    Here,
    /// It was destroyed.
    Destroyed,
    /// It still exists, and where.
    Exists(String),
}

/// Asks after every copy of the keys and ends those that are here.
///
/// # Errors
/// [`Stop`]; what was ended is in the log.
pub(super) fn end(room: &mut Room<'_>, bench: &mut Bench, step: &Step, doomed: &[KeyRecord]) -> Result<(), Stop> {
    let audit = copied_audit_keys(room);
    for backup in room.journal.state().backups.all().to_vec() {
        let held: Vec<&KeyRecord> =
            doomed.iter().filter(|key| backup.generations.contains_key(&key.generation)).collect();
        if held.is_empty() {
            continue;
        }
        match ask(room, step, &backup)? {
            Fate::Here => {
                let serial = backups::visit(room, bench, step, &mut |room, bench| {
                    let mut copy = backups::open(room, bench, step)?;
                    for key in held.iter().copied().chain(&audit) {
                        copy.destroy(&KeyId(key.id.clone()))?;
                    }
                    copy.renew_copies()?;
                    Ok(copy.identity().serial.clone())
                })?;
                let all: Vec<&KeyRecord> = audit.iter().chain(held).collect();
                log(room, &all, &serial, &backup, "searched")?;
            }
            Fate::Destroyed => log(room, &held, &backup.serial, &backup, "said")?,
            Fate::Exists(place) => {
                room.record(step, &step.by, &format!("key backup {} still exists", backup.name), &place)?;
            }
        }
    }
    Ok(())
}

/// The audit keys that a copy holds beside the root keys, where the authority ends: the original goes last.
fn copied_audit_keys(room: &Room<'_>) -> Vec<KeyRecord> {
    let beside = room.script.kind == ScriptKind::Decommission && room.config.audit.is_none();
    let keys = room.journal.state().keys.iter().filter(|key| key.role == KeyRole::Audit.name() && key.spki.is_some());
    keys.filter(|_| beside).cloned().collect()
}

fn log(room: &mut Room<'_>, held: &[&KeyRecord], serial: &str, backup: &Backup, shown: &str) -> Result<(), Error> {
    let record = |key: &&KeyRecord| -> Record { gone(key, serial, Some(&backup.name), shown).into() };
    room.journal.append(held.iter().map(record).collect())
}

fn ask(room: &mut Room<'_>, step: &Step, backup: &Backup) -> Result<Fate, Stop> {
    let key = format!("backup {}", backup.name);
    let wrapped = backup.wrapped.is_some();
    let screen = Screen::new().heading("A key backup", &backup.name).text(match wrapped {
        true => {
            "It is a file of wrapped keys. Was every copy of it destroyed, or the sheets of so many custodians that too few \
             are left? Type destroyed. Else type where a copy still is: the record names it."
        }
        false => {
            "Is it here? Type here: its keys are destroyed now. Was it destroyed before? Type destroyed. Else type where \
             it still is: the record names it."
        }
    });
    room.people.show(&screen)?;
    let asked = if wrapped { "destroyed, or where a copy still is" } else { "here, destroyed, or where it still is" };
    loop {
        let typed = room.people.answer(&step.id, &key, "witness", asked)?;
        let error = match typed.trim() {
            "here" if wrapped => {
                Error::new(Kind::Usage, "a file is not destroyed here: any copy of it is as good").wanted(asked)
            }
            "here" if room.tokens.backup().is_some() => return Ok(Fate::Here),
            "here" => backups::nowhere(),
            "destroyed" => return Ok(Fate::Destroyed),
            place if (3..=MAX_PLACE).contains(&place.chars().count()) => return Ok(Fate::Exists(place.to_owned())),
            other => Error::new(Kind::Usage, "where the key backup still is, in words")
                .saw(text::count(other.chars().count(), "character"))
                .wanted(format!("here, destroyed, or a place of 3 to {MAX_PLACE} characters")),
        };
        room.people.help(&error)?;
    }
}
