//! The journal of a session: the log and the state that is its fold, kept in step.
//!
//! Where nobody attends, entries wait in memory until the first act that cannot be undone (an unlocked or
//! initialised token): a run that fails before it leaves the authority as it was. Where people attend, the
//! first finished step makes them durable, so that a pause or a power cut costs them no step. What gates nothing
//! outside the log is noted: it is written, one write and one fsync for many, before the next act that does.

use crate::authority::State;
use crate::clock::Clock;
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::log::entry::{self, LastHeader};
use crate::log::{Entry, Header, Record};
use crate::store::{self, Log, Reading};
use std::path::PathBuf;

/// So many entries wait at the most once the session is durable.
const WAITING: usize = 256;

/// The log of a session and its fold.
pub struct Journal {
    log: Option<Log>,
    create: Option<(PathBuf, Hex)>,
    state: State,
    waiting: Vec<(Header, Vec<Record>)>,
    clock: Clock,
    session: String,
    log_id: Hex,
    actors: Vec<String>,
    durable: bool,
}

impl Journal {
    /// A journal that continues a log.
    pub fn continuing(log: Log, state: State, clock: Clock, session: String, actors: Vec<String>) -> Self {
        let log_id = log.log_id().clone();
        Self {
            log: Some(log),
            create: None,
            state,
            waiting: Vec::new(),
            clock,
            session,
            log_id,
            actors,
            durable: false,
        }
    }

    /// A journal whose log is created in `dir` at the first durable entry.
    pub fn beginning(dir: PathBuf, log_id: Hex, clock: Clock, session: String, actors: Vec<String>) -> Self {
        let create = Some((dir, log_id.clone()));
        let state = State::default();
        Self { log: None, create, state, waiting: Vec::new(), clock, session, log_id, actors, durable: false }
    }

    /// The state: every entry of the log and every one that waits.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The session is closed, and the log is read by others from here on: what it says is asked of this no more, and
    /// its memory is theirs.
    pub fn rest(&mut self) {
        let before = std::mem::take(&mut self.state);
        self.state.size = before.size;
        self.state.last_time = before.last_time;
        self.state.origin = before.origin;
    }

    /// The session's id.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The clock's now, whole seconds.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// The clock, as it stands.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// People compared the clock with a watch: entries from here on say so.
    pub fn confirm_clock(&mut self) {
        self.clock.confirm();
    }

    /// The latest time that the log has, where the clock is behind it: it was ahead when that was written, or
    /// is behind now.
    pub fn ahead_of_clock(&self) -> Option<jiff::Timestamp> {
        self.state.last_time.filter(|last| self.clock.now() < *last)
    }

    /// The header of entries made now.
    pub fn header(&self) -> Header {
        Header {
            log: self.log_id.to_string(),
            session: self.session.clone(),
            time: self.clock.now(),
            time_source: self.clock.source().to_owned(),
            actors: self.actors.clone(),
        }
    }

    /// The log, once it is durable.
    ///
    /// # Errors
    /// [`Kind::Bug`] before that.
    pub fn log(&mut self) -> Result<&mut Log, Error> {
        self.log.as_mut().ok_or_else(|| Error::new(Kind::Bug, "the log was asked for before it exists"))
    }

    /// The log to read from, once it is durable.
    ///
    /// # Errors
    /// [`Kind::Bug`] before that.
    pub fn reading(&self) -> Result<&Reading, Error> {
        self.log.as_deref().ok_or_else(|| Error::new(Kind::Bug, "the log was asked for before it exists"))
    }

    /// True once entries are on disk as they are made.
    pub fn is_durable(&self) -> bool {
        self.durable
    }

    /// Appends what one role did, as [`Journal::append`].
    ///
    /// # Errors
    /// As there.
    pub fn append_by(&mut self, role: &str, records: Vec<Record>) -> Result<(), Error> {
        let everybody = std::mem::replace(&mut self.actors, vec![role.to_owned()]);
        let appended = self.append(records);
        self.actors = everybody;
        appended
    }

    /// Notes what one role did, as [`Journal::note`].
    ///
    /// # Errors
    /// As there.
    pub fn note_by(&mut self, role: &str, records: Vec<Record>) -> Result<(), Error> {
        let everybody = std::mem::replace(&mut self.actors, vec![role.to_owned()]);
        let noted = self.note(records);
        self.actors = everybody;
        noted
    }

    /// Appends entries: checked against the rules of the state first, then written and fsynced, or kept
    /// waiting where nothing durable happened yet.
    ///
    /// # Errors
    /// [`Kind::Verify`] for an entry that breaks a rule (nothing is written), [`Kind::Medium`].
    pub fn append(&mut self, records: Vec<Record>) -> Result<(), Error> {
        let appended = self.try_append(records);
        if appended.is_err() {
            // The state is what the log says, and the log is as it was: the same act can be tried again.
            self.fold_again()?;
        }
        appended
    }

