//! The runner: one step at a time, each logged when it is done; a stop closes token and log properly.

use super::people::Stop;
use super::room::{Bench, Room};
use super::script::Step;
use super::vocabulary::{self, Activity};
use crate::error::{Error, Kind};
use crate::log::record::{SessionClosed, StepDone};

/// Runs the script of the room to its end.
///
/// # Errors
/// What stopped it; the token is logged out and, where the audit key was at hand, the session is closed
/// under a checkpoint that says how it ended.
pub fn run(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Error> {
    let steps = room.script.steps.clone();
    if let Some(interrupted) = &bench.interrupted {
        room.people.show(&interrupted.screen()).map_err(Stop::into_error)?;
    }
    for (number, step) in steps.iter().enumerate() {
        let Some(activity) = vocabulary::find(&step.activity) else {
            return Err(Error::new(Kind::Bug, "a checked script names an unknown activity").saw(&step.activity));
        };
        let outcome = room
            .people
            .step(number + 1, steps.len(), activity.says, &step.by)
            .and_then(|()| check_answers(room, activity, steps.get(number..).unwrap_or_default()))
            .and_then(|()| (activity.run)(room, bench, step))
            .and_then(|()| {
                let done = StepDone { step: step.id.clone(), activity: step.activity.clone() };
                // `close` logs its own step: nothing follows session.closed in a session.
                if bench.closed { Ok(()) } else { Ok(room.journal.append(vec![done.into()])?) }
            });
        if let Err(stop) = outcome {
            return Err(close_after(stop, room, bench));
        }
    }
    Ok(())
}

/// Before a step that asks nothing, every prepared answer was used but those of steps that still ask: so a
/// stray answer is found before the root key signs.
fn check_answers(room: &mut Room<'_>, activity: &Activity, from_here: &[Step]) -> Result<(), Stop> {
    if activity.asks {
        return Ok(());
    }
    let asks = |step: &&Step| vocabulary::find(&step.activity).is_some_and(|activity| activity.asks);
    let later: Vec<&str> = from_here.iter().filter(asks).map(|step| step.id.as_str()).collect();
    room.people.asked_all(&later)
}

/// Ends a session that stopped early, as far as that is possible.
fn close_after(stop: Stop, room: &mut Room<'_>, bench: &mut Bench) -> Error {
    let outcome = match &stop {
        Stop::Declined(_) => "declined",
        Stop::Failed(error) if error.kind() == Kind::Declined => "declined",
        Stop::Failed(_) => "failed",
    };
    let mut error = stop.into_error();
    let signed = !bench.issued.is_empty();
    if signed && error.kind() != Kind::AfterSigning {
        for issued in &bench.issued {
            if let crate::plan::TbsView::Certificate(view) = issued.plan.view() {
                error = error.truth(format!("Serial {} WAS signed; treat it as issued.", view.serial.colons()));
            }
        }
        error = error.into_kind(Kind::AfterSigning).hint("make the bundles from the log with: anchorite export");
    } else if !signed && error.kind() != Kind::AfterSigning && !error.truths().iter().any(|t| t.contains("signed")) {
        error = error.truth("Nothing was signed.");
    }
    let open = room.journal.is_durable() && !bench.closed && room.journal.state().open_intents.is_empty();
    if let (true, Some(keys)) = (open, bench.keys.as_mut())
        && keys.audit_spki().is_ok()
    {
        let closed = SessionClosed { outcome: outcome.to_owned(), reason: Some(error.to_string()) };
        let result = room.journal.append(vec![closed.into()]).and_then(|()| room.journal.checkpoint(keys));
        if let Err(second) = result {
            error = error.hint(format!("the session could not be closed in the log either: {second}"));
        }
    }
    error
}
