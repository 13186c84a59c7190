//! Appending to a log: written, fsynced, read back from the medium and compared, however many entries that are.
//!
//! Entries go to the file in portions and are known by their leaf hashes from then on: a batch of thousands needs no
//! more memory than one of dozens. Whatever fails, the file is put back as it was.

use super::read::ENTRIES;
use super::{Log, disk, quarantine};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::entry::{self, Header};
use crate::log::merkle;
use crate::log::record::Record;
use rustix::fs::{Advice, fadvise};
use std::borrow::Cow;
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// So many bytes are written with one write, and read back with one read: more than a session begins with.
const PORTION: usize = 1 << 20;

/// Lines that were written: the leaf hash of each, and where it ends in the file, its line end included.
type Written = Vec<(Digest, u64)>;

impl Log {
    /// Appends the records of one act: one write, fsync, read back from the medium, compared.
    ///
    /// # Errors
    /// [`Kind::Medium`]: the entries are not in the log; where the file could not be put back as it was, the
    /// error says so and this log takes no more. [`Kind::Usage`]: a record is too long. [`Kind::Bug`]: a header
    /// of another log.
    pub fn append(&mut self, header: &Header, records: &[Record]) -> Result<Range<u64>, Error> {
        self.append_acts(&[(header, records)])
    }

    /// Appends several acts, each under its own header, with one write where they are no larger than a portion: all of
    /// them or none.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_acts(&mut self, acts: &[(&Header, &[Record])]) -> Result<Range<u64>, Error> {
        let records = acts.iter().flat_map(|(header, records)| records.iter().map(move |record| (*header, record)));
        self.append_all(records.map(|(header, record)| (header, Cow::Borrowed(record))))
    }

    /// Appends the records of one act that are made as they are written: they are never in memory together.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_made(&mut self, header: &Header, records: impl Iterator<Item = Record>) -> Result<Range<u64>, Error> {
        self.append_all(records.map(|record| (header, Cow::Owned(record))))
    }

    fn append_all<'r>(
        &mut self,
        records: impl Iterator<Item = (&'r Header, Cow<'r, Record>)>,
    ) -> Result<Range<u64>, Error> {
        let first = self.size();
        if self.broken {
            return Err(Error::new(Kind::Medium, "the log takes no more entries after a failed write")
                .hint("start again: what is torn is moved aside then")
                .truth(format!("The log holds {first} whole entries.")));
        }
        quarantine(&mut self.reading, &self.entries)?;
        let (mut written, mut touched, mut time) = (Written::new(), false, self.reading.last_time);
        let lines = self.write_all(records, &mut written, &mut touched, &mut time);
        if let Err(error) = lines.and_then(|()| self.read_back(&written)) {
            return Err(if touched { self.put_back(error) } else { error });
        }
        for (leaf, end) in written {
            self.last = leaf;
            self.reading.tree.push(leaf);
            self.reading.offsets.push(end);
        }
        self.reading.last_time = time;
        Ok(first..self.size())
    }

    /// Writes at the end and fsyncs; `touched` once the file may not be as it was.
    fn write_all<'r>(
        &self,
        records: impl Iterator<Item = (&'r Header, Cow<'r, Record>)>,
        written: &mut Written,
        touched: &mut bool,
        time: &mut Option<jiff::Timestamp>,
    ) -> Result<(), Error> {
        let path = self.reading.directory.join(ENTRIES);
        let medium = |what: &'static str| move |error: std::io::Error| disk::medium(what, &path, &error);
        let id = self.reading.log_id.to_string();
        let (mut last, mut end, mut bytes) = (self.last, self.length(), Vec::new());
        let mut write = |bytes: &[u8], end: u64| {
            *touched = true;
            let at = end.saturating_sub(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            self.entries.write_all_at(bytes, at).map_err(medium.clone()("cannot append to"))
        };
        for (seq, (header, record)) in (self.size()..).zip(records) {
            if header.log != id {
                return Err(Error::new(Kind::Bug, "an entry for another log").saw(&header.log));
            }
            let line = entry::write_line(header, seq, &last, &record)?;
            last = merkle::leaf_hash(&line);
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
            end += u64::try_from(line.len()).unwrap_or(u64::MAX) + 1;
            written.push((last, end));
            *time = Some(header.time);
            if bytes.len() >= PORTION {
                write(&bytes, end)?;
                bytes.clear();
            }
        }
        write(&bytes, end)?;
        self.entries.sync_all().map_err(medium("cannot sync"))
    }

    /// The medium holds the lines that were written.
    fn read_back(&self, written: &Written) -> Result<(), Error> {
        let path = self.reading.directory.join(ENTRIES);
        let begin = self.length();
        let all = written.last().map_or(0, |(_, end)| end - begin);
        // Asks for the medium's bytes, not the cache's; a file system may decline.
        let _ = fadvise(&self.entries, begin, NonZeroU64::new(all), Advice::DontNeed);
        let failing = || {
            Error::new(Kind::Medium, "the log does not read back as it was written")
                .hint("the medium is failing: copy the log to another")
        };
        let (mut start, mut rest, mut back) = (begin, written.as_slice(), Vec::new());
        while !rest.is_empty() {
            let most = start.saturating_add(u64::try_from(PORTION).unwrap_or(u64::MAX));
            // At the least one line, which is no longer than a portion.
            let lines = rest.iter().take_while(|(_, end)| *end <= most).count().max(1);
            let (portion, later) = rest.split_at(lines.min(rest.len()));
            let stop = portion.last().map_or(start, |(_, end)| *end);
            back.resize(usize::try_from(stop - start).unwrap_or(usize::MAX), 0);
            self.entries
                .read_exact_at(&mut back, start)
                .map_err(|error| disk::medium("cannot read back", &path, &error))?;
            let mut read = back.split_inclusive(|byte| *byte == b'\n');
            let same = portion.iter().all(|(leaf, _)| {
                let line = read.next().and_then(|line| line.strip_suffix(b"\n"));
                line.is_some_and(|line| merkle::leaf_hash(line) == *leaf)
            });
            if !same || read.next().is_some() {
                return Err(failing());
            }
            (start, rest) = (stop, later);
        }
        Ok(())
    }

    /// Ends of lines, in bytes.
    fn length(&self) -> u64 {
        self.reading.offsets.last().copied().unwrap_or_default()
    }

    /// Cuts off what a failed append may have left, and says what is true.
    fn put_back(&mut self, error: Error) -> Error {
        let cut = self.entries.set_len(self.length()).and_then(|()| self.entries.sync_all());
        self.broken = cut.is_err();
        if self.broken {
            error.truth(format!("The log holds {} whole entries and may end in a torn line.", self.size()))
        } else {
            error.truth(format!("The log is as it was: {} entries.", self.size()))
        }
    }
}
