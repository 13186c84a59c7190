//! What the operating system said, as an error for people: the act, the path, the reason, the remedy.

use crate::error::{Error, Kind};
use crate::text;
use rustix::io::Errno;
use std::io::{self, ErrorKind};
use std::path::Path;

/// The error of an act on a path ("cannot read"), with a reason and a remedy for the failures that
/// media have.
pub(super) fn fault(act: &str, path: &Path, error: &io::Error) -> Error {
    let what = |reason: &str| Error::new(Kind::Medium, format!("{act} {}: {reason}", text::path(path)));
    // By kind where there is one: tempfile wraps errors and keeps only that.
    match (error.kind(), Errno::from_io_error(error)) {
        (ErrorKind::NotFound, _) => what("there is no such file or directory"),
        (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => {
            what("the medium is full").hint("make room or use another medium, and run the same command again")
        }
        (ErrorKind::ReadOnlyFilesystem, _) => {
            what("the medium is read-only").hint("remount it for writing, or slide its write protection off")
        }
        (ErrorKind::PermissionDenied, _) => {
            what("permission denied").hint("see the owner and mode with `ls -l`, and who you are with `id`")
        }
        (ErrorKind::NotADirectory, _) => what("a part of the path is not a directory"),
        (ErrorKind::IsADirectory, _) => what("it is a directory"),
        (ErrorKind::FileTooLarge, _) => what("the file is too large for this file system"),
        (_, Some(Errno::LOOP)) => {
            what("it is a symbolic link, and links are not followed").hint("name the file itself, or copy it")
        }
        (ErrorKind::ResourceBusy, _) => what("it is in use, or a mount point"),
        (_, Some(Errno::NXIO | Errno::NODEV)) => what("it is a socket, a FIFO or a device that is gone"),
        (_, Some(Errno::NAMETOOLONG)) => what("the name is too long for this file system"),
        (_, Some(Errno::IO | Errno::STALE | Errno::SHUTDOWN | Errno::NOTCONN)) => {
            what("input/output error").saw(error.to_string()).hint(
                "the medium was pulled or is failing: plug it in again, or use another, and run the same command again",
            )
        }
        _ => what("the operating system refused").saw(error.to_string()),
    }
}
