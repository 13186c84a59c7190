//! In: the only reader of files that come from outside. Every file is hostile until it is bytes.
//!
//! A file is opened without following a link and without waiting (`O_NOFOLLOW`, `O_NONBLOCK`), looked at
//! through the open descriptor, read once whole under a cap, and looked at again. What was read once is
//! what is used: nothing here is opened a second time. Source: open(2), CWE-367.

use super::fault::fault;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use rustix::fs::{FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use secrecy::SecretString;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The longest secret file (a PIN, a passphrase), in bytes.
const MAX_SECRET: u64 = 4096;

/// Reads a regular file of at most `cap` bytes.
///
/// # Errors
/// [`Kind::Medium`]: absent, a link, FIFO, device, socket or directory, over the cap, changed while it
/// was read, or an input/output error. Nothing was read.
pub fn read(path: &Path, cap: u64) -> Result<Vec<u8>, Error> {
    Ok(receive(path, cap)?)
}

/// The SHA-256 of a regular file of at most `cap` bytes, which is not held in memory.
///
/// # Errors
/// As [`read`].
pub fn digest(path: &Path, cap: u64) -> Result<Digest, Error> {
    let taken = take_whole(
        path,
        cap,
        |_| Ok(()),
        |mut file, room| {
            let digest = Digest::of_stream(file.by_ref())?;
            let left = usize::try_from(file.limit()).unwrap_or(usize::MAX);
            Ok((digest, room.saturating_add(1).saturating_sub(left)))
        },
    );
    Ok(taken?)
}

/// True where something of that name is, whatever it is. That it is not there is said only of a medium that says so.
///
/// # Errors
/// [`Kind::Medium`]: the medium fails.
pub fn is_there(path: &Path) -> Result<bool, Error> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(fault("cannot look at", path, &error)),
    }
}

/// Why a file was not read: what lies there can be told from a medium that fails.
#[derive(Debug)]
pub enum Unread {
    /// A link, FIFO, device, socket or directory.
    NotAFile(Error),
    /// Over the cap.
    TooLarge(Error),
    /// Absent, unreadable, changed while it was read: another try may go well.
    Failed(Error),
}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::NotAFile(error) | Unread::TooLarge(error) | Unread::Failed(error) => error,
        }
    }
}

/// As [`read`], for a file of people who are not here: what they put there is told from what failed.
///
/// # Errors
/// [`Unread`], each of [`Kind::Medium`]. Nothing was read.
pub fn receive(path: &Path, cap: u64) -> Result<Vec<u8>, Unread> {
    read_whole(path, cap, |_| Ok(())).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// Reads a private file of at most `cap` bytes (a key, an age identity): ours, and nobody else's to read.
///
/// # Errors
/// [`Kind::Medium`] as [`read`], or another owner, or a mode that lets others in. Errors never show content.
pub fn read_private(path: &Path, cap: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    Ok(read_whole(path, cap, |stat| private(path, stat))?)
}

/// Reads a private file that is somebody else's to protect (a key that is only looked at), and its permission
/// bits, of which the caller says what it thinks.
///
/// # Errors
/// [`Kind::Medium`] as [`read`]. Errors never show content.
pub fn read_exposed(path: &Path, cap: u64) -> Result<(Zeroizing<Vec<u8>>, u32), Error> {
    let mode = std::cell::Cell::new(0);
    let bytes = read_whole(path, cap, |stat| {
        mode.set(stat.st_mode & 0o7777);
        Ok(())
    })?;
    Ok((bytes, mode.get()))
}

/// Reads a secret of one line (a PIN), whose line end is not part of it.
///
/// # Errors
/// [`Kind::Medium`] as [`read_private`]; [`Kind::Usage`] when it is empty, not text, or has more than one
/// line. Errors never show content.
pub fn read_secret(path: &Path) -> Result<SecretString, Error> {
    let bytes = read_private(path, MAX_SECRET)?;
    let refuse = |why: &str| {
        Error::new(Kind::Usage, format!("the secret in {} {why}", text::path(path)))
            .wanted("one line of text, its line end not counted")
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| refuse("is not UTF-8 text"))?;
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(refuse("is empty"));
    }
    if line.contains(['\n', '\r', '\0']) {
        return Err(refuse("has more than one line, or a NUL"));
    }
    Ok(SecretString::from(line))
}

/// What a directory entry is, as seen without following it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, FIFO, socket or device: never opened.
    Other,
}

/// A name found in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name as it is on the medium.
    pub name: OsString,
    /// The name as it may be shown: escaped, lossy where it is not Unicode.
    pub shown: String,
    /// The directory's path and the name.
    pub path: PathBuf,
    /// What it is.
    pub shape: Shape,
}

