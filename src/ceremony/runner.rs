//! The runner: one step at a time, each logged when it is done; a failure is answered by people where it can
//! be; a stop closes token and log properly.

use super::copies;
use super::people::{StepView, Stop, Way};
use super::progress;
use super::recovery::Interrupted;
use super::room::{Bench, Room};
use super::script::Step;
use super::steps::{issue_crl, unlock_token};
use super::vocabulary::{self, Activity, Fact, Ways};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::execute;
use crate::log::Record;
use crate::log::record::{SessionClosed, StepDone, StepSkipped};
use crate::policy::revocation;
use crate::text;
use jiff::{SignedDuration, Timestamp};

/// Runs the script of the room to its end, or on from the first step that is not done.
///
/// # Errors
/// What stopped it; the token is logged out and, where the audit key was at hand, the session is closed
/// under a checkpoint that says how it ended.
pub fn run(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Error> {
    let steps = room.script.steps.clone();
    let state = room.journal.state();
    bench.cut_short = state.cut_short(state.session.as_ref().map(|own| own.opened));
    if let Some(interrupted) = bench.interrupted.as_ref().filter(|interrupted| !is_known(room, interrupted)) {
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

/// True where people know it already: they go on with the ceremony that was interrupted, and it left nothing but
/// steps to do.
fn is_known(room: &Room<'_>, interrupted: &Interrupted) -> bool {
    let resumed = room.journal.state().course.as_ref().is_some_and(|course| course.id != room.journal.session());
    resumed && interrupted.intents.is_empty() && interrupted.undelivered.is_empty() && interrupted.torn.is_none()
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
    if room.people.unattended().is_some() && vocabulary::is_of_people(activity.name) {
        return leave_out(room, step, "nobody attends".to_owned());
    }
    loop {
        hold_clock(room, activity)?;
        let outcome = attempt(room, bench, activity, steps, index, step);
        note_deviations(room, step)?;
        let error = match outcome {
            // `close` logs its own step: nothing follows session.closed in a session.
            Ok(()) if bench.closed => return Ok(()),
            Ok(()) => {
                let done = StepDone { step: step.id.clone(), activity: step.activity.clone() };
                return confirm(room, step, done.into());
            }
            Err(Stop::Failed(error)) if error.kind() != Kind::Bug => with_truth(error, bench),
            Err(stop) => return Err(stop),
        };
        if error.kind() == Kind::AfterSigning {
            bench.told = error.truths().to_vec();
        }
        if unlock_token::is_lost(room, bench) {
            unlock_token::regain(room, bench, step, &error)?;
            if activity.ways.retry {
                continue;
            }
        }
        let way = room.people.choose(&error, activity.ways);
        note_deviations(room, step)?;
        match way? {
            Way::Retry => {}
            Way::Skip(reason) => return leave_out(room, step, reason),
            way => return Err(stop_by(way, error)),
        }
    }
}

fn leave_out(room: &mut Room<'_>, step: &Step, reason: String) -> Result<(), Stop> {
    let skipped = StepSkipped { step: step.id.clone(), activity: step.activity.clone(), reason };
    confirm(room, step, skipped.into())
}

/// Logs what became of a step, as the doing of the role that acts. Where people attend, it is on disk with all that
/// the step noted: they do no step twice. A run without people does again what a power cut took.
fn confirm(room: &mut Room<'_>, step: &Step, record: Record) -> Result<(), Stop> {
    logged(room, &mut |room| room.journal.note_by(&step.by, vec![record.clone()]))?;
    logged(room, &mut |room| room.keep())
}

/// What people wrote down while a step ran.
fn note_deviations(room: &mut Room<'_>, step: &Step) -> Result<(), Stop> {
    logged(room, &mut |room| room.note_deviations(step).map(|_| ()))
}

/// An act on the log. Where it fails (a full disk), people may make room and have it tried again: what was done
/// and said is not lost, and not done again.
fn logged(room: &mut Room<'_>, act: &mut dyn FnMut(&mut Room<'_>) -> Result<(), Error>) -> Result<(), Stop> {
    loop {
        match act(room) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == Kind::Bug => return Err(error.into()),
            Err(error) => match room.people.choose(&error, Ways::RETRY)? {
                Way::Retry => {}
                way => return Err(stop_by(way, error)),
            },
        }
    }
}

/// The stop that people chose, or the error itself.
fn stop_by(way: Way, error: Error) -> Stop {
    match way {
        Way::Pause => Stop::Pause,
        Way::Abandon(why) => Stop::Abandon(why),
        Way::Retry | Way::Skip(_) | Way::End => Stop::Failed(error),
    }
}

/// A clock that was moved since people compared it with a watch stops here, until it is mended or they give up.
fn hold_clock(room: &mut Room<'_>, activity: &Activity) -> Result<(), Stop> {
    if !activity.needs.contains(&Fact::ClockConfirmed) {
        return Ok(());
    }
    while let Some(moved) = room.journal.clock().moved() {
        let error = clock_moved(room.journal.now(), moved);
        match room.people.choose(&error, Ways::RETRY)? {
            Way::Retry => {}
            way => return Err(stop_by(way, error)),
        }
    }
    Ok(())
}

fn clock_moved(now: Timestamp, moved: SignedDuration) -> Error {
    let direction = if moved.is_negative() { "back" } else { "forward" };
    Error::new(Kind::Clock, "the clock was moved since it was compared with the watch")
        .saw(format!("{now}, {} seconds {direction}", moved.as_secs().abs()))
        .wanted(now.saturating_sub(moved).map_or_else(|_| "the time as it was".to_owned(), |was| was.to_string()))
        .hint("set it right (date -u -s …) and retry; or pause: the next session compares it again")
        .truth("Nothing was signed since.")
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
        minutes: step.minutes,
        note: step.note.as_deref(),
        next: next.map(|next| next.says),
    };
    room.people.step(&view)?;
    // A stray answer is found before the root key signs.
    if !activity.asks {
        room.check_answers(step)?;
    }
    (activity.run)(room, bench, step)
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
    error = with_truth(error, bench);
    if !bench.issued.is_empty() && !paused && error.kind() != Kind::AfterSigning {
        error = error
            .into_kind(Kind::AfterSigning)
            .hint(execute::goes_on(bench.issued.iter().map(|issued| &issued.intent)));
    }
    error = with_waiting(error, room, bench);
    let open = room.journal.is_durable() && !bench.closed && room.journal.state().open_intents.is_empty();
    if let (true, Some(keys)) = (open, bench.keys.as_mut())
        && keys.audit_spki().is_ok()
    {
        let closed =
            SessionClosed { outcome: outcome.to_owned(), reason: Some(text::without_directories(&error.to_string())) };
        // Where only the checkpoint over its closing failed, the session is closed in the log already.
        let appended = match room.journal.state().session {
            Some(_) => room.journal.append(vec![closed.into()]),
            None => Ok(()),
        };
        let result = appended.and_then(|()| room.journal.checkpoint(keys));
        match result {
            // The token's guard moved on with the checkpoint: copies that stay behind would open nowhere.
            Ok(()) => error = copies::try_everywhere(room).into_iter().fold(error, |error, hint| error.hint(hint)),
            Err(second) => {
                error =
                    error.hint(format!("the next ceremony closes this session in the log; now it failed: {second}"));
            }
        }
    }
    error
}

