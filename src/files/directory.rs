//! Directories of our own: made, moved, tidied, and exchanged for another, all of it or none.
//!
//! Nothing here needs more than vfat has, but for [`exchange_directory`], which tries first. Never here:
//! how one file is written and read back; that is [`super::deliver`]'s. Source: rename(2).

use super::deliver::{
    Item, Placed, TEMPORARY, fill, parent, read_back, rename_new, sync, sync_and_let_go, sync_directory,
};
use super::fault::fault;
use super::intake;
use super::staging::{Staged, sweep};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use rustix::fs::{AtFlags, CWD, RenameFlags, StatxAttributes, StatxFlags};
use std::fs::File;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The largest directory that is carried over when another is exchanged for it.
const MAX_CARRIED: usize = 256;
/// The largest file that is carried over, in bytes.
const MAX_CARRIED_FILE: u64 = 16 << 20;

/// A directory that was written, or was there with these very files, and was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub path: PathBuf,
    /// Each file: name, SHA-256, size in bytes.
    pub files: Vec<(String, Digest, u64)>,
    /// What became of it.
    pub placed: Placed,
}

/// Makes a directory of our own state where there is none.
///
/// # Errors
/// [`Kind::Medium`].
pub fn create_directory(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|error| fault("cannot make", path, &error))?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
        _ => Ok(()),
    }
}

/// Gives a directory of our own state another name beside it.
///
/// # Errors
/// [`Kind::Medium`]: it is not there, or the name is taken. Nothing was moved.
pub fn move_directory(from: &Path, to: &Path) -> Result<(), Error> {
    rename_new(from, to).map_err(|error| fault("cannot move a directory to", to, &error))?;
    [from, to].into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}

/// Takes away what a program that was killed left in a directory of ours under a temporary name.
///
/// # Errors
/// [`Kind::Medium`]; a directory that is not there is as good as a clean one.
pub fn remove_temporaries(dir: &Path) -> Result<(), Error> {
    let listed = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listed => listed.map_err(|error| fault("cannot list", dir, &error))?,
    };
    for entry in listed {
        let entry = entry.map_err(|error| fault("cannot list", dir, &error))?;
        if !entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            continue;
        }
        let path = entry.path();
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_directory { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(|error| fault("cannot remove", &path, &error))?;
    }
    Ok(())
}

/// Exchanges a directory for one with `files` and every other file that the old one holds.
///
/// Until the exchange the old directory is whole; after it, the new one. Files of other names (a key,
/// a request) are carried over byte by byte; the old directory is removed when the new one is in place.
///
/// # Errors
/// [`Kind::Medium`]: the file system cannot exchange, `target` holds what is no regular file, or as
/// [`write_new`]. `target` is as it was.
pub fn exchange_directory(target: &Path, files: &[Item<'_>]) -> Result<Written, Error> {
    plain_names(files.iter().map(|(name, ..)| *name))?;
    // The directory itself, not a link to it: exchanging a link would leave the files where they were.
    let target = &std::fs::canonicalize(target).map_err(|error| fault("cannot replace", target, &error))?;
    if std::env::current_dir().is_ok_and(|here| here == *target) {
        return Err(Error::new(Kind::Usage, "the directory to replace is the one this command runs in")
            .hint("go to another directory and name this one by its path")
            .truth("Nothing was written."));
    }
    let parent = parent(target);
    sweep(parent);
    refuse_mount_point(target)?;
    can_exchange(parent)?;
    let carried = carry(target, files)?;
    let mut all: Vec<Item<'_>> = files.to_vec();
    all.extend(carried.iter().map(|(name, bytes, mode)| (name.as_str(), bytes.as_slice(), *mode)));
    let staged = stage(parent, target, &all)?;
    let exchange = || rustix::fs::renameat_with(CWD, staged.path(), CWD, target, RenameFlags::EXCHANGE);
    if let Err(errno) = exchange() {
        return Err(staged.abandon(fault("cannot replace", target, &errno.into())));
    }
    if let Err(error) = sync_directory(parent).and_then(|()| verify_directory(target, &all)) {
        // The old directory is whole: it is put back.
        return Err(match exchange() {
            Ok(()) => staged.abandon(error),
            Err(_) => keep_old(staged, target, error),
        });
    }
    let old = staged.path().to_owned();
    staged.remove().map_err(|error| {
        fault("the new directory is in place, but the old one cannot be removed from", &old, &error)
            .truth(format!("{} is the new one, whole and read back.", text::path(target)))
    })?;
    Ok(Written { path: target.to_owned(), files: account(files), placed: Placed::New })
}

/// Gives the old directory, which could not be put back, a name that nothing sweeps away.
fn keep_old(staged: Staged, target: &Path, error: Error) -> Error {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let kept = target.with_file_name(format!("{name}.before"));
    let moved = rename_new(staged.path(), &kept).is_ok();
    let place = if moved { kept } else { staged.path().to_owned() };
    staged.keep();
    error.truth(format!(
        "{} may not be whole. The old directory is kept as {}.",
        text::path(target),
        text::path(&place)
    ))
}

/// Refuses what a rename cannot replace, before anything is written.
fn refuse_mount_point(target: &Path) -> Result<(), Error> {
    let about = rustix::fs::statx(CWD, target, AtFlags::empty(), StatxFlags::empty())
        .map_err(|errno| fault("cannot look at", target, &errno.into()))?;
    // An older kernel does not say; there the exchange itself is refused, and nothing is lost.
    if !about.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
        return Ok(());
    }
    Err(Error::new(Kind::Medium, format!("{} is a mount point, which cannot be exchanged whole", text::path(target)))
        .wanted("a directory inside a file system, or a new one")
        .hint(format!(
            "open into a directory in it: --into {}/NAME, with the key and request there",
            text::path(target)
        ))
        .truth("Nothing was written."))
}