/// Lists a directory by name, hidden files left out, at most `cap` entries (hidden ones counted).
///
/// # Errors
/// [`Kind::Medium`]: absent, no directory, unreadable, more entries than `cap`.
pub fn list(dir: &Path, cap: usize) -> Result<Vec<Found>, Error> {
    let failed = |error: io::Error| fault("cannot list", dir, &error);
    let mut found = Vec::new();
    for (count, entry) in std::fs::read_dir(dir).map_err(failed)?.enumerate() {
        let entry = entry.map_err(failed)?;
        if count >= cap {
            return Err(Error::new(Kind::Medium, format!("too many files in {}", text::path(dir)))
                .saw(format!("more than {cap}"))
                .wanted(format!("at most {cap}"))
                .hint("put what is meant on a medium of its own"));
        }
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().map_err(failed)?;
        let shape = match (kind.is_file(), kind.is_dir()) {
            (true, _) => Shape::File,
            (_, true) => Shape::Directory,
            _ => Shape::Other,
        };
        found.push(Found { shown: text::escape(&name.to_string_lossy()), path: entry.path(), name, shape });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn read_whole(path: &Path, cap: u64, admit: impl Fn(&Stat) -> Result<(), Error>) -> Result<Zeroizing<Vec<u8>>, Unread> {
    take_whole(path, cap, admit, |mut file, room| {
        // One byte more than was announced shows growth; reserved first, so that a secret is never moved.
        let mut bytes = Zeroizing::new(Vec::with_capacity(room.saturating_add(1)));
        file.read_to_end(&mut bytes)?;
        let length = bytes.len();
        Ok((bytes, length))
    })
}

/// Opens, checks through the descriptor, has the bytes taken once (they and their number are given back), and checks
/// that nothing moved meanwhile.
fn take_whole<T>(
    path: &Path,
    cap: u64,
    admit: impl Fn(&Stat) -> Result<(), Error>,
    take: impl FnOnce(io::Take<&mut File>, usize) -> io::Result<(T, usize)>,
) -> Result<T, Unread> {
    let failed = |error: io::Error| Unread::Failed(fault("cannot read", path, &error));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut file: File = rustix::fs::open(path, flags, Mode::empty())
        .map_err(|errno| match errno {
            // What O_NOFOLLOW says of a link, and what a socket says.
            Errno::LOOP | Errno::NXIO => Unread::NotAFile(fault("cannot read", path, &errno.into())),
            errno => failed(errno.into()),
        })?
        .into();
    let before = rustix::fs::fstat(&file).map_err(|errno| failed(errno.into()))?;
    regular(path, &before).map_err(Unread::NotAFile)?;
    admit(&before).map_err(Unread::Failed)?;
    let size = u64::try_from(before.st_size).unwrap_or(u64::MAX);
    if size > cap {
        let error = Error::new(Kind::Medium, format!("{} is too large", text::path(path)));
        return Err(Unread::TooLarge(error.saw(format!("{size} bytes")).wanted(format!("at most {cap} bytes"))));
    }
    let room = usize::try_from(size).unwrap_or(usize::MAX);
    let (taken, length) = take(file.by_ref().take(size.saturating_add(1)), room).map_err(failed)?;
    let after = rustix::fs::fstat(&file).map_err(|errno| failed(errno.into()))?;
    let moved = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime, stat.st_ctime_nsec);
    if length != room || moved(&before) != moved(&after) {
        return Err(Unread::Failed(
            Error::new(Kind::Medium, format!("{} changed while it was read", text::path(path)))
                .hint("wait until nothing writes to it, and run the same command again"),
        ));
    }
    Ok(taken)
}

/// Regular files only; the error names what it is instead.
fn regular(path: &Path, stat: &Stat) -> Result<(), Error> {
    let shape = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::CharacterDevice => "a character device",
        FileType::BlockDevice => "a block device",
        FileType::Socket => "a socket",
        FileType::Unknown => "of no known kind",
    };
    Err(Error::new(Kind::Medium, format!("cannot read {}: not a regular file", text::path(path)))
        .saw(shape)
        .wanted("a regular file"))
}

