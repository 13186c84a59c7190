//! What people do at the seat again and again: words from screens, sheets and paper, and a root that they made.

use super::Seat;
use crate::support::{AUTHORITY, PIN, SO_PIN, World, configuration};
use anchorite::digest::Digest;
use anchorite::words;

/// The first four words of the plan that was shown last, two and two.
#[track_caller]
pub fn plan_words(shown: &str) -> (String, String) {
    let line =
        shown.lines().rev().find_map(|line| line.trim().strip_prefix("words 1-4")).unwrap_or_else(|| panic!("{shown}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words.len(), 4, "{line}");
    (words[..2].join(" "), words[2..].join(" "))
}

/// The words of a sheet at the places that a question names.
#[track_caller]
pub fn from_sheet(sheet: &str, asked: &str) -> String {
    let rows = sheet.lines().filter_map(|line| line.strip_prefix("  row "));
    let cells: Vec<&str> = rows.flat_map(|row| row.split_whitespace().skip(1)).collect();
    assert_eq!(cells.len(), 64, "{sheet}");
    let word = |place: &str| cells.chunks(2).find(|cell| cell[0] == place).unwrap_or_else(|| panic!("{sheet}"))[1];
    let places = asked.split(|c: char| !c.is_ascii_digit()).filter(|place| !place.is_empty());
    places.map(word).collect::<Vec<_>>().join(" ")
}

/// The words of a file's digest at the places that a question names.
pub fn from_paper(file: &[u8], asked: &str) -> String {
    let digest = Digest::of(file);
    let places = asked.split(|c: char| !c.is_ascii_digit()).filter(|place| !place.is_empty());
    let word = |place: &str| place.parse::<usize>().map(|at| words::word(at - 1, digest.0[at - 1])).unwrap();
    places.map(word).collect::<Vec<_>>().join(" ")
}

/// Answers for one plan: the request's words from its sheet, then the plan's; what the screen showed.
pub fn approves_from(seat: &mut Seat, sheet: &str) -> String {
    let plan = seat.asked("Witness: sheet words ");
    let (administrator, witness) = plan_words(&plan);
    let places = seat.reads(" (or no): ");
    seat.types(&from_sheet(sheet, &places));
    seat.answers(APPROVE_1, &administrator);
    seat.answers(APPROVE_2, &witness);
    plan
}

pub const APPROVE_1: &str = "Administrator, to approve type words 1 and 2 (or no): ";
pub const SO: &str = "Security officer's PIN of the root token: ";
pub const APPROVE_2: &str = "Witness, to approve type words 3 and 4 (or no): ";

/// Approves the plan on the screen by its words.
#[track_caller]
pub fn approves(seat: &mut Seat) -> String {
    let shown = seat.asked(APPROVE_1);
    let (administrator, witness) = plan_words(&shown);
    seat.types(&administrator);
    seat.answers(APPROVE_2, &witness);
    shown
}

pub fn introduces(seat: &mut Seat) {
    seat.answers("Name of the administrator: ", "Ada Administrator");
    seat.answers("Name of the witness: ", "Wim Witness");
}

/// A production authority whose root was made by people.
pub fn founded() -> World {
    founded_as(&configuration("production", "ecdsa-p256"))
}

/// The same with this `authority.toml`.
pub fn founded_as(config: &str) -> World {
    let world = World::new();
    world.configure(config);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for (name, pin) in [("security officer's PIN", SO_PIN), ("user PIN", PIN)] {
        seat.answers(&format!("New {name}: "), pin);
        seat.answers(&format!("New {name}, again: "), pin);
    }
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    world
}
