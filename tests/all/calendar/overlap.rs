//! The old intermediate and the new one: for how long both are valid is shown, and too short needs a reason.

use super::{running, words};
use crate::support::*;

/// A renewal of `west` on the stick; what is asked of its answers.
fn renewed(world: &World, now: &str, options: &[&str]) -> String {
    world.run(&[&["--now", now, "request", "west", "--into", "clusters"], options].concat()).ok();
    for name in ["request.json", "request.sig", "renewal.sig"] {
        let from = world.path(format!("clusters/west.2/{name}"));
        if from.exists() {
            world.write(format!("requests/west/{name}"), std::fs::read(from).unwrap());
        }
    }
    let sha256 = world.sha256("requests/west/request.json");
    world.signing_answers(&[&sha256], &[])
}

fn sign(world: &World, now: &str, answers: &str) -> Output {
    world.write("answers.toml", answers);
    let mut sign = SIGN;
    sign[3] = now;
    world.run(&sign)
}

#[test]
fn a_plan_shows_what_it_replaces_and_for_how_long_both_are_valid() {
    let world = running();
    let answers = renewed(&world, "2027-10-01T10:00:00Z", &["--renew"]);
    let shown = sign(&world, "2027-10-02T10:00:00Z", &answers).ok().stderr;
    let said = words(&shown);
    for wanted in [
        "replaces generation 1, valid until 2027-11-21 09:54:59 UTC (under the same root)",
        "overlap 50 days in which both are valid",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert!(!said.contains("policy.renewal.overlap"), "{shown}");
    // The record says it again, from the log.
    world.run(&["-C", AUTHORITY, "ceremony", "record", "-o", "record.html"]).ok();
    let record = words(&String::from_utf8(world.read("record.html")).unwrap());
    assert!(record.contains("50 days in which both are valid"), "the overlap is not in the record");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}

#[test]
fn a_first_certificate_replaces_nothing() {
    let world = World::ready();
    let sha256 = world.request("west");
    let shown = world.sign(&world.signing_answers(&[&sha256], &[])).ok().stderr;
    assert!(!shown.contains("  replaces ") && !shown.contains("  overlap "), "{shown}");
}

#[test]
fn a_renewal_in_the_last_hours_needs_a_reason() {
    let world = running();
    let answers = renewed(&world, "2027-11-20T20:00:00Z", &["--renew"]);
    world.write("answers.toml", &answers);
    let mut late = SIGN;
    late[3] = "2027-11-20T21:00:00Z";
    world.stopped(
        &late,
        "
        error: a plan with warnings needs a reason, which the log keeps: saw no reason
        Nothing was signed.
        exit 10
    ",
    );
    let shown = sign(&world, "2027-11-20T21:00:00Z", &with_reason(&answers)).ok().stderr;
    let said = words(&shown);
    for wanted in [
        "overlap 13 hours in which both are valid",
        "warn policy.renewal.overlap seen 13 hours: the old one ends 2027-11-21T09:54:59Z, the new one begins \
         2027-11-20T20:55:00Z wanted 24 hours or more, which leaves live",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{shown}");
    }
}

#[test]
fn one_that_comes_after_the_end_says_that_there_is_none() {
    let world = running();
    let answers = renewed(&world, "2027-12-01T10:00:00Z", &["--renew"]);
    let shown = sign(&world, "2027-12-02T10:00:00Z", &with_reason(&answers)).ok().stderr;
    let said = words(&shown);
    assert!(said.contains("overlap NONE: the old one ends before the new one begins"), "{shown}");
    assert!(said.contains("seen none: the old one ends 2027-11-21T09:54:59Z, the new one begins"), "{shown}");
}
