//! `materials`: what lies ready is gone through, as the paper lists it: each item is there, and the values that
//! the script asks of it are typed and compared with those of the last ceremony.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::{confirm, record};
use crate::ceremony::vocabulary::{Activity, Lasts, Setting, Ways};
use crate::error::{Error, Kind};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "materials",
    says: "Lay out the materials",
    asks: false,
    needs: &[],
    gives: &[],
    takes: &[],
    settings: &[Setting::Materials],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let materials = room.script.materials.clone();
    let of = materials.len();
    for (index, material) in materials.iter().enumerate() {
        room.people.show(&Screen::new().field(&format!("{} of {of}", index + 1), &material.item))?;
        if !confirm::yes(room, step, &step.by, &material.item, "is it here?")? {
            return Err(Stop::Failed(missing(&material.item)));
        }
        material.record.iter().try_for_each(|value| record::ask(room, step, value))?;
    }
    Ok(())
}

fn missing(item: &str) -> Error {
    Error::new(Kind::Declined, "something that the script needs is not here")
        .saw(format!("no: {item}"))
        .hint("bring it and retry; or decide together, skip, and the log keeps why")
}
