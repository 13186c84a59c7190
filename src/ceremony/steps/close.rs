//! `close`: the session's last entry, under a checkpoint, and the words that the paper keeps.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::publish;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::log::record::{SessionClosed, StepDone};
use crate::screen::Screen;
use crate::words;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "close",
    says: "Close the session",
    asks: false,
    needs: &[Fact::Unlocked],
    gives: &[],
    takes: &[Fact::Unlocked],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let done = StepDone { step: step.id.clone(), activity: step.activity.clone() };
    let closed = SessionClosed { outcome: "complete".to_owned(), reason: None };
    room.journal.append(vec![done.into(), closed.into()])?;
    let keys = bench.keys.as_mut().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    room.journal.checkpoint(keys)?;
    bench.closed = true;
    publish::write_checkpoint(room)?;
    let log = room.journal.log()?;
    let root = log.root();
    let screen = Screen::new()
        .heading("Write this on the paper, signed by everybody", room.script.title.clone())
        .field("tree size", log.size().to_string())
        .field("root hash", root.hex())
        .field("words 1-8", words::words(root.0.get(..8).unwrap_or_default()).join(" "));
    room.people.show(&screen)?;
    // Logging out before the last words: the token can be put away while they are copied.
    bench.keys = None;
    Ok(())
}
