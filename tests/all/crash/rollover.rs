//! Killed while the next root is made.

use super::super::support::{PARTICIPANTS, ROLLOVER};
use super::*;

const ROLL: [&str; 11] = [
    "-C",
    AUTHORITY,
    "--now",
    ROLLOVER,
    "root",
    "rollover",
    "--cross",
    "--pin-file",
    "pin",
    "--answers",
    "answers-rollover.toml",
];

fn prepared() -> World {
    let world = World::ready();
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-rollover.toml", answers);
    world
}

#[test]
fn a_rollover_killed_at_any_write_of_its_log_is_gone_on_with_by_the_same_command() {
    if !instants::can_trace("a_rollover_killed_at_any_write_of_its_log_is_gone_on_with_by_the_same_command") {
        return;
    }
    let world = prepared();
    let all = instants::of_run(&copy(&world), &ROLL, &["authority/"]);
    // What is written from the log again is tried by the kills of a genesis.
    let of_log = |at: &&instants::Instant| {
        ["log/entries.jsonl", "log/new", "log/audit", "public/root-cert"]
            .iter()
            .any(|file| at.to_string().contains(file))
    };
    let chosen: Vec<_> = all.iter().filter(of_log).cloned().collect();
    assert!(chosen.len() > 30, "{all:?}");
    instants::each(&chosen, |at| {
        let world = copy(&world);
        instants::kill(&world, &ROLL, at);
        holds(&world, at);
        let before = entries(&world);
        let next = world.run(&ROLL);
        let whole = before.last().is_some_and(|entry| entry["type"] == "session.closed")
            && sealed(&world, &before)
            && !of_type(&before, "audit.rotated").is_empty();
        if whole {
            assert_eq!(next.code, Some(2), "{at}\n{}", next.stderr);
            assert!(next.stderr.contains("a rollover was held already"), "{at}\n{}", next.stderr);
        } else {
            assert_eq!(next.code, Some(0), "{at}\n{}", next.stderr);
        }
        completes(&world, at);
        rolled_over(&world, at);
        let after = entries(&world);
        assert_eq!(after[..before.len()], before[..], "{at}: entries were rewritten");
    });
}

/// Two keys of each role, two roots, two certificates of the new audit key, the log handed over once.
fn rolled_over(world: &World, at: &Instant) {
    let entries = entries(world);
    for role in ["root", "audit"] {
        let made = of_type(&entries, "key.generated").into_iter().filter(|e| e["data"]["role"] == role).count();
        assert_eq!(made, 2, "{at}: {role} keys");
    }
    assert_eq!(of_type(&entries, "audit.rotated").len(), 1, "{at}");
    let public = world.path("authority/public");
    for (name, certificates) in [("root-cert.pem", 2), ("audit-cert.pem", 2), ("cross-g2-by-g1.pem", 1)] {
        let text = std::fs::read_to_string(public.join(name)).unwrap_or_default();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), certificates, "{at}: {name}");
    }
    for generation in [1, 2] {
        let root = format!("authority/public/root-g{generation}.pem");
        let verified = world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", &root]);
        assert!(verified.stdout.contains("consistent and authenticated"), "{at}: {root}\n{}", verified.stderr);
    }
}
