//! What a run does to the files of its world, call by call and with every byte: recorded by `strace`, read back.
//!
//! A call that changes files and is not known here fails the test that recorded it: nothing passes unseen.

use super::super::support::World;
use std::collections::BTreeMap;
use std::path::Path;

/// Every call that makes, changes, names or syncs a file, and those that say where a write goes.
const CALLS: &str = "open,openat,openat2,creat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,pwritev,pwritev2,\
                     sendfile,copy_file_range,splice,fallocate,truncate,ftruncate,fsync,fdatasync,sync_file_range,\
                     syncfs,sync,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mknod,mknodat,unlink,\
                     unlinkat,rmdir,mkdir,mkdirat,chmod,fchmod,fchmodat,io_uring_setup";

/// One call that succeeded. Paths are relative to the world; what lies outside is left out, but for descriptors,
/// which say nothing of where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    Open {
        fd: u32,
        path: String,
        create: Option<u32>,
        exclusive: bool,
        truncate: bool,
        append: bool,
    },
    Close {
        fd: u32,
    },
    Duplicate {
        from: u32,
        to: u32,
    },
    Seek {
        fd: u32,
        to: usize,
    },
    Write {
        fd: u32,
        file: String,
        at: Option<usize>,
        bytes: Vec<u8>,
    },
    Length {
        fd: u32,
        file: String,
        length: usize,
    },
    Sync {
        fd: u32,
        file: String,
    },
    Rename {
        from: String,
        to: String,
        exchange: bool,
    },
    Link {
        from: String,
        to: String,
    },
    Unlink {
        path: String,
    },
    RemoveDirectory {
        path: String,
    },
    MakeDirectory {
        path: String,
        mode: u32,
    },
    Mode {
        path: String,
        mode: u32,
    },
    /// The PKCS#11 module returned from a call: the name of the function.
    Returned {
        function: String,
    },
}

/// Where the proxy between the program and its token writes each call down once it has returned.
const JOURNAL: &str = "token/tokens/journal";

impl Call {
    /// True for what the PKCS#11 module does to the files of its token: the program is inside of a call to it.
    pub fn is_inside_module(&self) -> bool {
        let of_token = |path: &str| path.starts_with("token/tokens/") || path == "token/tokens";
        match self {
            Call::Open { path, create, truncate, .. } => of_token(path) && (create.is_some() || *truncate),
            Call::Write { file, .. } | Call::Length { file, .. } => of_token(file),
            Call::Rename { from, .. } | Call::Link { from, .. } => of_token(from),
            Call::Unlink { path } | Call::RemoveDirectory { path } => of_token(path),
            Call::MakeDirectory { path, .. } | Call::Mode { path, .. } => of_token(path),
            _ => false,
        }
    }

    /// True for what changes files, or makes them durable.
    pub fn counts(&self) -> bool {
        match self {
            Call::Open { create, truncate, .. } => create.is_some() || *truncate,
            Call::Close { .. } | Call::Duplicate { .. } | Call::Seek { .. } => false,
            _ => true,
        }
    }
}

/// The calls of one run, in order, each with how it is shown in messages.
pub fn record(world: &World, arguments: &[&str]) -> Vec<(Call, String)> {
    let trace = format!("trace={CALLS}");
    let strace = ["strace", "-f", "--seccomp-bpf", "-qqq", "-y", "-xx", "-s", "16777216", "-o", "trace", "-e", &trace];
    world.run_through_with_faults(&strace, "", arguments).ok();
    let text = String::from_utf8(world.read("trace")).unwrap();
    std::fs::remove_file(world.path("trace")).unwrap();
    let here = std::fs::canonicalize(world.path(".")).unwrap();
    let prefixes = [world.path("").display().to_string(), format!("{}/", here.display())];
    let mut cut_off: BTreeMap<&str, &str> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let (thread, line) = line.split_once(' ').unwrap();
        let line = line.trim_start();
        // Calls of two threads at once are written in two parts.
        if let Some(first) = line.strip_suffix(" <unfinished ...>") {
            cut_off.insert(thread, first);
            continue;
        }
        let whole = match line.strip_prefix("<... ") {
            Some(rest) => {
                let (_, rest) = rest.split_once(" resumed>").unwrap();
                format!("{}{rest}", cut_off.remove(thread).unwrap())
            }
            None => line.to_owned(),
        };
        let line = Line::parse(&whole);
        if let Some(call) = line.and_then(|line| line.call(&prefixes)) {
            let shown = shown(&call);
            calls.push((call, shown));
        }
    }
    assert!(!calls.is_empty(), "nothing was recorded");
    calls
}

/// A call without its bytes.
fn shown(call: &Call) -> String {
    match call {
        Call::Write { file, at, bytes, .. } => format!("Write {{ {file}, at: {at:?}, {} bytes }}", bytes.len()),
        other => format!("{other:?}"),
    }
}

/// A line of `strace -y -xx`: every string and every path is in hex, so commas and brackets are the call's own.
struct Line<'t> {
    name: &'t str,
    arguments: Vec<&'t str>,
    result: u32,
}

impl<'t> Line<'t> {
    /// `None` for what is no call, or failed.
    fn parse(line: &'t str) -> Option<Self> {
        let (call, result) = line.rsplit_once(" = ")?;
        let (name, arguments) = call.trim_end().strip_suffix(')')?.split_once('(')?;
        let result = result.split(['<', ' ']).next()?.parse().ok()?;
        Some(Self { name, arguments: arguments.split(", ").collect(), result })
    }

