//! The authority's directory: missing, not empty, read-only, locked, ahead of the clock.

use crate::support::{AUTHORITY, GENESIS, SIGN, SIGNING, World, configuration};
use rustix::fs::{FlockOperation, flock};
use std::io::Write;

/// A namespace in which the authority's directory is mounted read-only: a mode would not stop root.
const READ_ONLY: [&str; 5] = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    "mount --bind authority authority && mount -o remount,bind,ro authority && cd . && exec \"$0\" \"$@\"",
];

#[test]
fn a_directory_that_is_missing_is_named() {
    let world = World::new();
    for command in [&["-C", "nowhere", "config", "check"][..], &["-C", "nowhere", "root", "create"]] {
        world.refused(command, "?");
    }
    world.refused(&["-C", "nowhere", "status"], "?");
    world.refused(&["log", "verify", "nowhere"], "?");
}

#[test]
fn a_directory_that_is_no_authority_is_named() {
    let world = World::new();
    world.refused(&["-C", "requests", "config", "check"], "?");
}

#[test]
fn an_authority_without_a_root_says_what_comes_first() {
    let world = World::configured("test", "ecdsa-p256");
    world.refused(&["-C", AUTHORITY, "status"], "?");
    world.write("answers.toml", "");
    world.refused(&SIGN, "?");
    world.refused(&["-C", AUTHORITY, "root", "show"], "?");
}

#[test]
fn a_new_authority_needs_an_empty_directory() {
    let world = World::new();
    world.write("full/letter.txt", "dear");
    world.refused(&["new", "full"], "?");
    world.refused(&["new", "pin"], "?");
    world.refused(&["new", "fresh", "--name", "bad\u{1b}[2Jname"], "?");
}

#[test]
fn a_second_root_is_another_authority() {
    let world = World::ready();
    world.write("answers.toml", "");
    let create = ["-C", AUTHORITY, "--now", SIGNING, "root", "create", "--answers", "answers.toml"];
    world.refused(&create, "?");
    let again = world.run(&["-C", AUTHORITY, "--now", SIGNING, "root", "create", "--if-needed"]).ok();
    assert_eq!(again.stderr, "The root is there already; nothing was changed.\n");
}

#[test]
fn a_read_only_directory_stops_before_the_token_is_touched() {
    let world = World::configured("test", "ecdsa-p256");
    let reviewed = world.sha256("authority/authority.toml");
    world.write(
        "answers.toml",
        format!("[participants]\nadministrator = [\"Ada\"]\nwitness = [\"Wim\"]\n[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"),
    );
    let create = [
        "-C",
        AUTHORITY,
        "--now",
        GENESIS,
        "root",
        "create",
        "--pin-file",
        "pin",
        "--so-pin-file",
        "so-pin",
        "--answers",
        "answers.toml",
    ];
    let token = world.tree("token");
    world.refused_through(&READ_ONLY, &create, "?");
    assert_eq!(world.tree("token"), token);

    world.found().ok();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.refused_through(&READ_ONLY, &SIGN, "?");
    // Reading needs no writing.
    world.run_through(&READ_ONLY, &["-C", AUTHORITY, "--now", SIGNING, "status"]).ok();
}

#[test]
fn one_writer_at_a_time_and_the_other_is_named() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut lock = std::fs::File::options().read(true).write(true).open(world.path("authority/log/lock")).unwrap();
    lock.set_len(0).unwrap();
    lock.write_all(b"4711\n").unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    world.refused(&SIGN, "?");
    // Reading takes no lock.
    world.run(&["-C", AUTHORITY, "--now", SIGNING, "status"]).ok();
    drop(lock);
    world.run(&SIGN).ok();
}

#[test]
fn a_clock_behind_the_log_stops_with_the_remedy() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut early = SIGN;
    early[3] = "2026-11-21T09:29:59Z";
    world.refused(&early, "?");
}

#[test]
fn what_genesis_fixed_cannot_be_changed() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.configure(&configuration("rehearsal", "ecdsa-p256"));
    world.stopped(&SIGN, "?");
    world.configure(&configuration("test", "ecdsa-p384"));
    world.stopped(&SIGN, "?");
}
