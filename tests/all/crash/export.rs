//! Killed while the bundle of a certificate that was issued before is made again.

use super::super::support::PARTICIPANTS;
use super::*;

const EXPORT: [&str; 12] = [
    "-C",
    AUTHORITY,
    "--now",
    "2026-11-22T10:00:00Z",
    "export",
    "cluster1",
    "--to",
    "medium",
    "--pin-file",
    "pin",
    "--answers",
    "answers-export.toml",
];

/// A world in which a cluster has its certificate and one bundle.
fn prepared() -> World {
    let world = World::ready();
    world.issued("cluster1");
    world.write("answers-export.toml", PARTICIPANTS);
    world
}

pub const AGAIN: Ceremony = Ceremony {
    name: "an export",
    prepared,
    arguments: &EXPORT,
    touches: &["log/entries.jsonl", "log/checkpoint", "medium/", "authority/records"],
    goes_on,
};

/// The same command makes a bundle of the next sequence number; nothing is signed by the root.
fn goes_on(world: &World, at: &dyn Display) {
    let before = entries(world);
    world.run(&EXPORT).ok();
    completes(world, at);
    nothing_is_left(world, at);
    opens(world, &["cluster1"], at);
    let after = entries(world);
    assert_eq!(after[..before.len()], before[..], "{at}: entries were rewritten");
    let sequences: Vec<u64> =
        of_type(&after, "bundle.exported").into_iter().map(|e| e["data"]["sequence"].as_u64().unwrap()).collect();
    assert!(sequences.is_sorted_by(|one, next| one < next), "{at}: {sequences:?}");
    assert_eq!(of_type(&after, "sign.intent").len(), 4, "{at}: root, audit certificate, CRL, cluster1");
}

#[test]
fn an_export_killed_between_any_two_calls_is_completed_by_the_same_command() {
    kills::between_any_two_calls(&AGAIN, "an_export_killed_between_any_two_calls_is_completed_by_the_same_command");
}

#[test]
fn an_export_that_is_really_killed_is_completed_too() {
    kills::really(&AGAIN, "an_export_that_is_really_killed_is_completed_too");
}

#[test]
fn an_export_survives_a_power_cut_at_any_call_whatever_was_not_synced() {
    cuts::at_any_call(&AGAIN, "an_export_survives_a_power_cut_at_any_call_whatever_was_not_synced");
}
