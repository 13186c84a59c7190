//! One fault at one call: the calls of a run on files of ours are counted by `strace`, and each is made to fail.

use crate::support::{Output, World, tally};
use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;
use std::time::{Duration, Instant};

/// Calls that read, write, look at or name a file.
const CALLS: &str = "open,openat,read,pread64,write,pwrite64,fsync,fdatasync,syncfs,ftruncate,rename,renameat,renameat2,\
    link,linkat,mkdir,mkdirat,unlink,unlinkat,rmdir,fchmod,fchmodat,fstat,statx,newfstatat,getdents64,close,flock,\
    statfs,fstatfs";

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// With this error.
    Error(&'static str),
    /// A read that gives this many bytes and no more.
    Gives(usize),
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
    /// The file, as a path in the world; and which of the calls of this name on this file it is, from 1.
    path: String,
    nth_of_path: usize,
    /// What the call returned when nothing failed.
    returned: i64,
}

impl Fault {
    /// Which of the calls of its name on its file it is, from 1.
    pub fn nth_of_path(&self) -> usize {
        self.nth_of_path
    }

    /// The same call of a file that is shorter than it was a moment ago; none where it gave no more than that.
    pub fn cut(&self) -> Option<Self> {
        (self.returned > 3).then(|| Self { how: How::Gives(3), ..self.clone() })
    }

    /// True for a call that changes what is on the medium, or makes it durable.
    pub fn changes(&self) -> bool {
        let changing = ["write", "pwrite64", "fsync", "fdatasync", "syncfs", "ftruncate", "fchmod"];
        let named = ["rename", "link", "mkdir", "unlink", "rmdir"];
        changing.contains(&self.call.as_str())
            || named.iter().any(|name| self.call.starts_with(name))
            || self.shown.contains("O_CREAT")
    }
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
        // Of a directory that is gone, ENOENT is the end of its list.
        "getdents64" => &[Error("EIO"), Error("ENODEV")],
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
/// world): the likeliest of each call that changes something and of every tenth that only looks. In the large size,
/// every way of every call.
pub fn of_run(world: &World, arguments: &[&str], media: &[&str]) -> Vec<Fault> {
    let all = every(world, arguments, media, tally::full());
    let mut looks = 0;
    let share = |fault: &Fault| {
        looks += usize::from(!fault.changes());
        tally::full() || fault.changes() || looks % 10 == 0
    };
    all.into_iter().filter(share).collect()
}

/// The calls of a run on files under `media`: in every way in which each can fail where `ways`, else in the likeliest.
pub fn every(world: &World, arguments: &[&str], media: &[&str], all: bool) -> Vec<Fault> {
    let trace = format!("trace={CALLS}");
    world.run_through(&["strace", "-qq", "-y", "-s", "0", "-o", "trace", "-e", &trace], arguments).ok();
    let text = String::from_utf8(world.read("trace")).unwrap();
    std::fs::remove_file(world.path("trace")).unwrap();
    let here = std::fs::canonicalize(world.path(".")).unwrap().display().to_string();
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    let mut count_of_path: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        let nth = count.entry(call.to_owned()).or_default();
        *nth += 1;
        let shown = rest.replace(&here, "");
        let (given, returned) = shown.rsplit_once(" = ").unwrap_or((&shown, "0"));
        // Paths are absolute where they come from a descriptor, else relative to the world.
        let Some(path) = media.iter().find_map(|medium| path_below(given, medium)) else { continue };
        let nth_of_path = count_of_path.entry((call.to_owned(), path.clone())).or_default();
        *nth_of_path += 1;
        // A directory has nothing to flush when it is closed, so no file system fails there; std would panic.
        let closed = given.rsplit('/').next().unwrap_or_default();
        let directory = !closed.contains('.') || closed.starts_with(".anchorite-");
        if call == "close" && directory {
            continue;
        }
        let returned = returned.split(|c: char| !c.is_ascii_digit() && c != '-').next().unwrap_or("0");
        let ways = ways(call, given);
        let likely = if all { ways } else { &ways[..1] };
        for how in likely {
            let returned = returned.parse().unwrap_or(0);
            let (call, shown) = (call.to_owned(), given.to_owned());
            let (path, nth_of_path) = (path.clone(), *nth_of_path);
            found.push(Fault { call, nth: *nth, how: *how, shown, path, nth_of_path, returned });
        }
    }
    found
}

/// The path of a call's file in the world, where it lies below a directory of it.
fn path_below(given: &str, medium: &str) -> Option<String> {
    [format!("/{medium}"), format!("\"{medium}")].iter().find_map(|begin| {
        let ends = |at: &usize| given[at + begin.len()..].starts_with(['/', '"', '>']);
        let at = given.match_indices(begin.as_str()).map(|(at, _)| at).find(ends)?;
        let path = &given[at + 1..];
        path.find(['"', '>']).map(|end| path[..end].to_owned())
    })
}

/// Runs the command in the world with the fault, counted among the calls on its file only: where others vary.
pub fn fail_there(world: &World, arguments: &[&str], fault: &Fault) -> Output {
    let absolute = std::fs::canonicalize(world.path(".")).unwrap().join(&fault.path);
    let paths = ["-P", &fault.path, "-P", absolute.to_str().unwrap()];
    inject(world, arguments, fault, fault.nth_of_path, &paths)
}

/// Runs the command in the world with the fault.
pub fn fail(world: &World, arguments: &[&str], fault: &Fault) -> Output {
    inject(world, arguments, fault, fault.nth, &[])
}

fn inject(world: &World, arguments: &[&str], fault: &Fault, nth: usize, paths: &[&str]) -> Output {
    let how = match fault.how {
        How::Error(error) => format!("error={error}"),
        How::Gives(bytes) => format!("retval={bytes}"),
        // As few as there can be: no answer says that more was written than was asked for.
        How::Lies => "retval=1".to_owned(),
    };
    let inject = format!("inject={}:{how}:when={nth}", fault.call);
    let trace = format!("trace={}", fault.call);
    let through = [&["strace", "-qq", "-o", "/dev/null"][..], paths, &["-e", &trace, "-e", &inject]].concat();
    world.run_through(&through, arguments)
}

/// Runs the command in the world, stops it just before the call, does something, and lets it go on.
pub fn at(world: &World, arguments: &[&str], moment: &Fault, act: impl FnOnce()) -> Output {
    let inject = format!("inject={}:signal=STOP:when={}", moment.call, moment.nth);
    let trace = format!("trace={}", moment.call);
    let seen = world.path("stops");
    let stops = seen.to_str().unwrap();
    let through = ["strace", "-f", "-o", stops, "-e", &trace, "-e", &inject];
    let child = world.command_through(&through, arguments).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let stopped = loop {
        // With -f, each line begins with the process it is of.
        let text = std::fs::read_to_string(&seen).unwrap_or_default();
        let line = text.lines().find(|line| line.contains("--- stopped by SIGSTOP ---"));
        if let Some(process) = line.and_then(|line| line.split_whitespace().next()) {
            break process.to_owned();
        }
        assert!(Instant::now() < until, "it never came to {moment}\n{text}");
        std::thread::sleep(Duration::from_millis(5));
    };
    act();
    assert!(Command::new("kill").args(["-CONT", &stopped]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    std::fs::remove_file(&seen).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
