//! People at a terminal: one question at a time, a mistake is helped, "no" is always an answer.

use super::asking::Attended;
use super::shares::Private;
use super::{crash, render_error};
use crate::ceremony::people::{
    Again, Assignment, Compared, Noted, Offer, People, Retirement, Revoking, Secret, Signing, StepView, Stop, Turn,
    Unassigned, Unfinished, Verdict, Way,
};
use crate::ceremony::vocabulary::Ways;
use crate::digest::Digest;
use crate::error::Error;
use crate::plan::MadePlan;
use crate::plan::screen::utc;
use crate::screen::Screen;
use crate::x509::Reason;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

// The ways on where a step failed, and what each means.
const RETRY: &str = "retry";
const SKIP: &str = "skip";
const PAUSE: &str = "pause";
const ABANDON: &str = "abandon";
const WAYS: [(&str, &str); 4] = [
    (RETRY, "begin this step again"),
    (SKIP, "leave it out; the log keeps why"),
    (PAUSE, "close everything; the same command goes on at this step"),
    (ABANDON, "give the ceremony up; the log keeps why"),
];

// Questions that words answer: short enough that the longest words fit beside them on the same line.
const APPROVE_AS_ADMINISTRATOR: &str = "Administrator, to approve type words 1 and 2 (or no)";
const APPROVE_AS_WITNESS: &str = "Witness, to approve type words 3 and 4 (or no)";
const ADOPT: &str = "Administrator: words 1 to 4 (or no)";

fn sheet_words(positions: &[usize]) -> String {
    let places = positions.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    format!("Witness: sheet words {places} (or no)")
}

