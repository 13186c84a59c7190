//! The whole story of families that differ in one thing each.

use super::*;

#[test]
fn a_token_that_lists_only_mechanisms_that_want_a_hash_does_the_whole_story() {
    for key in ["ecdsa-p256", "rsa-3072"] {
        story("hash=host", key);
    }
}

#[test]
fn a_token_that_lists_only_mechanisms_that_hash_does_the_whole_story() {
    for key in ["ecdsa-p384", "rsa-3072"] {
        story("hash=token", key);
    }
    tally::held("families of tokens by where they hash, with EC and with RSA", 4);
}

#[test]
fn a_point_of_a_curve_without_its_octet_string_is_the_same_key() {
    story("ec-point-raw", "ecdsa-p256");
    story("ec-point-raw", "ecdsa-p521");
}

#[test]
fn a_login_of_somebody_else_in_this_process_is_ended_and_is_no_proof_of_the_pin() {
    let [.., signed, _] = story("logged-in", "ecdsa-p256");
    assert_eq!(count(&signed, "C_Login"), 2);

    let world = prepared("logged-in");
    world.secret("pin", "00000000");
    let (output, calls) = run(&world, &SIGN);
    assert_eq!(output.code, Some(21), "{}", output.stderr);
    let answers: Vec<_> = calls.iter().filter(|call| call.function == "C_Login").map(|call| call.result).collect();
    assert_eq!(answers, [Some(0x100), Some(0xa0)]);
}

#[test]
fn a_module_that_cannot_lock_is_called_by_one_thread_at_a_time() {
    story("cant-lock", "ecdsa-p256");
    // Slowly, so that another thread would come to open a session.
    let (output, signed) = with_faults(&prepared("cant-lock"), "C_Sign=delay:200", &SIGN);
    output.ok();
    // That of the unlocked token, and one that signs.
    let most = signed.iter().scan(0, |open, call| {
        *open += usize::from(call.function == "C_OpenSession");
        *open -= usize::from(call.function == "C_CloseSession");
        Some(*open)
    });
    assert_eq!(most.max(), Some(2));
}

#[test]
fn a_pin_that_locks_is_told_of_before_each_try_and_never_tried_where_it_is_the_last() {
    let world = prepared("pin-locks=3");
    world.secret("pin", "00000000");
    let (output, _) = run(&world, &SIGN);
    assert_text(
        &output.error(),
        "
        error: the token rejected the PIN: saw C_Login: CKR_PIN_INCORRECT
        hint:  this kind of token never locks its PIN
        One try was spent; it was not tried again.
        Nothing was signed.
        exit 21
    ",
    );
    let (output, _) = run(&world, &SIGN);
    assert_text(
        &output.error(),
        "
        error: the token rejected the PIN: saw C_Login: CKR_PIN_INCORRECT
        hint:  the next wrong PIN locks it
        One try was spent; it was not tried again.
        Nothing was signed.
        exit 21
    ",
    );
    let (output, calls) = run(&world, &SIGN);
    assert_eq!((output.code, count(&calls, "C_Login")), (Some(22), 0), "{}", output.stderr);
    let insists: Vec<&str> = SIGN.iter().copied().chain(["--final-try"]).collect();
    let (output, calls) = run(&world, &insists);
    assert_eq!((output.code, count(&calls, "C_Login")), (Some(21), 1), "{}", output.stderr);
    world.secret("pin", PIN);
    let (output, calls) = run(&world, &insists);
    assert_eq!((output.code, count(&calls, "C_Login")), (Some(22), 0), "{}", output.stderr);
    assert!(output.error().contains("the token's PIN is locked"), "{}", output.stderr);
}

#[test]
fn a_person_who_insists_reads_that_the_next_wrong_pin_locks_the_token_whatever_its_profile_says() {
    let world = crate::seat::founded();
    world.request("west");
    let sheet = world.run(&["words", "requests/west/request.json"]).ok().stdout;
    world.like("pin-locks=3");
    world.write("token/tokens/tries", "2");
    let settings = super::pinpads::environment(&world, "");
    let through: Vec<&str> = std::iter::once("env").chain(settings.iter().map(String::as_str)).collect();
    let arguments = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium", "--final-try"];
    let mut seat = crate::seat::Seat::through(&world, &through, &arguments);
    crate::seat::introduces(&mut seat);
    let asked = seat.answers("User PIN of the root token: ", PIN).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(asked.contains("One try is made: the token says that the next wrong one locks it."), "{asked}");
    crate::seat::approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
}
