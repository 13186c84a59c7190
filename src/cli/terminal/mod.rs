//! The one place that prints. Three streams, and each has one use:
//!
//! - results go to stdout: what a pipe or a file wants, JSON with `--json`;
//! - talk goes to stderr: screens, progress, what was written, the next step, errors;
//! - questions, and in a ceremony that people attend the screens they are about, go to the terminal itself
//!   (`/dev/tty`): a redirected stream never answers one and hides none.
//!
//! What comes from files is escaped where it enters a screen or an error; here every line is escaped
//! again. Colour never carries meaning alone and is left out where `NO_COLOR` is set or nobody looks.

mod asking;
mod attended;
pub mod crash;
mod line;
mod pages;
mod shares;
mod signals;
mod stage;

pub use asking::Attended;

use crate::ceremony::answers::Printer;
use crate::ceremony::people::Signing;
use crate::clock;
use crate::error::{Error, Kind};
use crate::screen::{Screen, WIDTH};
use crate::text::{self, Sink};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;
use std::fmt;
use std::io::{BufWriter, IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;
use zeroize::Zeroizing;

/// The program's voice.
pub struct Terminal {
    json: bool,
    progress: Option<ProgressBar>,
    working_since: Option<Duration>,
}

impl Terminal {
    /// A voice; with `json`, results are JSON objects.
    pub fn new(json: bool) -> Self {
        Self { json, progress: None, working_since: None }
    }

    /// True where `--json` was given.
    pub fn wants_json(&self) -> bool {
        self.json
    }

    /// A result in text: to stdout.
    ///
    /// # Errors
    /// [`Kind::Medium`] where stdout is gone.
    pub fn result(&mut self, text: &str) -> Result<(), Error> {
        write_out(text::escape_lines(text).as_bytes())
    }

    /// A result that is a document of its own (a manifest, a completion script): to stdout as it stands.
    ///
    /// # Errors
    /// [`Kind::Medium`] where stdout is gone.
    pub fn document(&mut self, bytes: &[u8]) -> Result<(), Error> {
        write_out(bytes)
    }

    /// A result as JSON: to stdout, one object, indented; what could deceive a terminal is escaped as JSON does.
    ///
    /// # Errors
    /// [`Kind::Medium`] where stdout is gone.
    pub fn json<T: Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.long_document(&mut |out| text::write_json(value, out))
    }

    /// A document that is written as it is made: to stdout as it stands.
    ///
    /// # Errors
    /// Of `make`, where pieces until then may have been written, and the error says so; [`Kind::Medium`] where stdout
    /// is gone.
    pub fn long_document(&mut self, make: &mut dyn FnMut(&mut Sink<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let mut stdout = BufWriter::new(std::io::stdout().lock());
        let (mut enough, mut handed) = (false, 0_usize);
        let made = make(&mut |piece| {
            handed = handed.saturating_add(piece.len());
            written(stdout.write_all(piece.as_bytes()), &mut enough)
        });
        let made = made.and_then(|()| written(stdout.flush(), &mut enough));
        // What waits for a pipe that is closed, or of a text that is not whole, is not tried again.
        let waits = stdout.into_parts().1.map_or(0, |waiting| waiting.len());
        match made {
            _ if enough => Ok(()),
            Err(error) if handed > waits => Err(error.truth("What came out on stdout is CUT OFF: throw it away.")),
            made => made,
        }
    }

    /// A line of the log as it stands, for whoever takes its digest; escaped where people look at it.
    ///
    /// # Errors
    /// [`Kind::Medium`] where stdout is gone.
    pub fn log_line(&mut self, line: &[u8]) -> Result<(), Error> {
        if !self.stdout_is_terminal() {
            return write_out(line).and_then(|()| write_out(b"\n"));
        }
        write_out(format!("{}\n", text::escape_json(&String::from_utf8_lossy(line))).as_bytes())
    }

    /// A screen: to stdout where it is the result of a reading command.
    ///
    /// # Errors
    /// [`Kind::Medium`] where stdout is gone.
    pub fn result_screen(&mut self, screen: &Screen) -> Result<(), Error> {
        write_out(screen.render().as_bytes())
    }

    /// Talk: to stderr, wrapped to the width.
    pub fn talk(&mut self, sentence: &str) {
        for line in text::wrap(&text::escape(sentence), WIDTH) {
            self.line(&line);
        }
    }

    /// One line of talk as it stands.
    pub fn line(&mut self, line: &str) {
        self.suspend(|| write_err(&format!("{}\n", text::escape(line))));
    }

    /// A screen as talk: to stderr.
    pub fn screen(&mut self, screen: &Screen) {
        let text = screen.render();
        self.suspend(|| write_err(&text));
    }

    /// What a command ends with: what was written, and the next step someone would take.
    pub fn done(&mut self, written: &[String], next: &[&str]) {
        self.finish_progress();
        for item in written {
            self.line(&format!("wrote  {item}"));
        }
        for (i, step) in next.iter().enumerate() {
            self.line(&format!("{}  {step}", if i == 0 { "next " } else { "     " }));
        }
    }

    /// An error: one sentence, the hints, what is true now.
    pub fn error(&mut self, error: &Error) {
        self.finish_progress();
        write_err(&render_error(error));
    }

    /// A document that is piped in (`-` as a file's name), at most `cap` bytes; it may hold a key, so it is wiped.
    /// `how` is the command to type where nothing is.
    ///
    /// # Errors
    /// [`Kind::Usage`] where stdin is a terminal; [`Kind::Medium`] where it cannot be read or is longer.
    pub fn piped(&self, cap: u64, how: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let stdin = std::io::stdin().lock();
        if stdin.is_terminal() {
            return Err(
                Error::new(Kind::Usage, "nothing is piped in, and stdin is a terminal").hint(format!("pipe it: {how}"))
            );
        }
        // Reserved at once: a buffer that grows leaves copies of a key behind.
        let room = usize::try_from(cap).unwrap_or(usize::MAX).saturating_add(1);
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        let read = stdin.take(cap.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| Error::new(Kind::Medium, "stdin cannot be read").saw(error.to_string()))?;
        if bytes.len() >= room {
            return Err(Error::new(Kind::Medium, "too much is piped in").wanted(format!("at most {cap} bytes")));
        }
        Ok(bytes)
    }

    /// True where someone looks at stdout.
    pub fn stdout_is_terminal(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Shows how far long work is; nothing where stderr is not a terminal.
    pub fn progress(&mut self, done: usize, of: usize, what: &str) {
        if done >= of {
            self.finish_progress();
            return;
        }
        let now = clock::monotonic();
        // Counted work that ends within a second is not announced; one long act is, at once.
        if of > 1 && now.saturating_sub(*self.working_since.get_or_insert(now)) < Duration::from_secs(1) {
            return;
        }
        let (done, of) = (u64::try_from(done).unwrap_or(0), u64::try_from(of).unwrap_or(0));
        let what = text::escape(what);
        let bar = self.progress.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::hidden());
            let template =
                if of > 1 { "{msg}  {pos} of {len}  {rate}  {eta} left" } else { "{spinner} {msg}  {elapsed}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                let write_rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                    // A line that cannot be shown is no reason to stop.
                    let _ = out.write_str(&rate(state.per_sec()));
                };
                bar.set_style(style.with_key("rate", write_rate));
            }
            bar.set_message(what.clone());
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            if of <= 1 {
                bar.enable_steady_tick(Duration::from_millis(200));
            }
            bar
        });
        bar.set_length(of);
        bar.set_message(what);
        bar.set_position(done);
    }

    /// Takes the progress off the screen.
    pub fn finish_progress(&mut self) {
        self.working_since = None;
        if let Some(bar) = self.progress.take() {
            bar.finish_and_clear();
        }
    }

    fn suspend(&mut self, write: impl FnOnce()) {
        match &self.progress {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Printer for Terminal {
    fn print(&mut self, screen: &Screen) {
        self.screen(screen);
        self.line("");
    }

    fn working(&mut self, done: usize, of: usize, what: &str) {
        self.progress(done, of, what);
    }

    fn signing(&mut self, stage: Signing) {
        crash::has_come_to(stage);
    }
}

/// How fast counted work goes: a smart card makes a signature in seconds, software hundreds in one.
fn rate(per_second: f64) -> String {
    match per_second {
        fast if fast >= 9.95 => format!("{fast:.0}/s"),
        slow if slow >= 0.95 => format!("{slow:.1}/s"),
        slower => format!("{:.0}/min", slower * 60.0),
    }
}

/// An error as it is printed.
pub fn render_error(error: &Error) -> String {
    let mut out = String::new();
    let mut push = |first: &str, sentence: &str| {
        let indent = first.chars().count();
        for (i, line) in text::wrap(&text::escape(sentence), WIDTH - indent).into_iter().enumerate() {
            let lead = if i == 0 { first.to_owned() } else { " ".repeat(indent) };
            out.push_str(&lead);
            out.push_str(&line);
            out.push('\n');
        }
    };
    push("error: ", &error.to_string());
    for hint in error.hints() {
        push("hint:  ", hint);
    }
    for truth in error.truths() {
        push("", truth);
    }
    out
}

/// What clap says of a command line: help to stdout with 0, mistakes to stderr with 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        for line in text::escape_lines(&text).lines() {
            let fits = line.chars().count() <= WIDTH;
            let lines = if fits { vec![line.to_owned()] } else { text::wrap(line, WIDTH) };
            lines.iter().for_each(|line| write_err(&format!("{line}\n")));
        }
        return ExitCode::from(Kind::Usage.exit_code());
    }
    match write_out(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(Kind::Medium.exit_code()),
    }
}

