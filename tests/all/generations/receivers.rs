//! Receivers of bundles when a second root comes: those who pinned the first, and those who pin the second.

use super::{certificates, exported, fingerprint};
use crate::support::{AFTER, Output, SIGNING, World};

fn open(world: &World, bundle: &str, into: &str, now: &str, pin: &[&str]) -> Output {
    let into = format!("clusters/{into}");
    world.run(&[&["--now", now, "open", bundle, "--into", &into], pin].concat())
}

fn receipt(world: &World, cluster: &str) -> serde_json::Value {
    serde_json::from_slice(&world.read(format!("clusters/{cluster}/receipt.json"))).unwrap()
}

/// A cluster that opened its bundle under the only root, and then a rollover.
fn opened_then_rolled_over(cross: bool) -> World {
    let world = World::ready();
    let bundle = world.issued("old").display().to_string();
    open(&world, &bundle, "old", SIGNING, &["--root", "authority/public/root-cert.pem"]).ok();
    world.roll_over(cross).ok();
    world
}

#[test]
fn who_pinned_the_first_root_opens_what_comes_after_a_rollover_with_cross_certificates() {
    let world = opened_then_rolled_over(true);
    let before = receipt(&world, "old");
    assert!(before.get("other_roots").is_none(), "{before}");
    let bundle = exported(&world, "old");
    open(&world, &bundle, "old", AFTER, &[]).ok();
    let after = receipt(&world, "old");
    assert_eq!(after["root_fingerprint"], before["root_fingerprint"], "the pin stays");
    assert_eq!(after["other_roots"], serde_json::json!([fingerprint(&world, 2)]));
    // Old first: agents compare by prefix. The chain leads to either root.
    assert_eq!(certificates(&world, "clusters/old/root-cert.pem").len(), 2);
    let chain = certificates(&world, "clusters/old/cert-chain.pem");
    assert_eq!(chain.len(), 3, "intermediate, root 1 by root 2, root 1");
    world.write("leaf.pem", &chain[0]);
    world.write("between.pem", &chain[1]);
    let root = "authority/public/root-g2.pem";
    let path = ["verify", "-x509_strict", "-no_check_time", "-CAfile", root, "-untrusted", "between.pem", "leaf.pem"];
    world.tool("openssl", &path).ok();
    // A courier with either root, and the README's stock command with the root that was pinned before.
    for generation in [1, 2] {
        let root = format!("authority/public/root-g{generation}.pem");
        let verified = world.run(&["verify", &bundle, "--root", &root]).ok().stdout;
        assert!(verified.contains("whole and authenticated"), "{verified}");
    }
    let signer = format!("{bundle}/signer.pem");
    let stock = ["verify", "-x509_strict", "-no_check_time", "-CAfile", "authority/public/root-g1.pem", &signer];
    world.tool("openssl", &stock).ok();
}

#[test]
fn who_pins_the_second_root_opens_a_bundle_of_either() {
    let world = World::ready();
    world.issued("old");
    world.roll_over(true).ok();
    let new = world.issued_at("new", AFTER, &[]).display().to_string();
    let pin = fingerprint(&world, 2);
    open(&world, &new, "new", AFTER, &["--root-fingerprint", &pin]).ok();
    assert_eq!(receipt(&world, "new")["root_fingerprint"], pin);
    let old = exported(&world, "old");
    open(&world, &old, "old", AFTER, &["--root-fingerprint", &pin]).ok();
}

#[test]
fn without_cross_certificates_the_new_root_is_pinned_by_its_card_as_well() {
    let world = opened_then_rolled_over(false);
    let bundle = exported(&world, "old");
    let (first, second) = (fingerprint(&world, 1), fingerprint(&world, 2));
    let refused = open(&world, &bundle, "old", AFTER, &[]).error();
    let shown = refused.replace(&first, "FIRST").replace(&second, "SECOND");
    insta::assert_snapshot!(shown, @r"
    error: a root that is neither the pinned one nor cross-signed by it: saw
           O=World, OU=TEST, CN=World Mesh Root CA G2, sha256
           SECOND, wanted
           sha256 FIRST
    hint:  compare with the root card: words and fingerprint; do not take either
           from this stick
    hint:  it stands beside the pinned one: with the new root's card,
           --root-fingerprint HEX pins it too
    Nothing was written.
    exit 40
    ");
    open(&world, &bundle, "old", AFTER, &["--root-fingerprint", &second]).ok();
    // From now on the receipt knows both.
    let next = exported(&world, "old");
    open(&world, &next, "old", AFTER, &[]).ok();
    let receipt = receipt(&world, "old");
    let mut known = vec![receipt["root_fingerprint"].as_str().unwrap(), receipt["other_roots"][0].as_str().unwrap()];
    known.sort_unstable();
    let mut wanted = vec![first.as_str(), second.as_str()];
    wanted.sort_unstable();
    assert_eq!(known, wanted);
}

#[test]
fn what_is_pinned_now_must_be_met_whatever_the_receipt_knows() {
    let world = opened_then_rolled_over(true);
    let bundle = exported(&world, "old");
    let refused = open(&world, &bundle, "old", AFTER, &["--root-fingerprint", &"ab".repeat(32)]);
    assert_eq!(refused.code, Some(40), "{}", refused.stderr);
    assert!(refused.stderr.contains("neither the pinned one nor cross-signed by it"), "{}", refused.stderr);
}

#[test]
fn a_bundle_with_a_cross_certificate_of_somebody_else_is_refused() {
    let (world, other) = (opened_then_rolled_over(false), opened_then_rolled_over(true));
    let bundle = exported(&world, "old");
    let refused = open(&world, &bundle, "old", AFTER, &["--root-fingerprint", &fingerprint(&other, 2)]);
    assert!(refused.stderr.contains("neither the pinned one"), "{}", refused.stderr);
}
