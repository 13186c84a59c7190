//! Fences that are settings of the process: inherited descriptors, dumps, locked memory, privileges.

use crate::host::entry_of;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use std::os::fd::RawFd;

/// The capability to lock memory beyond the limit, as a bit of `CapEff` (capabilities(7)).
const CAP_IPC_LOCK: u64 = 1 << 14;

/// Closes what a careless parent left open: a module could write there whatever the other fences say.
pub(super) fn close_inherited_descriptors() -> Result<(), String> {
    let listed = std::fs::read_dir("/proc/self/fd").map_err(|error| format!("/proc/self/fd: {error}"))?;
    let open: Vec<RawFd> =
        listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(|fd| *fd > 2).collect();
    for fd in open {
        // The listing's own descriptor is among them and closed by now: not being open is what is wanted.
        let _ = nix::unistd::close(fd);
    }
    Ok(())
}

/// No core file, and no other process of the same user can read this one's memory (ptrace, /proc/PID/mem).
///
/// The limit alone does not do: where `core_pattern` pipes to a program the kernel ignores it, and asks only
/// whether the process is dumpable (core(5)).
pub(super) fn forbid_dumps() -> Result<(), String> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, none).map_err(|error| format!("the limit of core files cannot be set: {error}"))?;
    // A tracer that is attached sees everything already, and where it lacks privileges it would see nothing of
    // an undumpable process: the tests of crashes need it.
    match tracer() {
        Some(tracer) => Err(format!("process {tracer} traces this one and sees all of it")),
        None => set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string()),
    }
}

fn tracer() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    entry_of(&status, "TracerPid")?.parse().ok().filter(|pid| *pid != 0)
}

/// Locks all memory of now and later, page by page as it is used.
///
/// Only without a limit: with one, a stack that grows past it is a crash, in the middle of a ceremony.
pub(super) fn lock_memory() -> Result<(), String> {
    let limit = getrlimit(Resource::Memlock);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Raising the soft limit to the hard one is always allowed; if not, the limit below says it.
    let _ = setrlimit(Resource::Memlock, raised);
    if let (Some(most), false) = (limit.maximum, may_lock()) {
        return Err(format!("at most {} KiB may be locked (ulimit -l), wanted unlimited", most / 1024));
    }
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
        .map_err(|error| format!("memory cannot be locked: {error}"))
}

fn may_lock() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let held = entry_of(&status, "CapEff").and_then(|hex| u64::from_str_radix(hex, 16).ok());
    held.is_some_and(|held| held & CAP_IPC_LOCK != 0)
}

/// What is started here, and there is nothing, gains nothing from set-user-id bits. The other fences need it.
pub(super) fn forbid_new_privileges() -> Result<(), String> {
    rustix::thread::set_no_new_privs(true).map_err(|error| error.to_string())
}
