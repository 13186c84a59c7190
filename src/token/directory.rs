//! The files of a token without hardware: a copy before each login, fsync after key generation.
//!
//! SoftHSM's `C_Login` truncates and rewrites `token.object`; a kill in between loses the token (measured with
//! 2.6.1). A database is copied with its journal, as SQLite left the two. Never reads what the files mean, never writes
//! into the token's directory.

use crate::error::{Error, Kind};
use crate::text;
use crate::token::place::Place;
use fs_err as fs;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Copies kept of each token.
const KEPT: usize = 3;

/// Copies the token's files to `<kept_in>/<serial>-<n>`: written beside it, fsynced, then renamed, so that a
/// copy is complete or absent. None is destroyed: that waits until the token has shown that it works ([`prune`]).
///
/// # Errors
/// [`Kind::Medium`]; the token was not touched.
pub(super) fn snapshot(place: &Place, serial: &str, kept_in: &Path) -> Result<PathBuf, Error> {
    let work = || -> std::io::Result<PathBuf> {
        create_private(kept_in)?;
        let before = snapshots(kept_in, serial);
        let number = before.last().map_or(1, |(number, _)| number + 1);
        let partial = kept_in.join(format!(".{}-partial", file_name(serial)));
        if partial.exists() {
            fs::remove_dir_all(&partial)?;
        }
        create_private(&partial)?;
        for from in place.part_of(serial) {
            let name = from.file_name().unwrap_or_default();
            copy_tree(&from, &partial.join(name), before.last().map(|(_, last)| last.join(name)).as_deref())?;
        }
        fsync(&partial)?;
        let to = kept_in.join(format!("{}-{number:06}", file_name(serial)));
        fs::rename(&partial, &to)?;
        fsync(kept_in)?;
        Ok(to)
    };
    work().map_err(|error| {
        Error::new(Kind::Medium, "cannot copy the token's files before the login")
            .saw(error.to_string())
            .hint("free space or mend permissions there; logging in to such a token can lose it")
            .truth("The PIN was not tried; the token was not touched.")
    })
}

/// Destroys all but the last three copies of a token, which was used well since the last of them was made. Copies of
/// one that was not may be of damaged files, and an older one may be what brings the key back.
///
/// # Errors
/// [`Kind::Medium`].
pub(super) fn prune(kept_in: &Path, serial: &str) -> Result<(), Error> {
    let work = || -> std::io::Result<()> {
        snapshots(kept_in, serial).iter().rev().skip(KEPT).try_for_each(|(_, old)| fs::remove_dir_all(old))
    };
    work().map_err(|error| {
        Error::new(Kind::Medium, "cannot remove old copies of the token's files").saw(error.to_string())
    })
}

/// Checks that no file of the token lost what its newest copy has: a login rewrites them in place, and a power cut or a
/// kill in between leaves one empty.
///
/// # Errors
/// [`Kind::Token`]: damaged, with the way back. The PIN was not tried.
pub(super) fn check_whole(place: &Place, serial: &str, kept_in: &Path) -> Result<(), Error> {
    let Some(copy) = newest(kept_in, serial) else { return Ok(()) };
    let length = |path: &Path| fs::symlink_metadata(path).ok().map(|about| about.len());
    for own in place.own(serial) {
        let kept = copy.join(own.file_name().unwrap_or_default());
        // A file, or a directory of them.
        let pairs: Vec<(PathBuf, PathBuf)> = match fs::read_dir(&kept) {
            Ok(names) => names
                .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
                .map(|name| (own.join(&name), kept.join(name)))
                .collect(),
            Err(_) => vec![(own.clone(), kept)],
        };
        let lost = |pair: &&(PathBuf, PathBuf)| length(&pair.0) == Some(0) && length(&pair.1).is_some_and(|l| l > 0);
        if let Some((file, _)) = pairs.iter().find(lost) {
            return Err(damaged(file, &own, Some(&copy)).truth("No try was spent."));
        }
    }
    Ok(())
}

