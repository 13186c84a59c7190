//! Asking people at a terminal: each question can be answered by a deviation, a pause or a signal instead, and is
//! then asked again. Pages are turned only when what is on them was read.

use super::Terminal;
use super::line::{self, Echo, Typed};
use super::shares::Private;
use super::signals::{Signal, Signals};
use super::stage::{Head, SMALLEST, Stage, Top};
use crate::ceremony::people::{Noted, StepView, Stop};
use crate::error::{Error, Kind};
use crate::plan::screen::Banner;
use crate::screen::{Screen, WIDTH};
use crate::text;
use secrecy::SecretString;
use std::fs::File;
use zeroize::Zeroizing;

/// Lines that need no Enter before the next step: they go along to its page.
const CARRIED: usize = 3;
/// The most lines that go along.
const TRAIL: usize = 8;

/// A terminal with people at it.
pub struct Attended<'t> {
    pub(super) terminal: &'t mut Terminal,
    pub(super) noted: Vec<Noted>,
    /// The screen of a custodian whose turn it is.
    pub(super) private: Option<Private>,
    tty: File,
    stage: Stage,
    signals: Signals,
    /// The screen that a question is about; shown again after whatever pushed it off the page.
    shown: Vec<String>,
    /// Lines that nobody answered anything after.
    unread: Vec<String>,
    /// What earlier steps left, at the top of a step's page.
    trail: Vec<String>,
    /// The step on the page, where it has shown and asked nothing yet.
    silent: Option<String>,
    number: usize,
    /// A size that is too small and that people go on with.
    accepted: Option<(usize, usize)>,
}

/// What became of a `q`, a `d` or a Ctrl-C.
pub(super) enum Instead {
    /// The question is asked again, after a sentence where there is one to say.
    Again(&'static str),
    /// The letter was meant as the answer.
    Literally,
}

impl<'t> Attended<'t> {
    /// Opens the terminal itself. From here on no signal ends the process.
    ///
    /// # Errors
    /// [`Kind::Usage`] where there is none: a ceremony needs people, or an unattended authority and answers.
    pub fn open(terminal: &'t mut Terminal, banner: Banner) -> Result<Self, Error> {
        let none = |_| {
            Error::new(Kind::Usage, "a ceremony needs people at a terminal, and there is no terminal")
                .hint("run it in a terminal")
                .hint("for pipelines: kind = \"test\", unattended = true in authority.toml, and --answers FILE")
                .truth("Nothing was signed.")
        };
        let tty = File::options().read(true).write(true).open("/dev/tty").map_err(none)?;
        let stage = Stage::new(&tty, banner).map_err(none)?;
        Ok(Self {
            terminal,
            noted: Vec::new(),
            private: None,
            tty,
            stage,
            signals: Signals::watch()?,
            shown: Vec::new(),
            unread: Vec::new(),
            trail: Vec::new(),
            silent: None,
            number: 0,
            accepted: None,
        })
    }

    /// The terminal once more, for a screen of its own.
    pub(super) fn own_terminal(&self) -> Result<File, Error> {
        self.tty.try_clone().map_err(|error| Error::new(Kind::Usage, "the terminal is gone").saw(error.to_string()))
    }

