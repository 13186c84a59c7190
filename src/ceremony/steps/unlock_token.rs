//! `unlock-token`: the PIN, once; the guard; what an interrupted session left behind.

mod custodians;
mod regain;
mod reopen;

pub use custodians::{confirm_try, keeps, takes_shares};
pub use regain::{is_lost, regain};
pub use reopen::reopen;

use crate::authority::state::KeyRecord;
use crate::ceremony::ending::ended;
use crate::ceremony::people::{Secret, Stop};
use crate::ceremony::precondition;
use crate::ceremony::room::{Bench, Opened, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::{participants, publish, restore_log};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::files::deliver;
use crate::log::Record;
use crate::log::note;
use crate::log::record::{ConfigAdopted, Deviation, TokenQuorum, TokenUnlocked};
use crate::screen::Screen;
use crate::token::hsm_profile::GuardSupport;
use crate::token::{Asks, Identity, KeyId, KeyRole, PinShape, Token};
use crate::words;
use secrecy::SecretString;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "unlock-token",
    says: "Unlock the token",
    asks: false,
    needs: &[Fact::Compared, Fact::Participants, Fact::TokenReady],
    gives: &[Fact::Unlocked],
    takes: &[],
    settings: &[],
    lasts: Lasts::Process,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    if bench.keys.is_some() {
        // A ceremony that goes on after its break: what was to be done again before it has unlocked already. Or the
        // token was unlocked, and what an interrupted session left could not be written: that is tried again.
        return settle(room, bench);
    }
    let state = room.journal.state();
    let recorded = state.tokens.get(KeyRole::Root.name()).map(|t| t.serial.clone());
    let chosen = || bench.serial.clone().or_else(|| room.wishes.token_serial.clone());
    let serial = match recorded.or_else(chosen) {
        Some(serial) => serial,
        None => return Err(Error::new(Kind::Bug, "no token was chosen").into()),
    };
    if room.script.kind.takes_over() && room.journal.state().key(KeyRole::Root.name()).is_none() {
        precondition::before_the_token(room)?;
        restore_log::custody_of_before(room)?;
    }
    let fresh = bench.pin.take();
    announce_quorum(room, KeyRole::Root)?;
    let (root, mut unlocked) = unlock_root(room, bench, step, &serial, fresh)?;
    unlocked.extend(quorum(room, KeyRole::Root, &serial));
    let mut keys = Keyring::new(root);
    if room.config.audit.is_some() {
        let serial = audit_serial(room)?;
        announce_quorum(room, KeyRole::Audit)?;
        let (audit, pin) = unlock(room, KeyRole::Audit, &serial, None)?;
        if let Some(opened) = &mut bench.opened {
            opened.audit = pin;
        }
        unlocked.push(record(room, KeyRole::Audit, audit.identity()).into());
        unlocked.extend(quorum(room, KeyRole::Audit, &serial));
        keys.add_audit_token(audit);
    }
    // Proved before anything is written: a token that lacks the keys, or remembers a newer log, stops here.
    find_keys(room, &mut keys)?;
    let mut unguarded = false;
    if let Ok(log) = room.journal.log() {
        unguarded = !keys.check_guard(log)? && log.checkpoint_note().is_some();
    }
    if room.journal.state().key(KeyRole::Root.name()).is_some() {
        let own = crate::digest::Hex::parse(&room.journal.header().log)?;
        keys.check_only_log(&own, room.journal.state().replaces())?;
    }
    check_checkpoint(room)?;
    if room.journal.state().key(KeyRole::Root.name()).is_none() {
        precondition::before_a_key(room, &mut keys)?;
    }
    room.journal.append(unlocked)?;
    if unguarded {
        go_on_unguarded(room, step)?;
    }
    if let Some(interrupted) = &bench.interrupted {
        // In the same write as the session's beginning: no crash leaves a session begun over open intents.
        interrupted.close(&mut room.journal)?;
    }
    keep_config(room)?;
    bench.keys = Some(keys);
    settle(room, bench)
}