    /// Appends entries on which nothing outside the log depends, as [`Journal::append`] but for the disk: they are
    /// written with those that follow, before the token, a medium or a person is asked for what they lead to.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub fn note(&mut self, records: Vec<Record>) -> Result<(), Error> {
        let noted = self.try_note(records);
        if noted.is_err() {
            self.fold_again()?;
        }
        noted
    }

    fn try_append(&mut self, records: Vec<Record>) -> Result<(), Error> {
        let header = self.header();
        self.apply(&header, &records)?;
        self.waiting.push((header, records));
        if !self.durable {
            return Ok(());
        }
        let written = self.write_waiting();
        if written.is_err() {
            // What was noted before still waits; this act did not happen.
            self.waiting.pop();
        }
        written
    }

    fn try_note(&mut self, records: Vec<Record>) -> Result<(), Error> {
        let waiting = self.waiting.iter().map(|(_, records)| records.len()).sum::<usize>();
        if self.durable && waiting + records.len() > WAITING {
            return self.try_append(records);
        }
        let header = self.header();
        self.apply(&header, &records)?;
        self.waiting.push((header, records));
        Ok(())
    }

    /// One write, whatever waits: a crash leaves all of it or none.
    fn write_waiting(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let acts: Vec<(&Header, &[Record])> = self.waiting.iter().map(|(h, records)| (h, records.as_slice())).collect();
        let log = self.log.as_mut().ok_or_else(|| Error::new(Kind::Bug, "the log was asked for before it exists"))?;
        log.append_acts(&acts)?;
        self.waiting.clear();
        Ok(())
    }

    fn apply(&mut self, header: &Header, records: &[Record]) -> Result<(), Error> {
        for record in records {
            let entry = Entry { seq: self.state.size, header: header.clone().into(), record: record.clone() };
            self.state.apply(&entry)?;
        }
        Ok(())
    }

    fn fold_again(&mut self) -> Result<(), Error> {
        let mut state = State::default();
        if let Some(log) = self.log.as_ref().filter(|log| log.size() > 0) {
            store::read(log.directory(), &mut |entry| state.apply(entry))?;
        }
        self.state = state;
        for (header, records) in self.waiting.clone() {
            self.apply(&header, &records)?;
        }
        Ok(())
    }

    /// Writes what waits; from now on entries are durable when `append` returns.
    ///
    /// # Errors
    /// [`Kind::Medium`]: what waits still waits.
    pub fn make_durable(&mut self) -> Result<(), Error> {
        if let (None, Some((dir, id))) = (&self.log, &self.create) {
            self.log = Some(Log::create(dir, id.clone())?);
        }
        // One write: a crash leaves the beginning of a session whole or absent.
        self.write_waiting()?;
        self.durable = true;
        Ok(())
    }

    /// Signs a checkpoint over all entries and moves the guard to it.
    ///
    /// # Errors
    /// [`Kind::Token`], [`Kind::Medium`]; the entries are in the log all the same.
    pub fn checkpoint(&mut self, keys: &mut Keyring) -> Result<(), Error> {
        self.write_waiting()?;
        let origin = self.state.origin.clone();
        let audit = keys.audit_spki()?.clone();
        let log = self.log()?;
        log.checkpoint(&origin, &audit, &mut |body| keys.sign_statement(body))?;
        keys.set_guard(log)
    }

    /// Lends the log, the checkpoint origin and a maker of headers to the signing protocol.
    ///
    /// # Errors
    /// What the protocol returns.
    pub fn with_log<T>(
        &mut self,
        act: impl FnOnce(&mut Log, &str, &mut dyn FnMut() -> Header) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.write_waiting()?;
        let origin = self.state.origin.clone();
        let template = self.header();
        let clock = self.clock;
        let mut header = || Header { time: clock.now(), ..template.clone() };
        act(self.log()?, &origin, &mut header)
    }

    /// Finds a full disk before the root key is used: room for the intents and outcomes of `plans`.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    pub fn check_room_for(&mut self, plans: usize) -> Result<(), Error> {
        // An intent is under 1 KiB, an outcome with an RSA-4096 certificate under 4 KiB.
        let bytes = u64::try_from(plans).unwrap_or(u64::MAX).saturating_mul(8 * 1024).saturating_add(1 << 20);
        self.log()?.ensure_room(bytes)
    }

    /// Folds the entries that the signing protocol appended.
    ///
    /// # Errors
    /// [`Kind::Bug`] where they break a rule.
    pub fn catch_up(&mut self) -> Result<(), Error> {
        let (size, mut last) = (self.log()?.size(), LastHeader::default());
        while self.state.size < size {
            let seq = self.state.size;
            let line = self.log()?.entry_line(seq)?;
            let (_, entry) = entry::read_line(&line, &mut last)?;
            self.state.apply(&entry).map_err(|error| error.into_kind(Kind::Bug))?;
        }
        Ok(())
    }
}
