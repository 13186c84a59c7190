//! Opening the root's token with shares: which set the log says, enough shares of it, one try of the PIN.

use super::record;
use crate::authority::config::BackupMode;
use crate::authority::state::CustodySet;
use crate::ceremony::people::{Compared, Stop};
use crate::ceremony::room::{Bench, Opened, Room};
use crate::ceremony::script::Step;
use crate::ceremony::shares;
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::record::{CustodyShareUsed, TokenInitialized};
use crate::screen::Screen;
use crate::token::{Identity, KeyRole, Seen, Token};

/// What the token may open to.
pub(super) struct Opening {
    /// The sets to try, in this order; after the first, only where people confirm another try.
    sets: Vec<CustodySet>,
    /// True where an interrupted genesis initialised the token and could not log it.
    unlogged: bool,
}

/// What the log says that the root's token opens to; `None` where people chose its PIN.
pub(super) fn opening(room: &Room<'_>) -> Option<Opening> {
    let state = room.journal.state();
    let role = KeyRole::Root.name();
    // A token that is taken over was initialised long ago.
    let unlogged = !state.tokens.contains_key(role) && !room.script.kind.takes_over();
    let mut sets: Vec<CustodySet> = state.custody.unsure(role, "user").into_iter().cloned().collect();
    sets.extend(state.custody.of(role, "user").cloned());
    if unlogged {
        sets.extend(state.custody.begun(role).cloned());
    }
    (!sets.is_empty()).then_some(Opening { sets, unlogged })
}

/// Shares give a PIN that nobody has seen: a token that wants it typed on its own keys cannot be given it.
///
/// # Errors
/// [`Kind::Token`]: no try was spent, and no share was asked for.
pub fn takes_shares(seen: &Seen) -> Result<(), Error> {
    if !seen.pinpad {
        return Ok(());
    }
    Err(Error::new(
        Kind::Token,
        "the token's PIN is typed on its own keys, and the PIN that shares give is typed by nobody",
    )
    .saw(match seen.initialized {
        true => format!("the token \"{}\"", seen.identity.label),
        false => format!("a blank token in slot {}", seen.slot),
    })
    .hint("use a token without keys of its own, or take [custody] out of authority.toml and choose a PIN")
    .truth("No try was spent."))
}

/// True where a script changes what the token opens to, closes the token and opens it again, or makes keys that are
/// to be wrapped.
pub fn keeps(room: &Room<'_>) -> bool {
    let needs = ["change-custody", "key-backup", "prove-backup", "destroy-keys"];
    let makes = ["generate-root", "generate-next-root"];
    let wrapped = room.config.key_backup.mode == BackupMode::Wrapped;
    let keeps = |name: &str| needs.contains(&name) || wrapped && makes.contains(&name);
    room.script.steps.iter().any(|step| keeps(&step.activity))
}

/// Collects shares and tries the PIN, once for each set that it may be of.
///
/// # Errors
/// [`Stop`]; the token is locked.
pub(super) fn unlock(
    room: &mut Room<'_>,
    bench: &mut Bench,
    step: &Step,
    serial: &str,
    opening: &Opening,
) -> Result<(Box<dyn Token>, Vec<Record>), Stop> {
    let role = KeyRole::Root;
    let seen = room.tokens.find(role, serial)?;
    takes_shares(&seen)?;
    let label = seen.identity.label;
    let cost = room.tokens.profile(role).user_pin.cost_now(&seen.pin);
    let mut tried = None;
    for (place, set) in opening.sets.iter().enumerate() {
        let last = place + 1 == opening.sets.len();
        let mut screen = Screen::new()
            .field("token", &label)
            .field("serial", serial)
            .field("opens to", format!("{} of {} custodians, set {}", set.threshold, set.commitments.len(), set.set));
        if !last {
            screen = screen.text(
                "A change of custodians was interrupted: the user PIN may be of the new set already. The new set is \
                 tried first, then, if people confirm it, the one before.",
            );
        }
        room.people.show(&screen.text(format!("One try is made: {cost}.")))?;
        let (pins, indexes) = shares::collect(room, set)?;
        match room.tokens.unlock(role, serial, Some(&pins.user), room.wishes.final_try) {
            Ok(token) => {
                let records = records(room, opening, set, indexes, token.identity());
                // The PINs are forgotten here, but where the script is to use them again.
                if keeps(room) {
                    let user = Some(pins.user.clone());
                    bench.opened = Some(Opened { user, set: Some(pins), tried, so: None, audit: None });
                }
                return Ok((token, records));
            }
            Err(error) if error.kind() == Kind::PinRejected && !last => {
                confirm_next(room, step, serial, &error)?;
                tried = Some((pins, indexes));
            }
            Err(error) if error.kind() == Kind::PinRejected => {
                return Err(error.hint("the shares are good: the PIN was changed by another program").into());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::new(Kind::Bug, "a token that opens to nothing").into())
}

/// Another try is people's to decide: it counts.
fn confirm_next(room: &mut Room<'_>, step: &Step, serial: &str, error: &Error) -> Result<(), Stop> {
    room.people.show(&Screen::new().text(format!("It is not of the new set: {error}. The set before it is next.")))?;
    confirm_try(room, step, serial)
}

/// Has the token's serial typed before a try that may be wrong; nobody is asked where nobody attends.
///
/// # Errors
/// [`Stop`]: no try was spent.
pub fn confirm_try(room: &mut Room<'_>, step: &Step, serial: &str) -> Result<(), Stop> {
    if room.people.unattended().is_some() {
        return Ok(());
    }
    loop {
        match room.people.type_back(&step.id, "token's serial")? {
            Compared::Typed(typed) if typed.trim() == serial => return Ok(()),
            Compared::Typed(typed) => room
                .people
                .help(&Error::new(Kind::Declined, "this is not the token's serial").saw(typed).wanted(serial))?,
            _ => return Err(Stop::Declined("the PIN is not tried".to_owned())),
        }
    }
}

fn records(room: &Room<'_>, opening: &Opening, set: &CustodySet, indexes: Vec<u8>, identity: &Identity) -> Vec<Record> {
    let role = KeyRole::Root;
    let mut records: Vec<Record> = Vec::new();
    if opening.unlogged {
        let initialized = TokenInitialized {
            role: role.name().to_owned(),
            serial: identity.serial.clone(),
            label: identity.label.clone(),
            manufacturer: identity.manufacturer.clone(),
            model: identity.model.clone(),
            custody: Some(set.set.clone()),
        };
        records.push(initialized.into());
    }
    records.push(record(room, role, identity).into());
    records.push(CustodyShareUsed { set: set.set.clone(), indexes, purpose: "unlock".to_owned() }.into());
    records
}
