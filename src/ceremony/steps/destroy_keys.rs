//! `destroy-keys`: the end of root keys, in the authority's token and in every copy that is at hand. Their end is in the
//! log, under a checkpoint, before the first of them is destroyed; an interruption goes on where it was.

mod audit;
mod copies;
mod screens;

pub use audit::{announce_audit, end_audit};

use super::reason::{self, REASON};
use crate::authority::State;
use crate::authority::state::KeyRecord;
use crate::ceremony::backups;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{ScriptKind, Step};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::record::{KeyDestroyed, KeyDestroying};
use crate::screen::Screen;
use crate::token::{KeyId, KeyRole};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "destroy-keys",
    says: "Destroy root keys",
    asks: true,
    needs: &[Fact::Compared, Fact::Participants, Fact::Preflighted, Fact::Unlocked, Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// Who type the authority's name.
const BOTH: [&str; 2] = ["administrator", "witness"];
const WHY: &str = "why is it destroyed (the log keeps it)";

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    backups::come_back(room, bench, step)?;
    let doomed = doomed(room, bench)?;
    if doomed.is_empty() {
        for key in BOTH.iter().chain(&[REASON]) {
            room.people.answered_before(Some(&step.id), key);
        }
        return room.people.show(&Screen::new().text("The root keys are destroyed already."));
    }
    room.people.show(&screens::before(room, &doomed))?;
    announce(room, bench, step, &doomed)?;
    copies::end(room, bench, step, &doomed)?;
    room.check_answers(step)?;
    for key in &doomed {
        let token = bench.keys()?.token(KeyRole::Root)?;
        let serial = token.identity().serial.clone();
        token.destroy(&KeyId(key.id.clone()))?;
        // Copies of a token's files from before each login hold the key too.
        token.renew_copies()?;
        room.journal.append(vec![gone(key, &serial, None, "searched").into()])?;
    }
    room.journal.checkpoint(bench.keys()?)?;
    room.people.show(&screens::after(room, &doomed))
}

/// The keys that this ceremony ends: every root key of an authority that ends, or the one of a generation.
fn doomed(room: &Room<'_>, bench: &mut Bench) -> Result<Vec<KeyRecord>, Error> {
    let state = room.journal.state();
    let of_generation = match room.script.kind {
        ScriptKind::Decommission => None,
        _ => {
            let generation = room.wishes.root_generation.unwrap_or_default();
            check_generation(state, generation)?;
            Some(generation)
        }
    };
    let mut doomed = Vec::new();
    for key in state.keys.iter().filter(|key| key.role == KeyRole::Root.name() && key.spki.is_some()) {
        let gone = state.ending(key).is_some_and(|ending| ending.gone.is_some());
        // An older copy of the token brings back what the log says is gone.
        let mut there = || bench.keys()?.token(KeyRole::Root)?.find(&KeyId(key.id.clone()), None);
        if of_generation.is_none_or(|generation| key.generation == generation) && (!gone || there()?.is_some()) {
            doomed.push(key.clone());
        }
    }
    Ok(doomed)
}

/// A generation can end while a newer one signs.
///
/// # Errors
/// [`Kind::Refused`].
pub fn check_generation(state: &State, generation: u32) -> Result<(), Error> {
    let refuse = |what: &str, hint: &str| {
        Err(Error::new(Kind::Refused, what)
            .saw(format!("generation {generation}"))
            .hint(hint)
            .truth("Nothing was destroyed."))
    };
    if state.key_of(KeyRole::Root.name(), generation).is_none() {
        return refuse("there is no root key of this generation", "anchorite status lists the roots");
    }
    match state.certified(KeyRole::Root.name()) {
        Some(newest) if newest.generation > generation => Ok(()),
        _ => refuse(
            "the newest root key does not end while the authority goes on",
            "make its successor first; to end the authority: anchorite decommission",
        ),
    }
}

/// People say that it shall be, and the log says so before it is done. What an interrupted ceremony announced stands.
fn announce(room: &mut Room<'_>, bench: &mut Bench, step: &Step, doomed: &[KeyRecord]) -> Result<(), Stop> {
    let living: Vec<KeyRecord> = doomed.iter().filter(|key| room.journal.state().is_alive(key)).cloned().collect();
    if living.is_empty() {
        for key in BOTH.iter().chain(&[REASON]) {
            room.people.answered_before(Some(&step.id), key);
        }
        room.people.show(&Screen::new().text("It was decided and begun before: it goes on."))?;
        return Ok(());
    }
    for role in BOTH {
        type_name(room, step, role)?;
    }
    let reason =
        reason::ask(room, step, "administrator", WHY, "a key is not destroyed without a reason that fits the record")?;
    let records = living.iter().map(|key| -> Record {
        KeyDestroying {
            id: key.id.clone(),
            role: key.role.clone(),
            generation: key.generation,
            token_serial: key.token_serial.clone(),
            reason: reason.clone(),
        }
        .into()
    });
    room.journal.append(records.collect())?;
    Ok(room.journal.checkpoint(bench.keys()?)?)
}

fn type_name(room: &mut Room<'_>, step: &Step, role: &str) -> Result<(), Stop> {
    let name = room.config.name.clone();
    loop {
        let typed = room.people.answer(&step.id, role, role, "type the authority's name to destroy its key")?;
        if typed.trim() == name {
            return Ok(());
        }
        room.people.help(&Error::new(Kind::Declined, "not the authority's name").saw(typed).wanted(&name))?;
    }
}

fn gone(key: &KeyRecord, serial: &str, backup: Option<&str>, shown: &str) -> KeyDestroyed {
    KeyDestroyed {
        id: key.id.clone(),
        role: key.role.clone(),
        generation: key.generation,
        token_serial: serial.to_owned(),
        backup: backup.map(str::to_owned),
        shown: shown.to_owned(),
    }
}
