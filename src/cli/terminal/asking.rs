//! Asking people at a terminal: each question can be answered by a deviation, a pause or a signal instead, and is
//! then asked again.

use super::Terminal;
use super::line::{self, Echo, Typed};
use super::shares::Private;
use super::signals::{Signal, Signals};
use super::stage::{Stage, Top};
use crate::ceremony::people::{Noted, Stop};
use crate::error::{Error, Kind};
use crate::plan::screen::Banner;
use crate::screen::WIDTH;
use crate::text;
use secrecy::SecretString;
use std::fs::File;
use zeroize::Zeroizing;

/// The longest text that the log keeps of what people type, in characters.
const MAX_TYPED: usize = 200;

/// A terminal with people at it.
pub struct Attended<'t> {
    pub(super) terminal: &'t mut Terminal,
    pub(super) noted: Vec<Noted>,
    /// The screen of a custodian whose turn it is.
    pub(super) private: Option<Private>,
    pub(super) tty: File,
    /// Written to through [`Attended::page`] alone.
    stage: Stage,
    pub(super) signals: Signals,
    /// The screen that a question is about; shown again after whatever pushed it off the page.
    pub(super) shown: Vec<String>,
    /// Lines that nobody answered anything after.
    pub(super) unread: Vec<String>,
    /// What earlier steps left, at the top of a step's page.
    pub(super) trail: Vec<String>,
    /// The step on the page, where it has shown and asked nothing yet.
    pub(super) silent: Option<String>,
    pub(super) number: usize,
    /// A size that is too small and that people go on with.
    pub(super) accepted: Option<(usize, usize)>,
}

/// What became of a `q`, a `d` or a Ctrl-C.
pub(super) enum Instead {
    /// The question is asked again, after a sentence where there is one to say.
    Again(&'static str),
    /// The letter was meant as the answer.
    Literally,
}

impl<'t> Attended<'t> {
    /// Opens the terminal itself, with pages in the name of an authority where there is one. From here on no signal
    /// ends the process.
    ///
    /// # Errors
    /// [`Kind::Usage`] where there is none: a ceremony needs people, or an unattended authority and answers.
    pub fn open(terminal: &'t mut Terminal, banner: Option<Banner>) -> Result<Self, Error> {
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

    /// The page, to write on: a line of progress is off it, and does not come between two lines.
    pub(super) fn page(&mut self) -> &mut Stage {
        self.terminal.finish_progress();
        &mut self.stage
    }

    /// The page, to measure.
    pub(super) fn stage(&self) -> &Stage {
        &self.stage
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
        self.for_the_log(&format!("{question} (the log keeps it)"))
    }

    /// What the log keeps of people's own words: some, and not too many.
    fn for_the_log(&mut self, question: &str) -> Result<String, Stop> {
        loop {
            let typed = self.ask_plain(question)?;
            match typed.chars().count() {
                0 => self.say("The log cannot go without it. Please type it in a few words."),
                count if count > MAX_TYPED => self.say(&format!(
                    "That has {count} characters; the log keeps at most {MAX_TYPED}. Please shorten it."
                )),
                _ => return Ok(typed),
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
                    self.shown.clone().iter().for_each(|line| self.page().line(line));
                }
            }
            self.page().guide(echo == Echo::Hidden);
            lines.iter().for_each(|line| self.page().line(line));
            let typed = line::read(&self.tty, &self.signals, &prompt, echo, false)?;
            let length = match &typed {
                Typed::Line(text) if echo == Echo::Shown => text.chars().count(),
                _ => 0,
            };
            self.page().answered(&prompt, length);
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
    pub(super) fn heed(&mut self) -> Result<(), Stop> {
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
                "Ctrl-Z does nothing: a ceremony does not wait in the background with its token open. A pause closes \
                 it, and it goes on later.",
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
        self.terminal.finish_progress();
        let typed = line::read(&self.tty, &self.signals, prompt, Echo::Shown, false)?;
        self.page().answered(prompt, 3);
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
        let mut expected = self.ask_plain("What was expected?")?;
        if expected.is_empty() {
            return Ok(Instead::Again("No deviation was noted."));
        }
        if expected == "d" {
            return Ok(Instead::Literally);
        }
        while expected.chars().count() > MAX_TYPED {
            expected = self.for_the_log("In fewer words: what was expected?")?;
        }
        let happened = self.for_the_log("What happened?")?;
        let decided = self.for_the_log("What was decided?")?;
        self.noted.push(Noted { expected, happened, decided });
        Ok(Instead::Again("The deviation is noted."))
    }
}
