//! `issue-crl`: the next CRL of every root whose certificate has not ended, as a plan for people to review. It lists
//! what the log says must be listed, and nothing else.

use crate::authority::state::Crl;
use crate::ceremony::people::Stop;
use crate::ceremony::planning;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{ScriptKind, Step};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::plan::{MadePlan, crl, make};
use crate::screen::Screen;
use crate::x509::read;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "issue-crl",
    says: "Plan the next CRL of each root",
    asks: false,
    needs: &[Fact::Unlocked, Fact::Root, Fact::ClockConfirmed],
    gives: &[Fact::Plannable],
    takes: &[],
    settings: &[],
    // The plans lie on the table of this process.
    lasts: Lasts::Process,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    let state = room.journal.state();
    if state.is_ending() {
        let told = "No CRL is planned: the end of every root key was announced before.";
        return room.people.show(&Screen::new().text(told));
    }
    let now = room.journal.now();
    let (ended, current): (Vec<_>, Vec<_>) = state
        .living_certificates()
        .into_iter()
        .map(|(generation, c)| (generation, c.not_after))
        .partition(|(_, end)| *end <= now);
    if current.is_empty() {
        // With the words about a root that has ended, and what to do.
        planning::issuer(room)?;
        return Err(Error::new(Kind::Bug, "a root that has not ended has no CRL to plan").into());
    }
    let mut drafts = Vec::with_capacity(current.len());
    for (generation, _) in current {
        let issuer = planning::issuer_of(room, generation)?;
        bench.keys()?.root_spki(generation)?;
        let ends = room.script.kind == ScriptKind::Decommission || room.wishes.root_generation == Some(generation);
        let plan = if ends { make::last_crl } else { make::crl };
        let draft = plan(room.context(), &issuer, room.journal.state())?;
        match signed_and_not_completed(room, bench, generation, &draft)? {
            Some(number) => {
                room.people.answered_before(None, &crl::reviewed(generation));
                room.people.show(&Screen::new().text(format!(
                    "CRL number {number} was signed before, by a ceremony that was not completed; it is not signed again."
                )))?;
            }
            None => drafts.push(draft),
        }
    }
    if room.wishes.csr {
        drafts.push(make::request(room.context(), &planning::issuer(room)?)?);
    }
    bench.drafts.extend(drafts);
    for (generation, end) in ended {
        let told = format!("The root of generation {generation} ended on {end}: it gets no CRL any more.");
        room.people.show(&Screen::new().text(told))?;
    }
    Ok(())
}

/// The number of a root's newest CRL, where a ceremony that was not completed signed it and nothing has changed since:
/// people approved it, and it is not signed again under another number.
fn signed_and_not_completed(
    room: &Room<'_>,
    bench: &Bench,
    generation: u32,
    draft: &MadePlan,
) -> Result<Option<u64>, Error> {
    let state = room.journal.state();
    let since = |crl: &&Crl| bench.cut_short.zip(crl.outcome).is_some_and(|(began, outcome)| began <= outcome);
    let Some(left) = state.crls.get(&generation).filter(since) else { return Ok(None) };
    let is_good = crl::says_nothing_new(draft, &read::crl(&left.der)?.view, room.journal.now());
    Ok(is_good.then_some(left.number))
}
