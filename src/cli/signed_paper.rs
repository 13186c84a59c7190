//! A log held against the paper that people signed at the end of a ceremony: eight words of a checkpoint's root, or the
//! text of the code that was photographed. The paper is the evidence that neither laptop nor token can change.

use super::args::Paper;
use crate::audit::Report;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::Record;
use crate::log::note::{Checkpoint, SignedNote};
use crate::screen::Screen;
use crate::text::entries;
use crate::{store, text, words};
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// How many words a paper has: the first bytes of the root.
const WORDS: usize = 8;
/// Begins the code of the last screen.
const CODE: &str = "ANCHORITE";
/// From so many equal words on, a paper was likelier read wrongly than of another log.
const NEARLY: usize = 5;

/// What a paper says.
pub enum Said {
    /// The first bytes of a root, by their words.
    Words(Vec<u8>),
    /// Log id, size and root.
    Code { log: Hex, size: u64, root: Digest },
}

/// The checkpoint that a paper signed, in a log that verified.
#[derive(Debug, Serialize)]
pub struct Signed {
    /// Its size: the paper says the same.
    size: u64,
    /// Its root.
    root: Digest,
    /// The words on the paper.
    words: Vec<&'static str>,
    /// Position of the last entry that it covers.
    entry: u64,
    /// The time that this entry claims.
    time: Timestamp,
    /// Its ceremony.
    ceremony: String,
    /// How many entries follow under a later checkpoint.
    signed_after: u64,
    /// How many follow that nobody signed.
    unsigned_after: u64,
}

/// What the arguments say of a paper; `None` where there is none.
///
/// # Errors
/// [`Kind::Usage`]: a word that is none, another number of words, a text that is no such code.
pub fn said(paper: &Paper) -> Result<Option<Said>, Error> {
    let split = |texts: &[String]| texts.iter().flat_map(|t| t.split_whitespace()).map(str::to_owned).collect();
    let (typed, code): (Vec<String>, Vec<String>) = (split(&paper.checkpoint_words), split(&paper.checkpoint_code));
    if !code.is_empty() {
        return code_of(&code).map(Some);
    }
    if typed.is_empty() {
        return Ok(None);
    }
    let bytes = words::parse(&typed).map_err(|error| error.within("--checkpoint-words"))?;
    if bytes.len() != WORDS {
        return Err(Error::new(Kind::Usage, "a paper has eight words of a checkpoint")
            .saw(text::count(bytes.len(), "word"))
            .wanted("8 words, in their order"));
    }
    Ok(Some(Said::Words(bytes)))
}

/// `ANCHORITE <log> <size> <root>` in capitals, as on the last screen; or a checkpoint's note, as on a record.
fn code_of(parts: &[String]) -> Result<Said, Error> {
    let bad = || {
        Error::new(Kind::Usage, "not the text of a ceremony's code")
            .saw(parts.join(" "))
            .wanted(format!("{CODE} LOG SIZE ROOT, as the code on the last screen says; or a checkpoint's text"))
    };
    match parts {
        [first, log, size, root] if first.eq_ignore_ascii_case(CODE) => {
            let log = Hex::parse(&log.to_lowercase()).map_err(|_| bad())?;
            let root = Digest::from_hex(&root.to_lowercase()).map_err(|_| bad())?;
            Ok(Said::Code { log, size: size.parse().map_err(|_| bad())?, root })
        }
        [origin, size, root, ..] if origin.starts_with("anchorite/") => {
            let body = format!("{origin}\n{size}\n{root}\n");
            let checkpoint = Checkpoint::parse(&body).map_err(|_| bad())?;
            let log = origin.rsplit('/').next().and_then(|id| Hex::parse(id).ok()).ok_or_else(bad)?;
            Ok(Said::Code { log, size: checkpoint.size, root: checkpoint.root })
        }
        _ => Err(bad()),
    }
}

/// Finds what a paper signed in a log that verified.
///
/// # Errors
/// [`Kind::Verify`]: the log has no such checkpoint. [`Kind::Medium`].
pub fn hold(what: &Path, said: &Said, report: &Report) -> Result<Signed, Error> {
    let (size, root) = match said {
        Said::Words(bytes) => by_words(what, bytes)?,
        Said::Code { log, size, root } => by_code(what, (log, *size, root), report)?,
    };
    let entry = size.saturating_sub(1);
    let (mut ceremony, mut time) = (String::new(), None);
    store::read(what, &mut |found| {
        if let (Record::SessionOpened(opened), true) = (&found.record, found.seq <= entry) {
            ceremony.clone_from(&opened.ceremony);
        }
        if found.seq == entry {
            time = Some(found.header.time);
        }
        Ok(())
    })?;
    let time = time.ok_or_else(|| Error::new(Kind::Bug, "a checkpoint of entries that are not there"))?;
    let words = words::words(root.0.get(..WORDS).unwrap_or_default());
    let signed_after = report.size.saturating_sub(size);
    let unsigned_after = report.entries.saturating_sub(report.size.max(size));
    Ok(Signed { size, root, words, entry, time, ceremony, signed_after, unsigned_after })
}

