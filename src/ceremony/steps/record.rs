//! `record`: values that people read from the world and type: bag numbers, serial numbers, times. One that
//! continues an earlier ceremony's is compared with what the log has; a difference needs a deviation.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{Step, Value};
use crate::ceremony::steps::confirm;
use crate::ceremony::vocabulary::{Activity, Lasts, Setting, Ways};
use crate::error::{Error, Kind};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "record",
    says: "Write down and type",
    asks: false,
    needs: &[],
    gives: &[],
    takes: &[],
    settings: &[Setting::Values],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    step.values.iter().try_for_each(|value| ask(room, step, value))
}

/// Asks for one value until it has the form of one and, where it continues another, equals that or is excused
/// by a deviation that was written down after the difference was shown.
///
/// # Errors
/// [`Stop`].
pub fn ask(room: &mut Room<'_>, step: &Step, value: &Value) -> Result<(), Stop> {
    let earlier = value.continues.as_ref().and_then(|name| room.journal.state().values.get(name).cloned());
    if value.continues.is_some() && earlier.is_none() {
        let none = format!("No earlier ceremony recorded the {}: there is nothing to compare it with.", value.name);
        room.people.show(&Screen::new().text(none))?;
    }
    let (mut told, mut excused) = (false, false);
    loop {
        let typed = room.people.answer(&step.id, &value.name, &step.by, &value.name)?;
        excused |= room.note_deviations(step)? > 0 && told;
        if let Err(error) = confirm::check_typed(&typed) {
            room.people.help(&error)?;
            continue;
        }
        match earlier.as_deref().filter(|earlier| !excused && !same(earlier, &typed)) {
            Some(earlier) => {
                told = true;
                room.people.help(&differs(&value.name, &typed, earlier))?;
            }
            None => return Ok(room.record(step, &step.by, &value.name, &typed)?),
        }
    }
}

/// Capitals and spaces do not matter: both are lost between a label and a keyboard.
pub fn same(a: &str, b: &str) -> bool {
    let bare = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
    bare(a) == bare(b)
}

fn differs(name: &str, typed: &str, earlier: &str) -> Error {
    Error::new(Kind::Declined, format!("the {name} is not what the last ceremony recorded"))
        .saw(typed)
        .wanted(earlier)
        .hint("look again, and type it again")
        .hint("if it does differ: type d, write the deviation down, then type it once more")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_same_whatever_its_capitals_and_spaces() {
        assert!(same("AB 1234", "ab1234"));
        assert!(!same("AB1234", "AB1243"));
    }
}
