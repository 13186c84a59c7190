//! People end an authority at a terminal.

use super::*;
use crate::seat::*;

#[test]
fn both_type_the_authoritys_name_and_nothing_else_will_do() {
    let world = founded();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "decommission"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let question = ", type the authority's name to destroy its key: ";
    let shown = seat.asked(&format!("Administrator{question}"));
    assert!(shown.contains("This cannot be undone.") && shown.contains("still valid  no intermediate"), "{shown}");
    assert_fits(&shown);
    seat.types("yes");
    let shown = seat.asked(&format!("Administrator{question}"));
    assert!(shown.contains("not the authority's name: saw yes, wanted World Mesh Root"), "{shown}");
    seat.types("World Mesh Root");
    seat.answers(&format!("Witness{question}"), "World Mesh Root");
    seat.answers("Administrator, why is it destroyed (the log keeps it): ", "every mesh moved on");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The audit key is destroyed"), "{shown}");
    assert_fits(&shown);
    assert_eq!(objects(&world, "token/tokens").len(), 1);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