/// Writes all files into a temporary directory in `parent`, synced and read back; errors name what they will be.
fn stage(parent: &Path, target: &Path, files: &[Item<'_>]) -> Result<Staged, Error> {
    let staged = write_staged(parent, target, files)?;
    match settle_staged(&staged, target, files) {
        Ok(()) => Ok(staged),
        Err(error) => Err(staged.abandon(error)),
    }
}

/// Writes all files into a temporary directory in `parent`; nothing of it is on the medium yet.
pub(super) fn write_staged(parent: &Path, target: &Path, files: &[Item<'_>]) -> Result<Staged, Error> {
    let private = files.iter().any(|(_, _, mode)| mode & 0o077 == 0);
    let mode = if private { 0o700 } else { 0o755 };
    let staged = Staged::make(parent, mode)?;
    let filled = files.iter().try_for_each(|(name, bytes, mode)| {
        let path = staged.path().join(name);
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(*mode)
            .open(&path)
            .map_err(|error| fault("cannot write", &target.join(name), &error))?;
        fill(&mut file, &target.join(name), bytes, *mode)
    });
    match filled {
        Ok(()) => Ok(staged),
        Err(error) => Err(staged.abandon(error)),
    }
}

/// What was written is on the medium, and is what is read from it; errors name what it will be.
pub(super) fn settle_staged(staged: &Staged, target: &Path, files: &[Item<'_>]) -> Result<(), Error> {
    for (name, ..) in files {
        let file = File::open(staged.path().join(name));
        file.map_err(|error| fault("cannot write", &target.join(name), &error))
            .and_then(|file| sync_and_let_go(&file, &target.join(name)))?;
    }
    sync_directory(staged.path())?;
    verify_directory(staged.path(), files)
}

/// Files that are there are on the medium, and so is the list of them.
pub(super) fn sync_all(path: &Path, files: &[Item<'_>]) -> Result<(), Error> {
    files.iter().try_for_each(|(name, ..)| sync(&path.join(name)))?;
    sync_directory(path)
}

/// The directory on disk holds these files and nothing else (hidden files of a desktop aside).
pub(super) fn verify_directory(path: &Path, files: &[Item<'_>]) -> Result<(), Error> {
    let found = intake::list(path, files.len().saturating_add(64))?;
    let visible = files.iter().filter(|(name, ..)| !name.starts_with('.')).count();
    if found.len() != visible {
        return Err(Error::new(Kind::Medium, format!("{} does not hold what was written", text::path(path)))
            .saw(format!("{} files", found.len()))
            .wanted(format!("{visible} files")));
    }
    files.iter().try_for_each(|(name, bytes, _)| read_back(&path.join(name), bytes))
}

pub(super) fn account(files: &[Item<'_>]) -> Vec<(String, Digest, u64)> {
    let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    files.iter().map(|(name, bytes, _)| ((*name).to_owned(), Digest::of(bytes), size(bytes))).collect()
}

/// Names of one component, distinct even where a file system ignores case.
pub(super) fn plain_names<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        let plain = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0']);
        if !plain || !seen.insert(name.to_lowercase()) {
            return Err(Error::new(Kind::Bug, "a file name that is not plain, or is there twice").saw(name));
        }
    }
    Ok(())
}

/// Two empty directories change places: where that fails, nothing real has been touched.
fn can_exchange(parent: &Path) -> Result<(), Error> {
    let failed = |error: io::Error| fault("cannot write to", parent, &error);
    let trial = Staged::make(parent, 0o700)?;
    let (one, other) = (trial.path().join("1"), trial.path().join("2"));
    std::fs::create_dir(&one).and_then(|()| std::fs::create_dir(&other)).map_err(failed)?;
    rustix::fs::renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).map_err(|errno| {
        Error::new(Kind::Medium, format!("the file system of {} cannot exchange two directories", text::path(parent)))
            .saw(errno.to_string())
            .hint("open into a directory on ext4, xfs, btrfs or tmpfs, or into a new directory")
            .truth("Nothing was written.")
    })
}

/// A file that is carried over: its name, its bytes, its mode.
type Carried = (String, Zeroizing<Vec<u8>>, u32);

/// The files of the old directory that the new one does not bring: names, bytes, modes.
fn carry(target: &Path, files: &[Item<'_>]) -> Result<Vec<Carried>, Error> {
    let odd = |shown: &str, seen: &str| {
        Error::new(Kind::Medium, format!("{} holds what cannot be carried over: {shown}", text::path(target)))
            .saw(seen)
            .wanted("regular files only")
            .hint("move it away first")
            .truth("Nothing was written.")
    };
    let mut carried = Vec::new();
    for (count, entry) in std::fs::read_dir(target).map_err(|error| fault("cannot list", target, &error))?.enumerate() {
        let entry = entry.map_err(|error| fault("cannot list", target, &error))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err(odd(&name.to_string_lossy(), "a name that is not UTF-8"));
        };
        if count >= MAX_CARRIED {
            return Err(odd(name, "too many files"));
        }
        let about = entry.metadata().map_err(|error| fault("cannot read", &entry.path(), &error))?;
        if !about.is_file() {
            return Err(odd(name, "a directory, a link or a device"));
        }
        if !files.iter().any(|(new, ..)| new.eq_ignore_ascii_case(name)) {
            let bytes = Zeroizing::new(intake::read(&entry.path(), MAX_CARRIED_FILE)?);
            carried.push((name.to_owned(), bytes, about.permissions().mode() & 0o777));
        }
    }
    Ok(carried)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::deliver::write_new;
    use super::*;

    pub(in crate::files) fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn an_exchanged_directory_has_the_new_files_and_keeps_the_key() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("cluster1");
        std::fs::create_dir(&target).unwrap();
        write_new(&target.join("ca-key.pem"), b"key", 0o600).unwrap();
        write_new(&target.join("ca-cert.pem"), b"old", 0o644).unwrap();
        let written = exchange_directory(&target, &[("ca-cert.pem", b"new", 0o644), ("r.json", b"{}", 0o644)]).unwrap();
        assert_eq!(written.files.len(), 2);
        assert_eq!(names(&target), ["ca-cert.pem", "ca-key.pem", "r.json"]);
        assert_eq!(std::fs::read(target.join("ca-cert.pem")).unwrap(), b"new");
        assert_eq!(std::fs::read(target.join("ca-key.pem")).unwrap(), b"key");
        assert_eq!(std::fs::metadata(target.join("ca-key.pem")).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(dir.path()), ["cluster1"]);
    }

    #[test]
    fn a_directory_with_what_cannot_be_carried_over_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("t");
        std::fs::create_dir_all(target.join("sub")).unwrap();
        let error = exchange_directory(&target, &[("f", b"new", 0o644)]).unwrap_err();
        assert_eq!(error.truths(), ["Nothing was written."]);
        assert_eq!(names(&target), ["sub"]);
        assert_eq!(names(dir.path()), ["t"]);
    }
}
