//! PINs: their shape, their files, and what a wrong one costs.

use super::token::{CREATE, before_genesis, before_signing};
use crate::support::SIGN;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_wrong_pin_is_tried_once_and_changes_nothing() {
    let world = before_signing();
    world.secret("pin", "11111111");
    world.refused(
        &SIGN,
        "
        error: the token rejected the PIN: saw C_Login: CKR_PIN_INCORRECT
        hint:  this kind of token never locks its PIN
        One try was spent; it was not tried again.
        Nothing was signed.
        exit 21
    ",
    );
    world.behind_proxy();
    assert_eq!(world.run_with_faults("", &SIGN).code, Some(21));
    assert_eq!(world.calls().iter().filter(|call| call.function == "C_Login").count(), 1);
    world.secret("pin", crate::support::PIN);
    world.run_with_faults("", &SIGN).ok();
}

#[test]
fn a_pin_of_the_wrong_shape_is_never_tried() {
    let world = before_signing();
    world.secret("pin", "123");
    world.refused(
        &SIGN,
        "
        error: this cannot be a PIN of the token: saw one that is too short, wanted 4 to
               255 printable ASCII characters without spaces
        No try was spent.
        Nothing was signed.
        exit 2
    ",
    );
    world.secret("pin", "12345678\u{e9}");
    world.refused(
        &SIGN,
        "
        error: this cannot be a PIN of the token: saw one with a character that it
               cannot have, wanted 4 to 255 printable ASCII characters without spaces
        No try was spent.
        Nothing was signed.
        exit 2
    ",
    );
    let world = before_genesis();
    world.secret("so-pin", "123");
    let tokens = world.tree("token");
    world.refused(
        &CREATE,
        "
        error: this cannot be a PIN of the token: saw one that is too short, wanted 4 to
               255 printable ASCII characters without spaces
        No try was spent.
        Nothing was signed.
        exit 2
    ",
    );
    assert_eq!(world.tree("token"), tokens);
}

#[test]
fn a_pin_file_is_one_line_that_nobody_else_can_read() {
    let world = before_signing();
    std::fs::set_permissions(world.path("pin"), std::fs::Permissions::from_mode(0o644)).unwrap();
    world.refused(
        &SIGN,
        "
        error: pin can be read or written by others: saw mode 0644, wanted mode 0600 or
               stricter
        hint:  chmod 600 pin
        Nothing was signed.
        exit 30
    ",
    );
    world.secret("pin", "");
    world.refused(
        &SIGN,
        "
        error: the secret in pin is empty: wanted one line of text, its line end not
               counted
        hint:  a PIN file holds the PIN alone, mode 0600
        Nothing was signed.
        exit 2
    ",
    );
    world.secret("pin", "1234\n5678");
    world.refused(
        &SIGN,
        "
        error: the secret in pin has more than one line, or a NUL: wanted one line of
               text, its line end not counted
        hint:  a PIN file holds the PIN alone, mode 0600
        Nothing was signed.
        exit 2
    ",
    );
    std::fs::remove_file(world.path("pin")).unwrap();
    world.refused(
        &SIGN,
        "
        error: cannot read pin: there is no such file or directory
        hint:  a PIN file holds the PIN alone, mode 0600
        Nothing was signed.
        exit 30
    ",
    );
    let without: Vec<&str> = SIGN.into_iter().filter(|a| !a.contains("pin")).collect();
    world.refused(
        &without,
        "
        error: an unattended ceremony reads PINs from files: wanted --pin-file FILE
               (mode 0600, one line)
        Nothing was signed.
        exit 2
    ",
    );
}
