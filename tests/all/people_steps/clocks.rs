//! A watch beside the machine's clock: two minutes are the same time; a clock that was once set ahead does not
//! end an authority.

use super::*;
use crate::seat::{founded, introduces};
use jiff::{SignedDuration, Timestamp};

const WATCH: &str = "Witness, date and time on your watch: ";

fn shows(hours: i64) -> String {
    (Timestamp::now() + SignedDuration::from_hours(hours)).strftime("%Y-%m-%d %H:%M Z").to_string()
}

fn with_watch() -> String {
    script(&step("watch", "confirm-clock", "by = \"witness\""))
}

#[test]
fn a_watch_that_agrees_confirms_the_time_of_what_follows() {
    let world = founded();
    let mut seat = run(&world, &with_watch());
    introduces(&mut seat);
    seat.answers(WATCH, "half past nine");
    let helped = seat.answers(WATCH, &shows(1));
    assert!(helped.contains("this is not a date and a time: saw half past nine"), "{helped}");
    let helped = seat.answers(WATCH, &shows(-26));
    assert!(helped.contains("the watch and the machine's clock differ by more than two minutes"), "{helped}");
    assert!(helped.contains("hint:  is the watch in another zone?"), "{helped}");
    let helped = seat.answers(WATCH, &shows(0));
    assert!(
        helped.contains("set the wrong one of the two right") && !helped.contains("is the watch in another zone"),
        "{helped}"
    );
    let shown = seat.asked("User PIN of the root token: ");
    assert!(shown.contains("  watch ") && shown.contains("  machine "), "{shown}");
    let set = entries(&world, "clock.set");
    let newest = set.last().unwrap();
    assert_eq!((&newest["actors"][0], &newest["data"]["back"]), (&"witness".into(), &serde_json::Value::Null));
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((last["type"].as_str(), last["time_source"].as_str()), (Some("step.done"), Some("confirmed")));
}

/// An authority whose root was made two years ahead of the time, as its log says.
fn founded_ahead() -> World {
    let world = World::configured("test", "ecdsa-p256");
    let ahead =
        (Timestamp::now() + SignedDuration::from_hours(2 * 365 * 24)).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let reviewed = format!("sha256:{}", world.sha256("authority/authority.toml"));
    world.write(
        "answers-root.toml",
        format!(
            "{}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"{reviewed}\" = \"approve\"\n",
            crate::support::PARTICIPANTS
        ),
    );
    let create = crate::support::CREATE.map(|word| if word == crate::support::GENESIS { ahead.as_str() } else { word });
    world.run(&create).ok();
    world
}

#[test]
fn a_clock_that_was_once_set_ahead_is_set_back_under_a_deviation() {
    let world = founded_ahead();
    // Without a watch it stops, as ever.
    let mut seat = run(&world, &script(""));
    let _ = &mut seat;
    let (shown, code) = seat.ends();
    assert_eq!(code, 12, "{shown}");
    assert!(shown.contains("error: the clock is behind the log's last entry: saw "), "{shown}");

    let mut seat = run(&world, &with_watch());
    introduces(&mut seat);
    seat.answers(WATCH, &shows(0));
    let shown = seat.answers("Witness, type d, then back (or no): ", "back");
    assert!(shown.contains("  log until "), "{shown}");
    let helped = seat.answers("Witness, type d, then back (or no): ", "d");
    assert!(helped.contains("Not yet: the deviation is not written yet."), "{helped}");
    seat.answers("What was expected?: ", "the clock agrees with the log");
    seat.answers("What happened?: ", "the clock was two years ahead at genesis");
    seat.answers("What was decided?: ", "the log goes on from the right time");
    seat.answers("Witness, type d, then back (or no): ", "back");
    seat.answers("User PIN of the root token: ", crate::support::PIN);
    let (shown, _) = seat.ends();
    assert!(shown.contains("Unlock the token"), "{shown}");
    let set = entries(&world, "clock.set");
    assert_eq!(set.last().unwrap()["data"]["back"], true);
    assert_eq!(entries(&world, "deviation").len(), 1);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    // From now on the right time is after the log's newest: nobody is asked again.
    let mut seat = run(&world, &script("").replace("Mine", "Later"));
    introduces(&mut seat);
    seat.asked("User PIN of the root token: ");
    // And nobody needs a watch to read it.
    world.run(&["-C", AUTHORITY, "status"]).ok();
}

#[test]
fn a_clock_that_is_behind_and_is_not_explained_goes_no_further() {
    let world = founded_ahead();
    let before = entries(&world, "clock.set").len();
    let mut seat = run(&world, &with_watch());
    introduces(&mut seat);
    seat.answers(WATCH, &shows(0));
    seat.answers("Witness, type d, then back (or no): ", "no");
    let error = seat.answers("What now? retry, pause, abandon: ", "pause");
    assert!(error.contains("the clock is behind the log's last entry"), "{error}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert_eq!(entries(&world, "clock.set").len(), before);
}
