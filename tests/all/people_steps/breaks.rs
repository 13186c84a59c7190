//! A break: the token is logged out, and after it the same token must be here.

use super::*;
use crate::seat::{founded, introduces};
use crate::support::PIN;

fn with_break() -> String {
    let steps = format!("{}{}", step("unlock-first", "unlock-token", ""), step("lunch", "break", ""));
    script(&steps)
}

/// Up to the break, and through its questions.
fn goes_to_lunch(world: &World) -> Seat {
    let mut seat = run(world, &with_break());
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.answers("Administrator, is it agreed who stays? (yes or no): ", "yes");
    assert!(shown.contains("The token is logged out."), "{shown}");
    seat
}

#[test]
fn after_a_break_the_same_token_is_unlocked_again() {
    let world = founded();
    let mut seat = goes_to_lunch(&world);
    seat.answers("Administrator, are you back? (yes or no): ", "yes");
    // The witness comes later.
    seat.answers("Witness, are you back? (yes or no): ", "no");
    let shown = seat.answers("Witness, are you back? (yes or no): ", "yes");
    assert!(shown.contains("The break goes on."), "{shown}");
    let shown = seat.answers("User PIN of the root token: ", PIN);
    assert!(shown.contains("  root token   World Mesh Root, serial "), "{shown}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let said: Vec<_> = recorded(&world, "lunch").into_iter().map(|(by, name, _)| format!("{by} {name}")).collect();
    assert_eq!(said, ["administrator guarded", "administrator back", "witness back"]);
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_token_that_was_taken_or_swapped_during_a_break_is_named() {
    let world = founded();
    let mut seat = goes_to_lunch(&world);
    seat.answers("Administrator, are you back? (yes or no): ", "yes");
    seat.asked("Witness, are you back? (yes or no): ");
    std::fs::rename(world.path("token/tokens"), world.path("token/in-a-pocket")).unwrap();
    std::fs::create_dir(world.path("token/tokens")).unwrap();
    seat.types("yes");
    let error = seat.asked("What now? retry, pause, abandon: ");
    let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(error.contains("after the break the root token is not as it was: "), "{error}");
    assert!(error.contains("put the token back that was here before"), "{error}");
    // It was found, and is put back.
    std::fs::remove_dir(world.path("token/tokens")).unwrap();
    std::fs::rename(world.path("token/in-a-pocket"), world.path("token/tokens")).unwrap();
    // This kind of token is seen again by the next process only.
    assert!(error.contains("or pause, and run the same command again"), "{error}");
    seat.types("pause");
    assert_eq!(seat.ends().1, 11);
    let mut seat = run(&world, &with_break());
    seat.answers("Go on at step 4 ", "yes");
    seat.answers("Administrator, is it agreed who stays? (yes or no): ", "yes");
    seat.answers("Administrator, are you back? (yes or no): ", "yes");
    seat.answers("Witness, are you back? (yes or no): ", "yes");
    seat.asked("User PIN of the root token: ");
}
