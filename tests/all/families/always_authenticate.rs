//! Keys that ask for the PIN at each signature.

use super::*;

/// Every signature was made after a login for it, and for no other.
#[track_caller]
fn one_login_each(calls: &[Call]) -> usize {
    let signing: Vec<&str> = calls
        .iter()
        .map(|call| call.function.as_str())
        .filter(|function| ["C_SignInit", "C_Login", "C_Sign"].contains(function))
        .collect();
    let begins = signing.iter().position(|function| *function == "C_SignInit").unwrap();
    let mut each = signing[begins..].chunks(3);
    assert!(each.all(|three| three == ["C_SignInit", "C_Login", "C_Sign"]), "{signing:?}");
    signing[begins..].len() / 3
}

#[test]
fn a_key_that_asks_for_the_pin_at_each_signature_signs_by_a_mechanism_without_parts() {
    // One session, so that the calls of two do not mix.
    let world = before("always-authenticate;hash=host;max-sessions=2", "ecdsa-p256");
    let all = story_without(&world, &[]);
    let signatures: usize = all.iter().map(|calls| one_login_each(calls)).sum();
    tally::held("signatures of keys that ask for the PIN each time", signatures);
}

#[test]
fn a_key_that_asks_for_the_pin_at_each_signature_signs_by_a_mechanism_that_hashes() {
    story("always-authenticate;hash=token", "ecdsa-p384");
    story("always-authenticate", "rsa-3072");
}

#[test]
fn people_read_that_the_pin_is_kept_for_the_signatures_to_come() {
    let world = prepared("always-authenticate");
    let (output, _) = run(&world, &SIGN);
    let said = output.ok().stderr;
    let told =
        "This token asks for the PIN at each signature. It is given the one that was typed now, which is kept in";
    assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{said}");
}

#[test]
fn a_pin_that_is_refused_at_a_signature_costs_one_try_however_many_signatures_are_left() {
    // The logins: to open the token, for the checkpoint over the intents, for the certificates.
    for nth in [2, 3, 4] {
        let world = prepared("always-authenticate;max-sessions=2");
        let (output, calls) = with_faults(&world, &format!("C_Login@{nth}+=rv:0xa0"), &SIGN);
        let refused = calls.iter().filter(|call| call.function == "C_Login" && call.result == Some(0xa0)).count();
        assert_eq!(refused, 1, "{}", output.stderr);
        assert!(output.code.is_some_and(|code| [21, 50].contains(&code)), "{:?}\n{}", output.code, output.stderr);
        world.run(&["log", "verify", AUTHORITY]).ok();
    }
    let world = prepared("always-authenticate;max-sessions=2");
    let (output, _) = with_faults(&world, "C_Login@2=rv:0xa0", &SIGN);
    assert_text(
        &output.error(),
        "
        error: the token did not take the PIN that it asks for at each signature: saw
               C_Login: CKR_PIN_INCORRECT
        One try was spent; it was not tried again.
        Nothing was signed.
        exit 21
    ",
    );
}

#[test]
fn a_key_that_asks_and_does_not_say_so_is_found_out_before_one_is_made() {
    let world = before("always-authenticate;says-nothing", "ecdsa-p256");
    let (output, calls) = run(&world, &CREATE);
    assert_text(
        &output.error(),
        "
        error: the token cannot hold the root key ECDSA P-256: the token did not sign:
               saw C_Sign: CKR_USER_NOT_LOGGED_IN
        hint:  the login was lost; or its keys ask for the PIN at each signature and do
               not say so: then `reauthenticate = true` in the token's profile
        hint:  this genesis goes on with the same command; with another token or another
               kind of key, begin anew: anchorite new DIR
        No key was generated.
        Nothing was signed.
        exit 20
    ",
    );
    assert_eq!(count(&calls, "C_GenerateKeyPair"), 1);

    let profile = include_str!("../../../hsm-profiles/softhsm2.toml");
    world.write("asks.toml", profile.replace("reauthenticate = false", "reauthenticate = true"));
    let config = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    let world = World::new();
    world.write("asks.toml", profile.replace("reauthenticate = false", "reauthenticate = true"));
    world.configure(&config.replace("\"softhsm2\"", "\"../asks.toml\""));
    world.like("always-authenticate;says-nothing");
    answers_to_genesis(&world);
    story_without(&world, &[]);
}
