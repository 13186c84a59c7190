//! Why something is done that cannot be undone: asked until it is a sentence that fits screens and records.

use crate::ceremony::people::Stop;
use crate::ceremony::room::Room;
use crate::ceremony::script::Step;
use crate::error::{Error, Kind};
use crate::text;

/// The longest reason, in characters: it stands on screens and in records.
pub const MAX_REASON: usize = 300;

/// What an answers file calls it.
pub const REASON: &str = "reason";

/// Asks the person of a role for a reason; `lacking` says what cannot be without one.
///
/// # Errors
/// [`Stop`].
pub fn ask(room: &mut Room<'_>, step: &Step, by: &str, question: &str, lacking: &str) -> Result<String, Stop> {
    loop {
        let typed = room.people.answer(&step.id, REASON, by, question)?;
        let count = typed.trim().chars().count();
        if (1..=MAX_REASON).contains(&count) {
            return Ok(typed.trim().to_owned());
        }
        let error = Error::new(Kind::Usage, lacking).saw(text::count(count, "character"));
        room.people.help(&error.wanted(format!("1 to {MAX_REASON}")))?;
    }
}
