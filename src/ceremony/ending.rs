//! The end of an authority: what no longer can be done, and how that is said.

use crate::authority::State;
use crate::error::{Error, Kind};

/// What is said wherever a key that is gone would be needed.
pub fn ended(state: &State) -> Error {
    let error = match state.ended() {
        Some(at) => Error::new(Kind::Refused, format!("this authority ended at {at}: its keys are destroyed")),
        None => Error::new(Kind::Refused, "this authority is ending: its root keys are destroyed, or about to be")
            .hint("finish it with: anchorite decommission"),
    };
    error
        .hint("bundles that were exported stay valid; new ones would be signed by a key that is gone")
        .hint("what can be read still can: anchorite status, log verify --at-rest, ceremony record")
        .truth("Nothing was signed.")
}

/// Refuses what an authority that ends cannot do any more.
///
/// # Errors
/// [`Kind::Refused`].
pub fn check_alive(state: &State) -> Result<(), Error> {
    if state.is_ending() { Err(ended(state)) } else { Ok(()) }
}
