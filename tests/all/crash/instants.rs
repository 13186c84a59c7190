//! The instants at which a run can be killed: its calls that change our files, counted by `strace`.

use super::super::support::World;
use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Calls that change what is on disk, or make it durable.
const CALLS: &str = "write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,unlink,unlinkat";

/// Just before one call of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instant {
    call: String,
    /// Which of the calls of this name it is, from 1, on the main thread.
    nth: usize,
    /// The call with its files, for messages.
    shown: String,
}

impl Instant {
    /// True for a call on a file with this in its path.
    pub fn is_on(&self, file: &str) -> bool {
        self.shown.contains(file)
    }

    /// True for this call on this file.
    pub fn is(&self, call: &str, file: &str) -> bool {
        self.call == call && self.shown.contains(file)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "killed before {} number {}: {}", self.call, self.nth, self.shown)
    }
}

/// True where a program can be traced here; says loudly what is not tested where it cannot.
pub fn can_trace(test: &str) -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return true;
    }
    eprintln!("SKIPPED: {test}: strace is not here, or ptrace is not allowed: NO CRASH WAS TESTED");
    false
}

/// Runs the command in the world to its end and lists the calls on files of ours (under `ours`, paths in the world).
pub fn of_run(world: &World, arguments: &[&str], ours: &[&str]) -> Vec<Instant> {
    // Paths are absolute where they come from a descriptor, else relative to the world.
    let is_ours =
        |at: &Instant| ours.iter().any(|path| at.is_on(&format!("/{path}")) || at.is_on(&format!("\"{path}")));
    all_of_run(world, arguments).into_iter().filter(|at| is_ours(at) && !at.is_on("token/")).collect()
}

/// The same on any file.
pub fn all_of_run(world: &World, arguments: &[&str]) -> Vec<Instant> {
    let trace = format!("trace={CALLS}");
    world.run_through(&["strace", "-qq", "-y", "-s", "0", "-o", "trace", "-e", &trace], arguments).ok();
    let text = String::from_utf8(world.read("trace")).unwrap();
    let here = std::fs::canonicalize(world.path(".")).unwrap().display().to_string();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let nth = count.entry(call.to_owned()).or_default();
        *nth += 1;
        found.push(Instant { call: call.to_owned(), nth: *nth, shown: rest.replace(&here, "") });
    }
    found
}

/// Runs the command in the world and kills it just before the call.
pub fn kill(world: &World, arguments: &[&str], at: &Instant) {
    let trace = format!("trace={}", at.call);
    let inject = format!("inject={}:signal=KILL:when={}", at.call, at.nth);
    let output = world.run_through(&["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject], arguments);
    assert_ne!(output.code, Some(0), "it was not killed: {at}");
}

/// Runs the command in the world with the medium full at the call.
pub fn fail(world: &World, arguments: &[&str], at: &Instant) -> super::Output {
    let trace = format!("trace={}", at.call);
    let inject = format!("inject={}:error=ENOSPC:when={}", at.call, at.nth);
    world.run_through(&["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject], arguments)
}

/// Tries every one, on as many threads as there are processors.
pub fn each<T: Sync>(instants: &[T], try_one: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(instant) = instants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    try_one(instant);
                }
            });
        }
    });
}
