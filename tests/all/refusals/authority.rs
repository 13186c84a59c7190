//! The authority's directory: missing, not empty, read-only, locked, ahead of the clock.

use crate::support::{AUTHORITY, GENESIS, SIGN, SIGNING, World, configuration, with_mounts};
use rustix::fs::{FlockOperation, flock};
use std::io::Write;

/// The authority's directory is mounted read-only: a mode would not stop root.
const READ_ONLY: &str = "mount --bind authority authority && mount -o remount,bind,ro authority && cd .";

#[test]
fn a_directory_that_is_missing_is_named() {
    let world = World::new();
    for command in [&["-C", "nowhere", "config", "check"][..], &["-C", "nowhere", "root", "create"]] {
        world.refused(
            command,
            "
        error: there is no authority here: saw nowhere, wanted a directory with
               authority.toml
        hint:  name it with -C DIR, or make one with: anchorite new DIR
        exit 30
    ",
        );
    }
    world.refused(
        &["-C", "nowhere", "status"],
        "
        error: there is no authority here: saw nowhere, wanted a directory with
               authority.toml
        hint:  name it with -C DIR, or make one with: anchorite new DIR
        exit 30
    ",
    );
    world.refused(
        &["log", "verify", "nowhere"],
        "
        error: there is no log here: saw nowhere, wanted an authority, its log/, or a
               directory with entries.jsonl
        exit 30
    ",
    );
}

#[test]
fn a_directory_that_is_no_authority_is_named() {
    let world = World::new();
    world.refused(
        &["-C", "requests", "config", "check"],
        "
        error: this directory is not an authority: it has no authority.toml: saw
               requests
        hint:  name the authority with -C DIR, or make one with: anchorite new DIR
        exit 30
    ",
    );
}

#[test]
fn an_authority_without_a_root_says_what_comes_first() {
    let world = World::configured("test", "ecdsa-p256");
    world.refused(
        &["-C", AUTHORITY, "status"],
        "
        error: this authority has no log yet: saw authority
        hint:  its root is made by: anchorite root create
        exit 30
    ",
    );
    world.write("answers.toml", "");
    world.refused(
        &SIGN,
        "
        error: this authority has no log yet: saw authority
        hint:  its root is made by: anchorite root create
        exit 30
    ",
    );
    world.refused(
        &["-C", AUTHORITY, "root", "show"],
        "
        error: this authority has no log yet: saw authority
        hint:  its root is made by: anchorite root create
        exit 30
    ",
    );
}

#[test]
fn a_new_authority_needs_an_empty_directory() {
    let world = World::new();
    world.write("full/letter.txt", "dear");
    world.refused(
        &["new", "full"],
        "
        error: the directory for a new authority is not empty: saw full, wanted an
               absent or empty directory
        Nothing was written.
        exit 30
    ",
    );
    world.refused(
        &["new", "pin"],
        "
        error: the directory for a new authority is not empty: saw pin, wanted an absent
               or empty directory
        Nothing was written.
        exit 30
    ",
    );
    world.refused(
        &["new", "fresh", "--name", "bad\u{1b}[2Jname"],
        r#"
        error: this cannot be the name of an authority: saw bad\u{1b}[2Jname, wanted 1
               to 64 printable characters
        Nothing was written.
        exit 2
    "#,
    );
}

#[test]
fn a_second_root_is_another_authority() {
    let world = World::ready();
    world.write("answers.toml", "");
    let create = ["-C", AUTHORITY, "--now", SIGNING, "root", "create", "--answers", "answers.toml"];
    world.refused(
        &create,
        "
        error: this authority has a root already: saw root
               …
        hint:  another root is another authority: anchorite new DIR
        Nothing was changed.
        exit 2
    ",
    );
    let again = world.run(&["-C", AUTHORITY, "--now", SIGNING, "root", "create", "--if-needed"]).ok();
    assert_eq!(again.stderr, "The root is there already; nothing was changed.\n");
}

#[test]
fn a_read_only_directory_stops_before_the_token_is_touched() {
    let Some(read_only) = with_mounts(READ_ONLY) else { return };
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
    world.refused_through(
        &read_only,
        &create,
        "
        error: cannot write to authority: the medium is read-only
        hint:  remount it for writing, or slide its write protection off
        Nothing was signed.
        exit 30
    ",
    );
    assert_eq!(world.tree("token"), token);

    world.found().ok();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.refused_through(
        &read_only,
        &SIGN,
        "
        error: cannot open authority/log/entries.jsonl: saw Read-only file system (os
               error 30)
        hint:  mount the medium so that it can be written
        Nothing was signed.
        exit 30
    ",
    );
    // Reading needs no writing.
    world.run_through(&read_only, &["-C", AUTHORITY, "--now", SIGNING, "status"]).ok();
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
    world.refused(
        &SIGN,
        "
        error: the log is locked: saw process 4711
        hint:  one anchorite at a time writes a log: end the other one, or wait for it
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
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
    world.refused(
        &early,
        "
        error: the clock is behind the log's last entry: saw 2026-11-21T09:29:59Z,
               wanted not before 2026-11-21T09:30:00Z
        hint:  set the clock from the master clock of the room (date -u -s …), then run
               the ceremony again
        Nothing was signed.
        exit 12
    ",
    );
}

#[test]
fn what_genesis_fixed_cannot_be_changed() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.configure(&configuration("rehearsal", "ecdsa-p256"));
    world.stopped(
        &SIGN,
        "
        error: authority.toml: kind was fixed at genesis: saw rehearsal, wanted test
        Nothing was signed.
        exit 2
    ",
    );
    world.configure(&configuration("test", "ecdsa-p384"));
    world.stopped(
        &SIGN,
        "
        error: authority.toml: [root] key was fixed at genesis: saw ecdsa-p384, wanted
               ecdsa-p256
        Nothing was signed.
        exit 2
    ",
    );
    // Adopted, it would be looked for at the next unlocking and not be there: no ceremony could begin again.
    world.configure(&(configuration("test", "ecdsa-p256") + "[audit.token]\nprofile = \"softhsm2\"\n"));
    world.stopped(
        &SIGN,
        "
        error: authority.toml: [audit.token] profile was fixed at genesis: saw softhsm2,
               wanted none: the audit key is on the root's token
        Nothing was signed.
        exit 2
    ",
    );
}