/// The error of a token whose files are there and no longer a token, with the way to its newest copy.
pub(super) fn damaged(seen: &Path, files: &Path, copy: Option<&Path>) -> Error {
    let error = Error::new(Kind::Token, "the token is damaged: its files are there and it is not")
        .saw(text::path(seen))
        .hint("do not initialise it: that destroys the key");
    match copy {
        Some(copy) => error.hint(format!(
            "move {} aside and put the newest copy in its place: cp -a {}/* {}/",
            text::path(files),
            text::path(copy),
            text::path(files.parent().unwrap_or(Path::new("/")))
        )),
        None => error.hint("restore it from a backup of the token directory"),
    }
}

/// Copies the token's files as they are now, then destroys every older copy: those open to earlier PINs.
///
/// # Errors
/// [`Kind::Medium`]; older copies may be there still.
pub(super) fn renew(place: &Place, serial: &str, kept_in: &Path) -> Result<(), Error> {
    let newest = snapshot(place, serial, kept_in)?;
    let mut old = snapshots(kept_in, serial).into_iter().filter(|(_, path)| *path != newest);
    let mut work = || -> std::io::Result<()> {
        old.try_for_each(|(_, path)| fs::remove_dir_all(path))?;
        fsync(kept_in)
    };
    work().map_err(|error| {
        Error::new(Kind::Medium, "older copies of the token's files are not destroyed")
            .saw(error.to_string())
            .hint(format!("they open to the PINs of before: destroy them in {}", text::path(kept_in)))
    })
}

/// The newest copy of a token's files.
pub(super) fn newest(kept_in: &Path, serial: &str) -> Option<PathBuf> {
    snapshots(kept_in, serial).pop().map(|(_, path)| path)
}

/// The copies of one token, oldest first.
fn snapshots(kept_in: &Path, serial: &str) -> Vec<(u64, PathBuf)> {
    let prefix = format!("{}-", file_name(serial));
    let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix(&prefix)?.parse().ok();
    let Ok(entries) = fs::read_dir(kept_in) else { return Vec::new() };
    let mut found: Vec<(u64, PathBuf)> =
        entries.filter_map(|entry| entry.ok().map(|e| e.path())).filter_map(|p| Some((number(&p)?, p))).collect();
    found.sort();
    found
}

/// A serial number as a file name: tokens may put anything in it.
fn file_name(serial: &str) -> String {
    serial.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Flushes the token's files and directories to the disk.
///
/// # Errors
/// [`Kind::Medium`].
pub(super) fn sync(place: &Place, serial: &str) -> Result<(), Error> {
    let work = || -> std::io::Result<()> {
        place.part_of(serial).iter().try_for_each(|part| fsync_tree(part))?;
        fsync(place.directory())
    };
    work().map_err(|error| {
        Error::new(Kind::Medium, "cannot make the token's files durable")
            .saw(error.to_string())
            .truth("What was just written to the token may not survive a power cut.")
    })
}

/// Room for keys and their copies, in bytes: a key of SoftHSM is a few KiB.
const ROOM: u64 = 1 << 20;

/// Checks, without writing, that files can be made in a directory and that there is room for keys.
///
/// # Errors
/// [`Kind::Medium`].
pub(super) fn check_fit(directory: &Path) -> Result<(), Error> {
    let failed = |seen: String| {
        Error::new(Kind::Medium, format!("the token's files cannot be written in {}", text::path(directory))).saw(seen)
    };
    // The superuser may write everywhere but where the file system is read-only; both are asked here.
    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).map_err(|errno| {
        failed(errno.to_string()).hint("mend its owner and mode, or remount it so that it can be written")
    })?;
    let about = rustix::fs::statvfs(directory).map_err(|errno| failed(errno.to_string()))?;
    let room = about.f_bavail.saturating_mul(about.f_frsize);
    if room < ROOM {
        return Err(failed(format!("{room} bytes free")).wanted(format!("{ROOM} bytes free")).hint("make room there"));
    }
    Ok(())
}

