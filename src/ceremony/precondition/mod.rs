//! What must be true before anything irreversible: before a token is initialised, and again, with the token
//! open, before a key is made in it. A key that was made and then cannot be used is stranded in its token.
//!
//! [`PRECONDITIONS`] is the whole list. Each only looks; what it makes (a trial file, a session key) is gone
//! before it returns.

mod leftover;
mod place;
mod successor;
mod token;

pub use leftover::{others, strangers_among};
pub use successor::before_a_successor;

use super::people::Stop;
use super::room::Room;
use crate::error::Error;
use crate::execute::Keyring;
use crate::plan::forecast;
use crate::screen::Screen;

/// One thing that must be true.
pub struct Precondition {
    /// Its name, stable.
    pub name: &'static str,
    /// What is true where it holds, a sentence.
    pub says: &'static str,
    /// When and how it is looked for.
    look: Look,
}

enum Look {
    /// Before the token is touched.
    Untouched(fn(&mut Room<'_>) -> Result<(), Error>),
    /// With the token open, before a key is made.
    Open(fn(&mut Room<'_>, &mut Keyring) -> Result<(), Error>),
}

/// The precondition that another ceremony judges otherwise.
const LEFTOVERS: &str = "leftovers";

/// Every precondition, in the order in which they are looked for: what costs nothing first.
pub static PRECONDITIONS: &[Precondition] = &[
    Precondition {
        name: "clock",
        says: "The clock shows a time that can be right.",
        look: Look::Untouched(place::clock),
    },
    Precondition {
        name: "directories",
        says: "Every directory of the authority can be written to.",
        look: Look::Untouched(place::directories),
    },
    Precondition {
        name: "in-the-way",
        says: "Nothing is in the way of what will be written.",
        look: Look::Untouched(place::in_the_way),
    },
    Precondition { name: "room", says: "The authority's medium has room.", look: Look::Untouched(place::room) },
    Precondition {
        name: "token-files",
        says: "Where the token is in files, they can be written and have room.",
        look: Look::Untouched(token::files),
    },
    Precondition {
        name: "token-ready",
        says: "The token is here and ready; so is the audit key's own, where there is one.",
        look: Look::Untouched(token::ready),
    },
    Precondition {
        name: "token-label",
        says: "The token can have its new label.",
        look: Look::Untouched(token::label),
    },
    Precondition {
        name: "kinds-of-key",
        says: "The token and its profile have each kind of key that is needed.",
        look: Look::Untouched(token::kinds),
    },
    Precondition {
        name: "certificates",
        says: "The certificates and the CRL to come, made with throwaway keys, pass the lint.",
        look: Look::Untouched(|room| forecast::genesis(room.context())),
    },
    Precondition {
        name: LEFTOVERS,
        says: "The token holds no key but this authority's.",
        look: Look::Open(leftover::look),
    },
    Precondition {
        name: "kinds-proved",
        says: "The token made a key of each kind for this session, signed with it and destroyed it.",
        look: Look::Open(token::prove_kinds),
    },
    Precondition {
        name: "guard-proved",
        says: "The token keeps the guard against older copies of the log, and gives random bytes.",
        look: Look::Open(token::prove_guard),
    },
];

/// Looks for everything that can be known before the token is touched, and shows it.
///
/// # Errors
/// Those of the first precondition that does not hold: no key was generated and nothing was changed.
pub fn before_the_token(room: &mut Room<'_>) -> Result<(), Stop> {
    let mut held = Vec::new();
    for precondition in PRECONDITIONS {
        let Look::Untouched(look) = &precondition.look else { continue };
        look(room).map_err(|error| told(error, room))?;
        held.push(precondition);
    }
    room.people.show(&screen("Checked before anything is made", &held))
}

/// Looks for everything else, with the token open, before a key is made in it, and shows it.
///
/// # Errors
/// Those of the first precondition that does not hold: no key was generated, and the token holds what it held.
pub fn before_a_key(room: &mut Room<'_>, keys: &mut Keyring) -> Result<(), Stop> {
    let mut held = Vec::new();
    for precondition in PRECONDITIONS {
        let Look::Open(look) = &precondition.look else { continue };
        look(room, keys).map_err(|error| told(error, room))?;
        // What else is in the token of a root that is taken over, people judge when they see it.
        if !(room.script.kind.takes_over() && precondition.name == LEFTOVERS) {
            held.push(precondition);
        }
    }
    room.people.show(&screen("Checked before a key is made", &held))
}

/// What is true after a precondition that does not hold.
fn told(error: Error, room: &Room<'_>) -> Error {
    let error = error.truth("No key was generated.");
    match !room.journal.state().tokens.is_empty() || !room.journal.state().keys.is_empty() {
        false => error.truth("Nothing was changed."),
        true => error.hint(
            "this genesis goes on with the same command; with another token or another kind of key, begin anew: \
             anchorite new DIR",
        ),
    }
}

fn screen(heading: &str, held: &[&Precondition]) -> Screen {
    let head = Screen::new().heading(heading, format!("{} of {}", held.len(), held.len()));
    held.iter().fold(head, |screen, precondition| screen.indented(precondition.says))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_precondition_has_a_name_of_its_own_and_says_what_is_true() {
        let names: BTreeSet<&str> = PRECONDITIONS.iter().map(|p| p.name).collect();
        assert_eq!(names.len(), PRECONDITIONS.len());
        for precondition in PRECONDITIONS {
            assert!(precondition.says.ends_with('.'), "{}", precondition.name);
        }
    }

    #[test]
    fn nothing_is_left_for_the_open_token_that_could_be_known_before() {
        // Those that need an open token come last: what can be known before a token is touched, is.
        let open = |p: &Precondition| matches!(p.look, Look::Open(_));
        assert!(PRECONDITIONS.is_sorted_by_key(open));
    }
}
