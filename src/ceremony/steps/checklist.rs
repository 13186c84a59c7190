//! `checklist`: people look, and say of each item whether it is so. A no stops the step: what is not as the
//! script says is mended, or left so under a deviation.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::confirm;
use crate::ceremony::vocabulary::{Activity, Lasts, Setting, Ways};
use crate::error::{Error, Kind};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "checklist",
    says: "Look, and confirm each item",
    asks: false,
    needs: &[],
    gives: &[],
    takes: &[],
    settings: &[Setting::Items],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let of = step.items.len();
    for (index, item) in step.items.iter().enumerate() {
        room.people.show(&Screen::new().field(&format!("{} of {of}", index + 1), item))?;
        if !confirm::yes(room, step, &step.by, item, "is it so?")? {
            return Err(Stop::Failed(not_so(item)));
        }
    }
    Ok(())
}

fn not_so(item: &str) -> Error {
    Error::new(Kind::Declined, "an item of the checklist is not so")
        .saw(format!("no: {item}"))
        .hint("mend it and retry; or decide together, skip, and the log keeps why")
}
