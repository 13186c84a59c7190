//! A signing session as people type it, with a deviation, a pause and a crash: its record is its script filled in.

use crate::seat::{APPROVE_1, Seat, approves_from, founded, introduces};
use crate::support::{AUTHORITY, ENTRIES, PIN, World};
use serde_json::Value;

/// Two clusters: one deviation, then a pause at the review, then a crash at the review, then signed.
pub fn held() -> World {
    let world = founded();
    let sheets: Vec<String> = ["east", "west"]
        .iter()
        .map(|cluster| {
            world.request(cluster);
            world.run(&["words", &format!("requests/{cluster}/request.json")]).ok().stdout
        })
        .collect();
    let sign = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];

    let mut seat = Seat::at(&world, &sign);
    seat.answers("Name of the administrator: ", "d");
    seat.answers("What was expected?: ", "a sealed bag <b>\u{e9}</b>");
    seat.answers("What happened?: ", "the seal was torn");
    seat.answers("What was decided?: ", "the token is compared by its serial");
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.answers("Witness: sheet words ", "q");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");

    // Without power: the process is gone at a question.
    let mut seat = Seat::at(&world, &sign);
    seat.answers("Go on at step ", "yes");
    seat.answers("User PIN of the root token: ", PIN);
    seat.asked("Witness: sheet words ");
    seat.session.get_process_mut().exit(true).unwrap();
    drop(seat);

    let mut seat = Seat::at(&world, &sign);
    seat.answers("Go on at step ", "yes");
    seat.answers("User PIN of the root token: ", PIN);
    for sheet in &sheets {
        approves_from(&mut seat, sheet);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    world
}

/// The record of the newest ceremony, as JSON.
pub fn json(world: &World) -> Value {
    let shown = world.run(&["-C", AUTHORITY, "--json", "ceremony", "record"]).ok().stdout;
    serde_json::from_str(&shown).unwrap()
}

#[test]
#[ignore]
fn sample() {
    let world = held();
    let out = std::env::var("SAMPLE").unwrap();
    let html = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    std::fs::write(format!("{out}/record.html"), html).unwrap();
    std::fs::write(format!("{out}/record.json"), serde_json::to_string_pretty(&json(&world)).unwrap()).unwrap();
    let first = world.run(&["-C", AUTHORITY, "log", "show"]).ok().stdout;
    println!("{first}");
    let id = String::from_utf8(world.read(ENTRIES)).unwrap();
    let id: Value = serde_json::from_str(id.lines().next().unwrap()).unwrap();
    let html =
        world.run(&["-C", AUTHORITY, "ceremony", "record", "--session", id["session"].as_str().unwrap()]).ok().stdout;
    std::fs::write(format!("{out}/genesis.html"), html).unwrap();
    let _ = APPROVE_1;
}
