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
    // The sessions of the checkpoint over the intents and of the batch; then none is left.
    let opened = count(&crate::misbehaving::calls_of(&world, &SIGN), "C_OpenSession");
    assert!(opened > 2, "{opened}");
    for from in 2..=opened {
        let world = super::super::crash::copy(&world);
        let output = crate::misbehaving::run_in_order(&world, &format!("C_OpenSession@{from}+=rv:0xb1"), &SIGN).ok();
        let calls = world.calls();
        logged_out(&calls).unwrap_or_else(|why| panic!("{why}: {}", output.stderr));
        assert!(calls.iter().any(|call| call.fault.is_some()));
        at_rest(&world).unwrap();
    }
}
