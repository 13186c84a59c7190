//! How steps of people confirm: a yes or a no by one role, logged at once as what that role said.

use crate::ceremony::people::Stop;
use crate::ceremony::room::Room;
use crate::ceremony::script::Step;
use crate::error::{Error, Kind};
use crate::text;

/// The longest text that people type into the log, in characters: it stands on one line of the record.
pub const MAX_TYPED: usize = 200;

/// Asks until it is yes or no; a yes is logged under `name` with the role and the time.
///
/// # Errors
/// [`Stop`].
pub fn yes(room: &mut Room<'_>, step: &Step, by: &str, name: &str, question: &str) -> Result<bool, Stop> {
    let yes = ask(room, step, by, name, question)?;
    if yes {
        room.record(step, by, name, "yes")?;
    }
    Ok(yes)
}

/// Asks until it is yes or no; what follows from it logs it.
///
/// # Errors
/// [`Stop`].
pub fn ask(room: &mut Room<'_>, step: &Step, by: &str, key: &str, question: &str) -> Result<bool, Stop> {
    loop {
        let typed = room.people.answer(&step.id, key, by, &format!("{question} (yes or no)"))?;
        match typed.trim().to_lowercase().as_str() {
            "yes" | "y" => return Ok(true),
            "no" | "n" => return Ok(false),
            _ => room.people.help(&Error::new(Kind::Usage, "neither yes nor no").saw(typed).wanted("yes, or no"))?,
        }
    }
}

/// Checks what people type into the log.
///
/// # Errors
/// [`Kind::Usage`]: empty, too long, or with characters that do not print.
pub fn check_typed(typed: &str) -> Result<(), Error> {
    let count = typed.chars().count();
    if typed.trim().is_empty() || count > MAX_TYPED || text::first_deceptive(typed).is_some() {
        return Err(Error::new(Kind::Usage, "the log keeps 1 to 200 printable characters").saw(if typed.is_empty() {
            "nothing".to_owned()
        } else {
            text::count(count, "character")
        }));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_into_the_log_is_short_and_prints() {
        assert!(check_typed("AB 1234").is_ok());
        for wrong in ["", "  ", "a\u{1b}[2J", "a\u{202e}b", &"x".repeat(201)] {
            assert!(check_typed(wrong).is_err(), "{wrong:?}");
        }
    }
}
