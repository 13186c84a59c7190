//! A token that misbehaves while a CRL is signed.

use super::judge::{at_rest, judge};
use super::*;
use crate::crash::entries;

/// A CRL is refreshed with these, at a time when it is due.
const CRL: [&str; 9] =
    ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "crl", "--pin-file", "pin", "--answers", "answers-crl.toml"];

fn prepared() -> World {
    let world = World::ready();
    world.behind_proxy();
    world.write("answers-crl.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    world
}

#[test]
fn no_answer_of_a_token_that_fails_publishes_a_wrong_crl() {
    let world = prepared();
    let mut faults = failures(&calls_of(&world, &CRL), "rv", 4);
    faults.extend(failures(&calls_of(&world, &CRL), "after", 8));
    tries(&world, &faults);
    tally::held("calls of a CRL that failed, or were done and said to have failed", faults.len());
}

#[test]
fn no_lie_about_a_signature_publishes_a_wrong_crl() {
    let world = prepared();
    let faults = lies::of_signatures(&calls_of(&world, &CRL));
    tries(&world, &faults);
    tally::held("signatures of a CRL's session that were wrong", faults.len());
}

fn tries(world: &World, faults: &[String]) {
    let first = entries(world).len();
    let before = number(world);
    each(world, faults, |world, index, fault| {
        let output = run_in_order(world, fault, &CRL);
        let fates = judge(world, fault, &output, first)?;
        let ok = fates.of.values().any(|fate| fate == "ok");
        if number(world) > before && !ok {
            return Err(format!("a CRL was published that the log does not have: {}", output.refusal()));
        }
        if !(tally::full() || index.is_multiple_of(4)) {
            return Ok(());
        }
        let next = run_in_order(world, "", &CRL);
        if next.code != Some(0) {
            return Err(format!("the next CRL: {}", next.refusal()));
        }
        let openssl =
            ["crl", "-in", "authority/public/root.crl", "-CAfile", "authority/public/root-cert.pem", "-noout"];
        let verified = world.tool("openssl", &openssl);
        if !verified.stderr.contains("verify OK") {
            return Err(format!("the CRL does not verify: {}", verified.stderr));
        }
        at_rest(world)
    });
}

/// The number of the published CRL, which verifies.
fn number(world: &World) -> u64 {
    let openssl = ["crl", "-in", "authority/public/root.crl", "-noout", "-crlnumber", "-CAfile"];
    let output = world.tool("openssl", &[&openssl[..], &["authority/public/root-cert.pem"]].concat());
    assert!(output.stderr.contains("verify OK"), "{}", output.stderr);
    u64::from_str_radix(output.stdout.trim().trim_start_matches("crlNumber=").trim_start_matches("0x"), 16).unwrap()
}
