//! What a run of `open` does to files, as `strace` sees it: every call that would change one, in order.

use crate::support::{Output, World};
use std::process::Command;
use std::sync::OnceLock;

/// A run and the calls by which it changed, or tried to change, a file.
pub struct Run {
    pub output: Output,
    /// Each call with its paths; those on the terminal and on pipes apart.
    pub changes: Vec<String>,
    /// Every call on a file, in order: reads too.
    pub calls: Vec<String>,
}

/// True where calls can be seen; else what is not looked at is said once.
fn can_trace() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
        let can = tried.is_ok_and(|output| output.status.success());
        if !can {
            eprintln!(
                "SKIPPED: strace is not here: that nothing is written before all is checked was seen in files only"
            );
        }
        can
    })
}

/// Runs the program in the world and sees what it does to files.
pub fn run(world: &World, arguments: &[&str]) -> Run {
    if !can_trace() {
        return Run { output: world.run(arguments), changes: Vec::new(), calls: Vec::new() };
    }
    // Outside the world, so that the world is compared without it.
    let trace = tempfile::NamedTempFile::new().unwrap();
    let into = trace.path().to_str().unwrap().to_owned();
    let of = "trace=%file,write,pwrite64,writev,pwritev,ftruncate,fchmod,fchown,fsync,fdatasync,copy_file_range,sendfile,splice,\
              memfd_create,socket,connect,execve";
    let through = ["strace", "-f", "-qq", "-y", "-s", "0", "-o", &into, "-e", of];
    let output = world.run_through(&through, arguments);
    let text = std::fs::read_to_string(trace.path()).unwrap();
    let here = std::fs::canonicalize(world.path(".")).unwrap().display().to_string();
    let calls: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(_, call)| call.trim_start().replace(&format!("{here}/"), "").replace(&here, "."))
        .collect();
    let changes = calls.iter().filter(|call| changes(call)).cloned().collect();
    Run { output, changes, calls }
}

/// True for a call that changes a file or makes one; the terminal, pipes and failed looks at nothing are none.
fn changes(call: &str) -> bool {
    let (name, given) = call.split_once('(').unwrap_or((call, ""));
    match name {
        "open" | "openat" | "openat2" | "creat" => {
            let writes =
                ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| given.contains(flag));
            writes && !["\"/dev/tty\"", "\"/dev/null\""].iter().any(|path| given.contains(path))
        }
        "write" | "pwrite64" | "writev" | "pwritev" => !given.contains("<pipe:"),
        "ftruncate" | "truncate" | "fchmod" | "fchown" | "copy_file_range" | "sendfile" | "splice" | "socket"
        | "connect" => true,
        name => {
            [
                "mkdir", "rename", "unlink", "rmdir", "link", "symlink", "mknod", "chmod", "chown", "utime",
                "setxattr", "mount",
            ]
            .iter()
            .any(|change| name.starts_with(change) || name.starts_with(&format!("l{change}")))
                && name != "readlink"
                && !name.starts_with("linkat_")
        }
    }
}
