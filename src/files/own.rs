//! A directory of our own state before anything is written to it: what it is, and what lies in it.
//!
//! Only looks and locks, but for the trial file that [`deliver::check_writable`] makes and takes away.

use super::deliver::{self, TEMPORARY};
use super::fault::fault;
use crate::error::{Error, Kind};
use crate::text;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A directory that is absent, or a real one in which files can be made. A link is refused: what is written
/// through it would lie elsewhere than where people look, copy and lock up.
///
/// # Errors
/// [`Kind::Medium`].
pub fn check_own(dir: &Path) -> Result<(), Error> {
    let about = match std::fs::symlink_metadata(dir) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fault("cannot look at", dir, &error)),
    };
    if about.is_dir() {
        return deliver::check_writable(dir);
    }
    let seen = match (about.is_symlink(), about.is_file()) {
        (true, _) => "a symbolic link",
        (_, true) => "a file",
        _ => "neither a file nor a directory",
    };
    Err(Error::new(Kind::Medium, format!("{} is not a directory of this authority", text::path(dir)))
        .saw(seen)
        .wanted("a directory, or nothing")
        .hint("move it away; the directory is made when it is needed"))
}

/// True where a directory is another one or lies in it, whatever links and mounts their names go through.
///
/// # Errors
/// [`Kind::Medium`]: one of them is not there.
pub fn lies_within(dir: &Path, outer: &Path) -> Result<bool, Error> {
    Ok(real(dir)?.starts_with(real(outer)?))
}

/// The file or directory itself, where links lead to it: of this machine's own, never of a medium.
///
/// # Errors
/// [`Kind::Medium`]: it is not there.
pub fn real(path: &Path) -> Result<PathBuf, Error> {
    std::fs::canonicalize(path).map_err(|error| fault("cannot look at", path, &error))
}

/// A directory that one process at a time may decide about; it is free again once this is dropped.
#[derive(Debug)]
pub struct Alone {
    _lock: std::fs::File,
}

/// Waits for nobody: a directory that another process decides about is refused.
///
/// # Errors
/// [`Kind::Medium`].
pub fn lock(dir: &Path) -> Result<Alone, Error> {
    let file = std::fs::File::open(dir).map_err(|error| fault("cannot open", dir, &error))?;
    match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Alone { _lock: file }),
        Err(_) => Err(Error::new(Kind::Medium, format!("{} is in use by another process", text::path(dir)))
            .hint("wait until it has ended")),
    }
}

/// The first name in a directory, escaped; `None` where it is absent or empty. What a program that was killed
/// left under a temporary name does not count.
///
/// # Errors
/// [`Kind::Medium`]: it cannot be listed.
pub fn first_name(dir: &Path) -> Result<Option<String>, Error> {
    let failed = |error| fault("cannot list", dir, &error);
    let listed = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        listed => listed.map_err(failed)?,
    };
    let mut first: Option<String> = None;
    for entry in listed {
        let name = text::escape(&entry.map_err(failed)?.file_name().to_string_lossy());
        if !name.starts_with(TEMPORARY) && first.as_ref().is_none_or(|first| name < *first) {
            first = Some(name);
        }
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_killed_program_left_may_lie_in_an_empty_directory() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(first_name(&dir.path().join("absent")).unwrap(), None);
        assert_eq!(first_name(dir.path()).unwrap(), None);
        std::fs::write(dir.path().join(".anchorite-x1"), b"").unwrap();
        assert_eq!(first_name(dir.path()).unwrap(), None);
        for name in ["b.pem", "a.pem"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        assert_eq!(first_name(dir.path()).unwrap().as_deref(), Some("a.pem"));
    }

    #[test]
    fn a_directory_of_ours_is_real() {
        let dir = tempfile::tempdir().unwrap();
        assert!(check_own(dir.path()).is_ok());
        assert!(check_own(&dir.path().join("absent")).is_ok());
        std::os::unix::fs::symlink(dir.path(), dir.path().join("link")).unwrap();
        assert_eq!(check_own(&dir.path().join("link")).unwrap_err().seen(), Some("a symbolic link"));
        std::fs::write(dir.path().join("file"), b"").unwrap();
        assert_eq!(check_own(&dir.path().join("file")).unwrap_err().seen(), Some("a file"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
