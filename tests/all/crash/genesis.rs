//! Killed while the root is made.

use super::super::support::{CREATE, PARTICIPANTS};
use super::*;

fn prepared() -> World {
    let world = World::configured("test", "ecdsa-p256");
    let reviewed = world.sha256("authority/authority.toml");
    world.write(
        "answers-root.toml",
        format!(
            "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
        ),
    );
    world
}

pub const GENESIS: Ceremony = Ceremony {
    name: "a genesis",
    prepared,
    arguments: &CREATE,
    touches: &["log/entries.jsonl", "log/checkpoint", "log/audit", "authority/issued", "public", "authority/records"],
    goes_on,
};

/// The same command makes what is missing, or says that nothing is: then this is true.
fn is_resumed(world: &World, at: &dyn Display) -> bool {
    let before = entries(world);
    let next = world.run(&CREATE);
    let whole = before.last().is_some_and(|entry| entry["type"] == "session.closed") && sealed(world, &before);
    if whole {
        assert_eq!(next.code, Some(2), "{at}\n{}", next.stderr);
        assert!(next.stderr.contains("this authority has a root already"), "{at}\n{}", next.stderr);
    } else {
        assert_eq!(next.code, Some(0), "{at}\n{}", next.stderr);
    }
    completes(world, at);
    founded(world, at);
    let after = entries(world);
    assert_eq!(after[..before.len()], before[..], "{at}: entries were rewritten");
    whole
}

/// The same, and the token holds no key that the log does not know.
fn goes_on(world: &World, at: &dyn Display) {
    let whole = is_resumed(world, at);
    // Two key pairs and the guard. The last act of all moves the guard, and may have been cut off between the new one
    // and the old.
    let objects = objects(world);
    assert!(objects == 5 || (whole && objects == 6), "{at}: {objects} objects in the token");
}

/// Where a power cut took a part of a key pair that was being made, the rest stays in the token, unused.
pub const WITH_REMAINS: Ceremony = Ceremony {
    goes_on: |world, at| {
        is_resumed(world, at);
    },
    ..GENESIS
};

#[test]
fn a_genesis_killed_between_any_two_calls_is_resumed_by_the_same_command() {
    kills::between_any_two_calls(&GENESIS, "a_genesis_killed_between_any_two_calls_is_resumed_by_the_same_command");
}

#[test]
fn a_genesis_that_is_really_killed_is_resumed_too() {
    kills::really(&GENESIS, "a_genesis_that_is_really_killed_is_resumed_too");
}

#[test]
fn a_genesis_survives_a_power_cut_at_any_call_whatever_was_not_synced() {
    cuts::at_any_call(&GENESIS, "a_genesis_survives_a_power_cut_at_any_call_whatever_was_not_synced");
}

/// One key of each role, one good certificate of each, one CRL; what may have been signed before is unknown.
fn founded(world: &World, at: &dyn Display) {
    let entries = entries(world);
    for role in ["root", "audit"] {
        let made = of_type(&entries, "key.generated").into_iter().filter(|e| e["data"]["role"] == role).count();
        assert_eq!(made, 1, "{at}: {role} keys");
    }
    let ok = of_type(&entries, "sign.outcome").into_iter().filter(|e| e["data"]["status"] == "ok").count();
    assert_eq!(ok, 3, "{at}: root, audit certificate, CRL");
    for name in ["root-cert.pem", "audit-cert.pem", "root.crl", "root-card.txt"] {
        assert!(world.path("authority/public").join(name).exists(), "{at}: {name} is missing");
    }
}

#[test]
fn the_torn_first_line_of_a_genesis_is_kept_beside_the_log_that_begins_again() {
    let world = prepared();
    let torn = br#"{"v":1,"seq":0,"prev":"00"#;
    world.write(ENTRIES, torn);
    world.run(&CREATE).ok();
    let kept = names(&world.path("authority/log"), "");
    let kept = kept.iter().find(|name| name.starts_with("torn-0-")).expect("the torn line beside the log");
    assert_eq!(world.read(format!("authority/log/{kept}")), torn);
    let entries = entries(&world);
    let recovered = of_type(&entries, "recovered");
    assert_eq!(recovered[0]["data"]["torn_sha256"], world.sha256(format!("authority/log/{kept}")));
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
