//! Modules that take the program down with them: it says so, with what is true and what to do, and the next start knows.

use super::*;
use crate::crash::{copy, entries};
use crate::misbehaving::judge::Fates;
use crate::misbehaving::{calls_of, each, run_in_order};
use crate::seat::{Seat, approves_from, founded, introduces};

const WAYS: [(&str, &str); 4] =
    [("abort", "SIGABRT"), ("segv", "SIGSEGV"), ("overflow", "SIGSEGV"), ("exit", "it called exit")];

#[test]
fn a_module_that_crashes_at_any_call_of_a_signing_session_is_told_of_and_what_is_said_is_true() {
    let world = prepared("");
    let first = entries(&world).len();
    let calls = calls_of(&world, &SIGN);
    let every = if tally::full() { 1 } else { 6 };
    let faults: Vec<String> = calls
        .iter()
        .step_by(every)
        .enumerate()
        .map(|(index, call)| format!("@{}={}", call.number, WAYS[index % WAYS.len()].0))
        .collect();
    each(&world, &faults, |world, _, fault| {
        let output = run_in_order(world, fault, &SIGN);
        let (_, how) = WAYS.iter().find(|(way, _)| fault.ends_with(way)).unwrap();
        let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
        let fates = Fates::since(world, first);
        let issued = fates.of.values().any(|fate| fate == "ok");
        // Once a checkpoint covers its intent the root key may have been asked.
        let open = fates.of.values().any(|fate| fate == "open");
        let truth = match (issued, said.contains("may have been signed")) {
            (true, _) => "What was signed is in the log",
            (false, true) if open => "may have been signed",
            _ => "Nothing was signed.",
        };
        let code = if issued { 50 } else { 20 };
        if output.code != Some(code) || !said.contains(how) || !said.contains(truth) {
            return Err(format!("{code}, {how}, {truth}: {:?}\n{}", fates.of, output.refusal()));
        }
        let status = world.run(&["-C", AUTHORITY, "status"]);
        let told = status.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        match said.contains("may have been signed") && !told.contains("may have been signed") {
            true => Err(format!("the next start: {}", status.stdout)),
            false => Ok(()),
        }
    });
    tally::held("calls of a signing session at which the module took the program with it", faults.len());
}

#[test]
fn what_people_read_where_the_module_crashes_while_the_root_key_signs() {
    let world = prepared("");
    // The first two calls are of the checkpoint over the intents.
    let output = run_in_order(&copy(&world), "C_Sign@3=segv", &SIGN);
    assert_text(
        &output.error(),
        "
        error: this program crashed (SIGSEGV), most likely in the token's module
        hint:  take the token out, put it back, and start the same command again
        hint:  where it ends so again, use another version of the module, or the copy of
               the token, and tell its vendor
        What was being signed may have been signed: the log has its numbers, and the
        next start says so.
        exit 20
    ",
    );
    let output = run_in_order(&world, "C_Login=exit", &SIGN);
    assert_text(
        &output.error(),
        "
        error: the token's module ended this program: it called exit
        hint:  take the token out, put it back, and start the same command again
        hint:  where it ends so again, use another version of the module, or the copy of
               the token, and tell its vendor
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_crash_while_people_attend_leaves_the_terminal_as_it_was() {
    let world = founded();
    world.request("west");
    world.like("");
    let sheet = world.run(&["words", "requests/west/request.json"]).ok().stdout;
    let settings = pinpads::environment(&world, "C_Sign@4=abort");
    let script = "stty -a > before; \"$@\"; code=$?; stty -a > after; exit $code";
    let mut through: Vec<&str> = vec!["env"];
    through.extend(settings.iter().map(String::as_str));
    through.extend(["sh", "-c", script, "sh"]);
    let arguments = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];
    let mut seat = Seat::through(&world, &through, &arguments);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 20, "{shown}");
    assert!(shown.contains("error: this program crashed (SIGABRT)"), "{shown}");
    assert_eq!(world.read("before"), world.read("after"));
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert!(status.contains("it is recorded as unknown"), "{status}");
}
