//! `cross-sign`: plans certificates by which the old root vouches for the new one, and the new one for the old. With
//! them a workload that trusts one root accepts a chain of the other, and a receiver that pinned one admits the other.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::succession;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "cross-sign",
    says: "Plan cross certificates between the old root and the new",
    asks: false,
    needs: &[Fact::Unlocked, Fact::NewKeys],
    gives: &[Fact::Plannable],
    takes: &[],
    settings: &[],
    lasts: Lasts::Process,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    let next = room.journal.state().succession().root;
    if room.wishes.root_generation.is_some_and(|wanted| wanted < next) {
        return Ok(());
    }
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let made = succession::crosses(room, &mut keys, &bench.drafts, next);
    bench.keys = Some(keys);
    bench.drafts.extend(made?);
    Ok(())
}
