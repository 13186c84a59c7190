//! `preflight`: is this machine fit for the ceremony? What was seen is logged, whatever the verdict.

use crate::ceremony::fitness::{self, Examined};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room, Wishes};
use crate::ceremony::script::{ScriptKind, Step};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::files::medium::Role;
use crate::token::KeyRole;
use std::path::PathBuf;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "preflight",
    says: "Check the machine",
    asks: false,
    needs: &[],
    gives: &[Fact::Preflighted],
    takes: &[],
    settings: &[],
    // A machine that was started again may be another one.
    lasts: Lasts::Process,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, _: &Step) -> Result<(), Stop> {
    // A restored key is for a token that is lost: a blank one is wanted, as before genesis.
    let tokenless = (room.script.kind == ScriptKind::KeyRestore).then(|| {
        let mut state = room.journal.state().clone();
        state.tokens.remove(KeyRole::Root.name());
        state
    });
    let checks = fitness::examine(Examined {
        now: room.journal.now(),
        config: Some(&room.config),
        folder: Some(&room.folder),
        state: Some(tokenless.as_ref().unwrap_or(room.journal.state())),
        tokens: Some(Ok(&mut *room.tokens)),
        media: media(&room.wishes),
    });
    room.journal.note(vec![fitness::record(&checks).into()])?;
    room.people.show(&fitness::screen(&checks, false))?;
    let attended = room.people.unattended().is_none();
    fitness::judge(&checks, &room.config.preflight.must_pass, attended)
        .map_err(|error| error.truth("Nothing was signed.").into())
}

/// Where the media of this session are expected.
fn media(wishes: &Wishes) -> Vec<(Role, PathBuf)> {
    let (requests, exports) = (wishes.requests.iter(), wishes.exports.iter());
    let roles = [Role::Requests, Role::Exports, Role::Authority];
    let places: [Vec<&PathBuf>; 3] = [requests.collect(), exports.collect(), wishes.authority.iter().collect()];
    roles
        .into_iter()
        .zip(places)
        .flat_map(|(role, dirs)| dirs.into_iter().map(move |dir| (role, dir.clone())))
        .collect()
}
