//! A share as people keep it: nine numbered rows of five words and a sixth that checks them.
//!
//! Words stand as in the PGP list: in every row two, three, two, three, two syllables, and the check has three,
//! so that a swap within a row is heard. The check covers the row's number and the set, so that rows that were
//! swapped, and rows of another set's sheet, are caught where they are typed.

use super::{ENCODED, SetId, Share};
use crate::digest::Digest;
use crate::words;
use zeroize::Zeroizing;

/// Rows of a share.
pub const ROWS: usize = 9;
/// Bytes in a row, beside its check.
pub const DATA: usize = 5;
/// Separates the check from every other use of SHA-256 here.
const DOMAIN: &[u8] = b"anchorite/share/row/v1";

/// The words of one row, numbered from 1; none beyond the last.
pub fn row_words(share: &Share, row: usize) -> Vec<&'static str> {
    let encoded = share.encode();
    let Some(data) = row.checked_sub(1).and_then(|row| encoded.chunks(DATA).nth(row)) else { return Vec::new() };
    let check = check(share.set, row, data);
    data.iter().chain([&check]).enumerate().map(|(place, byte)| words::word(place, *byte)).collect()
}

/// What is wrong with a typed row. Its words are secrets: this is shown to the custodian alone, never logged.
#[derive(Clone, PartialEq, Eq)]
pub enum RowFault {
    /// Not six words.
    Count(usize),
    /// A word, by its place from 1, that the list does not have, and the nearest one that it has.
    Unknown(usize, Option<&'static str>),
    /// The beginning of more than one word.
    Ambiguous(usize),
    /// A word of the other list: two words were swapped, or one was left out.
    OtherList(usize),
    /// Six words whose check is another.
    Check,
}

impl RowFault {
    /// What to tell the custodian of row `row`.
    pub fn says(&self, row: usize) -> String {
        let syllables = |place: &usize| if place.is_multiple_of(2) { "three" } else { "two" };
        match self {
            RowFault::Count(count) => format!("Row {row} has six words; {count} were typed."),
            RowFault::Unknown(place, Some(near)) => {
                format!("Word {place} of row {row} is in no list. The nearest is \"{near}\".")
            }
            RowFault::Unknown(place, None) => format!("Word {place} of row {row} is in no list."),
            RowFault::Ambiguous(place) => {
                format!("Word {place} of row {row} is the beginning of more than one word: type more of it.")
            }
            RowFault::OtherList(place) => format!(
                "Word {place} of row {row} is of the other list: a word of {} syllables belongs there. Were two \
                 words swapped, or one left out?",
                syllables(place)
            ),
            RowFault::Check => format!(
                "Row {row} does not fit its check word: a word is wrong, or it is another row, or of another sheet."
            ),
        }
    }
}

/// The set that a first row names.
pub fn first_set(first: &[u8; DATA]) -> SetId {
    let [_, a, b, c, d] = *first;
    SetId([a, b, c, d])
}

/// The bytes of a typed row. Case and spaces do not matter; an unambiguous beginning counts as its word. `set` is
/// the one of the first row; the first row itself names it.
///
/// # Errors
/// [`RowFault`].
pub fn read_row(typed: &str, row: usize, set: Option<SetId>) -> Result<Zeroizing<[u8; DATA]>, RowFault> {
    let typed = Zeroizing::new(typed.to_lowercase());
    let count = typed.split_whitespace().count();
    if count != DATA + 1 {
        return Err(RowFault::Count(count));
    }
    let mut data = Zeroizing::new([0; DATA]);
    let mut last = 0;
    for (place, word) in typed.split_whitespace().enumerate() {
        let byte = words::complete(place, word).ok_or_else(|| fault(place, word))?;
        match data.get_mut(place) {
            Some(to) => *to = byte,
            None => last = byte,
        }
    }
    if check(set.unwrap_or_else(|| first_set(&data)), row, data.as_ref()) != last {
        return Err(RowFault::Check);
    }
    Ok(data)
}

fn fault(place: usize, word: &str) -> RowFault {
    if words::complete(place + 1, word).is_some() {
        return RowFault::OtherList(place + 1);
    }
    match words::beginning_with(place, word) {
        0 => RowFault::Unknown(place + 1, words::nearest(place, word)),
        _ => RowFault::Ambiguous(place + 1),
    }
}

fn check(set: SetId, row: usize, data: &[u8]) -> u8 {
    let row = u8::try_from(row).unwrap_or(u8::MAX);
    let Digest([first, ..]) = Digest::of_parts(&[DOMAIN, &set.0, &[row], data]);
    first
}

/// A share as a text file, for a custodian who keeps it sealed: rows as on a sheet, remarks after `#`.
pub fn file_text(share: &Share) -> Zeroizing<String> {
    // Reserved at once: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(ROWS * ENCODED * 2 + 200));
    text.push_str(&format!(
        "# anchorite share {} of set {}; any {} of the set open the token\n",
        share.index, share.set, share.threshold
    ));
    for row in 1..=ROWS {
        text.push_str(&format!("{row} "));
        for (place, word) in row_words(share, row).into_iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text.push('\n');
    }
    text
}

/// The rows of such a file, each without its number; `None` where they are not the nine rows in order.
pub fn rows_of_file(text: &str) -> Option<Zeroizing<Vec<String>>> {
    let mut rows = Zeroizing::new(Vec::with_capacity(ROWS));
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (number, words) = line.split_once(char::is_whitespace)?;
        if number.trim_end_matches('.').parse() != Ok(rows.len() + 1) {
            return None;
        }
        rows.push(words.trim().to_owned());
    }
    (rows.len() == ROWS).then_some(rows)
}
