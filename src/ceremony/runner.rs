//! The runner: one step at a time, each logged when it is done; a failure is answered by people where it can
//! be; a stop closes token and log properly.

use super::copies;
use super::people::{Noted, StepView, Stop, Way};
use super::progress;
use super::room::{Bench, Room};
use super::script::Step;
use super::vocabulary::{self, Activity};
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::record::{Deviation, SessionClosed, StepDone, StepSkipped};
use crate::screen::Screen;

/// Runs the script of the room to its end, or on from the first step that is not done.
///
/// # Errors
/// What stopped it; the token is logged out and, where the audit key was at hand, the session is closed
/// under a checkpoint that says how it ended.
pub fn run(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Error> {
    let steps = room.script.steps.clone();
    if let Some(interrupted) = &bench.interrupted {
        room.people.show(&interrupted.screen()).map_err(Stop::into_error)?;
    }
    let to_do = progress::to_do(&steps, room.journal.state().course.as_ref());
    for (index, step) in steps.iter().enumerate().filter(|(index, _)| to_do.get(*index) == Some(&true)) {
        let Some(activity) = vocabulary::find(&step.activity) else {
            return Err(Error::new(Kind::Bug, "a checked script names an unknown activity").saw(&step.activity));
        };
        if let Err(stop) = complete(room, bench, activity, &steps, index, step) {
            return Err(close_after(stop, room, bench, step));
        }
    }
    Ok(())
}

/// One step, until it is done, left out, or the ceremony stops.
fn complete(
    room: &mut Room<'_>,
    bench: &mut Bench,
    activity: &Activity,
    steps: &[Step],
    index: usize,
    step: &Step,
) -> Result<(), Stop> {
    loop {
        let outcome = attempt(room, bench, activity, steps, index, step);
        note_deviations(room, step)?;
        let error = match outcome {
            // `close` logs its own step: nothing follows session.closed in a session.
            Ok(()) if bench.closed => return Ok(()),
            Ok(()) => {
                let done = StepDone { step: step.id.clone(), activity: step.activity.clone() };
                return Ok(room.finish(&step.by, done.into())?);
            }
            Err(Stop::Failed(error)) if error.kind() != Kind::Bug => error,
            Err(stop) => return Err(stop),
        };
        let way = room.people.choose(&error, activity.ways);
        note_deviations(room, step)?;
        match way? {
            Way::Retry => {}
            Way::Skip(reason) => {
                let skipped = StepSkipped { step: step.id.clone(), activity: step.activity.clone(), reason };
                return Ok(room.finish(&step.by, skipped.into())?);
            }
            Way::Pause => return Err(Stop::Pause),
            Way::Abandon(why) => return Err(Stop::Abandon(why)),
            Way::End => return Err(Stop::Failed(error)),
        }
    }
}

fn attempt(
    room: &mut Room<'_>,
    bench: &mut Bench,
    activity: &Activity,
    steps: &[Step],
    index: usize,
    step: &Step,
) -> Result<(), Stop> {
    let next = steps.get(index + 1).and_then(|next| vocabulary::find(&next.activity));
    let view = StepView {
        banner: room.banner(),
        number: index + 1,
        of: steps.len(),
        id: &step.id,
        says: activity.says,
        by: &step.by,
        note: step.note.as_deref(),
        next: next.map(|next| next.says),
    };
    room.people.step(&view)?;
    check_answers(room, activity, steps.get(index..).unwrap_or_default())?;
    (activity.run)(room, bench, step)
}

/// What people wrote down while a step ran.
fn note_deviations(room: &mut Room<'_>, step: &Step) -> Result<(), Error> {
    let noted = room.people.deviations();
    if noted.is_empty() {
        return Ok(());
    }
    if room.journal.state().session.is_none() {
        let told = Screen::new().text("The log takes nothing more: write this deviation on an exception sheet.");
        return room.people.show(&told).map_err(Stop::into_error);
    }
    let record = |Noted { expected, happened, decided }| -> Record {
        Deviation { step: step.id.clone(), expected, happened, decided }.into()
    };
    room.journal.append(noted.into_iter().map(record).collect())
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
fn close_after(stop: Stop, room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Error {
    let outcome = match &stop {
        Stop::Pause => "paused",
        Stop::Abandon(_) => "abandoned",
        Stop::Declined(_) => "declined",
        Stop::Failed(error) if error.kind() == Kind::Declined => "declined",
        Stop::Failed(_) => "failed",
    };
    let paused = outcome == "paused";
    let mut error = stop.into_error();
    if paused {
        error = error.saw(format!("step \"{}\" is not done", step.id));
    }
    let signed = !bench.issued.is_empty();
    if signed && error.kind() != Kind::AfterSigning {
        for issued in &bench.issued {
            if let crate::plan::TbsView::Certificate(view) = issued.plan.view() {
                error = error.truth(format!("Serial {} WAS signed; treat it as issued.", view.serial.colons()));
            }
        }
        if !paused {
            error = error.into_kind(Kind::AfterSigning).hint("make the bundles from the log with: anchorite export");
        }
    } else if !signed && error.kind() != Kind::AfterSigning && !error.truths().iter().any(|t| t.contains("signed")) {
        error = error.truth("Nothing was signed.");
    }
    let open = room.journal.is_durable() && !bench.closed && room.journal.state().open_intents.is_empty();
    if let (true, Some(keys)) = (open, bench.keys.as_mut())
        && keys.audit_spki().is_ok()
    {
        let closed = SessionClosed { outcome: outcome.to_owned(), reason: Some(error.to_string()) };
        let result = room.journal.append(vec![closed.into()]).and_then(|()| room.journal.checkpoint(keys));
        match result {
            // The token's guard moved on with the checkpoint: copies that stay behind would open nowhere.
            Ok(()) => error = copies::try_everywhere(room).into_iter().fold(error, |error, hint| error.hint(hint)),
            Err(second) => error = error.hint(format!("the session could not be closed in the log either: {second}")),
        }
    }
    error
}
