//! Deviations at any moment, pauses, and going on after a pause, a crash or a power cut: nothing is done twice.

use super::*;
use crate::seat::approves;
use rustix::process::Signal;
use std::collections::BTreeSet;

const EXPECTED: &str = "What was expected?: ";
const HAPPENED: &str = "What happened?: ";
const DECIDED: &str = "What was decided?: ";

#[test]
fn letters_that_mean_something_can_still_be_answers() {
    let world = World::configured("production", "ecdsa-p256");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    seat.answers("Name of the administrator: ", "q");
    seat.answers(PAUSE, "q");
    seat.answers("Name of the witness: ", "d");
    seat.answers(EXPECTED, "d");
    // Nothing typed is no deviation; a pause that is not meant is none.
    seat.answers("Administrator, type the label to go on (or no): ", "d");
    seat.answers(EXPECTED, "");
    let told = seat.answers("Administrator, type the label to go on (or no): ", "q");
    assert!(told.contains("No deviation was noted."), "{told}");
    seat.answers(PAUSE, "no");
    seat.answers("Administrator, type the label to go on (or no): ", "q");
    seat.answers(PAUSE, "YES");
    assert_eq!(seat.ends().1, 11);
    assert!(of_type(&world, "deviation").is_empty());
    let names = std::fs::read_dir(world.path("authority/records")).unwrap().next().unwrap().unwrap().path();
    let names = std::fs::read_to_string(names).unwrap();
    assert!(names.contains("\"name\": \"q\"") && names.contains("\"name\": \"d\""), "{names}");
}

#[test]
fn a_deviation_is_written_down_at_any_question_and_the_question_is_asked_again_with_its_screen() {
    let (world, sheet) = prepared();
    let mut seat = reviewing(&world);
    seat.types("d");
    seat.answers(EXPECTED, "two witnesses at the table");
    seat.answers(HAPPENED, "");
    let told = seat.answers(HAPPENED, "one is ill\u{1b}[A");
    assert!(told.contains("The log cannot go without it"), "{told}");
    let told = seat.answers(HAPPENED, &"x".repeat(201));
    assert!(told.contains("a key that is no letter"), "{told}");
    let told = seat.answers(HAPPENED, "one is ill");
    assert!(told.contains("the log keeps at most 200"), "{told}");
    seat.answers(DECIDED, "we go on with one");
    let again = seat.asked(SHEET);
    assert!(again.contains("plan 1 of 1") && again.contains("words 1-4"), "{again}");
    assert!(again.contains("The deviation is noted."), "{again}");
    let words = crate::seat::plan_words(&again);
    let places = seat.reads(" (or no): ");
    seat.types(&crate::seat::from_sheet(&sheet, &places));
    seat.answers(APPROVE_1, &words.0);
    seat.answers(crate::seat::APPROVE_2, &words.1);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let noted = serde_json::json!([{ "step": "review", "expected": "two witnesses at the table",
        "happened": "one is ill", "decided": "we go on with one" }]);
    assert_eq!(Value::from(of_type(&world, "deviation")), noted);
    let kinds: Vec<String> = entries(&world)
        .iter()
        .filter(|entry| entry["type"] == "deviation" || entry["data"]["step"] == "review")
        .map(|entry| entry["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["deviation", "step.done"],
        "before the step that it was written down at was done"
    );
}

#[test]
fn a_paused_ceremony_goes_on_where_it_stood_and_does_nothing_twice() {
    let (world, sheet) = prepared();
    let mut seat = reviewing(&world);
    seat.types("q");
    seat.answers(PAUSE, "yes");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert_eq!(outcome(&world), "paused");

    let told = goes_on(&world, &sheet);
    assert!(told.contains("World Mesh Root · production"), "{told}");
    assert!(told.contains("Compare this with your paper"), "{told}");
    assert!(told.contains("step 2") && told.contains("participants"), "{told}");
    once(&world);
    // It ended: the next one is another.
    let mut seat = Seat::at(&world, &SIGN);
    seat.asked("Name of the administrator: ");
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);
}

