//! Marking sticks, and what people are told of them.

use super::{authority_stick, short_id};
use crate::support::{AUTHORITY, World, configuration};

fn world() -> World {
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p256"));
    world
}

#[test]
fn two_sticks_of_one_role_are_told_apart_by_the_id_on_their_stickers() {
    let world = world();
    for dir in ["a", "b"] {
        authority_stick(&world, dir, "copy");
    }
    assert_ne!(short_id(&world, "a"), short_id(&world, "b"));
    let shown = world.run(&["--json", "medium", "show", "a"]).ok().stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let (id, short) = (shown["id"].as_str().unwrap(), shown["short_id"].as_str().unwrap());
    assert_eq!(format!("{}-{}", &id[..4], &id[4..8]), short);
    assert_eq!(
        (&shown["role"], &shown["label"], &shown["authority"]),
        (&"authority".into(), &"copy".into(), &"World Mesh Root".into())
    );
}

#[test]
fn a_label_is_printed_to_a_file_that_is_not_there_yet() {
    let world = world();
    std::fs::create_dir(world.path("a")).unwrap();
    let prepare = |dir: &'static str| {
        [
            "-C",
            AUTHORITY,
            "medium",
            "prepare",
            "--role",
            "exports",
            "--label",
            "<b>",
            "--label-sheet",
            "label.html",
            dir,
        ]
    };
    let said = world.run(&prepare("a")).ok().stderr;
    assert!(said.contains("wrote  label.html") && said.contains(&short_id(&world, "a")), "{said}");
    let page = String::from_utf8(world.read("label.html")).unwrap();
    assert!(page.contains(&short_id(&world, "a")) && page.contains("&lt;b&gt;") && !page.contains("<b>\""), "{page}");
}

#[test]
fn an_authority_medium_needs_an_authority_and_a_label_one_line() {
    let world = world();
    std::fs::create_dir(world.path("a")).unwrap();
    world.refused(
        &["medium", "prepare", "--role", "authority", "a"],
        "
        error: an authority medium belongs to an authority
        hint:  name it: anchorite -C DIR medium prepare --role authority a
        Nothing was written.
        exit 2
    ",
    );
    world.refused(
        &["medium", "prepare", "--role", "exports", "--label", "two\nlines", "a"],
        r"
        error: this cannot be the label of a medium: saw two\u{a}lines, wanted 1 to 32
               printable characters
        exit 2
    ",
    );
}

#[test]
fn an_authority_can_be_made_on_a_stick_that_was_prepared_for_it() {
    let world = world();
    authority_stick(&world, "stick", "A");
    world.run(&["new", "stick", "--name", "World Mesh Root"]).ok();
    world.run(&["-C", "stick", "config", "check"]).ok();
    // A stick of another role is not taken.
    world.run(&["medium", "prepare", "--role", "exports", "medium"]).ok();
    world.refused(
        &["new", "medium"],
        "
        error: the directory for a new authority is not empty: saw medium, wanted an absent
               or empty directory
        Nothing was written.
        exit 30
    ",
    );
}
