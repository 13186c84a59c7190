//! Out, piece by piece: a file that may be larger than memory should be is written as it is made.
//!
//! As in [`deliver`](super::deliver) it has a temporary name until it is whole, synced and read back. Only its
//! digest is kept to compare with.

use super::deliver::{
    Placed, different, empty_file, not_as_written, occupied, put_new, put_over, same_file, set_mode, sync_and_let_go,
};
use super::fault::fault;
use super::intake;
use crate::digest::{Digest, Passing};
use crate::error::Error;
use crate::text::Sink;
use std::io::{BufWriter, Write};
use std::path::Path;
use tempfile::NamedTempFile;

/// Makes a text, and hands it on piece by piece.
type Make<'a> = dyn FnMut(&mut Sink<'_>) -> Result<(), Error> + 'a;

/// What was written: enough to know it again.
struct Whole {
    digest: Digest,
    length: u64,
}

impl Whole {
    fn is_at(&self, path: &Path) -> Result<(), Error> {
        let there = intake::digest(path, self.length)?;
        if there == self.digest { Ok(()) } else { Err(not_as_written(path, &there, &self.digest)) }
    }
}

/// Replaces a file of our own state in one step with what `make` makes, or writes it where there is none.
///
/// # Errors
/// Of `make`; [`Kind::Medium`](crate::error::Kind::Medium) as [`replace`](super::deliver::replace). The old file is
/// whole, or the new one is.
pub fn replace_made(path: &Path, mode: u32, make: &mut Make<'_>) -> Result<(), Error> {
    let (file, whole) = temporary_file(path, mode, make)?;
    put_over(file, path, &|path| whole.is_at(path))
}

/// Writes a file that is not there yet, of what `make` makes; the same already there is as good.
///
/// # Errors
/// Of `make`; [`Kind::Medium`](crate::error::Kind::Medium) as [`write_new`](super::deliver::write_new). The name is as
/// it was.
pub fn write_new_made(path: &Path, mode: u32, make: &mut Make<'_>) -> Result<Placed, Error> {
    // What is there is not the same if it is no file at all: nothing is made to find that out.
    let there = occupied(path)?;
    if there && !path.is_file() {
        return Err(different(path));
    }
    let (file, whole) = temporary_file(path, mode, make)?;
    let same = |path: &Path| whole.is_at(path);
    if there { same_file(path, &same) } else { put_new(file, path, &same) }
}

fn temporary_file(path: &Path, mode: u32, make: &mut Make<'_>) -> Result<(NamedTempFile, Whole), Error> {
    let file = empty_file(path, mode)?;
    set_mode(file.as_file(), path, mode)?;
    let (mut out, mut passing, mut length) = (BufWriter::new(file.as_file()), Passing::default(), 0_u64);
    let failed = |error: std::io::Error| fault("cannot write", path, &error);
    make(&mut |piece| {
        passing.take(piece.as_bytes());
        length = length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        out.write_all(piece.as_bytes()).map_err(failed)
    })?;
    out.flush().map_err(failed)?;
    drop(out);
    sync_and_let_go(file.as_file(), path)?;
    let whole = Whole { digest: passing.digest(), length };
    whole.is_at(file.path())?;
    Ok((file, whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    /// Makes a text of many pieces.
    fn of(pieces: usize) -> impl FnMut(&mut Sink<'_>) -> Result<(), Error> {
        move |out| (0..pieces).try_for_each(|n| out(&format!("piece {n}\n")))
    }

    fn names(dir: &Path) -> Vec<String> {
        fs::read_dir(dir).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_long_file_is_written_once_the_same_again_is_fine_and_another_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert_eq!(write_new_made(&path, 0o600, &mut of(50_000)), Ok(Placed::New));
        let text: String = (0..50_000).map(|n| format!("piece {n}\n")).collect();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_new_made(&path, 0o600, &mut of(50_000)), Ok(Placed::Unchanged));
        for other in [0, 49_999, 50_001] {
            let error = write_new_made(&path, 0o600, &mut of(other)).unwrap_err();
            assert!(error.what().contains("is already there, and is not the same"), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        replace_made(&path, 0o644, &mut of(3)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "piece 0\npiece 1\npiece 2\n");
        assert_eq!(names(dir.path()), ["f"]);
    }

    #[test]
    fn what_cannot_be_made_whole_leaves_the_name_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let changed = Error::new(Kind::Medium, "entry 3 changed");
        let mut broken = |out: &mut Sink<'_>| out(&"x".repeat(100_000)).and_then(|()| Err(changed.clone()));
        assert_eq!(write_new_made(&path, 0o600, &mut broken), Err(changed.clone()));
        assert!(names(dir.path()).is_empty());
        replace_made(&path, 0o600, &mut of(1)).unwrap();
        assert_eq!(replace_made(&path, 0o600, &mut broken), Err(changed.clone()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "piece 0\n");
        assert_eq!(names(dir.path()), ["f"]);
    }

    #[test]
    fn a_link_or_a_directory_in_the_way_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("victim"), "old").unwrap();
        fs::create_dir(dir.path().join("d")).unwrap();
        for (link, target) in [("l", "victim"), ("dangling", "nowhere")] {
            std::os::unix::fs::symlink(target, dir.path().join(link)).unwrap();
        }
        for name in ["l", "dangling", "d"] {
            let error = write_new_made(&dir.path().join(name), 0o600, &mut of(3)).unwrap_err();
            assert!(error.what().contains("is already there"), "{error}");
        }
        assert_eq!(fs::read_to_string(dir.path().join("victim")).unwrap(), "old");
        assert!(!dir.path().join("nowhere").exists());
    }
}
