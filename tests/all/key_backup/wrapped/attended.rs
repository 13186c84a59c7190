//! People wrap keys, prove the file, lose the token and make its keys anew.

use super::*;
use crate::custody::seats::{Sheet, introduces, is_dealt, open_with};
use crate::seat::{Seat, approves, assert_fits};

#[test]
fn custodians_make_a_lost_tokens_keys_anew() {
    let config = promising_wrapped("ecdsa-p256").replace("kind = \"test\"", "kind = \"production\"");
    let world = configured(&config.replace("unattended = true\n", ""));
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "root", "create"]);
    introduces(&mut seat, 3);
    let sheets: Vec<Sheet> = (0..3).map(|_| is_dealt(&mut seat)).collect();
    seat.answers("Administrator, type the label to go on (or no): ", "World Mesh Root");
    for _ in 0..3 {
        approves(&mut seat);
    }
    assert_eq!(seat.ends().1, 0);
    second_token(&world, "second");

    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "key-backup"]);
    introduces(&mut seat, 2);
    open_with(&mut seat, &[&sheets[0], &sheets[1]]);
    seat.answers("Administrator, name of the key backup: ", NAME);
    let shown = seat.asked("User PIN of the backup token: ");
    assert!(shown.contains("The keys leave the token once") && shown.contains("second token"), "{shown}");
    assert_fits(&shown);
    seat.types("55555555");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The keys can be wrapped no more"), "{shown}");
    assert_fits(&shown);

    lose_token(&world);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "key-backup", "restore"]);
    introduces(&mut seat, 2);
    let shown = seat.asked("Administrator, type the label to go on (or no): ");
    assert!(shown.contains("Is this the newest copy of the log?"), "{shown}");
    assert_fits(&shown);
    seat.types("World Mesh Root");
    open_with(&mut seat, &[&sheets[2], &sheets[0]]);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The keys are made anew") && shown.contains("The key backup lives"), "{shown}");
    assert_fits(&shown);
    let root = ["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"];
    world.run(&root).ok();
}
