//! Trying the fences: whether they hold is asked of the kernel by doing what they forbid, not of what it said
//! when they were put up. Each trial undoes what it could do where a fence does not hold.

use super::fence;
use crate::text;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
use rustix::fs::{Access, CWD, Mode, OFlags, access, openat, unlinkat};
use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
use std::path::{Path, PathBuf};

/// What a trial of one fence found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The fence's name.
    pub fence: &'static str,
    /// What was tried and what came of it.
    pub saw: String,
    /// True where the fence held; `None` where nothing could be tried.
    pub held: Option<bool>,
}

/// Tries the fences of this process.
pub fn trials() -> Vec<Trial> {
    vec![dumps(), memory(), privileges(), network(), writes(fence::places())]
}

fn dumps() -> Trial {
    let dumpable = dumpable_behavior().map(|now| now == DumpableBehavior::NotDumpable);
    let limit = getrlimit(Resource::Core);
    let held = dumpable == Ok(true) && limit.current == Some(0) && limit.maximum == Some(0);
    let size = limit.maximum.map_or("unlimited".to_owned(), |bytes| format!("{bytes} bytes"));
    let dumpable = if dumpable == Ok(true) { "not dumpable" } else { "dumpable" };
    Trial { fence: "dumps", saw: format!("this process is {dumpable}, core files of {size}"), held: Some(held) }
}

fn status_of(key: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    super::entry_of(&status, key).map(str::to_owned)
}

fn memory() -> Trial {
    let locked = status_of("VmLck");
    let held = locked.as_ref().map(|locked| !locked.starts_with("0 "));
    let saw = locked.map_or("/proc does not say what is locked".to_owned(), |locked| format!("{locked} locked"));
    Trial { fence: "memory", saw, held }
}

fn privileges() -> Trial {
    let set = rustix::thread::no_new_privs().ok();
    let saw = if set == Some(true) { "no_new_privs is set" } else { "no_new_privs is not set" };
    Trial { fence: "privileges", saw: saw.to_owned(), held: set }
}

fn network() -> Trial {
    let open = |family| socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).map(drop);
    let internet = [("IPv4", AddressFamily::Inet), ("IPv6", AddressFamily::Inet6)];
    let opened = internet.map(|(name, family)| (name, open(family)));
    let raw = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).map(drop);
    let opened = opened.into_iter().chain([("raw packets", raw)]).collect::<Vec<_>>();
    let unix = open(AddressFamily::Unix);
    let news =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute).map(drop);
    // Another answer than EPERM is another cause: no such family here, or no privilege for raw packets.
    let held = opened.iter().all(|(_, answer)| *answer == Err(Errno::EPERM)) && unix.is_ok() && news.is_ok();
    let say = |(name, answer): &(&str, Result<(), Errno>)| match answer {
        Ok(()) => format!("{name} opened"),
        Err(errno) => format!("{name} {}", errno_name(*errno)),
    };
    let mut saw: Vec<String> = opened.iter().map(say).collect();
    saw.push(say(&("Unix", unix)));
    Trial { fence: "network", saw: format!("sockets: {}", saw.join(", ")), held: Some(held) }
}

fn errno_name(errno: Errno) -> String {
    // `EPERM`: what a module's own log says.
    format!("{errno:?}")
}

/// Makes a file where the fence forbids it and the permissions of the file system would allow it.
fn writes(places: &[PathBuf]) -> Trial {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let outside = ["/tmp", "/var/tmp", "/dev/shm"].map(PathBuf::from).into_iter().chain(home);
    let trial = |saw: String, held| Trial { fence: "writes", saw, held };
    for dir in outside {
        let Ok(dir) = dir.canonicalize() else { continue };
        if beneath(&dir, places) || access(&dir, Access::WRITE_OK).is_err() {
            continue;
        }
        let file = dir.join(format!(".anchorite-trial-{}", std::process::id()));
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        return match openat(CWD, &file, flags, Mode::RUSR) {
            Ok(_) => {
                // Only where no fence stands, so that removing it is allowed too.
                let _ = unlinkat(CWD, &file, rustix::fs::AtFlags::empty());
                trial(format!("a file could be made in {}", text::path(&dir)), Some(false))
            }
            Err(rustix::io::Errno::ACCESS) => trial(format!("no file can be made in {}", text::path(&dir)), Some(true)),
            Err(error) => trial(format!("a file in {}: {error}", text::path(&dir)), None),
        };
    }
    trial("no directory outside of what is allowed was writable to begin with".to_owned(), None)
}

fn beneath(dir: &Path, places: &[PathBuf]) -> bool {
    places.iter().filter_map(|place| place.canonicalize().ok()).any(|place| dir.starts_with(place))
}