/// Of the newest ceremony, every step that lasts was done once, and one certificate was signed.
#[track_caller]
fn once(world: &World) {
    let all = entries(world);
    let resumed: BTreeSet<&str> = all.iter().filter_map(|entry| entry["data"]["resumes"].as_str()).collect();
    let id = resumed.first().expect("a session that goes on");
    let first = all.iter().position(|entry| entry["session"] == *id).unwrap();
    let done = all[first..].iter().filter(|entry| entry["type"] == "step.done");
    let done: Vec<&str> = done.map(|entry| entry["data"]["step"].as_str().unwrap()).collect();
    for lasting in ["compare", "participants", "config", "sign", "export", "publish", "close"] {
        assert_eq!(done.iter().filter(|step| **step == lasting).count(), 1, "{lasting} in {done:?}");
    }
    let signed = all[first..].iter().filter(|entry| entry["type"] == "sign.intent").count();
    assert_eq!(signed, 1);
    assert_eq!(world.bundles().len(), 1);
}

#[test]
fn a_ceremony_can_begin_anew_instead() {
    let (world, sheet) = prepared();
    let mut seat = reviewing(&world);
    seat.types("q");
    seat.answers(PAUSE, "yes");
    assert_eq!(seat.ends().1, 11);
    let mut seat = Seat::at(&world, &SIGN);
    seat.answers(GO_ON, "perhaps");
    let told = seat.answers(GO_ON, "anew");
    assert!(told.contains("Please type yes or anew."), "{told}");
    introduces(&mut seat);
    seat.answers(ENTER_PIN, PIN);
    approves_from(&mut seat, &sheet);
    assert_eq!(seat.ends().1, 0);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_ceremony_that_was_killed_goes_on_at_the_first_step_that_is_not_done() {
    let (world, sheet) = prepared();
    let seat = reviewing(&world);
    seat.signals(Signal::KILL);
    seat.dies();
    world.run(&["log", "verify", AUTHORITY]).ok();
    let told = goes_on(&world, &sheet);
    assert!(told.contains("requests "), "{told}");
    once(&world);
}

#[test]
fn a_genesis_that_was_killed_between_steps_makes_no_second_token_and_no_second_key() {
    let world = World::configured("production", "ecdsa-p256");
    let create = ["-C", AUTHORITY, "root", "create"];
    let mut seat = Seat::at(&world, &create);
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for (name, pin) in [("security officer's PIN", crate::support::SO_PIN), ("user PIN", PIN)] {
        seat.answers(&format!("New {name}: "), pin);
        seat.answers(&format!("New {name}, again: "), pin);
    }
    seat.asked(APPROVE_1);
    seat.signals(Signal::KILL);
    seat.dies();
    let mut seat = Seat::at(&world, &create);
    let told = seat.answers(GO_ON, "yes");
    assert!(told.contains("generate"), "{told}");
    seat.answers(ENTER_PIN, PIN);
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(of_type(&world, "token.initialized").len(), 1);
    assert_eq!(of_type(&world, "key.generated").len(), 2);
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}

#[test]
fn a_power_cut_before_any_entry_of_people_costs_no_finished_step() {
    if !crate::present::have("strace") {
        return;
    }
    // Entries are written by pwrite64, one for each act.
    for nth in [2, 4, 7, 11, 14] {
        let (world, sheet) = prepared();
        let inject = format!("inject=pwrite64:signal=KILL:when={nth}");
        let strace = ["strace", "-qq", "-f", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", &inject];
        let mut seat = Seat::through(&world, &strace, &SIGN);
        finishes(&mut seat, &sheet);
        seat.dies();
        let done = of_type(&world, "step.done").len();
        world.run(&["log", "verify", AUTHORITY]).ok();
        let mut seat = Seat::at(&world, &SIGN);
        finishes(&mut seat, &sheet);
        let (shown, code) = seat.ends();
        assert_eq!(code, 0, "{nth}: {shown}");
        assert!(of_type(&world, "step.done").len() > done);
        world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
        assert_eq!(world.bundles().len(), 1, "{nth}");
    }
}

/// Answers whatever is asked until the program ends.
fn finishes(seat: &mut Seat, sheet: &str) {
    let questions = [GO_ON, "Name of the administrator: ", "Name of the witness: ", ENTER_PIN, SHEET];
    while let Some((question, before)) = seat.asked_one_of(&questions) {
        match question {
            GO_ON => seat.types("yes"),
            ENTER_PIN => seat.types(PIN),
            SHEET => {
                let (first, second) = crate::seat::plan_words(&before);
                let places = seat.reads(" (or no): ");
                seat.types(&crate::seat::from_sheet(sheet, &places));
                seat.answers(APPROVE_1, &first);
                seat.answers(crate::seat::APPROVE_2, &second);
            }
            name => seat.types(name.rsplit(' ').nth(1).unwrap()),
        }
    }
}
