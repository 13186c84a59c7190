//! Killed while two requests are signed.

use super::super::support::tally;
use super::*;

/// A founded world with a package and a plain request on the stick, and the answers to them.
fn prepared() -> World {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("cluster2");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster2", &plain)]));
    world
}

pub const SIGNING_TWO: Ceremony = Ceremony {
    name: "a signing session of two requests",
    prepared,
    arguments: &SIGN,
    touches: &["log/entries.jsonl", "log/checkpoint", "authority/issued", "medium/", "authority/records"],
    goes_on,
};

/// The same command records what became of open intents, and each cluster gets its certificate.
fn goes_on(world: &World, at: &dyn Display) {
    let before = entries(world);
    let open = open_intents(&before);
    let covered = checkpoint_size(world);
    let closed = of_type(&before, "session.closed").len() == 2;
    let next = world.run(&SIGN);
    if closed {
        // Only the checkpoint over the last entry, or a copy of it, was missing: there is nothing left to sign.
        assert_eq!(next.code, Some(10), "{at}\n{}", next.stderr);
        assert!(next.stderr.contains("policy.key.again"), "{at}\n{}", next.stderr);
    } else {
        assert_eq!(next.code, Some(0), "{at}\n{}", next.stderr);
    }
    let wanted = open.iter().map(|(seq, _)| if u64::try_from(*seq).unwrap() < covered { "unknown" } else { "failed" });
    assert_eq!(fates(world, &open), wanted.collect::<Vec<_>>(), "{at}");
    completes(world, at);
    opens(world, &["cluster1", "cluster2"], at);
    if !closed {
        nothing_is_left(world, at);
    }
    assert_eq!(entries(world)[..before.len()], before[..], "{at}: entries were rewritten");
}

#[test]
fn a_signing_session_killed_between_any_two_calls_is_completed_by_the_next_start() {
    kills::between_any_two_calls(
        &SIGNING_TWO,
        "a_signing_session_killed_between_any_two_calls_is_completed_by_the_next_start",
    );
}

#[test]
fn a_signing_session_that_is_really_killed_is_completed_too() {
    kills::really(&SIGNING_TWO, "a_signing_session_that_is_really_killed_is_completed_too");
}

#[test]
fn a_signing_session_survives_a_power_cut_at_any_call_whatever_was_not_synced() {
    cuts::at_any_call(&SIGNING_TWO, "a_signing_session_survives_a_power_cut_at_any_call_whatever_was_not_synced");
}

/// A world in which `sign` was killed when both intents were under a checkpoint and no outcome was written.
pub fn between_intent_and_outcome(world: &World, sign: &[&str]) -> World {
    let all = instants::of_run(&copy(world), sign, &["authority/log/"]);
    let checkpoint = all.iter().position(|at| at.is("rename", "log/checkpoints/")).unwrap();
    let outcome = all[checkpoint..].iter().find(|at| at.is("pwrite64", "log/entries.jsonl")).unwrap();
    let killed = copy(world);
    instants::kill(&killed, sign, outcome);
    killed
}

#[test]
fn a_kill_between_intent_and_outcome_is_told_and_its_serials_are_unknown_for_ever() {
    if !instants::can_trace("a_kill_between_intent_and_outcome_is_told_and_its_serials_are_unknown_for_ever") {
        return;
    }
    let world = between_intent_and_outcome(&prepared(), &SIGN);
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    let told = status.split("\n\n").next().unwrap();
    // Serials are random; a pair of hex digits stands for each.
    let (at, serials): (Vec<_>, Vec<String>) = open_intents(&entries(&world)).into_iter().unzip();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = told.replace(&serials[0], "serial A").replace(&serials[1], "serial B");
    let told = told.replace(&format!("Entry {}", at[0]), "Entry A").replace(&format!("Entry {}", at[1]), "Entry B");
    assert_eq!(
        told,
        "An earlier session was interrupted 2 open intents \
         The ceremony intermediate-signing of 2026-11-21T10:00:00Z was interrupted after the step \"review\". \
         Entry A, serial A for cluster1, may have been signed: it is recorded as unknown, treated as issued and \
         never used again. \
         Entry B, serial B for cluster2, may have been signed: it is recorded as unknown, treated as issued and \
         never used again. \
         The next ceremony records this and goes on, for example: anchorite sign"
    );
    let verified = world.run(&["log", "verify", AUTHORITY]).ok().stdout;
    assert!(verified.contains("2 intents have no outcome"), "{verified}");
    assert_eq!(world.run(&["log", "verify", AUTHORITY, "--at-rest"]).code, Some(40));

    world.run(&SIGN).ok();
    let status: serde_json::Value =
        serde_json::from_str(&world.run(&["--json", "-C", AUTHORITY, "status"]).ok().stdout).unwrap();
    let of_cluster = |name: &str| -> Vec<(u64, String)> {
        let all = status["certificates"].as_array().unwrap().iter().filter(|c| c["cluster"] == name);
        all.map(|c| (c["generation"].as_u64().unwrap(), c["status"].as_str().unwrap().to_owned())).collect()
    };
    for cluster in ["cluster1", "cluster2"] {
        // The generation is burnt: the new certificate has another subject.
        assert_eq!(of_cluster(cluster), [(1, "unknown".to_owned()), (2, "issued".to_owned())]);
    }
    assert_eq!(status["interrupted"], serde_json::json!([]));
}

