//! Every use of the root key is listed: counted from the lines themselves, by another reader than the program's.

use super::*;
use crate::ending;
use crate::key_backup::{BACKUP, promised};
use serde_json::Value;

/// The lines of a log.
fn lines(world: &World) -> Vec<Value> {
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Which entries ask the root key, or a copy of it, for something, or say what came of it.
fn concerns_root(entry: &Value) -> bool {
    match entry["type"].as_str().unwrap() {
        "sign.intent" | "sign.outcome" | "key_backup.made" | "key_backup.proving" | "key_backup.proved" => true,
        "key.intent" | "key.generated" | "key.adopted" | "key.destroying" | "key.destroyed" => {
            entry["data"]["role"] == "root"
        }
        _ => false,
    }
}

fn uses(world: &World, what: &str) -> Value {
    serde_json::from_str(&world.run(&["log", "show", what, "--uses-of-root", "--json"]).ok().stdout).unwrap()
}

#[test]
fn every_entry_that_is_about_the_root_key_is_in_the_list_of_its_uses() {
    // A life: made, used, copied, the copy proved, destroyed with its copy.
    let world = promised();
    world.issued("west");
    world.run(&BACKUP).ok();
    world.write("answers-end.toml", ending::answers(Some("here")));
    world.run(&ending::END).ok();
    let listed = uses(&world, AUTHORITY);
    let all = listed["uses"].as_array().unwrap();
    let mut entries: Vec<u64> =
        all.iter().flat_map(|one| [&one["entry"], &one["outcome_entry"]]).filter_map(Value::as_u64).collect();
    entries.sort_unstable();
    let wanted: Vec<u64> =
        lines(&world).iter().filter(|line| concerns_root(line)).map(|line| line["seq"].as_u64().unwrap()).collect();
    assert_eq!(entries, wanted);
    let acts: Vec<&str> = ["generate", "sign", "copy", "prove", "destroy"].to_vec();
    assert!(acts.iter().all(|act| listed["acts"][act].as_u64().is_some()), "{}", listed["acts"]);
    assert_eq!(listed["outcomes"], serde_json::json!({ "ok": all.len() }));
    let unlocked =
        lines(&world).iter().filter(|line| line["type"] == "token.unlocked" && line["data"]["role"] == "root").count();
    assert_eq!(listed["token_unlocked"], unlocked);
    tally::held("entries about the root key in the list of its uses", wanted.len());
    let shown = world.run(&["log", "show", AUTHORITY, "--uses-of-root"]).ok().stdout;
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    for wanted in [
        "a root key is made, ECDSA P-256   (root key 1)",
        "proves that it lives",
        "the root key is destroyed: every mesh moved on",
        "is gone: searched for and not found any more",
    ] {
        assert!(
            shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(&wanted.replace("   ", " ")),
            "{wanted}\n{shown}"
        );
    }
}

#[test]
fn the_list_is_the_same_from_authority_publication_and_lines() {
    let world = held();
    world.run(&PUBLISH).ok();
    copy(&world, "out/log/entries.jsonl", "lines.jsonl");
    std::fs::create_dir(world.path("alone")).unwrap();
    copy(&world, "out/log/entries.jsonl", "alone/entries.jsonl");
    let first = uses(&world, AUTHORITY);
    for what in ["out", "out/log", "alone", "alone/entries.jsonl"] {
        assert_eq!(uses(&world, what), first, "{what}");
    }
    let shown = world.run(&["-C", AUTHORITY, "log", "show", "--uses-of-root"]).ok().stdout;
    let last = shown.split("\n\n").last().unwrap();
    assert_text(
        last,
        "5 uses of a root key (1 generate, 4 sign): 5 ok. The root's token was unlocked 2 times, in 75 entries of the log.",
    );
    let one = shown.split("\n\n").nth(5).unwrap();
    assert_text(
        one,
        "2026-11-21T10:00:00Z · intermediate-signing · entries 64, 65 ok
         sign the intermediate of cluster1, generation 1 (root key 1)
         serial …
         sha256 …
         by administrator, witness",
    );
}

#[test]
fn what_a_crash_left_open_or_unknown_is_said_as_that() {
    let world = held();
    // A log that ends under the checkpoint of its intents: a signature may exist.
    let lines = lines(&world);
    let intent = lines.iter().rfind(|line| line["type"] == "sign.intent").unwrap()["seq"].as_u64().unwrap();
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let kept: String = text.split_inclusive('\n').take(usize::try_from(intent).unwrap() + 1).collect();
    world.write("cut/entries.jsonl", kept);
    let listed = uses(&world, "cut");
    assert_eq!(listed["outcomes"], serde_json::json!({ "ok": 4, "open": 1 }));
    let shown = world.run(&["log", "show", "cut", "--uses-of-root"]).ok().stdout;
    assert!(shown.contains(&format!("· entry {intent}   ")) && shown.contains(" OPEN\n"), "{shown}");
}
