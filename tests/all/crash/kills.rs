//! kill -9 between any two calls, and what the next start makes of it.

use super::super::support::tally;
use super::disk::Files;
use super::recording::{self, Recording};
use super::{Ceremony, copy, holds, instants};
use std::collections::BTreeSet;

/// Each state that a kill can leave, of one run: the disk is found as it was after the last call that was made.
pub fn between_any_two_calls(ceremony: &Ceremony, test: &str) {
    if !instants::can_trace(test) {
        return;
    }
    let mut seen = BTreeSet::new();
    let mut states: Vec<(String, Files)> = Vec::new();
    let all = Recording::of(ceremony).each(|disk, _, shown| {
        let files = disk.after(&[].into());
        if seen.insert(recording::digest(&files)) {
            states.push((format!("killed at instant {shown}"), files));
        }
    });
    instants::each(&states, |(at, files)| {
        let world = recording::world_of(files);
        holds(&world, at);
        (ceremony.goes_on)(&world, at);
    });
    println!("{} different states", states.len());
    tally::held(&format!("instants of {}, between all calls of ours and of PKCS#11, killed", ceremony.name), all);
}

/// The same with real signals, before calls of ours and before and after calls of PKCS#11: some of them, or all.
pub fn really(ceremony: &Ceremony, test: &str) {
    if !instants::can_trace(test) {
        return;
    }
    let every = if tally::full() { 1 } else { 16 };
    let world = (ceremony.prepared)();
    let ours: Vec<_> = instants::of_run(&copy(&world), ceremony.arguments, &["authority/", "medium/"]);
    let ours: Vec<_> = ours.into_iter().step_by(every).collect();
    instants::each(&ours, |at| {
        let world = copy(&world);
        instants::kill(&world, ceremony.arguments, at);
        holds(&world, at);
        (ceremony.goes_on)(&world, at);
    });
    let trial = copy(&world);
    trial.behind_proxy();
    trial.run_with_faults("", ceremony.arguments).ok();
    let calls = trial.calls();
    let mut theirs: Vec<String> = Vec::new();
    for call in calls.iter().step_by(every) {
        theirs.extend(["kill", "kill-after"].map(|when| format!("@{}={when}", call.number)));
    }
    instants::each(&theirs, |fault| {
        let world = copy(&world);
        world.behind_proxy();
        let killed = world.run_with_faults(fault, ceremony.arguments);
        let call = world.calls().pop().unwrap();
        let at = format!("{fault}, {} number {}", call.function, call.nth);
        assert_eq!(killed.code, None, "{at}: it was not killed\n{}", killed.stderr);
        std::fs::remove_file(world.path("authority/local.toml")).unwrap();
        holds(&world, &at);
        (ceremony.goes_on)(&world, &at);
    });
    tally::held(&format!("real kills of {}", ceremony.name), ours.len() + theirs.len());
}
