//! Ways of memory out of a process: swap, core dumps, hibernation, tracing.

use super::{Check, Facts};

fn areas(swaps: &str) -> Vec<&str> {
    swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect()
}

pub(super) fn swap(facts: &Facts) -> Check {
    const NAME: &str = "swap";
    let Some(swaps) = &facts.swaps else {
        return Check::unknown(NAME, "/proc/swaps cannot be read");
    };
    let areas = areas(swaps);
    // zram is memory that is compressed: it ends with the power.
    let on_disk: Vec<&str> = areas.iter().filter(|area| !area.starts_with("/dev/zram")).copied().collect();
    match (areas.is_empty(), on_disk.as_slice()) {
        (true, _) => Check::pass(NAME, "none"),
        (_, []) => Check::pass(NAME, "in memory only (zram)"),
        (_, on_disk) => Check::fail(NAME, format!("in use: {}", on_disk.join(", ")), "swapoff -a"),
    }
}

pub(super) fn core_dumps(facts: &Facts) -> Check {
    const NAME: &str = "core-dumps";
    let Some(pattern) = facts.core_pattern.as_deref().map(str::trim) else {
        return Check::unknown(NAME, "/proc/sys/kernel/core_pattern cannot be read");
    };
    match pattern.strip_prefix('|') {
        None => Check::pass(NAME, "only to files, where a limit allows them"),
        Some(program) if program.split_whitespace().next() == Some("/bin/false") => {
            Check::pass(NAME, "thrown away by /bin/false")
        }
        // This process leaves none, but a daemon that serves the token (pcscd) could.
        Some(program) => Check::warn(
            NAME,
            format!("other programs' dumps go to {program}"),
            "sysctl -w kernel.core_pattern='|/bin/false'",
        ),
    }
}

pub(super) fn hibernation(facts: &Facts) -> Check {
    const NAME: &str = "hibernation";
    let Some(state) = &facts.power_state else {
        return Check::unknown(NAME, "/sys/power/state cannot be read");
    };
    let disabled = facts.power_disk.as_deref().is_none_or(|disk| disk.contains("[disabled]"));
    if disabled || !state.split_whitespace().any(|word| word == "disk") {
        return Check::pass(NAME, "the kernel does not hibernate");
    }
    match facts.swaps.as_deref().map(areas) {
        Some(areas) if areas.is_empty() => Check::pass(NAME, "there is no swap to hibernate to"),
        _ => Check::warn(NAME, "possible: memory would be written to swap", "swapoff -a; do not close the lid"),
    }
}

/// Source: the kernel's Documentation/admin-guide/LSM/Yama.rst.
pub(super) fn ptrace_scope(facts: &Facts) -> Check {
    const NAME: &str = "ptrace-scope";
    const RESTRICT: &str = "sysctl -w kernel.yama.ptrace_scope=2";
    match facts.ptrace_scope.as_deref().map(str::trim) {
        None => Check::unknown(NAME, "this kernel has no Yama to restrict tracing"),
        Some("0") => Check::warn(NAME, "0: a process may trace any other of its user", RESTRICT),
        Some(scope) => Check::pass(NAME, scope),
    }
}
