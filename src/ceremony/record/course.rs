//! Which entries of a log are a ceremony's: all of its sessions, with what the log said before the first of them.
//!
//! Owns the choice and nothing else; what the entries mean is for [`super::fill`], which reads them again. Each entry
//! of a log is in exactly one ceremony: what stands before `session.opened` (genesis, configuration, script) belongs
//! to the one it opens.

use super::survey::Facts;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::record::{ConfigAdopted, Genesis, ScriptAdopted, SessionOpened};
use crate::log::scan::{Examined, Located};
use crate::log::{Entry, Record};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many ceremonies an error lists.
const LISTED: usize = 5;

/// Which ceremony of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Latest,
    /// The one with this session, by its id or the beginning of it.
    Session(String),
    /// Each of them, taken with [`Gatherer::take_settled`] and [`Gatherer::finish_each`].
    Each,
}

/// Where the entries of a ceremony stand, and what the log said before.
#[derive(Debug, Clone, Default)]
pub struct Course {
    /// The log's id.
    pub log: String,
    /// The log's first entry.
    pub genesis: Option<Genesis>,
    /// The ids of its sessions; the first is the ceremony's.
    pub sessions: Vec<String>,
    /// The record that opened its first session.
    pub opened: Option<SessionOpened>,
    /// Its entries, in order.
    pub entries: Vec<Located>,
    /// Its script, and the position of the entry that has it.
    pub script: Option<(u64, ScriptAdopted)>,
    /// The newest configuration at its end, and the position of the entry that has it.
    pub config: Option<(u64, ConfigAdopted)>,
    /// What people had recorded before, the newest by name.
    pub values: BTreeMap<String, String>,
    /// Intents of earlier ceremonies that had no outcome when it began, in order.
    pub intents: Vec<Located>,
    /// Entries of later ceremonies that say what became of this one.
    pub later: Vec<Located>,
    /// What its entries say.
    pub facts: Facts,
    /// Intents whose outcome is not among the entries so far.
    open: BTreeSet<u64>,
    /// Sessions of which an entry says that they ended.
    closed: BTreeSet<String>,
}

impl Course {
    fn has(&self, which: &Which) -> bool {
        match which {
            Which::Latest | Which::Each => false,
            Which::Session(id) => self.sessions.iter().any(|session| session.starts_with(id.as_str())),
        }
    }

    /// Takes an entry of its own.
    fn take(&mut self, line: &Examined) {
        self.entries.push(line.located());
        self.facts.take(line.located(), &line.entry);
        match &line.entry.record {
            Record::SessionOpened(opened) if self.opened.is_none() => self.opened = Some(opened.clone()),
            Record::ConfigAdopted(config) => self.config = Some((line.entry.seq, config.clone())),
            _ => {}
        }
        self.settle(&line.entry);
    }

    /// Takes an entry of a later ceremony.
    fn take_later(&mut self, line: &Examined) {
        self.later.push(line.located());
        self.settle(&line.entry);
    }

    fn settle(&mut self, entry: &Entry) {
        match &entry.record {
            Record::SessionClosed(_) => drop(self.closed.insert(entry.header.session.clone())),
            Record::Recovered(recovered) => self.closed.extend(recovered.session.clone()),
            Record::SignIntent(_) => drop(self.open.insert(entry.seq)),
            Record::SignOutcome(outcome) => drop(self.open.remove(&outcome.intent)),
            _ => {}
        }
    }

    /// True where nothing is left for a later ceremony to say: its sessions are closed, its intents have outcomes.
    fn is_settled(&self) -> bool {
        self.open.is_empty() && self.sessions.iter().all(|session| self.closed.contains(session))
    }

    /// True where a later entry says what became of something here.
    fn is_about(&self, record: &Record) -> bool {
        match record {
            Record::Recovered(recovered) => {
                recovered.session.as_ref().is_some_and(|session| self.sessions.contains(session))
            }
            Record::SignOutcome(outcome) => self.entries.binary_search_by_key(&outcome.intent, |at| at.seq).is_ok(),
            _ => false,
        }
    }
}

/// Gathers a ceremony from a log that is read line by line; holds where they stand, and no entry of which there may
/// be many.
#[derive(Debug)]
pub struct Gatherer {
    which: Which,
    /// The ceremony that is being read, or the chosen one once it is whole.
    course: Option<Course>,
    chosen: bool,
    /// Ceremonies that ended, where each of them is wanted.
    ended: Vec<Course>,
    /// Entries whose session is not opened yet.
    waiting: Vec<Examined>,
    log: String,
    genesis: Option<Genesis>,
    scripts: BTreeMap<Digest, (u64, ScriptAdopted)>,
    config: Option<(u64, ConfigAdopted)>,
    values: BTreeMap<String, String>,
    intents: BTreeMap<u64, Located>,
    /// The newest ceremonies: session, name, time.
    seen: Vec<(String, String, Timestamp)>,
}

impl Gatherer {
    /// A gatherer that read nothing yet.
    pub fn new(which: Which) -> Self {
        Self {
            which,
            course: None,
            chosen: false,
            ended: Vec::new(),
            waiting: Vec::new(),
            log: String::new(),
            genesis: None,
            scripts: BTreeMap::new(),
            config: None,
            values: BTreeMap::new(),
            intents: BTreeMap::new(),
            seen: Vec::new(),
        }
    }

