//! Streaming: the lines of a log of any size, each examined by itself on every core, handed on in order.
//!
//! Owns how bytes become lines: chunks, line ends, the longest line, the torn rest. What holds between lines
//! (chain, tree, state) is for whoever folds them. Memory is bounded by the chunks under way, not by the log.

use super::entry::{self, Entry, MAX_LINE};
use super::merkle;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use std::io::Read;
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

/// How a stream of lines ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Bytes of complete lines.
    pub length: u64,
    /// What follows the last line end: a line that was torn while it was written.
    pub torn: Vec<u8>,
}

/// Whole lines, and where they begin.
struct Chunk {
    offset: u64,
    bytes: Vec<u8>,
}

/// The lines of a chunk up to the first that is not well-formed.
struct Lines {
    good: Vec<Examined>,
    bad: Option<(u64, Error)>,
}

/// Examines one line without its `\n`, which begins at `offset`.
///
/// # Errors
/// [`Kind::Verify`]: it is not an entry that this version writes.
pub fn examine(offset: u64, line: &[u8]) -> Result<Examined, Error> {
    if line.len() >= MAX_LINE {
        return Err(too_long());
    }
    let parsed = entry::parse_line(line)?;
    let prev = Digest::from_hex(parsed.prev).map_err(|error| error.into_kind(Kind::Verify))?;
    Ok(Examined { offset, leaf: merkle::leaf_hash(line), prev, entry: parsed.entry()? })
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
pub fn scan(mut from: impl Read, fold: &mut dyn FnMut(Examined) -> Result<(), Error>) -> Result<End, Halt> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let mut workers = Vec::with_capacity(threads);
        for _ in 0..threads {
            let (give, todo) = sync_channel::<Chunk>(WAITING);
            let (done, take) = sync_channel::<Lines>(WAITING);
            scope.spawn(move || work(&todo, &done));
            workers.push((give, take));
        }
        stream(&mut from, &workers, fold)
    })
}

/// Gives chunks to the threads in turn and takes their lines back in the same turn.
fn stream(
    from: &mut impl Read,
    workers: &[(SyncSender<Chunk>, Receiver<Lines>)],
    fold: &mut dyn FnMut(Examined) -> Result<(), Error>,
) -> Result<End, Halt> {
    let gone = || Error::new(Kind::Bug, "a thread that reads the log stopped");
    let mut chunks = Chunks { rest: Vec::new(), offset: 0, ended: false };
    let mut given = workers.iter().cycle();
    let mut taken = workers.iter().cycle();
    let mut under_way = 0;
    loop {
        let next = if under_way < workers.len() * WAITING { chunks.next(from)? } else { None };
        if let Some(chunk) = next {
            let (give, _) = given.next().ok_or_else(gone)?;
            give.send(chunk).map_err(|_| gone())?;
            under_way += 1;
            continue;
        }
        if under_way == 0 && chunks.rest.len() > MAX_LINE {
            return Err(Halt::Line { offset: chunks.offset, error: too_long() });
        }
        if under_way == 0 {
            return Ok(End { length: chunks.offset, torn: chunks.rest });
        }
        let (_, take) = taken.next().ok_or_else(gone)?;
        let lines = take.recv().map_err(|_| gone())?;
        under_way -= 1;
        lines.good.into_iter().try_for_each(&mut *fold)?;
        if let Some((offset, error)) = lines.bad {
            return Err(Halt::Line { offset, error });
        }
    }
}

fn work(todo: &Receiver<Chunk>, done: &SyncSender<Lines>) {
    for chunk in todo {
        let mut lines = Lines { good: Vec::new(), bad: None };
        let mut offset = chunk.offset;
        for line in chunk.bytes.split_inclusive(|b| *b == b'\n') {
            match examine(offset, line.strip_suffix(b"\n").unwrap_or(line)) {
                Ok(examined) => lines.good.push(examined),
                Err(error) => {
                    lines.bad = Some((offset, error));
                    break;
                }
            }
            offset += u64::try_from(line.len()).unwrap_or(u64::MAX);
        }
        // The other end is gone when folding has stopped.
        if done.send(lines).is_err() {
            return;
        }
    }
}

/// Cuts a stream of bytes at line ends.
struct Chunks {
    /// What follows the last line end so far.
    rest: Vec<u8>,
    /// Where `rest` begins.
    offset: u64,
    ended: bool,
}

impl Chunks {
    /// The next chunk of whole lines; `None` at the end, when `rest` is what was torn.
    fn next(&mut self, from: &mut impl Read) -> Result<Option<Chunk>, Halt> {
        while !self.ended {
            let mut bytes = std::mem::take(&mut self.rest);
            let searched = bytes.len();
            bytes.reserve(CHUNK);
            let wanted = u64::try_from(CHUNK).unwrap_or(u64::MAX);
            let read = from.by_ref().take(wanted).read_to_end(&mut bytes).map_err(|error| {
                Error::new(Kind::Medium, "the log cannot be read").saw(error.to_string()).truth("Nothing was changed.")
            })?;
            self.ended = read < CHUNK;
            let fresh = bytes.get(searched..).unwrap_or_default();
            let whole = fresh.iter().rposition(|b| *b == b'\n').map_or(0, |at| searched + at + 1);
            self.rest = bytes.split_off(whole);
            if self.rest.len() > MAX_LINE {
                self.ended = true;
            }
            if !bytes.is_empty() {
                let chunk = Chunk { offset: self.offset, bytes };
                self.offset += u64::try_from(whole).unwrap_or(u64::MAX);
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::record::StepDone;
    use crate::log::{Header, Record};

    /// A log of many chunks, with lines of very different lengths.
    fn log(lines: u64) -> Vec<u8> {
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
