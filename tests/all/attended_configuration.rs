//! A configuration that was edited after genesis, as people meet it: shown, confirmed by its words, or not used.

use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::*;

/// A production authority whose configuration was edited, and the sheet of a request.
fn edited() -> (World, String) {
    let world = founded();
    let text = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    world.configure(&text.replace("max_validity_days = 365", "max_validity_days = 90"));
    let sheet = world.run(&["request", "west", "--into", "clusters"]).ok().stdout;
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west/{name}")));
    }
    (world, sheet)
}

fn seated(world: &World) -> Seat {
    let mut seat = Seat::at(world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat
}

const ADOPT: &str = "Administrator: words 1 to 4 (or no): ";

#[test]
fn an_edited_configuration_is_shown_and_in_force_once_its_words_were_typed() {
    let (world, sheet) = edited();
    let mut seat = seated(&world);
    let shown = seat.answers(ADOPT, "aardvark absurd accrue acme").replace("\r\n", "\n");
    let from = shown.find("authority.toml has changed since it was adopted").unwrap_or_else(|| panic!("{shown}"));
    assert!(shown[from..].contains("  - max_validity_days = 365\n  + max_validity_days = 90\n"), "{shown}");
    let words = anchorite::words::words(&anchorite::digest::Digest::of(&world.read("authority/authority.toml")).0);
    let helped = seat.answers(ADOPT, &words[..4].join(" "));
    assert!(helped.contains("Please answer again."), "{helped}");
    let plan = approves_from(&mut seat, &sheet);
    assert!(plan.contains("   90 days"), "{plan}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    // The next ceremony has nothing to compare.
    let mut seat = seated(&world);
    let shown = seat.answers("Reason: ", "");
    assert!(shown.contains("authority.toml is the one that was adopted: sha256 "), "{shown}");
    seat.answers("What now? retry, pause, abandon: ", "abandon");
    seat.answers("Why is it given up? (the log keeps it): ", "the request was signed already");
    assert_eq!(seat.ends().1, 11);
}

#[test]
fn an_edited_configuration_that_is_not_confirmed_signs_nothing() {
    let (world, _) = edited();
    let before = world.intents();
    let mut seat = seated(&world);
    seat.answers(ADOPT, "no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(
        shown.ends_with("error: declined: the changed configuration is not adopted\nNothing was signed.\n"),
        "{shown}"
    );
    assert_eq!(world.intents(), before);
}
