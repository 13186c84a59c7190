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
        ["log/entries.jsonl", "log/new", "log/audit", "log/checkpoint"].iter().any(|file| at.to_string().contains(file))
    };
    // Each takes seconds: every fourth, and every one that puts a checkpoint or a certificate in place.
    let renames = |at: &instants::Instant| at.is("rename", "log/");
    let of_log: Vec<_> = all.iter().filter(of_log).collect();
    let chosen = of_log.iter().enumerate().filter(|(n, at)| n % 4 == 0 || renames(at));
    let chosen: Vec<_> = chosen.map(|(_, at)| (*at).clone()).collect();
    assert!(chosen.len() > 10, "{all:?}");
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

/// Two root keys sign, one after the other: a medium that is full between them leaves a signature, and the error says
/// so, with exit code 50.
#[test]
fn a_medium_that_is_full_while_the_roots_sign_leaves_an_error_that_says_what_was_signed() {
    const NAME: &str = "a_medium_that_is_full_while_the_roots_sign_leaves_an_error_that_says_what_was_signed";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = prepared();
    let all = instants::of_run(&copy(&world), &ROLL, &["authority/"]);
    let writes = ["write", "pwrite64", "writev", "pwritev"];
    let of_entries = |at: &&instants::Instant| writes.iter().any(|call| at.is(call, "log/entries.jsonl"));
    // Those before the keys are made say nothing of signatures.
    let of_entries: Vec<_> = all.iter().filter(of_entries).cloned().collect();
    let chosen = of_entries.get(of_entries.len() / 3..).unwrap_or_default();
    let between = std::sync::Mutex::new(Vec::new());
    instants::each(chosen, |at| {
        let world = copy(&world);
        let before = entries(&world).len();
        let failed = instants::fail(&world, &ROLL, at);
        assert!(failed.code.is_some_and(|code| code != 0), "{at}\n{}", failed.stderr);
        let since = entries(&world).split_off(before);
        let ok = of_type(&since, "sign.outcome").into_iter().filter(|e| e["data"]["status"] == "ok").count();
        if ok == 0 {
            return;
        }
        assert!(!failed.stderr.contains("Nothing was signed."), "{at}: {ok} were\n{}", failed.stderr);
        if failed.stderr.contains("one root key signed, and another did not") {
            assert_eq!(failed.code, Some(50), "{at}\n{}", failed.stderr);
            // What the second key signed before its outcome was lost is named as well.
            assert!(failed.stderr.matches("WAS signed; treat it as").count() >= ok, "{at}\n{}", failed.stderr);
            between.lock().unwrap().push(at.to_string());
        }
    });
    assert!(!between.lock().unwrap().is_empty(), "no write failed between the two: {chosen:?}");
}

/// Two keys of each role, two roots, two certificates of the new audit key, the log handed over once.
fn rolled_over(world: &World, at: &dyn Display) {
    let entries = entries(world);
    for role in ["root", "audit"] {
        let made = of_type(&entries, "key.generated").into_iter().filter(|e| e["data"]["role"] == role).count();
        assert_eq!(made, 2, "{at}: {role} keys");
    }
    assert_eq!(of_type(&entries, "audit.rotated").len(), 1, "{at}");
    // Of genesis three; then a root, its CRL, the audit certificate by both roots, the cross certificates.
    let ok = of_type(&entries, "sign.outcome").into_iter().filter(|e| e["data"]["status"] == "ok").count();
    assert_eq!(ok, 3 + 6, "{at}: what is signed is signed once");
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