#[test]
fn what_was_signed_before_a_kill_gets_its_bundles_by_export_too() {
    if !instants::can_trace("what_was_signed_before_a_kill_gets_its_bundles_by_export_too") {
        return;
    }
    let world = prepared();
    let all = instants::of_run(&copy(&world), &SIGN, &["medium/"]);
    let at = all.iter().find(|at| at.is("mkdir", "medium/")).unwrap();
    let world = copy(&world);
    instants::kill(&world, &SIGN, at);
    holds(&world, at);
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "The certificate of cluster1 was issued; its bundle may be missing: anchorite export cluster1";
    assert!(status.contains(told), "{status}");

    world.write("answers.toml", super::super::support::PARTICIPANTS);
    let to = ["--to", "medium", "--pin-file", "pin", "--answers", "answers.toml"];
    let export = ["-C", AUTHORITY, "--now", super::super::support::SIGNING, "export"];
    world.run(&[&export[..], &to].concat()).ok();
    completes(&world, at);
    opens(&world, &["cluster1", "cluster2"], at);
}

#[test]
fn a_recovery_that_is_killed_too_is_recovered_by_the_one_after_it() {
    if !instants::can_trace("a_recovery_that_is_killed_too_is_recovered_by_the_one_after_it") {
        return;
    }
    let killed = between_intent_and_outcome(&prepared(), &SIGN);
    let all = instants::of_run(&copy(&killed), &SIGN, &["authority/log/"]);
    let some = if tally::full() { &all[..] } else { &all[..24] };
    instants::each(some, |at| {
        let world = copy(&killed);
        let open = open_intents(&entries(&world));
        instants::kill(&world, &SIGN, at);
        holds(&world, at);
        // Once it closed, only the checkpoint over its last entry was missing: there is nothing left to sign.
        let closed = of_type(&entries(&world), "session.closed").len() == 2;
        let next = world.run(&SIGN);
        assert_eq!(next.code, Some(if closed { 10 } else { 0 }), "{at}\n{}", next.stderr);
        assert_eq!(fates(&world, &open), ["unknown", "unknown"], "{at}");
        completes(&world, at);
        opens(&world, &["cluster1", "cluster2"], at);
    });
}

#[test]
fn a_torn_last_line_is_told_kept_beside_the_log_and_recorded() {
    let world = prepared();
    let mut torn = world.read(ENTRIES);
    let size = torn.iter().filter(|byte| **byte == b'\n').count();
    let tail = format!("{{\"v\":1,\"seq\":{size},");
    torn.extend_from_slice(tail.as_bytes());
    world.write(ENTRIES, &torn);
    let verified = world.run(&["log", "verify", AUTHORITY]).ok().stdout;
    assert!(verified.contains(&format!("line {} is torn: {} bytes", size + 1, tail.len())), "{verified}");
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert!(status.contains("The last line of the log was torn"), "{status}");
    // A session that writes nothing leaves it as it is: another one reports it.
    world.secret("pin", "87654321");
    assert_eq!(world.run(&SIGN).code, Some(21));
    assert_eq!(world.read(ENTRIES), torn);
    world.secret("pin", super::super::support::PIN);
    world.run(&SIGN).ok();
    let kept = names(&world.path("authority/log"), "");
    let kept =
        kept.iter().find(|name| name.starts_with(&format!("torn-{size}-"))).expect("the torn line beside the log");
    assert_eq!(world.read(format!("authority/log/{kept}")), tail.as_bytes());
    let entries = entries(&world);
    let recovered = of_type(&entries, "recovered");
    assert_eq!(recovered[0]["data"]["torn_sha256"], world.sha256(format!("authority/log/{kept}")));
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