/// Who else must be there, before anybody types a PIN: the profile knows, the token does not say.
fn announce_quorum(room: &mut Room<'_>, role: KeyRole) -> Result<(), Stop> {
    let profile = room.tokens.profile(role);
    let Some(quorum) = &profile.quorum else { return Ok(()) };
    let heading = Screen::new().heading(format!("Who opens the {} token", role.name()), &profile.title);
    let screen = quorum.says.iter().fold(heading, |screen, sentence| screen.text(sentence));
    let screen = quorum.bring.iter().fold(screen, |screen, item| screen.field("here?", item));
    room.people.show(&screen)
}

/// What the profile says of the vendor's quorum, for the log.
fn quorum(room: &Room<'_>, role: KeyRole, serial: &str) -> Option<Record> {
    let profile = room.tokens.profile(role);
    let says = profile.quorum.as_ref()?.says.clone();
    let serial = serial.to_owned();
    Some(TokenQuorum { role: role.name().to_owned(), serial, profile: profile.name.clone(), says }.into())
}

/// The token cannot say whether this is the newest copy of the log: people can. Where it should, the log says so.
fn go_on_unguarded(room: &mut Room<'_>, step: &Step) -> Result<(), Stop> {
    let keeps = room.tokens.profile(KeyRole::Root).guard != GuardSupport::None;
    let (size, root) = (room.journal.reading()?.size(), room.journal.reading()?.root());
    let why = match keeps {
        true => {
            "It should remember the newest one: somebody removed that, or this is a copy of the token that lacks it."
        }
        false => "By its profile it keeps no such memory.",
    };
    let screen = Screen::new()
        .heading("The token remembers no state of this log", room.banner().kind)
        .field("log", format!("{size} entries as they stand"))
        .field("words 1-8", words::words(root.0.get(..8).unwrap_or_default()).join(" "))
        .text(format!("{why} Whether this is the newest copy, only the last page of the last ceremony's paper says."));
    room.people.show(&screen)?;
    if keeps {
        let deviation = Deviation {
            step: step.id.clone(),
            expected: "the token remembers the newest state of the log".to_owned(),
            happened: "it remembers none".to_owned(),
            decided: format!("went on with the log as it stands, {size} entries"),
        };
        room.journal.append(vec![deviation.into()])?;
    }
    Ok(())
}

