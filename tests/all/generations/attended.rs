//! People make a second root at a terminal.

use super::*;
use crate::seat::*;
use crate::support::PIN;

#[test]
fn four_plans_are_read_and_the_log_is_handed_over() {
    let world = founded();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "rollover"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    for _ in 0..4 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_fits(&shown);
    // Which words are those of the new root is on the page from which people copy them.
    assert!(shown.contains("\n  root 1       ") && shown.contains("\n  root 2       "), "{shown}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
