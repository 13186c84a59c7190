//! A change of custodians that a power cut interrupts between the change of a PIN and its entry: the log says which
//! PIN is unsure, and one confirmed try answers it.

use super::seats::{Sheet, founded, introduces, is_dealt, open_with};
use crate::crash::{copy, entries};
use crate::seat::Seat;
use crate::support::{AUTHORITY, ENTRIES, World};
use std::process::Command;

const CHANGE: [&str; 4] = ["-C", AUTHORITY, "custody", "change"];

/// Types a change as far as it goes; the new sheets.
fn changes(seat: &mut Seat, old: &[Sheet]) -> Vec<Sheet> {
    introduces(seat, 3);
    open_with(seat, &[&old[0], &old[1]]);
    (0..3).map(|_| is_dealt(seat)).collect()
}

/// Which write to the log it is (counted by `strace`) that records a changed PIN.
fn write_of(world: &World, old: &[Sheet], which: &str) -> usize {
    let world = copy(world);
    let trace = ["strace", "-qq", "-y", "-s", "0", "-o", "trace", "-e", "trace=pwrite64"];
    let mut seat = Seat::through(&world, &trace, &CHANGE);
    changes(&mut seat, old);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    let wanted = |line: &&str| line.contains("\"pin.changed\"") && line.contains(&format!("\"which\":\"{which}\""));
    let offset: usize = log.split_inclusive('\n').take_while(|line| !wanted(line)).map(str::len).sum();
    let trace = String::from_utf8(world.read("trace")).unwrap();
    let all: Vec<&str> = trace.lines().filter(|line| line.starts_with("pwrite64(")).collect();
    1 + all.iter().position(|call| call.contains(&format!(", {offset}) = "))).unwrap_or_else(|| panic!("{trace}"))
}

/// A world in which the change was killed before it recorded that PIN, and the new sheets.
fn killed_before(which: &str) -> Option<(World, Vec<Sheet>, Vec<Sheet>)> {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if !tried.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: strace is not here, or ptrace is not allowed: NO INTERRUPTED CHANGE WAS TESTED");
        return None;
    }
    let (world, old, _) = founded();
    let nth = write_of(&world, &old, which);
    let inject = format!("inject=pwrite64:signal=KILL:when={nth}");
    let mut seat =
        Seat::through(&world, &["strace", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", &inject], &CHANGE);
    let new = changes(&mut seat, &old);
    seat.dies();
    let log = entries(&world);
    assert!(log.iter().all(|e| e["type"] != "pin.changed" || e["data"]["which"] != which));
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status.contains("may be of the new custody set"), "{status}");
    Some((world, old, new))
}

fn serial(world: &World) -> String {
    let log = entries(world);
    let token = log.iter().find(|entry| entry["type"] == "token.initialized").unwrap();
    token["data"]["serial"].as_str().unwrap().to_owned()
}

/// The new shares open the token afterwards, and nothing was dealt twice.
fn is_changed(world: &World, new: &[Sheet]) {
    let log = entries(world);
    assert_eq!(log.iter().filter(|entry| entry["type"] == "custody.split").count(), 2);
    let mut seat = Seat::at(world, &["-C", AUTHORITY, "export", "--to", "medium"]);
    introduces(&mut seat, 2);
    open_with(&mut seat, &[&new[1], &new[2]]);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

const GO_ON: &str = " (yes), or begin anew (anew): ";
const SERIAL: &str = "Administrator, type the token's serial to go on (or no): ";

#[test]
fn a_security_officer_s_pin_that_was_changed_and_not_recorded_is_found_by_one_confirmed_try() {
    let Some((world, old, new)) = killed_before("so") else { return };
    let mut seat = Seat::at(&world, &CHANGE);
    seat.reads(GO_ON);
    seat.types("yes");
    // The user PIN is the old one still.
    open_with(&mut seat, &[&old[1], &old[2]]);
    // The new custodians go on with the shares that they have.
    open_with(&mut seat, &[&new[0], &new[2]]);
    seat.answers(SERIAL, "not that");
    let helped = seat.answers(SERIAL, &serial(&world));
    assert!(helped.contains("this is not the token's serial"), "{helped}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The security officer's PIN is of the new set already."), "{shown}");
    is_changed(&world, &new);
}

#[test]
fn a_user_pin_that_was_changed_and_not_recorded_opens_to_the_new_shares_first() {
    let Some((world, _, new)) = killed_before("user") else { return };
    let mut seat = Seat::at(&world, &CHANGE);
    seat.reads(GO_ON);
    seat.types("yes");
    open_with(&mut seat, &[&new[2], &new[1]]);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The interrupted change had ended: both PINs are of the new set."), "{shown}");
    is_changed(&world, &new);
}
