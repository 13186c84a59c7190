//! Strings on their way to people: nothing from a file reaches a terminal or a page unescaped.

use std::fmt::Write;

/// True for a character that may repaint, reorder, hide or imitate: controls, bidirectional marks,
/// zero-width characters, unusual spaces, private use and unassigned specials.
///
/// Sources: Unicode Technical Report 36, Unicode Standard Annex 9, "Trojan Source" (CVE-2021-42574).
pub const fn is_deceptive(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{1680}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
        | '\u{e0000}'..='\u{10ffff}')
}

/// The first deceptive character of a string, with its position in characters.
pub fn first_deceptive(s: &str) -> Option<(usize, char)> {
    s.chars().enumerate().find(|(_, c)| is_deceptive(*c))
}

/// Makes a string safe to show on one line: deceptive characters become `\u{…}`.
///
/// An escaped string is left as it is, so escaping twice changes nothing.
pub fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        if is_deceptive(c) {
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

/// `1 plan`, `3 plans`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_bidirectional_marks_are_made_visible() {
        assert_eq!(escape("a\u{1b}[31m\u{202e}b\u{200b}"), "a\\u{1b}[31m\\u{202e}b\\u{200b}");
        assert_eq!(escape("Žižkov 東京 →"), "Žižkov 東京 →");
    }

    #[test]
    fn the_nearest_name_is_offered_only_when_it_is_near() {
        assert_eq!(nearest("validty_days", ["validity_days", "subject"]), Some("validity_days"));
        assert_eq!(nearest("zzz", ["validity_days", "subject"]), None);
    }

    proptest! {
        #[test]
        fn nothing_deceptive_survives_and_escaping_twice_changes_nothing(s in "\\PC*|.*") {
            let once = escape(&s);
            prop_assert!(first_deceptive(&once).is_none());
            prop_assert_eq!(escape(&once), once);
        }
    }
}