/// Makes a directory that only its owner can read.
pub(super) fn create_private(directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    fs::set_permissions(directory, Permissions::from_mode(0o700))
}

/// Copies directories and regular files; anything else has no place in a token. A file that is the same in the
/// last copy, which is durable and never written again, becomes a link to that: a login changes one file of many,
/// and an fsync of each would cost more than the login.
pub(super) fn copy_tree(from: &Path, to: &Path, last: Option<&Path>) -> std::io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_dir() {
        create_private(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            copy_tree(&from.join(&name), &to.join(&name), last.map(|last| last.join(&name)).as_deref())?;
        }
        return fsync(to);
    }
    if !kind.is_file() {
        return Ok(());
    }
    let bytes = fs::read(from)?;
    if let Some(last) = last {
        let same = fs::symlink_metadata(last).is_ok_and(|m| m.is_file()) && fs::read(last).is_ok_and(|b| b == bytes);
        // Some file systems have no links.
        if same && fs::hard_link(last, to).is_ok() {
            return Ok(());
        }
    }
    let mut copy = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    copy.write_all(&bytes)?;
    copy.sync_all()
}

fn fsync_tree(path: &Path) -> std::io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            fsync_tree(&entry?.path())?;
        }
    }
    // SoftHSM's lock files are empty: nothing of them can be lost.
    if metadata.is_dir() || (metadata.is_file() && metadata.len() > 0) { fsync(path) } else { Ok(()) }
}

