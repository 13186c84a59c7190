//! People at a terminal in front of the program: what the attended tests type, and what they read.
//!
//! Whoever sits here has the script on paper and a watch: what every ceremony asks of people beside its subject
//! (words of the paper, the time, materials, whether they agree) is answered on the way to the question that a
//! test waits for. A test of such a question waits for it by its own name.

use crate::support::World;
mod acts;

pub use acts::*;

use anchorite::ceremony::script::Script;
use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Any, Eof, Expect, Regex, Session};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// Pages that are only read: whoever waits for a question has read them.
const READ: &str = "\nEnter for more: |\nEnter to go on: |\nPress Enter when it is on the paper: ";

/// People at a terminal of 80 columns in front of the program.
pub struct Seat {
    pub session: OsSession,
    /// Everything that the terminal was sent.
    sent: Vec<u8>,
    /// The same as text, without what moves the cursor.
    shown: String,
    /// Where the world is, and what was typed to start the program: whose paper they have.
    world: PathBuf,
    arguments: Vec<String>,
    /// What was typed.
    typed: Vec<String>,
}

/// What every ceremony asks of people, at the beginning of a line.
const ROUTINE: &str = concat!(
    r"\n(?:[A-Z][a-z]+(?: \d)?, (?:(?:config )?words [0-9, ]+ \(or no\)|date and time on your watch",
    r"|(?:is it here|is it so|is it read|did you hear it|do you agree)\? \(yes or no\)",
    r"|(?:package or |backup )?bag number(?:, stick [AB])?): )",
    // The machines of tests have a network.
    r"|\n[^\n]*not fit for a ceremony(?s:.*?)\nWhat now\?[^:]*: |\nWhy is it left out\? \(the log keeps it\): ",
);

/// What is asked after a `q`.
const MEANT: &str = r#"\nPause here\? yes, or Enter to go on(?: \(q: the answer is "q"\))?: "#;

impl Seat {
    pub fn at<S: AsRef<OsStr>>(world: &World, arguments: &[S]) -> Self {
        Self::through::<&str, S>(world, &[], arguments)
    }

    /// The same under another program (`unshare …`), which is given the program's path and arguments.
    pub fn through<W: AsRef<OsStr>, S: AsRef<OsStr>>(world: &World, through: &[W], arguments: &[S]) -> Self {
        let mut line = through.iter().map(AsRef::as_ref).chain([OsStr::new(crate::support::BINARY)]);
        let mut command = Command::new(line.next().unwrap());
        command.args(line).args(arguments);
        world.clean(&mut command);
        command.env("TERM", "xterm");
        let mut seat = Self::running(command, (80, 24));
        seat.world = world.path("");
        seat.arguments = arguments.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect();
        seat
    }

    /// At a terminal of another kind or size (columns and rows).
    pub fn on<S: AsRef<OsStr>>(world: &World, kind: &str, size: (u16, u16), arguments: &[S]) -> Self {
        let mut command = Command::new(crate::support::BINARY);
        command.args(arguments);
        world.clean(&mut command);
        command.env("TERM", kind);
        let mut seat = Self::running(command, size);
        seat.world = world.path("");
        seat.arguments = arguments.iter().map(|a| a.as_ref().to_string_lossy().into_owned()).collect();
        seat
    }

    /// At a terminal on which a command runs already.
    fn running(command: Command, (columns, rows): (u16, u16)) -> Self {
        let mut session = Session::spawn(command).unwrap();
        session.get_process_mut().set_window_size(columns, rows).unwrap();
        session.set_expect_timeout(Some(Duration::from_secs(60)));
        Self {
            session,
            sent: Vec::new(),
            shown: String::new(),
            world: PathBuf::new(),
            arguments: Vec::new(),
            typed: Vec::new(),
        }
    }

    /// Waits for a question at the beginning of a line and returns what was shown since the last one; what every
    /// ceremony asks is answered on the way, and pages are read.
    #[track_caller]
    pub fn asked(&mut self, question: &str) -> String {
        let question = format!("\n{question}");
        let mut all = String::new();
        loop {
            let (before, found) = self.first_of(&question, true);
            all += &before;
            // A routine question may begin earlier, with what it is about.
            if let Some(about) = found.strip_suffix(&question) {
                return all + about;
            }
            all += &found;
            self.answers_routine(&found);
        }
    }

