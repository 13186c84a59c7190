//! A token that was taken out in the middle of the work: people put it in again, in whatever slot; it is found by its
//! serial number, opened with the PIN that is asked for again, and proved to be the same.

use super::{audit_serial, find_keys, record, unlock, unlock_root};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::log::Record;
use crate::token::KeyRole;

/// True where a token that was opened does not answer any more, and somebody is there to bring it back.
pub fn is_lost(room: &Room<'_>, bench: &Bench) -> bool {
    room.people.unattended().is_none() && bench.keys.as_ref().is_some_and(|keys| !keys.is_open())
}

/// Waits until the token is here again, and opens it; `lost` is what was noticed of its absence.
///
/// # Errors
/// [`Stop`]: people gave it up; the tokens are closed.
pub fn regain(room: &mut Room<'_>, bench: &mut Bench, step: &Step, lost: &Error) -> Result<(), Stop> {
    // Closed before it is opened again: what is left of the old sessions must not end new ones.
    bench.keys = None;
    let mut why = Error::new(Kind::Token, "the token does not answer any more")
        .saw(lost.to_string())
        .hint("put it in again, wherever: it is found by its serial number, and the PIN is asked for again");
    loop {
        room.people.wait_for(&step.id, &why, None)?;
        match open(room, bench, step) {
            Ok((keys, unlocked)) => {
                // A session that is closed already, and lacks its last checkpoint only, takes no more entries.
                if room.journal.state().session.is_some() {
                    room.journal.append(unlocked)?;
                }
                bench.keys = Some(keys);
                return Ok(());
            }
            // A slip of the hand, or still not here: people decide each time.
            Err(Stop::Failed(error)) if matches!(error.kind(), Kind::Token | Kind::PinRejected) => why = error,
            Err(stop) => return Err(stop),
        }
    }
}

fn open(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(Keyring, Vec<Record>), Stop> {
    let recorded = room.journal.state().tokens.get(KeyRole::Root.name()).map(|token| token.serial.clone());
    let serial = recorded.ok_or_else(|| Error::new(Kind::Bug, "a token was open that the log does not know"))?;
    let (root, mut unlocked) = unlock_root(room, bench, step, &serial, None)?;
    let mut keys = Keyring::new(root);
    if room.config.audit.is_some() {
        let serial = audit_serial(room)?;
        let (audit, _) = unlock(room, KeyRole::Audit, &serial, None)?;
        unlocked.push(record(room, KeyRole::Audit, audit.identity()).into());
        keys.add_audit_token(audit);
    }
    find_keys(room, &mut keys)?;
    if let Ok(log) = room.journal.log() {
        keys.check_guard(log)?;
    }
    Ok((keys, unlocked))
}
