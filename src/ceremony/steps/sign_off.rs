//! `sign-off`: each participant says whether the ceremony was held as recorded. Who does not agree says why; it
//! is in the record, and stops nothing: what is signed is signed.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::{confirm, participants};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "sign-off",
    says: "Agree, or say why not",
    asks: false,
    needs: &[Fact::Participants],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    room.people.show(&Screen::new().text(
        "Each of you: was this ceremony held as the script and its deviations say? Who does not agree types no, and why.",
    ))?;
    for (role, count) in participants::roles_here(room) {
        for index in 1..=count {
            let who = if count > 1 { format!("{role} {index}") } else { role.clone() };
            ask(room, step, &role, &who)?;
        }
    }
    Ok(())
}

fn ask(room: &mut Room<'_>, step: &Step, role: &str, who: &str) -> Result<(), Stop> {
    if confirm::ask(room, step, who, who, "do you agree?")? {
        return Ok(room.record(step, role, who, "agrees")?);
    }
    loop {
        let why = room.people.answer(&step.id, who, who, "why not? (the log keeps it)")?;
        match confirm::check_typed(&why) {
            Ok(()) => return Ok(room.record(step, role, who, &format!("does not agree: {why}"))?),
            Err(error) => room.people.help(&error)?,
        }
    }
}
