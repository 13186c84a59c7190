//! What a command knows of an authority's log: read once, and again only where it was written since.
//!
//! A command looks at the log for several reasons before its ceremony begins, and a log of a million entries takes
//! its time to read. Writes nothing; whoever goes on with what was read takes the log's lock first.

use crate::authority::State;
use crate::error::{Error, Kind};
use crate::store::{self, Log, Opened, Reading};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

/// The log of one authority as it was last read; every copy of this knows the same.
#[derive(Debug, Clone, Default)]
pub struct Known(Rc<RefCell<Option<(Reading, State)>>>);

impl Known {
    /// What the log on disk says, read without a lock.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Verify`].
    pub fn ask<T>(&self, log: &Path, question: impl FnOnce(&Reading, &State) -> T) -> Result<T, Error> {
        let mut known = self.0.borrow_mut();
        if !known.as_ref().is_some_and(|(reading, _)| reading.is_current()) {
            *known = None;
            *known = Some(read(log)?);
        }
        let known = known.as_ref().ok_or_else(|| Error::new(Kind::Bug, "a log that was read is not known"))?;
        Ok(question(&known.0, &known.1))
    }

    /// Opens the log for writing, with the state that it says. What was read before is forgotten: it is about to be
    /// written.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open(&self, log: &Path) -> Result<(Opened, State), Error> {
        if let Some((reading, state)) = self.0.take()
            && let Some(opened) = Log::open_as_read(reading)?
        {
            return Ok((opened, state));
        }
        let mut state = State::default();
        let opened = Log::open(log, &mut |entry| state.apply(entry))?;
        Ok((opened, state))
    }
}

fn read(log: &Path) -> Result<(Reading, State), Error> {
    let mut state = State::default();
    let reading = store::read(log, &mut |entry| state.apply(entry))?;
    Ok((reading, state))
}
