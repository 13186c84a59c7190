//! A wrapped backup: the keys of the root's token leave it once, into a file on a medium of its own.

use super::{MAX_NAME, check_apart, earlier, name, record};
use crate::authority::state::KeyRecord;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::prove_backup;
use crate::ceremony::wrapped::{self, WrappedKey};
use crate::digest::Base64;
use crate::error::{Error, Kind};
use crate::screen::Screen;
use crate::text;
use crate::token::{KeyId, KeyRole, Stage};
use crate::x509::Spki;

/// Wraps every key of the root's token that was not wrapped yet.
///
/// # Errors
/// [`Stop`]; a file of wrapped keys may be on the medium, which the log does not know.
pub(super) fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    wrapped::in_profile(&room.config, room.tokens.profile(KeyRole::Root))?;
    let place = wrapped::place(room)?;
    check_apart(room, Some(&place))?;
    // What a ceremony proved and was cut off before it ended that the keys can be wrapped.
    let locked = prove_backup::lock_proved(room, bench)?;
    let keys = open_keys(room);
    if keys.is_empty() {
        return match locked {
            true => {
                room.people.answered_before(Some(&step.id), "name");
                Ok(())
            }
            false => Err(all_wrapped(room).into()),
        };
    }
    let name = unused_name(room, step)?;
    room.check_answers(step)?;
    room.people.show(
        &Screen::new()
            .heading("The keys leave the token once", "wrapped")
            .field("written to", text::path(&place))
            .field("in place of", earlier(room, &name))
            .text(
                "The file and enough custodians equal the keys. It is worth nothing without their shares, and may be \
                 copied as often as you like: to more media, to other houses.",
            ),
    )?;
    let set = wrapped::pins(bench)?.set.clone();
    let files = wrap(room, bench, &keys)?;
    let (path, wrapped) = wrapped::write(room, &place, &set, files)?;
    let own = bench.keys()?.token(KeyRole::Root)?.identity().clone();
    let mut record = record(room, &name, "blob", &own);
    let roots = keys.iter().filter(|(key, _)| key.role == KeyRole::Root.name());
    record.generations = roots.map(|(key, _)| key.generation).collect();
    record.wrapped = Some(wrapped.clone());
    room.journal.append(vec![record.into()])?;
    room.people.show(
        &Screen::new()
            .heading("The file is written, and proved by nothing yet", &name)
            .field("file", text::path(&path))
            .field("sha256", wrapped.sha256.hex())
            .field("opens to", format!("set {set}")),
    )
}

fn wrap(room: &Room<'_>, bench: &mut Bench, keys: &[(KeyRecord, Spki)]) -> Result<Vec<WrappedKey>, Error> {
    let pins = wrapped::pins(bench)?;
    let (officer, kek) = (wrapped::officer(room, pins)?, pins.kek.clone());
    let ids: Vec<KeyId> = keys.iter().map(|(key, _)| KeyId(key.id.clone())).collect();
    let token = bench.keys()?.token(KeyRole::Root)?;
    let wrapped = token.wrap(kek.bytes(), &officer, &ids).map_err(|error| error.truth("Nothing was written."))?;
    let each = keys.iter().zip(wrapped).map(|((key, spki), wrapped)| WrappedKey {
        id: key.id.clone(),
        role: key.role.clone(),
        generation: key.generation,
        spki: Base64(spki.der().to_vec()),
        wrapped: Base64(wrapped),
    });
    Ok(each.collect())
}

/// The keys of the root's token that can be wrapped still: roots that live, and the audit key in force with those that
/// wait to succeed it, where they are in the same token.
fn open_keys(room: &Room<'_>) -> Vec<(KeyRecord, Spki)> {
    let state = room.journal.state();
    let first = state.audit_in_force().map_or(1, |key| key.generation);
    let audits = state.keys.iter().filter(|key| {
        let beside = wrapped::stage(&room.config, KeyRole::Audit) == Stage::Wrappable;
        beside && key.role == KeyRole::Audit.name() && state.is_alive(key) && key.generation >= first
    });
    let keys = state.living_roots().chain(audits).filter(|key| !state.backups.is_locked(&key.id));
    keys.filter_map(|key| Some((key.clone(), key.spki.clone()?))).collect()
}

/// A name in use is that of the only file of its keys, once they cannot be wrapped any more.
fn unused_name(room: &mut Room<'_>, step: &Step) -> Result<String, Stop> {
    loop {
        let name = name(room, step)?;
        let used = room.journal.state().backups.named(&name).is_some_and(|backup| backup.proved().is_some());
        if !used {
            return Ok(name);
        }
        let error = Error::new(Kind::Usage, "a key backup of this name holds keys that cannot be wrapped again");
        room.people.help(&error.saw(&name).wanted(format!("another name, of 1 to {MAX_NAME} characters")))?;
    }
}

fn all_wrapped(room: &Room<'_>) -> Error {
    let names: Vec<&str> = room.journal.state().backups.all().iter().map(|backup| backup.name.as_str()).collect();
    Error::new(Kind::Refused, "every key was wrapped already, and cannot be wrapped again")
        .saw(names.join(", "))
        .hint("copy the file: any copy of it is as good; `anchorite ceremony run restore-drill` proves it again")
        .hint("the next root's key: anchorite root rollover, then this command")
        .truth("Nothing was wrapped.")
}
