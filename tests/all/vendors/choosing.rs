//! Which of several tokens is meant: serial numbers that are equal, or none; labels that a module changes; a slot that
//! does not say who it is; a token without session objects.

use super::{initialize, profile, world_of};
use crate::support::{AUTHORITY, CREATE, ENTRIES, Output, PARTICIPANTS, World, assert_text};

/// Between the authority and its tokens stands the proxy, which gives them these traits.
fn run(world: &World, traits: &str, faults: &str, arguments: &[&str]) -> Output {
    let through = format!("ANCHORITE_PROXY_TRAITS={traits}");
    world.run_through_with_faults(&["env", &through], faults, arguments)
}

/// A message without its line breaks.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn answers(world: &World) {
    let reviewed = world.sha256("authority/authority.toml");
    world.write("answers-root.toml", format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n"));
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
}

const CRL: [&str; 9] =
    ["-C", AUTHORITY, "--now", "2026-12-21T09:30:00Z", "crl", "--pin-file", "pin", "--answers", "answers.toml"];

/// An authority, not founded yet, beside two tokens of these labels.
fn two(labels: [&str; 2]) -> (World, [String; 2]) {
    let world = world_of(&profile(""));
    world.behind_proxy();
    let serials = labels.map(|label| initialize(&world, label));
    answers(&world);
    (world, serials)
}

#[test]
fn of_two_tokens_with_the_same_label_the_serial_number_chooses() {
    let (world, serials) = two(["Same", "Same"]);
    // The one that its module lists last: who takes the first takes the other.
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let meant = serials.iter().max_by_key(|serial| shown.find(serial.as_str())).unwrap();
    run(&world, "", "", &[&CREATE[..], &["--token-serial", meant]].concat()).ok();
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.contains(meant));
    run(&world, "", "", &CRL).ok();
    // By whatever label it goes: OpenSC gives another than the one that was recorded.
    run(&world, "renamed", "", &CRL).ok();
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.contains("Same (UserPIN)"), "the label is recorded as it is now");
}

#[test]
fn two_tokens_with_the_same_serial_number_are_refused_with_both_slots() {
    let (world, _) = two(["One", "Two"]);
    let output = run(&world, "serial=4711", "", &[&CREATE[..], &["--token-serial", "4711"]].concat());
    assert_text(
        &output.error(),
        r#"
        error: 2 tokens have the serial number 4711: saw slot …: serial 4711, label
               "…"; slot …: serial 4711, label "…", wanted exactly one
        hint:  take all but one out: one may be a clone
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "#,
    );
    assert!(!world.path(ENTRIES).exists());
}

#[test]
fn tokens_without_serial_numbers_are_told_apart_by_their_labels() {
    for serial in ["", "0000000000000000"] {
        let (world, _) = two(["One", "Two"]);
        let traits = format!("serial={serial}");
        let by_serial = run(&world, &traits, "", &[&CREATE[..], &["--token-serial", serial]].concat());
        let text = flat(&by_serial.error());
        assert!(text.contains("2 tokens have no serial number") && text.contains("label:NAME"), "{text}");
        run(&world, &traits, "", &[&CREATE[..], &["--token-serial", "label:Two"]].concat()).ok();
        // Nobody names it any more: the log does.
        run(&world, &traits, "", &CRL).ok();
        // Another label and no number: it is not the token that is meant, and no try is spent on it.
        let renamed = run(&world, &format!("renamed;{traits}"), "", &CRL);
        let text = flat(&renamed.error());
        assert!(text.contains("without a serial number whose label is \"Two\""), "{text}");
        assert_eq!(renamed.code, Some(20));
        assert!(world.calls().iter().rev().take_while(|c| c.function != "C_Finalize").all(|c| c.function != "C_Login"));
    }
}

#[test]
fn a_slot_that_does_not_say_who_it_is_does_not_keep_others_from_use() {
    let (world, [first, second]) = two(["One", "Two"]);
    let create = |serial: &str| run(&world, "mute=One", "", &[&CREATE[..], &["--token-serial", serial]].concat());
    let text = create(&first).error();
    assert!(flat(&text).contains("does not say who it is: C_GetTokenInfo: CKR_GENERAL_ERROR"), "{text}");
    create(&second).ok();
    run(&world, "mute=One", "", &CRL).ok();
}

#[test]
fn a_token_without_session_objects_makes_its_trial_key_and_destroys_it() {
    let less = profile("").replace("rejects = []", "rejects = []\nsession_objects = false");
    let world = world_of(&less);
    world.behind_proxy();
    let serial = initialize(&world, "Vendor");
    answers(&world);
    let create = [&CREATE[..], &["--token-serial", &serial]].concat();
    run(&world, "no-session-objects", "", &create).ok();
    let calls = world.calls();
    let made = calls.iter().filter(|call| call.function == "C_GenerateKeyPair" && call.result == Some(0)).count();
    assert_eq!(made, 4, "a trial and a key, twice");
    run(&world, "no-session-objects", "", &CRL).ok();
}

#[test]
fn a_token_that_makes_no_keys_for_its_user_is_refused_with_the_way_on() {
    let world = world_of(&profile("").replace("rejects = []", "rejects = []\nmakes_keys = false"));
    let refused = world.found();
    assert_text(
        &refused.error(),
        "
        error: SoftHSM 2 makes keys with its vendor's tools only: saw the profile
               softhsm2: makes_keys = false, wanted a token that makes the root key
        hint:  make the key and its certificate with those tools, then take the root
               over: anchorite root adopt
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    ",
    );
}
