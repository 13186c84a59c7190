//! What only a TPM does, met on one: it counts wrong PINs itself, has room for three objects, lists what it cannot do,
//! and gives every token the same serial number.

use super::conformance::{self, Prepared};
use super::crash::entries;
use super::support::*;

/// A world with a TPM and an authority that was not founded yet; `None`, said loudly, where there is none.
fn world(root_key: &str, changed: &[(&str, &str)]) -> Option<(World, Prepared)> {
    let mut world = World::without_token();
    let prepared = conformance::tpm2::prepare(&mut world)?;
    let mut profile = include_str!("../../hsm-profiles/tpm2-pkcs11.toml").to_owned();
    for (from, to) in changed {
        assert!(profile.contains(from), "{from}");
        profile = profile.replace(from, to);
    }
    let path = world.write("profile.toml", profile).display().to_string();
    world.configure(&configuration("test", root_key).replace("\"softhsm2\"", &format!("{path:?}")));
    Some((world, prepared))
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn made(world: &World) -> usize {
    entries(world).iter().filter(|entry| entry["type"] == "key.generated").count()
}

const PUBLISH: [&str; 9] = ["-C", AUTHORITY, "--now", SIGNING, "crl", "--answers", "answers.toml", "--pin-file", "pin"];

fn publish(world: &World, pin: &str) -> Output {
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    let mut publish = PUBLISH;
    publish[8] = pin;
    world.run(&publish)
}

#[test]
fn a_tpm_that_locked_after_wrong_pins_says_what_opens_it_and_signs_nothing() {
    let Some((world, _tpm)) = world("ecdsa-p256", &[]) else { return };
    world.found().ok();
    world.secret("wrong-pin", "12345677");
    let mut tries = 0;
    let locked = loop {
        tries += 1;
        assert!(tries < 100, "it never locks");
        let output = publish(&world, "wrong-pin");
        match output.code {
            Some(21) => assert!(flat(&output.error()).contains("locks its PIN after some wrong tries")),
            _ => break output,
        }
    };
    assert!(tries > 1);
    for output in [locked, publish(&world, "pin")] {
        let text = flat(&output.error());
        assert!(text.starts_with("error: the token's PIN is locked: saw C_Login: CKR_PIN_LOCKED"), "{text}");
        assert!(text.contains("it is locked now: a TPM opens again by itself"), "{text}");
        assert!(text.contains("tpm2_dictionarylockout --clear-lockout"), "{text}");
        assert!(text.ends_with("The PIN was not tried again. Nothing was signed. exit 22"), "{text}");
    }
    tally::held("wrong PINs until a TPM locked", tries);
}

#[test]
fn a_mechanism_that_a_tpm_lists_and_cannot_do_is_found_before_a_root_is_made() {
    let Some((world, _tpm)) = world("rsa-3072", &[("hash = \"token\"", "hash = \"host\"")]) else { return };
    let text = flat(&world.found().error());
    assert!(text.starts_with("error: the token cannot hold the root key RSA-3072: the token did not sign"), "{text}");
    assert!(text.contains("Nothing was signed.") && text.ends_with("exit 20"), "{text}");
    assert_eq!(made(&world), 0);
}

#[test]
fn without_a_login_after_each_key_a_tpm_has_no_room_and_no_root_is_made() {
    let Some((world, _tpm)) = world("ecdsa-p256", &[("login_per_key = true", "login_per_key = false")]) else { return };
    let output = world.found();
    assert_eq!(output.code, Some(20), "{}", output.refusal());
    assert_eq!(made(&world), 0);
}

#[test]
fn a_key_that_may_verify_is_another_key_to_a_tpm_and_is_refused_before_a_root_is_made() {
    let rejects = "rejects = [\"CKA_ENCRYPT\", \"CKA_VERIFY\"]";
    let Some((world, _tpm)) = world("ecdsa-p256", &[(rejects, "rejects = []")]) else { return };
    let text = flat(&world.found().error());
    assert!(text.starts_with("error: the token cannot hold the root key ECDSA P-256: the token refused"), "{text}");
    assert_eq!(made(&world), 0);
}

#[test]
fn two_tokens_of_one_tpm_have_one_serial_number_and_are_told_apart_by_their_labels() {
    let Some((world, _tpm)) = world("ecdsa-p256", &[]) else { return };
    world.found().ok();
    world.tool("mv", &[AUTHORITY, "first"]).ok();
    let text = String::from_utf8(world.read("first/authority.toml")).unwrap();
    world.configure(&text.replace("World Mesh Root", "Other Mesh Root"));
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!(
        "{PARTICIPANTS}[initialize]\nlabel = \"Other Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
    );
    world.write("answers-root.toml", answers);
    world.run(&CREATE).ok();
    publish(&world, "pin").ok();
    world.tool("mv", &[AUTHORITY, "second"]).ok();
    world.tool("mv", &["first", AUTHORITY]).ok();
    publish(&world, "pin").ok();
}
