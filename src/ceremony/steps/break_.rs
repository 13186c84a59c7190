//! `break`: people leave the table and come back. The token is logged out first, so that nobody guards an open
//! one; after it, the token that is here is looked at again: one that was taken out or swapped is named.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::confirm;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::screen::Screen;
use crate::token::KeyRole;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "break",
    says: "Break",
    asks: false,
    needs: &[Fact::Participants],
    gives: &[],
    takes: &[Fact::Unlocked],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// Who stays with the machine, and who must be back.
const BOTH: [&str; 2] = ["administrator", "witness"];

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    log_out(room, bench)?;
    room.people.show(&Screen::new().text(
        "The token is logged out. One of you stays with the machine, the token and the media at all times; nobody is \
         alone with them.",
    ))?;
    if !confirm::yes(room, step, &step.by, "guarded", "is it agreed who stays?")? {
        return Err(Stop::Failed(
            Error::new(Kind::Declined, "nobody would guard the machine and the token")
                .hint("agree on who stays, and retry; or pause, and put everything back into its bags"),
        ));
    }
    for role in BOTH {
        while !confirm::yes(room, step, role, "back", "are you back?")? {
            room.people.show(&Screen::new().text("The break goes on."))?;
        }
    }
    look_again(room)
}

/// What was signed so far is under a checkpoint before the token is logged out.
fn log_out(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Error> {
    let settled = room.journal.is_durable() && room.journal.state().open_intents.is_empty();
    if let (Some(mut keys), true) = (bench.keys.take(), settled)
        && keys.audit_spki().is_ok()
    {
        room.journal.checkpoint(&mut keys)?;
    }
    Ok(())
}

/// Every token that the log names is here, with its serial number.
fn look_again(room: &mut Room<'_>) -> Result<(), Stop> {
    let mut screen = Screen::new();
    for role in [KeyRole::Root, KeyRole::Audit] {
        let Some(serial) = room.journal.state().tokens.get(role.name()).map(|token| token.serial.clone()) else {
            continue;
        };
        let seen = room.tokens.find(role, &serial).map_err(|error| {
            error.within(format!("after the break the {} token is not as it was", role.name())).hint(
                "put the token back that was here before, and retry; or pause, and run the same command again: some \
                 modules see a token that came back only then. A token that cannot be found is a loss: abandon",
            )
        })?;
        screen = screen.field(&format!("{} token", role.name()), format!("{}, serial {serial}", seen.identity.label));
    }
    room.people.show(&screen)
}
