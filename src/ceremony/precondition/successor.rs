//! What must be true before the next root key is made, beside one that issues already: of what a genesis looks for,
//! all that still can fail. The token is open.

use super::{Precondition, leftover, place, screen, token};
use crate::authority::state::Succession;
use crate::ceremony::people::Stop;
use crate::ceremony::room::Room;
use crate::ceremony::succession;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::plan::forecast;

type Look = fn(&mut Room<'_>, &mut Keyring, Succession) -> Result<(), Error>;

/// What is looked for, by the names that a genesis has for it, in this order.
static OF_A_SUCCESSOR: &[(&str, Look)] = &[
    ("clock", |room, _, _| place::clock(room)),
    ("directories", |room, _, _| place::published_directories(room)),
    ("room", |room, _, _| place::room(room)),
    ("token-files", |room, _, _| token::files(room)),
    ("kinds-of-key", |room, _, _| token::kinds(room)),
    ("certificates", certificates),
    ("leftovers", |room, keys, _| leftover::look(room, keys)),
    ("kinds-proved", |room, keys, _| token::prove_kinds(room, keys)),
    ("guard-proved", |room, keys, _| token::prove_guard(room, keys)),
];

/// Looks for everything that could strand the next root key, and shows it.
///
/// # Errors
/// Those of the first that does not hold: no key was generated.
pub fn before_a_successor(room: &mut Room<'_>, keys: &mut Keyring, next: Succession) -> Result<(), Stop> {
    let mut held: Vec<&Precondition> = Vec::new();
    for (name, look) in OF_A_SUCCESSOR {
        look(room, keys, next).map_err(|error| {
            error
                .truth("No key was generated now; the root that is there issues as before.")
                .hint("the same command goes on once this is mended")
        })?;
        held.extend(super::PRECONDITIONS.iter().find(|precondition| precondition.name == *name));
    }
    room.people.show(&screen("Checked before a key is made", &held))
}

fn certificates(room: &mut Room<'_>, _: &mut Keyring, next: Succession) -> Result<(), Error> {
    if room.config.root.key.is_experimental() {
        return Err(Error::new(Kind::Usage, "a root with an experimental key has no successor yet")
            .saw(room.config.root.key.title())
            .hint("found another authority for the next root"));
    }
    let elders = succession::elders(room, next.root)?;
    forecast::successor(room.context(), next.root, next.audit, &elders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_that_a_genesis_looks_for_too_and_says_what_is_true() {
        for (name, _) in OF_A_SUCCESSOR {
            assert!(super::super::PRECONDITIONS.iter().any(|precondition| precondition.name == *name), "{name}");
        }
    }
}
