//! Tokens whose PIN is typed on their own keys.

use super::*;
use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::softhsm_module;

const NO_PINS: [&str; 2] = ["--pin-file", "--so-pin-file"];

#[test]
fn a_token_with_keys_of_its_own_does_the_whole_story_and_no_pin_is_typed_here() {
    let world = before("pinpad", "ecdsa-p256");
    world.pinpad(&[SO_PIN, SO_PIN, PIN]);
    story_without(&world, &NO_PINS);
}

#[test]
fn one_that_asks_at_each_signature_says_so_and_how_often() {
    let world = before("pinpad;always-authenticate", "ecdsa-p256");
    world.pinpad(&[SO_PIN, SO_PIN, PIN]);
    story_without(&world, &NO_PINS);
    let world = prepared("pinpad;always-authenticate");
    world.pinpad(&[PIN]);
    let (output, calls) = run(&world, &without(&SIGN, &NO_PINS));
    let said = output.ok().stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("whenever it asks, type it on its own keys"), "{said}");
    assert!(said.contains("The token asks for its PIN 4 times in this step"), "{said}");
    // One to open the token, one for the checkpoint that closes the session, and bundles and the like.
    assert!(count(&calls, "C_Login") > 5);
}

#[test]
fn a_pin_file_for_such_a_token_is_refused_before_anything_is_tried() {
    let world = prepared("pinpad");
    world.pinpad(&[PIN]);
    let (output, calls) = run(&world, &SIGN);
    assert_text(
        &output.error(),
        "
        error: the token's PIN is typed on its own keys: saw --pin-file
        hint:  leave --pin-file out, and be there to type
        No try was spent.
        Nothing was signed.
        exit 2
    ",
    );
    assert_eq!(count(&calls, "C_Login"), 0);

    let world = before("pinpad", "ecdsa-p256");
    let (output, calls) = run(&world, &CREATE);
    assert_eq!((output.code, count(&calls, "C_InitToken")), (Some(2), 0), "{}", output.stderr);
    nothing_begun(&world);
}

#[test]
fn a_pin_that_nobody_types_costs_no_try_and_a_wrong_one_costs_one() {
    let world = prepared("pinpad");
    world.pinpad(&["cancel", "timeout", "00000000"]);
    let sign = without(&SIGN, &NO_PINS);
    let (output, _) = run(&world, &sign);
    assert_text(
        &output.error(),
        "
        error: the PIN was not typed on the token's own keys: saw C_Login:
               CKR_FUNCTION_CANCELED
        hint:  type it there when the token asks for it, before its time is over
        No try was spent.
        Nothing was signed.
        exit 11
    ",
    );
    let (output, _) = run(&world, &sign);
    assert_text(
        &output.error(),
        "
        error: cannot log in to the token: saw C_Login: CKR_FUNCTION_FAILED
        The token did not say whether a try of the PIN was spent; it was not tried
        again.
        Nothing was signed.
        exit 20
    ",
    );
    let (output, calls) = run(&world, &sign);
    assert_eq!((output.code, count(&calls, "C_Login")), (Some(21), 1), "{}", output.stderr);
}

#[test]
fn a_pin_that_shares_give_is_for_no_token_that_wants_it_typed_on_its_own_keys() {
    let world = World::new();
    let config = crate::support::configuration("test", "ecdsa-p256");
    world.configure(&format!("{config}[custody]\nthreshold = 2\ncustodians = 3\n"));
    world.like("pinpad");
    answers_to_genesis(&world);
    let answers = String::from_utf8(world.read("answers-root.toml")).unwrap();
    let custodians = "[participants]\ncustodian = [\"Cato\", \"Cleo\", \"Curt\"]\n";
    world.write("answers-root.toml", answers.replace("[participants]\n", custodians));
    let create: Vec<&str> = without(&CREATE, &NO_PINS).into_iter().chain(["--shares", "shares"]).collect();
    let (output, calls) = run(&world, &create);
    assert_text(
        &output.error(),
        "
        error: the token's PIN is typed on its own keys, and the PIN that shares give is
               typed by nobody: saw a blank token in slot 0
        hint:  use a token without keys of its own, or take [custody] out of
               authority.toml and choose a PIN
        No try was spent.
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    ",
    );
    assert_eq!(count(&calls, "C_InitToken"), 0);
    nothing_begun(&world);
}

#[test]
fn people_who_let_the_tokens_time_pass_are_asked_again_and_no_try_is_spent() {
    let world = founded();
    world.request("west");
    world.like("pinpad");
    world.pinpad(&["cancel", PIN]);
    let sheet = world.run(&["words", "requests/west/request.json"]).ok().stdout;
    let settings = environment(&world, "");
    let through: Vec<&str> = std::iter::once("env").chain(settings.iter().map(String::as_str)).collect();
    let arguments = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];
    let mut seat = Seat::through(&world, &through, &arguments);
    introduces(&mut seat);
    let shown = seat.answers("Enter: look again; no: other ways: ", "");
    assert!(shown.contains("type the user PIN there, now."), "{shown}");
    assert!(shown.contains("Not yet: the PIN was not typed on the token's own keys"), "{shown}");
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let logins: Vec<_> =
        world.calls().iter().filter(|call| call.function == "C_Login").map(|call| call.result).collect();
    assert_eq!(logins, [Some(0x50), Some(0)]);
}

/// The proxy's settings, for a program that is started through `env`.
pub fn environment(world: &World, faults: &str) -> Vec<String> {
    let family = String::from_utf8(world.read("family")).unwrap();
    vec![
        format!("ANCHORITE_PROXY_MODULE={}", softhsm_module().unwrap().display()),
        format!("ANCHORITE_PROXY_JOURNAL={}", world.path("token/tokens/journal").display()),
        format!("ANCHORITE_PROXY_FAULTS={faults}"),
        format!("ANCHORITE_PROXY_TRAITS={family}"),
    ]
}
