//! What the facts of a machine mean for a ceremony: a table of checks, each a pure function of the facts with a
//! verdict, what was seen and what to do.
//!
//! What could not be read is "unknown", never a pass. Who may go on in spite of a verdict is not decided here.

mod links;
mod rest;
mod software;

pub use rest::{Folder, folder_check, has_terminal, user_name};

use super::{Fence, Trial};
use jiff::Timestamp;
use serde::Serialize;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Pass,
    /// It could not be checked.
    Unknown,
    /// Worth knowing before going on.
    Warn,
    /// Not fit for a ceremony.
    Fail,
}

impl Verdict {
    /// The word in JSON and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Unknown => "unknown",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One line of the preflight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, stable: what `[preflight] must_pass` lists.
    pub name: &'static str,
    /// How it ended.
    pub result: Verdict,
    /// What was seen; not escaped, since names come from the machine.
    pub seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    /// A check that went well.
    pub fn pass(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, result: Verdict::Pass, seen: seen.into(), remedy: None }
    }
    /// Something that could not be checked.
    pub fn unknown(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, result: Verdict::Unknown, seen: seen.into(), remedy: None }
    }
    /// Something to know, and what to do about it.
    pub fn warn(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, result: Verdict::Warn, seen: seen.into(), remedy: Some(remedy.into()) }
    }
    /// Something that is not fit, and what to do about it.
    pub fn fail(name: &'static str, seen: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, result: Verdict::Fail, seen: seen.into(), remedy: Some(remedy.into()) }
    }
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// `eth0`.
    pub name: String,
    /// Administratively up.
    pub up: bool,
    /// Up, and a cable or a network is there.
    pub running: bool,
    /// The loopback interface, which leads nowhere.
    pub loopback: bool,
    /// Its addresses in text.
    pub addresses: Vec<String>,
}

/// A radio, as rfkill knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Radio {
    /// `phy0`, `hci0`.
    pub name: String,
    /// `wlan`, `bluetooth`, `wwan`, …
    pub kind: String,
    /// Switched off by software or by a switch.
    pub blocked: bool,
}

/// What was read of the machine. Texts are the kernel's own files; `None` is what could not be read.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Network interfaces of this network namespace.
    pub interfaces: Option<Vec<Interface>>,
    /// `/proc/net/route`.
    pub routes: Option<String>,
    /// `/proc/net/ipv6_route`; `None` also where the kernel has no IPv6.
    pub routes_ipv6: Option<String>,
    /// Radios; empty where the kernel knows none.
    pub radios: Option<Vec<Radio>>,
    /// Bluetooth adapters; empty where the kernel knows none.
    pub bluetooth: Option<Vec<String>>,
    /// `/proc/swaps`.
    pub swaps: Option<String>,
    /// `/proc/sys/kernel/core_pattern`.
    pub core_pattern: Option<String>,
    /// `/sys/power/state`.
    pub power_state: Option<String>,
    /// `/sys/power/disk`; `None` also where the kernel cannot hibernate.
    pub power_disk: Option<String>,
    /// `/proc/sys/kernel/yama/ptrace_scope`.
    pub ptrace_scope: Option<String>,
    /// The hardware clock.
    pub hardware_clock: Option<Timestamp>,
    /// The machine's clock at that moment.
    pub clock: Timestamp,
    /// The name of the machine's time zone.
    pub time_zone: Option<String>,
    /// True once the kernel's random numbers are seeded.
    pub random_ready: Option<bool>,
    /// `/proc/cpuinfo`.
    pub cpuinfo: Option<String>,
    /// Maker and model from the firmware; `hypervisor` where the kernel runs on one.
    pub hardware: Vec<String>,
    /// What says that this is a container.
    pub container: Option<String>,
    /// Users with a terminal, other than the one who runs this.
    pub others: Option<Vec<String>>,
    /// The fences of this process.
    pub fences: Vec<Fence>,
    /// What came of trying them.
    pub trials: Vec<Trial>,
}

/// Every check of the machine, in the order in which people read them.
pub fn checks(facts: &Facts) -> Vec<Check> {
    let table: [fn(&Facts) -> Check; 14] = [
        links::interfaces,
        links::addresses,
        links::routes,
        links::radios,
        links::bluetooth,
        software::swap,
        software::core_dumps,
        software::hibernation,
        software::ptrace_scope,
        rest::hardware_clock,
        rest::time_zone,
        rest::random,
        rest::virtual_machine,
        rest::users,
    ];
    table.iter().map(|check| check(facts)).chain(rest::fences(facts)).collect()
}

/// The value of a line `key: value`, as in `/proc/PID/status`.
pub fn entry_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim() == key).map(|(_, v)| v.trim())
}

#[cfg(test)]
mod tests;
