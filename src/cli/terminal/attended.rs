//! People at a terminal: one question at a time, a mistake is helped, "no" is always an answer.

use super::Terminal;
use super::line::{self, Echo};
use crate::ceremony::people::{
    Again, Assignment, Compared, Noted, Offer, People, Retirement, Secret, StepView, Stop, Unassigned, Unfinished,
    Verdict, Way,
};
use crate::ceremony::vocabulary::Ways;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::plan::MadePlan;
use crate::screen::Screen;
use crate::text;
use secrecy::{ExposeSecret, SecretString};
use std::fs::File;

/// A terminal with people at it.
pub struct Attended<'t> {
    terminal: &'t mut Terminal,
    tty: File,
    noted: Vec<Noted>,
}

impl<'t> Attended<'t> {
    /// Opens the terminal itself.
    ///
    /// # Errors
    /// [`Kind::Usage`] where there is none: a ceremony needs people, or an unattended authority and answers.
    pub fn open(terminal: &'t mut Terminal) -> Result<Self, Error> {
        let none = |_| {
            Error::new(Kind::Usage, "a ceremony needs people at a terminal, and there is no terminal")
                .hint("run it in a terminal")
                .hint("for pipelines: kind = \"test\", unattended = true in authority.toml, and --answers FILE")
                .truth("Nothing was signed.")
        };
        let tty = File::options().read(true).write(true).open("/dev/tty").map_err(none)?;
        Ok(Self { terminal, tty, noted: Vec::new() })
    }

    /// Asks for one line; `d` writes down a deviation and asks again, `q` pauses.
    fn ask(&mut self, prompt: &str) -> Result<String, Stop> {
        loop {
            match self.ask_plain(prompt)? {
                typed if typed == "d" => self.note_deviation()?,
                typed if typed == "q" => return Err(Stop::Pause),
                typed => return Ok(typed),
            }
        }
    }

    /// Asks for one line; surrounding spaces do not matter.
    fn ask_plain(&mut self, prompt: &str) -> Result<String, Stop> {
        self.terminal.finish_progress();
        let typed = line::read(&self.tty, &format!("{}: ", text::escape(prompt)), Echo::Shown)?;
        Ok(typed.trim().to_owned())
    }

    /// A reason, which the log keeps; it cannot be empty.
    fn reason(&mut self, question: &str) -> Result<String, Stop> {
        loop {
            let typed = self.ask_plain(&format!("{question} (the log keeps it)"))?;
            if !typed.is_empty() {
                return Ok(typed);
            }
        }
    }

    /// What was expected, what happened, what was decided.
    fn note_deviation(&mut self) -> Result<(), Stop> {
        self.terminal.talk("A deviation: the log keeps what you type.");
        let expected = self.ask_plain("What was expected?")?;
        let happened = self.ask_plain("What happened?")?;
        let decided = self.ask_plain("What was decided?")?;
        self.noted.push(Noted { expected, happened, decided });
        Ok(())
    }

    fn ask_secret(&mut self, prompt: &str) -> Result<SecretString, Stop> {
        self.terminal.finish_progress();
        let typed = line::read(&self.tty, &format!("{}: ", text::escape(prompt)), Echo::Hidden)?;
        Ok(SecretString::from(typed.as_str()))
    }

    fn ask_or(&mut self, prompt: &str, default: &str) -> Result<String, Stop> {
        let typed = self.ask(&format!("{prompt} [{default}]"))?;
        Ok(if typed.is_empty() { default.to_owned() } else { typed })
    }
}

// Questions that words answer: short enough that the longest words fit beside them on the same line.
const APPROVE_AS_ADMINISTRATOR: &str = "Administrator, to approve type words 1 and 2 (or no)";
const APPROVE_AS_WITNESS: &str = "Witness, to approve type words 3 and 4 (or no)";
const ADOPT: &str = "Administrator: words 1 to 4 (or no)";

fn sheet_words(positions: &[usize]) -> String {
    let places = positions.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    format!("Witness: sheet words {places} (or no)")
}

