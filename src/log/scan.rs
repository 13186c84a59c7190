//! Streaming: the lines of a log of any size, each examined by itself on every core, handed on in order.
//!
//! Owns how bytes become lines: chunks, line ends, the longest line, the torn rest. What holds between lines
//! (chain, tree, state) is for whoever folds them. Memory is bounded by the chunks under way, not by the log.

use super::entry::{self, Entry, LastHeader, MAX_LINE};
use super::merkle;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use std::collections::VecDeque;
use std::io::{BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// How many bytes a chunk gathers before it is examined; a longer line makes a longer chunk.
const CHUNK: usize = 256 * 1024;
/// Chunks that wait for each thread.
const WAITING: usize = 2;

/// A line that is well-formed by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// What it says the leaf hash of the line before it is.
    pub prev: Digest,
    /// Its content.
    pub entry: Entry,
}

/// Where a line stands and what it is: enough to read it again, and to see whether it is still the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// Its position, from 0.
    pub seq: u64,
    /// Where it begins, in bytes from the start of the file.
    pub offset: u64,
    /// Its leaf hash.
    pub leaf: Digest,
}

impl Examined {
    /// Where this line is found again.
    pub fn located(&self) -> Located {
        Located { seq: self.entry.seq, offset: self.offset, leaf: self.leaf }
    }
}

/// How a stream of lines ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Bytes of complete lines.
    pub length: u64,
    /// What follows the last line end: a line that was torn while it was written.
    pub torn: Vec<u8>,
}

/// Whole lines on their way to a thread and back; and, once folded, room for the next ones. What a thread allocated
/// goes back to it: memory freed by another thread is what this would spend its time on.
#[derive(Default)]
struct Chunk {
    /// Where the lines begin.
    offset: u64,
    bytes: Vec<u8>,
    /// The lines up to the first that is not well-formed.
    good: Vec<Examined>,
    bad: Option<(u64, Error)>,
}

/// Examines one line without its `\n`, which begins at `offset`.
///
/// # Errors
/// [`Kind::Verify`]: it is not an entry that this version writes.
pub fn examine(offset: u64, line: &[u8], last: &mut LastHeader) -> Result<Examined, Error> {
    if line.len() >= MAX_LINE {
        return Err(too_long());
    }
    let (prev, entry) = entry::read_line(line, last)?;
    Ok(Examined { offset, leaf: merkle::leaf_hash(line), prev, entry })
}

/// Why a stream of lines was left before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The line at this offset, after all that were folded, is not well-formed.
    Line {
        /// Where it begins, in bytes.
        offset: u64,
        /// What is wrong with it.
        error: Error,
    },
    /// Reading failed, or folding did.
    Other(Error),
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Halt::Other(error)
    }
}

fn too_long() -> Error {
    Error::new(Kind::Verify, "a line is too long for a log").wanted(format!("{MAX_LINE} bytes at most"))
}

/// Says which line an error is about: its number, counted from 1, its first byte and the id of the rule.
pub fn at_line(error: Error, seq: u64, offset: u64, rule: &str) -> Error {
    error.within(format!("line {} (byte {offset}, rule {rule})", seq.saturating_add(1)))
}

/// Streams the lines of a log to `fold`, in order, until it fails or the stream ends.
///
/// # Errors
/// [`Halt::Line`]: a line that is not well-formed, or longer than [`MAX_LINE`]; those before it were folded.
/// [`Halt::Other`]: reading failed ([`Kind::Medium`]), or what `fold` failed with.
pub fn scan(mut from: impl Read, fold: &mut dyn FnMut(&Examined) -> Result<(), Error>) -> Result<End, Halt> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let mut workers = Vec::with_capacity(threads);
        for _ in 0..threads {
            let (give, todo) = sync_channel::<Chunk>(WAITING);
            let (done, take) = sync_channel::<Chunk>(WAITING);
            scope.spawn(move || work(&todo, &done));
            workers.push((give, take));
        }
        stream(&mut from, &workers, fold)
    })
}

/// Gives chunks to the threads in turn and takes them back in the same turn.
fn stream(
    from: &mut impl Read,
    workers: &[(SyncSender<Chunk>, Receiver<Chunk>)],
    fold: &mut dyn FnMut(&Examined) -> Result<(), Error>,
) -> Result<End, Halt> {
    let gone = || Error::new(Kind::Bug, "a thread that reads the log stopped");
    let mut cut = Cut::default();
    let (mut givers, mut takers) = (workers.iter().cycle(), workers.iter().cycle());
    // Chunks come back in the order in which they were given, so each goes to the thread it came from.
    let mut spare = VecDeque::new();
    let mut under_way = 0;
    loop {
        if under_way < workers.len() * WAITING
            && let Some(chunk) = cut.next(from, &mut spare)?
        {
            let (give, _) = givers.next().ok_or_else(gone)?;
            give.send(chunk).map_err(|_| gone())?;
            under_way += 1;
            continue;
        }
        if under_way == 0 {
            return cut.end();
        }
        let (_, take) = takers.next().ok_or_else(gone)?;
        let mut chunk = take.recv().map_err(|_| gone())?;
        under_way -= 1;
        chunk.good.iter().try_for_each(&mut *fold)?;
        if let Some((offset, error)) = chunk.bad.take() {
            return Err(Halt::Line { offset, error });
        }
        spare.push_back(chunk);
    }
}

