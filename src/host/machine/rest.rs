//! Clock and time zone, randomness, what the machine is, who else is on it, the authority's folder, the fences.

use super::{Check, Facts, Verdict};
use crate::host::{Fence, Trial};
use crate::text;

/// The most that the hardware clock may differ, in seconds: a watch is read to the minute.
const CLOCK_TOLERANCE: i64 = 120;
/// Free space that a session never needs more of, in bytes: an entry is at most 1 MiB.
const ENOUGH_SPACE: u64 = 64 << 20;
/// Below this no session is begun.
const LEAST_SPACE: u64 = 8 << 20;

pub(super) fn hardware_clock(facts: &Facts) -> Check {
    const NAME: &str = "clock-rtc";
    const COMPARE: &str = "Compare both with a watch; set the clock (date -u -s …), then: hwclock -w -u";
    let Some(hardware) = facts.hardware_clock else {
        return Check::unknown(NAME, "no hardware clock can be read");
    };
    let apart = facts.clock.as_second() - hardware.as_second();
    let seen = match apart {
        0 => format!("equal, {}", facts.clock),
        apart => format!("{} s {} the hardware clock", apart.abs(), if apart > 0 { "ahead of" } else { "behind" }),
    };
    match apart.abs() <= CLOCK_TOLERANCE {
        true => Check::pass(NAME, seen),
        // A hardware clock that keeps local time differs by the zone's offset, and is set by other systems.
        false => Check::warn(NAME, format!("{seen} ({hardware})"), COMPARE),
    }
}

pub(super) fn time_zone(facts: &Facts) -> Check {
    match &facts.time_zone {
        Some(zone) => Check::pass("timezone", zone),
        None => Check::unknown("timezone", "none is set: times are shown in UTC"),
    }
}

pub(super) fn random(facts: &Facts) -> Check {
    match facts.random_ready {
        Some(true) => Check::pass("entropy", "the kernel's random numbers are seeded"),
        Some(false) => {
            Check::fail("entropy", "the kernel's random numbers are not seeded yet", "Wait a minute, then again")
        }
        None => Check::unknown("entropy", "the kernel does not say whether its random numbers are seeded"),
    }
}

pub(super) fn virtual_machine(facts: &Facts) -> Check {
    const NAME: &str = "virtual-machine";
    const REAL: &str = "Use a machine of its own: its host sees all of this one";
    if let Some(container) = &facts.container {
        return Check::warn(NAME, format!("a container: {container}"), REAL);
    }
    let Some(cpuinfo) = &facts.cpuinfo else {
        return Check::unknown(NAME, "/proc/cpuinfo cannot be read");
    };
    let flagged = cpuinfo
        .lines()
        .find(|line| line.starts_with("flags"))
        .is_some_and(|flags| flags.split_whitespace().any(|flag| flag == "hypervisor"));
    let made = facts.hardware.join(" ");
    let known = [
        "QEMU",
        "KVM",
        "VMware",
        "VirtualBox",
        "innotek",
        "Xen",
        "Bochs",
        "Virtual Machine",
        "Amazon EC2",
        "hypervisor",
    ];
    if flagged || known.iter().any(|name| made.contains(name)) {
        let seen = if made.is_empty() { "a virtual machine".to_owned() } else { format!("a virtual machine: {made}") };
        return Check::warn(NAME, seen, REAL);
    }
    match (made.is_empty(), cpuinfo.lines().any(|line| line.starts_with("flags"))) {
        // Only x86 has such a flag.
        (true, false) => Check::unknown(NAME, "neither the processor nor the firmware says what this machine is"),
        (true, true) => Check::pass(NAME, "the processor knows of no hypervisor"),
        (false, _) => Check::pass(NAME, made),
    }
}

pub(super) fn users(facts: &Facts) -> Check {
    const NAME: &str = "users";
    match facts.others.as_deref() {
        None => Check::unknown(NAME, "processes of other users are hidden"),
        Some([]) => Check::pass(NAME, "nobody else has a terminal"),
        // What was seen goes into the log, which holds no names of people: who it is, the remedy says on the screen.
        Some(others) => Check::fail(
            NAME,
            format!("{} logged in too", text::count(others.len(), "other user")),
            format!("Have them log out: loginctl terminate-user {}", others.join(" ")),
        ),
    }
}

