//! What people read where a token fails in the middle of their work, whole: what happened, what is true, what to do.

use super::judge::{Fates, logged_out};
use super::signing::{goes_on, prepared};
use super::*;
use crate::crash::entries;
use crate::support::assert_text;

/// Signs two requests with a fault; the error is this text, the log verifies, the token was logged out of, and the
/// next start goes on.
#[track_caller]
fn reads(fault: &str, text: &str) {
    let world = prepared();
    let first = entries(&world).len();
    let output = run_in_order(&world, fault, &SIGN);
    logged_out(&world.calls()).unwrap();
    assert_text(&output.error(), text);
    world.run(&["log", "verify", AUTHORITY]).ok();
    goes_on(&world, &Fates::since(&world, first)).unwrap();
}

/// The number over all calls of a signature of a session that signs two requests: 1 is of the checkpoint over the
/// intents, 2 and 3 are the certificates.
fn signature(nth: usize) -> usize {
    let calls = calls_of(&prepared(), &SIGN);
    calls.iter().find(|call| call.function == "C_Sign" && call.nth == 2 * nth).unwrap().number
}

#[test]
fn a_token_that_is_pulled_out_between_two_certificates() {
    reads(&format!("@{}+=rv:0x32", signature(3)), "");
}

#[test]
fn a_token_that_is_pulled_out_after_the_last_certificate() {
    reads(&format!("@{}+=rv:0x32", signature(3) + 1), "");
}

#[test]
fn a_token_that_is_pulled_out_before_anything_is_signed() {
    reads(&format!("@{}+=rv:0x32", signature(1)), "");
}

#[test]
fn a_pin_that_is_locked() {
    reads("C_Login=rv:0xa4", "");
}

#[test]
fn a_device_error_at_the_login() {
    reads("C_Login=rv:0x30", "");
}

#[test]
fn a_signature_that_is_wrong() {
    reads("C_Sign@4=flip", "");
}

#[test]
fn a_signature_of_a_checkpoint_that_is_wrong() {
    reads("C_Sign@2=flip", "");
}
