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
    reads(
        &format!("@{}+=rv:0x32", signature(3)),
        "
        error: the outcome is logged, but not under a checkpoint: cannot open a session
               to sign in: saw C_OpenSession: CKR_DEVICE_REMOVED
        hint:  put the token back and start the command again
        hint:  the log has each outcome; make bundles of what was issued with: anchorite
               export
        hint:  the next ceremony closes this session in the log; now it failed: cannot
               open a session to sign in: saw C_OpenSession: CKR_DEVICE_REMOVED
        Serial … WAS signed; treat it as issued.
        Serial … may have been signed; it is recorded as unknown and never used again.
        exit 50
    ",
    );
}

#[test]
fn a_token_that_is_pulled_out_after_the_last_certificate() {
    reads(
        &format!("@{}+=rv:0x32", signature(3) + 1),
        "
        error: the outcome is logged, but not under a checkpoint: cannot search the
               token: saw C_FindObjectsInit: CKR_DEVICE_REMOVED
        hint:  put the token back and start the command again
        hint:  the log has each outcome; make bundles of what was issued with: anchorite
               export
        hint:  the next ceremony closes this session in the log; now it failed: cannot
               open a session to sign in: saw C_OpenSession: CKR_DEVICE_REMOVED
        Serial … WAS signed; treat it as issued.
        Serial … WAS signed; treat it as issued.
        exit 50
    ",
    );
}

#[test]
fn a_token_that_is_pulled_out_before_anything_is_signed() {
    reads(
        &format!("@{}+=rv:0x32", signature(1)),
        "
        error: the token did not sign: saw C_Sign: CKR_DEVICE_REMOVED
        hint:  put the token back and start the command again
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_pin_that_is_locked() {
    reads(
        "C_Login=rv:0xa4",
        "
        error: the token's PIN is locked: saw C_Login: CKR_PIN_LOCKED
        hint:  it is locked now: its security officer can set a new one, where the
               vendor allows that
        The PIN was not tried again.
        Nothing was signed.
        exit 22
    ",
    );
}

#[test]
fn a_device_error_at_the_login() {
    reads(
        "C_Login=rv:0x30",
        "
        error: cannot log in to the token: saw C_Login: CKR_DEVICE_ERROR
        hint:  take the token out, put it back and start the command again
        The token did not say whether a try of the PIN was spent; it was not tried
        again.
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_signature_that_is_wrong() {
    reads(
        "C_Sign@4=flip",
        "
        error: the token returned a signature that does not verify: wanted ECDSA with
               SHA-256 by the key …
        hint:  no certificate is made of it, and it was kept nowhere
        hint:  do not sign with this token until you know why: try it with anchorite hsm
               probe
        hint:  the log has each outcome; make bundles of what was issued with: anchorite
               export
        Serial … may have been signed; it is recorded as unknown and never used again.
        Serial … WAS signed; treat it as issued.
        exit 50
    ",
    );
}

#[test]
fn a_signature_of_a_checkpoint_that_is_wrong() {
    reads(
        "C_Sign@2=flip",
        "
        error: the audit key's token signed wrongly: the checkpoint of 70 entries: a
               signature does not verify: wanted ECDSA with SHA-256 by the key …
        hint:  do not sign with this token until you know why: try it with anchorite hsm
               probe
        Nothing was signed.
        exit 20
    ",
    );
}