    /// Answers as people do who have the paper of the script that runs, a watch, and everything on the table.
    fn answers_routine(&mut self, question: &str) {
        let answer = match question {
            q if q.contains("config words") => from_paper(&self.read(&self.authority()), q),
            q if q.contains(" words ") => from_paper(self.script().text.as_bytes(), q),
            q if q.contains("not fit") => "skip".to_owned(),
            q if q.contains("Pause here") => "yes".to_owned(),
            q if q.contains("Enter") => String::new(),
            q if q.contains("watch") => jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M Z").to_string(),
            q if q.contains("(yes or no)") => "yes".to_owned(),
            q if q.contains("left out") => "a machine of tests".to_owned(),
            _ => "B 17".to_owned(),
        };
        self.types(&answer);
    }

    /// The script of this ceremony: the one that the command names, or its own.
    pub fn script(&self) -> Script {
        let after = |word: &str| self.after(word);
        let has = |word: &str| self.arguments.iter().any(|a| a == word);
        if let Some(named) = after("--script").or_else(|| after("run")).or_else(|| after("rehearse")) {
            return Script::built_in(named)
                .unwrap_or_else(|_| Script::parse(named, std::str::from_utf8(&self.read(named)).unwrap()).unwrap());
        }
        let name = match () {
            () if has("create") && self.has_custody() => "root-genesis-custody",
            () if has("create") => "root-genesis",
            () if has("adopt") => "adopt",
            () if has("rollover") => "root-rollover",
            () if has("restore") && has("key-backup") => "key-restore",
            () if has("restore") => "restore",
            () if has("custody") => "custodian-change",
            () if has("key-backup") => "key-backup",
            () if has("decommission") => "decommission",
            () if has("take") => "checkpoint-countersigned",
            () if has("sign") => "intermediate-signing",
            () if has("retire") => "cluster-retirement",
            () if has("--emergency") => "emergency-revocation",
            () if has("revoke") => "revocation",
            () if has("crl") => "crl-refresh",
            () => "export",
        };
        Script::built_in(name).unwrap()
    }

    /// Where a step stands in the script, as the head of its page says it.
    pub fn place(&self, step: &str) -> String {
        let steps = self.script().steps;
        let index = steps.iter().position(|s| s.id == step).unwrap();
        format!("Step {} of {}", index + 1, steps.len())
    }

    fn has_custody(&self) -> bool {
        String::from_utf8(self.read(&self.authority())).unwrap().contains("\n[custody]")
    }

    fn after(&self, word: &str) -> Option<&String> {
        self.arguments.iter().skip_while(|a| *a != word).nth(1)
    }

