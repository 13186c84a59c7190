//! The sheet of words: what a cluster's engineer reads to the witness over the telephone, and the blank form
//! that the witness writes it down on.
//!
//! Pure: a screen of 80 columns, fit for a printer. Every word has a number, 1 to 32, the same by which the
//! ceremony asks for it. Never decides what is compared: that is [`package`](super::package)'s.

use super::package::RequestJson;
use crate::digest::Digest;
use crate::key::KeySpec;
use crate::screen::Screen;
use crate::words;

/// Words in a row: what is said in one breath, and repeated by the one who listens.
const ROW: usize = 4;
/// Rows on a sheet.
const ROWS: usize = 8;

/// What stands above the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet<'a> {
    /// The cluster.
    pub cluster: &'a str,
    /// Its environment.
    pub environment: &'a str,
    /// More of the request, where it is known: label and value.
    pub more: Vec<(&'static str, String)>,
    /// The digest that the words spell.
    pub sha256: Digest,
}

/// What a sheet says of a package besides cluster and environment.
pub fn more(request: &RequestJson, spec: KeySpec, renews: Option<&Digest>) -> Vec<(&'static str, String)> {
    let mut more = vec![("trust domain", request.trust_domain.clone()), ("key", spec.title().to_owned())];
    if let Some(previous) = renews {
        more.push(("renews", format!("the key with spki {}…", previous.short())));
    }
    more.push(("made", request.created.to_string()));
    more
}

/// The sheet of a request.
pub fn sheet(sheet: &Sheet<'_>) -> Screen {
    let mut screen = Screen::new()
        .heading("Words of a request, to be read over the telephone", "32 words in 8 rows")
        .field("cluster", sheet.cluster)
        .field("environment", sheet.environment);
    for (label, value) in &sheet.more {
        screen = screen.field(label, value);
    }
    screen = screen.field("sha256", sheet.sha256.hex()).blank();
    let groups: Vec<String> = groups(&sheet.sha256);
    screen
        .text(
            "1. The witness of the ceremony calls you, at your number in the directory. Do not call, and give no \
             number to call back: whoever calls must have looked you up.",
        )
        .text(format!(
            "2. Say first: cluster {}, environment {}, fingerprint {}.",
            sheet.cluster,
            sheet.environment,
            groups.join(" ")
        ))
        .text("3. Read row by row, each word after its number; the witness repeats the row. Correct a word by its number.")
        .blank()
        .then(rows(&sheet.sha256.0))
        .blank()
        .text(
            "4. Keep this sheet until the bundle is here. In the ceremony the witness is asked for three of the words \
             by their numbers, and nobody there can look them up.",
        )
}

/// The words of a digest in numbered rows, as they are dictated.
pub fn rows(bytes: &[u8]) -> Screen {
    let words: Vec<&str> = words::words(bytes);
    grid(|number| words.get(number - 1).copied().unwrap_or_default().to_owned(), words.len().div_ceil(ROW))
}

/// The form that the witness fills in while the engineer reads.
pub fn blank_form() -> Screen {
    let line = |label: &str| Screen::new().field(label, "_".repeat(40));
    Screen::new()
        .heading("Words of a request, taken down by the witness", "one form for each request")
        .text(
            "1. Look the engineer's number up in the directory, and call it. A number from a mail, a chat or the request \
             itself is no number.",
        )
        .text("2. Ask for cluster, environment and fingerprint; then for the words, row by row. Repeat each row.")
        .blank()
        .then(line("cluster"))
        .then(line("environment"))
        .then(line("fingerprint"))
        .then(line("engineer"))
        .then(line("number called"))
        .then(line("day and time"))
        .blank()
        .then(grid(|_| "____________".to_owned(), ROWS))
        .blank()
        .text(
            "3. Bring this form to the ceremony yourself. Three words are asked of you by their numbers: answer from \
             here, never from the screen.",
        )
}

/// Numbered rows of four cells.
fn grid(cell: impl Fn(usize) -> String, rows: usize) -> Screen {
    (0..rows).fold(Screen::new(), |screen, row| {
        let cells =
            (1..=ROW).map(|column| row * ROW + column).map(|number| format!("{number:>2} {:<13}", cell(number)));
        screen.verbatim(format!("  row {}   {}", row + 1, cells.collect::<String>()))
    })
}

/// The first digits of a digest, in groups of four: enough to tell requests apart, and not what is compared.
fn groups(sha256: &Digest) -> Vec<String> {
    let short: Vec<char> = sha256.short().chars().collect();
    short.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::WIDTH;

    #[test]
    fn a_sheet_numbers_every_word_and_says_who_calls_whom() {
        let sha256 = Digest::of(b"hello, world");
        let text = sheet(&Sheet {
            cluster: "west",
            environment: "prod",
            more: vec![("trust domain", "cluster.local".to_owned())],
            sha256,
        })
        .render();
        assert!(text.contains("  row 1    1 algol         2 revenue       3 locale        4 distortion\n"), "{text}");
        for (position, word) in words::words(&sha256.0).into_iter().enumerate() {
            assert!(text.contains(&format!("{:>2} {word}", position + 1)), "{word}\n{text}");
        }
        assert!(text.contains("Say first: cluster west, environment prod, fingerprint 09ca 7e4e aa6e 8ae9."), "{text}");
        assert!(text.contains("calls you, at your number in the directory"), "{text}");
    }

    #[test]
    fn the_longest_words_fit_and_the_form_has_a_place_for_each() {
        for byte in 0..=u8::MAX {
            let text = rows(&[byte; 32]).render();
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
        let form = blank_form().render();
        assert!(form.lines().all(|line| line.chars().count() <= WIDTH), "{form}");
        let blanks =
            form.lines().filter(|line| line.starts_with("  row")).flat_map(|line| line.matches(" ____________"));
        assert_eq!(blanks.count(), 32, "{form}");
        assert!(form.contains("  row 8   29 ____________"), "{form}");
    }
}
