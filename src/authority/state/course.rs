//! The course of a ceremony over its sessions: a pause or a crash ends a session, not the ceremony. Folded
//! from the log; nothing else is needed to go on at the first step that is not done.

use super::State;
use crate::authority::rules::{broken, expect};
use crate::digest::Digest;
use crate::error::Error;
use crate::log::Header;
use crate::log::record::SessionOpened;
use jiff::Timestamp;

/// A ceremony that began and did not end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The id of its first session.
    pub id: String,
    /// Its name.
    pub ceremony: String,
    /// SHA-256 of its script.
    pub script_sha256: Digest,
    /// Position of the `session.opened` that began it.
    pub opened: u64,
    /// When it began.
    pub since: Timestamp,
    /// Steps that are done or were left out, in order.
    pub done: Vec<DoneStep>,
    /// True where a session of it was closed by a pause.
    pub paused: bool,
}

/// A step that is not done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoneStep {
    /// Its id.
    pub step: String,
    /// When.
    pub at: Timestamp,
    /// True where it was left out under a deviation.
    pub skipped: bool,
}

impl Course {
    /// True where a step was done, or left out.
    pub fn has(&self, step: &str) -> bool {
        self.done.iter().any(|done| done.step == step)
    }
}

impl State {
    /// A session begins a ceremony, or goes on with the one that is not ended.
    pub(super) fn begin_course(&mut self, opened: &SessionOpened, header: &Header) -> Result<(), Error> {
        if let Some(resumed) = &opened.resumes {
            let course = self.course.as_mut().filter(|course| course.id == *resumed);
            let course = course.ok_or_else(|| {
                broken("session.resumes", "a session goes on with the ceremony that did not end", resumed)
            })?;
            let same = course.script_sha256 == opened.script_sha256;
            expect(same, "session.resumes", "with the same script", &opened.script_sha256.hex())?;
            course.paused = false;
            return Ok(());
        }
        self.course = Some(Course {
            id: header.session.clone(),
            ceremony: opened.ceremony.clone(),
            script_sha256: opened.script_sha256,
            opened: self.size,
            since: header.time,
            done: Vec::new(),
            paused: false,
        });
        Ok(())
    }

    pub(super) fn finish_step(&mut self, step: &str, at: Timestamp, skipped: bool) {
        if let Some(course) = &mut self.course {
            course.done.push(DoneStep { step: step.to_owned(), at, skipped });
        }
    }

    pub(super) fn end_course(&mut self, outcome: &str) {
        match (&mut self.course, outcome) {
            (Some(course), "paused") => course.paused = true,
            _ => self.course = None,
        }
    }
}
