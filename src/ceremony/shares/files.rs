//! Shares in files, for an unattended authority only: nobody is there to write words down or to type them. The
//! directory is what opens the token, like the PIN files of an authority without custody.

use crate::ceremony::people::Turn;
use crate::custody;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::text;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// A share file, at the most, in bytes.
const MAX: u64 = 4096;

/// The share files of `--shares`.
pub struct ShareFiles {
    dir: Option<PathBuf>,
    file: Option<PathBuf>,
    used: Vec<PathBuf>,
}

impl ShareFiles {
    /// The files in a directory, where one was named.
    pub fn new(dir: Option<PathBuf>) -> Self {
        Self { dir, file: None, used: Vec::new() }
    }

    /// The file of a turn: of the share that is dealt, else the next one of the set.
    pub(crate) fn begin(&mut self, turn: &Turn<'_>) -> Result<(), Error> {
        let dir = self.dir.as_ref().ok_or_else(|| {
            Error::new(
                Kind::Usage,
                "the token opens to its custodians, and an unattended ceremony reads shares from files",
            )
            .wanted("--shares DIR (the files mode 0600)")
            .truth("Nothing was signed.")
        })?;
        let path = |index: u8| dir.join(name(turn.set, index));
        let file = match turn.index {
            Some(index) => path(index),
            None => (1..=custody::MOST)
                .map(path)
                .find(|path| path.exists() && !self.used.contains(path))
                .ok_or_else(|| too_few(dir, turn.set))?,
        };
        self.used.push(file.clone());
        self.file = Some(file);
        Ok(())
    }

    pub(crate) fn keep(&self, rows: &[Zeroizing<String>]) -> Result<(), Error> {
        let mut text = Zeroizing::new(String::with_capacity(1024));
        for (number, row) in (1..).zip(rows) {
            text.push_str(&format!("{number} "));
            text.push_str(row);
            text.push('\n');
        }
        let path = self.path()?;
        deliver::write_new(path, text.as_bytes(), 0o600).map(drop)
    }

    /// A row of the turn's file; one that was wrong is not mended by reading it again.
    pub(crate) fn row(&self, row: usize, wrong: bool) -> Result<Zeroizing<String>, Error> {
        let path = self.path()?;
        let unreadable = |what: &str| {
            Error::new(Kind::Usage, format!("{} holds no share of the set: {what}", text::path(path)))
                .wanted("nine numbered rows of six words, as they were written")
                .truth("Nothing was signed.")
        };
        if wrong {
            return Err(unreadable("a row or the share is wrong"));
        }
        let rows = read(path)?.ok_or_else(|| unreadable("rows are missing"))?;
        let row = row.checked_sub(1).and_then(|row| rows.get(row)).ok_or_else(|| unreadable("a row is missing"))?;
        Ok(Zeroizing::new(row.clone()))
    }

    pub(crate) fn end(&mut self) {
        self.file = None;
    }

    fn path(&self) -> Result<&Path, Error> {
        self.file.as_deref().ok_or_else(|| Error::new(Kind::Bug, "a share was asked for outside a turn"))
    }
}

/// The rows of a share file that only its owner may read; `None` where they are not nine rows in order.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Usage`].
pub fn read(path: &Path) -> Result<Option<Zeroizing<Vec<String>>>, Error> {
    let bytes = intake::read_private(path, MAX)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::new(Kind::Usage, "a share file is not text"))?;
    Ok(custody::rows_of_file(text))
}

fn name(set: &Hex, index: u8) -> String {
    format!("share-{set}-{index}.txt")
}

fn too_few(dir: &Path, set: &Hex) -> Error {
    Error::new(Kind::Usage, format!("too few shares of set {set} are in {}", text::path(dir)))
        .wanted("as many files as the threshold says")
        .truth("Nothing was signed.")
}