    /// Takes the next line.
    pub fn line(&mut self, line: &Examined) {
        if self.chosen {
            self.mention(line);
            return;
        }
        let entry = &line.entry;
        self.remember(line);
        for course in self.ended.iter_mut().filter(|course| course.is_about(&entry.record)) {
            course.take_later(line);
        }
        match &entry.record {
            Record::SessionOpened(opened) => self.open(line, opened),
            _ => match &mut self.course {
                Some(course) if course.sessions.contains(&entry.header.session) => course.take(line),
                _ => self.waiting.push(line.clone()),
            },
        }
        // Once it is folded into its ceremony, so that an earlier value is what was there before.
        if let Record::ValueRecorded(value) = &entry.record {
            self.values.insert(value.name.clone(), value.value.clone());
        }
    }

    fn remember(&mut self, line: &Examined) {
        let entry = &line.entry;
        match &entry.record {
            Record::Genesis(genesis) => {
                self.log.clone_from(&entry.header.log);
                self.genesis = Some(genesis.clone());
            }
            Record::ScriptAdopted(script) => {
                self.scripts.entry(script.sha256).or_insert_with(|| (entry.seq, script.clone()));
            }
            Record::ConfigAdopted(config) => self.config = Some((entry.seq, config.clone())),
            Record::SignIntent(_) => drop(self.intents.insert(entry.seq, line.located())),
            Record::SignOutcome(outcome) => drop(self.intents.remove(&outcome.intent)),
            _ => {}
        }
    }

    /// A session goes on with the ceremony that is being read, or begins another.
    fn open(&mut self, line: &Examined, opened: &SessionOpened) {
        let session = line.entry.header.session.clone();
        let goes_on = |course: &&mut Course| opened.resumes.as_ref().is_some_and(|id| course.sessions.contains(id));
        if let Some(course) = self.course.as_mut().filter(goes_on) {
            course.sessions.push(session);
            self.waiting.drain(..).for_each(|waiting| course.take(&waiting));
            course.take(line);
            return;
        }
        if self.course.as_ref().is_some_and(|course| course.has(&self.which)) {
            self.chosen = true;
            for waiting in std::mem::take(&mut self.waiting) {
                self.mention(&waiting);
            }
            return self.mention(line);
        }
        self.seen.push((session.clone(), opened.ceremony.clone(), line.entry.header.time));
        if self.seen.len() > LISTED {
            self.seen.remove(0);
        }
        if self.which == Which::Each {
            self.ended.extend(self.course.take());
        }
        let mut course = Course {
            sessions: vec![session],
            script: self.scripts.get(&opened.script_sha256).cloned(),
            config: self.config.clone(),
            values: self.values.clone(),
            intents: self.intents.values().copied().collect(),
            ..Course::default()
        };
        self.waiting.drain(..).for_each(|waiting| course.take(&waiting));
        course.take(line);
        self.course = Some(course);
    }

    fn mention(&mut self, line: &Examined) {
        if let Some(course) = self.course.as_mut().filter(|course| course.is_about(&line.entry.record)) {
            course.take_later(line);
        }
    }

    /// The ceremony.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the log has none, or none with such a session.
    pub fn finish(mut self) -> Result<Course, Error> {
        let listed = self.seen.iter().rev();
        let listed: Vec<String> = listed.map(|(id, name, at)| format!("{id} ({name}, {at})")).collect();
        let mut course = match (self.course.take(), &self.which) {
            (Some(course), which) if self.chosen || *which == Which::Latest || course.has(which) => course,
            // A genesis that was cut off before its session was opened: its entries are all there is.
            (None, Which::Latest) if !self.waiting.is_empty() => {
                let session = self.waiting.first().map(|line| line.entry.header.session.clone());
                let mut course = Course { sessions: session.into_iter().collect(), ..Course::default() };
                self.waiting.drain(..).for_each(|waiting| course.take(&waiting));
                course
            }
            (_, Which::Session(id)) => {
                return Err(Error::new(Kind::Usage, "this log has no such session")
                    .saw(id)
                    .wanted(listed.join(", "))
                    .hint("every session is listed by: anchorite log show"));
            }
            (_, Which::Latest | Which::Each) => return Err(Error::new(Kind::Usage, "this log has no ceremony yet")),
        };
        self.waiting.drain(..).for_each(|waiting| course.take_later(&waiting));
        Ok(self.with_its_setting(course))
    }

    /// The ceremonies that ended and of which no later entry can say more, in order, each once.
    pub fn take_settled(&mut self) -> Vec<Course> {
        let (settled, left) = std::mem::take(&mut self.ended).into_iter().partition(Course::is_settled);
        self.ended = left;
        settled.into_iter().map(|course| self.with_its_setting(course)).collect()
    }

    /// All that were not taken.
    pub fn finish_each(mut self) -> Vec<Course> {
        let last = self.course.take().map(|mut course| {
            self.waiting.drain(..).for_each(|waiting| course.take_later(&waiting));
            course
        });
        let all: Vec<Course> = std::mem::take(&mut self.ended).into_iter().chain(last).collect();
        all.into_iter().map(|course| self.with_its_setting(course)).collect()
    }

    /// With what the log says of all ceremonies.
    fn with_its_setting(&self, mut course: Course) -> Course {
        course.log.clone_from(&self.log);
        course.genesis.clone_from(&self.genesis);
        course
    }
}
