//! What `ceremony check` prints: every fault with its place, in the lines of a terminal.

use super::good::SIGNING;
use crate::support::{World, assert_text};

fn checked(script: impl AsRef<[u8]>) -> String {
    let world = World::new();
    world.write("mine.toml", script);
    world.run(&["ceremony", "check", "mine.toml"]).refusal()
}

#[test]
fn every_fault_is_printed_with_its_place_and_the_script_is_refused() {
    let swapped = SIGNING.replace("do = \"sign\"", "do = \"sing\"").replace("witness = 1", "witness = 0");
    assert_text(
        &checked(swapped),
        r#"
        error: mine.toml: [roles] lacks the witness: wanted at least 1
        error: mine.toml: a script of the kind "signing" lacks the step sign
        error: mine.toml, line 43, column 1: step "sign": no such activity: saw sing
        hint:  did you mean "sign"?
        error: mine.toml cannot work: saw 3 faults
        exit 2
    "#,
    );
}

#[test]
fn a_file_that_is_no_script_is_told_so() {
    assert_text(
        &checked(""),
        r#"
        error: mine.toml: a script has a kind: wanted kind = one of genesis, signing,
               export, retirement, drill, custody, rollover, key-backup,
               root-retirement, decommission, adoption, restore, revocation,
               emergency, crl
        error: mine.toml: a script has no [[step]]
        error: mine.toml, line 1, column 1: a script lacks "title"
        error: mine.toml cannot work: saw 3 faults
        exit 2
    "#,
    );
    assert_text(
        &checked([0xff, 0xfe, 0x00]),
        "
        error: mine.toml is not UTF-8 text
        hint:  save it as UTF-8
        exit 2
    ",
    );
    assert_text(
        &checked("#".repeat(300 * 1024)),
        "
        error: mine.toml is too large: saw 307200 bytes, wanted at most 262144 bytes
        exit 30
    ",
    );
}

#[test]
fn nothing_that_a_script_says_reaches_the_terminal_as_it_stands() {
    assert_text(
        &checked("\u{1b}[2J = 3"),
        r#"
        error: mine.toml, line 1, column 2: this is not TOML: key with no value,
               expected "="
        error: mine.toml, line 1, column 1: this is not TOML: invalid unquoted key,
               expected letters, numbers, "-", "_"
        error: mine.toml cannot work: saw 2 faults
        exit 2
    "#,
    );
    let named = SIGNING.replace("title = ", "\"a\\u001b[2J\" = 3\ntitle = ");
    assert_text(
        &checked(named),
        r#"
        error: mine.toml, line 1, column 1: unknown field in a script: saw a\u{1b}[2J,
               wanted title, purpose, kind, roles, materials, step
        error: mine.toml cannot work: saw 1 fault
        exit 2
    "#,
    );
}

#[test]
fn a_script_without_end_is_too_long() {
    let steps = "[[step]]\nid = \"a\"\ndo = \"checklist\"\nitems = [\"x\"]\n".repeat(201);
    assert_text(
        &checked(format!("title = \"x\"\nkind = \"signing\"\n{steps}")),
        r#"
        error: mine.toml, line 3, column 1: "step" is not what a script has there: saw
               [[step]], wanted at most 200
        error: mine.toml cannot work: saw 1 fault
        exit 2
    "#,
    );
}
