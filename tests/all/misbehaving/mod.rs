//! A token that misbehaves, as the proxy module makes it: every call of a ceremony fails with each answer that a
//! token may give there, lies about what it did, hangs, or crashes.
//!
//! What must hold each time is [`judge`]: no wrong certificate leaves, the exit code and the message say what is true,
//! the log verifies, the token is logged out of. Then [`goes_on`]: the next start without faults completes the work.

mod codes;
mod crls;
mod genesis;
mod hanging;
pub mod judge;
mod lies;
mod proxy;
pub mod signing;
mod texts;

use super::crash::copy;
use super::support::proxy::Call;
use super::support::tally;
use super::support::{AUTHORITY, Output, PARTICIPANTS, SIGN, SIGNING, World};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Runs the program behind the proxy on one processor, so that it signs in one session and makes its calls in the
/// same order each time.
pub fn run_in_order(world: &World, faults: &str, arguments: &[&str]) -> Output {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = (NEXT.fetch_add(1, Ordering::Relaxed) % processors).to_string();
    world.run_through_with_faults(&["taskset", "-c", &processor], faults, arguments)
}

/// The calls of a run without faults.
pub fn calls_of(world: &World, arguments: &[&str]) -> Vec<Call> {
    let world = copy(world);
    run_in_order(&world, "", arguments).ok();
    world.calls()
}

/// Tries each of these faults on a copy of the world, on as many threads as there are processors; what did not hold
/// is listed at the end, all of it.
pub fn each(prepared: &World, faults: &[String], try_one: impl Fn(&World, usize, &str) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let broken = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(fault) = faults.get(index) else { return };
                    if let Err(why) = try_one(&copy(prepared), index, fault) {
                        broken.lock().unwrap().push(format!("=== {fault}\n{why}"));
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    assert!(broken.is_empty(), "{} of {} did not hold:\n{}", broken.len(), faults.len(), broken.join("\n"));
}

/// Each call with each code of its function. In CI size one call of `every`, and of those that only read one of eight
/// times as many, with the codes in turn.
fn failures(calls: &[Call], prefix: &str, every: usize) -> Vec<String> {
    let mut all = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let codes = codes::of(&call.function);
        let reads = ["C_Find", "C_GetA", "C_GetS", "C_GetT"].iter().any(|start| call.function.starts_with(start));
        let share = if reads { 8 * every } else { every };
        let some = match (tally::full(), index.is_multiple_of(share)) {
            (true, _) => &codes[..],
            (false, true) => std::slice::from_ref(&codes[index % codes.len()]),
            (false, false) => &[],
        };
        let place = format!("{}@{}", call.function, call.nth);
        all.extend(some.iter().map(|code| format!("{place}={prefix}:{code:#x}")));
    }
    tally::part(all)
}