/// What is said of a panic; the token is logged out by the destructors that run next.
pub fn report_panic(what: &str) {
    write_err(&format!(
        "defect: {}\nhint:  this is a fault of anchorite; please report it with the text above\n",
        text::escape_lines(what)
    ));
}

fn write_out(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    let mut enough = false;
    let out = written(stdout.write_all(bytes).and_then(|()| stdout.flush()), &mut enough);
    if enough { Ok(()) } else { out }
}

/// How a write to stdout went. Whoever read may have seen enough (`| head`): no fault, but the end of it.
fn written(written: std::io::Result<()>, enough: &mut bool) -> Result<(), Error> {
    written.map_err(|error| {
        *enough |= error.kind() == std::io::ErrorKind::BrokenPipe;
        Error::new(Kind::Medium, "stdout cannot be written").saw(error.to_string())
    })
}

fn write_err(text: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_and_shows_what_could_deceive() {
        let value = "\u{1b}[2J\u{9b}2J\u{202e}\u{e0041}é\u{301}\n";
        let json = serde_json::to_string_pretty(&[value]).unwrap();
        let escaped = text::escape_json(&json);
        assert_eq!(escaped, "[\n  \"\\u001b[2J\\u009b2J\\u202e\\udb40\\udc41é\u{301}\\n\"\n]");
        assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), [value]);
    }

    #[test]
    fn a_rate_is_said_in_the_unit_that_people_count_in() {
        let said: Vec<String> = [870.4, 12.3, 4.26, 0.5, 0.0].into_iter().map(rate).collect();
        assert_eq!(said, ["870/s", "12/s", "4.3/s", "30/min", "0/min"]);
    }

    #[test]
    fn an_error_is_a_sentence_hints_and_what_is_true() {
        let error = Error::new(Kind::Token, "the token is not here")
            .saw("no token")
            .wanted("serial 84b1")
            .hint("insert it")
            .truth("Nothing was signed.");
        assert_eq!(
            render_error(&error),
            "error: the token is not here: saw no token, wanted serial 84b1\nhint:  insert it\nNothing was signed.\n"
        );
    }
}
