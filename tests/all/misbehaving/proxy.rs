//! The proxy itself: it does what its plan says, and otherwise nothing.

use super::super::support::{SIGN, World};

fn prepared() -> World {
    let world = World::ready();
    world.behind_proxy();
    let package = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&package], &[]));
    world
}

#[test]
fn a_proxy_without_faults_changes_nothing_and_writes_every_call_down() {
    let world = prepared();
    world.run_with_faults("", &SIGN).ok();
    let calls = world.calls();
    assert_eq!(calls[0].function, "C_Initialize");
    assert_eq!(calls.last().unwrap().function, "C_Finalize");
    assert!(calls.iter().enumerate().all(|(index, call)| call.number == index + 1 && call.result == Some(0)));
    let count = |function: &str| calls.iter().filter(|call| call.function == function).count();
    assert_eq!(count("C_Login"), 1);
    // Logged out of, in a session that is open still; each session is closed; ended, in this order.
    assert_eq!(count("C_Logout"), 1);
    assert_eq!(count("C_OpenSession"), count("C_CloseSession"));
    let last = |function: &str| calls.iter().rposition(|call| call.function == function).unwrap();
    assert!(last("C_Sign") < last("C_Logout") && last("C_Logout") < last("C_CloseSession"));
}

#[test]
fn a_fault_hits_the_call_that_its_rule_names_and_no_other() {
    let world = prepared();
    let output = world.run_with_faults("C_Login@1=rv:0xa0", &SIGN);
    assert_eq!(output.code, Some(21), "{}", output.stderr);
    let calls = world.calls();
    let faulty: Vec<_> = calls.iter().filter(|call| call.fault.is_some()).collect();
    assert_eq!(faulty.len(), 1);
    assert_eq!((faulty[0].function.as_str(), faulty[0].nth, faulty[0].result), ("C_Login", 1, Some(0xa0)));
}

#[test]
fn a_plan_with_a_mistake_ends_the_program_and_says_why() {
    let world = prepared();
    let output = world.run_with_faults("C_Sgin@1=flip", &SIGN);
    assert_eq!(output.code, Some(99));
    assert!(output.stderr.contains("anchorite-token-proxy: cannot read the fault \"C_Sgin@1=flip\""));
}