fn by_words(what: &Path, bytes: &[u8]) -> Result<(u64, Digest), Error> {
    let all = checkpoints(what)?;
    let begins = |checkpoint: &&Checkpoint| checkpoint.root.0.starts_with(bytes);
    if let Some(found) = all.iter().find(begins) {
        return Ok((found.size, found.root));
    }
    let error = Error::new(Kind::Verify, "no checkpoint of this log has the words of the paper")
        .saw(words::words(bytes).join(" "));
    let alike = |checkpoint: &Checkpoint| checkpoint.root.0.iter().zip(bytes).filter(|(a, b)| a == b).count();
    let nearest = all.iter().max_by_key(|checkpoint| (alike(checkpoint), checkpoint.size));
    let Some(nearest) = nearest else {
        return Err(error.hint("these lines have no checkpoint at all: nothing of them is signed"));
    };
    let shown = words::words(nearest.root.0.get(..WORDS).unwrap_or_default()).join(" ");
    let error = error.wanted(format!("{shown}, of {} entries", nearest.size));
    if alike(nearest) >= NEARLY {
        let other = nearest.root.0.iter().zip(bytes).enumerate().filter(|(_, (a, b))| a != b);
        let other: Vec<String> = other.map(|(position, _)| (position + 1).to_string()).collect();
        return Err(error.hint(format!("the other words are the same: read word {} again", other.join(", "))));
    }
    Err(error
        .hint("a paper with a larger tree size than this log has is of a later ceremony: get the newer log")
        .hint("else the log was changed after people signed: keep both, as evidence"))
}

fn by_code(what: &Path, (log, size, root): (&Hex, u64, &Digest), report: &Report) -> Result<(u64, Digest), Error> {
    let error = |text: &str| Error::new(Kind::Verify, text);
    if *log != report.log {
        return Err(error("the code is of another log").saw(log.to_string()).wanted(report.log.to_string()));
    }
    if size == 0 || size > report.entries {
        return Err(error("the code is of more entries than this log has")
            .saw(format!("{size} entries"))
            .wanted(format!("1 to {}", report.entries))
            .hint("it is of a later ceremony, or this log was cut: get the newer log"));
    }
    let ours = store::read(what, &mut |_| Ok(()))?.root_at(size)?;
    if ours != *root {
        return Err(error("the log does not begin with what the code says")
            .saw(format!("root {ours} of {size} entries"))
            .wanted(format!("root {root}"))
            .hint("the log was changed after the code was shown: keep both, as evidence"));
    }
    Ok((size, ours))
}

/// Every checkpoint of a log, by size; they were verified.
fn checkpoints(what: &Path) -> Result<Vec<Checkpoint>, Error> {
    let mut material = store::material(what)?;
    let mut notes = material.newest.take().into_iter().collect::<Vec<_>>();
    for size in std::mem::take(&mut material.sizes) {
        notes.push((material.checkpoint)(size)?);
    }
    notes.iter().map(|note| Checkpoint::parse(&SignedNote::parse(note)?.body)).collect()
}

impl Signed {
    /// The same for people.
    pub fn screen(&self) -> Screen {
        let after = match (self.signed_after, self.unsigned_after) {
            (0, 0) => "Nothing follows.".to_owned(),
            (signed, 0) => format!("{} after them, signed too.", entries(signed)),
            (0, unsigned) => format!("{} after them, signed by nobody yet.", entries(unsigned)),
            (signed, unsigned) => {
                format!("{} after them, signed too; then {} that nobody signed yet.", entries(signed), unsigned)
            }
        };
        Screen::new()
            .field("paper", format!("tree size {}: the same as on yours?", self.size))
            .field("words 1-8", self.words.join(" "))
            .text(format!(
                "This log contains what the paper signed: its first {}, to entry {} of {} at {}. {after}",
                entries(self.size),
                self.entry,
                self.ceremony,
                self.time,
            ))
    }
}
