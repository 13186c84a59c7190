//! `review-plans`: each plan on its own screen, approved by its words or not at all.

use crate::ceremony::people::{Compared, Stop, Verdict};
use crate::ceremony::planning;
use crate::ceremony::room::{Bench, Pending, Room};
use crate::ceremony::script::Step;
use crate::ceremony::spot_check;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::record::{ClusterEnrolled, PlanDeclined};
use crate::plan::{ApprovedPlan, MadePlan, What, crl, screen};
use crate::screen::Screen;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "review-plans",
    says: "Review and approve each plan",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Plannable, Fact::ClockConfirmed],
    gives: &[Fact::Approved],
    takes: &[Fact::Plannable],
    settings: &[],
    lasts: Lasts::Process,
    ways: Ways::NONE,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let made = planning::all(room, &mut keys, bench);
    bench.keys = Some(keys);
    let made = made?;
    if made.is_empty() {
        return resume(room, bench, step);
    }
    // In small portions: each entry is at most a megabyte, a batch may be thousands.
    for portion in made.chunks(256) {
        let records: Result<Vec<Record>, Error> = portion.iter().map(|(plan, _)| Ok(plan.record()?.into())).collect();
        room.journal.note(records?)?;
    }
    let of = made.len();
    for (number, (plan, pending)) in made.iter().enumerate() {
        let pending = pending.and_then(|index| bench.pending.get(index));
        room.people.show(&screen::screen(plan, &room.banner(), number + 1, of)?)?;
        match review(room, step, plan, pending)? {
            Some(approved) => bench.approved.push(approved),
            // Nothing of a root stands without its own certificate.
            None if plan.plan().what == What::Root => {
                bench.approved.clear();
                return Err(Stop::Declined("the root's certificate is not approved".to_owned()));
            }
            None => {}
        }
    }
    // What else was asked for is in the plans.
    bench.pending.retain(|pending| pending.key.is_some());
    bench.pending.shrink_to_fit();
    if bench.approved.is_empty() {
        return Err(Stop::Declined("no plan was approved".to_owned()));
    }
    Ok(())
}

/// Nothing is left to plan where an interrupted session has signed it all: what remains is to write it out.
fn resume(room: &mut Room<'_>, bench: &Bench, step: &Step) -> Result<(), Stop> {
    if bench.resumed.is_empty() {
        // A genesis or a restore that was interrupted after its signatures.
        room.people.answered_before(Some(&step.id), &format!("sha256:{}", room.config_adopted.1));
        for generation in room.journal.state().crls.keys() {
            room.people.answered_before(Some(&step.id), &crl::reviewed(*generation));
        }
    }
    room.people.show(&Screen::new().text("Everything was signed already; nothing is left to review."))
}

/// One plan: the request's words, then the plan's; what was said is logged at once.
fn review(
    room: &mut Room<'_>,
    step: &Step,
    made: &MadePlan,
    pending: Option<&Pending>,
) -> Result<Option<ApprovedPlan>, Stop> {
    if let Some(pending) = pending
        && let Some(words_of) = pending.words_of
    {
        compare_words(room, pending, words_of)?;
    }
    loop {
        let result = match room.people.decide(&step.id, made)? {
            Verdict::Decline(reason) => {
                let record = PlanDeclined { plan_sha256: made.digest(), reason };
                room.journal.append(vec![record.into()])?;
                return Ok(None);
            }
            Verdict::Words { administrator, witness, reason } => {
                made.approve_by_words(&administrator, &witness, reason.as_deref())
            }
            Verdict::Beforehand { reviewed, reason } if may_be_unattended(room) => {
                made.approve_by_answer(&reviewed, reason.as_deref())
            }
            Verdict::Beforehand { .. } => Err(Error::new(Kind::Usage, "only an unattended authority takes answers")),
        };
        match result {
            Ok(approved) => {
                let mut records: Vec<Record> = Vec::new();
                if let Some(pending) = pending.filter(|p| p.accepted.cluster.enrols) {
                    records.push(enrolment(pending).into());
                }
                records.push(approved.record().into());
                room.journal.note(records)?;
                return Ok(Some(approved));
            }
            // A reason that is missing can be typed; a refusal stays one.
            Err(error) if error.kind() == Kind::Refused && !made.needs_reason() => return Err(error.into()),
            Err(error) => room.people.help(&error)?,
        }
    }
}

fn may_be_unattended(room: &Room<'_>) -> bool {
    room.config.unattended && room.people.unattended().is_some()
}

fn enrolment(pending: &Pending) -> ClusterEnrolled {
    let cluster = &pending.accepted.cluster;
    ClusterEnrolled {
        cluster: cluster.name.clone(),
        environment: cluster.environment.clone(),
        trust_domain: cluster.trust_domain.clone(),
        recipients: cluster.recipients.clone(),
        profile: pending.profile.clone(),
        key_origin: cluster.key_origin.clone(),
        spki_sha256: cluster.spki_sha256,
        words_of: pending.words_of.unwrap_or(cluster.request_sha256),
    }
}

/// Three words of the request, at random positions, from the sheet that its engineer dictated: reading
/// along becomes habit, answering does not.
fn compare_words(room: &mut Room<'_>, pending: &Pending, words_of: Digest) -> Result<(), Stop> {
    loop {
        let positions = spot_check::positions(&mut room.entropy, 32)?;
        match room.people.request_words(&pending.step, pending.accepted.cluster.request_sha256, &positions)? {
            Compared::Beforehand if may_be_unattended(room) => return Ok(()),
            Compared::Typed(typed) => match spot_check::compare(&typed, &positions, &words_of.0) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let error = error
                        .hint("if the sheet says otherwise, the request is not the engineer's: type \"no\" to stop");
                    room.people.help(&error)?;
                }
            },
            _ => {
                room.people
                    .show(&Screen::new().text("The words differ: this is not the request that was dictated."))?;
                return Err(Stop::Declined(format!("the words of {} differ from the sheet", pending.file)));
            }
        }
    }
}
