//! A token that misbehaves while two requests are signed.

use super::judge::{Fates, at_rest, judge};
use super::*;
use crate::crash::entries;

/// A founded world behind the proxy, with a package and a plain request on the stick, and the answers to them.
pub fn prepared() -> World {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("cluster2");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster2", &plain)]));
    world.behind_proxy();
    world
}

#[test]
fn no_answer_of_a_token_that_fails_lets_a_wrong_certificate_out() {
    let world = prepared();
    let faults = failures(&calls_of(&world, &SIGN), "rv", 2);
    tries(&world, &faults);
    tally::held("calls of a signing session that failed", faults.len());
}

#[test]
fn a_token_that_does_a_thing_and_says_that_it_failed_is_believed_in_neither() {
    let world = prepared();
    let faults = failures(&calls_of(&world, &SIGN), "after", 4);
    tries(&world, &faults);
    tally::held("calls of a signing session that were done and said to have failed", faults.len());
}

#[test]
fn no_lie_about_a_signature_lets_a_wrong_certificate_out() {
    let world = prepared();
    let faults = lies::of_signatures(&calls_of(&world, &SIGN));
    tries(&world, &faults);
    tally::held("signatures of a signing session that were wrong", faults.len());
}

#[test]
fn no_other_lie_of_a_token_lets_a_wrong_certificate_out() {
    let world = prepared();
    let faults = lies::of_anything_else(&calls_of(&world, &SIGN));
    tries(&world, &faults);
    tally::held("answers of a signing session that were wrong", faults.len());
}

/// Signs with each fault; every so often, everything in full size, the next start goes on.
fn tries(world: &World, faults: &[String]) {
    let first = entries(world).len();
    each(world, faults, |world, index, fault| {
        let output = run_in_order(world, fault, &SIGN);
        let fates = judge(world, fault, &output, first)?;
        if tally::full() || index.is_multiple_of(4) { goes_on(world, &fates) } else { Ok(()) }
    });
}

/// The next ceremony, with a token that works, does what is left to do.
pub fn goes_on(world: &World, fates: &Fates) -> Result<(), String> {
    let failed =
        |what: &str, output: &Output| Err(format!("the next {what}: exit {:?}\n{}", output.code, output.stderr));
    let status = world.run(&["-C", AUTHORITY, "status"]);
    if status.code != Some(0) {
        return failed("status", &status);
    }
    if fates.of.values().any(|fate| fate == "ok") {
        world.write("answers-export.toml", PARTICIPANTS);
        let media = ["--to", "medium", "--pin-file", "pin", "--answers", "answers-export.toml"];
        let output = run_in_order(world, "", &[&["-C", AUTHORITY, "--now", SIGNING, "export"][..], &media].concat());
        if output.code != Some(0) {
            return failed("export", &output);
        }
    }
    let exported = |cluster: &str| {
        let made =
            |entry: &serde_json::Value| entry["type"] == "bundle.exported" && entry["data"]["cluster"] == cluster;
        entries(world).iter().any(made)
    };
    if !(exported("cluster1") && exported("cluster2")) {
        // What has its bundle is taken off the stick.
        let (package, plain) = (world.sha256("requests/cluster1/request.json"), world.sha256("requests/cluster2.csr"));
        let mut answers = world.signing_answers(&[&package], &[("cluster2", &plain)]);
        if exported("cluster1") {
            std::fs::remove_dir_all(world.path("requests/cluster1")).unwrap();
            answers = world.signing_answers(&[], &[("cluster2", &plain)]);
        } else if exported("cluster2") {
            std::fs::remove_file(world.path("requests/cluster2.csr")).unwrap();
            answers = world.signing_answers(&[&package], &[]);
        }
        world.write("answers.toml", answers);
        let output = run_in_order(world, "", &SIGN);
        if output.code != Some(0) || !(exported("cluster1") && exported("cluster2")) {
            return failed("sign", &output);
        }
    }
    at_rest(world)
}
