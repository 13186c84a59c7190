//! The page that people look at during a ceremony: one step on it at a time, under a head that says whose
//! authority it is, which step, and who acts. It counts its rows, so that nothing leaves it unread; when to turn
//! it is for [`super::attended`]. It goes to the terminal itself, where the answers come from: a redirected
//! stream hides no plan.
//!
//! Where the cursor cannot be moved (`TERM=dumb`, a serial line that does not say its size) pages are plain lines
//! one below the other. Only bold, dim and reverse are used, and none of them with `NO_COLOR`.

use crate::plan::screen::Banner;
use crate::screen::WIDTH;
use crate::text;
use console::{Style, Term};
use std::fs::File;
use std::io::Write;

/// The smallest page that every screen was made for: rows and columns.
pub const SMALLEST: (usize, usize) = (24, WIDTH);
/// Rows below what is shown: the guide, a question, and where the cursor goes after it.
const BELOW: usize = 3;

/// How much of its head a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Top {
    /// All of it.
    Whole,
    /// The authority's line.
    Line,
    /// None: the screen says it all.
    Nothing,
}

/// What the head of a page says of a step.
#[derive(Debug, Clone, Default)]
pub struct Head {
    /// `Step 4 of 14`.
    pub place: String,
    /// What the step does.
    pub says: String,
    /// Who acts, and for how long.
    pub by: String,
    /// What comes next.
    pub next: Option<String>,
}

/// The page.
pub struct Stage {
    tty: File,
    term: Term,
    /// True where the page can be cleared.
    moves: bool,
    styled: bool,
    /// Whose page it is; nobody's has no head.
    banner: Option<Banner>,
    begun: bool,
    head: Head,
    /// What the head says beside the step: `plan 1 of 3`.
    aside: String,
    /// Rows that are taken.
    used: usize,
    /// Rows that the head took.
    top: usize,
    guided: bool,
}

impl Stage {
    /// A page on a terminal, with nothing on it yet.
    ///
    /// # Errors
    /// I/O errors where the terminal cannot be opened twice more.
    pub fn new(tty: &File, banner: Option<Banner>) -> std::io::Result<Self> {
        let term = Term::read_write_pair(tty.try_clone()?, tty.try_clone()?);
        let named = std::env::var_os("TERM").is_some_and(|name| !name.is_empty() && name != "dumb");
        let moves = named && size_of(&term).is_some();
        let styled = named && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Ok(Self {
            tty: tty.try_clone()?,
            term,
            moves,
            styled,
            begun: banner.is_none(),
            banner,
            head: Head::default(),
            aside: String::new(),
            used: 0,
            top: 0,
            guided: true,
        })
    }

    /// Rows and columns; what is not said is what every screen was made for.
    pub fn size(&self) -> (usize, usize) {
        size_of(&self.term).unwrap_or(SMALLEST)
    }

    /// True where the page can be cleared.
    pub fn moves(&self) -> bool {
        self.moves
    }

    /// The step that the next page is of.
    pub fn head(&mut self, head: Head) {
        self.head = head;
        self.aside.clear();
    }

    /// What the next page says beside the step.
    pub fn aside(&mut self, aside: &str) {
        aside.clone_into(&mut self.aside);
    }

    /// True once a page was begun, where pages have heads.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// True where nothing stands below the head.
    pub fn is_fresh(&self) -> bool {
        self.used == self.top
    }

    /// How many more rows can be shown so that a question still fits below.
    pub fn room(&self) -> usize {
        self.size().0.saturating_sub(self.used + BELOW)
    }

    /// True where another question would push the first row off the page.
    pub fn is_full(&self) -> bool {
        self.used + 2 > self.size().0
    }

    /// How much of a head fits above so many rows in one piece; none where even without it there are too many.
    pub fn top_over(&self, rows: usize) -> Option<Top> {
        let whole = 1 + usize::from(!self.head.says.is_empty());
        match self.size().0.checked_sub(rows + BELOW)? {
            left if left >= whole => Some(Top::Whole),
            0 => Some(Top::Nothing),
            _ => Some(Top::Line),
        }
    }

