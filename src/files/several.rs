//! New directories out: each of them whole or absent, and many with the patience that a medium asks for one.
//!
//! All files of all of them are written before the first is synced, so that the medium works through them in one go;
//! then each is synced, read back and renamed into place, and the names are synced together. Nothing here needs more
//! than vfat has. Source: rename(2), fsync(2).

use super::deliver::{Item, Placed, different, occupied, rename_new, sync_directory};
use super::directory::{Written, account, plain_names, settle_staged, sync_all, verify_directory, write_staged};
use super::fault::fault;
use super::staging::{Staged, sweep};
use crate::error::{Error, Kind};
use crate::text;
use std::io;
use std::path::{Path, PathBuf};

/// A directory to write: its name, which has one component, and its files.
pub type Directory<'a> = (&'a str, &'a [Item<'a>]);

/// Writes a directory that is not there yet, all of it or none; the same files already there are as good.
///
/// # Errors
/// [`Kind::Medium`] as [`write_new`](super::deliver::write_new), or a directory of that name with other files.
/// `parent` is as it was. [`Kind::Bug`]: names that are no plain names, or equal but for case.
pub fn write_directory(parent: &Path, name: &str, files: &[Item<'_>]) -> Result<Written, Error> {
    let mut written = write_directories(parent, &[(name, files)])?;
    written.pop().ok_or_else(|| Error::new(Kind::Bug, "a directory that was written is not accounted for"))
}

/// As [`write_directory`] for many of them, all or none: where one cannot be written, none of the new ones is there.
///
/// # Errors
/// As [`write_directory`].
pub fn write_directories(parent: &Path, directories: &[Directory<'_>]) -> Result<Vec<Written>, Error> {
    plain_names(directories.iter().map(|(name, _)| *name))?;
    directories.iter().try_for_each(|(_, files)| plain_names(files.iter().map(|(name, ..)| *name)))?;
    sweep(parent);
    let (mut new, mut written) = (Vec::new(), Vec::with_capacity(directories.len()));
    let mut all = || {
        for (name, files) in directories {
            let path = parent.join(name);
            let placed = if occupied(&path)? {
                verify_directory(&path, files).map_err(|_| different(&path))?;
                // An earlier try may have put it there and failed before it was on the medium.
                sync_all(&path, files)?;
                Placed::Unchanged
            } else {
                new.push(New { staged: write_staged(parent, &path, files)?, path: path.clone(), files, placed: false });
                Placed::New
            };
            written.push(Written { path, files: account(files), placed });
        }
        // An earlier try may have renamed and not synced.
        place(parent, &mut new)
    };
    if let Err(error) = all() {
        return Err(new.into_iter().rev().fold(error, New::undo));
    }
    new.into_iter().for_each(|new| new.staged.keep());
    Ok(written)
}

/// As [`write_directories`], for names that nobody else uses, where an earlier try may have left a part of one: a
/// medium that was pulled can hold the name of a directory and not its files.
///
/// # Errors
/// As [`write_directory`]; a directory of that name with files of other names stays as it is.
pub fn write_directories_again(parent: &Path, directories: &[Directory<'_>]) -> Result<Vec<Written>, Error> {
    plain_names(directories.iter().map(|(name, _)| *name))?;
    for (name, files) in directories {
        let path = parent.join(name);
        if occupied(&path)? && verify_directory(&path, files).is_err() {
            remove_unfinished(parent, &path, files)?;
        }
    }
    write_directories(parent, directories)
}

/// Removes a directory that holds no file of another name.
fn remove_unfinished(parent: &Path, path: &Path, files: &[Item<'_>]) -> Result<(), Error> {
    let failed = |error: io::Error| fault("cannot remove what is unfinished from", path, &error);
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let there = entry.map_err(failed)?.file_name();
        if !files.iter().any(|(name, ..)| there.as_encoded_bytes() == name.as_bytes()) {
            return Err(different(path));
        }
    }
    std::fs::remove_dir_all(path).map_err(failed)?;
    sync_directory(parent)
}

/// A directory on its way.
struct New<'a> {
    staged: Staged,
    path: PathBuf,
    files: &'a [Item<'a>],
    /// It has its name.
    placed: bool,
}

fn place(parent: &Path, new: &mut [New<'_>]) -> Result<(), Error> {
    new.iter().try_for_each(|new| settle_staged(&new.staged, &new.path, new.files))?;
    for new in new.iter_mut() {
        match rename_new(new.staged.path(), &new.path) {
            Ok(()) => new.placed = true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(different(&new.path)),
            Err(error) => return Err(fault("cannot write", &new.path, &error)),
        }
    }
    sync_directory(parent)?;
    new.iter().try_for_each(|new| verify_directory(&new.path, new.files))
}

impl New<'_> {
    /// Back under its temporary name, and away with it: an error means that nothing is there.
    fn undo(error: Error, new: Self) -> Error {
        if !new.placed || rename_new(&new.path, new.staged.path()).is_ok() {
            return new.staged.abandon(error);
        }
        new.staged.keep();
        error.truth(format!("{} is there, and may not be whole: remove it.", text::path(&new.path)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory::tests::names;
    use super::*;
    use crate::digest::Digest;

    #[test]
    fn a_directory_is_written_whole_and_the_same_again_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        let files: [Item<'_>; 2] = [("a", b"1", 0o644), ("b", b"22", 0o600)];
        let written = write_directory(dir.path(), "d", &files).unwrap();
        assert_eq!(written.files, [("a".into(), Digest::of(b"1"), 1), ("b".into(), Digest::of(b"22"), 2)]);
        assert_eq!(written.placed, Placed::New);
        assert_eq!(write_directory(dir.path(), "d", &files).unwrap().placed, Placed::Unchanged);
        let other: [Item<'_>; 2] = [("a", b"1", 0o644), ("b", b"23", 0o600)];
        assert!(write_directory(dir.path(), "d", &other).unwrap_err().what().contains("already there"));
        std::fs::write(dir.path().join("d/extra"), b"").unwrap();
        assert!(write_directory(dir.path(), "d", &files).is_err());
        assert_eq!(names(dir.path()), ["d"]);
    }

    #[test]
    fn a_directory_that_was_left_unfinished_is_written_again_and_another_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let files: [Item<'_>; 2] = [("a", b"1", 0o644), ("b", b"22", 0o644)];
        for left in [&[][..], &[("a", "")], &[("a", "1"), ("b", "2")], &[("a", "1"), ("b", "22")]] {
            let path = dir.path().join("d");
            std::fs::create_dir_all(&path).unwrap();
            for (name, bytes) in left {
                std::fs::write(path.join(name), bytes).unwrap();
            }
            write_directories_again(dir.path(), &[("d", &files)]).unwrap();
            assert_eq!(names(&path), ["a", "b"]);
            assert_eq!(std::fs::read(path.join("b")).unwrap(), b"22");
        }
        std::fs::write(dir.path().join("d/theirs"), b"").unwrap();
        assert!(write_directories_again(dir.path(), &[("d", &files)]).unwrap_err().what().contains("already there"));
        assert_eq!(names(&dir.path().join("d")), ["a", "b", "theirs"]);
    }

    #[test]
    fn names_that_leave_the_directory_or_collide_on_fat_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["..", ".", "", "a/b", "/etc/x"] {
            assert!(write_directory(dir.path(), bad, &[]).is_err());
            assert!(write_directory(dir.path(), "d", &[(bad, b"", 0o644)]).is_err());
        }
        assert!(write_directory(dir.path(), "d", &[("a", b"", 0o644), ("A", b"", 0o644)]).is_err());
        assert_eq!(names(dir.path()), [""; 0]);
    }

    #[test]
    fn of_many_directories_all_are_written_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two): ([Item<'_>; 1], [Item<'_>; 1]) = ([("a", b"1", 0o644)], [("a", b"2", 0o644)]);
        let all: [Directory<'_>; 2] = [("d", &one), ("e", &two)];
        std::fs::create_dir(dir.path().join("e")).unwrap();
        std::fs::write(dir.path().join("e/theirs"), b"").unwrap();
        assert!(write_directories(dir.path(), &all).unwrap_err().what().contains("already there"));
        assert_eq!(names(dir.path()), ["e"]);
        std::fs::remove_dir_all(dir.path().join("e")).unwrap();
        let written = write_directories(dir.path(), &all).unwrap();
        assert_eq!(written.iter().map(|w| w.placed).collect::<Vec<_>>(), [Placed::New; 2]);
        assert_eq!(std::fs::read(dir.path().join("e/a")).unwrap(), b"2");
        assert_eq!(names(dir.path()), ["d", "e"]);
    }
}
