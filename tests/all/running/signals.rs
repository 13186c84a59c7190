//! Signals at each kind of question and during work: none ends a ceremony with the token open.

use super::*;
use crate::seat::approves;
use crate::support::{SO_PIN, configuration};
use expectrl::Expect;
use rustix::process::Signal;
use std::time::Duration;

const CTRL_C: &[u8] = &[3];
const CTRL_D: &[u8] = &[4];
const CTRL_Z: &[u8] = &[26];
const CTRL_BACKSLASH: &[u8] = &[28];

/// The end of a ceremony that paused at a step.
#[track_caller]
fn is_paused(seat: Seat, step: &str) {
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    let end = format!(
        "error: the ceremony is paused: saw step \"{step}\" is not done\nhint:  the same command goes on at the first \
         step that is not done\nNothing was signed.\n"
    );
    let unwrapped = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped(&shown).ends_with(&unwrapped(&end)), "{shown}");
}

#[test]
fn an_interrupt_asks_first_and_a_second_one_pauses() {
    let world = World::configured("production", "ecdsa-p256");
    for control in [CTRL_C, CTRL_BACKSLASH, CTRL_D] {
        let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
        let question = if control == CTRL_C { "Name of the administrator: " } else { GO_ON };
        seat.asked(question);
        if question == GO_ON {
            seat.types("anew");
            seat.asked("Name of the administrator: ");
        }
        // In the middle of a line, where Ctrl-D does not end it.
        if control != CTRL_D {
            seat.session.send("Ad").unwrap();
        }
        seat.session.send(control).unwrap();
        seat.answers(PAUSE, "");
        // What was typed before does not count.
        seat.answers("Name of the administrator: ", "Ada");
        seat.asked("Name of the witness: ");
        seat.session.send(control).unwrap();
        seat.asked(PAUSE);
        seat.session.send(control).unwrap();
        is_paused(seat, "participants");
    }
    assert_eq!(world.tree("token/tokens").len(), 1, "nothing was made");
}

#[test]
fn an_interrupt_at_a_pin_pauses_with_the_echo_back() {
    let (world, sheet) = prepared();
    let mut seat = seated(&world);
    seat.asked(ENTER_PIN);
    assert!(!seat.session.get_process().get_echo().unwrap());
    seat.session.send("1234").unwrap();
    seat.session.send(CTRL_C).unwrap();
    seat.asked(PAUSE);
    assert!(seat.session.get_process().get_echo().unwrap());
    seat.types("");
    // A letter is a letter of the PIN: of the wrong shape, no try is spent.
    seat.answers(ENTER_PIN, "q");
    let helped = seat.asked(ENTER_PIN);
    assert!(helped.contains("too short"), "{helped}");
    seat.session.send(CTRL_C).unwrap();
    seat.answers(PAUSE, "yes");
    assert!(!String::from_utf8_lossy(seat.sent()).contains("1234"));
    is_paused(seat, "unlock");
    goes_on(&world, &sheet);
}

#[test]
fn an_interrupt_at_a_plan_closes_the_session_as_paused() {
    let (world, sheet) = prepared();
    let before = world.intents();
    let mut seat = reviewing(&world);
    seat.session.send(CTRL_C).unwrap();
    seat.asked(PAUSE);
    seat.session.send(CTRL_C).unwrap();
    is_paused(seat, "review");
    assert_eq!(outcome(&world), "paused");
    assert_eq!(world.intents(), before);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    let told = goes_on(&world, &sheet);
    assert!(told.contains("done") && told.contains("requests"), "{told}");
}

#[test]
fn a_ceremony_does_not_go_into_the_background() {
    let (world, sheet) = prepared();
    let mut seat = seated(&world);
    seat.asked(ENTER_PIN);
    seat.session.send(CTRL_Z).unwrap();
    let told = seat.answers(ENTER_PIN, PIN);
    assert!(told.contains("Ctrl-Z does nothing"), "{told}");
    seat.asked(SHEET);
    seat.reads(" (or no): ");
    seat.session.send(CTRL_Z).unwrap();
    seat.reads("it goes on later.");
    seat.asked(SHEET);
    seat.signals(Signal::TERM);
    is_paused(seat, "review");
    goes_on(&world, &sheet);
}

#[test]
fn a_terminal_that_goes_away_and_a_machine_that_shuts_down_pause_at_every_question() {
    let (world, sheet) = prepared();
    for signal in [Signal::HUP, Signal::TERM] {
        let seat = reviewing_or_resumed(&world);
        seat.signals(signal);
        is_paused(seat, "review");
        assert_eq!(outcome(&world), "paused");
        world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
        let mut seat = Seat::at(&world, &SIGN);
        seat.answers(GO_ON, "yes");
        seat.asked(ENTER_PIN);
        seat.signals(signal);
        is_paused(seat, "unlock");
        let mut seat = Seat::at(&world, &SIGN);
        seat.asked(GO_ON);
        seat.signals(signal);
        let (shown, code) = seat.ends();
        assert_eq!(code, 11, "{shown}");
    }
    world.run(&["log", "verify", AUTHORITY]).ok();
    goes_on(&world, &sheet);
}

fn reviewing_or_resumed(world: &World) -> Seat {
    if outcome(world) != "paused" {
        return reviewing(world);
    }
    let mut seat = Seat::at(world, &SIGN);
    seat.answers(GO_ON, "yes");
    seat.answers(ENTER_PIN, PIN);
    seat.asked(SHEET);
    seat.reads(" (or no): ");
    seat
}

#[test]
fn a_signal_during_work_waits_for_its_end() {
    let world = World::new();
    world.configure(&configuration("production", "rsa-4096"));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for (name, pin) in [("security officer's PIN", SO_PIN), ("user PIN", PIN)] {
        seat.answers(&format!("New {name}: "), pin);
        seat.answers(&format!("New {name}, again: "), pin);
    }
    // Keys are made now, for seconds.
    std::thread::sleep(Duration::from_millis(500));
    seat.signals(Signal::TERM);
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    world.run(&["log", "verify", AUTHORITY]).ok();
    let made = of_type(&world, "key.generated").len();
    assert_eq!(made, of_type(&world, "key.intent").len(), "no key was left in the middle");

    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    seat.answers(GO_ON, "yes");
    seat.answers(ENTER_PIN, PIN);
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(of_type(&world, "key.generated").len(), 2);
    assert_eq!(of_type(&world, "token.initialized").len(), 1);
}
