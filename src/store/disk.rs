//! How the log's files are opened, locked and replaced: each act is whole or did not happen.

use crate::error::{Error, Kind};
use crate::text;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// An error about a file or directory of the log.
pub(super) fn medium(what: &str, path: &Path, error: &std::io::Error) -> Error {
    let medium = Error::new(Kind::Medium, format!("{what} {}", text::path(path))).saw(error.to_string());
    match error.kind() {
        ErrorKind::NotFound => medium.hint("is the medium mounted, and is this the authority's directory?"),
        ErrorKind::ReadOnlyFilesystem => medium.hint("mount the medium so that it can be written"),
        ErrorKind::PermissionDenied => medium.hint("is the medium mounted for this user?"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            medium.hint("free space on the medium, or use a larger one")
        }
        _ if Errno::from_io_error(error) == Some(Errno::IO) => {
            medium.hint("the medium was pulled or is failing: plug it in again, or use another")
        }
        _ => medium,
    }
}

/// What tells that a file was written or replaced: where it is, how long, and when either last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    place: (u64, u64),
    length: u64,
    changed: (i64, i64),
}

/// The stamp of a file that is there.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let about = path.symlink_metadata().ok()?;
    Some(Stamp { place: (about.dev(), about.ino()), length: about.len(), changed: (about.ctime(), about.ctime_nsec()) })
}

/// Opens a file without following a link.
pub(super) fn open(path: &Path, flags: OFlags) -> Result<File, Error> {
    openat(CWD, path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::from_raw_mode(0o644))
        .map(File::from)
        .map_err(|errno| medium("cannot open", path, &errno.into()))
}

/// Reads a whole file of at most `limit` bytes; `None` where there is none.
pub(super) fn read_small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
    let file = match openat(CWD, path, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(medium("cannot open", path, &errno.into())),
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| medium("cannot read", path, &error))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        return Err(Error::new(Kind::Verify, format!("{} is too large", text::path(path)))
            .wanted(format!("{limit} bytes at most")));
    }
    Ok(Some(bytes))
}

/// Puts a complete file in place: temporary file beside the log, fsync, rename, fsync of the directory, read back.
///
/// # Errors
/// [`Kind::Medium`]: what was at `target` before is still there, or the new file is there whole.
pub(super) fn replace(temporary: &Path, target: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || -> std::io::Result<()> {
        // Never into the file that a power cut left under this name: after a rename from one directory to another,
        // a disk may have it under both, and what is in place would be written over.
        match std::fs::remove_file(temporary) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).open(temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        std::fs::rename(temporary, target)
    };
    write().map_err(|error| medium("cannot write", target, &error))?;
    if let Some(directory) = target.parent() {
        sync_directory(directory)?;
    }
    let back = std::fs::read(target).map_err(|error| medium("cannot read back", target, &error))?;
    if back == bytes {
        return Ok(());
    }
    Err(Error::new(Kind::Medium, format!("{} does not read back as it was written", text::path(target)))
        .hint("the medium is failing: use another"))
}

/// Makes names that were created or renamed in a directory durable.
pub(super) fn sync_directory(directory: &Path) -> Result<(), Error> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| medium("cannot sync", directory, &error))
}

/// The log's lock while it is held. It is given back by dropping it, and by the end of the process however it ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough where a child that is about to run another program has the file as well.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

/// Takes the log's lock.
///
/// # Errors
/// [`Kind::Medium`]: another process holds it (its id is named), or the medium cannot be written.
pub(super) fn lock(path: &Path) -> Result<Lock, Error> {
    let mut file = open(path, OFlags::RDWR | OFlags::CREATE)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            let known = file.take(32).read_to_string(&mut holder).is_ok() && !holder.trim().is_empty();
            let who = if known { format!("process {}", holder.trim()) } else { "another process".to_owned() };
            return Err(Error::new(Kind::Medium, "the log is locked")
                .saw(who)
                .hint("one anchorite at a time writes a log: end the other one, or wait for it")
                .truth("Nothing was changed."));
        }
        Err(errno) => return Err(medium("cannot lock", path, &errno.into())),
    }
    // Who holds it is for people: the lock does not depend on it.
    let note = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    note.map_err(|error| medium("cannot write", path, &error))?;
    Ok(Lock(file))
}
