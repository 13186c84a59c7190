//! A person at a terminal asks whether the token is what the log says.

use super::*;
use crate::seat::{Seat, assert_fits};

#[test]
fn a_person_types_the_pin_once_and_reads_that_token_and_log_agree() {
    let world = crate::seat::founded();
    world.refused(
        &[&CHECK[..], &["pin"]].concat(),
        "error: --pin-file is only for an unattended authority: wanted kind = \"test\" or \"rehearsal\", and
                unattended = true
         hint:  leave it out: the PIN is asked at the terminal
         No try was spent.
         exit 2",
    );
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "hsm", "check", "--login"]);
    let shown = seat.answers("User PIN of the root token: ", PIN);
    assert!(shown.contains("One try is made: this kind of token never locks its PIN."), "{shown}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_fits(&shown);
    assert!(!shown.contains("DIFFER") && shown.contains("10 agree"), "{shown}");
    assert!(!shown.contains(PIN), "{shown}");
    assert!(
        shown.trim_end().ends_with("Nothing was signed: the next ceremony verifies what each key signs."),
        "{shown}"
    );
}
