//! Out: written whole or not at all, and read back before anyone is told that it is there.
//!
//! Every write goes to a temporary name beside its target, is fsynced, dropped from the cache where the
//! system allows, read back and compared, and renamed into place; then the directory is fsynced. A
//! different file is never overwritten, except our own state by [`replace`]. On a full, read-only or
//! vanished medium the target is as it was and the temporary name is removed. Source: rename(2), fsync(2).

pub use super::directory::{Written, create_directory, exchange_directory, move_directory, remove_temporaries};
use super::fault::fault;
use super::intake;
pub use super::long::{replace_made, write_new_made};
pub use super::several::{Directory, write_directories, write_directories_again, write_directory};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use rustix::fs::{Advice, CWD, RenameFlags};
use rustix::io::Errno;
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// A file to write: its name without directories, its bytes, its mode (permission bits).
pub type Item<'a> = (&'a str, &'a [u8], u32);

/// Begins every temporary name, so that what a power cut leaves behind can be told.
pub(super) const TEMPORARY: &str = ".anchorite-";
/// Says whether the file at a path is what was written.
pub(super) type Same<'a> = dyn Fn(&Path) -> Result<(), Error> + 'a;

/// What became of a single file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It was not there and is now.
    New,
    /// It was there with these very bytes.
    Unchanged,
}

/// Finds out whether files can be made in a directory, by making one and taking it away.
///
/// # Errors
/// [`Kind::Medium`]: absent, read-only, full.
pub fn check_writable(dir: &Path) -> Result<(), Error> {
    let made = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(dir);
    made.map(drop).map_err(|error| fault("cannot write to", dir, &error))
}

/// Finds out whether a medium has room for `bytes` more in so many `files`, each of which takes whole blocks.
///
/// # Errors
/// [`Kind::Medium`]: it has not, or cannot be asked.
pub fn check_room(dir: &Path, bytes: u64, files: u64) -> Result<(), Error> {
    let about = rustix::fs::statvfs(dir).map_err(|error| fault("cannot look at", dir, &io::Error::from(error)))?;
    let room = about.f_bavail.saturating_mul(about.f_frsize);
    let needed = bytes.saturating_add(files.saturating_mul(about.f_frsize));
    if room < needed {
        return Err(Error::new(Kind::Medium, format!("{} is nearly full", text::path(dir)))
            .saw(format!("{room} bytes free"))
            .wanted(format!("{needed} bytes free"))
            .hint("make room on it, or use another medium"));
    }
    Ok(())
}

/// Writes a file that is not there yet; the same bytes already there are as good.
///
/// # Errors
/// [`Kind::Medium`]: another file of that name, a full, read-only, failing or vanished medium, a
/// read-back that differs, a private file where the file system cannot keep one. The name is as it was.
pub fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<Placed, Error> {
    let same = |path: &Path| read_back(path, bytes);
    if occupied(path)? {
        return same_file(path, &same);
    }
    put_new(temporary_file(path, bytes, mode)?, path, &same)
}

/// Puts a temporary file in place under a name that is free; `same` says whether a file is what was written.
pub(super) fn put_new(file: NamedTempFile, path: &Path, same: &Same<'_>) -> Result<Placed, Error> {
    let file = file.into_temp_path();
    match rename_new(&file, path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return same_file(path, same),
        Err(error) => return Err(fault("cannot write", path, &error)),
    }
    if let Err(error) = settle(path, same) {
        // Back under its temporary name, and away with it: an error means that nothing is there.
        return match rename_new(path, &file) {
            Ok(()) => Err(error),
            Err(_) => Err(error.truth(format!("{} is there, and may not be whole: remove it.", text::path(path)))),
        };
    }
    let _ = file.keep();
    Ok(Placed::New)
}

/// Renames onto a name that is free. Where the file system has no RENAME_NOREPLACE (exFAT and others in user space),
/// looks first.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match std::fs::symlink_metadata(to) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => std::fs::rename(from, to),
        },
        other => other.map_err(io::Error::from),
    }
}

/// Replaces a file of our own state in one step, or writes it where there is none.
///
/// # Errors
/// [`Kind::Medium`] as [`write_new`]; the old file is whole, or the new one is.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    put_over(temporary_file(path, bytes, mode)?, path, &|path| read_back(path, bytes))
}

/// Puts a temporary file in place of whatever has the name.
pub(super) fn put_over(file: NamedTempFile, path: &Path, same: &Same<'_>) -> Result<(), Error> {
    file.persist(path).map_err(|refused| fault("cannot replace", path, &refused.error))?;
    settle(path, same)
}

