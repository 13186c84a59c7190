//! Strings on their way to people: nothing from a file reaches a terminal or a page unescaped.

mod json;

pub use json::write_json;

use crate::error::Error;
use std::fmt::Write;
use std::path::Path;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Takes a long text as it is made, piece by piece, and lets go of it.
pub type Sink<'a> = dyn FnMut(&str) -> Result<(), Error> + 'a;

/// True for a character that may repaint, reorder, hide or imitate: controls, formats (bidirectional and
/// zero-width ones among them), every space but the one on the keyboard, private use, noncharacters and what
/// Unicode has not assigned; and letters, marks and symbols that are blank by design.
///
/// Sources: Unicode, general categories Cc, Cf, Cn, Co, Zs, Zl and Zp, and the properties
/// Default_Ignorable_Code_Point and Bidi_Control; UTR 36; UTS 39; "Trojan Source" (CVE-2021-42574).
pub fn is_deceptive(c: char) -> bool {
    use unicode_properties::GeneralCategory as Is;
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    match c.general_category() {
        Is::Control | Is::Format | Is::Surrogate | Is::PrivateUse | Is::Unassigned => true,
        Is::SpaceSeparator | Is::LineSeparator | Is::ParagraphSeparator => true,
        _ => is_blank(c),
    }
}

/// Assigned letters, marks and symbols that show nothing: Default_Ignorable_Code_Point beyond the categories
/// above, fillers, the empty braille pattern, a note without a head; and what stands for something else
/// (interlinear annotation, object replacement, the replacement character).
const fn is_blank(c: char) -> bool {
    matches!(c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{16fe4}'
        | '\u{1d159}' | '\u{e0000}'..='\u{e0fff}')
}

/// The most combining marks that a character may carry: more of them paint over the lines above and below.
/// Source: UTS 39 section 5.4 (more than four nonspacing marks in a row).
const MOST_MARKS: usize = 4;

/// The characters of a string, each with whether it deceives where it stands: a combining mark does so
/// without a character to stand on, for it changes what is written before the string.
fn marked(s: &str) -> impl Iterator<Item = (char, bool)> {
    // How many marks the character here may still carry.
    let mut room = 0;
    s.chars().map(move |c| {
        if c.is_ascii() && !c.is_ascii_control() {
            room = if c == ' ' { 0 } else { MOST_MARKS };
            return (c, false);
        }
        let mark = c.general_category_group() == GeneralCategoryGroup::Mark;
        let deceptive = is_deceptive(c) || (mark && room == 0);
        room = match (deceptive, mark) {
            (true, _) => 0,
            (false, true) => room - 1,
            (false, false) => MOST_MARKS,
        };
        (c, deceptive)
    })
}

/// The first deceptive character of a string, with its position in characters.
pub fn first_deceptive(s: &str) -> Option<(usize, char)> {
    marked(s).enumerate().find(|(_, (_, deceptive))| *deceptive).map(|(position, (c, _))| (position, c))
}

/// The position, in characters, of a space that another reader may not see or count: at the beginning, at the
/// end, or beside another one.
pub fn first_doubtful_space(s: &str) -> Option<usize> {
    let last = s.chars().count().checked_sub(1)?;
    let mut before = ' ';
    s.chars().enumerate().find_map(|(position, c)| {
        let doubtful = c == ' ' && (before == ' ' || position == last);
        before = c;
        doubtful.then_some(position)
    })
}

/// Makes a string safe to show on one line: deceptive characters become `\u{…}`.
///
/// An escaped string is left as it is, so escaping twice changes nothing.
pub fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for (c, deceptive) in marked(s) {
        if deceptive {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Makes a text of several lines safe to show: each line is escaped, line ends are kept.
pub fn escape_lines(s: &str) -> String {
    s.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Shortens a string to `width` characters with a horizontal ellipsis.
pub fn ellipsis(s: &str, width: usize) -> String {
    if s.chars().count() <= width {
        return s.to_owned();
    }
    let mut out: String = s.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// A word of a command that people are told to type: quoted where a shell would take it for more than a word.
pub fn shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// JSON that means the same and shows every deceptive character as `\uXXXX`; outside of strings JSON has none.
pub fn escape_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_deceptive(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}

/// A path in a sentence: where a reader, a shell or [`without_directories`] would take it for more than a word, it
/// is quoted as a shell has it.
pub fn path(path: &Path) -> String {
    shell(&path.display().to_string())
}

/// A text for the log, which may be published: of each absolute path only the last part stays. The rest says where this
/// machine mounts its sticks and keeps its files, and with that often who is logged in. A path with spaces is taken
/// out whole where it is quoted, as [`path`] does.
pub fn without_directories(s: &str) -> String {
    let is_bound = |c: char| c.is_whitespace() || "\"'`(),;:=[]{}<>".contains(c);
    let mut out = String::new();
    let mut rest = s;
    while let Some(at) = rest.find('/') {
        let (before, path) = rest.split_at(at);
        let last = before.chars().next_back().or(out.chars().next_back());
        let quoted = last.and_then(|quote| up_to_quote(path, quote));
        let length = quoted.or_else(|| path.find(is_bound)).unwrap_or(path.len());
        let (path, after) = path.split_at(length);
        out.push_str(before);
        // What follows a letter is no absolute path: `and/or`, `https://…`, `a/b`.
        let is_absolute = last.is_none_or(|c| is_bound(c) && c != ':');
        out.push_str(&if is_absolute { called(path) } else { path.to_owned() });
        rest = after;
    }
    out + rest
}

/// The length of what stands before the quote that ends it; [`shell`] writes a single one within as `'\''`.
fn up_to_quote(s: &str, quote: char) -> Option<usize> {
    const WITHIN: &str = r"'\''";
    match quote {
        '\'' => {
            let mut from = 0;
            loop {
                let at = from + s.get(from..)?.find(quote)?;
                if !s.get(at..)?.starts_with(WITHIN) {
                    return Some(at);
                }
                from = at + WITHIN.len();
            }
        }
        '"' | '`' => s.find(quote),
        _ => None,
    }
}

/// What a path is called in the log: of an absolute one, the last part.
pub fn called(path: &str) -> String {
    match path.trim_end_matches('/').rsplit_once('/') {
        // What lies right below these has the name of who is logged in.
        Some(("/home" | "/media" | "/run/media" | "/run/user" | "/Users", _)) => "…".to_owned(),
        Some((_, last)) if path.starts_with('/') => format!("…/{last}"),
        _ => path.to_owned(),
    }
}

/// `1 plan`, `3 plans`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// `1 entry`, `3 entries`.
pub fn entries(n: u64) -> String {
    if n == 1 { "1 entry".to_owned() } else { format!("{n} entries") }
}

/// Wraps words to a width in characters; a word longer than the width stands alone.
pub fn wrap(s: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in s.split_whitespace() {
        let room = line.chars().count();
        if room > 0 && room + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The nearest of `known` to a mistyped name, when it is near enough to be what was meant.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(typed, candidate), candidate))
        .filter(|(d, candidate)| *d <= 2.max(candidate.len() / 3))
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, cb) in row.iter_mut().skip(1).zip(&b) {
            let best = (diagonal + usize::from(ca != *cb)).min(*cell + 1).min(left + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
