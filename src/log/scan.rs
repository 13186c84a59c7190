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
        if let (Some(chunk), Some((give, _))) = (next, given.next()) {
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