/// As [`replace`], where the file is not these very bytes already.
///
/// # Errors
/// As [`replace`].
pub fn replace_if_other(path: &Path, bytes: &[u8], mode: u32) -> Result<Placed, Error> {
    if occupied(path)? && read_back(path, bytes).is_ok() {
        return Ok(Placed::Unchanged);
    }
    replace(path, bytes, mode).map(|()| Placed::New)
}

/// Takes away a file of our own state; one that is not there is as good.
///
/// # Errors
/// [`Kind::Medium`].
pub fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => {
            removed.map_err(|error| fault("cannot remove", path, &error)).and_then(|()| sync_directory(parent(path)))
        }
    }
}

/// The mode of a file with people's names: 0600 where the file system keeps modes, and where it keeps none, as on
/// FAT sticks, what it gives.
///
/// # Errors
/// [`Kind::Medium`] as [`check_writable`].
pub fn personal_mode(dir: &Path) -> Result<u32, Error> {
    let failed = |error: io::Error| fault("cannot write to", dir, &error);
    let trial = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(dir).map_err(failed)?;
    let mode = trial.as_file().metadata().map_err(failed)?.permissions().mode();
    Ok(if mode & 0o077 == 0 { 0o600 } else { 0o644 })
}

/// True when a name is taken, by whatever it may be.
pub(super) fn occupied(path: &Path) -> Result<bool, Error> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault("cannot write", path, &error)),
    }
}

/// A file of that name is there: the same, or a refusal.
pub(super) fn same_file(path: &Path, same: &Same<'_>) -> Result<Placed, Error> {
    same(path).map(|()| Placed::Unchanged).map_err(|_| different(path))
}

pub(super) fn different(path: &Path) -> Error {
    Error::new(Kind::Medium, format!("{} is already there, and is not the same", text::path(path)))
        .hint("nothing is ever overwritten: move it away, or write to another directory")
        .truth(format!("{} is as it was.", text::path(path)))
}

pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Writes the bytes under a temporary name beside `path`, on the medium and compared; removed when dropped.
fn temporary_file(path: &Path, bytes: &[u8], mode: u32) -> Result<NamedTempFile, Error> {
    let mut file = empty_file(path, mode)?;
    fill(file.as_file_mut(), path, bytes, mode)?;
    sync_and_let_go(file.as_file(), path)?;
    read_back(file.path(), bytes)?;
    Ok(file)
}

/// An empty file under a temporary name beside `path`; removed when dropped.
pub(super) fn empty_file(path: &Path, mode: u32) -> Result<NamedTempFile, Error> {
    tempfile::Builder::new()
        .prefix(TEMPORARY)
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(parent(path))
        .map_err(|error| fault("cannot write", path, &error))
}

/// Writes and sets the mode.
pub(super) fn fill(file: &mut File, shown: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    file.write_all(bytes).map_err(|error| fault("cannot write", shown, &error))?;
    set_mode(file, shown, mode)
}

/// Sets the mode, and refuses a private file where the file system keeps none.
pub(super) fn set_mode(file: &File, shown: &Path, mode: u32) -> Result<(), Error> {
    let failed = |error: io::Error| fault("cannot write", shown, &error);
    // vfat and exfat have no modes and say EPERM; what that means for a private file is looked at below.
    let _ = rustix::fs::fchmod(file, rustix::fs::Mode::from_raw_mode(mode));
    let now = rustix::fs::fstat(file).map_err(|errno| failed(errno.into()))?.st_mode & 0o777;
    if mode & 0o077 == 0 && now & 0o077 != 0 {
        return Err(Error::new(
            Kind::Medium,
            format!("the file system of {} cannot keep a file private", text::path(shown)),
        )
        .saw(format!("mode {now:04o}"))
        .wanted(format!("mode {mode:04o}"))
        .hint("keys are written to a file system with permissions, not to a FAT stick"));
    }
    Ok(())
}

/// Syncs, and lets the cache go so that the read-back asks the medium.
pub(super) fn sync_and_let_go(file: &File, shown: &Path) -> Result<(), Error> {
    file.sync_all().map_err(|error| fault("cannot write", shown, &error))?;
    // Advice: a file system that ignores it gives a weaker read-back, not a wrong one.
    let _ = rustix::fs::fadvise(file, 0, None, Advice::DontNeed);
    Ok(())
}

/// The file on disk is these bytes.
pub(super) fn read_back(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let there = Zeroizing::new(intake::read(path, size)?);
    if there.as_slice() == bytes {
        return Ok(());
    }
    Err(not_as_written(path, &Digest::of(&there), &Digest::of(bytes)))
}

