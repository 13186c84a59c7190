//! Modules that are slow, that hang, and that crash.

use super::judge::Fates;
use super::signing::{goes_on, prepared};
use super::*;
use crate::crash::entries;
use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::{PIN, assert_text, softhsm_module};
use expectrl::Expect;
use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::Duration;

const SIGN_ATTENDED: [&str; 7] = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];

/// A signing session of one request that people attend, whose token has a fault, up to its approval.
fn seated(fault: &str) -> (World, Seat) {
    let world = founded();
    world.request("west");
    world.behind_proxy();
    let sheet = world.run(&["words", "requests/west/request.json"]).ok().stdout;
    let settings = [
        format!("ANCHORITE_PROXY_MODULE={}", softhsm_module().unwrap().display()),
        format!("ANCHORITE_PROXY_JOURNAL={}", world.path("token/tokens/journal").display()),
        format!("ANCHORITE_PROXY_FAULTS={fault}"),
    ];
    let through: Vec<&str> = std::iter::once("env").chain(settings.iter().map(String::as_str)).collect();
    let mut seat = Seat::through(&world, &through, &SIGN_ATTENDED);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves_from(&mut seat, &sheet);
    (world, seat)
}

/// Waits until the program is inside the call that does not return.
fn hangs(world: &World) {
    for _ in 0..600 {
        let journal = std::fs::read_to_string(world.path("token/tokens/journal")).unwrap_or_default();
        if journal.contains(" hang\n") {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("it never hung");
}

#[test]
fn a_token_that_hangs_is_left_by_a_second_interrupt_that_says_what_is_true() {
    // The certificate's signature: the one before it is that of the checkpoint over the intents.
    let (world, mut seat) = seated("C_Sign@4=hang");
    hangs(&world);
    seat.session.send([3]).unwrap();
    seat.reads("ends the program at once.");
    seat.session.send([3]).unwrap();
    let (shown, code) = seat.ends();
    assert_eq!(code, 20, "{shown}");
    assert_text(
        &shown[shown.find("Work is under way").unwrap()..],
        "
        Work is under way: the ceremony pauses as soon as it ends. If the token does not
        answer any more, press Ctrl-C again: that ends the program at once.
        error: the ceremony was ended while the token was at work and did not answer
        hint:  take the token out, put it back, and start the same command again
        hint:  where it hangs again, go on with the copy of the token, or ask its
               vendor; the log is whole
        What was being signed may have been signed: the log has its numbers, and the
        next start says so.
    ",
    );
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    assert_text(
        status.split("\n\n").next().unwrap(),
        "
        An earlier session was interrupted                                1 open intent
          The ceremony intermediate-signing of … was interrupted after the step
          \"review\".
          Entry … serial … for west, may have been signed: it is recorded as unknown,
          treated as issued and never used again.
          The next ceremony records this and goes on, for example: anchorite sign
    ",
    );
    world.run(&["log", "verify", AUTHORITY]).ok();
}

#[test]
fn a_token_that_hangs_while_nobody_attends_is_left_by_a_signal_and_told_of_by_the_next_start() {
    let world = prepared();
    let first = entries(&world).len();
    let mut command = world.command(&SIGN);
    world.misbehave(&mut command, "C_Sign@4=hang");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    hangs(&world);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "the signal ends it");
    let fates = Fates::since(&world, first);
    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    let told = status.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(told.matches("may have been signed: it is recorded as unknown").count(), 2, "{status}");
    let _ = world.calls();
    goes_on(&world, &fates).unwrap();
}

#[test]
fn a_token_that_is_slow_is_waited_for_and_one_signal_pauses_after_it() {
    let (world, seat) = seated("C_Sign@4=delay:5000");
    std::thread::sleep(Duration::from_millis(1500));
    seat.signals(Signal::TERM);
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    world.run(&["log", "verify", AUTHORITY]).ok();
}

#[test]
fn nothing_but_time_is_lost_to_a_slow_token() {
    let world = prepared();
    run_in_order(&world, "C_Sign=delay:20;C_Login=delay:300;C_FindObjects=delay:5", &SIGN).ok();
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_module_that_crashes_at_any_call_is_told_of_by_the_next_start_which_goes_on() {
    let world = prepared();
    let first = entries(&world).len();
    let calls = calls_of(&world, &SIGN);
    // The login apart: SoftHSM loses its token there when it is killed inside it, which no proxy can show.
    let every = if tally::full() { 1 } else { 8 };
    let faults: Vec<String> = calls
        .iter()
        .step_by(every)
        .enumerate()
        .map(|(index, call)| format!("@{}={}", call.number, ["abort", "segv"][index % 2]))
        .collect();
    each(&world, &faults, |world, _, fault| {
        let output = run_in_order(world, fault, &SIGN);
        if !output.stderr.contains("this program crashed (SIG") {
            return Err(format!("it did not crash: {}", output.refusal()));
        }
        let fates = Fates::since(world, first);
        let open = fates.of.values().filter(|fate| *fate == "open").count();
        let status = world.run(&["-C", AUTHORITY, "status"]);
        let told = status.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = told.contains("was interrupted after") || told.contains("checkpoint is not in place yet");
        let entries = entries(world);
        let begun = entries.len() > first;
        // Once the session is closed under a checkpoint there is nothing to tell.
        let closed = entries.last().is_some_and(|entry| entry["type"] == "session.closed");
        if status.code != Some(0) || (told != begun && !closed) {
            return Err(format!("status with {open} open intents: {}{}", status.stdout, status.refusal()));
        }
        goes_on(world, &fates)
    });
    tally::held("calls of a signing session at which the module crashed", faults.len());
}