fn capitalised(role: &str) -> String {
    let mut letters = role.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn is_no(typed: &str) -> bool {
    matches!(typed.to_lowercase().as_str(), "no" | "n")
}

impl People for Attended<'_> {
    fn unattended(&self) -> Option<Digest> {
        None
    }

    fn show(&mut self, screen: &Screen) -> Result<(), Stop> {
        self.terminal.line("");
        self.terminal.screen(screen);
        Ok(())
    }

    fn goes_on(&mut self, unfinished: &Unfinished<'_>) -> Result<bool, Stop> {
        let Unfinished { title, since, done, next, of } = unfinished;
        let mut screen = Screen::new().heading(format!("{title}: begun {since}, not ended"), format!("{of} steps"));
        for (number, step) in done {
            let how = if step.skipped { "left out" } else { "done" };
            screen = screen.field(&format!("step {number}"), format!("{how} {}  {}", step.at, step.step));
        }
        let screen = screen.text("Compare this with your paper: the entries since the last checkpoint are not signed.");
        self.show(&screen)?;
        loop {
            match self.ask(&format!("Go on at step {next} (yes), or begin anew (anew)"))?.as_str() {
                "yes" => return Ok(true),
                "anew" => return Ok(false),
                _ => self.terminal.talk("Please type yes or anew."),
            }
        }
    }

    fn step(&mut self, view: &StepView<'_>) -> Result<(), Stop> {
        let StepView { number, of, says, by, .. } = view;
        let mut screen = Screen::new().blank().heading(format!("── Step {number} of {of} · {says}"), *by);
        if let Some(note) = view.note {
            screen = screen.text(note);
        }
        self.terminal.screen(&screen);
        Ok(())
    }

    fn choose(&mut self, error: &Error, ways: Ways) -> Result<Way, Stop> {
        self.terminal.error(error);
        let mut offered = Vec::new();
        if ways.retry {
            offered.push("retry");
        }
        if ways.skip {
            offered.push("skip");
        }
        offered.extend(["pause", "abandon"]);
        let question = format!("What now? {}", offered.join(", "));
        loop {
            let typed = self.ask(&question)?;
            match typed.as_str() {
                "retry" if ways.retry => return Ok(Way::Retry),
                "skip" if ways.skip => return Ok(Way::Skip(self.reason("Why is it left out?")?)),
                "pause" => return Ok(Way::Pause),
                "abandon" => return Ok(Way::Abandon(self.reason("Why is it given up?")?)),
                _ => self.terminal.talk("Please type one of these words."),
            }
        }
    }

    fn deviations(&mut self) -> Vec<Noted> {
        std::mem::take(&mut self.noted)
    }

    fn answer(&mut self, _: &str, _: &str, by: &str, question: &str) -> Result<String, Stop> {
        self.ask(&format!("{}, {question}", capitalised(by)))
    }

    fn help(&mut self, error: &Error) -> Result<(), Stop> {
        self.terminal.line("");
        self.terminal.talk(&format!("Not yet: {error}."));
        for hint in error.hints() {
            self.terminal.talk(&format!("hint: {hint}"));
        }
        self.terminal.talk("Please answer again.");
        Ok(())
    }

    fn wait_for(&mut self, _: &str, what: &Error, offer: Option<&Offer>) -> Result<Again, Stop> {
        self.terminal.finish_progress();
        self.terminal.line("");
        self.terminal.talk(&format!("Not yet: {what}."));
        for hint in what.hints() {
            self.terminal.talk(&format!("hint: {hint}"));
        }
        let other = offer.map_or(String::new(), |offer| format!("{}: {}; ", offer.word, offer.says));
        loop {
            let typed = self.ask(&format!("Enter: look again; {other}no: other ways"))?;
            match offer {
                _ if typed.is_empty() => return Ok(Again::Same),
                _ if is_no(&typed) => return Err(Stop::Failed(what.clone())),
                Some(offer) if typed.eq_ignore_ascii_case(offer.word) => return Ok(Again::Otherwise),
                _ => self.terminal.talk("Please press Enter, or type one of these words."),
            }
        }
    }

    fn copied(&mut self) -> Result<(), Stop> {
        self.ask_plain("Press Enter when it is on the paper").map(|_| ())
    }

    fn names(&mut self, _: &str, role: &str, count: usize) -> Result<Vec<String>, Stop> {
        let mut names = Vec::with_capacity(count);
        for index in 1..=count {
            let which = if count > 1 { format!(" {index} of {count}") } else { String::new() };
            names.push(self.ask(&format!("Name of the {role}{which}"))?);
        }
        Ok(names)
    }

    fn type_back(&mut self, _: &str, what: &str) -> Result<Compared, Stop> {
        let typed = self.ask(&format!("Administrator, type the {what} to go on (or no)"))?;
        Ok(if is_no(&typed) { Compared::Differs(typed) } else { Compared::Typed(typed) })
    }

    fn assign(&mut self, _: &str, csr: &Unassigned<'_>) -> Result<Assignment, Stop> {
        self.terminal.line("");
        self.terminal.talk(&format!("{} is a plain CSR: say whom it is for.", csr.file));
        let cluster = self.ask("Cluster")?;
        let known = (csr.known)(&cluster);
        let of = |pick: fn(&Assignment) -> String, default: &str| known.as_ref().map_or(default.to_owned(), pick);
        let environment = self.ask_or("Environment", &of(|k| k.environment.clone(), "prod"))?;
        let trust_domain = self.ask_or("Trust domain", &of(|k| k.trust_domain.clone(), "cluster.local"))?;
        let recipients = match known.as_ref().filter(|k| !k.recipients.is_empty()) {
            Some(known) => self.ask_or("Recipients", &known.recipients.join(" "))?,
            None => {
                self.terminal.talk("Who may open its bundle? age recipients (age1…), separated by spaces.");
                self.ask("Recipient")?
            }
        };
        let recipients = recipients.split([' ', ',']).filter(|r| !r.is_empty()).map(str::to_owned).collect();
        Ok(Assignment { cluster, environment, trust_domain, recipients })
    }

    fn strike(&mut self, _: &str, file: &str, _: Option<Digest>) -> Result<Option<String>, Stop> {
        self.terminal.talk(&format!(
            "To go on without {file}, type a reason to strike it (the log keeps it); nothing typed stops here."
        ));
        let typed = self.ask("Reason")?;
        Ok(Some(typed).filter(|t| !t.is_empty()))
    }

    fn request_words(&mut self, _: &str, _: Digest, positions: &[usize]) -> Result<Compared, Stop> {
        let typed = self.ask(&sheet_words(positions))?;
        Ok(if is_no(&typed) { Compared::Differs(typed) } else { Compared::Typed(typed) })
    }

    fn decide(&mut self, _: &str, made: &MadePlan) -> Result<Verdict, Stop> {
        let administrator = self.ask(APPROVE_AS_ADMINISTRATOR)?;
        if is_no(&administrator) {
            let reason = self.ask("Why not? (the log keeps it; may be empty)")?;
            return Ok(Verdict::Decline(Some(reason).filter(|r| !r.is_empty())));
        }
        let witness = self.ask(APPROVE_AS_WITNESS)?;
        if is_no(&witness) {
            let reason = self.ask("Why not? (the log keeps it; may be empty)")?;
            return Ok(Verdict::Decline(Some(reason).filter(|r| !r.is_empty())));
        }
        let reason = match made.needs_reason() {
            true => {
                self.terminal.talk("There are warnings. Why is it signed all the same? The log keeps what you type.");
                Some(self.ask("Reason")?)
            }
            false => None,
        };
        Ok(Verdict::Words { administrator, witness, reason })
    }

    fn retire(&mut self, _: &str, _: &str) -> Result<Retirement, Stop> {
        let administrator = self.ask("Administrator, type the cluster's name to retire it (or no)")?;
        if is_no(&administrator) {
            return Ok(Retirement::No);
        }
        let reason = self.ask("Why is it retired? (the log keeps it)")?;
        let witness = self.ask("Witness, type the cluster's name to confirm (or no)")?;
        Ok(if is_no(&witness) { Retirement::No } else { Retirement::Typed { administrator, witness, reason } })
    }

    fn adopt(&mut self, _: &str, _: Digest) -> Result<Compared, Stop> {
        let typed = self.ask(ADOPT)?;
        Ok(if is_no(&typed) { Compared::Differs(typed) } else { Compared::Typed(typed) })
    }

    /// People answer what they are asked: nothing is left over.
    fn answered_before(&mut self, _: Option<&str>, _: &str) {}

    fn asked_all(&mut self, _: &[&str]) -> Result<(), Stop> {
        Ok(())
    }

    fn secret(&mut self, which: &Secret, screen: &Screen) -> Result<SecretString, Stop> {
        self.show(screen)?;
        match which {
            Secret::Pin(role) => self.ask_secret(&format!("User PIN of the {role} token")),
            Secret::NewPin(_) | Secret::NewSoPin(_) => loop {
                let name = if matches!(which, Secret::NewPin(_)) { "user PIN" } else { "security officer's PIN" };
                let first = self.ask_secret(&format!("New {name}"))?;
                let second = self.ask_secret(&format!("New {name}, again"))?;
                if first.expose_secret() == second.expose_secret() {
                    return Ok(first);
                }
                self.terminal.talk("The two are not the same. Please type it again.");
            },
        }
    }

    fn working(&mut self, done: usize, of: usize, what: &str) {
        self.terminal.progress(done, of, what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words;

    #[test]
    fn the_longest_words_fit_on_the_line_of_their_question() {
        let longest = |position| (0..=u8::MAX).map(|byte| words::word(position, byte).len()).max().unwrap();
        let (even, odd) = (longest(0), longest(1));
        // Words are counted from 1: an even number is a word of three syllables.
        for (question, answer) in [
            (APPROVE_AS_ADMINISTRATOR.to_owned(), even + 1 + odd),
            (APPROVE_AS_WITNESS.to_owned(), even + 1 + odd),
            (ADOPT.to_owned(), 2 * (even + 1 + odd) + 1),
            (sheet_words(&[28, 30, 32]), 3 * odd + 2),
        ] {
            assert!(question.len() + ": ".len() + answer <= 80, "{question}: {answer}");
        }
    }
}
