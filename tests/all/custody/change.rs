//! New custodians: new shares open the token, the old ones and their copies do not.

use super::seats::{COME, Sheet, founded, introduces, is_dealt, open_with, pauses, with_custody};
use super::unattended::{participants, share_files, with_shares};
use crate::seat::{SO, Seat, approves_from, founded as founded_by_pin};
use crate::support::{AUTHORITY, ENTRIES, PIN, SO_PIN, World};

/// A change of custodians by people: the new sheets.
fn change(world: &World, old: &[&Sheet], custodians: usize) -> (Vec<Sheet>, String) {
    let mut seat = Seat::at(world, &["-C", AUTHORITY, "custody", "change"]);
    introduces(&mut seat, custodians);
    open_with(&mut seat, old);
    let sheets = (0..custodians).map(|_| is_dealt(&mut seat)).collect();
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    (sheets, shown)
}

fn signs(world: &World, sheets: &[&Sheet]) {
    let sheet = world.run(&["request", "cluster1", "--into", "clusters"]).ok().stdout;
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/cluster1/{name}"), world.read(format!("clusters/cluster1/{name}")));
    }
    let mut seat = Seat::at(world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat, sheets.len());
    open_with(&mut seat, sheets);
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn after_a_change_the_new_shares_open_the_token_and_the_old_ones_are_named_as_replaced() {
    let (world, old, _) = founded();
    let (new, shown) = change(&world, &[&old[0], &old[2]], 3);
    assert!(shown.contains("Destroy every sheet of set "), "{shown}");
    assert!(shown.contains("still open"), "{shown}");
    // The program's own copies are from after the change.
    assert_eq!(std::fs::read_dir(world.path("token/tokens.snapshots")).unwrap().count(), 1);
    // An old share is known for what it is, before the token is asked.
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]);
    introduces(&mut seat, 3);
    seat.answers(COME, "");
    seat.answers("Row 1 of 9: ", &old[0].0[0]);
    let told = seat.asked("Row 1 of 9: ");
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("and replaced since: set "), "{told}");
    pauses(&mut seat);
    seat.ends();
    signs(&world, &[&new[2], &new[1]]);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_wrong_security_officer_s_pin_is_found_before_a_share_is_dealt() {
    let world = founded_by_pin();
    let config = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    world.configure(&format!("{config}\n[custody]\nthreshold = 2\ncustodians = 3\n"));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]);
    introduces(&mut seat, 3);
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.asked("Administrator: words 1 to 4 (or no): ");
    let line = shown.lines().find_map(|line| line.trim().strip_prefix("words 1-4")).unwrap();
    seat.types(line.trim());
    seat.answers(SO, "11111111");
    seat.answers("What now? pause, abandon: ", "pause");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("the token rejected the security officer's PIN"), "{shown}");
    assert!(!String::from_utf8(world.read(ENTRIES)).unwrap().contains("custody.split"));
}

#[test]
fn custody_begins_with_a_change_where_people_chose_the_pins() {
    let world = founded_by_pin();
    let config = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    let (shown, code) = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]).ends();
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("authority.toml has no [custody]"), "{shown}");
    world.configure(&format!("{config}\n[custody]\nthreshold = 2\ncustodians = 3\n"));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]);
    introduces(&mut seat, 3);
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.asked("Administrator: words 1 to 4 (or no): ");
    let line = shown.lines().find_map(|line| line.trim().strip_prefix("words 1-4")).unwrap();
    seat.types(line.trim());
    // Proved before an hour is spent on shares.
    seat.answers(SO, SO_PIN);
    let sheets: Vec<Sheet> = (0..3).map(|_| is_dealt(&mut seat)).collect();
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    signs(&world, &[&sheets[0], &sheets[1]]);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

/// What runs an unattended change.
pub const CHANGE: [&str; 8] =
    ["-C", AUTHORITY, "--now", "2026-11-22T09:00:00Z", "custody", "change", "--answers", "answers-change.toml"];

/// An unattended authority with custody whose custodians are to be changed.
pub fn to_be_changed() -> World {
    let world = super::unattended::founded();
    world.write("answers-change.toml", participants(3));
    world
}

#[test]
fn a_change_without_people_writes_new_share_files_and_one_of_the_old_set_opens_nothing() {
    let world = to_be_changed();
    let old = share_files(&world);
    world.run(&with_shares(&CHANGE)).ok();
    let new: Vec<_> = share_files(&world).into_iter().filter(|path| !old.contains(path)).collect();
    assert_eq!(new.len(), 3);
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    for (what, count) in [("custody.split", 2), ("pin.changing", 2), ("pin.changed", 2)] {
        assert_eq!(log.matches(what).count(), count, "{what}\n{log}");
    }
    // Again, with the shares of now.
    for path in &old {
        std::fs::remove_file(path).unwrap();
    }
    let again = CHANGE.map(|word| if word.starts_with("2026") { "2026-11-23T09:00:00Z" } else { word });
    world.run(&with_shares(&again)).ok();
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn another_number_of_custodians_is_adopted_with_the_change() {
    let (world, old, _) = founded();
    world.configure(&with_custody("production", 3, 5));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]);
    introduces(&mut seat, 5);
    open_with(&mut seat, &[&old[1], &old[0]]);
    let shown = seat.asked("Administrator: words 1 to 4 (or no): ");
    let line = shown.lines().find_map(|line| line.trim().strip_prefix("words 1-4")).unwrap();
    seat.types(line.trim());
    let new: Vec<Sheet> = (0..5).map(|_| is_dealt(&mut seat)).collect();
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    signs(&world, &[&new[4], &new[0], &new[2]]);
}
