//! `restore-key`: the root's token is lost, and its keys are made anew in a blank one, out of their wrapped backup and
//! the custodians' shares. That they are the right ones, `prove-backup` shows; the guard went with the lost token, so
//! people compare the end of the log with their papers.

use super::initialize_token::{choose, label_of, labelled};
use super::{participants, unlock_token};
use crate::authority::config::BackupMode;
use crate::authority::state::{Backup, CustodySet, KeyRecord};
use crate::authority::{Config, State};
use crate::ceremony::people::{Compared, Stop};
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::shares::{self, SetPins};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::ceremony::wrapped::{self, File};
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::record::{CustodyShareUsed, KeyRestored, TokenInitialized};
use crate::screen::Screen;
use crate::text;
use crate::token::{Identity, KeyId, KeyRole, Seen, Unwrapped};
use crate::words;
use crate::x509::Spki;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "restore-key",
    says: "Make the keys anew in a blank token",
    asks: true,
    needs: &[Fact::Compared, Fact::Participants, Fact::Root, Fact::NoToken],
    gives: &[Fact::TokenReady],
    takes: &[Fact::NoToken],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

const ROLE: KeyRole = KeyRole::Root;
const HERE: &str = "anchorite key-backup restore";

/// A key, and the file that holds it.
struct Wanted {
    key: KeyRecord,
    spki: Spki,
    role: KeyRole,
    backup: String,
    file: File,
}

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    check(&room.config, room.journal.state())?;
    if let Some(serial) = made_before(room) {
        room.people.answered_before(Some(&step.id), "label");
        room.people
            .show(&Screen::new().text("The keys were made anew before the interruption; their proof follows."))?;
        bench.serial = Some(serial);
        return Ok(());
    }
    room.tokens.check_files(ROLE)?;
    let (wanted, set) = wanted(room)?;
    check_lost(room)?;
    let seen = match room.wishes.token_serial.clone() {
        Some(serial) => room.tokens.find(ROLE, &serial)?,
        None => choose(&room.tokens.list(ROLE)?, room.wishes.slot, HERE)?.clone(),
    };
    unlock_token::takes_shares(&seen)?;
    room.people.show(&end_of_log(room)?)?;
    let label = label_of(&room.config.name);
    confirm(room, step, &seen, &label)?;
    room.check_answers(step)?;
    let (pins, indexes) = shares::collect(room, &set)?;
    room.journal.make_durable()?;
    participants::write_names(room)?;
    let identity = match seen.initialized {
        true => seen.identity,
        false => room.tokens.initialize(ROLE, seen.slot, &label, Some(&pins.so), Some(&pins.user))?,
    };
    let serial = identity.serial.clone();
    let restored = make(room, &serial, &pins, &wanted).map_err(|error| {
        error
            .hint(format!("the token is initialised now; with the same one: {HERE} --token-serial {serial}"))
            .truth("The log still names the lost token.")
    })?;
    let used = CustodyShareUsed { set: set.set.clone(), indexes, purpose: "initialize".to_owned() };
    let mut records: Vec<Record> = vec![initialized(&identity, &set).into(), used.into()];
    records.extend(restored.iter().cloned().map(Record::from));
    room.journal.append(records)?;
    bench.serial = Some(serial);
    bench.pin = Some(pins.user);
    room.people.show(&screen(&identity, &restored))
}

/// The configuration promised wrapped keys, and there are some.
///
/// # Errors
/// [`Kind::Usage`].
pub fn check(config: &Config, state: &State) -> Result<(), Error> {
    if config.key_backup.mode != BackupMode::Wrapped {
        return Err(Error::new(Kind::Usage, "this authority has no wrapped keys")
            .saw(format!("[key_backup] mode = \"{}\"", config.key_backup.mode.name()))
            .wanted("mode = \"wrapped\"")
            .hint("a clone is put where the token was, as it is")
            .truth("Nothing was restored."));
    }
    if state.backups.all().iter().all(|backup| backup.wrapped.is_none()) {
        return Err(Error::new(Kind::Usage, "no key was wrapped: there is nothing to restore from")
            .hint("with the token: anchorite key-backup")
            .truth("Nothing was restored."));
    }
    Ok(())
}