/// An error that says what was revoked and is on no CRL yet, where the ceremony was to issue one.
fn with_waiting(error: Error, room: &Room<'_>, bench: &Bench) -> Error {
    let state = room.journal.state();
    let own = state.session.as_ref().map(|own| own.opened);
    let issues = room.script.steps.iter().any(|step| step.activity == issue_crl::ACTIVITY.name);
    let Some(since) = bench.cut_short.or(own).filter(|_| issues) else { return error };
    let on_none: Vec<Hex> = state.living_certificates().into_keys().flat_map(|root| state.unpublished(root)).collect();
    let waiting = state.revoked_since(since).into_iter().filter(|serial| on_none.contains(serial));
    let names: Vec<String> =
        waiting.filter_map(|serial| state.certificates.get(&serial).map(revocation::name)).collect();
    match names.is_empty() {
        true => error,
        false => error
            .hint("the same command plans the CRL again, and so does: anchorite crl")
            .truth(format!("In the log and on no CRL yet: the revocation of {}.", names.join(", "))),
    }
}

/// An error that says what is true of signatures.
fn with_truth(error: Error, bench: &Bench) -> Error {
    if error.kind() == Kind::AfterSigning || error.truths().iter().any(|truth| truth.to_lowercase().contains("signed"))
    {
        return error;
    }
    if !bench.told.is_empty() {
        return bench.told.iter().fold(error, |error, told| error.truth(told));
    }
    match bench.issued.is_empty() {
        true => error.truth("Nothing was signed."),
        false => bench.issued.iter().fold(error, |error, issued| error.truth(issued.says())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_moved_is_told_with_where_it_should_be() {
        let now: Timestamp = "2028-11-21T09:31:00Z".parse().unwrap();
        let error = clock_moved(now, SignedDuration::from_hours(24));
        assert_eq!(
            error.to_string(),
            "the clock was moved since it was compared with the watch: saw 2028-11-21T09:31:00Z, 86400 seconds \
             forward, wanted 2028-11-20T09:31:00Z"
        );
        let back = clock_moved(now, SignedDuration::from_secs(-121)).to_string();
        assert!(back.contains("121 seconds back, wanted 2028-11-21T09:33:01Z"), "{back}");
    }
}
