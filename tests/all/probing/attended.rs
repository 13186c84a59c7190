//! A person at a terminal tries a token.

use super::{says, with_token};
use crate::seat::{Seat, assert_fits};
use crate::support::PIN;

#[test]
fn a_person_allows_one_key_in_the_token_by_typing_its_serial_number_and_then_the_pin() {
    let world = with_token("Trial");
    let seen = world.run(&["hsm", "probe", "--profile", "softhsm2", "--json"]).ok().stdout;
    let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
    let serial = seen["identity"]["serial"].as_str().unwrap();
    let mut seat = Seat::at(&world, &["hsm", "probe", "--profile", "softhsm2", "--login", "--on-token", "ecdsa-p256"]);
    let question = "Administrator, type the token's serial to go on (or no): ";
    let shown = seat.asked(question);
    assert!(shown.contains("One key, ECDSA P-256, is made in this token, tried and destroyed again."), "{shown}");
    seat.types("0000");
    let shown = seat.asked(question);
    assert!(shown.contains("this is not the token's serial"), "{shown}");
    seat.types(serial);
    seat.answers("User PIN of the probed token: ", PIN);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_fits(&shown);
    assert!(!shown.contains(PIN), "{shown}");
    let report = &shown[shown.find("Trial · SoftHSM").unwrap()..];
    says(
        report,
        &["This token can hold a root CA: ECDSA P-384 (recommended)", "made in the token and destroyed: it is gone"],
    );
}