/// The token in which an interrupted ceremony made the keys anew, and did not prove them.
fn made_before(room: &Room<'_>) -> Option<String> {
    let state = room.journal.state();
    if !state.backups.is_restoring() {
        return None;
    }
    state.tokens.get(ROLE.name()).map(|token| token.serial.clone())
}

/// Every key that a session holds, with its file; and the set that opens all of them and the token to come.
fn wanted(room: &Room<'_>) -> Result<(Vec<Wanted>, CustodySet), Error> {
    let state = room.journal.state();
    let place = wrapped::place(room)?;
    let first = state.audit_in_force().map_or(1, |key| key.generation);
    let beside = room.config.audit.is_none();
    let audits = state
        .keys
        .iter()
        .filter(|key| beside && key.role == KeyRole::Audit.name() && state.is_alive(key) && key.generation >= first);
    let roots = state.living_roots().map(|key| (KeyRole::Root, key));
    let mut wanted = Vec::new();
    for (role, key) in roots.chain(audits.map(|key| (KeyRole::Audit, key))) {
        let Some(spki) = key.spki.clone() else { continue };
        let backup = state.backups.all().iter().rev().find(|backup| holds(backup, role, key.generation));
        let backup = backup.ok_or_else(|| {
            Error::new(Kind::Refused, format!("no key backup holds the {} key {}", key.role, key.generation))
                .hint("it is gone with its token")
                .truth("Nothing was restored.")
        })?;
        let file = wrapped::read(&place, backup)?;
        wrapped::key_in(&file, key, &spki)?;
        wanted.push((backup.clone(), Wanted { key: key.clone(), spki, role, backup: backup.name.clone(), file }));
    }
    let sets: Vec<_> = wanted.iter().filter_map(|(backup, _)| Some(backup.wrapped.as_ref()?.set.clone())).collect();
    let set = sets.first().filter(|first| sets.iter().all(|set| set == *first)).and_then(|set| state.custody.set(set));
    let set =
        set.cloned().ok_or_else(|| Error::new(Kind::Refused, "the key backups open to different sets of shares"))?;
    Ok((wanted.into_iter().map(|(_, wanted)| wanted).collect(), set))
}

fn holds(backup: &Backup, role: KeyRole, generation: u32) -> bool {
    match (role, &backup.wrapped) {
        (_, None) => false,
        (KeyRole::Root, Some(_)) => backup.generations.contains_key(&generation),
        (KeyRole::Audit, Some(wrapped)) => wrapped.audits.contains(&generation),
    }
}

/// Two tokens with one key are two to guard, and only one of them would know the newest log.
fn check_lost(room: &mut Room<'_>) -> Result<(), Error> {
    let Some(token) = room.journal.state().tokens.get(ROLE.name()).cloned() else { return Ok(()) };
    let here = room.tokens.list(ROLE)?.into_iter().any(|seen| seen.initialized && seen.identity.serial == token.serial);
    if !here {
        return Ok(());
    }
    Err(Error::new(Kind::Refused, "the root's token is here: nothing needs to be restored")
        .saw(format!("\"{}\", serial {}", token.label, token.serial))
        .hint("where it does not work any more, take it out first")
        .truth("Nothing was restored."))
}

fn end_of_log(room: &Room<'_>) -> Result<Screen, Error> {
    let log = room.journal.reading()?;
    let end = log.checkpoint().ok_or_else(|| Error::new(Kind::Verify, "the log has no checkpoint"))?;
    Ok(Screen::new()
        .heading("Is this the newest copy of the log?", "the lost token knew")
        .field("tree size", end.size.to_string())
        .field("words 1-8", words::words(end.root.0.get(..8).unwrap_or_default()).join(" "))
        .text(
            "Its guard is lost with it. Compare both with the last page of the last ceremony that everybody signed: where \
             the paper says more entries, stop, and look for the stick that was written then.",
        ))
}

