//! The record of a ceremony: its script filled in, from the bytes of the log and nothing else but names.
//!
//! [`course`] chooses the entries, [`fill`] puts each at its step, [`account`] is the result as data and [`page`] as
//! a document. A record is derived: it can be made again at any time, and a log that does not verify has none.

pub mod account;
pub mod act;
pub mod course;
mod fill;
pub mod listed;
pub mod names;
mod overview;
pub mod page;
mod place;
pub mod published;
mod survey;
#[cfg(test)]
mod tests;
pub mod uses;

pub use account::Account;
pub use course::Which;

use super::session::Folder;
use crate::audit::{self, Options, Report, RootPin};
use crate::authority::State;
use crate::clock;
use crate::error::Error;
use crate::files::{deliver, intake};
use crate::log::record::CheckpointWitnessed;
use crate::log::scan::{Examined, Located};
use crate::log::{Material, Record, note};
use crate::store;
use crate::words;
use account::{Checkpoint, Countersigned, Verified};
use course::{Course, Gatherer};
use fill::Beside;
use listed::Again;
use names::{Names, Participants};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest file of names, in bytes.
const MAX_NAMES: u64 = 256 * 1024;

/// Verifies a log (an authority's directory, a log's, or an `entries.jsonl`) and makes the record of a ceremony in it.
///
/// # Errors
/// [`Kind::Verify`](crate::error::Kind::Verify): the log does not verify; [`Kind::Medium`](crate::error::Kind::Medium):
/// it cannot be read; [`Kind::Usage`](crate::error::Kind::Usage): it has no such ceremony.
pub fn of_log(target: &Path, which: Which, root: RootPin, with_names: bool) -> Result<Account, Error> {
    let material = store::material(target)?;
    // Lines alone can follow one another and obey the rules; nobody vouches for them, and the record says so.
    let lines_alone = material.newest.is_none() && material.sizes.is_empty() && root == RootPin::None;
    let options = Options { root, at_rest: false };
    let mut gatherer = Gatherer::new(which);
    let mut countersigned = Vec::new();
    let mut gather = |line: &Examined| {
        gatherer.line(line);
        if let Record::CheckpointWitnessed(record) = &line.entry.record {
            countersigned.push(since(record, line.entry.seq));
        }
    };
    let (report, entries) = if lines_alone {
        let mut state = State::default();
        let reading = store::read_lines(target, &mut |line| {
            gather(line);
            state.apply(&line.entry)
        })?;
        (None, reading.size())
    } else {
        let report = audit::verify_and_read(material, &options, &clock::monotonic, &mut gather)?;
        let entries = report.entries;
        (Some(report), entries)
    };
    let course = gatherer.finish()?;
    let names = if with_names { names_beside(&store::directory_of(target), &course) } else { Names::LeftOut };
    let mut checkpoint = checkpoint(&mut store::material(target)?, &course)?;
    if let Some(checkpoint) = &mut checkpoint {
        checkpoint.countersigned = covering(checkpoint.size, countersigned);
    }
    let verified = match &report {
        Some(report) => verified(report, &course, checkpoint.as_ref(), &names),
        None => of_lines_alone(entries, &course, &names),
    };
    fill::account(&course, Beside { names, checkpoint, verified }, again(target)?)
}

/// Reads entries of a log again, each as it was when the log was verified.
pub fn again(target: &Path) -> Result<Again, Error> {
    let mut lines = store::Again::open(target)?;
    Ok(Box::new(move |at: &Located| lines.entry(at)))
}

/// Writes the page of the newest ceremony of an authority to its `records/`, names included; its path there.
///
/// # Errors
/// As [`of_log`]; [`Kind::Medium`](crate::error::Kind::Medium) where it cannot be written. It can be made again at any
/// time: `anchorite ceremony record`.
pub fn write(folder: &Folder) -> Result<String, Error> {
    let account = of_log(folder.path(), Which::Latest, RootPin::None, true)?;
    let name = format!("record-{}.html", account.ceremony.id);
    deliver::create_directory(&folder.records())?;
    deliver::replace_made(&folder.records().join(&name), 0o600, &mut |out| page::write(&account, out))?;
    Ok(format!("records/{name}"))
}

/// The names of a ceremony's sessions, from `records/` beside the log's directory. A file that is no such file opens
/// nothing, and that is what the record says of it.
fn names_beside(log: &Path, course: &Course) -> Names {
    let records: Option<PathBuf> = log.file_name().filter(|name| *name == "log").map(|_| log.with_file_name("records"));
    let mut found = BTreeMap::new();
    for session in &course.sessions {
        // The id is the log's word: as a file's name it is letters and digits, or nothing is looked for.
        let plain = session.chars().all(|c| c.is_ascii_alphanumeric());
        let Some(path) = records.as_ref().filter(|_| plain).map(|dir| dir.join(Participants::file(session))) else {
            continue;
        };
        if !path.exists() {
            continue;
        }
        let people = intake::read(&path, MAX_NAMES).and_then(|json| Participants::parse(&json));
        found.insert(session.clone(), people.map(|file| file.participants).unwrap_or_default());
    }
    Names::Found(found)
}

