//! The end of an authority: every key destroyed and looked for again, everywhere; what goes on after an interruption; and
//! what an ended authority still tells.

mod attended;
mod generation;
mod interrupted;

use crate::key_backup::{BACKUP, NAME, backed_up, objects, promised};
use crate::support::*;
use serde_json::Value;

/// What ends the authority.
pub const END: [&str; 9] = [
    "-C",
    AUTHORITY,
    "--now",
    "2026-12-24T09:30:00Z",
    "decommission",
    "--pin-file",
    "pin",
    "--answers",
    "answers-end.toml",
];

/// The approval of the last CRL.
pub const CRL: &str = "[review]\n\"crl:1\" = \"approve\"\n";

/// Answers for the end; `backup` says what becomes of the copy.
pub fn answers(backup: Option<&str>) -> String {
    let name = "World Mesh Root";
    let of_copy = backup.map(|says| format!("\"backup {NAME}\" = \"{says}\"\n")).unwrap_or_default();
    format!(
        "{PARTICIPANTS}[destroy]\nadministrator = \"{name}\"\nwitness = \"{name}\"\nreason = \"every mesh moved on\"\n{of_copy}{CRL}"
    )
}

/// A text without its wrapping.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_key_and_every_copy_is_gone_and_the_log_verifies_for_good() {
    let world = promised();
    world.issued("west");
    world.run(&BACKUP).ok();
    assert_eq!(objects(&world, "token/tokens").len(), 5, "two keys of two halves, and the guard");
    world.write("answers-end.toml", answers(Some("here")));
    let before = world.intents();
    let shown = world.run(&END).ok().stderr;
    for wanted in [
        "the end of the authority",
        "still valid 1 intermediate, the last until 2027-11-21",
        "last CRL number 2, until 2027-11-21",
        "Destroyed, and not found again",
        "The audit key is destroyed",
    ] {
        assert!(one_line(&shown).contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert!(!shown.contains("STILL EXISTS") && !shown.contains("Still there"), "{shown}");
    assert_eq!(world.intents(), before + 1, "the last CRL and nothing else");
    // The guard is left, which is no key; so it is in the copies of before each login.
    for place in ["token/tokens", "token/tokens.snapshots", "backup/tokens", "backup/tokens.snapshots"] {
        assert_eq!(objects(&world, place).len(), 1, "{place}: {:?}", objects(&world, place));
    }
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    for (what, count) in [("key.destroying ", 2), ("key.destroyed ", 3)] {
        assert_eq!(log.matches(what).count(), count, "{what}\n{log}");
    }
    let root = "authority/public/root-cert.pem";
    let verified = world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok().stdout;
    assert!(verified.contains("ENDED        2026-12-24T09:30:00Z: its keys are destroyed"), "{verified}");
    assert!(verified.contains("consistent and authenticated"), "{verified}");
    let status = world.run(&["-C", AUTHORITY, "--now", "2027-01-01T00:00:00Z", "status"]).ok().stdout;
    assert!(status.contains("ENDED        2026-12-24T09:30:00Z; its keys are destroyed"), "{status}");
    assert!(!status.contains("due          in days"), "nothing is due of an authority that ended: {status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
    let record = world.run(&["-C", AUTHORITY, "--json", "ceremony", "record"]).ok().stdout;
    assert!(
        record.contains("is about to be DESTROYED") && record.contains("a new session found it no more"),
        "{record}"
    );
}

#[test]
fn after_the_end_nothing_is_signed_and_each_command_says_why() {
    let world = promised();
    world.issued("west");
    world.run(&BACKUP).ok();
    world.write("answers-end.toml", answers(Some("here")));
    world.run(&END).ok();
    world.write("answers.toml", PARTICIPANTS);
    let with = ["--pin-file", "pin", "--answers", "answers.toml"];
    let later = ["-C", AUTHORITY, "--now", "2027-01-01T10:00:00Z"];
    let commands: [&[&str]; 4] = [
        &["sign", "--from", "requests", "--to", "medium"],
        &["export", "west", "--to", "medium"],
        &["key-backup"],
        &["retire", "west"],
    ];
    for command in commands {
        let said = world.run(&[&later[..], command, &with].concat()).error();
        assert_text(
            &said,
            "
            error: this authority ended at 2026-12-24T09:30:00Z: its keys are destroyed
            hint:  bundles that were exported stay valid; new ones would be signed by a key
                   that is gone
            hint:  what can be read still can: anchorite status, log verify --at-rest,
                   ceremony record
            Nothing was signed.
            exit 10
        ",
        );
    }
    // A second end finds no key, and writes nothing.
    let before = world.read("authority/log/entries.jsonl");
    let said = world.run(&END.map(|word| if word.starts_with("2026") { "2027-01-01T10:00:00Z" } else { word })).error();
    assert!(said.starts_with("error: this authority ended at 2026-12-24T09:30:00Z"), "{said}");
    assert_eq!(world.read("authority/log/entries.jsonl"), before);
}

#[test]
fn a_copy_that_is_not_here_is_named_as_what_people_say_of_it() {
    let world = backed_up();
    world.write("answers-end.toml", answers(Some("the safe in Bonn, nobody has its key")));
    let shown = world.run(&END).ok().stderr;
    assert!(shown.contains("STILL EXISTS the key backup B1, safe in Bonn"), "{shown}");
    assert!(shown.contains("Still there: the key backup B1, safe in Bonn. It can sign"), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("key backup B1, safe in Bonn still exists"), "{log}");
    assert_eq!(objects(&world, "backup/tokens").len(), 5, "nobody touched it");
    let status = world.run(&["-C", AUTHORITY, "--json", "status"]).ok().stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    assert_eq!(
        (status["key_backups"][0]["name"].as_str(), status["ended"].as_str()),
        (Some(NAME), Some("2026-12-24T09:30:00Z"))
    );

    let world = backed_up();
    world.write("answers-end.toml", answers(Some("destroyed")));
    world.run(&END).ok();
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("root generation 1 in backup B1, safe in Bonn, said"), "{log}");
}

#[test]
fn a_last_crl_that_cannot_last_long_enough_is_said_before_the_key_goes() {
    let world = World::configured("test", "ecdsa-p256");
    world.configure(&configuration("test", "ecdsa-p256").replace("max_validity_days = 365", "max_validity_days = 700"));
    world.found().ok();
    world.issued("west");
    world.write("answers-end.toml", answers(None));
    let shown = world.run(&END).ok().stderr;
    let plain = one_line(&shown);
    assert!(plain.contains("number 2, until 2027-12-2") && plain.contains("BEFORE the last intermediate"), "{shown}");
    assert!(plain.contains("A CRL lasts 12 months at the most: replace the intermediates before it ends."), "{shown}");
}

#[test]
fn the_newest_root_key_does_not_end_while_the_authority_goes_on() {
    let world = World::ready();
    let end = |generation: &str| {
        world.write("answers-end.toml", answers(None));
        let retire = ["root", "retire", generation, "--pin-file", "pin", "--answers", "answers-end.toml"];
        world.run(&[&["-C", AUTHORITY, "--now", "2026-12-24T09:30:00Z"][..], &retire].concat()).error()
    };
    assert_text(
        &end("1"),
        "
        error: the newest root key does not end while the authority goes on: saw
               generation 1
        hint:  make its successor first; to end the authority: anchorite decommission
        Nothing was destroyed.
        Nothing was signed.
        exit 10
    ",
    );
    assert!(end("7").starts_with("error: there is no root key of this generation: saw generation 7\n"));
}