pub(super) fn not_as_written(path: &Path, there: &Digest, written: &Digest) -> Error {
    Error::new(Kind::Medium, format!("what was read back from {} is not what was written", text::path(path)))
        .saw(format!("sha256 {}", there.short()))
        .wanted(format!("sha256 {}", written.short()))
        .hint("the medium is failing: use another")
}

/// After a rename: the name is on the medium, and what it names is what was written.
fn settle(path: &Path, same: &Same<'_>) -> Result<(), Error> {
    sync_directory(parent(path))?;
    same(path)
}

/// What is in a file is on the medium.
pub(super) fn sync(path: &Path) -> Result<(), Error> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| fault("cannot sync", path, &error))
}

pub(super) fn sync_directory(dir: &Path) -> Result<(), Error> {
    let handle = File::open(dir).map_err(|error| fault("cannot sync", dir, &error))?;
    match handle.sync_all() {
        // Some FUSE file systems cannot sync a directory; the files themselves are synced.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::INVAL) => Ok(()),
        other => other.map_err(|error| fault("cannot sync", dir, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory::tests::names;
    use super::*;
    use std::os::unix::fs::symlink;
    use std::process::Command;
    use tempfile::TempDir;

    /// A mounted file system that is unmounted when the test ends, however it ends.
    struct Mount(TempDir);
    impl Mount {
        /// None where this user or container may not mount; the test then has nothing to look at.
        fn tmpfs(options: &str) -> Option<Self> {
            let dir = tempfile::tempdir().unwrap();
            let mounted =
                Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(dir.path()).status().ok()?;
            mounted.success().then_some(Self(dir))
        }
        fn remount(&self, options: &str) {
            let done = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(self.0.path()).status();
            assert!(done.unwrap().success());
        }
    }
    impl Drop for Mount {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
        }
    }

    #[test]
    fn a_file_is_written_once_the_same_again_is_fine_and_another_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert_eq!(write_new(&path, b"one", 0o600), Ok(Placed::New));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_new(&path, b"one", 0o600), Ok(Placed::Unchanged));
        for other in [&b"two"[..], b"on", b"one1"] {
            assert_eq!(write_new(&path, other, 0o600).unwrap_err().kind(), Kind::Medium);
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(names(dir.path()), ["f"]);
        replace(&path, b"two", 0o644).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_link_in_the_way_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let victim = dir.path().join("victim");
        std::fs::write(&victim, b"old").unwrap();
        for (link, target) in [("l", "victim"), ("dangling", "nowhere")] {
            let link = dir.path().join(link);
            symlink(target, &link).unwrap();
            assert!(write_new(&link, b"new", 0o644).is_err());
            replace(&link, b"new", 0o644).unwrap();
            assert!(std::fs::symlink_metadata(&link).unwrap().is_file());
        }
        assert_eq!(std::fs::read(&victim).unwrap(), b"old");
        assert!(!dir.path().join("nowhere").exists());
    }

    #[test]
    fn on_a_full_medium_nothing_is_put_in_place_and_the_old_state_is_whole() {
        let Some(mount) = Mount::tmpfs("size=64k") else { return };
        let root = mount.0.path();
        write_new(&root.join("old"), b"old", 0o644).unwrap();
        let large = vec![7; 100_000];
        for error in [
            write_new(&root.join("f"), &large, 0o644).unwrap_err(),
            replace(&root.join("old"), &large, 0o644).unwrap_err(),
            write_directory(root, "d", &[("a", b"1", 0o644), ("b", &large, 0o644)]).unwrap_err(),
        ] {
            assert!(error.what().contains("the medium is full"), "{error}");
        }
        assert_eq!(names(root), ["old"]);
        assert_eq!(std::fs::read(root.join("old")).unwrap(), b"old");
    }

    #[test]
    fn a_read_only_medium_is_named_as_such() {
        let Some(mount) = Mount::tmpfs("size=64k") else { return };
        let root = mount.0.path();
        std::fs::create_dir(root.join("t")).unwrap();
        mount.remount("ro");
        for error in [
            write_new(&root.join("f"), b"x", 0o644).unwrap_err(),
            write_directory(root, "d", &[("a", b"1", 0o644)]).unwrap_err(),
            exchange_directory(&root.join("t"), &[("a", b"1", 0o644)]).unwrap_err(),
        ] {
            assert!(error.what().contains("read-only"), "{error}");
        }
        mount.remount("rw");
    }

    #[test]
    fn a_vanished_directory_is_named_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        assert!(write_new(&gone.join("f"), b"x", 0o644).unwrap_err().what().contains("no such file or directory"));
        assert!(write_directory(&gone, "d", &[]).unwrap_err().what().contains("no such file or directory"));
    }
}
