//! Families of tokens that SoftHSM is not one of, as the proxy imitates them (`tests/token-proxy/src/family`): each does
//! the whole story (genesis, two signatures, a CRL), or is refused early, with a text and nothing signed.

mod always_authenticate;
mod crashes;
mod pinpads;
mod replugged;
mod sessions;
mod soft;
mod whole;

use super::misbehaving::judge::{at_rest, logged_out};
use super::support::proxy::Call;
use super::support::tally;
use super::support::{AUTHORITY, CREATE, Output, PARTICIPANTS, PIN, SIGN, SO_PIN, World, assert_text};

/// A CRL is refreshed with these, at a time when it is due.
const CRL: [&str; 9] =
    ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "crl", "--pin-file", "pin", "--answers", "answers-crl.toml"];

/// A configured world whose token is of a family, with the answers to its genesis.
fn before(family: &str, root_key: &str) -> World {
    let world = World::configured("test", root_key);
    world.like(family);
    answers_to_genesis(&world);
    world
}

fn answers_to_genesis(world: &World) {
    let reviewed = world.sha256("authority/authority.toml");
    let review = format!("[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", format!("{PARTICIPANTS}{review}"));
}

/// A founded world whose token is of a family from here on, with a package and a plain request on the stick, and the
/// answers to them.
fn prepared(family: &str) -> World {
    let world = World::ready();
    requests(&world);
    world.like(family);
    world
}

fn requests(world: &World) {
    let package = world.request("cluster1");
    let plain = world.plain_request("cluster2");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster2", &plain)]));
    world.write("answers-crl.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
}

/// Runs a command without faults of the token; it is logged out of whatever came of it.
#[track_caller]
fn run(world: &World, arguments: &[&str]) -> (Output, Vec<Call>) {
    with_faults(world, "", arguments)
}

#[track_caller]
fn with_faults(world: &World, faults: &str, arguments: &[&str]) -> (Output, Vec<Call>) {
    let output = world.run_with_faults(faults, arguments);
    let calls = world.calls();
    logged_out(&calls).unwrap();
    (output, calls)
}

/// The arguments without these options and their values.
fn without<'a>(arguments: &[&'a str], options: &[&str]) -> Vec<&'a str> {
    let mut left = Vec::new();
    let mut all = arguments.iter();
    while let Some(argument) = all.next() {
        match options.contains(argument) {
            true => drop(all.next()),
            false => left.push(*argument),
        }
    }
    left
}

/// Genesis, two signatures and a CRL, without these options; the calls of each command.
#[track_caller]
fn story_without(world: &World, options: &[&str]) -> [Vec<Call>; 3] {
    let did = |arguments: &[&str]| {
        let (output, calls) = run(world, &without(arguments, options));
        output.ok();
        calls
    };
    let made = did(&CREATE);
    requests(world);
    let all = [made, did(&SIGN), did(&CRL)];
    at_rest(world).unwrap();
    all
}

/// A family's whole story, from a blank token on.
#[track_caller]
fn story(family: &str, root_key: &str) -> [Vec<Call>; 3] {
    story_without(&before(family, root_key), &[])
}

fn count(calls: &[Call], function: &str) -> usize {
    calls.iter().filter(|call| call.function == function).count()
}

/// Nothing was begun: the authority is as it was configured, and the token is blank.
#[track_caller]
fn nothing_begun(world: &World) {
    assert!(!world.path("authority/log/entries.jsonl").exists());
    assert!(world.tree("authority/public").is_empty());
}