    /// The configuration whose paper they have: that of the rehearsal, where it is one.
    fn authority(&self) -> String {
        self.after("--into").map_or_else(String::new, |place| format!("{place}/")) + "authority/authority.toml"
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.world.join(name)).unwrap()
    }

    /// The first of these questions, and what was shown before it; none where the program ends or asks what only
    /// the end asks.
    #[track_caller]
    pub fn asked_one_of<'q>(&mut self, questions: &[&'q str]) -> Option<(&'q str, String)> {
        let all: Vec<String> = questions.iter().map(|question| literally(&format!("\n{question}"))).collect();
        let mut before = String::new();
        loop {
            let expected = Regex(format!("{}|{READ}|{ROUTINE}", all.join("|")));
            let found = self.session.expect(Any::boxed(vec![Box::new(expected), Box::new(Eof)])).ok()?;
            let (more, matched) = (found.before().to_vec(), found.get(0).unwrap().to_vec());
            self.keep(&[&more[..], &matched[..]].concat());
            let text = plain(&matched);
            before += &plain(&more);
            if let Some(question) = questions.iter().find(|question| text == format!("\n{question}")) {
                return Some((question, before));
            }
            if !text.ends_with(": ") {
                return None;
            }
            self.answers_routine(&text);
        }
    }

    /// Waits for a text and returns what was shown before it; pages are read on the way.
    #[track_caller]
    pub fn reads(&mut self, text: &str) -> String {
        let mut before = String::new();
        loop {
            let (more, found) = self.first_of(text, false);
            before += &more;
            if found == text {
                return before;
            }
            before += &found;
            self.types("");
        }
    }

    /// The text that was waited for, or what is answered on the way to it: what was shown before it, and itself.
    #[track_caller]
    fn first_of(&mut self, text: &str, routine: bool) -> (String, String) {
        let routine = if routine { [READ, ROUTINE].join("|") } else { READ.to_owned() };
        match self.session.expect(Regex(format!("{}|{routine}", literally(text)))) {
            Ok(found) => {
                let (before, matched) = (found.before().to_vec(), found.get(0).unwrap().to_vec());
                self.keep(&before);
                self.keep(&matched);
                (plain(&before), plain(&matched))
            }
            Err(error) => {
                let rest = self.rest();
                panic!("waiting for {text:?}: {error}\n{}{rest}", self.shown)
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.sent.extend_from_slice(bytes);
        self.shown += &plain(bytes);
    }

    /// The rows of the page as people see them now.
    pub fn page(&self, (columns, rows): (u16, u16)) -> vt100::Parser {
        let size = |count: u16| std::num::NonZero::new(count).unwrap();
        let mut terminal = vt100::Parser::new(size(rows), size(columns), 0);
        terminal.process(&self.sent);
        terminal
    }

    /// Everything that the terminal was sent.
    pub fn sent(&self) -> &[u8] {
        &self.sent
    }

    /// Sends the program a signal, as the system does.
    pub fn signals(&self, signal: Signal) {
        let pid = self.session.get_process().pid().as_raw();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = self.session.try_read(&mut buffer) {
            all.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// The process in front of the people, or what it was started through, by its id.
    pub fn process(&self) -> String {
        self.session.get_process().pid().to_string()
    }

    pub fn types(&mut self, line: &str) {
        self.typed.push(line.to_owned());
        self.session.send_line(line).unwrap();
    }

    /// A question and its answer.
    #[track_caller]
    pub fn answers(&mut self, question: &str, line: &str) -> String {
        let shown = self.asked(question);
        self.types(line);
        shown
    }

    /// The end of a program that is killed.
    #[track_caller]
    pub fn dies(mut self) {
        self.session.expect(Eof).unwrap();
        let ended = self.session.get_process_mut().wait().unwrap();
        assert!(!matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}\n{}", self.shown);
    }

    /// The end of the program: everything that was shown, and the exit code. Where a session closes, people copy
    /// its last screen to the paper and say so.
    #[track_caller]
    pub fn ends(mut self) -> (String, i32) {
        loop {
            // Whoever typed q and waits for the end means it.
            let expected = Regex([READ, ROUTINE, MEANT].join("|"));
            match self.session.expect(Any::boxed(vec![Box::new(expected), Box::new(Eof)])) {
                Ok(found) => {
                    let (before, last) = (found.before().to_vec(), found.get(0).unwrap().to_vec());
                    self.keep(&[&before[..], &last[..]].concat());
                    let question = plain(&last);
                    if !question.ends_with(": ") {
                        break;
                    }
                    self.answers_routine(&question);
                }
                Err(error) => {
                    let rest = self.rest();
                    panic!("waiting for the end: {error}\n{}{rest}", self.shown)
                }
            }
        }
        let shown = plain(public(&String::from_utf8_lossy(&self.sent)).as_bytes()).replace("\r\n", "\n");
        // The terminal folds what people type.
        let long = self.typed.iter().filter(|typed| typed.chars().count() > 60);
        assert_fits(&long.fold(shown.clone(), |shown, typed| shown.replace(typed.as_str(), "")));
        match self.session.get_process_mut().wait().unwrap() {
            WaitStatus::Exited(_, code) => (shown, code),
            other => panic!("{other:?}\n{shown}"),
        }
    }
}

/// What stays on the terminal: without the screens that one custodian saw alone.
pub fn public(shown: &str) -> String {
    let mut parts = shown.split("\u{1b}[?1049h");
    let mut public = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (alone, after) = part.split_once("\u{1b}[?1049l").expect("a private screen that was left");
        assert!(alone.ends_with("\u{1b}[2J\u{1b}[3J\u{1b}[H"), "a private screen that was not cleared");
        public += after;
    }
    public
}

/// A text as a regular expression that matches it and nothing else.
fn literally(text: &str) -> String {
    text.chars().flat_map(|c| c.is_ascii_punctuation().then_some('\\').into_iter().chain([c])).collect()
}

/// What was sent as text: colours and cleared pages are not text.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::new();
    let mut parts = text.split("\u{1b}[");
    out += parts.next().unwrap_or_default();
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
        // Progress draws over its own line; a page that is cleared ends what was on it.
        match &part[end..=end] {
            "K" => out.truncate(out.rfind('\n').map_or(0, |at| at + 1)),
            "J" if !out.ends_with('\n') && !out.is_empty() => out.push('\n'),
            _ => {}
        }
        out += &part[end + 1..];
    }
    out
}

/// Every line fits in 80 columns, and nothing but text is left.
#[track_caller]
pub fn assert_fits(shown: &str) {
    for line in shown.lines() {
        let line = line.trim_matches('\r');
        assert!(line.chars().count() <= 80, "{} columns: {line:?}\n{shown}", line.chars().count());
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}