/// Ours, and closed to group and others.
fn private(path: &Path, stat: &Stat) -> Result<(), Error> {
    let me = rustix::process::geteuid().as_raw();
    if stat.st_uid != me {
        return Err(Error::new(Kind::Medium, format!("{} belongs to another user", text::path(path)))
            .saw(format!("uid {}", stat.st_uid))
            .wanted(format!("uid {me}"))
            .hint("a secret that another user can replace is no secret: copy it to a file of your own"));
    }
    if stat.st_mode & 0o077 != 0 {
        return Err(Error::new(Kind::Medium, format!("{} can be read or written by others", text::path(path)))
            .saw(format!("mode {:04o}", stat.st_mode & 0o7777))
            .wanted("mode 0600 or stricter")
            .hint(format!("chmod 600 {}", text::path(path))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn room() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    fn secret_file(dir: &Path, content: &[u8], mode: u32) -> PathBuf {
        let path = dir.join("pin");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_file_of_exactly_the_cap_is_read_and_one_byte_more_is_refused_with_both_sizes() {
        let dir = room();
        let path = dir.path().join("f");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), b"12345");
        let error = read(&path, 4).unwrap_err();
        assert_eq!((error.seen(), error.wants()), (Some("5 bytes"), Some("at most 4 bytes")));
        assert_eq!(error.kind(), Kind::Medium);
    }

    #[test]
    fn what_is_no_regular_file_is_refused_by_its_name() {
        let dir = room();
        let target = dir.path().join("target");
        std::fs::write(&target, b"x").unwrap();
        symlink(&target, dir.path().join("link")).unwrap();
        assert!(read(&dir.path().join("link"), 9).unwrap_err().what().contains("symbolic link"));
        assert_eq!(read(dir.path(), 9).unwrap_err().seen(), Some("a directory"));
        assert_eq!(read(Path::new("/dev/null"), 9).unwrap_err().seen(), Some("a character device"));
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, FileType::Fifo, Mode::RUSR, 0).unwrap();
        // Without O_NONBLOCK this would wait for a writer for ever.
        assert_eq!(read(&fifo, 9).unwrap_err().seen(), Some("a FIFO"));
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(read(&socket, 9).unwrap_err().what().contains("socket"));
        assert!(read(&dir.path().join("none"), 9).unwrap_err().what().contains("no such file"));
    }

    #[test]
    fn a_file_that_holds_other_than_it_announces_has_changed() {
        // /proc announces no bytes and yields some: the same as a file that grew.
        assert!(read(Path::new("/proc/self/stat"), 1 << 16).unwrap_err().what().contains("changed"));
    }

    #[test]
    fn a_listing_is_sorted_capped_escaped_and_without_hidden_files() {
        let dir = room();
        for name in ["b", "a\u{1b}[2J", ".hidden"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        std::fs::create_dir(dir.path().join("d")).unwrap();
        symlink("b", dir.path().join("l")).unwrap();
        let found = list(dir.path(), 5).unwrap();
        let shown: Vec<_> = found.iter().map(|f| (f.shown.as_str(), f.shape)).collect();
        assert_eq!(
            shown,
            [("a\\u{1b}[2J", Shape::File), ("b", Shape::File), ("d", Shape::Directory), ("l", Shape::Other)]
        );
        assert_eq!(list(dir.path(), 4).unwrap_err().wants(), Some("at most 4"));
    }

    #[test]
    fn a_secret_is_one_line_without_its_end() {
        let dir = room();
        for (content, secret) in [("1234\n", "1234"), ("1234\r\n", "1234"), ("12 34", "12 34"), ("x \n", "x ")] {
            let path = secret_file(dir.path(), content.as_bytes(), 0o600);
            assert_eq!(read_secret(&path).unwrap().expose_secret(), secret);
        }
        for content in [&b""[..], b"\n", b"1\n2\n", b"1\n\n", b"1\0", b"\xff\xfe"] {
            let path = secret_file(dir.path(), content, 0o600);
            assert_eq!(read_secret(&path).unwrap_err().kind(), Kind::Usage);
        }
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused_and_never_shown() {
        let dir = room();
        for mode in [0o640, 0o604, 0o620, 0o660] {
            let error = read_secret(&secret_file(dir.path(), b"hunter2\n", mode)).unwrap_err();
            assert_eq!(error.wants(), Some("mode 0600 or stricter"));
            assert!(!format!("{error:?}").contains("hunter2"));
        }
        assert!(read_secret(&secret_file(dir.path(), b"hunter2\n", 0o400)).is_ok());
    }

    #[test]
    fn a_secret_of_another_user_is_refused() {
        let dir = room();
        let path = secret_file(dir.path(), b"1234\n", 0o600);
        // Only root can give a file away; elsewhere there is nothing to test with.
        if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
            assert!(read_secret(&path).unwrap_err().what().contains("another user"));
        }
    }
}