/// What is wrong and can be mended.
fn not_yet(error: &Error) -> Screen {
    error
        .hints()
        .iter()
        .fold(Screen::new().text(format!("Not yet: {error}.")), |screen, hint| screen.led("hint:  ", hint))
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
        self.put(screen)
    }

    fn goes_on(&mut self, unfinished: &Unfinished<'_>) -> Result<bool, Stop> {
        let Unfinished { title, since, done, next, of } = unfinished;
        let mut screen =
            Screen::new().heading(format!("{title}: begun {}, not ended", utc(*since)), format!("{of} steps"));
        for (number, step) in done {
            let how = if step.skipped { "left out" } else { "done" };
            screen = screen.field(&format!("step {number}"), format!("{:<18} {how:<8} {}", step.step, utc(step.at)));
        }
        let screen = screen.text("Compare this with your paper: the entries since the last checkpoint are not signed.");
        self.show(&screen)?;
        loop {
            match self.ask(&format!("Go on at step {next} (yes), or begin anew (anew)"))?.as_str() {
                "yes" => return Ok(true),
                "anew" => return Ok(false),
                _ => self.say("Please type yes or anew."),
            }
        }
    }

    fn step(&mut self, view: &StepView<'_>) -> Result<(), Stop> {
        self.begin(view)
    }

    fn choose(&mut self, error: &Error, ways: Ways) -> Result<Way, Stop> {
        let offered: Vec<&(&str, &str)> = WAYS
            .iter()
            .filter(|(word, _)| match *word {
                RETRY => ways.retry,
                SKIP => ways.skip,
                _ => true,
            })
            .collect();
        let mut screen = Screen::new().text("This step is not done.");
        for line in render_error(error).lines() {
            screen = screen.verbatim(line);
        }
        for (word, says) in &offered {
            screen = screen.field(word, says);
        }
        self.put(&screen)?;
        let words = offered.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        loop {
            match self.ask(&format!("What now? {words}"))?.to_lowercase().as_str() {
                RETRY if ways.retry => return Ok(Way::Retry),
                SKIP if ways.skip => return Ok(Way::Skip(self.reason("Why is it left out?")?)),
                PAUSE => return Ok(Way::Pause),
                ABANDON => return Ok(Way::Abandon(self.reason("Why is it given up?")?)),
                _ => self.say("Please type one of these words."),
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
        self.say_again(&not_yet(error).text("Please answer again.").page().1)
    }

    fn wait_for(&mut self, _: &str, what: &Error, offer: Option<&Offer>) -> Result<Again, Stop> {
        self.say_again(&not_yet(what).page().1)?;
        let other = offer.map_or(String::new(), |offer| format!("{}: {}; ", offer.word, offer.says));
        loop {
            let typed = self.ask(&format!("Enter: look again; {other}no: other ways"))?;
            match offer {
                _ if typed.is_empty() => return Ok(Again::Same),
                _ if is_no(&typed) => return Err(Stop::Failed(what.clone())),
                Some(offer) if typed.eq_ignore_ascii_case(offer.word) => return Ok(Again::Otherwise),
                _ => self.say("Please press Enter, or type one of these words."),
            }
        }
    }

    fn copied(&mut self) -> Result<(), Stop> {
        Ok(self.read_off()?)
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
        self.say(&format!("{} is a plain CSR: say whom it is for.", csr.file));
        let cluster = self.ask("Cluster")?;
        let known = (csr.known)(&cluster);
        let of = |pick: fn(&Assignment) -> String, default: &str| known.as_ref().map_or(default.to_owned(), pick);
        let environment = self.ask_or("Environment", &of(|k| k.environment.clone(), "prod"))?;
        let trust_domain = self.ask_or("Trust domain", &of(|k| k.trust_domain.clone(), "cluster.local"))?;
        let recipients = match known.as_ref().filter(|k| !k.recipients.is_empty()) {
            Some(known) => self.ask_or("Recipients", &known.recipients.join(" "))?,
            None => {
                self.say("Who may open its bundle? age recipients (age1…), separated by spaces.");
                self.ask("Recipient")?
            }
        };
        let recipients = recipients.split([' ', ',']).filter(|r| !r.is_empty()).map(str::to_owned).collect();
        Ok(Assignment { cluster, environment, trust_domain, recipients })
    }

    fn strike(&mut self, _: &str, file: &str, _: Option<Digest>) -> Result<Option<String>, Stop> {
        self.say(&format!(
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
                self.say("There are warnings. Why is it signed all the same? The log keeps what you type.");
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

    fn revoke(&mut self, _: &str, name: &str, _: Reason) -> Result<Revoking, Stop> {
        let administrator = self.ask(&format!("Administrator, type {name} to revoke it (or no)"))?;
        if is_no(&administrator) {
            return Ok(Revoking::No);
        }
        let witness = self.ask("Witness, type it to confirm (or no)")?;
        Ok(if is_no(&witness) { Revoking::No } else { Revoking::Typed { administrator, witness } })
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
            Secret::SoPin(role) => self.ask_secret(&format!("Security officer's PIN of the {role} token")),
            Secret::NewPin(_) | Secret::NewSoPin(_) => loop {
                let name = if matches!(which, Secret::NewPin(_)) { "user PIN" } else { "security officer's PIN" };
                let first = self.ask_secret(&format!("New {name}"))?;
                let second = self.ask_secret(&format!("New {name}, again"))?;
                if first.expose_secret() == second.expose_secret() {
                    return Ok(first);
                }
                self.say("The two are not the same. Please type it again.");
            },
        }
    }

    fn types_on_token(&mut self, _: &[Secret], screen: &Screen) -> Result<(), Stop> {
        self.show(screen)
    }

    fn signing(&mut self, stage: Signing) {
        crash::has_come_to(stage);
    }

    fn share_turn(&mut self, turn: &Turn<'_>) -> Result<(), Stop> {
        let screen = Screen::new().heading(&turn.whose, format!("set {}", turn.set)).text(&turn.says);
        self.show(&screen)?;
        self.ask("Come to the screen alone, cameras covered, and press Enter")?;
        self.private = Some(Private::enter(self.own_terminal()?, turn));
        Ok(())
    }

    fn share_shown(&mut self, rows: &[Zeroizing<String>]) -> Result<(), Stop> {
        let (private, signals) = self.alone()?;
        private.show(signals, rows)
    }

    fn share_row(&mut self, row: usize, trouble: Option<&str>) -> Result<Zeroizing<String>, Stop> {
        let mut trouble = trouble;
        loop {
            let (private, signals) = self.alone()?;
            let typed = private.row(signals, row, trouble)?;
            match typed.trim() {
                "d" => {
                    self.note_deviation()?;
                    trouble = None;
                }
                _ => return Ok(typed),
            }
        }
    }

    fn share_done(&mut self) {
        self.private = None;
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
