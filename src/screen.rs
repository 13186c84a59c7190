//! What people are shown: headings, labelled values and text, laid out for 80 columns. Pure data; the
//! terminal prints it, the log's record prints it, tests read it.

use crate::text;

/// The width that every screen keeps to, in columns.
pub const WIDTH: usize = 80;
/// Columns of indentation and label before a value.
const VALUE: usize = 15;

/// One screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Screen {
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Banner { left: String, right: String },
    Heading { left: String, right: String },
    Field { label: String, value: String, note: String },
    Text { lead: String, text: String },
    Verbatim(String),
    Blank,
}

impl Screen {
    /// An empty screen.
    pub fn new() -> Self {
        Self::default()
    }

    /// The authority's line, first of a screen that begins a page; what heads its page anyway takes only its
    /// right end ([`Screen::page`]).
    pub fn banner(mut self, left: impl AsRef<str>, right: impl AsRef<str>) -> Self {
        self.rows.push(Row::Banner { left: text::escape(left.as_ref()), right: text::escape(right.as_ref()) });
        self
    }

    /// A line with something at its right end.
    pub fn heading(mut self, left: impl AsRef<str>, right: impl AsRef<str>) -> Self {
        self.rows.push(Row::Heading { left: text::escape(left.as_ref()), right: text::escape(right.as_ref()) });
        self
    }

    /// A labelled value; a value too long for its line goes on below itself.
    pub fn field(self, label: &str, value: impl AsRef<str>) -> Self {
        self.noted(label, value, "")
    }

    /// A labelled value with a remark after it.
    pub fn noted(mut self, label: &str, value: impl AsRef<str>, note: impl AsRef<str>) -> Self {
        self.rows.push(Row::Field {
            label: label.to_owned(),
            value: text::escape(value.as_ref()),
            note: text::escape(note.as_ref()),
        });
        self
    }

    /// Words wrapped to the width.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        self.rows.push(Row::Text { lead: String::new(), text: text::escape(text.as_ref()) });
        self
    }

    /// Words wrapped to the width, indented as values' labels are.
    pub fn indented(mut self, text: impl AsRef<str>) -> Self {
        self.rows.push(Row::Text { lead: "  ".to_owned(), text: text::escape(text.as_ref()) });
        self
    }

    /// Words wrapped to the width after a word that leads them (`hint:  `), and below each other.
    pub fn led(mut self, lead: &str, text: impl AsRef<str>) -> Self {
        self.rows.push(Row::Text { lead: lead.to_owned(), text: text::escape(text.as_ref()) });
        self
    }

    /// A line as it stands (a row of words, a command).
    pub fn verbatim(mut self, line: impl AsRef<str>) -> Self {
        self.rows.push(Row::Verbatim(text::escape(line.as_ref())));
        self
    }

    /// An empty line.
    pub fn blank(mut self) -> Self {
        self.rows.push(Row::Blank);
        self
    }

    /// The rows of another screen after these.
    pub fn then(mut self, other: Screen) -> Self {
        self.rows.extend(other.rows);
        self
    }

    /// The lines below a page's own head: the right end of the banner, where there is one, and the lines without it.
    pub fn page(&self) -> (Option<&str>, Vec<String>) {
        let banner = self.rows.iter().find_map(|row| match row {
            Row::Banner { right, .. } => Some(right.as_str()),
            _ => None,
        });
        let below = self.rows.iter().filter(|row| !matches!(row, Row::Banner { .. }));
        (banner, below.flat_map(Row::lines).map(|line| line.trim_end().to_owned()).collect())
    }

    /// Lines of text without control characters, each ending in `\n`, at most [`WIDTH`] columns where the
    /// words allow it.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            for line in row.lines() {
                out.push_str(line.trim_end());
                out.push('\n');
            }
        }
        out
    }
}