/// The smallest checkpoint that covers the ceremony's last entry.
fn checkpoint(material: &mut Material<'_>, course: &Course) -> Result<Option<Checkpoint>, Error> {
    let Some(end) = course.entries.last().map(|at| at.seq.saturating_add(1)) else { return Ok(None) };
    let kept = material.sizes.iter().copied().find(|size| *size >= end);
    let bytes = match kept {
        Some(size) => (material.checkpoint)(size)?,
        // `checkpoint` is put in place first; or it is the only one at hand.
        None => match &material.newest {
            Some(newest) => newest.clone(),
            None => return Ok(None),
        },
    };
    let read = note::Checkpoint::parse(&note::SignedNote::parse(&bytes)?.body)?;
    if read.size < end {
        return Ok(None);
    }
    Ok(Some(Checkpoint {
        size: read.size,
        root: read.root,
        words: words::words(read.root.0.get(..8).unwrap_or_default()),
        // A note that was parsed is UTF-8.
        note: String::from_utf8(bytes).unwrap_or_default(),
        closing: read.size == end,
        countersigned: Vec::new(),
    }))
}

fn since(record: &CheckpointWitnessed, entry: u64) -> Countersigned {
    let line = record.by.line(&record.cosignature()).trim_end().to_owned();
    Countersigned { by: record.by.name().to_owned(), at: record.at, size: record.size, line, entry }
}

/// Of each countersigner, the first countersignature of a tree of this size or a larger one, which extends it.
fn covering(size: u64, all: Vec<Countersigned>) -> Vec<Countersigned> {
    let mut first: Vec<Countersigned> = Vec::new();
    for one in all.into_iter().filter(|one| one.size >= size) {
        if !first.iter().any(|there| there.by == one.by) {
            first.push(one);
        }
    }
    first
}

fn verified(report: &Report, course: &Course, checkpoint: Option<&Checkpoint>, names: &Names) -> Verified {
    let Report { entries, checkpoints, signatures, .. } = report;
    let mut was = vec![
        format!("Each of the log's {entries} entries carries the hash of the one before it, and follows the rules."),
        format!("{checkpoints} checkpoints, each signed by the audit key, are of these entries."),
        format!("{signatures} signatures: of checkpoints, certificates and CRLs; no certificate without an approval."),
    ];
    let mut was_not = Vec::new();
    if report.authenticated {
        was.push("The audit key's certificate leads to the root certificate that was pinned.".to_owned());
    } else {
        was_not.push(
            "That this log is of your root: compare the root's SHA-256 with the root card, or pin it (--root)."
                .to_owned(),
        );
    }
    match checkpoint {
        Some(checkpoint) if checkpoint.closing => was.push(format!(
            "The closing checkpoint covers the ceremony's last entry and nothing after it: {} entries.",
            checkpoint.size
        )),
        Some(checkpoint) => was.push(format!(
            "A later checkpoint covers the ceremony: {} entries. It has none of its own.",
            checkpoint.size
        )),
        None => {
            was_not.push("The end of this ceremony is under no checkpoint: anybody could have written it.".to_owned())
        }
    }
    was_not.extend(report.uncovered.iter().map(|uncovered| uncovered.says.clone()));
    was_not.extend(unnamed(course, names));
    was_not.extend(report.warnings.iter().map(|warning| format!("Unfinished in this log: {warning}.")));
    Verified { authenticated: report.authenticated, roots: report.roots.clone(), entries: *entries, was, was_not }
}

/// What is verified of a log without any checkpoint.
fn of_lines_alone(entries: u64, course: &Course, names: &Names) -> Verified {
    let mut was_not = vec![
        "There is no checkpoint beside these lines: nothing is signed, and anybody could have written them.".to_owned(),
        "Certificates and CRLs were not held against the key that should have signed them.".to_owned(),
    ];
    was_not.extend(unnamed(course, names));
    Verified {
        authenticated: false,
        roots: Vec::new(),
        entries,
        was: vec![format!(
            "Each of the {entries} entries carries the hash of the one before it, and follows the rules."
        )],
        was_not,
    }
}

/// Why people have no names in a record.
fn unnamed(course: &Course, names: &Names) -> Option<String> {
    match names {
        Names::LeftOut => Some("Names are left out; the log has commitments to them.".to_owned()),
        Names::Found(found) if course.sessions.iter().any(|session| found.contains_key(session)) => None,
        Names::Found(_) => Some("The file of names is not at hand: people are shown by their roles.".to_owned()),
    }
}
