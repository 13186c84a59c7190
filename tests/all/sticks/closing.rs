//! The last screen of a ceremony: what the paper keeps, and the code that attendees photograph.

use super::{assert_copy, authority_stick, name_sticks};
use crate::present::have;
use crate::seat::{Seat, approves, introduces};
use crate::support::{AUTHORITY, PIN, SO_PIN, World, configuration};
use anchorite::words::words;
use std::process::Command;

/// A genesis as people type it, up to the last question; the screen before it.
fn closes(world: &World) -> (Seat, Vec<String>) {
    let mut seat = Seat::at(world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat);
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for (name, pin) in [("security officer's PIN", SO_PIN), ("user PIN", PIN)] {
        seat.answers(&format!("New {name}: "), pin);
        seat.answers(&format!("New {name}, again: "), pin);
    }
    for _ in 0..3 {
        approves(&mut seat);
    }
    seat.asked("Press Enter when it is on the paper: ");
    let page = seat.page((80, 24)).screen().contents();
    let lines = page.lines().map(str::to_owned).take_while(|line| !line.starts_with("Press Enter"));
    let lines = lines.collect();
    (seat, lines)
}

#[test]
fn the_last_screen_says_in_words_and_in_a_code_what_the_log_ends_with() {
    let world = World::new();
    world.configure(&configuration("production", "ecdsa-p256"));
    for dir in ["a", "b"] {
        authority_stick(&world, dir, dir);
    }
    name_sticks(&world, &["a", "b"]);
    let (mut seat, screen) = closes(&world);
    // Copies are whole before anybody is told to write anything down.
    assert_copy(&world, "a");
    assert_copy(&world, "b");
    seat.types("");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("\"a\"  in a") && shown.contains("\"b\"  in b"), "{shown}");

    let note = String::from_utf8(world.read("authority/log/checkpoint")).unwrap();
    let [origin, size, root, ..] = note.lines().collect::<Vec<_>>()[..] else { panic!("{note}") };
    let root = data_encoding::BASE64.decode(root.as_bytes()).unwrap();
    let text = screen.join("\n");
    assert!(screen.len() < 24 && screen.iter().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains(&format!("tree size  {size}")) && text.contains("World Mesh Root · production"), "{text}");
    for word in words(&root[..8]) {
        assert!(text.contains(word), "{word}\n{text}");
    }
    if !have("zbarimg") {
        return;
    }
    let hex = data_encoding::HEXUPPER.encode(&root);
    let log = origin.rsplit('/').next().unwrap().to_uppercase();
    assert_eq!(photographed(&world, &screen), format!("ANCHORITE {log} {size} {hex}"));
}

/// What a telephone reads off the screen: light marks on dark ground, four dots to a module.
fn photographed(world: &World, screen: &[String]) -> String {
    let first = screen.iter().find(|line| line.starts_with('█')).expect("a code");
    let width = first.chars().take_while(|c| *c == '█').count();
    let code = screen.iter().filter(|line| line.starts_with('█'));
    let mut rows: Vec<Vec<u8>> = Vec::new();
    for line in code {
        for marks in ["█▀", "█▄"] {
            let row = line.chars().take(width).flat_map(|c| [if marks.contains(c) { 255 } else { 0 }; 4]);
            let row: Vec<u8> = row.collect();
            rows.extend(std::iter::repeat_n(row, 4));
        }
    }
    let mut picture = format!("P5 {} {} 255\n", 4 * width, rows.len()).into_bytes();
    picture.extend(rows.concat());
    let path = world.write("screen.pgm", picture);
    let read = Command::new("zbarimg").args(["-q", "--raw"]).arg(path).output().unwrap();
    String::from_utf8(read.stdout).unwrap().trim_end().to_owned()
}
