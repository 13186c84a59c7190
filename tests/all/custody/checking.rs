//! `custody check`: one share against its commitment, without a token.

use super::seats::{COME, founded, types_sheet};
use super::unattended::{founded as founded_unattended, share_files};
use crate::seat::Seat;
use crate::support::{AUTHORITY, World};

#[test]
fn a_custodian_proves_a_share_good_and_nothing_of_it_is_shown_or_kept() {
    let (world, sheets, _) = founded();
    let before = world.tree("");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "custody", "check"]);
    seat.answers(COME, "");
    types_sheet(&mut seat, &sheets[1]);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("The share is good") && shown.contains("custodian 2 of 3"), "{shown}");
    assert!(sheets[1].0.iter().all(|row| !shown.contains(row.as_str())), "{shown}");
    assert_eq!(world.tree(""), before);
}

#[test]
fn a_share_file_is_checked_in_text_and_json() {
    let world = founded_unattended();
    let file = share_files(&world)[2].display().to_string();
    let shown = world.run(&["--json", "-C", AUTHORITY, "custody", "check", "--share-file", &file]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&json["good"], &json["index"], &json["threshold"]), (&true.into(), &3.into(), &2.into()), "{shown}");
    assert_eq!((&json["standing"], &json["custodians"]), (&"in force".into(), &3.into()), "{shown}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.lines().all(|line| !shown.contains(&line[2..])), "{shown}");

    // A row of another share of the set.
    let other = std::fs::read_to_string(&share_files(&world)[0]).unwrap();
    let row = |text: &str| text.lines().nth(6).unwrap().to_owned();
    world.secret("mixed", text.replace(&row(&text), &row(&other)).trim_end());
    world.refused(
        &["-C", AUTHORITY, "custody", "check", "--share-file", "mixed"],
        r#"
        error: mixed holds no share: its rows do not belong together
        exit 40
    "#,
    );
    world.secret("short", text.lines().take(8).collect::<Vec<_>>().join("\n").as_str());
    world.refused(
        &["-C", AUTHORITY, "custody", "check", "--share-file", "short"],
        r#"
        error: short holds no share: it has not nine numbered rows
        exit 40
    "#,
    );
    world.secret("slip", &text.replacen(text.split_whitespace().nth(3).unwrap(), "xylophone", 1));
    world.refused(
        &["-C", AUTHORITY, "custody", "check", "--share-file", "slip"],
        r#"
        error: slip holds no share: row 1 is wrong
        exit 40
    "#,
    );
    let stranger = founded_unattended();
    world.secret("stranger", std::fs::read_to_string(&share_files(&stranger)[0]).unwrap().trim_end());
    let refused = world.run(&["-C", AUTHORITY, "custody", "check", "--share-file", "stranger"]);
    assert_eq!(refused.code, Some(40), "{}", refused.stderr);
    assert!(refused.stderr.contains("of a set that this authority does not know"), "{}", refused.stderr);
}

#[test]
fn an_authority_without_custody_has_no_share_to_check() {
    let world = World::ready();
    world.refused(
        &["-C", AUTHORITY, "custody", "check"],
        r#"
        error: this authority has no custody: its token's PIN is typed
        hint:  to begin with it: [custody] in authority.toml, then: anchorite custody
               change
        exit 2
    "#,
    );
}
