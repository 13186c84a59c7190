//! The restore drill: a copy of the authority is read back, the token opens, the keys live; the root signs nothing.

use crate::support::*;
use std::fs;

const LATER: &str = "2026-12-01T10:00:00Z";

/// A founded authority with a certificate, copied to two sticks; the drill's answers are there.
fn copied() -> World {
    let world = World::configured("test", "ecdsa-p256");
    for stick in ["a", "b"] {
        fs::create_dir(world.path(stick)).unwrap();
        world.run(&["-C", AUTHORITY, "medium", "prepare", "--role", "authority", stick]).ok();
    }
    world.write("authority/local.toml", "[media]\nauthority = [\"a\", \"b\"]\n");
    world.found().ok();
    world.issued("west");
    world.write("a/local.toml", "[media]\nauthority = [\"a\", \"b\"]\n");
    world.write("answers.toml", PARTICIPANTS);
    world
}

fn drill(on: &str) -> [&str; 11] {
    ["-C", on, "--now", LATER, "ceremony", "run", "restore-drill", "--pin-file", "pin", "--answers", "answers.toml"]
}

#[test]
fn a_drill_proves_a_copy_signs_nothing_and_brings_the_others_up_to_date() {
    let world = copied();
    let before = world.intents();
    let shown = world.run(&drill("a")).ok().stderr;
    assert!(
        shown.contains("This copy is whole") && shown.contains("an authority medium of World Mesh Root"),
        "{shown}"
    );
    assert!(shown.contains("verifies, under the root in the token"), "{shown}");
    assert!(shown.contains("newest copy now."), "{shown}");
    assert_eq!(world.intents(), before, "the root key was used");
    let log = world.run(&["log", "show", "a"]).ok().stdout;
    assert!(log.contains("files read back") && log.contains("copy"), "{log}");
    world.run(&["log", "verify", "a", "--root", "a/public/root-cert.pem", "--at-rest"]).ok();
    assert_eq!(world.read("a/log/entries.jsonl"), world.read("b/log/entries.jsonl"));

    // The authority of before is older than the token remembers: the drill's copy brings it up to date.
    let said = world.run(&drill(AUTHORITY)).error();
    assert!(said.contains("exit 40") || said.contains("exit 30"), "{said}");
    assert!(said.contains("Nothing was signed."), "{said}");
}

#[test]
fn a_copy_that_is_not_whole_is_named_file_by_file() {
    let world = copied();
    let issued = fs::read_dir(world.path("a/issued")).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&issued).unwrap();
    let refused = |what: &str| {
        let said = world.run(&drill("a")).error();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.starts_with("error: this copy is not whole (a/"), "{said}");
        assert!(said.contains(what), "{what}: {said}");
        assert!(said.contains("hint: try another copy") && said.contains("Nothing was changed."), "{said}");
    };
    fs::write(&issued, [&whole[..whole.len() - 40], &[b'A'; 40]].concat()).unwrap();
    refused("is not what the log says");
    fs::remove_file(&issued).unwrap();
    refused("there is no such file");
    fs::write(&issued, &whole).unwrap();
    world.write("a/issued/ff.pem", &whole);
    refused("a certificate that the log does not have: ff.pem");
    fs::remove_file(world.path("a/issued/ff.pem")).unwrap();
    let checkpoint = world.read("a/public/checkpoint");
    world.write("a/public/checkpoint", String::from_utf8_lossy(&checkpoint).replacen('\n', "\n9", 1));
    refused("is no checkpoint of the log");
    world.write("a/public/checkpoint", &checkpoint);
    world.write("a/public/root.crl", "");
    refused("root.crl is not what the log says");
    // Another copy is whole.
    world.write("b/local.toml", "");
    world.run(&drill("b")).ok();
}

#[test]
fn a_directory_that_is_no_stick_proves_no_stick_and_the_record_says_so() {
    let world = World::ready();
    world.write("answers.toml", PARTICIPANTS);
    let shown = world.run(&drill(AUTHORITY)).ok().stderr;
    assert!(shown.contains("NOT an authority medium: a directory without marker"), "{shown}");
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    assert!(log.contains("NOT an authority medium"), "it is not in the log");
}
