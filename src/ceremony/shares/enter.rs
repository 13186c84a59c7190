//! One share as it is typed: row by row, so that a slip is named where it is made.

use super::files;
use crate::ceremony::people::{People, Stop, Turn};
use crate::custody::{self, DATA, ENCODED, Share};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::text;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

/// What is wrong with what was typed so far.
pub(super) struct Trouble {
    says: String,
    /// The whole share is to be typed again, not the row.
    anew: bool,
}

impl Trouble {
    pub(super) fn row(says: impl Into<String>) -> Self {
        Self { says: says.into(), anew: false }
    }

    pub(super) fn share(says: impl Into<String>) -> Self {
        Self { says: says.into(), anew: true }
    }
}

/// Asks for the rows of one share; `judge` sees all bytes after each row.
pub(super) fn enter(
    people: &mut dyn People,
    shown: &[Zeroizing<String>],
    judge: &mut dyn FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<Share, Stop> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ENCODED));
    let mut trouble: Option<String> = None;
    loop {
        let row = bytes.len() / DATA + 1;
        let typed = people.share_row(row, trouble.take().as_deref())?;
        let fault = match typed.trim() {
            "again" => Some(Trouble::share("From the first row, then.")),
            "show" if !shown.is_empty() => {
                people.share_shown(shown)?;
                None
            }
            path if row == 1 && path.contains('/') => rows_of(path, &mut bytes, judge)?,
            words => take(words, &mut bytes, judge).err(),
        };
        if let Some(fault) = fault {
            if fault.anew {
                bytes.zeroize();
            }
            trouble = Some(fault.says);
        }
        if let Ok(whole) = <&[u8; ENCODED]>::try_from(bytes.as_slice()) {
            match Share::decode(whole) {
                Ok(share) => return Ok(share),
                Err(fault) => {
                    trouble = Some(format!("This is no share: {}. Type it again.", fault.says()));
                    bytes.zeroize();
                }
            }
        }
    }
}

/// One row more.
fn take(
    words: &str,
    bytes: &mut Zeroizing<Vec<u8>>,
    judge: &mut dyn FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let row = bytes.len() / DATA + 1;
    let first = bytes.get(..DATA).and_then(|first| <&[u8; DATA]>::try_from(first).ok());
    let set = first.map(custody::first_set);
    let data = custody::read_row(words, row, set).map_err(|fault| Trouble::row(fault.says(row)))?;
    let before = bytes.len();
    bytes.extend_from_slice(data.as_ref());
    judge(bytes).inspect_err(|_| bytes.truncate(before))
}

/// All rows of a file that a custodian decrypted.
fn rows_of(
    path: &str,
    bytes: &mut Zeroizing<Vec<u8>>,
    judge: &mut dyn FnMut(&[u8]) -> Result<(), Trouble>,
) -> Result<Option<Trouble>, Stop> {
    let rows = match files::read(Path::new(path)) {
        Ok(Some(rows)) => rows,
        Ok(None) => return Ok(Some(Trouble::share("That file does not hold nine numbered rows."))),
        Err(error) => return Ok(Some(Trouble::share(format!("{error}.")))),
    };
    for row in rows.iter() {
        if let Err(fault) = take(row, bytes, judge) {
            return Ok(Some(Trouble { anew: true, ..fault }));
        }
    }
    Ok(None)
}

/// Enters one share alone, for `custody check`; nothing is kept of what was typed.
///
/// # Errors
/// [`Stop`].
pub fn enter_one(people: &mut dyn People, set: &Hex) -> Result<Share, Stop> {
    let says = "Type the rows of your share from your sheet. Beginnings of words are enough.".to_owned();
    people.share_turn(&Turn { whose: "One share".to_owned(), set, index: None, says })?;
    let share = enter(people, &[], &mut |_| Ok(()));
    people.share_done();
    share
}

/// The share in a file that only its owner may read.
///
/// # Errors
/// [`Kind::Medium`]; [`Kind::Verify`] names the row that is wrong, never a word.
pub fn read_file(path: &Path) -> Result<Share, Error> {
    let wrong = |what: String| Error::new(Kind::Verify, format!("{} holds no share: {what}", text::path(path)));
    let rows = files::read(path)?.ok_or_else(|| wrong("it has not nine numbered rows".to_owned()))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(ENCODED));
    for (number, row) in (1..).zip(rows.iter()) {
        if take(row, &mut bytes, &mut |_| Ok(())).is_err() {
            return Err(wrong(format!("row {number} is wrong")));
        }
    }
    let whole = <&[u8; ENCODED]>::try_from(bytes.as_slice()).map_err(|_| wrong("rows are missing".to_owned()))?;
    Share::decode(whole).map_err(|fault| wrong(fault.says()))
}