    fn call(&self, prefixes: &[String; 2]) -> Option<Call> {
        let within = |path: String| match path.starts_with('/') {
            true => prefixes.iter().find_map(|prefix| path.strip_prefix(prefix).map(str::to_owned)),
            // The working directory is the world.
            false => Some(path),
        };
        // A path is relative to the directory in the argument before it, or to the working directory.
        let path_at = |index: usize| within(self.path(index));
        let beside = |index: usize| within(self.path_from(index, index + 1));
        let fd = || number(self.arguments[0]);
        let flags = |index: usize| self.arguments.get(index).copied().unwrap_or_default();
        Some(match self.name {
            "open" | "openat" => {
                let at = if self.name == "openat" { 1 } else { 0 };
                let path = if at == 1 { beside(0)? } else { path_at(0)? };
                let flags = flags(at + 1);
                let create = flags.contains("O_CREAT").then(|| octal(self.arguments[at + 2]));
                // A file without a name never gets one here: a link to it would be a call on a path outside.
                if flags.contains("O_TMPFILE") || path == JOURNAL {
                    return None;
                }
                let [exclusive, truncate, append] = ["O_EXCL", "O_TRUNC", "O_APPEND"].map(|flag| flags.contains(flag));
                Call::Open { fd: self.result, path, create, exclusive, truncate, append }
            }
            "close" => Call::Close { fd: fd() },
            "dup" | "dup2" | "dup3" => Call::Duplicate { from: fd(), to: self.result },
            "lseek" => Call::Seek { fd: fd(), to: usize::try_from(self.result).unwrap() },
            "write" | "pwrite64" => {
                let at = (self.name == "pwrite64").then(|| self.arguments[3].parse().unwrap());
                let file = within(named(self.arguments[0]))?;
                let mut bytes = text(self.arguments[1]);
                bytes.truncate(usize::try_from(self.result).unwrap());
                if file == JOURNAL {
                    let line = String::from_utf8(bytes).unwrap();
                    return Some(Call::Returned { function: line.split(' ').nth(1).unwrap().to_owned() });
                }
                Call::Write { fd: fd(), file, at, bytes }
            }
            "ftruncate" => {
                let file = within(named(self.arguments[0]))?;
                Call::Length { fd: fd(), file, length: self.arguments[1].parse().unwrap() }
            }
            "fsync" | "fdatasync" => Call::Sync { fd: fd(), file: within(named(self.arguments[0]))? },
            "rename" => Call::Rename { from: path_at(0)?, to: path_at(1)?, exchange: false },
            "renameat" | "renameat2" => {
                Call::Rename { from: beside(0)?, to: beside(2)?, exchange: flags(4).contains("RENAME_EXCHANGE") }
            }
            "link" => Call::Link { from: path_at(0)?, to: path_at(1)? },
            "linkat" => Call::Link { from: beside(0)?, to: beside(2)? },
            "unlink" => Call::Unlink { path: path_at(0)? },
            "unlinkat" if flags(2).contains("AT_REMOVEDIR") => Call::RemoveDirectory { path: beside(0)? },
            "unlinkat" => Call::Unlink { path: beside(0)? },
            "rmdir" => Call::RemoveDirectory { path: path_at(0)? },
            "mkdir" => Call::MakeDirectory { path: path_at(0)?, mode: octal(self.arguments[1]) },
            "mkdirat" => Call::MakeDirectory { path: beside(0)?, mode: octal(self.arguments[2]) },
            "chmod" => Call::Mode { path: path_at(0)?, mode: octal(self.arguments[1]) },
            "fchmod" => Call::Mode { path: within(named(self.arguments[0]))?, mode: octal(self.arguments[1]) },
            "fchmodat" => Call::Mode { path: beside(0)?, mode: octal(self.arguments[2]) },
            // Of what is not in the world: a terminal, a pipe.
            "writev" | "sendfile" | "copy_file_range" if within(named(self.arguments[0])).is_none() => return None,
            other => panic!("{other} is not modelled: {:?}", self.arguments),
        })
    }

    fn path(&self, index: usize) -> String {
        String::from_utf8(text(self.arguments[index])).unwrap()
    }

    /// The path in the argument `index`, relative to the directory in the argument `directory`.
    fn path_from(&self, directory: usize, index: usize) -> String {
        let path = self.path(index);
        let directory = named(self.arguments[directory]);
        Path::new(&directory).join(path).display().to_string()
    }
}

/// `\x2f\x74` without its escapes.
fn unescape(hex: &str) -> Vec<u8> {
    hex.split("\\x").skip(1).map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// A string: `"\x2f"`.
fn text(argument: &str) -> Vec<u8> {
    let hex = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    unescape(hex.unwrap_or_else(|| panic!("not a whole string: {}", &argument[..argument.len().min(80)])))
}

/// The path that strace knows of a descriptor: `3<\x2f>`.
fn named(argument: &str) -> String {
    let hex = argument.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).unwrap_or_default();
    String::from_utf8(unescape(hex)).unwrap()
}

fn number(argument: &str) -> u32 {
    argument.split('<').next().unwrap().parse().unwrap()
}

fn octal(argument: &str) -> u32 {
    u32::from_str_radix(argument, 8).unwrap()
}
