//! A token that is pulled out in the middle of the work and comes back in another slot.

use super::pinpads::environment;
use super::*;
use crate::crash::{copy, entries};
use crate::misbehaving::calls_of;
use crate::misbehaving::judge::{Fates, accounts};
use crate::seat::{Seat, approves_from, founded, introduces};

const SIGN_ATTENDED: [&str; 7] = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];
const LOOK_AGAIN: &str = "Enter: look again; no: other ways: ";

/// People sign two requests, and the token is pulled out at this call.
fn seated(world: &World, fault: &str, sheets: &[String]) -> Seat {
    let settings = environment(world, fault);
    let through: Vec<&str> = std::iter::once("env").chain(settings.iter().map(String::as_str)).collect();
    let mut seat = Seat::through(world, &through, &SIGN_ATTENDED);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    for sheet in sheets {
        approves_from(&mut seat, sheet);
    }
    seat
}

fn world_with(clusters: &[&str]) -> (World, Vec<String>) {
    let world = founded();
    for cluster in clusters {
        world.request(cluster);
    }
    // One after the other: which call is which does not depend on who is quicker.
    world.like("says-max-sessions=1");
    let sheet = |cluster: &&str| world.run(&["words", &format!("requests/{cluster}/request.json")]).ok().stdout;
    let sheets = clusters.iter().map(sheet).collect();
    (world, sheets)
}

/// The token is put in again, in another slot.
fn plugs_in(world: &World) {
    std::fs::remove_file(world.path("token/tokens/unplugged")).unwrap();
}

/// How often the log says that the token was opened since an entry.
fn unlocked(world: &World, first: usize) -> usize {
    entries(world).iter().skip(first).filter(|entry| entry["type"] == "token.unlocked").count()
}

#[test]
fn a_token_that_is_pulled_out_between_two_certificates_signs_the_second_once_it_is_in_again() {
    let (world, sheets) = world_with(&["east", "west"]);
    let first = entries(&world).len();
    // Two calls of a checkpoint's signature, two of a certificate's; then the session is asked for the next.
    let mut seat = seated(&world, "C_SignInit@3=pull", &sheets);
    let shown = seat.asked(LOOK_AGAIN);
    assert!(shown.contains("Not yet: the token does not answer any more"), "{shown}");
    assert!(shown.contains("put it in again, wherever"), "{shown}");
    // Not in yet: asked again, and no PIN was asked for. The files of this one cannot be pulled out, and that is said.
    seat.types("");
    let shown = seat.asked(LOOK_AGAIN);
    assert!(shown.contains("its files are there and it is not"), "{shown}");
    plugs_in(&world);
    seat.types("");
    seat.answers("User PIN of the root token: ", "00000000");
    let shown = seat.answers(LOOK_AGAIN, "");
    assert!(shown.contains("the token rejected the PIN"), "{shown}");
    seat.answers("User PIN of the root token: ", PIN);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let fates = Fates::since(&world, first);
    assert_eq!(fates.of.values().filter(|fate| *fate == "ok").count(), 2, "{:?}", fates.of);
    assert_eq!(unlocked(&world, first), 2);
    assert_eq!(world.bundles().len(), 2);
    logged_out(&world.calls()).unwrap();
    at_rest(&world).unwrap();
}

#[test]
fn what_the_token_was_at_when_it_was_pulled_out_is_unknown_and_the_rest_goes_on() {
    let (world, sheets) = world_with(&["east", "west"]);
    let first = entries(&world).len();
    // Asked to sign, it has signed, and the answer is lost.
    let mut seat = seated(&world, "C_Sign@4=pull-after", &sheets);
    seat.asked(LOOK_AGAIN);
    plugs_in(&world);
    seat.types("");
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.asked("What now?");
    assert!(shown.contains("may have been signed;"), "{shown}");
    assert!(shown.contains("WAS signed;"), "{shown}");
    seat.types("pause");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    let end = shown.rsplit("the ceremony is paused").next().unwrap();
    assert!(end.contains("WAS signed") && !end.contains("Nothing was signed."), "{end}");
    let fates: Vec<String> = Fates::since(&world, first).of.into_values().collect();
    assert!(fates.contains(&"ok".to_owned()) && fates.contains(&"unknown".to_owned()), "{fates:?}");
    accounts(&world).unwrap();
    world.run(&["log", "verify", AUTHORITY]).ok();
}

#[test]
fn a_token_that_is_gone_for_good_leaves_an_account_of_everything() {
    let (world, sheets) = world_with(&["east", "west"]);
    let first = entries(&world).len();
    let mut seat = seated(&world, "C_SignInit@2=pull", &sheets);
    seat.answers(LOOK_AGAIN, "no");
    let shown = seat.asked("What now?");
    assert!(shown.contains("Nothing was signed."), "{shown}");
    seat.types("pause");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    let fates: Vec<String> = Fates::since(&world, first).of.into_values().collect();
    assert_eq!(fates, ["failed", "failed"]);
    world.run(&["log", "verify", AUTHORITY]).ok();
}

