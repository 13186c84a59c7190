//! What only people may do: a production authority takes no prepared answers, and no terminal is no ceremony.

use crate::support::{AUTHORITY, GENESIS, World};

#[test]
fn a_production_authority_takes_neither_answers_nor_pin_files_nor_a_clock() {
    let world = World::configured("production", "ecdsa-p256");
    world.write("answers.toml", "");
    let create = ["-C", AUTHORITY, "root", "create"];
    world.refused(&[&create[..], &["--answers", "answers.toml"]].concat(), "?");
    world.refused(&[&create[..], &["--pin-file", "pin"]].concat(), "?");
    world.refused(&[&create[..], &["--so-pin-file", "so-pin"]].concat(), "?");
    world.refused(&["-C", AUTHORITY, "--now", GENESIS, "root", "create"], "?");
}

#[test]
fn an_attended_test_authority_takes_no_answers_either() {
    let world = World::new();
    world.configure(
        &crate::support::configuration("test", "ecdsa-p256").replace("unattended = true", "unattended = false"),
    );
    world.write("answers.toml", "");
    world.refused(&["-C", AUTHORITY, "root", "create", "--answers", "answers.toml"], "?");
}

#[test]
fn a_ceremony_without_a_terminal_is_refused() {
    let world = World::configured("production", "ecdsa-p256");
    world.refused(&["-C", AUTHORITY, "root", "create"], "?");
    // Unattended, but nothing stands for the people.
    let world = World::configured("test", "ecdsa-p256");
    world.refused(&["-C", AUTHORITY, "root", "create"], "?");
}

#[test]
fn the_environment_names_no_authority_that_people_attend() {
    let world = World::configured("production", "ecdsa-p256");
    let output = world.run_through(&["env", "ANCHORITE_AUTHORITY=authority"], &["root", "create"]);
    crate::support::assert_text(&output.error(), "?");
}

#[test]
fn a_command_line_that_is_wrong_is_told_what_is_near() {
    let world = World::new();
    world.refused(&["sing"], "?");
    world.refused(&["root", "create", "--answer", "x"], "?");
    world.refused(&["--now", "tomorrow", "status"], "?");
    world.refused(&["open", "medium"], "?");
}
