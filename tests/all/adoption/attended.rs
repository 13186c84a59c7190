//! An adoption as people type it, in a production authority.

use super::*;
use crate::seat::{Seat, approves, assert_fits, introduces};
use anchorite::digest::Digest;
use anchorite::words;

const ROOT: &str = "Witness, root words 1-4 (or no): ";
const REASON: &str = "Administrator, why is it adopted all the same? (the log keeps it): ";

/// A production authority beside an old CA whose root it may adopt, and people at the question about that root.
fn at_the_root() -> (World, Seat) {
    let (world, token) = old_ca_with("/O=World/CN=World Mesh Root CA", "20200101000000Z", EXTENSIONS);
    world.configure(&configuration("production", "ecdsa-p256"));
    let adopt = ["-C", AUTHORITY, "root", "adopt", "--certificate", "old/root.pem", "--token-serial", &token];
    let mut seat = Seat::at(&world, &adopt);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    (world, seat)
}

fn root_words(world: &World) -> String {
    let digest = Digest::from_hex(&fingerprint(world)).unwrap();
    words::words(&digest.0[..4]).join(" ")
}

#[test]
fn people_say_which_root_they_mean_and_why_and_approve_what_it_signs() {
    let (world, mut seat) = at_the_root();
    let shown = seat.asked(ROOT);
    assert_fits(&shown);
    for wanted in ["A root that was made elsewhere", "adoption.token.born-outside", "made inside  false"] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    let right = root_words(&world);
    assert!(!shown.contains(&right), "the words are on the screen:\n{shown}");
    // Another paper's words are helped, not punished.
    seat.types("aardvark adroitness aardvark adroitness");
    let helped = seat.asked(ROOT);
    assert!(helped.contains("not from this screen"), "{helped}");
    seat.types(&right);
    seat.answers(REASON, "");
    let helped = seat.answers(REASON, "imported");
    assert!(helped.contains("the warnings ask for a reason"), "{helped}");
    for _ in 0..2 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let verify = ["log", "verify", AUTHORITY, "--root", "old/root.pem", "--at-rest"];
    assert!(world.run(&verify).ok().stdout.contains("consistent and authenticated"));
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("key.adopted"), "{log}");
}

#[test]
fn a_witness_who_says_no_ends_it_with_nothing_adopted() {
    let (world, mut seat) = at_the_root();
    seat.answers(ROOT, "no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("the root is not the one that is meant"), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("key.adopted"), "{log}");
}
