//! One fault at one call: the calls of a run on files of ours are counted by `strace`, and each is made to fail.

use crate::support::{Output, World};
use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

/// Calls that read, write, look at or name a file.
const CALLS: &str = "open,openat,read,pread64,write,pwrite64,fsync,fdatasync,syncfs,ftruncate,rename,renameat,renameat2,\
    link,linkat,mkdir,mkdirat,unlink,unlinkat,rmdir,fchmod,fchmodat,fstat,statx,newfstatat,getdents64,close,flock,\
    statfs,fstatfs";

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// With this error.
    Error(&'static str),
    /// A write that says one byte less than it was given, and wrote none: what is on the medium is not what was meant.
    Lies,
}

/// One call that fails in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub call: String,
    /// Which of the calls of this name it is, from 1.
    nth: usize,
    pub how: How,
    /// The call with its files, for messages.
    shown: String,
    /// What the call returned when nothing failed.
    returned: i64,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} number {}: {}", self.how, self.call, self.nth, self.shown)
    }
}

/// The ways in which a call may fail on a medium; the first is the one that is likeliest.
fn ways(call: &str, shown: &str) -> &'static [How] {
    use How::{Error, Lies};
    match call {
        "write" | "pwrite64" => &[Error("ENOSPC"), Lies, Error("EIO"), Error("ENODEV")],
        "fsync" | "fdatasync" | "syncfs" => &[Error("EIO"), Error("ENOSPC"), Error("EROFS")],
        "open" | "openat" if shown.contains("O_CREAT") => &[Error("ENOSPC"), Error("EROFS"), Error("EIO")],
        "mkdir" | "mkdirat" => &[Error("ENOSPC"), Error("EROFS"), Error("EIO")],
        "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
            &[Error("EIO"), Error("EROFS"), Error("ENOSPC"), Error("EPERM"), Error("EINVAL"), Error("ENOSYS")]
        }
        "unlink" | "unlinkat" | "rmdir" | "ftruncate" => &[Error("EROFS"), Error("EIO")],
        "fchmod" | "fchmodat" => &[Error("EPERM"), Error("EROFS")],
        _ => &[Error("EIO"), Error("ENOENT"), Error("ENODEV")],
    }
}

/// True where calls can be made to fail here; says loudly what is not tested where they cannot.
pub fn can_inject(test: &str) -> bool {
    let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return true;
    }
    eprintln!("SKIPPED: {test}: strace is not here, or ptrace is not allowed: NO FAULT WAS TRIED");
    false
}

/// Runs the command in the world to its end and lists the faults of its calls on files under `media` (paths in the
/// world): the likeliest of each call; every one of them where `all`.
pub fn of_run(world: &World, arguments: &[&str], media: &[&str], all: bool) -> Vec<Fault> {
    let trace = format!("trace={CALLS}");
    world.run_through(&["strace", "-qq", "-y", "-s", "0", "-o", "trace", "-e", &trace], arguments).ok();
    let text = String::from_utf8(world.read("trace")).unwrap();
    std::fs::remove_file(world.path("trace")).unwrap();
    let here = std::fs::canonicalize(world.path(".")).unwrap().display().to_string();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let nth = count.entry(call.to_owned()).or_default();
        *nth += 1;
        let shown = rest.replace(&here, "");
        let (given, returned) = shown.rsplit_once(" = ").unwrap_or((&shown, "0"));
        // Paths are absolute where they come from a descriptor, else relative to the world.
        let on_medium = media.iter().any(|path| {
            [format!("/{path}"), format!("\"{path}")].iter().any(|path| {
                given.match_indices(path.as_str()).any(|(at, _)| given[at + path.len()..].starts_with(['/', '"', '>']))
            })
        });
        if !on_medium {
            continue;
        }
        let returned = returned.split(|c: char| !c.is_ascii_digit() && c != '-').next().unwrap_or("0");
        let ways = ways(call, given);
        let likely = if all { ways } else { &ways[..1] };
        for how in likely {
            let returned = returned.parse().unwrap_or(0);
            let (call, shown) = (call.to_owned(), given.to_owned());
            found.push(Fault { call, nth: *nth, how: *how, shown, returned });
        }
    }
    found
}

/// Runs the command in the world with the fault.
pub fn fail(world: &World, arguments: &[&str], fault: &Fault) -> Output {
    let how = match fault.how {
        How::Error(error) => format!("error={error}"),
        How::Lies => format!("retval={}", (fault.returned - 1).max(1)),
    };
    let inject = format!("inject={}:{how}:when={}", fault.call, fault.nth);
    let trace = format!("trace={}", fault.call);
    world.run_through(&["strace", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject], arguments)
}
