//! Ceremonies as they run at a terminal: pages, pauses, deviations, signals, failures and what goes on after them.

mod acceptance;
mod failing;
mod pages;
mod pausing;
mod signals;

use crate::seat::{APPROVE_1, Seat, approves_from, founded, introduces};
use crate::support::{AUTHORITY, ENTRIES, PIN, World};
use serde_json::Value;

/// What people type to sign what is on the stick.
const SIGN: [&str; 7] = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];
const ENTER_PIN: &str = "User PIN of the root token: ";
const SHEET: &str = "Witness: sheet words ";
pub const PAUSE: &str = "Pause here? yes, or Enter to go on";
const GO_ON: &str = "Go on at step ";

/// A founded production authority with the request of one cluster on the stick, and that request's sheet.
fn prepared() -> (World, String) {
    let world = founded();
    let sheet = request(&world, "west");
    (world, sheet)
}

/// A request of a cluster, carried to the stick; its sheet.
fn request(world: &World, cluster: &str) -> String {
    world.request(cluster);
    world.run(&["words", &format!("requests/{cluster}/request.json")]).ok().stdout
}

/// A signing session up to the PIN.
fn seated(world: &World) -> Seat {
    let mut seat = Seat::at(world, &SIGN);
    introduces(&mut seat);
    seat
}

/// A signing session up to the first plan.
fn reviewing(world: &World) -> Seat {
    let mut seat = seated(world);
    seat.answers(ENTER_PIN, PIN);
    seat.asked(SHEET);
    seat.reads(" (or no): ");
    seat
}

/// Goes on with a ceremony that was interrupted and signs the one plan; the screen that said where it stands.
#[track_caller]
fn goes_on(world: &World, sheet: &str) -> String {
    let mut seat = Seat::at(world, &SIGN);
    let told = seat.asked(GO_ON);
    seat.types("yes");
    seat.answers(ENTER_PIN, PIN);
    approves_from(&mut seat, sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
    told
}

/// The entries of the log.
fn entries(world: &World) -> Vec<Value> {
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The `data` of the entries of a type.
fn of_type(world: &World, kind: &str) -> Vec<Value> {
    entries(world).into_iter().filter(|entry| entry["type"] == kind).map(|entry| entry["data"].clone()).collect()
}

/// How the newest session ended.
fn outcome(world: &World) -> String {
    let closed = of_type(world, "session.closed");
    closed.last().map_or(String::new(), |data| data["outcome"].as_str().unwrap().to_owned())
}
