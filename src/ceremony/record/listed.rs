//! Rows of a record of which a ceremony may have many: each is made of the log when it is shown, and let go.

use super::act::{Act, Known};
use crate::error::{Error, Kind};
use crate::log::Entry;
use crate::log::scan::Located;
use serde::ser::{Error as _, Serialize, SerializeSeq, Serializer};
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// Reads an entry of the log again, as it was when the log was verified.
pub type Again = Box<dyn FnMut(&Located) -> Result<Entry, Error>>;

/// What rows are made of: the log, and what its entries refer to.
pub(super) struct Source {
    again: RefCell<Again>,
    pub(super) known: Known,
    /// Why rows could not be made while they were written as JSON, which has no room for it.
    failed: RefCell<Option<Error>>,
}

impl Source {
    pub(super) fn new(again: Again, known: Known) -> Rc<Self> {
        Rc::new(Self { again: RefCell::new(again), known, failed: RefCell::new(None) })
    }

    pub(super) fn entry(&self, at: &Located) -> Result<Entry, Error> {
        (self.again.borrow_mut())(at)
    }

    pub(super) fn act(&self, at: &Located) -> Result<Act, Error> {
        Ok(Act::of(&self.entry(at)?, &self.known))
    }

    /// What writing came to, with the reason where rows could not be made.
    pub(super) fn explain(&self, written: Result<(), Error>) -> Result<(), Error> {
        match self.failed.borrow_mut().take() {
            Some(failed) if written.is_err() => Err(failed),
            _ => written,
        }
    }
}

/// Rows that are made one at a time, each time they are asked for.
pub struct Listed<T> {
    count: usize,
    make: Box<Make<T>>,
    source: Rc<Source>,
}

/// Takes a row.
type Take<'a, T> = dyn FnMut(T) -> Result<(), Error> + 'a;
/// Makes rows, and hands each on.
type Make<T> = dyn Fn(&mut Take<'_, T>) -> Result<(), Error>;

impl<T: 'static> Listed<T> {
    /// `count` rows: `of` makes those that each of these is about, one or several.
    pub(super) fn new<P: 'static, R: IntoIterator<Item = T>>(
        source: &Rc<Source>,
        about: Vec<P>,
        count: usize,
        of: impl Fn(&Source, &P) -> Result<R, Error> + 'static,
    ) -> Self {
        let from = Rc::clone(source);
        let make = move |take: &mut Take<'_, T>| {
            about.iter().try_for_each(|one| of(&from, one)?.into_iter().try_for_each(&mut *take))
        };
        Self { count, make: Box::new(make), source: Rc::clone(source) }
    }
}

impl Listed<Act> {
    /// Entries in words.
    pub(super) fn acts(source: &Rc<Source>, entries: Vec<Located>) -> Self {
        let count = entries.len();
        Self::new(source, entries, count, |source, at| source.act(at).map(Some))
    }
}

impl<T> Listed<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Makes each of them, in order.
    ///
    /// # Errors
    /// Of `take`; [`Kind::Medium`]: the log cannot be read, or is another than it was.
    pub fn each(&self, take: &mut dyn FnMut(T) -> Result<(), Error>) -> Result<(), Error> {
        (self.make)(take)
    }
}

impl<T> fmt::Debug for Listed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} rows]", self.count)
    }
}

impl<T: Serialize> Serialize for Listed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.count))?;
        let mut refused = None;
        let made = self.each(&mut |row| {
            rows.serialize_element(&row).map_err(|error| {
                refused = Some(error);
                Error::new(Kind::Bug, "a row cannot be written")
            })
        });
        match (refused, made) {
            (Some(refused), _) => Err(refused),
            (None, Err(error)) => {
                let says = S::Error::custom(&error);
                self.source.failed.replace(Some(error));
                Err(says)
            }
            (None, Ok(())) => rows.end(),
        }
    }
}
