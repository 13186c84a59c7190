//! What NSS softokn and opencryptoki do otherwise than the standard, each alone: both are met themselves where they are
//! installed (`conformance`), and imitated here everywhere.

use super::*;
use crate::support::{ENTRIES, configuration};

/// A configured world whose token is of a family, and whose profile is SoftHSM's with changes: a line for its beginning.
fn of_profile(family: &str, changes: &[(&str, &str)]) -> World {
    let world = World::new();
    let path = format!("{}/hsm-profiles/softhsm2.toml", env!("CARGO_MANIFEST_DIR"));
    let mut profile = std::fs::read_to_string(path).unwrap();
    for (before, after) in changes {
        assert!(profile.contains(before), "{before}");
        profile = profile.replacen(before, after, 1);
    }
    world.write("profile.toml", profile);
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"../profile.toml\""));
    world.like(family);
    answers_to_genesis(&world);
    world
}

fn log(world: &World) -> String {
    String::from_utf8(world.read(ENTRIES)).unwrap()
}

const SO_PIN_SHAPE: &str = "[so_pin]\nmin = 4\nmax = 255\n";

#[test]
fn a_module_that_wants_a_string_is_given_the_directory_of_local_toml_in_it() {
    let strings = ("rejects = []", "rejects = []\ninitialize_with = \"configDir='sql:{directory}' flags=\"");
    let world = of_profile("init-string=configDir='sql:/", &[strings]);
    let place = world.path("token/tokens").display().to_string();
    world.write("family", format!("init-string=configDir='sql:{place}'"));
    let plain = String::from_utf8(world.read("authority/local.toml")).unwrap();

    // The profile's own place is a configuration file of SoftHSM: a directory that is not there is named.
    world.write("authority/local.toml", format!("{plain}directory = \"/nowhere/at/all\"\n"));
    let (output, _) = run(&world, &CREATE);
    assert_text(
        &output.error(),
        "
        error: the directory for the files of SoftHSM 2 is not there: saw
               /nowhere/at/all
        hint:  create it with: mkdir -m 700 /nowhere/at/all
        Nothing was signed.
        exit 20
    ",
    );

    world.write("authority/local.toml", format!("{plain}directory = {place:?}\n"));
    story_without(&world, &[]);
}

#[test]
fn a_directory_for_a_module_that_is_not_told_one_is_refused() {
    let world = before("", "ecdsa-p256");
    let plain = String::from_utf8(world.read("authority/local.toml")).unwrap();
    world.write("authority/local.toml", format!("{plain}directory = \"/srv/token\"\n"));
    let (output, _) = run(&world, &CREATE);
    assert_text(
        &output.error(),
        "
        error: the module of SoftHSM 2 is not told a directory: saw [token] directory in
               local.toml
        hint:  leave it out of local.toml
        hint:  its module looks where the environment's SOFTHSM2_CONF says
        Nothing was signed.
        exit 2
    ",
    );
    nothing_begun(&world);
}

#[test]
fn a_database_that_was_begun_and_not_completed_is_named_with_the_way_on() {
    let setting = "setting = \"directories.tokendir\"\n";
    let world = of_profile("", &[(setting, &format!("{setting}database = true\n"))]);
    let (output, _) = with_faults(&world, "C_Initialize=rv:0x102", &CREATE);
    let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = "does not start: saw C_Initialize: CKR_USER_PIN_NOT_INITIALIZED hint: its database was begun and not \
         completed: a token was never prepared in it, or was to be made blank hint: move the database aside: the module \
         makes a new one, with a blank token Nothing was signed. exit 20";
    assert!(said.ends_with(wanted), "{said}");
    nothing_begun(&world);
}

#[test]
fn nobody_is_asked_for_a_security_officers_pin_that_can_only_be_empty() {
    let world = of_profile("empty-so", &[(SO_PIN_SHAPE, "[so_pin]\nmin = 0\nmax = 0\n")]);
    story_without(&world, &["--so-pin-file"]);
}

#[test]
fn the_makers_pin_of_a_security_officer_opens_a_blank_token_and_is_changed_first() {
    let shape = format!("{SO_PIN_SHAPE}factory = \"00000000\"\n");
    let world = of_profile("factory-so=00000000", &[(SO_PIN_SHAPE, &shape)]);
    world.secret("so-pin", "00000000");
    let (output, calls) = run(&world, &CREATE);
    assert_eq!((output.code, count(&calls, "C_InitToken")), (Some(2), 0), "{}", output.stderr);
    let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("the one that every such token has from its maker"), "{said}");

    world.secret("so-pin", SO_PIN);
    let [made, ..] = story_without(&world, &[]);
    let at = |function: &str| made.iter().position(|call| call.function == function).unwrap();
    assert!(at("C_InitToken") < at("C_SetPIN") && at("C_SetPIN") < at("C_InitPIN"));
}

#[test]
fn a_token_whose_clock_gives_no_time_does_the_whole_story() {
    story("clock", "ecdsa-p256");
}

#[test]
fn a_token_that_says_of_no_key_that_it_was_made_in_it_does_the_whole_story_and_the_log_keeps_that() {
    let world = before("not-local", "ecdsa-p256");
    story_without(&world, &[]);
    assert!(log(&world).contains("\"CKA_LOCAL\":\"false\""));
}

#[test]
fn a_token_that_answers_what_it_has_no_place_for_with_a_general_error_makes_its_key_without() {
    let world = before("general-error", "ecdsa-p256");
    story_without(&world, &[]);
    assert!(log(&world).contains("\"dropped\":[\"CKA_COPYABLE\"]"), "{}", log(&world));
}

#[test]
fn a_token_that_hands_out_what_must_not_leave_it_makes_no_key() {
    let world = before("hands-out", "ecdsa-p256");
    let (output, calls) = run(&world, &CREATE);
    assert_text(
        &output.error(),
        "
        error: the token cannot hold the root key ECDSA P-256: whoever knows the PIN can
               take the key out: a key that must not leave was wrapped: saw
               CKM_AES_KEY_WRAP_PAD, wanted CKR_KEY_UNEXTRACTABLE
        hint:  use another token; or, where that is known and accepted, hands_out = true
               in its profile
        hint:  this genesis goes on with the same command; with another token or another
               kind of key, begin anew: anchorite new DIR
        No key was generated.
        Nothing was signed.
        exit 20
    ",
    );
    // The key of the trial, and no other.
    assert_eq!(count(&calls, "C_GenerateKeyPair"), 1);
}

#[test]
fn a_token_that_hands_out_keys_and_whose_profile_says_so_is_shown_as_a_danger_that_the_log_keeps() {
    let world = of_profile("hands-out", &[("rejects = []", "rejects = []\nhands_out = true")]);
    let (output, _) = run(&world, &CREATE);
    let shown = output.ok().stderr;
    assert!(shown.contains("DANGER: the root key does not stay in its token"), "{shown}");
    assert!(shown.contains("DANGER: the audit key does not stay in its token"), "{shown}");
    let entries = log(&world);
    let kept: Vec<&str> = entries.lines().filter(|line| line.contains("\"type\":\"deviation\"")).collect();
    assert_eq!(kept.len(), 2, "{entries}");
    assert!(kept[0].contains("it wrapped one under a key of the user's own, by CKM_AES_KEY_WRAP_PAD"), "{}", kept[0]);
    tally::held("ways of NSS softokn and opencryptoki, imitated alone", 7);
}