#[test]
fn a_token_may_be_taken_out_at_any_call_of_a_session_that_people_attend() {
    let (world, sheets) = world_with(&["west"]);
    let first = entries(&world).len();
    let calls = {
        let world = copy(&world);
        let seat = seated(&world, "", &sheets);
        let (shown, code) = seat.ends();
        assert_eq!(code, 0, "{shown}");
        world.calls()
    };
    let login = calls.iter().position(|call| call.function == "C_Login").unwrap();
    let last = calls.iter().rposition(|call| call.function == "C_Logout").unwrap();
    let every = if tally::full() { 1 } else { 17 };
    let places: Vec<usize> = (login + 1..last).step_by(every).map(|index| calls[index].number).collect();
    for number in &places {
        let world = copy(&world);
        let settings = environment(&world, &format!("@{number}=pull"));
        let through: Vec<&str> = std::iter::once("env").chain(settings.iter().map(String::as_str)).collect();
        let mut seat = Seat::through(&world, &through, &SIGN_ATTENDED);
        introduces(&mut seat);
        comes_through(&mut seat, &world, &sheets[0], *number);
        let (shown, code) = seat.ends();
        assert_eq!(code, 0, "@{number}: {shown}");
        let fates: Vec<String> = Fates::since(&world, first).of.into_values().collect();
        assert_eq!(fates.iter().filter(|fate| *fate == "ok").count(), 1, "@{number}: {fates:?}");
        at_rest(&world).unwrap_or_else(|why| panic!("@{number}: {why}"));
    }
    tally::held("calls of an attended session at which the token was taken out and put in again", places.len());
}

/// Answers what is asked until the certificate is approved, and puts the token in again where it is missed.
fn comes_through(seat: &mut Seat, world: &World, sheet: &str, number: usize) {
    const PIN_ASKED: &str = "User PIN of the root token: ";
    let (mut approved, mut opened) = (false, false);
    loop {
        let questions = [PIN_ASKED, LOOK_AGAIN, "Witness: sheet words ", "What now?"];
        let Some((question, before)) = seat.asked_one_of(&questions) else { return };
        match question {
            PIN_ASKED => seat.types(PIN),
            LOOK_AGAIN => {
                opened = true;
                if world.path("token/tokens/unplugged").exists() {
                    plugs_in(world);
                }
                seat.types("");
            }
            // Taken out before it was open: that step begins again.
            "What now?" if !opened => {
                plugs_in(world);
                seat.types("retry");
            }
            "What now?" => panic!("@{number}: {before}"),
            _ if approved => panic!("@{number}: asked for the words twice"),
            _ => {
                opened = true;
                let (administrator, witness) = crate::seat::plan_words(&before);
                let places = seat.reads(" (or no): ");
                seat.types(&crate::seat::from_sheet(sheet, &places));
                seat.answers(crate::seat::APPROVE_1, &administrator);
                seat.answers(crate::seat::APPROVE_2, &witness);
                approved = true;
            }
        }
    }
}

#[test]
fn where_nobody_attends_the_next_start_finds_the_token_in_its_other_slot_and_goes_on() {
    let world = prepared("");
    let first = entries(&world).len();
    let calls = calls_of(&world, &SIGN);
    let login = calls.iter().position(|call| call.function == "C_Login").unwrap();
    let every = if tally::full() { 1 } else { 13 };
    let places: Vec<usize> = calls[login + 1..].iter().step_by(every).map(|call| call.number).collect();
    let faults: Vec<String> = places.iter().map(|number| format!("@{number}=pull")).collect();
    crate::misbehaving::each(&world, &faults, |world, _, fault| {
        let output = crate::misbehaving::run_in_order(world, fault, &SIGN);
        let fates = crate::misbehaving::judge::judge(world, fault, &output, first)?;
        // What the token was never asked for is said to be that.
        let asked = calls.iter().any(|call| format!("@{}=pull", call.number) == *fault && call.function == "C_Sign");
        if !asked && fates.of.values().any(|fate| fate == "unknown") {
            return Err(format!("the token was asked for nothing: {:?}\n{}", fates.of, output.error()));
        }
        plugs_in(world);
        crate::misbehaving::signing::goes_on(world, &fates)
    });
    tally::held("calls of a signing session at which the token was taken out, and put in for the next", faults.len());
}

#[test]
fn where_nobody_attends_and_nothing_was_signed_that_is_said_and_no_serial_number_is_lost_to_doubt() {
    let world = prepared("");
    let first = entries(&world).len();
    // The first call begins the signature of the checkpoint over the intents.
    let output = crate::misbehaving::run_in_order(&world, "C_SignInit@2=pull", &SIGN);
    let said = output.error();
    assert_eq!(output.code, Some(20), "{said}");
    assert!(said.starts_with("error: the token did not sign: saw C_SignInit: CKR_DEVICE_REMOVED"), "{said}");
    assert!(said.contains("Nothing was signed.") && !said.contains("anchorite export"), "{said}");
    let fates: Vec<String> = Fates::since(&world, first).of.into_values().collect();
    assert_eq!(fates, ["failed", "failed"]);
    logged_out(&world.calls()).unwrap();
    world.run(&["log", "verify", AUTHORITY]).ok();
}