    /// The screen of the custodian whose turn it is, and what may come between.
    pub(super) fn alone(&mut self) -> Result<(&mut Private, &Signals), Error> {
        match &mut self.private {
            Some(private) => Ok((private, &self.signals)),
            None => Err(Error::new(Kind::Bug, "a share outside a custodian's turn")),
        }
    }

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
        self.stage.head(Head {
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
            self.stage.line(&line);
        }
        if self.stage.moves() {
            self.trail.clone().iter().for_each(|line| self.stage.line(line));
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
        self.terminal.finish_progress();
        let (aside, lines) = screen.page();
        if let Some(aside) = aside {
            self.stage.aside(aside);
        }
        if self.unread.is_empty() {
            self.shown.clear();
        } else {
            self.shown.push(String::new());
        }
        self.shown.extend(lines.iter().cloned());
        // What fits on no page below the whole head may fit below less of it: it is read as a whole.
        let needed = self.stage.height(&lines);
        match (aside, self.stage.top_for(needed, aside.is_some())) {
            (_, top @ (Top::Line | Top::Nothing)) => self.new_page(top)?,
            (Some(_), top) => self.new_page(top)?,
            (None, Top::Whole) => {}
        }
        self.lines(&lines)
    }

    /// A sentence, wrapped.
    pub(super) fn say(&mut self, sentence: &str) {
        self.terminal.finish_progress();
        self.silent = None;
        for line in text::wrap(&text::escape(sentence), WIDTH) {
            self.stage.line(&line);
        }
    }

    /// Something that went wrong, under the screen that the question is about.
    pub(super) fn say_again(&mut self, lines: &[String]) -> Result<(), Stop> {
        let needed = self.stage.height(lines);
        if self.stage.moves() && needed + 1 > self.stage.room() {
            self.turn(Top::Whole)?;
            let shown = self.shown.clone();
            self.lines(&shown)?;
        }
        self.lines(lines)
    }

    /// Lines below what is on the page: on a new one where they fit only there, page by page where they fit on none.
    fn lines(&mut self, lines: &[String]) -> Result<(), Stop> {
        self.silent = None;
        let needed = self.stage.height(lines);
        if !self.stage.is_fresh() {
            if needed + 1 > self.stage.room() {
                self.new_page(Top::Whole)?;
            } else if lines.first().is_some_and(|line| !line.is_empty()) {
                self.stage.line("");
            }
        }
        for line in lines {
            if self.stage.rows(line) > self.stage.room() && !self.stage.is_fresh() {
                self.acknowledge("Enter for more")?;
                self.turn(Top::Whole)?;
            }
            self.stage.line(line);
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
    fn turn(&mut self, top: Top) -> Result<(), Stop> {
        loop {
            let (rows, columns) = self.stage.size();
            if (rows >= SMALLEST.0 && columns >= SMALLEST.1) || self.accepted == Some((rows, columns)) {
                break;
            }
            self.stage.line("");
            self.stage.line(&format!("This terminal has {rows} rows and {columns} columns;"));
            self.stage.line(&format!("a ceremony needs {} and {}.", SMALLEST.0, SMALLEST.1));
            self.stage.line("Make it larger: it goes on then.");
            match line::read(&self.tty, &self.signals, "Enter: go on as it is: ", Echo::Shown, true)? {
                Typed::Line(_) => self.accepted = Some((rows, columns)),
                Typed::Signal(Signal::Gone | Signal::Interrupt) | Typed::End => return Err(Stop::Pause),
                Typed::Signal(Signal::Resize | Signal::Suspend) | Typed::NoText(_) => {}
            }
        }
        self.stage.turn(top);
        Ok(())
    }

    /// Asks for one line; `d` writes down a deviation, `q` pauses, and both ask again.
    pub(super) fn ask(&mut self, prompt: &str) -> Result<String, Stop> {
        loop {
            let typed = self.ask_plain(prompt)?;
            let instead = match typed.as_str() {
                "d" => self.note_deviation()?,
                "q" => self.pause(true)?,
                _ => return Ok(typed),
            };
            match instead {
                Instead::Again(sentence) => {
                    self.show_again()?;
                    self.say(sentence);
                }
                Instead::Literally => return Ok(typed),
            }
        }
    }

    /// Asks for one line; surrounding spaces do not matter.
    pub(super) fn ask_plain(&mut self, prompt: &str) -> Result<String, Stop> {
        loop {
            let typed = self.read(prompt, Echo::Shown)?;
            match text::first_deceptive(&typed) {
                None => return Ok(typed.trim().to_owned()),
                Some(_) => self.say("That line holds a key that is no letter (an arrow?). Please type it again."),
            }
        }
    }

    /// A reason, which the log keeps; it cannot be empty.
    pub(super) fn reason(&mut self, question: &str) -> Result<String, Stop> {
        loop {
            let typed = self.ask_plain(&format!("{question} (the log keeps it)"))?;
            if !typed.is_empty() {
                return Ok(typed);
            }
        }
    }

    pub(super) fn ask_secret(&mut self, prompt: &str) -> Result<SecretString, Stop> {
        Ok(SecretString::from(self.read(prompt, Echo::Hidden)?.as_str()))
    }

    pub(super) fn ask_or(&mut self, prompt: &str, default: &str) -> Result<String, Stop> {
        let typed = self.ask(&format!("{prompt} [{default}]"))?;
        Ok(if typed.is_empty() { default.to_owned() } else { typed })
    }

    /// One line of text, whatever signals come between.
    fn read(&mut self, prompt: &str, echo: Echo) -> Result<Zeroizing<String>, Stop> {
        self.terminal.finish_progress();
        let mut lines = text::wrap(&format!("{}:", text::escape(prompt)), WIDTH - 1);
        let prompt = format!("{} ", lines.pop().unwrap_or_default());
        loop {
            if self.stage.moves() && self.stage.is_full() && !self.stage.is_fresh() {
                self.turn(Top::Whole)?;
                let needed = self.stage.height(&self.shown);
                if needed <= self.stage.room() {
                    self.shown.iter().for_each(|line| self.stage.line(line));
                }
            }
            self.stage.guide(echo == Echo::Hidden);
            lines.iter().for_each(|line| self.stage.line(line));
            let typed = line::read(&self.tty, &self.signals, &prompt, echo, false)?;
            let length = match &typed {
                Typed::Line(text) if echo == Echo::Shown => text.chars().count(),
                _ => 0,
            };
            self.stage.answered(&prompt, length);
            match typed {
                Typed::Line(text) => {
                    self.silent = None;
                    self.unread.clear();
                    self.trail.clear();
                    return Ok(text);
                }
                Typed::NoText(what) => self.say(&format!("That was {what}. Please type it again.")),
                Typed::End => {
                    self.pause(false)?;
                }
                Typed::Signal(signal) => self.answer_signal(signal)?,
            }
        }
    }

    /// Signals that came while nobody was asked.
    fn heed(&mut self) -> Result<(), Stop> {
        while let Some(signal) = self.signals.take() {
            self.answer_signal(signal)?;
        }
        Ok(())
    }

    fn answer_signal(&mut self, signal: Signal) -> Result<(), Stop> {
        match signal {
            Signal::Gone => return Err(Stop::Pause),
            Signal::Interrupt => {
                self.pause(false)?;
            }
            Signal::Suspend => self.say(
                "Ctrl-Z does nothing here: with a token open, a ceremony does not stop in the background. \
                 A pause closes it and goes on later.",
            ),
            Signal::Resize => {}
        }
        Ok(())
    }

    /// Whether people pause here; `letter` where a `q` may have been meant as the answer.
    fn pause(&mut self, letter: bool) -> Result<Instead, Stop> {
        let prompt = if letter {
            "Pause here? yes, or Enter to go on (q: the answer is \"q\"): "
        } else {
            "Pause here? yes, or Enter to go on: "
        };
        let typed = line::read(&self.tty, &self.signals, prompt, Echo::Shown, false)?;
        self.stage.answered(prompt, 3);
        match typed {
            Typed::Line(text) => match text.trim().to_lowercase().as_str() {
                "yes" | "y" => Err(Stop::Pause),
                "q" if letter => Ok(Instead::Literally),
                _ => Ok(Instead::Again("")),
            },
            Typed::Signal(Signal::Resize | Signal::Suspend) | Typed::NoText(_) => Ok(Instead::Again("")),
            // Twice is meant.
            Typed::Signal(Signal::Gone | Signal::Interrupt) | Typed::End => Err(Stop::Pause),
        }
    }

    /// What was expected, what happened, what was decided.
    pub(super) fn note_deviation(&mut self) -> Result<Instead, Stop> {
        self.say("A deviation: the log keeps what you type. Nothing typed: no deviation; d: the answer is \"d\".");
        let expected = self.ask_plain("What was expected?")?;
        if expected.is_empty() {
            return Ok(Instead::Again("No deviation was noted."));
        }
        if expected == "d" {
            return Ok(Instead::Literally);
        }
        let happened = self.reason("What happened?")?;
        let decided = self.reason("What was decided?")?;
        self.noted.push(Noted { expected, happened, decided });
        Ok(Instead::Again("The deviation is noted."))
    }

    /// The screen that the question is about, where something else pushed it off the page.
    fn show_again(&mut self) -> Result<(), Stop> {
        let needed = self.stage.height(&self.shown);
        if needed == 0 || (self.stage.moves() && needed + 2 <= self.stage.room()) {
            return Ok(());
        }
        self.turn(Top::Whole)?;
        let shown = self.shown.clone();
        self.lines(&shown)
    }
}
