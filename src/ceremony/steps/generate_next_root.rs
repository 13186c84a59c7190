//! `generate-next-root`: the next root key and the audit key that goes with it, in the token; and the plans of their
//! certificates. What an interrupted rollover made is found again, and nothing is made twice.

use super::generate_root::generate_all;
use crate::ceremony::people::Stop;
use crate::ceremony::precondition;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::succession;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::ceremony::wrapped;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::key::KeySpec;
use crate::plan::MadePlan;
use crate::screen::Screen;
use crate::token::KeyRole;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "generate-next-root",
    says: "Generate the next root key and its audit key",
    asks: false,
    needs: &[Fact::Preflighted, Fact::Unlocked, Fact::Root],
    gives: &[Fact::NewKeys, Fact::Plannable],
    takes: &[],
    settings: &[],
    // The keys last; what is planned of them does not.
    lasts: Lasts::Process,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    wrapped::prove_token(room, bench, room.config.root.key)?;
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let result = generate(room, &mut keys);
    bench.keys = Some(keys);
    bench.drafts.extend(result?);
    Ok(())
}

fn generate(room: &mut Room<'_>, keys: &mut Keyring) -> Result<Vec<MadePlan>, Stop> {
    let next = room.journal.state().succession();
    if room.wishes.root_generation.is_some_and(|wanted| wanted < next.root) {
        room.people.show(&Screen::new().text("The new root is made already; what is left to do follows."))?;
        return Ok(Vec::new());
    }
    let wanted = [(KeyRole::Root, next.root, room.config.root.key), (KeyRole::Audit, next.audit, KeySpec::EcdsaP256)];
    let missing = |(role, generation, _): &(KeyRole, u32, KeySpec)| {
        room.journal.state().key_of(role.name(), *generation).is_none()
    };
    if wanted.iter().any(missing) {
        precondition::before_a_successor(room, keys, next)?;
        generate_all(room, keys, &wanted)?;
    }
    Ok(succession::plans(room, keys, next.root, next.audit)?)
}
