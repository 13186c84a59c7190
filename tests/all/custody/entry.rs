//! What custodians mistype, and what they are told: on their own screen, where they typed it.

use super::seats::{COME, Sheet, WRITTEN, founded, introduces, is_dealt, open_with, pauses, types_sheet, with_custody};
use crate::seat::{Seat, approves};
use crate::support::{AUTHORITY, World};

/// What is on the screen when a row is asked for again.
#[track_caller]
fn told(seat: &mut Seat, row: usize) -> String {
    let shown = seat.asked(&format!("Row {row} of 9: "));
    let shown = shown.rsplit("\u{1b}[H").next().unwrap().replace("\r\n", "\n");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    shown.split(" Six words from your sheet.").next().unwrap().to_owned()
}

#[test]
fn a_slip_of_a_custodian_is_named_where_it_is_made_and_helped() {
    let (world, sheets, _) = founded();
    let before = world.everything();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]);
    // The configuration's three come to a change; two of them open the token.
    introduces(&mut seat, 3);
    seat.answers(COME, "");
    let (first, second) = (&sheets[0].0, &sheets[1].0);
    seat.asked("Row 1 of 9: ");
    seat.types(&first[1]);
    let says = told(&mut seat, 1);
    assert!(says.contains("Row 1 does not fit its check word"), "{says}");
    let words: Vec<&str> = first[0].split(' ').collect();
    seat.types(&words[..5].join(" "));
    assert!(told(&mut seat, 1).ends_with("Row 1 has six words; 5 were typed."));
    seat.types(&format!("{} {} {}", words[1], words[0], words[2..].join(" ")));
    let says = told(&mut seat, 1);
    assert!(says.contains("Word 1 of row 1 is of the other list"), "{says}");
    seat.types(&format!("{} xylophone {}", words[0], words[2..].join(" ")));
    let says = told(&mut seat, 1);
    assert!(says.contains("Word 2 of row 1 is in no list."), "{says}");
    // In capitals, and with beginnings of words.
    seat.types(&first[0].to_uppercase());
    // Rows swapped on the way from the sheet.
    seat.asked("Row 2 of 9: ");
    seat.types(&first[2]);
    let says = told(&mut seat, 2);
    assert!(says.contains("Row 2 does not fit its check word"), "{says}");
    // The row of a neighbour's sheet of the same set is a good row, and is found at the end.
    seat.types(&first[1]);
    seat.answers("Row 3 of 9: ", &second[2]);
    for row in 4..=9 {
        seat.answers(&format!("Row {row} of 9: "), &first[row - 1]);
    }
    let says = told(&mut seat, 1);
    assert!(says.contains("This is no share: its rows do not belong together."), "{says}");
    seat.types(&first[0]);
    seat.answers("Row 2 of 9: ", "again");
    assert!(told(&mut seat, 1).ends_with("From the first row, then."));
    seat.types(&first[0]);
    for row in 2..=9 {
        seat.answers(&format!("Row {row} of 9: "), &first[row - 1]);
    }
    // The same custodian again.
    let shown = seat.answers(COME, "");
    assert!(shown.contains("The share of custodian 1 is good. 1 more."), "{shown}");
    seat.answers("Row 1 of 9: ", &first[0]);
    seat.answers("Row 2 of 9: ", &first[1]);
    let says = told(&mut seat, 1);
    assert!(says.ends_with("Share 1 is entered already: another custodian's turn."), "{says}");
    pauses(&mut seat);
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("the ceremony is paused"), "{shown}");
    for row in first {
        assert!(!shown.contains(row.as_str()), "{row}");
    }
    // The token was not asked.
    let after = world.everything();
    assert_eq!(before.keys().filter(|path| !after.contains_key(*path)).count(), 0);
}

#[test]
fn a_sheet_of_another_authority_is_named_by_its_set() {
    let (_, strange, _) = founded();
    let (world, _, _) = founded();
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "change"]);
    introduces(&mut seat, 3);
    seat.answers(COME, "");
    seat.answers("Row 1 of 9: ", &strange[0].0[0]);
    let says = told(&mut seat, 1);
    assert!(says.contains("which this authority does not know: set "), "{says}");
    pauses(&mut seat);
    assert_eq!(seat.ends().1, 11);
}

#[test]
fn what_was_written_wrongly_on_a_sheet_is_found_when_it_is_read_back() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat, 3);
    seat.answers(COME, "");
    let sheet = Sheet::from_screen(&seat.asked(WRITTEN));
    seat.types("");
    seat.asked("Row 1 of 9: ");
    // Asked to see it again: the same words.
    seat.types("show");
    assert_eq!(Sheet::from_screen(&seat.asked(WRITTEN)), sheet);
    seat.types("");
    types_sheet(&mut seat, &sheet);
    // The next custodian reads back from the neighbour's sheet.
    seat.answers(COME, "");
    let second = Sheet::from_screen(&seat.asked(WRITTEN));
    seat.types("");
    seat.answers("Row 1 of 9: ", &second.0[0]);
    seat.answers("Row 2 of 9: ", &sheet.0[1]);
    let says = told(&mut seat, 2);
    assert!(says.ends_with("These are not the words of this row. Is it the right sheet?"), "{says}");
    for row in 2..=9 {
        seat.types(&second.0[row - 1]);
        if row < 9 {
            seat.asked(&format!("Row {} of 9: ", row + 1));
        }
    }
    is_dealt(&mut seat);
    // Paused before the token is initialised: the shares are with the custodians, and any two of them go on.
    seat.answers("Administrator, type the label to go on (or no): ", "q");
    seat.answers("Pause here? yes, or Enter to go on (q: the answer is \"q\"): ", "yes");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    seat.answers("Go on at step 9 (yes), or begin anew (anew): ", "yes");
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    open_with(&mut seat, &[&second, &sheet]);
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains("1, 2 for initialize"), "{log}");
    assert_eq!(log.matches("custody.split").count(), 1, "{log}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
