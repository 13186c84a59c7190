//! What only people may do: a production authority takes no prepared answers, and no terminal is no ceremony.

use crate::support::{AUTHORITY, GENESIS, World};

#[test]
fn a_production_authority_takes_neither_answers_nor_pin_files_nor_a_clock() {
    let world = World::configured("production", "ecdsa-p256");
    world.write("answers.toml", "");
    let create = ["-C", AUTHORITY, "root", "create"];
    world.refused(
        &[&create[..], &["--answers", "answers.toml"]].concat(),
        r#"
        error: --answers is only for an unattended authority: saw kind = "production",
               wanted kind = "test" or "rehearsal", and unattended = true
        hint:  leave it out: the ceremony asks people at the terminal
        Nothing was signed.
        exit 2
    "#,
    );
    world.refused(
        &[&create[..], &["--pin-file", "pin"]].concat(),
        r#"
        error: --pin-file is only for an unattended authority: saw kind = "production",
               wanted kind = "test" or "rehearsal", and unattended = true
        hint:  leave it out: the ceremony asks people at the terminal
        Nothing was signed.
        exit 2
    "#,
    );
    world.refused(
        &[&create[..], &["--so-pin-file", "so-pin"]].concat(),
        r#"
        error: --so-pin-file is only for an unattended authority: saw kind =
               "production", wanted kind = "test" or "rehearsal", and unattended = true
        hint:  leave it out: the ceremony asks people at the terminal
        Nothing was signed.
        exit 2
    "#,
    );
    world.refused(
        &["-C", AUTHORITY, "--now", GENESIS, "root", "create"],
        "
        error: --now replaces the clock only of an unattended authority: saw
               2026-11-21T09:30:00Z
        hint:  set the machine's clock from the master clock of the room
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn an_attended_test_authority_takes_no_answers_either() {
    let world = World::new();
    world.configure(
        &crate::support::configuration("test", "ecdsa-p256").replace("unattended = true", "unattended = false"),
    );
    world.write("answers.toml", "");
    world.refused(
        &["-C", AUTHORITY, "root", "create", "--answers", "answers.toml"],
        r#"
        error: --answers is only for an unattended authority: saw kind = "test",
               unattended = false, wanted kind = "test" or "rehearsal", and unattended =
               true
        hint:  leave it out: the ceremony asks people at the terminal
        Nothing was signed.
        exit 2
    "#,
    );
}

#[test]
fn a_ceremony_without_a_terminal_is_refused() {
    let world = World::configured("production", "ecdsa-p256");
    world.refused(
        &["-C", AUTHORITY, "root", "create"],
        r#"
        error: a ceremony needs people at a terminal, and there is no terminal
        hint:  run it in a terminal
        hint:  for pipelines: kind = "test", unattended = true in authority.toml, and
               --answers FILE
        Nothing was signed.
        exit 2
    "#,
    );
    // Unattended, but nothing stands for the people.
    let world = World::configured("test", "ecdsa-p256");
    world.refused(
        &["-C", AUTHORITY, "root", "create"],
        r#"
        error: a ceremony needs people at a terminal, and there is no terminal
        hint:  run it in a terminal
        hint:  for pipelines: kind = "test", unattended = true in authority.toml, and
               --answers FILE
        Nothing was signed.
        exit 2
    "#,
    );
}

#[test]
fn the_environment_names_no_authority_that_people_attend() {
    let world = World::configured("production", "ecdsa-p256");
    let output = world.run_through(&["env", "ANCHORITE_AUTHORITY=authority"], &["root", "create"]);
    crate::support::assert_text(
        &output.error(),
        "
        error: ANCHORITE_AUTHORITY names no authority that people attend
        hint:  name it with -C DIR: what is typed is what everybody sees
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_command_line_that_is_wrong_is_told_what_is_near() {
    let world = World::new();
    world.refused(
        &["sing"],
        "
        error: unrecognized subcommand 'sing'

          tip: a similar subcommand exists: 'sign'

        Usage: anchorite [OPTIONS] <COMMAND>

        For more information, try '--help'.
        exit 2
    ",
    );
    world.refused(
        &["root", "create", "--answer", "x"],
        "
        error: unexpected argument '--answer' found

          tip: a similar argument exists: '--answers'

        Usage: anchorite root create --answers <FILE>

        For more information, try '--help'.
        exit 2
    ",
    );
    world.refused(
        &["--now", "tomorrow", "status"],
        "
        error: invalid value 'tomorrow' for '--now <TIME>': failed to parse four digit
        integer as year: invalid digit, expected 0-9 but got t

        For more information, try '--help'.
        exit 2
    ",
    );
    world.refused(
        &["open", "medium"],
        "
        error: the following required arguments were not provided:
          --into <DIR>

        Usage: anchorite open --into <DIR> <BUNDLE>

        For more information, try '--help'.
        exit 2
    ",
    );
}
