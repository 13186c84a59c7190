//! Custodians at the terminal: sheets of paper, written from the screen and typed back.

use crate::seat::{Seat, approves};
use crate::support::{AUTHORITY, World, configuration};

/// What a custodian wrote down: nine rows of six words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet(pub Vec<String>);

pub const COME: &str = "Come to the screen alone, cameras covered, and press Enter: ";
pub const WRITTEN: &str = "Press Enter when every row is written: ";

/// `authority.toml` of people with custodians.
pub fn with_custody(kind: &str, threshold: u8, custodians: u8) -> String {
    format!("{}\n[custody]\nthreshold = {threshold}\ncustodians = {custodians}\n", configuration(kind, "ecdsa-p256"))
}

impl Sheet {
    /// The rows on a private screen.
    #[track_caller]
    pub fn from_screen(shown: &str) -> Self {
        let rows: Vec<String> = shown
            .lines()
            .filter_map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                let (number, words) = words.split_first()?;
                (number.parse::<usize>().is_ok() && words.len() == 6).then(|| words.join(" "))
            })
            .collect();
        assert_eq!(rows.len(), 9, "{shown}");
        Self(rows)
    }
}

/// A custodian types a whole sheet.
#[track_caller]
pub fn types_sheet(seat: &mut Seat, sheet: &Sheet) {
    for (number, row) in (1..).zip(&sheet.0) {
        seat.answers(&format!("Row {number} of 9: "), row);
    }
}

/// One custodian is dealt a share, writes it down and reads it back.
#[track_caller]
pub fn is_dealt(seat: &mut Seat) -> Sheet {
    seat.answers(COME, "");
    let screen = seat.asked(WRITTEN);
    let sheet = Sheet::from_screen(&screen);
    seat.types("");
    types_sheet(seat, &sheet);
    sheet
}

/// Custodians open the token.
#[track_caller]
pub fn open_with(seat: &mut Seat, sheets: &[&Sheet]) {
    for sheet in sheets {
        seat.answers(COME, "");
        types_sheet(seat, sheet);
    }
}

/// A custodian pauses in the middle of a share: a slip of the hand is asked about first.
#[track_caller]
pub fn pauses(seat: &mut Seat) {
    seat.types("q");
    seat.answers("Pause here? yes, or Enter to go on: ", "");
    seat.answers("Row 1 of 9: ", "q");
    seat.answers("Pause here? yes, or Enter to go on: ", "yes");
}

pub fn introduces(seat: &mut Seat, custodians: usize) {
    seat.answers("Name of the administrator: ", "Ada Administrator");
    seat.answers("Name of the witness: ", "Wim Witness");
    for number in 1..=custodians {
        seat.answers(&format!("Name of the custodian {number} of {custodians}: "), &format!("Custodian {number}"));
    }
}

/// An authority founded by people, its token open to two of three: the world and their sheets.
pub fn founded() -> (World, Vec<Sheet>, String) {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat, 3);
    let sheets: Vec<Sheet> = (0..3).map(|_| is_dealt(&mut seat)).collect();
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    (world, sheets, shown)
}
