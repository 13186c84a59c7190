//! The pages of a ceremony at a terminal: what is shown goes below what is there, or on a new page once what was
//! there has been read; a screen that is longer than the terminal is read page by page.

use super::asking::Attended;
use super::line::{self, Echo, Typed};
use super::signals::Signal;
use super::stage::{Head, SMALLEST, Top};
use crate::ceremony::people::{StepView, Stop};
use crate::error::Error;
use crate::screen::{Screen, WIDTH};
use crate::text;

/// Lines that need no Enter before the next step: they go along to its page.
const CARRIED: usize = 3;
/// The most lines that go along.
const TRAIL: usize = 8;

impl Attended<'_> {
    /// A step's page begins, once what is on the page before was read.
    pub(super) fn begin(&mut self, view: &StepView<'_>) -> Result<(), Stop> {
        self.terminal.finish_progress();
        self.heed()?;
        if let Some(done) = self.silent.take().filter(|_| view.number > self.number) {
            self.trail.push(done);
        } else if self.unread.len() <= CARRIED {
            self.trail.append(&mut self.unread);
        } else {
            self.acknowledge("Enter to go on")?;
        }
        if self.trail.len() > TRAIL {
            self.acknowledge("Enter to go on")?;
        }
        let StepView { number, of, says, by, .. } = view;
        let minutes = view
            .minutes
            .map_or(String::new(), |minutes| format!(" · {}", text::count(minutes.try_into().unwrap_or(0), "minute")));
        self.page().head(Head {
            place: format!("Step {number} of {of}"),
            says: (*says).to_owned(),
            by: format!("{by}{minutes}"),
            next: view.next.map(str::to_owned),
        });
        self.number = *number;
        self.silent = Some(format!("  done         step {number} · {says}"));
        self.shown.clear();
        self.turn(Top::Whole)?;
        for line in view.note.map(|note| text::wrap(&text::escape(note), WIDTH)).unwrap_or_default() {
            self.page().line(&line);
        }
        if self.stage().moves() {
            self.trail.clone().iter().for_each(|line| self.page().line(line));
        }
        Ok(())
    }

    /// The ceremony is over: what it showed last stays until it was read.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the terminal cannot be asked.
    pub fn ends(&mut self) -> Result<(), Error> {
        self.terminal.finish_progress();
        if self.unread.len() <= CARRIED { Ok(()) } else { self.read_off() }
    }

    /// Waits until the page is on the paper. Whatever is typed, or a terminal that goes away: nothing is left to
    /// pause or to log.
    pub(super) fn read_off(&mut self) -> Result<(), Error> {
        line::read(&self.tty, &self.signals, "Press Enter when it is on the paper: ", Echo::Shown, false)?;
        self.unread.clear();
        Ok(())
    }

    /// Shows a screen: whole on one page where it fits, else page by page.
    pub(super) fn put(&mut self, screen: &Screen) -> Result<(), Stop> {
        if !self.stage().has_begun() {
            self.turn(Top::Whole)?;
        }
        let (aside, lines) = screen.page();
        if let Some(aside) = aside {
            self.page().aside(aside);
        }
        if self.unread.is_empty() {
            self.shown.clear();
        } else {
            self.shown.push(String::new());
        }
        self.shown.extend(lines.iter().cloned());
        // What fits on no page below the whole head may fit below less of it, and is read as a whole then.
        let top =
            self.stage().top_over(self.stage().height(&lines)).filter(|top| aside.is_none() || *top != Top::Nothing);
        let top = top.unwrap_or(Top::Whole);
        if aside.is_some() || top != Top::Whole {
            self.new_page(top)?;
        }
        self.lines(&lines)
    }

    /// A sentence, wrapped.
    pub(super) fn say(&mut self, sentence: &str) {
        self.silent = None;
        for line in text::wrap(&text::escape(sentence), WIDTH) {
            self.page().line(&line);
        }
    }

    /// Something that went wrong, under the screen that the question is about; where no page holds both, first the
    /// one and then the other.
    pub(super) fn say_again(&mut self, lines: &[String]) -> Result<(), Stop> {
        let needed = self.stage().height(lines);
        if !self.stage().moves() || needed < self.stage().room() {
            return self.lines(lines);
        }
        let shown = self.shown.clone();
        match self.stage().top_over(self.stage().height(&shown) + needed) {
            Some(top) => self.turn(top)?,
            None => {
                self.turn(Top::Whole)?;
                self.lines(lines)?;
                self.acknowledge("Enter to go on")?;
                self.turn(Top::Whole)?;
                return self.lines(&shown);
            }
        }
        shown.iter().chain(lines).for_each(|line| self.page().line(line));
        Ok(())
    }

    /// Lines below what is on the page: on a new one where they fit only there, page by page where they fit on none.
    fn lines(&mut self, lines: &[String]) -> Result<(), Stop> {
        self.silent = None;
        let needed = self.stage().height(lines);
        if !self.stage().is_fresh() {
            if needed + 1 > self.stage().room() {
                self.new_page(Top::Whole)?;
            } else if lines.first().is_some_and(|line| !line.is_empty()) {
                self.page().line("");
            }
        }
        for line in lines {
            if self.stage().rows(line) > self.stage().room() && !self.stage().is_fresh() {
                self.acknowledge("Enter for more")?;
                self.turn(Top::Whole)?;
            }
            self.page().line(line);
            self.unread.push(line.clone());
        }
        Ok(())
    }

    /// A new page, once the one before was read.
    fn new_page(&mut self, top: Top) -> Result<(), Stop> {
        if !self.unread.is_empty() {
            self.acknowledge("Enter for more")?;
        }
        self.turn(top)
    }

    /// Waits until the page was read.
    pub(super) fn acknowledge(&mut self, prompt: &str) -> Result<(), Stop> {
        self.ask(prompt).map(|_| ())
    }

    /// Turns the page; a terminal that is too small is said first.
    pub(super) fn turn(&mut self, top: Top) -> Result<(), Stop> {
        loop {
            let (rows, columns) = self.stage().size();
            if (rows >= SMALLEST.0 && columns >= SMALLEST.1) || self.accepted == Some((rows, columns)) {
                break;
            }
            self.page().line("");
            self.page().line(&format!("This terminal has {rows} rows and {columns} columns;"));
            self.page().line(&format!("a ceremony needs {} and {}.", SMALLEST.0, SMALLEST.1));
            self.page().line("Make it larger: it goes on then.");
            match line::read(&self.tty, &self.signals, "Enter: go on as it is: ", Echo::Shown, true)? {
                Typed::Line(_) => self.accepted = Some((rows, columns)),
                Typed::Signal(Signal::Gone | Signal::Interrupt) | Typed::End => return Err(Stop::Pause),
                Typed::Signal(Signal::Resize | Signal::Suspend) | Typed::NoText(_) => {}
            }
        }
        self.page().turn(top);
        Ok(())
    }

    /// The screen that the question is about, where something else pushed it off the page.
    pub(super) fn show_again(&mut self) -> Result<(), Stop> {
        let needed = self.stage().height(&self.shown);
        if needed == 0 || (self.stage().moves() && needed + 2 <= self.stage().room()) {
            return Ok(());
        }
        self.turn(Top::Whole)?;
        let shown = self.shown.clone();
        self.lines(&shown)
    }
}
