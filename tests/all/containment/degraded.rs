//! Machines that cannot put a fence up: each is named, with what was seen when it was tried.

use crate::crash::instants::can_trace;
use crate::seat::Seat;
use crate::support::{AUTHORITY, World};
use serde_json::Value;
use std::process::Command;

/// What makes a kernel answer system calls as another one would.
fn kernel(answers: &[&str]) -> Option<Vec<String>> {
    if !can_trace("fences that cannot be put up") {
        return None;
    }
    let mut through: Vec<String> = ["strace", "-f", "-qq", "-o", "/dev/null"].map(str::to_owned).to_vec();
    through.extend(answers.iter().flat_map(|answer| ["-e".to_owned(), format!("inject={answer}")]));
    Some(through)
}

/// A kernel without Landlock and without seccomp, where no memory may be locked.
const OLD: [&str; 3] = ["landlock_create_ruleset:error=ENOSYS", "seccomp:error=EINVAL", "mlockall:error=ENOMEM"];

fn preflight(world: &World, through: &[String]) -> Value {
    let output = world.run_through(through, &["-C", AUTHORITY, "--json", "preflight"]).ok();
    serde_json::from_str(&output.stdout).unwrap()
}

#[track_caller]
fn assert_fence(json: &Value, name: &str, result: &str, seen: &str) {
    let checks = json["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(check["result"], result, "{check:#}");
    assert!(check["seen"].as_str().unwrap().contains(seen), "{check:#}");
    assert!(check["remedy"].is_string(), "{check:#}");
}

#[test]
fn a_kernel_that_cannot_put_up_a_fence_is_named_with_what_is_open() {
    let Some(through) = kernel(&OLD) else { return };
    let json = preflight(&World::configured("test", "ecdsa-p256"), &through);
    assert_fence(&json, "fence-memory", "warn", "memory cannot be locked: Cannot allocate memory");
    assert_fence(&json, "fence-network", "fail", "the kernel takes no filter of system calls");
    assert_fence(&json, "fence-network", "fail", "tried: sockets: IPv4 opened, IPv6 opened");
    assert_fence(&json, "fence-writes", "fail", "this kernel is without Landlock; tried: a file could be made in /");
    assert_fence(&json, "fence-dumps", "fail", " traces this one and sees all of it");
}

#[test]
fn an_older_landlock_holds_and_is_named() {
    // The first call asks which version the kernel has.
    let Some(through) = kernel(&["landlock_create_ruleset:retval=1:when=1"]) else { return };
    let json = preflight(&World::configured("test", "ecdsa-p256"), &through);
    assert_fence(
        &json,
        "fence-writes",
        "warn",
        "older than Linux 6.7: a part of it stands; tried: no file can be made",
    );
}

#[test]
fn a_limit_of_locked_memory_is_named_and_nothing_is_locked() {
    let limit = ["sh", "-c", "ulimit -l 64 && exec setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock \"$@\"", "sh"];
    let trial = Command::new(limit[0]).args(&limit[1..]).arg("true").output();
    if !trial.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: no capability can be dropped here: a limit of locked memory was NOT tested");
        return;
    }
    let world = World::configured("test", "ecdsa-p256");
    let json = preflight(&world, &limit.map(str::to_owned));
    let seen = "at most 64 KiB may be locked (ulimit -l), wanted unlimited; tried: 0 kB locked";
    assert_fence(&json, "fence-memory", "warn", seen);
}

#[test]
fn people_are_told_which_fences_do_not_stand_before_they_begin() {
    let Some(through) = kernel(&OLD) else { return };
    let world = World::configured("production", "ecdsa-p256");
    let mut seat = Seat::through(&world, &through, &["-C", AUTHORITY, "root", "create"]);
    let shown = seat.asked("Name of the administrator: ");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for missing in ["Not contained (network): the kernel", "Not contained (writes): this kernel is without Landlock."] {
        assert!(shown.contains(missing), "{shown}");
    }
}
