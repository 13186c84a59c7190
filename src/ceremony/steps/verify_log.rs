//! `verify-log`: the whole log is verified as anybody outside would, before people rely on it. What it ends with
//! is shown, to be compared with the last signed paper.

use crate::audit::{self, Options, RootPin};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::clock;
use crate::digest::Digest;
use crate::screen::Screen;
use crate::store;
use crate::words;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "verify-log",
    says: "Verify the log",
    asks: false,
    needs: &[Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    // With the token open its root keys are proved by their public halves, so the log can be held against those roots.
    let roots: Vec<Vec<u8>> = room.journal.state().roots().values().filter_map(|root| root.der.clone()).collect();
    let root = match &bench.keys {
        Some(_) if !roots.is_empty() => RootPin::Certificates(roots),
        _ => RootPin::None,
    };
    let proved = root != RootPin::None;
    room.people.working(0, 1, "verifying the log");
    let material = store::material(&room.folder.log())?;
    let report = audit::verify(material, &Options { root, at_rest: false }, &clock::monotonic).map_err(|error| {
        error.hint("keep it as it is, as evidence, and compare it with another copy and with the paper")
    })?;
    room.people.working(1, 1, "");
    let how = if proved { "verifies, under the root in the token" } else { "verifies in itself" };
    let mut screen = Screen::new()
        .heading("The log", how)
        .field("entries", format!("{}; the first {} under the last checkpoint", report.entries, report.size))
        .field("issued", report.issued())
        .field("tree size", report.size.to_string())
        .field("words 1-8", words::words(report.root.0.get(..8).unwrap_or_default()).join(" "));
    let generations = room.journal.state().roots();
    let generation = |root: Digest| {
        let certified = generations.iter().find(|(_, made)| made.der.as_deref().map(Digest::of) == Some(root));
        certified.filter(|_| report.roots.len() > 1).map(|(number, _)| format!("root {number}"))
    };
    for root in &report.roots {
        screen = screen.field(generation(*root).as_deref().unwrap_or("root sha256"), root.hex());
        screen = screen.field("root words", words::words(root.0.get(..8).unwrap_or_default()).join(" "));
    }
    if let Some(uncovered) = &report.uncovered {
        screen = screen.field("not covered", &uncovered.says);
    }
    for warning in report.warnings_in_session() {
        screen = screen.field("warning", warning);
    }
    room.people.show(&screen)
}