fn work(todo: &Receiver<Chunk>, done: &SyncSender<Chunk>) {
    let mut last = LastHeader::default();
    for mut chunk in todo {
        chunk.good.clear();
        let (mut offset, mut rest) = (chunk.offset, chunk.bytes.as_slice());
        while !rest.is_empty() {
            // Reading from memory does not fail; skip_until finds the line end with vector instructions.
            let mut after = rest;
            let length = after.skip_until(b'\n').unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            match examine(offset, line.strip_suffix(b"\n").unwrap_or(line), &mut last) {
                Ok(examined) => chunk.good.push(examined),
                Err(error) => {
                    chunk.bad = Some((offset, error));
                    break;
                }
            }
            offset += u64::try_from(line.len()).unwrap_or(u64::MAX);
            rest = after;
        }
        // The other end is gone when folding has stopped.
        if done.send(chunk).is_err() {
            return;
        }
    }
}

/// Cuts a stream of bytes at line ends.
#[derive(Default)]
struct Cut {
    /// What follows the last line end so far.
    rest: Vec<u8>,
    /// Where `rest` begins.
    offset: u64,
    ended: bool,
}

impl Cut {
    /// The next chunk of whole lines, in a spare one where there is one; `None` at the end.
    fn next(&mut self, from: &mut impl Read, spare: &mut VecDeque<Chunk>) -> Result<Option<Chunk>, Error> {
        let wanted = u64::try_from(CHUNK).unwrap_or(u64::MAX);
        while !self.ended {
            let held = self.rest.len();
            let read = from.by_ref().take(wanted).read_to_end(&mut self.rest).map_err(|error| {
                Error::new(Kind::Medium, "the log cannot be read").saw(error.to_string()).truth("Nothing was changed.")
            })?;
            let fresh = self.rest.get(held..).unwrap_or_default();
            let whole = fresh.iter().rposition(|b| *b == b'\n').map_or(0, |at| held + at + 1);
            self.ended = read < CHUNK || self.rest.len() - whole > MAX_LINE;
            if whole > 0 {
                let mut chunk = spare.pop_front().unwrap_or_default();
                chunk.offset = self.offset;
                chunk.bytes.clear();
                chunk.bytes.extend_from_slice(self.rest.get(whole..).unwrap_or_default());
                self.rest.truncate(whole);
                std::mem::swap(&mut self.rest, &mut chunk.bytes);
                self.offset += u64::try_from(whole).unwrap_or(u64::MAX);
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// What is left when no chunk is.
    fn end(self) -> Result<End, Halt> {
        if self.rest.len() > MAX_LINE {
            return Err(Halt::Line { offset: self.offset, error: too_long() });
        }
        Ok(End { length: self.offset, torn: self.rest })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::log::record::StepDone;
    use crate::log::{Header, Record};

    /// A log of many chunks, with lines of very different lengths.
    pub(crate) fn log(lines: u64) -> Vec<u8> {
        let header = Header {
            log: "0a".repeat(16),
            session: "0123456789abcdef".to_owned(),
            time: "2026-11-21T09:30:00Z".parse().unwrap(),
            time_source: "given".to_owned(),
            actors: Vec::new(),
        };
        let (mut prev, mut bytes) = (Digest([0; 32]), Vec::new());
        for seq in 0..lines {
            let length = if seq % 97 == 0 { 300_000 } else { 10 };
            let record = Record::from(StepDone { step: "x".repeat(length), activity: "confirm".into() });
            let line = entry::write_line(&header, seq, &prev, &record).unwrap();
            prev = merkle::leaf_hash(&line);
            bytes.extend_from_slice(&line);
            bytes.push(b'\n');
        }
        bytes
    }

    /// A reader that gives a few bytes at a time, as a slow medium may.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn lines_of_many_chunks_come_in_order_with_their_offsets() {
        let bytes = log(2000);
        assert!(bytes.len() > 20 * CHUNK);
        for at_once in [10_007, usize::MAX] {
            let (mut next, mut prev, mut end_of_last) = (0, Digest([0; 32]), 0);
            let end = scan(Drip(&bytes, at_once), &mut |line| {
                assert_eq!((line.entry.seq, line.prev), (next, prev));
                assert_eq!(line.offset == 0, next == 0);
                assert!(line.offset >= end_of_last);
                (next, prev, end_of_last) = (next + 1, line.leaf, line.offset + 200);
                Ok(())
            })
            .unwrap();
            assert_eq!(next, 2000);
            assert_eq!(end, End { length: bytes.len().try_into().unwrap(), torn: Vec::new() });
        }
    }

    #[test]
    fn a_bad_line_in_a_late_chunk_halts_after_all_before_it() {
        let mut bytes = log(500);
        let start = bytes[..bytes.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
        bytes[start] = b'[';
        let mut folded = 0;
        let halt = scan(&bytes[..], &mut |_| {
            folded += 1;
            Ok(())
        });
        assert!(matches!(halt, Err(Halt::Line { offset, .. }) if offset == u64::try_from(start).unwrap()), "{halt:?}");
        assert_eq!(folded, 499);
        let stopped = Error::new(Kind::Verify, "enough");
        let halt = scan(&bytes[..], &mut |line| if line.entry.seq < 3 { Ok(()) } else { Err(stopped.clone()) });
        assert_eq!(halt, Err(Halt::Other(stopped)));
    }

    #[test]
    fn what_follows_the_last_line_end_is_torn_and_a_line_without_end_is_too_long() {
        let mut bytes = log(3);
        let length = bytes.len().try_into().unwrap();
        bytes.extend_from_slice(b"{\"v\":1");
        assert_eq!(scan(&bytes[..], &mut |_| Ok(())), Ok(End { length, torn: b"{\"v\":1".to_vec() }));
        bytes.resize(bytes.len() + 3 * MAX_LINE, b'x');
        let mut folded = 0;
        let halt = scan(&bytes[..], &mut |_| {
            folded += 1;
            Ok(())
        });
        assert!(matches!(halt, Err(Halt::Line { offset, .. }) if offset == length), "{halt:?}");
        assert_eq!(folded, 3);
    }
}
