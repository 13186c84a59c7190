//! A step that fails stops with what is true and the ways on; each way is sound.

use super::*;
use crate::support::with_mounts;

const WORDS: &str = "What now? retry, pause, abandon: ";

#[test]
fn a_wrong_pin_is_said_and_the_right_one_goes_on() {
    let (world, sheet) = prepared();
    let mut seat = seated(&world);
    // Of no PIN's shape: asked again, no try is spent.
    seat.answers(ENTER_PIN, "12");
    let helped = seat.answers(ENTER_PIN, "11111111");
    assert!(helped.contains("too short"), "{helped}");
    let told = seat.answers(WORDS, "again");
    assert!(told.contains("This step is not done.") && told.contains("Nothing was signed."), "{told}");
    let helped = seat.answers(WORDS, "Retry");
    assert!(helped.contains("Please type one of these words."), "{helped}");
    let asked = seat.answers(ENTER_PIN, PIN).split_whitespace().collect::<Vec<_>>().join(" ");
    let cost = "One try is made: a wrong one was tried since the last login; this kind of token never locks its PIN.";
    assert!(asked.contains(cost), "{asked}");
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("11111111"));
    assert_eq!(of_type(&world, "token.unlocked").len(), 2, "once at genesis, once here");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_ceremony_that_is_given_up_closes_and_the_next_one_is_another() {
    let (world, sheet) = prepared();
    let mut seat = seated(&world);
    seat.answers(ENTER_PIN, "11111111");
    seat.answers(WORDS, "abandon");
    seat.answers("Why is it given up? (the log keeps it): ", "the PIN is lost");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("the ceremony was abandoned: the PIN is lost"), "{shown}");
    let mut seat = Seat::at(&world, &SIGN);
    // The token was never open, so nothing could be signed about it: people may still go on.
    seat.answers(GO_ON, "anew");
    introduces(&mut seat);
    seat.answers(ENTER_PIN, PIN);
    approves_from(&mut seat, &sheet);
    assert_eq!(seat.ends().1, 0);
}

#[test]
fn a_request_that_is_mended_on_the_stick_is_read_again() {
    let (world, sheet) = prepared();
    let right = world.read("requests/west/request.sig");
    world.write("requests/west/request.sig", b"nonsense");
    let mut seat = seated(&world);
    seat.answers(ENTER_PIN, PIN);
    seat.answers("Reason: ", "");
    seat.asked(WORDS);
    world.write("requests/west/request.sig", right);
    seat.types("retry");
    let plan = approves_from(&mut seat, &sheet);
    assert!(plan.contains("plan 1 of 1"), "{plan}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(of_type(&world, "request.refused").len(), 1);
    assert_eq!(of_type(&world, "request.imported").len(), 1);
}

#[test]
fn a_configuration_that_is_mended_is_compared_again() {
    let (world, sheet) = prepared();
    let right = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    world.configure(&right.replace("name = \"World Mesh Root\"", "name = \"Another Root\""));
    let mut seat = seated(&world);
    seat.answers(ENTER_PIN, PIN);
    let told = seat.asked(WORDS);
    assert!(told.contains("name was fixed at genesis"), "{told}");
    world.configure(&right);
    seat.types("retry");
    approves_from(&mut seat, &sheet);
    assert_eq!(seat.ends().1, 0);
}

/// A program in a namespace where the authority is on a disk that is filled and freed by files beside it.
fn on_a_small_disk(world: &World) -> Option<Vec<String>> {
    let authority = world.path(AUTHORITY).display().to_string();
    let beside = world.path("").display().to_string();
    with_mounts(&format!(
        "cp -a {authority} {beside}/before && mount -t tmpfs -o size=2m small {authority} && cp -a {beside}/before/. \
         {authority} && ( {{ cd {beside}; while ! [ -e fill ]; do sleep 0.05; done; cat /dev/zero > {authority}/filler; \
         touch filled; while ! [ -e free ]; do sleep 0.05; done; rm {authority}/filler; touch freed; }} 2>/dev/null & ) \
         && cd {beside}; \"$0\" \"$@\"; code=$?; cp -a {authority}/log {beside}/seen; exit $code"
    ))
}

fn waits_for(world: &World, file: &str) {
    for _ in 0..600 {
        if world.path(file).exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("{file} did not come");
}

#[test]
fn a_confirmation_that_finds_the_disk_full_is_kept_once_there_is_room() {
    let (world, sheet) = prepared();
    let Some(through) = on_a_small_disk(&world) else { return };
    let mut seat = Seat::through(&world, &through, &SIGN);
    introduces(&mut seat);
    seat.asked(WATCH);
    // As much as no page of the disk has room for any more.
    for _ in 0..8 {
        seat.types("d");
        seat.answers("What was expected?: ", &"e".repeat(200));
        seat.answers("What happened?: ", &"h".repeat(200));
        seat.answers("What was decided?: ", &"d".repeat(200));
        seat.asked(WATCH);
    }
    world.write("fill", "");
    waits_for(&world, "filled");
    seat.types(&now());
    for _ in 0..2 {
        let told = seat.asked(WORDS);
        assert!(told.contains("cannot append to") && told.contains("The log is as it was"), "{told}");
        seat.types("retry");
    }
    seat.asked(WORDS);
    world.write("free", "");
    waits_for(&world, "freed");
    seat.types("retry");
    // Asked again only where the step itself could not log what was said.
    while let Some((question @ (WATCH | WORDS), _)) = seat.asked_one_of(&[WATCH, WORDS, ENTER_PIN]) {
        seat.types(if question == WATCH { now() } else { "retry".to_owned() }.as_str());
    }
    seat.types(PIN);
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let log = std::fs::read_to_string(world.path("seen/entries.jsonl")).unwrap();
    assert_eq!(log.matches("\"type\":\"deviation\"").count(), 8, "each once");
    assert_eq!(log.matches("{\"step\":\"watch\",\"do\"").count(), 2, "once at genesis, once here");
    world.run(&["log", "verify", "seen", "--at-rest"]).ok();
}

const WATCH: &str = "Witness, date and time on your watch: ";

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M Z").to_string()
}