/// What was appended is on disk; what a killed program left is tidied away, and what was issued and not written is
/// written: people approved it, whoever declined what came later.
fn settle(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Stop> {
    room.journal.make_durable()?;
    participants::write_names(room)?;
    // A session that was whole can have been killed too, after its last checkpoint: while its record was written.
    for dir in [room.folder.issued(), room.folder.public(), room.folder.records()] {
        deliver::remove_temporaries(&dir)?;
    }
    if bench.interrupted.is_some() {
        let keys = bench.keys()?;
        if keys.audit_spki().is_ok() {
            room.journal.checkpoint(keys)?;
        }
        publish::write_issued(room)?;
    } else {
        let left = room.journal.state().left_crls();
        if !left.is_empty() {
            publish::write_issued(room)?;
        }
        for number in left {
            room.people.show(&Screen::new().text(format!(
                "CRL number {number} was signed by a ceremony that was not completed. public/ has it from now on."
            )))?;
        }
    }
    bench.interrupted = None;
    Ok(())
}

/// A configuration that stands behind the last checkpoint, where no checkpoint of ours followed it, was not
/// adopted as far as anybody can prove. The next checkpoint covers that entry, so the one in force is logged
/// after it; `adopt-config` shows the difference to the file and asks.
fn keep_config(room: &mut Room<'_>) -> Result<(), Error> {
    let (text, sha256) = room.config_adopted.clone();
    let newest = room.journal.state().config(u64::MAX).map(|newest| newest.sha256);
    if newest == Some(sha256) {
        return Ok(());
    }
    room.journal.append(vec![ConfigAdopted { sha256, text }.into()])
}

/// The newest checkpoint must be signed by the audit key that was in force, which the token holds or which handed
/// the log to the one that it holds: what it covers is what this authority wrote.
fn check_checkpoint(room: &Room<'_>) -> Result<(), Error> {
    let Ok(log) = room.journal.reading() else { return Ok(()) };
    let (Some(note), Some(size)) = (log.checkpoint_note(), log.checkpoint().map(|c| c.size)) else { return Ok(()) };
    let signer = room.journal.state().audit_at(size).and_then(|key| key.spki.clone());
    let signer = signer.ok_or_else(|| Error::new(Kind::Verify, "no audit key is in the log"));
    signer.and_then(|spki| note::verify(note, &spki)).map(|_| ()).map_err(|error| {
        error
            .within("the log's newest checkpoint")
            .hint("`anchorite log verify` checks the whole log; go on with an intact copy of the authority")
            .truth("Nothing was signed.")
    })
}

/// The audit key's own token: the recorded one, else the only initialised one behind its module.
///
/// # Errors
/// [`Kind::Token`]: none is here, or more than one.
pub fn audit_serial(room: &mut Room<'_>) -> Result<String, Error> {
    if let Some(token) = room.journal.state().tokens.get(KeyRole::Audit.name()) {
        return Ok(token.serial.clone());
    }
    // A token that was named for the root is the root's before the log says so.
    let root = room.journal.state().tokens.get(KeyRole::Root.name()).map(|t| t.serial.clone());
    let root = root.or_else(|| room.wishes.token_serial.clone()).filter(|_| !room.tokens.audit_apart());
    let slots = room.tokens.list(KeyRole::Audit)?;
    let mut usable = slots.iter().filter(|s| s.initialized && Some(&s.identity.serial) != root.as_ref());
    match (usable.next(), usable.next()) {
        (Some(one), None) => Ok(one.identity.serial.clone()),
        (None, _) => Err(Error::new(Kind::Token, "the audit key's token is not here")
            .wanted("one initialised token behind [audit.token]")
            .hint("initialise it with its vendor's tool and give it a user PIN")),
        _ => Err(Error::new(Kind::Token, "more than one token could hold the audit key")
            .hint("leave only one of them inserted")),
    }
}

/// The root's token, opened by what the log says that it opens to, and the entries that say so.
fn unlock_root(
    room: &mut Room<'_>,
    bench: &mut Bench,
    step: &Step,
    serial: &str,
    fresh: Option<SecretString>,
) -> Result<(Box<dyn Token>, Vec<Record>), Stop> {
    let role = KeyRole::Root;
    // A PIN that this session set itself needs nobody to come again.
    if let (None, Some(opening)) = (&fresh, custodians::opening(room)) {
        return custodians::unlock(room, bench, step, serial, &opening);
    }
    let (token, pin) = unlock(room, role, serial, fresh)?;
    if custodians::keeps(room) && bench.opened.is_none() {
        bench.opened = Some(Opened { user: pin, set: None, tried: None, so: None, audit: None });
    }
    let record = record(room, role, token.identity());
    Ok((token, vec![record.into()]))
}

/// Opens a token with a PIN that is known or asked for; one that is typed on the token's own keys comes back as `None`.
fn unlock(
    room: &mut Room<'_>,
    role: KeyRole,
    serial: &str,
    known: Option<SecretString>,
) -> Result<(Box<dyn Token>, Option<SecretString>), Stop> {
    loop {
        // The token is looked for before anybody types a PIN.
        let seen = room.tokens.find(role, serial)?;
        let shape = room.tokens.profile(role).user_pin.clone();
        let screen = Screen::new().field("token", seen.identity.label).field("serial", serial);
        let cost = format!("One try is made: {}.", shape.cost_now(&seen.pin));
        let pin = match &known {
            _ if seen.pinpad => {
                let screen =
                    screen.text(format!("{cost} The token has keys of its own: type the user PIN there, now."));
                room.people.types_on_token(&[Secret::Pin(role.name())], &screen)?;
                None
            }
            Some(pin) => Some(pin.clone()),
            None => Some(ask_pin(room, &Secret::Pin(role.name()), &screen.text(cost), &shape)?),
        };
        match room.tokens.unlock(role, serial, pin.as_ref(), room.wishes.final_try) {
            Ok(token) => {
                let asks = token.asks();
                if asks != Asks::Once {
                    room.people.show(&each_time(asks))?;
                }
                return Ok((token, pin));
            }
            // Nobody typed it there: no try was spent, and people do it again.
            Err(error) if error.kind() == Kind::Declined && room.people.unattended().is_none() => {
                room.people.wait_for(role.name(), &error, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What people know before they are surprised by it.
fn each_time(asks: Asks) -> Screen {
    Screen::new().text(match asks {
        Asks::EachTimeOnItself => {
            "This token asks for the PIN at each signature, those under the log's checkpoints included: whenever it asks, \
             type it on its own keys."
        }
        _ => {
            "This token asks for the PIN at each signature. It is given the one that was typed now, which is kept in \
             memory until the token is closed."
        }
    })
}

/// A PIN that has the shape of one: a slip of the hand costs no try. One that can only be empty is not asked for.
///
/// # Errors
/// [`Stop`].
pub fn ask_pin(room: &mut Room<'_>, which: &Secret, screen: &Screen, shape: &PinShape) -> Result<SecretString, Stop> {
    if let Some(pin) = shape.only() {
        return Ok(pin);
    }
    loop {
        let pin = room.people.secret(which, screen)?;
        match shape.check(&pin) {
            Ok(()) => return Ok(pin),
            Err(error) => room.people.help(&error)?,
        }
    }
}

fn record(room: &Room<'_>, role: KeyRole, identity: &Identity) -> TokenUnlocked {
    TokenUnlocked {
        role: role.name().to_owned(),
        serial: identity.serial.clone(),
        label: identity.label.clone(),
        manufacturer: identity.manufacturer.clone(),
        model: identity.model.clone(),
        firmware: identity.firmware.clone(),
        library: identity.library.clone(),
        profile: room.tokens.profile(role).name.clone(),
    }
}

/// Finds the keys that the log names and proves them by their public halves: every root, and of the audit keys the
/// one in force and those that wait to succeed it. Those whose end was announced are let be.
fn find_keys(room: &Room<'_>, keys: &mut Keyring) -> Result<(), Error> {
    let state = room.journal.state();
    let in_force = state.audit_in_force().map_or(1, |key| key.generation);
    // Roots first: they are what people came for. Then the audit key that signs.
    for (role, first) in [(KeyRole::Root, 1), (KeyRole::Audit, in_force)] {
        let used = |key: &&KeyRecord| key.role == role.name() && key.spki.is_some() && key.generation >= first;
        let mut wanted: Vec<&KeyRecord> = state.keys.iter().filter(used).filter(|key| state.may_be_held(key)).collect();
        wanted.sort_by_key(|key| key.generation);
        for key in wanted {
            let found = keys.token(role)?.find(&KeyId(key.id.clone()), key.spki.as_ref())?;
            let Some(found) = found else {
                if role == KeyRole::Audit && state.ending(key).is_some() {
                    return Err(ended(state));
                }
                return Err(Error::new(Kind::Token, format!("the token does not hold the {} key", role.name()))
                    .saw(format!("no key with the id {}", key.id))
                    .wanted(format!("the key of generation {}", key.generation))
                    .hint("this may be another token with the same serial number, or one that was cleared")
                    .truth("Nothing was signed."));
            };
            keys.hold(role, key.generation, found);
        }
    }
    Ok(())
}
