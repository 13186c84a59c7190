//! The temporary directories in which directories are made ready, and what becomes of one that is left behind.
//!
//! One is locked for as long as the program that made it lives, so that the next run can tell what a killed one left,
//! with keys in it perhaps, from what another is at. Never here: what is in them. Source: flock(2).

use super::deliver::TEMPORARY;
use super::fault::fault;
use crate::error::Error;
use crate::text;
use rustix::fs::{CWD, FlockOperation, Mode, OFlags, flock, openat};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use tempfile::TempDir;

const REMOVED: &str = "Nothing was put in place; the unfinished copy was removed.";

/// A temporary directory of this process; removed with all that is in it when it is dropped.
pub(super) struct Staged {
    dir: TempDir,
    /// `None` where the file system has no locks.
    _lock: Option<File>,
}

impl Staged {
    /// Makes one in `parent`, with these permission bits.
    ///
    /// # Errors
    /// [`Kind::Medium`](crate::error::Kind::Medium).
    pub fn make(parent: &Path, mode: u32) -> Result<Self, Error> {
        let dir = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions(Permissions::from_mode(mode))
            .tempdir_in(parent)
            .map_err(|error| fault("cannot write to", parent, &error))?;
        let lock = lock(dir.path()).ok();
        Ok(Self { dir, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Lets go of the name: the directory has another now, and is no longer temporary.
    pub fn keep(self) {
        drop(self.dir.keep());
    }

    /// Removes it.
    ///
    /// # Errors
    /// The operating system's: some of it may be left.
    pub fn remove(self) -> io::Result<()> {
        self.dir.close()
    }

    /// Removes it after a failure, and has the error say whether that worked.
    pub fn abandon(self, error: Error) -> Error {
        let path = self.path().to_owned();
        match self.remove() {
            // Said once, of however many.
            Ok(()) => error.untrue(REMOVED).truth(REMOVED),
            Err(_) => error.truth(format!(
                "Nothing was put in place; {} is unfinished: the next run removes it, or you do.",
                text::path(&path)
            )),
        }
    }
}

/// Removes the temporary directories of ours in `parent` whose program is gone, as far as that is possible.
///
/// Nothing depends on it: what cannot be removed now is met by the next run again, and a medium that fails is found by
/// what is written to it.
pub(super) fn sweep(parent: &Path) {
    let Ok(listed) = std::fs::read_dir(parent) else { return };
    let me = rustix::process::geteuid().as_raw();
    for entry in listed.flatten() {
        let ours = entry.file_name().as_encoded_bytes().starts_with(TEMPORARY.as_bytes())
            && entry.metadata().is_ok_and(|about| about.is_dir() && about.uid() == me);
        // Held until it is removed: what another process is just making keeps its name.
        if ours && let Ok(_lock) = lock(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The lock of a temporary directory, unless another process has it.
fn lock(dir: &Path) -> rustix::io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, dir, flags, Mode::empty())?);
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::directory::tests::names;
    use super::*;

    #[test]
    fn what_a_dead_program_left_is_swept_and_what_another_works_in_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (left, theirs) = (dir.path().join(".anchorite-left"), dir.path().join("theirs"));
        std::fs::create_dir_all(left.join("deep")).unwrap();
        std::fs::write(left.join("ca-key.pem"), b"key").unwrap();
        std::fs::create_dir(&theirs).unwrap();
        std::fs::write(dir.path().join(".anchorite-file"), b"").unwrap();
        std::os::unix::fs::symlink(&theirs, dir.path().join(".anchorite-link")).unwrap();
        let at_work = Staged::make(dir.path(), 0o700).unwrap();
        let name = at_work.path().file_name().unwrap().to_str().unwrap().to_owned();
        sweep(dir.path());
        let mut wanted = vec![".anchorite-file".to_owned(), ".anchorite-link".to_owned(), name, "theirs".to_owned()];
        wanted.sort();
        assert_eq!(names(dir.path()), wanted);
        at_work.remove().unwrap();
    }
}
