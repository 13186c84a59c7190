//! The paper is the program: words from its cover, before anything else.

use super::*;
use crate::seat::{founded, from_paper, introduces};
use anchorite::ceremony::script::Script;

const ADMINISTRATOR: &str = "Administrator, words ";
const WITNESS: &str = "Witness, words ";

#[test]
fn each_has_a_paper_of_the_script_that_runs_and_a_slip_is_helped() {
    let world = founded();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "export", "--to", "medium"]);
    let paper = Script::built_in("export").unwrap().text;
    seat.asked(ADMINISTRATOR);
    seat.reads(" (or no): ");
    seat.types("aardvark aardvark aardvark");
    let helped = seat.asked(ADMINISTRATOR);
    assert!(helped.contains("Not yet: word "), "{helped}");
    assert!(helped.contains("it has another script: type \"no\" to stop"), "{helped}");
    let places = seat.reads(" (or no): ");
    seat.types(&from_paper(paper.as_bytes(), &places).to_uppercase());
    seat.asked(WITNESS);
    // Fewer words than were asked.
    let places = seat.reads(" (or no): ");
    let words = from_paper(paper.as_bytes(), &places);
    seat.types(words.rsplit_once(' ').unwrap().0);
    let helped = seat.asked(WITNESS);
    assert!(helped.contains("not the number of words that was asked for: saw 2 words, wanted 3"), "{helped}");
    let places = seat.reads(" (or no): ");
    seat.types(&from_paper(paper.as_bytes(), &places));
    introduces(&mut seat);
    seat.asked("Witness, date and time on your watch: ");
    seat.types("q");
    seat.answers("Pause here? ", "yes");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    let said: Vec<_> = recorded(&world, "compare").into_iter().rev().take(2).collect();
    assert_eq!((said[1].0.as_str(), said[0].0.as_str()), ("administrator", "witness"));
    assert_eq!(said[0].1, "words of the script");
}

#[test]
fn a_paper_of_another_script_stops_the_ceremony_before_anything_is_asked() {
    let world = founded();
    let before = world.everything();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "export", "--to", "medium"]);
    seat.asked(ADMINISTRATOR);
    seat.reads(" (or no): ");
    seat.types("no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    let end = "error: declined: the paper of the administrator has another script\nNothing was signed.\n";
    assert!(shown.ends_with(end), "{shown}");
    assert_eq!(world.everything(), before);
}

#[test]
fn a_root_is_made_only_of_the_configuration_on_the_paper() {
    let world = World::configured("production", "ecdsa-p256");
    let before = world.everything();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    let shown = seat.asked("Witness, config words ");
    assert!(shown.contains("This ceremony makes what authority.toml says"), "{shown}");
    seat.reads(" (or no): ");
    seat.types("no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("the paper of the witness has another configuration"), "{shown}");
    assert_eq!(world.everything(), before);
}

#[test]
fn where_nobody_attends_the_log_says_what_nobody_confirmed() {
    let world = World::ready();
    let skipped = entries(&world, "step.skipped");
    let steps: Vec<&str> = skipped.iter().map(|entry| entry["data"]["do"].as_str().unwrap()).collect();
    for activity in ["compare-script", "confirm-clock", "materials", "checklist", "read-aloud", "record", "sign-off"] {
        assert!(steps.contains(&activity), "{activity}: {steps:?}");
    }
    assert!(skipped.iter().all(|entry| entry["data"]["reason"] == "nobody attends"), "{skipped:?}");
    assert!(entries(&world, "clock.set").is_empty());
}