impl Row {
    fn lines(&self) -> Vec<String> {
        match self {
            Row::Blank => vec![String::new()],
            Row::Verbatim(line) => vec![line.clone()],
            Row::Text { lead, text } => {
                let indent = lead.chars().count();
                let lines = text::wrap(text, WIDTH.saturating_sub(indent)).into_iter();
                let leads = std::iter::once(lead.clone()).chain(std::iter::repeat(" ".repeat(indent)));
                lines.zip(leads).map(|(line, lead)| format!("{lead}{line}")).collect()
            }
            Row::Banner { left, right } | Row::Heading { left, right } => {
                let used = left.chars().count() + right.chars().count();
                if used + 2 > WIDTH {
                    return vec![left.clone(), format!("{right:>WIDTH$}")];
                }
                vec![format!("{left}{}{right}", " ".repeat(WIDTH - used))]
            }
            Row::Field { label, value, note } => field_lines(label, value, note),
        }
    }
}

fn field_lines(label: &str, value: &str, note: &str) -> Vec<String> {
    // A label longer than its column pushes the values to the right.
    let indent = VALUE.max(label.chars().count() + 3);
    let room = WIDTH.saturating_sub(indent).max(1);
    let whole = if note.is_empty() { value.to_owned() } else { format!("{value}   {note}") };
    let values = if whole.chars().count() <= room {
        vec![whole]
    } else {
        let mut lines: Vec<String> = text::wrap(value, room).into_iter().flat_map(|line| split(&line, room)).collect();
        if !note.is_empty() {
            lines.extend(text::wrap(note, room));
        }
        lines
    };
    let mut lines = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        let width = indent - 3;
        lines.push(format!("  {label:<width$} {value}"));
    }
    if lines.is_empty() {
        lines.push(format!("  {label}"));
    }
    lines
}

/// Splits a single long word (a digest, a recipient) into pieces of the width.
fn split(line: &str, width: usize) -> Vec<String> {
    let chars: Vec<char> = line.chars().collect();
    chars.chunks(width).map(|c| c.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_eighty_columns_and_nothing_is_lost() {
        let long = "age1".repeat(50);
        let screen = Screen::new()
            .heading("Example Mesh Root · production", "plan 1 of 2")
            .field("to", &long)
            .noted("key", "ECDSA P-384", "same as in the request: yes")
            .field("a label longer than its column", "sailboat ".repeat(8).trim())
            .field("log words 1-8", "drifter revival fallout leprosy merit informant blackjack camelot")
            .text("word ".repeat(60));
        let text = screen.render();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        let joined: String = text.split_whitespace().collect();
        assert!(joined.contains(&long));
    }

    #[test]
    fn a_page_with_a_head_of_its_own_takes_the_right_end_of_a_banner() {
        let screen = Screen::new().banner("Example Mesh Root · test", "plan 1 of 2").field("serial", "4b");
        assert!(screen.render().starts_with("Example Mesh Root · test"));
        assert_eq!(screen.page(), (Some("plan 1 of 2"), vec!["  serial       4b".to_owned()]));
    }

    #[test]
    fn a_label_longer_than_its_column_makes_no_line_too_long() {
        let words = "edict company bookshelf virginia absurd dinosaur spindle wichita";
        let text = Screen::new().field("root words 1-8", words).render();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.split_whitespace().skip(3).collect::<Vec<_>>().join(" "), words);
    }

    #[test]
    fn what_a_word_leads_goes_on_below_itself() {
        let long = "if your paper says otherwise, it has another configuration: type \"no\" to stop";
        let lines = Screen::new().led("hint:  ", long).render();
        assert_eq!(
            lines,
            "hint:  if your paper says otherwise, it has another configuration: type \"no\" to\n       stop\n"
        );
    }

    #[test]
    fn an_escape_in_a_value_is_shown_not_obeyed() {
        assert!(Screen::new().field("subject", "\u{1b}[2J").render().contains("\\u{1b}[2J"));
    }
}
