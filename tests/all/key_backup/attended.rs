//! People make a key backup at a terminal.

use super::*;
use crate::seat::*;

#[test]
fn people_name_the_copy_and_see_it_sign() {
    let world = founded_as(&promising("production"));
    names_medium(&world);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "key-backup"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let named = "Administrator, name of the key backup: ";
    let shown = seat.asked(named);
    assert_fits(&shown);
    seat.types("   ");
    let shown = seat.asked(named);
    assert!(shown.contains("a key backup needs a name"), "{shown}");
    seat.types(NAME);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The key backup lives"), "{shown}");
    assert_fits(&shown);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_medium_that_was_pulled_is_waited_for_and_the_token_is_open_again() {
    let world = founded_as(&promising("production"));
    names_medium(&world);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "key-backup"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.asked("Administrator, name of the key backup: ");
    std::fs::rename(world.path("backup"), world.path("pulled")).unwrap();
    seat.types(NAME);
    let shown = seat.asked("What now");
    assert!(shown.contains("the place for the key backup is not there"), "{shown}");
    std::fs::rename(world.path("pulled"), world.path("backup")).unwrap();
    seat.types("retry");
    seat.answers("Administrator, name of the key backup: ", NAME);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The key backup lives"), "{shown}");
}