fn confirm(room: &mut Room<'_>, step: &Step, seen: &Seen, label: &str) -> Result<(), Stop> {
    let identity = &seen.identity;
    let maker = format!("{} {}", identity.manufacturer, identity.model);
    let (screen, wanted) = match seen.initialized {
        true => (
            Screen::new()
                .heading("Go on with an initialised token", "it opens to the same shares, or this stops")
                .field("serial", &identity.serial)
                .field("label", &identity.label),
            identity.label.as_str(),
        ),
        false => (
            Screen::new()
                .heading("Initialise a blank token", "this erases nothing: it is blank")
                .field("slot", seen.slot.to_string())
                .field("maker", maker)
                .field("new label", label),
            label,
        ),
    };
    let screen = match labelled(room, label)?.filter(|_| !seen.initialized) {
        Some(other) => screen.text(format!(
            "A token with this label is here already: slot {}, serial {}. If a restore that was cut short made it, type no \
             and use it: {HERE} --token-serial {}",
            other.slot, other.identity.serial, other.identity.serial
        )),
        None => screen,
    };
    room.people.show(&screen)?;
    loop {
        match room.people.type_back(&step.id, "label")? {
            Compared::Typed(typed) if typed.trim() == wanted => return Ok(()),
            Compared::Typed(typed) => {
                let error = Error::new(Kind::Declined, "the label typed is not the label of this token");
                room.people.help(&error.saw(typed).wanted(wanted))?;
            }
            _ => return Err(Stop::Declined("the keys are not to be made anew".to_owned())),
        }
    }
}

fn make(room: &mut Room<'_>, serial: &str, pins: &SetPins, wanted: &[Wanted]) -> Result<Vec<KeyRestored>, Error> {
    let mut token = room.tokens.unlock(ROLE, serial, Some(&pins.user), room.wishes.final_try)?;
    let mut restored = Vec::new();
    for (number, Wanted { key, spki, role, backup, file }) in wanted.iter().enumerate() {
        room.people.working(number, wanted.len(), &format!("making the {} key anew", key.role));
        let id = KeyId(key.id.clone());
        let label = wrapped::label(*role, key.generation);
        let wrapped = wrapped::key_in(file, key, spki)?;
        let attributes = token.unwrap(
            pins.kek.bytes(),
            &wrapped.wrapped.0,
            &Unwrapped { id: &id, label: &label, spki, on_token: true },
        )?;
        restored.push(KeyRestored {
            id: key.id.clone(),
            role: key.role.clone(),
            generation: key.generation,
            token_serial: serial.to_owned(),
            backup: backup.clone(),
            attributes,
        });
    }
    room.people.working(wanted.len(), wanted.len(), "");
    token.sync()?;
    Ok(restored)
}

fn initialized(identity: &Identity, set: &CustodySet) -> TokenInitialized {
    TokenInitialized {
        role: ROLE.name().to_owned(),
        serial: identity.serial.clone(),
        label: identity.label.clone(),
        manufacturer: identity.manufacturer.clone(),
        model: identity.model.clone(),
        custody: Some(set.set.clone()),
    }
}

fn screen(identity: &Identity, restored: &[KeyRestored]) -> Screen {
    let screen = Screen::new()
        .heading("The keys are made anew", text::count(restored.len(), "key"))
        .field("token", &identity.label)
        .field("serial", &identity.serial);
    let is = |key: &KeyRestored, name: &str| key.attributes.get(name).map_or("unknown", String::as_str).to_owned();
    let screen = restored.iter().fold(screen, |screen, key| {
        let flags =
            format!("extractable {}, always sensitive {}", is(key, "CKA_EXTRACTABLE"), is(key, "CKA_ALWAYS_SENSITIVE"));
        screen.field(&format!("{} key {}", key.role, key.generation), flags)
    });
    screen.text(
        "A token says of such keys that they were not always sensitive and not made in it: they came out of the file. \
         The lost token still opens to the same shares. Where it may be found by others, make the next root.",
    )
}
