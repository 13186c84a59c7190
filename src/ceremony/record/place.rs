//! Which step an entry is of. An entry says so itself where people did something; what the program did in between is
//! of the step that was finished next, or of the one that was under way when the session ended.

use crate::authority::state::{Course as Progress, DoneStep};
use crate::ceremony::progress;
use crate::ceremony::script::Step;
use crate::digest::Digest;
use crate::log::{Entry, Record};

/// Where an entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At the beginning or the end of a session, by its position from 0.
    Session(usize),
    /// At a step, by its position from 0.
    Step(usize),
}

/// Puts each entry of a ceremony in its place, as they are read.
pub struct Sheet<'a> {
    steps: &'a [Step],
    places: Vec<Place>,
    /// Entries of the session that is open whose step is not known yet.
    waiting: Vec<usize>,
    /// The session that was opened last, by its position.
    session: Option<usize>,
    /// Its id.
    open: Option<String>,
    /// For each step, whether it is still to be done in this session.
    to_do: Vec<bool>,
    done: Vec<DoneStep>,
}

impl<'a> Sheet<'a> {
    /// A sheet without entries.
    pub fn new(steps: &'a [Step]) -> Self {
        Self {
            steps,
            places: Vec::new(),
            waiting: Vec::new(),
            session: None,
            open: None,
            to_do: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Takes the next entry: its session, and itself where people did it or it opens or closes that.
    pub fn entry(&mut self, session: &str, entry: Option<&Entry>) {
        let position = self.places.len();
        self.places.push(Place::Session(0));
        let place = self.place(position, session, entry);
        self.put(position, place);
    }

    /// The place of each entry, in order.
    pub fn places(mut self) -> Vec<Place> {
        self.settle();
        self.places
    }

    fn number(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    fn place(&mut self, position: usize, session: &str, entry: Option<&Entry>) -> Place {
        let here = Place::Session(self.session.unwrap_or(0));
        match entry.map(|entry| (entry, &entry.record)) {
            Some((entry, Record::SessionOpened(_))) => {
                self.settle();
                self.open(entry);
                Place::Session(self.session.unwrap_or(0))
            }
            // Before its session is opened.
            _ if self.open.as_deref() != Some(session) => {
                self.settle();
                Place::Session(self.session.map_or(0, |session| session + 1))
            }
            Some((_, Record::SessionClosed(_))) => {
                self.settle();
                here
            }
            Some((entry, Record::StepDone(done))) => self.finish(&done.step, entry, false).unwrap_or(here),
            Some((entry, Record::StepSkipped(done))) => self.finish(&done.step, entry, true).unwrap_or(here),
            Some((_, Record::ValueRecorded(value))) => self.number(&value.step).map_or(here, Place::Step),
            Some((_, Record::Deviation(deviation))) => self.number(&deviation.step).map_or(here, Place::Step),
            _ => {
                self.waiting.push(position);
                here
            }
        }
    }

    fn put(&mut self, position: usize, place: Place) {
        if let Some(cell) = self.places.get_mut(position) {
            *cell = place;
        }
    }

    fn open(&mut self, entry: &Entry) {
        self.session = Some(self.session.map_or(0, |session| session + 1));
        self.open = Some(entry.header.session.clone());
        let so_far = Progress {
            id: String::new(),
            ceremony: String::new(),
            script_sha256: Digest::of(b""),
            opened: entry.seq,
            since: entry.header.time,
            done: self.done.clone(),
            paused: false,
        };
        self.to_do = progress::to_do(self.steps, Some(&so_far));
    }

    /// A step is finished: what waited was of it.
    fn finish(&mut self, id: &str, entry: &Entry, skipped: bool) -> Option<Place> {
        let number = self.number(id)?;
        for waiting in std::mem::take(&mut self.waiting) {
            self.put(waiting, Place::Step(number));
        }
        if let Some(to_do) = self.to_do.get_mut(number) {
            *to_do = false;
        }
        self.done.push(DoneStep { step: id.to_owned(), at: entry.header.time, skipped });
        Some(Place::Step(number))
    }

    /// A session ended: what waits is of the step that was under way.
    fn settle(&mut self) {
        let under_way = self.to_do.iter().position(|to_do| *to_do);
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some(number) = under_way {
                self.put(waiting, Place::Step(number));
            }
        }
    }
}