    /// Rows that lines take.
    pub fn height(&self, lines: &[String]) -> usize {
        lines.iter().map(|line| self.rows(line)).sum()
    }

    /// Rows that a line takes.
    pub fn rows(&self, line: &str) -> usize {
        line.chars().count().max(1).div_ceil(self.size().1.max(1))
    }

    /// Begins a new page with its head, or with less of it.
    pub fn turn(&mut self, top: Top) {
        if self.moves {
            // The terminal may be gone.
            let _ = self.term.clear_screen();
        } else if self.used > 0 {
            self.write("\n");
        }
        (self.used, self.begun) = (0, true);
        if let (Some(banner), Top::Whole | Top::Line) = (self.banner.clone(), top) {
            self.write_head(&banner, top);
        }
        self.top = self.used;
    }

    fn write_head(&mut self, banner: &Banner, top: Top) {
        let kind = if banner.kind == "production" { banner.kind.clone() } else { banner.kind.to_uppercase() };
        let right = match (self.head.place.as_str(), self.aside.as_str()) {
            (place, "") => place.to_owned(),
            ("", aside) => aside.to_owned(),
            (place, aside) => format!("{place} · {aside}"),
        };
        let room = WIDTH.saturating_sub(kind.chars().count() + right.chars().count() + 5);
        let name = text::ellipsis(&banner.name, room);
        self.styled_line(&spread(&format!("{name} · {kind}"), &right), Style::new().reverse().bold());
        if top == Top::Whole && !self.head.says.is_empty() {
            let line = spread(&self.head.says, &self.head.by);
            self.styled_line(&line, Style::new().bold());
        }
    }

    /// One line; longer than the terminal is wide it takes more rows.
    pub fn line(&mut self, line: &str) {
        let line = text::escape(line);
        self.used += self.rows(&line);
        self.guided = false;
        self.write(&format!("{line}\n"));
    }

    /// What can be done beside answering, once below what was shown: `q` is part of a secret.
    pub fn guide(&mut self, secret: bool) {
        if self.guided {
            return;
        }
        let keys = if secret { " Ctrl-C pause " } else { " d deviation · q pause " };
        // Some activities say more than the line holds: the step itself says it whole.
        let room = WIDTH.saturating_sub(keys.chars().count() + " next:  ".len() + 4);
        let next = self.head.next.as_ref().map(|next| text::ellipsis(&text::escape(next), room));
        let next = next.map_or(String::new(), |next| format!(" next: {next} "));
        let dashes = WIDTH.saturating_sub(next.chars().count() + keys.chars().count() + 4);
        self.styled_line(&format!("──{next}{}{keys}──", "─".repeat(dashes)), Style::new().dim());
        self.guided = true;
    }

    /// A question was answered by this many characters.
    pub fn answered(&mut self, question: &str, answer: usize) {
        let whole = question.chars().count() + answer;
        self.used += whole.max(1).div_ceil(self.size().1.max(1));
    }

    fn styled_line(&mut self, line: &str, style: Style) {
        self.used += self.rows(line);
        self.guided = false;
        let line = style.force_styling(self.styled).apply_to(line).to_string();
        self.write(&format!("{line}\n"));
    }

    fn write(&self, text: &str) {
        // Whether the terminal is still there shows at the next question.
        let _ = (&self.tty).write_all(text.as_bytes());
    }
}

fn size_of(term: &Term) -> Option<(usize, usize)> {
    let (rows, columns) = term.size_checked()?;
    (rows > 0 && columns > 0).then_some((rows.into(), columns.into()))
}

/// Both ends of a line; the right one goes on the next line where there is no room for it.
fn spread(left: &str, right: &str) -> String {
    let (left, right) = (text::escape(left), text::escape(right));
    let taken = left.chars().count() + right.chars().count();
    match WIDTH.checked_sub(taken).filter(|gap| *gap > 0) {
        Some(gap) => format!("{left}{}{right}", " ".repeat(gap)),
        None => format!("{}  {right}", text::ellipsis(&left, WIDTH.saturating_sub(right.chars().count() + 2))),
    }
}