/// True where a process has a terminal and is not the program that waits there for a login. `stat` is the text of
/// `/proc/PID/stat` (proc(5)): the name in parentheses may hold anything, the terminal is the fifth field after it.
pub fn has_terminal(stat: &str) -> bool {
    let Some((before, after)) = stat.rsplit_once(')') else { return false };
    let waits = before.split_once('(').is_some_and(|(_, name)| name.ends_with("getty") || name == "login");
    let terminal = after.split_whitespace().nth(4).and_then(|number| number.parse::<i64>().ok());
    !waits && terminal.is_some_and(|terminal| terminal != 0)
}

/// The name of a user in the text of `/etc/passwd`, or the number.
pub fn user_name(passwd: &str, uid: u32) -> String {
    let fields = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    };
    passwd.lines().find_map(fields).unwrap_or_else(|| format!("user {uid}"))
}

/// The file system and the permissions of the authority's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Bytes that this user can still write.
    pub free: u64,
    /// Mounted read-only.
    pub read_only: bool,
    /// Permission bits.
    pub mode: u32,
    /// True where it belongs to who runs this.
    pub own: bool,
    /// On another machine (NFS, SMB), where it is.
    pub remote: bool,
}

/// The check of the authority's directory; `None` where it could not be looked at.
pub fn folder_check(folder: Option<&Folder>) -> Check {
    const NAME: &str = "filesystem";
    let Some(folder) = folder else {
        return Check::unknown(NAME, "the authority's directory cannot be looked at");
    };
    let free = format!("{} MiB free", folder.free >> 20);
    match folder {
        Folder { read_only: true, .. } => {
            Check::fail(NAME, "mounted read-only", "mount -o remount,rw, or another stick")
        }
        Folder { remote: true, .. } => {
            Check::fail(NAME, "on another machine", "Keep the authority on a stick or disk of its own")
        }
        Folder { mode, .. } if mode & 0o002 != 0 => Check::fail(
            NAME,
            format!("everybody may write there (mode {mode:o})"),
            "chmod 700; a FAT stick: mount -o umask=077",
        ),
        Folder { free: bytes, .. } if *bytes < LEAST_SPACE => {
            Check::fail(NAME, free, "Free some space, or use a larger medium")
        }
        Folder { mode, .. } if mode & 0o020 != 0 => {
            Check::warn(NAME, format!("its group may write there (mode {mode:o})"), "chmod 700")
        }
        Folder { own: false, .. } => Check::warn(NAME, "it belongs to another user", "chown, or run this as its owner"),
        Folder { free: bytes, .. } if *bytes < ENOUGH_SPACE => {
            Check::warn(NAME, free, "Free some space before the ceremony")
        }
        Folder { mode, .. } => Check::pass(NAME, format!("{free}, mode {mode:o}")),
    }
}

/// A line for each fence: what stands, and what came of trying it.
pub(super) fn fences(facts: &Facts) -> Vec<Check> {
    let check = |fence: &Fence| {
        let trial = facts.trials.iter().find(|trial| trial.fence == fence.name);
        fence_check(fence, trial)
    };
    facts.fences.iter().map(check).collect()
}

fn fence_check(fence: &Fence, trial: Option<&Trial>) -> Check {
    let (name, remedy) = match fence.name {
        "descriptors" => ("fence-descriptors", "Start it from a plain shell"),
        "dumps" => ("fence-dumps", "Start it without a debugger"),
        "memory" => ("fence-memory", "ulimit -l unlimited (as root), or: swapoff -a"),
        "privileges" => ("fence-privileges", "A kernel of Linux 3.5 or later"),
        "network" => ("fence-network", "A kernel with seccomp filters (CONFIG_SECCOMP_FILTER)"),
        _ => ("fence-writes", "A kernel with Landlock (Linux 6.7 or later, lsm=landlock)"),
    };
    let saw = trial.map(|trial| trial.saw.as_str());
    let tried = |saw: Option<&str>| saw.map_or(String::new(), |saw| format!("; tried: {saw}"));
    let result = match (&fence.degraded, trial.and_then(|trial| trial.held)) {
        // Memory that could be swapped is lost only where there is swap, which has its own check.
        (_, Some(false)) if fence.name == "memory" => Verdict::Warn,
        (_, Some(false)) => Verdict::Fail,
        (Some(_), _) => Verdict::Warn,
        (None, Some(true)) => Verdict::Pass,
        (None, None) if trial.is_some() => Verdict::Unknown,
        (None, None) => Verdict::Pass,
    };
    let stands = fence.degraded.as_deref().unwrap_or(fence.stands);
    let seen = format!("{stands}{}", tried(saw));
    Check { name, result, seen, remedy: matches!(result, Verdict::Warn | Verdict::Fail).then(|| remedy.to_owned()) }
}
