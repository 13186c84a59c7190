//! Opening the tokens again in the same step: they were closed so that a copy of the root's could be spoken to.

use super::find_keys;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::tokens::Side;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::token::KeyRole;

/// Opens the tokens with what opened them in this session; where one was taken out, people put it in again. Does
/// nothing where they are open.
///
/// # Errors
/// [`Stop`]; the tokens are closed.
pub fn reopen(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    while bench.keys.is_none() {
        match open(room, bench) {
            Ok(keys) => bench.keys = Some(keys),
            Err(error) if error.kind() == Kind::Token => {
                let error = error.hint("the authority's own token is needed again: put it in");
                room.people.wait_for(&step.id, &error, None)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn open(room: &mut Room<'_>, bench: &Bench) -> Result<Keyring, Error> {
    room.tokens.turn_to(Side::Own)?;
    let bug = || Error::new(Kind::Bug, "what opened the token was not kept");
    let opened = bench.opened.as_ref().ok_or_else(bug)?;
    let serial = |room: &Room<'_>, role: KeyRole| {
        room.journal.state().tokens.get(role.name()).map(|token| token.serial.clone()).ok_or_else(bug)
    };
    let root = room.tokens.unlock(
        KeyRole::Root,
        &serial(room, KeyRole::Root)?,
        opened.user.as_ref(),
        room.wishes.final_try,
    )?;
    let mut keys = Keyring::new(root);
    if room.config.audit.is_some() {
        let pin = opened.audit.as_ref();
        let serial = serial(room, KeyRole::Audit)?;
        keys.add_audit_token(room.tokens.unlock(KeyRole::Audit, &serial, pin, room.wishes.final_try)?);
    }
    find_keys(room, &mut keys)?;
    keys.check_guard(room.journal.log()?)?;
    Ok(keys)
}
