//! Shares sealed to custodians' age recipients, opened at the ceremony by a stock age.

use super::seats::{COME, introduces, pauses, with_custody};
use crate::present::have;
use crate::seat::{Seat, approves};
use crate::support::{AUTHORITY, ENTRIES, World};
use std::os::unix::fs::PermissionsExt;

/// A custodian's age key: its recipient.
fn keygen(world: &World, number: usize) -> String {
    let key = format!("key-{number}");
    world.tool("age-keygen", &["-o", &key]).ok();
    world.tool("age-keygen", &["-y", &key]).ok().stdout.trim().to_owned()
}

/// The share of a turn, decrypted by its custodian's own age to a file that only they can read.
fn decrypt(world: &World, shown: &str, number: usize) -> String {
    let words: Vec<&str> = shown.split_whitespace().collect();
    let file = words.iter().find(|word| word.ends_with(".age.")).expect("a sealed share").trim_end_matches('.');
    let plain = format!("./plain-{number}");
    world.tool("age", &["-d", "-i", &format!("key-{number}"), "-o", &plain, file]).ok();
    std::fs::set_permissions(world.path(&plain), std::fs::Permissions::from_mode(0o600)).unwrap();
    plain
}

#[test]
fn shares_sealed_to_age_recipients_are_proved_by_decrypting_them_and_open_the_token() {
    if !have("age") || !have("age-keygen") {
        return;
    }
    let world = World::new();
    let recipients: Vec<String> = (1..=3).map(|number| format!("\"{}\"", keygen(&world, number))).collect();
    let config = with_custody("production", 2, 3);
    world.configure(
        &config.replace("custodians = 3", &format!("custodians = 3\nrecipients = [{}]", recipients.join(", "))),
    );
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat, 3);
    for number in 1..=3 {
        let shown = seat.asked(COME);
        let plain = decrypt(&world, &shown, number);
        seat.types("");
        if number == 2 {
            // The neighbour's file.
            seat.answers("Row 1 of 9: ", "./plain-1");
            let told = seat.asked("Row 1 of 9: ");
            assert!(told.contains("Is it the right sheet?"), "{told}");
            seat.types(&plain);
        } else {
            seat.answers("Row 1 of 9: ", &plain);
        }
    }
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for _ in 0..3 {
        approves(&mut seat);
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    // The log keeps the age files, so that a lost one is not a lost share.
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    let split = log.lines().find(|line| line.contains("\"custody.split\"")).unwrap();
    let split: serde_json::Value = serde_json::from_str(split).unwrap();
    assert_eq!(split["data"]["sealed"].as_array().unwrap().len(), 3);
    let checked = world.run(&["-C", AUTHORITY, "custody", "check", "--share-file", "plain-3"]).ok().stdout;
    assert!(checked.contains("custodian 3 of 3"), "{checked}");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "export", "--to", "medium"]);
    introduces(&mut seat, 2);
    for number in [3, 1] {
        seat.answers(COME, "");
        seat.answers("Row 1 of 9: ", &format!("./plain-{number}"));
    }
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    // A file of the wrong kind says so.
    world.secret("other", "nothing of the kind");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "export", "--to", "medium"]);
    introduces(&mut seat, 2);
    seat.answers(COME, "");
    seat.answers("Row 1 of 9: ", "./other");
    let told = seat.asked("Row 1 of 9: ");
    assert!(told.contains("That file does not hold nine numbered rows."), "{told}");
    seat.types("./absent");
    let told = seat.asked("Row 1 of 9: ");
    assert!(told.contains("absent"), "{told}");
    pauses(&mut seat);
    assert_eq!(seat.ends().1, 11);
}
