//! What `hsm probe` refuses, before it touches a token.

use super::{initialize, probe, with_token};
use crate::support::{AUTHORITY, World};

#[test]
fn a_profile_is_never_written_over_another_file() {
    let world = with_token("Trial");
    world.write("mine.toml", "# mine\n");
    world.refused(
        &["hsm", "probe", "--profile", "softhsm2", "--login", "--pin-file", "pin", "--profile-out", "mine.toml"],
        "
        error: the file for the profile exists already: saw mine.toml, wanted a new one
        The token was not touched.
        exit 30
    ",
    );
}

#[test]
fn a_profile_is_written_of_what_was_tried_only() {
    let world = with_token("Trial");
    let output = world.run(&["hsm", "probe", "--profile", "softhsm2", "--profile-out", "new.toml"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("--login"), "{}", output.stderr);
}

#[test]
fn no_key_is_made_in_a_token_that_an_authority_uses() {
    let world = World::ready();
    let before = world.tree("token/tokens");
    let output = probe(&world, &["--profile", "softhsm2", "--on-token", "ecdsa-p384"]);
    assert!(
        output.error().contains("error: the token is in use: no key is made in it to try it: saw private key")
            && output.error().ends_with("The token was not changed.\nexit 20\n"),
        "{}",
        output.error()
    );
    let names = |tree: &crate::support::Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&before), names(&world.tree("token/tokens")));
    world.run(&["-C", AUTHORITY, "hsm", "check", "--login", "--pin-file", "pin"]).ok();
}

#[test]
fn tokens_without_serial_numbers_of_their_own_are_told_apart_by_their_labels() {
    let world = with_token("One");
    initialize(&world, "Two");
    let report = world.run(&["hsm", "probe", "--profile", "softhsm2", "--serial", "label:Two"]).ok().stdout;
    assert!(report.starts_with("Two · SoftHSM v2"), "{report}");
    world.refused(
        &["hsm", "probe", "--profile", "softhsm2", "--serial", "label:Three"],
        r#"
        error: the token is not there: saw serial …, label "…"; serial
               …, label "…", wanted the token with the label "Three"
        hint:  put it in and try again
        exit 20
    "#,
    );
}
