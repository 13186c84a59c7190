//! Tokens that give few sessions.

use super::*;

#[test]
fn a_batch_is_signed_in_as_many_sessions_as_the_token_gives() {
    for family in ["max-sessions=1", "max-sessions=2", "says-max-sessions=1", "says-max-sessions=2", "max-sessions=3"] {
        let all = story(family, "ecdsa-p256");
        let refused = all.iter().flatten().filter(|call| call.result == Some(0xb1)).count();
        // Where there is one for a batch but not for each of its threads, it may be done before the others ask.
        match family {
            "max-sessions=1" | "says-max-sessions=1" => assert!(refused > 0, "{family}"),
            "says-max-sessions=2" => assert_eq!(refused, 0, "{family}"),
            _ => {}
        }
    }
    tally::held("families of tokens by how many sessions they give", 5);
}

#[test]
fn a_token_that_loses_all_but_one_session_in_the_middle_of_a_batch_signs_it_all_the_same() {
    let world = prepared("");
    // One session makes the checkpoint over the intents and takes part in the batch, and another joins it; then none is
    // left. Each signature takes its time, so that both have something to do. A machine of one processor signs in one.
    let slowly = "C_Sign=delay:20";
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    for from in 2..=processors.min(2) + 1 {
        let world = super::super::crash::copy(&world);
        let faults = format!("C_OpenSession@{from}+=rv:0xb1;{slowly}");
        let output = world.run_with_faults(&faults, &SIGN).ok();
        let calls = world.calls();
        logged_out(&calls).unwrap_or_else(|why| panic!("{why}: {}", output.stderr));
        assert!(calls.iter().any(|call| call.result == Some(0xb1)), "{from}");
        at_rest(&world).unwrap();
    }
}

/// Sessions that are closed between the first login and the last logout.
fn closed_while_open(calls: &[Call]) -> usize {
    let at = |function: &str| calls.iter().rposition(|call| call.function == function).unwrap();
    let (first, last) = (calls.iter().position(|call| call.function == "C_Login").unwrap(), at("C_Logout"));
    calls[first..last].iter().filter(|call| call.function == "C_CloseSession").count()
}

#[test]
fn a_login_that_ends_with_any_session_that_is_closed_lasts_for_the_whole_story() {
    let [_, signed, crl] = story("logout-on-close", "ecdsa-p256");
    assert_eq!([closed_while_open(&signed), closed_while_open(&crl)], [0, 0]);
}

/// An authority whose end is prepared, with a token of a family.
fn at_its_end(family: &str) -> World {
    let world = World::ready();
    world.write("answers-end.toml", crate::ending::answers(None));
    world.like(family);
    world
}

#[test]
fn a_key_is_looked_for_again_in_a_session_of_its_own_whatever_sessions_a_token_gives() {
    for family in ["logout-on-close", "max-sessions=2"] {
        let world = at_its_end(family);
        let (output, calls) = run(&world, &crate::ending::END);
        let shown = output.ok().stderr;
        assert!(shown.contains("Destroyed, and not found again"), "{family}: {shown}");
        assert_eq!(closed_while_open(&calls) == 0, family == "logout-on-close", "{family}");
        assert_eq!(crate::key_backup::objects(&world, "token/tokens").len(), 1, "the guard");
    }
}

#[test]
fn a_key_that_nobody_could_look_for_is_not_called_destroyed() {
    let world = at_its_end("logout-on-close;max-sessions=2");
    let (output, _) = run(&world, &crate::ending::END);
    let said = output.error();
    assert!(said.starts_with("error: the login was lost: a key that is private cannot be looked for\n"), "{said}");
    assert!(said.contains("The token may still hold the key with the id "), "{said}");
    assert!(!log_of(&world).contains("\"type\":\"key.destroyed\""));
    world.like("");
    world.write("answers-end.toml", crate::ending::answers(None).replace(crate::ending::CRL, ""));
    run(&world, &crate::ending::END).0.ok();
}

fn log_of(world: &World) -> String {
    String::from_utf8(world.read(crate::support::ENTRIES)).unwrap()
}

#[test]
fn a_session_in_which_a_signature_failed_is_left_for_another_and_the_next_is_made_there() {
    // One session signs both. The module keeps what was begun in it: it begins nothing else there any more.
    let world = prepared("cant-lock");
    let first = crate::crash::entries(&world).len();
    let (output, calls) = with_faults(&world, "C_Sign@4=rv:0x30", &SIGN);
    let fates = crate::misbehaving::judge::Fates::since(&world, first).of;
    assert_eq!(fates.values().filter(|fate| *fate == "ok").count(), 1, "{fates:?}: {}", output.stderr);
    assert_eq!(fates.len(), 2, "{fates:?}");
    assert!(calls.iter().all(|call| call.result != Some(0x90)), "CKR_OPERATION_ACTIVE");
}
