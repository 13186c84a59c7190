//! Ways out of the machine: interfaces, addresses, routes, radios, Bluetooth.

use super::{Check, Facts, Interface};
use crate::text;

/// What ends a way out through these interfaces.
fn cut(interfaces: &[String]) -> String {
    let each = interfaces.iter().map(|name| format!("ip link set {} down", text::shell(name)));
    format!("Take the cable out, and: {}", each.collect::<Vec<_>>().join("; "))
}
const BLOCK: &str = "rfkill block all; better, a machine without the radio";

fn outward(facts: &Facts) -> Option<impl Iterator<Item = &Interface>> {
    Some(facts.interfaces.as_ref()?.iter().filter(|interface| !interface.loopback))
}

pub(super) fn interfaces(facts: &Facts) -> Check {
    const NAME: &str = "interfaces";
    let Some(outward) = outward(facts) else {
        return Check::unknown(NAME, "the kernel does not list its network interfaces");
    };
    let (running, idle): (Vec<_>, Vec<_>) = outward.filter(|i| i.up).partition(|i| i.running);
    let names = |list: Vec<&Interface>| list.into_iter().map(|i| i.name.clone()).collect::<Vec<_>>();
    match (names(running).as_slice(), names(idle).as_slice()) {
        ([], []) => Check::pass(NAME, "none is up but loopback"),
        ([], idle) => Check::warn(NAME, format!("up, with nothing connected: {}", few(idle)), cut(idle)),
        (running, _) => Check::fail(NAME, format!("up and connected: {}", few(running)), cut(running)),
    }
}

pub(super) fn addresses(facts: &Facts) -> Check {
    const NAME: &str = "addresses";
    let Some(outward) = outward(facts) else {
        return Check::unknown(NAME, "the kernel does not list its network addresses");
    };
    let reachable: Vec<&Interface> = outward.filter(|interface| !interface.addresses.is_empty()).collect();
    let names: Vec<String> = reachable.iter().map(|interface| interface.name.clone()).collect();
    let found: Vec<String> = reachable.iter().flat_map(|interface| interface.addresses.clone()).collect();
    match found.as_slice() {
        [] => Check::pass(NAME, "none but those of loopback"),
        found => Check::fail(NAME, format!("{} on {}", few(found), few(&names)), cut(&names)),
    }
}

/// Interfaces are the first column of the IPv4 table and the last of the IPv6 one.
pub(super) fn routes(facts: &Facts) -> Check {
    const NAME: &str = "routes";
    let Some(ipv4) = &facts.routes else {
        return Check::unknown(NAME, "/proc/net/route cannot be read");
    };
    let ipv4 = ipv4.lines().skip(1).filter_map(|line| line.split_whitespace().next());
    let ipv6 = facts.routes_ipv6.iter().flat_map(|t| t.lines()).filter_map(|line| line.split_whitespace().next_back());
    let mut through: Vec<String> = ipv4.chain(ipv6).filter(|name| *name != "lo").map(str::to_owned).collect();
    let count = through.len();
    through.sort();
    through.dedup();
    match through.as_slice() {
        [] => Check::pass(NAME, "none but loopback's"),
        through => Check::fail(NAME, format!("{} through {}", text::count(count, "route"), few(through)), cut(through)),
    }
}

pub(super) fn radios(facts: &Facts) -> Check {
    const NAME: &str = "radios";
    let Some(radios) = &facts.radios else {
        return Check::unknown(NAME, "/sys/class cannot be read");
    };
    let on: Vec<String> = radios.iter().filter(|r| !r.blocked).map(|r| format!("{} ({})", r.name, r.kind)).collect();
    match (radios.as_slice(), on.as_slice()) {
        ([], _) => Check::pass(NAME, "the kernel knows none"),
        (all, []) => Check::pass(NAME, format!("{}, blocked", text::count(all.len(), "radio"))),
        (_, on) => Check::fail(NAME, format!("not blocked: {}", few(on)), BLOCK),
    }
}

pub(super) fn bluetooth(facts: &Facts) -> Check {
    const NAME: &str = "bluetooth";
    let (Some(adapters), Some(radios)) = (&facts.bluetooth, &facts.radios) else {
        return Check::unknown(NAME, "/sys/class cannot be read");
    };
    let blocked = |adapter: &str| radios.iter().any(|radio| radio.name == adapter && radio.blocked);
    let on: Vec<String> = adapters.iter().filter(|adapter| !blocked(adapter)).cloned().collect();
    match (adapters.as_slice(), on.as_slice()) {
        ([], _) => Check::pass(NAME, "the kernel knows no adapter"),
        (_, []) => Check::pass(NAME, "blocked"),
        (_, on) => Check::fail(NAME, format!("not blocked: {}", few(on)), "rfkill block bluetooth"),
    }
}

/// The first three of a list, and how many more there are.
fn few(all: &[String]) -> String {
    let more = all.len().saturating_sub(3);
    let first = all.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { first } else { format!("{first} and {more} more") }
}