pub(super) fn fsync(path: &Path) -> std::io::Result<()> {
    fs::File::open(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::hsm_profile::TokenFiles;

    #[test]
    fn three_complete_copies_of_one_token_are_kept() {
        let place = tempfile::tempdir().unwrap();
        let (tokens, kept) = (place.path().join("tokens"), place.path().join("kept"));
        for (name, content) in [("7f90-8a76-4a09c08e4272", "mine"), ("1111-2222", "another's")] {
            fs::create_dir_all(tokens.join(name)).unwrap();
            fs::write(tokens.join(name).join("token.object"), content).unwrap();
        }
        let serial = "8a764a09c08e4272";
        for _ in 0..5 {
            snapshot(&Place::directory_of_tokens(&tokens), serial, &kept).unwrap();
        }
        assert_eq!(fs::read_dir(&kept).unwrap().count(), 5, "none goes before the token has shown that it works");
        prune(&kept, serial).unwrap();
        let mut names: Vec<String> =
            fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["8a764a09c08e4272-000003", "8a764a09c08e4272-000004", "8a764a09c08e4272-000005"]);
        let last = newest(&kept, serial).unwrap();
        assert_eq!(fs::read_to_string(last.join("7f90-8a76-4a09c08e4272/token.object")).unwrap(), "mine");
        assert!(!last.join("1111-2222").exists());
        assert_eq!(newest(&kept, "4a09"), None);
    }

    #[test]
    fn after_a_change_of_pins_only_a_copy_of_now_is_kept() {
        let place = tempfile::tempdir().unwrap();
        let (tokens, kept) = (place.path().join("tokens"), place.path().join("kept"));
        let token = tokens.join("x-01");
        fs::create_dir_all(&token).unwrap();
        for pin in ["old", "old too", "new"] {
            fs::write(token.join("token.object"), pin).unwrap();
            snapshot(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap();
        }
        renew(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap();
        let names: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [kept.join("01-000004")]);
        assert_eq!(fs::read_to_string(names[0].join("x-01/token.object")).unwrap(), "new");
    }

    #[test]
    fn a_copy_holds_what_the_token_was_then_although_unchanged_files_are_shared() {
        use std::os::unix::fs::MetadataExt;
        let place = tempfile::tempdir().unwrap();
        let (tokens, kept) = (place.path().join("tokens"), place.path().join("kept"));
        let token = tokens.join("x-01");
        fs::create_dir_all(&token).unwrap();
        fs::write(token.join("key.object"), "key").unwrap();
        fs::write(token.join("token.object"), "before").unwrap();
        let first = snapshot(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap().join("x-01");
        // As SoftHSM does it: in place.
        fs::write(token.join("token.object"), "after").unwrap();
        let second = snapshot(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap().join("x-01");
        fs::write(token.join("key.object"), "").unwrap();
        let read = |path: &Path, name| fs::read_to_string(path.join(name)).unwrap();
        assert_eq!((read(&first, "token.object"), read(&second, "token.object")), ("before".into(), "after".into()));
        assert_eq!((read(&first, "key.object"), read(&second, "key.object")), ("key".into(), "key".into()));
        let inode = |path: &Path| fs::metadata(path.join("key.object")).unwrap().ino();
        assert_eq!(inode(&first), inode(&second));
        assert_ne!(inode(&first), inode(&token));
    }

    #[test]
    fn a_file_that_is_empty_and_was_not_is_damage_and_one_that_always_was_is_not() {
        let place = tempfile::tempdir().unwrap();
        let (tokens, kept) = (place.path().join("tokens"), place.path().join("kept"));
        let token = tokens.join("x-01");
        fs::create_dir_all(&token).unwrap();
        check_whole(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap();
        for (name, content) in [("token.object", "t"), ("token.lock", ""), ("old.object", "o")] {
            fs::write(token.join(name), content).unwrap();
        }
        snapshot(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap();
        fs::remove_file(token.join("old.object")).unwrap();
        check_whole(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap();
        fs::write(token.join("token.object"), "").unwrap();
        let error = check_whole(&Place::directory_of_tokens(&tokens), "01", &kept).unwrap_err();
        assert_eq!(error.kind(), Kind::Token);
        assert!(error.hints()[1].contains("01-000001/* "), "{error:?}");
    }

    #[test]
    fn a_database_and_its_journal_are_copied_together_and_an_empty_database_is_damage() {
        let work = tempfile::tempdir().unwrap();
        let (tokens, kept) = (work.path().join("tokens"), work.path().join("kept"));
        fs::create_dir_all(&tokens).unwrap();
        let configuration = work.path().join("token.conf");
        fs::write(&configuration, format!("dbargs = \"{}/token.sql\"\n", tokens.display())).unwrap();
        let files = TokenFiles {
            environment: None,
            paths: vec![configuration.display().to_string()],
            setting: Some("dbargs".into()),
            database: true,
        };
        let place = Place::locate(&files).unwrap();
        for name in ["token.sql", "token.sql-journal", "other"] {
            fs::write(tokens.join(name), name).unwrap();
        }
        let copy = snapshot(&place, "01", &kept).unwrap();
        let mut names: Vec<_> = fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["token.sql", "token.sql-journal"]);
        sync(&place, "01").unwrap();
        fs::remove_file(tokens.join("token.sql-journal")).unwrap();
        check_whole(&place, "01", &kept).unwrap();
        fs::write(tokens.join("token.sql"), "").unwrap();
        assert_eq!(check_whole(&place, "01", &kept).unwrap_err().kind(), Kind::Token);
    }

    #[test]
    fn a_serial_number_cannot_leave_the_directory() {
        assert_eq!(file_name("../../etc"), "______etc");
    }

    #[test]
    fn copies_can_be_read_by_their_owner_only() {
        let place = tempfile::tempdir().unwrap();
        let tokens = place.path().join("tokens");
        fs::create_dir_all(&tokens).unwrap();
        let copy = snapshot(&Place::directory_of_tokens(&tokens), "01", &place.path().join("kept")).unwrap();
        assert_eq!(fs::metadata(copy).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
