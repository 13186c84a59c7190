//! A custodian's turn at the terminal: a screen of its own, cleared before and after, scrollback included where the
//! terminal allows it. Words go to the terminal itself and to no stream that could be kept.
//!
//! Source: xterm's control sequences (private mode 1049, ED 2 and 3).

use super::line::{self, Echo, Typed};
use super::signals::{Signal, Signals};
use crate::ceremony::people::{Stop, Turn};
use crate::custody::ROWS;
use crate::screen::WIDTH;
use crate::text;
use std::fs::File;
use std::io::Write;
use zeroize::Zeroizing;

/// To the alternate screen, which has no scrollback; where a terminal has none, the screen is cleared.
const ENTER: &str = "\x1b[?1049h\x1b[2J\x1b[H";
/// A clear screen.
const CLEAR: &str = "\x1b[2J\x1b[H";
/// Clears what is there, and what scrolled away, and returns to the screen of before.
const LEAVE: &str = "\x1b[2J\x1b[3J\x1b[H\x1b[?1049l";

/// The screen of one custodian. Dropping it clears the terminal.
pub(super) struct Private {
    tty: File,
    heading: String,
    can_show: bool,
    /// The row typed last, shown again where it was wrong.
    typed: Zeroizing<String>,
}

impl Private {
    /// Clears the screen for a turn.
    pub(super) fn enter(tty: File, turn: &Turn<'_>) -> Self {
        let right = format!("set {}", turn.set);
        let gap = WIDTH.saturating_sub(turn.whose.chars().count() + right.chars().count()).max(2);
        let heading = text::escape(&format!("{}{}{right}", turn.whose, " ".repeat(gap)));
        let mut private = Self { tty, heading, can_show: false, typed: Zeroizing::new(String::new()) };
        private.write(ENTER);
        private
    }

    /// Shows the rows until the custodian says that they are written down.
    pub(super) fn show(&mut self, signals: &Signals, rows: &[Zeroizing<String>]) -> Result<(), Stop> {
        self.can_show = true;
        self.begin();
        self.say("Only you see this. Write each row on your sheet; its last word checks it.\n");
        for (number, row) in (1..).zip(rows) {
            self.write(&laid_out(number, row));
        }
        self.say("\nThen the screen is cleared, and you type the rows back from the sheet.\n");
        self.ask(signals, "Press Enter when every row is written: ").map(drop)
    }

    /// One row as it is typed.
    pub(super) fn row(
        &mut self,
        signals: &Signals,
        row: usize,
        trouble: Option<&str>,
    ) -> Result<Zeroizing<String>, Stop> {
        self.begin();
        if let Some(trouble) = trouble {
            let before = std::mem::take(&mut self.typed);
            self.write(&wrapped(&Zeroizing::new(format!("Typed: {}", text::escape(&before)))));
            self.say(trouble);
            self.write("\n");
        }
        self.say(match self.can_show {
            true => "Six words from your sheet. Or: again (from row 1), show (the words), q (pause).",
            false => "Six words from your sheet. Or: again (from row 1), q (pause).",
        });
        let prompt = format!("Row {row} of {ROWS}: ");
        self.typed = self.ask(signals, &prompt)?;
        Ok(self.typed.clone())
    }

    /// One line. Whoever wants to stop is asked whether they pause: what was dealt and not read back is lost then.
    fn ask(&mut self, signals: &Signals, prompt: &str) -> Result<Zeroizing<String>, Stop> {
        let mut stopping = false;
        loop {
            if stopping {
                self.say("\nA pause gives up what was dealt and not read back by all, and what was typed.");
            }
            let prompt = if stopping { "Pause here? yes, or Enter to go on: " } else { prompt };
            match line::read(&self.tty, signals, prompt, Echo::Shown, false)? {
                Typed::Line(text) if !stopping && text.trim() == "q" => stopping = true,
                Typed::Line(text) if !stopping => return Ok(text),
                Typed::Line(text) if matches!(text.trim(), "yes" | "y") => return Err(Stop::Pause),
                Typed::Signal(Signal::Gone) => return Err(Stop::Pause),
                // Twice is meant.
                Typed::Signal(Signal::Interrupt) | Typed::End if stopping => return Err(Stop::Pause),
                Typed::Signal(Signal::Interrupt) | Typed::End => stopping = true,
                Typed::Line(_) => stopping = false,
                Typed::Signal(Signal::Suspend | Signal::Resize) | Typed::NoText(_) => {}
            }
        }
    }

    fn begin(&mut self) {
        let heading = format!("{CLEAR}{}\n\n", self.heading);
        self.write(&heading);
    }

    fn say(&mut self, sentence: &str) {
        let (start, end) = (sentence.starts_with('\n'), sentence.ends_with('\n'));
        let body = wrapped(&text::escape(sentence.trim_matches('\n')));
        self.write(&format!("{}{}{}", if start { "\n" } else { "" }, *body, if end { "\n" } else { "" }));
    }

    fn write(&mut self, text: &str) {
        // The terminal may be gone: the next question finds out.
        let _ = self.tty.write_all(text.as_bytes()).and_then(|()| self.tty.flush());
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.write(LEAVE);
    }
}

/// Lines of at most the width; a share's words may be among them.
fn wrapped(escaped: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(escaped.len() * 2 + 2));
    for line in Zeroizing::new(text::wrap(escaped, WIDTH)).iter() {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A numbered row in columns; the check stands apart.
fn laid_out(number: usize, row: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(2 * WIDTH));
    out.push_str(&format!("{number:>3}   "));
    for (place, word) in row.split(' ').enumerate() {
        if place == 5 {
            out.push_str("  ");
        }
        out.push_str(word);
        let width: usize = if place % 2 == 0 { 10 } else { 12 };
        out.extend(std::iter::repeat_n(' ', width.saturating_sub(word.len())));
    }
    let end = out.trim_end().len();
    out.truncate(end);
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    #[test]
    fn the_longest_row_fits_where_it_is_shown_and_where_it_is_typed() {
        let longest = |place| (0..=u8::MAX).map(|byte| words::word(place, byte)).max_by_key(|word| word.len()).unwrap();
        let row: Vec<&str> = (0..6).map(longest).collect();
        let row = row.join(" ");
        assert!(laid_out(ROWS, &row).trim_end().len() <= WIDTH);
        assert!("Row 9 of 9: ".len() + row.len() <= WIDTH, "{row}");
        assert!(laid_out(1, &row).split_whitespace().skip(1).eq(row.split(' ')));
    }
}
