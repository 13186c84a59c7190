//! Reading the machine: files of `/proc` and `/sys` as they stand, and the few questions that only a system call
//! answers. Decides nothing; what cannot be read is left out, and `machine` says so.

use super::machine::{Facts, Folder, Interface, Radio};
use super::{fences, trials};
use jiff::Timestamp;
use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;
use rustix::fs::{StatVfsMountFlags, stat, statfs, statvfs};
use rustix::process::geteuid;
use rustix::rand::{GetRandomFlags, getrandom};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// File systems that lie on another machine: NFS, CIFS, SMB2 (statfs(2)).
const REMOTE: [u64; 3] = [0x6969, 0xff53_4d42, 0xfe53_4d42];
/// Users below this number are services (login.defs), but for root.
const FIRST_PERSON: u32 = 1000;

/// Reads everything about the machine, and tries the fences. `now` is its clock.
pub fn gather(now: Timestamp) -> Facts {
    let radios = named("/sys/class/rfkill").map(|all| all.iter().filter_map(|name| radio(name)).collect());
    Facts {
        interfaces: interfaces(),
        routes: text("/proc/net/route"),
        routes_ipv6: text("/proc/net/ipv6_route"),
        radios,
        bluetooth: named("/sys/class/bluetooth"),
        swaps: text("/proc/swaps"),
        core_pattern: text("/proc/sys/kernel/core_pattern"),
        power_state: text("/sys/power/state"),
        power_disk: text("/sys/power/disk"),
        ptrace_scope: text("/proc/sys/kernel/yama/ptrace_scope"),
        hardware_clock: text("/sys/class/rtc/rtc0/since_epoch")
            .and_then(|seconds| Timestamp::from_second(seconds.trim().parse().ok()?).ok()),
        clock: now,
        time_zone: time_zone(now),
        random_ready: random_ready(),
        cpuinfo: text("/proc/cpuinfo"),
        hardware: ["/sys/class/dmi/id/sys_vendor", "/sys/class/dmi/id/product_name", "/proc/device-tree/model"]
            .into_iter()
            .filter_map(text)
            .map(|words| words.trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned())
            .chain(text("/sys/hypervisor/type").map(|kind| format!("hypervisor {}", kind.trim())))
            .collect(),
        container: container(),
        others: others(),
        fences: fences(),
        trials: trials(),
    }
}

/// The file system and permissions of a directory.
pub fn look_at_folder(dir: &Path) -> Option<Folder> {
    let (about, space) = (stat(dir).ok()?, statvfs(dir).ok()?);
    let kind = u64::try_from(statfs(dir).ok()?.f_type).ok()?;
    Some(Folder {
        free: space.f_bavail.saturating_mul(space.f_frsize),
        read_only: space.f_flag.contains(StatVfsMountFlags::RDONLY),
        mode: about.st_mode & 0o7777,
        own: about.st_uid == geteuid().as_raw(),
        remote: REMOTE.contains(&kind),
    })
}

fn text(path: &str) -> Option<String> {
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The entries of a directory of `/sys/class`: none where the class is absent, since its driver is not loaded.
fn named(dir: &str) -> Option<Vec<String>> {
    let dir = Path::new(dir);
    if !dir.exists() {
        return dir.parent().is_some_and(Path::is_dir).then(Vec::new);
    }
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Some(names)
}

fn radio(entry: &str) -> Option<Radio> {
    let read = |name: &str| text(&format!("/sys/class/rfkill/{entry}/{name}")).map(|value| value.trim().to_owned());
    let on = |name: &str| read(name).is_some_and(|value| value == "1");
    Some(Radio { name: read("name")?, kind: read("type")?, blocked: on("soft") || on("hard") })
}

/// Interfaces and their addresses, asked of the kernel: `/sys/class/net` may show those of another network
/// namespace.
fn interfaces() -> Option<Vec<Interface>> {
    let mut found: BTreeMap<String, Interface> = BTreeMap::new();
    for entry in getifaddrs().ok()? {
        let interface = found.entry(entry.interface_name.clone()).or_default();
        interface.name = entry.interface_name;
        interface.up = entry.flags.contains(InterfaceFlags::IFF_UP);
        interface.running = interface.up && entry.flags.contains(InterfaceFlags::IFF_RUNNING);
        interface.loopback = entry.flags.contains(InterfaceFlags::IFF_LOOPBACK);
        let Some(address) = entry.address else { continue };
        // A link's own address (MAC) is no address of a network.
        let ip = match (address.as_sockaddr_in(), address.as_sockaddr_in6()) {
            (Some(v4), _) => v4.ip().to_string(),
            (_, Some(v6)) => v6.ip().to_string(),
            _ => continue,
        };
        interface.addresses.push(ip);
    }
    Some(found.into_values().collect())
}

fn time_zone(now: Timestamp) -> Option<String> {
    let zone = jiff::tz::TimeZone::try_system().ok()?;
    let offset = zone.to_offset(now);
    Some(match zone.iana_name() {
        Some(name) => format!("{name} (UTC{offset})"),
        None => format!("UTC{offset}"),
    })
}

fn random_ready() -> Option<bool> {
    let mut byte = [0; 1];
    match getrandom(&mut byte, GetRandomFlags::NONBLOCK) {
        Ok(_) => Some(true),
        Err(rustix::io::Errno::AGAIN) => Some(false),
        Err(_) => None,
    }
}

fn container() -> Option<String> {
    if let Some(kind) = text("/run/systemd/container") {
        return Some(kind.trim().to_owned());
    }
    [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")]
        .into_iter()
        .find(|(mark, _)| Path::new(mark).exists())
        .map(|(_, kind)| kind.to_owned())
}

/// Who else has a terminal: owners of processes with one. `None` where other users' processes are hidden.
fn others() -> Option<Vec<String>> {
    // Process 1 exists always; where it cannot be seen, /proc is mounted with hidepid.
    if !Path::new("/proc/1/stat").exists() {
        return None;
    }
    let own: BTreeSet<u32> =
        [Some(geteuid().as_raw()), text("/proc/self/loginuid").and_then(|uid| uid.trim().parse().ok())]
            .into_iter()
            .flatten()
            .collect();
    let mut others = BTreeSet::new();
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let is_process = entry.file_name().to_str().is_some_and(|name| name.bytes().all(|b| b.is_ascii_digit()));
        let (true, Ok(about)) = (is_process, entry.metadata()) else { continue };
        let uid = about.uid();
        if own.contains(&uid) || (uid != 0 && uid < FIRST_PERSON) {
            continue;
        }
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if super::machine::has_terminal(&stat) {
            others.insert(uid);
        }
    }
    let users = text("/etc/passwd").unwrap_or_default();
    Some(others.into_iter().map(|uid| super::machine::user_name(&users, uid)).collect())
}
