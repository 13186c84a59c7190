//! A revocation as people hold it, on a production authority: typed, paused, gone on with.

use super::*;
use crate::seat::{Seat, approves, approves_from, founded, introduces};

const TYPE: &str = "Administrator, type west@1 to revoke it (or no): ";
const CONFIRM: &str = "Witness, type it to confirm (or no): ";
const PIN_OF_ROOT: &str = "User PIN of the root token: ";

/// A production authority that certified `west`.
fn running() -> World {
    let world = founded();
    let sheet = world.run(&["request", "west", "--into", "clusters"]).ok().stdout;
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west/{name}")));
    }
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers(PIN_OF_ROOT, PIN);
    approves_from(&mut seat, &sheet);
    assert_eq!(seat.ends().1, 0);
    world
}

const REVOKE: [&str; 6] = ["-C", AUTHORITY, "revoke", "west", "--reason", "keyCompromise"];

#[test]
fn a_certificate_is_revoked_by_its_name_twice_and_the_words_of_the_crl() {
    let world = running();
    let mut seat = Seat::at(&world, &REVOKE);
    introduces(&mut seat);
    seat.answers(PIN_OF_ROOT, PIN);
    let shown = seat.answers(TYPE, "west@1");
    assert!(shown.contains("This cannot be undone"), "{shown}");
    // A slip of the witness.
    seat.answers(CONFIRM, "west");
    let helped = seat.answers(TYPE, "west@1");
    assert!(helped.contains("not the certificate's name: saw west, wanted west@1"), "{helped}");
    seat.answers(CONFIRM, "west@1");
    let plan = approves(&mut seat).replace("\r\n", "\n");
    assert!(plan.contains("  added        1 certificate\n               west@1: keyCompromise\n"), "{plan}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("CRL number 2 lists 1 certificate, until"), "{shown}");
    assert_eq!(published(&world).revoked.len(), 1);
    verified(&world);
}

#[test]
fn a_witness_who_says_no_revokes_nothing() {
    let world = running();
    let mut seat = Seat::at(&world, &REVOKE);
    introduces(&mut seat);
    seat.answers(PIN_OF_ROOT, PIN);
    seat.answers(TYPE, "west@1");
    seat.answers(CONFIRM, "no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.ends_with("error: declined: west@1 is not revoked\nNothing was signed.\n"), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("certificate.revoked"), "{log}");
}

/// People revoke, and pause where the CRL is to be approved; the last screen and the exit code.
fn paused_at_the_crl(world: &World) -> (String, i32) {
    let mut seat = Seat::at(world, &REVOKE);
    introduces(&mut seat);
    seat.answers(PIN_OF_ROOT, PIN);
    seat.answers(TYPE, "west@1");
    seat.answers(CONFIRM, "west@1");
    seat.asked(crate::seat::APPROVE_1);
    seat.types("q");
    seat.answers(crate::running::PAUSE, "yes");
    seat.ends()
}

#[test]
fn a_paused_revocation_goes_on_at_the_crl_and_revokes_nothing_twice() {
    let world = running();
    assert_eq!(paused_at_the_crl(&world).1, 11);
    assert_eq!(published(&world).number, Some(1));
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert!(status.contains("  last session revocation, PAUSED 20"), "{status}");
    assert!(status.contains("the same command goes on\n"), "{status}");
    let mut seat = Seat::at(&world, &REVOKE);
    let (_, next) = (seat.asked("Go on at step "), seat.reads(": "));
    assert!(next.contains("(yes), or begin anew (anew)"), "{next}");
    seat.types("yes");
    seat.answers(PIN_OF_ROOT, PIN);
    approves(&mut seat);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("for west, on its side: anchorite request west"), "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert_eq!((log.matches("certificate.revoked").count(), published(&world).number), (1, Some(2)));
    verified(&world);
}

#[test]
fn a_paused_revocation_that_is_begun_anew_finds_what_it_revoked() {
    let world = running();
    let (shown, code) = paused_at_the_crl(&world);
    assert_eq!(code, 11);
    assert!(shown.ends_with("In the log and on no CRL yet: the revocation of west@1.\n"), "{shown}");
    let mut seat = Seat::at(&world, &REVOKE);
    seat.asked("Go on at step ");
    seat.reads(": ");
    seat.types("anew");
    introduces(&mut seat);
    seat.answers(PIN_OF_ROOT, PIN);
    let shown = approves(&mut seat);
    assert!(shown.contains("west@1 was revoked before, by a ceremony that was not completed."), "{shown}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(2), 1));
    verified(&world);
}

#[test]
fn an_emergency_without_a_witness_is_typed_by_one() {
    let world = World::new();
    let setting = "[emergency]\nwaivable = [\"witness\"]\n";
    let world = {
        drop(world);
        crate::seat::founded_as(&(configuration("production", "ecdsa-p256") + setting))
    };
    let sheet = world.run(&["request", "west", "--into", "clusters"]).ok().stdout;
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west/{name}")));
    }
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers(PIN_OF_ROOT, PIN);
    approves_from(&mut seat, &sheet);
    assert_eq!(seat.ends().1, 0);
    let mut seat = Seat::at(&world, &[&REVOKE[..], &["--emergency", "--waive", "witness"]].concat());
    let told = seat.answers("Administrator, why is there no witness? (the log keeps it): ", "alone on call");
    assert!(told.contains("Without a witness"), "{told}");
    seat.answers("Name of the administrator: ", "Ada Administrator");
    seat.answers(PIN_OF_ROOT, PIN);
    seat.answers(TYPE, "west@1");
    seat.answers(CONFIRM, "west@1");
    approves(&mut seat);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let deviations = world.run(&["log", "show", AUTHORITY]).ok().stdout.matches(" deviation ").count();
    assert_eq!((deviations, published(&world).revoked.len()), (1, 1));
}
