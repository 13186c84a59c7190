//! Killed while the next CRL is issued.

use super::super::support::{PARTICIPANTS, SIGNING};
use super::*;

const CRL: [&str; 9] = ["-C", AUTHORITY, "--now", SIGNING, "crl", "--pin-file", "pin", "--answers", "answers-crl.toml"];

/// A founded world, whose genesis issued the first CRL.
fn prepared() -> World {
    let world = World::ready();
    world.write("answers-crl.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    world
}

pub const REFRESH: Ceremony = Ceremony {
    name: "a CRL",
    prepared,
    arguments: &CRL,
    touches: &["log/entries.jsonl", "log/checkpoint", "public/root.crl", "authority/records"],
    goes_on,
};

/// The same command issues a CRL of a number that was never signed before.
fn goes_on(world: &World, at: &dyn Display) {
    let before = entries(world);
    let open = open_intents(&before);
    let covered = checkpoint_size(world);
    world.run(&CRL).ok();
    let wanted = open.iter().map(|(seq, _)| if u64::try_from(*seq).unwrap() < covered { "unknown" } else { "failed" });
    assert_eq!(fates(world, &open), wanted.collect::<Vec<_>>(), "{at}");
    completes(world, at);
    nothing_is_left(world, at);
    let after = entries(world);
    assert_eq!(after[..before.len()], before[..], "{at}: entries were rewritten");
    let numbers: Vec<u64> =
        of_type(&after, "sign.intent").into_iter().filter_map(|e| e["data"]["crl_number"].as_u64()).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{at}: {numbers:?}");
    // One more than before the command was first given, but for numbers that the crash left unknown or unused; another
    // only where the ceremony had ended.
    let ended = of_type(&before, "session.closed").len() == 2;
    let signed = of_type(&after, "sign.outcome").into_iter().filter(|e| e["data"]["status"] == "ok").count();
    assert_eq!(signed, if ended { 5 } else { 4 }, "{at}: root, audit certificate, and CRLs {numbers:?}");
    // What the mesh is given is the newest that was signed.
    let ok = |number: &u64| {
        let intent = of_type(&after, "sign.intent").into_iter().find(|e| e["data"]["crl_number"] == *number).unwrap();
        let outcome = |e: &&serde_json::Value| e["data"]["intent"] == intent["seq"] && e["data"]["status"] == "ok";
        of_type(&after, "sign.outcome").iter().any(outcome)
    };
    let newest = numbers.iter().rfind(|number| ok(number)).unwrap();
    assert_eq!(left::published(world), *newest, "{at}");
}

#[test]
fn a_crl_killed_between_any_two_calls_is_issued_by_the_same_command() {
    kills::between_any_two_calls(&REFRESH, "a_crl_killed_between_any_two_calls_is_issued_by_the_same_command");
}

#[test]
fn a_crl_that_is_really_killed_is_issued_too() {
    kills::really(&REFRESH, "a_crl_that_is_really_killed_is_issued_too");
}

#[test]
fn a_crl_survives_a_power_cut_at_any_call_whatever_was_not_synced() {
    cuts::at_any_call(&REFRESH, "a_crl_survives_a_power_cut_at_any_call_whatever_was_not_synced");
}
