//! Copies of a log on other media: how a copy stands to the log, and making it the same.
//!
//! A copy is appended to only where all that it holds is the beginning of the log; whatever else it holds stays as
//! it is and is named. Checkpoints go first and entries last, so a copy that was interrupted has a checkpoint of
//! entries that it lacks, and opens as no log until it is completed.

use super::disk;
use super::read::{AUDIT, CHECKPOINT, CHECKPOINTS, ENTRIES, MAX_SMALL, numbered};
use super::{LOCK, TEMPORARY};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::note::{Checkpoint, SignedNote};
use crate::text;
use rustix::fs::{Advice, OFlags, fadvise};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The longest line that is looked at, in bytes: an entry and its line end.
const MAX_LINE: u64 = (1 << 20) + 1;
/// How much is copied at a time, in bytes.
const BLOCK: usize = 1 << 20;
/// Begins the name of what was torn off a log and kept beside it.
const TORN: &str = "torn-";

/// How a copy stands to the log; every count is of whole entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It holds the log's first entries, or nothing.
    Behind {
        /// How many it holds.
        entries: u64,
    },
    /// It holds the same entries.
    Equal {
        /// How many.
        entries: u64,
    },
    /// It holds the log and more: the log is the older copy.
    Ahead {
        /// How many it holds, or its newest checkpoint covers.
        entries: u64,
    },
    /// It holds another history, or another log.
    Diverged {
        /// The first entry that differs; 0: they have nothing in common.
        at: u64,
    },
}

/// A comparison, with what completing the copy needs.
pub(super) struct Compared {
    pub(super) standing: Standing,
    /// Bytes of the log's whole lines.
    pub(super) whole: u64,
    /// Bytes of the lines that both hold.
    pub(super) same: u64,
    /// What follows them in the copy without a line end, unless the log goes on with these bytes.
    pub(super) torn: Vec<u8>,
}

/// How the log in `copy` stands to the one in `log`; either may be absent. Takes no lock and changes nothing.
///
/// # Errors
/// [`Kind::Medium`]: one of them cannot be read, or the copy holds files that no log has.
pub fn standing(log: &Path, copy: &Path) -> Result<Standing, Error> {
    compare(log, copy, u64::MAX).map(|compared| compared.standing)
}

/// How many bytes [`copy`] will write, small files apart.
///
/// # Errors
/// As [`standing`].
pub fn missing(log: &Path, copy: &Path) -> Result<u64, Error> {
    compare(log, copy, u64::MAX).map(|compared| compared.whole - compared.same)
}

/// Makes the copy the same, but for the lock: what is missing is appended, and all of it is read back. Whoever
/// calls holds the log's lock, or is its only writer. `progress` is told bytes done and bytes to do.
///
/// # Errors
/// [`Kind::Medium`]: the copy is ahead or diverged (it is as it was); it is locked; or it cannot be written or does
/// not read back: it is unfinished then, and another try completes it.
pub fn copy(log: &Path, copy: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    for part in [copy.to_path_buf(), copy.join(CHECKPOINTS), copy.join(AUDIT)] {
        std::fs::create_dir_all(&part).map_err(|error| disk::medium("cannot make", &part, &error))?;
    }
    let _lock = disk::lock(&copy.join(LOCK))?;
    let compared = compare(log, copy, u64::MAX)?;
    refuse_other(copy, compared.standing)?;
    copy_small_files(log, copy)?;
    complete(log, copy, &compared, u64::MAX, progress)
}

/// Appends what a copy of the first `most` entries lacks, and reads all of it back.
///
/// # Errors
/// [`Kind::Medium`] as [`copy`].
pub(super) fn complete(
    log: &Path,
    copy: &Path,
    compared: &Compared,
    most: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), Error> {
    append(log, copy, compared, progress)?;
    for part in [copy.join(CHECKPOINTS), copy.join(AUDIT), copy.to_path_buf()] {
        disk::sync_directory(&part)?;
    }
    match compare(log, copy, most)? {
        Compared { standing: Standing::Equal { .. }, torn, .. } if torn.is_empty() => Ok(()),
        _ => {
            take_back(copy, compared.same);
            Err(Error::new(Kind::Medium, format!("{} does not read back as it was written", text::path(copy)))
                .hint("the medium is failing: use another"))
        }
    }
}

/// Cuts off what was appended and is not what was meant: it would look like another log's. A medium that fails may fail
/// here too, and it is named as failing anyway.
fn take_back(copy: &Path, same: u64) {
    if let Ok(entries) = disk::open(&copy.join(ENTRIES), OFlags::RDWR) {
        let _ = entries.set_len(same).and_then(|()| entries.sync_all());
    }
}

/// A copy that holds what the log does not is left alone, whatever it is.
///
/// # Errors
/// [`Kind::Medium`] for [`Standing::Ahead`] and [`Standing::Diverged`].
pub fn refuse_other(copy: &Path, standing: Standing) -> Result<(), Error> {
    let refuse = |what: &str| Err(Error::new(Kind::Medium, format!("{} {what}", text::path(copy))));
    match standing {
        Standing::Behind { .. } | Standing::Equal { .. } => Ok(()),
        Standing::Ahead { entries } => refuse("is newer than the log of this authority").map_err(|error| {
            error
                .saw(format!("{entries} entries"))
                .hint("this authority is the older copy: go on with the newer one, -C with its directory")
                .truth("The newer copy was left as it is.")
        }),
        Standing::Diverged { at: 0 } => refuse("holds another log").map_err(|error| {
            error.hint("it is of another authority: use another medium").truth("It was left as it is.")
        }),
        Standing::Diverged { at } => refuse("holds another history of this log").map_err(|error| {
            error
                .saw(format!("another entry {at}"))
                .hint("two copies were used apart; keep both, and see which of them the token's guard accepts")
                .truth("It was left as it is.")
        }),
    }
}

/// Compares a copy with the first `most` entries of the log.
pub(super) fn compare(log: &Path, copy: &Path, most: u64) -> Result<Compared, Error> {
    let (mut ours, mut theirs) = (Lines::of(log.join(ENTRIES), most)?, Lines::of(copy.join(ENTRIES), u64::MAX)?);
    let (mut entries, mut same) = (0, 0);
    let (standing, torn) = loop {
        match (ours.next()?, theirs.next()?) {
            (true, true) if ours.line == theirs.line => {
                entries += 1;
                same += ours.length();
            }
            (true, true) => break (Standing::Diverged { at: entries }, Vec::new()),
            (false, true) if entries == 0 => break (Standing::Diverged { at: 0 }, Vec::new()),
            (false, true) => {
                let (more, _) = theirs.rest()?;
                break (Standing::Ahead { entries: entries + 1 + more }, Vec::new());
            }
            (more, false) => {
                let goes_on = more && ours.line.starts_with(&theirs.line);
                let torn = if goes_on { Vec::new() } else { std::mem::take(&mut theirs.line) };
                break (if more { Standing::Behind { entries } } else { Standing::Equal { entries } }, torn);
            }
        }
    };
    // A line that was compared last and is not in both counts as well.
    let (held, bytes) = if ours.line.ends_with(b"\n") { (1, ours.length()) } else { (0, 0) };
    let (more, after) = ours.rest()?;
    let newest = newest_checkpoint(copy)?;
    let standing = match standing {
        Standing::Behind { .. } | Standing::Equal { .. } if newest > entries + held + more => {
            Standing::Ahead { entries: newest }
        }
        standing => standing,
    };
    Ok(Compared { standing, whole: same + bytes + after, same, torn })
}

/// The size of the newest checkpoint that a copy ever got: a copy that was interrupted has it before its entries.
fn newest_checkpoint(copy: &Path) -> Result<u64, Error> {
    let kept: Vec<u64> = numbered(&copy.join(CHECKPOINTS), "").map_err(|error| error.into_kind(Kind::Medium))?;
    let note = disk::read_small(&copy.join(CHECKPOINT), MAX_SMALL)?;
    // One that does not parse was torn; it is written again.
    let checkpoint = note.and_then(|note| Checkpoint::parse(&SignedNote::parse(note).ok()?.body).ok());
    Ok(kept.into_iter().chain(checkpoint.map(|checkpoint| checkpoint.size)).max().unwrap_or_default())
}

/// Checkpoints, audit certificates and what was torn off, the newest checkpoint last.
fn copy_small_files(log: &Path, copy: &Path) -> Result<(), Error> {
    let sizes: Vec<u64> = numbered(&log.join(CHECKPOINTS), "")?;
    let generations: Vec<u32> = numbered(&log.join(AUDIT), ".pem")?;
    let mut names: Vec<String> = generations.iter().map(|n| format!("{AUDIT}/{n}.pem")).collect();
    names.extend(sizes.iter().map(|size| format!("{CHECKPOINTS}/{size}")));
    let listed = std::fs::read_dir(log).map_err(|error| disk::medium("cannot list", log, &error))?;
    for file in listed {
        let name = file.map_err(|error| disk::medium("cannot list", log, &error))?.file_name();
        names.extend(name.to_str().filter(|name| name.starts_with(TORN)).map(str::to_owned));
    }
    names.push(CHECKPOINT.to_owned());
    for name in names {
        let Some(bytes) = disk::read_small(&log.join(&name), MAX_LINE)? else { continue };
        let target = copy.join(&name);
        if disk::read_small(&target, MAX_LINE)?.as_deref() != Some(bytes.as_slice()) {
            disk::replace(&copy.join(TEMPORARY), &target, &bytes)?;
        }
    }
    Ok(())
}

/// Appends the lines that the copy lacks; what was torn on it is kept beside them first.
fn append(log: &Path, copy: &Path, compared: &Compared, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Error> {
    let (from, to) = (log.join(ENTRIES), copy.join(ENTRIES));
    if !compared.torn.is_empty() {
        let digest: String = Digest::of(&compared.torn).hex().chars().take(8).collect();
        let entries = match compared.standing {
            Standing::Behind { entries } | Standing::Equal { entries } => entries,
            Standing::Ahead { .. } | Standing::Diverged { .. } => 0,
        };
        disk::replace(&copy.join(TEMPORARY), &copy.join(format!("{TORN}{entries}-{digest}")), &compared.torn)?;
    }
    let end = compared.whole;
    let source = disk::open(&from, OFlags::RDONLY)?;
    let target = disk::open(&to, OFlags::RDWR | OFlags::CREATE)?;
    let failed = |error: std::io::Error| disk::medium("cannot write", &to, &error);
    target.set_len(compared.same).map_err(failed)?;
    let (mut at, mut block) = (compared.same, vec![0; BLOCK]);
    while at < end {
        let size = usize::try_from(end - at).unwrap_or(BLOCK).min(BLOCK);
        let part = block.get_mut(..size).unwrap_or_default();
        source.read_exact_at(part, at).map_err(|error| disk::medium("cannot read", &from, &error))?;
        target.write_all_at(part, at).map_err(failed)?;
        at += u64::try_from(size).unwrap_or_default();
        progress(at - compared.same, end - compared.same);
    }
    target.sync_all().map_err(failed)?;
    // Asks for the medium's bytes when it is compared, not the cache's; a file system may decline.
    let _ = fadvise(&target, 0, None, Advice::DontNeed);
    Ok(())
}

/// The whole lines of a file that may be absent, one at a time.
struct Lines {
    path: PathBuf,
    file: Option<BufReader<File>>,
    /// The line, its end included; once there is none any more, what stands behind the last one.
    line: Vec<u8>,
    /// How many more are asked for.
    left: u64,
}

impl Lines {
    fn of(path: PathBuf, most: u64) -> Result<Self, Error> {
        let file = match path.symlink_metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(disk::medium("cannot read", &path, &error)),
            Ok(_) => Some(BufReader::with_capacity(BLOCK, disk::open(&path, OFlags::RDONLY)?)),
        };
        Ok(Self { path, file, line: Vec::new(), left: most })
    }

    /// Reads the next line; false where no whole one follows.
    fn next(&mut self) -> Result<bool, Error> {
        self.line.clear();
        let Some(file) = self.file.as_mut().filter(|_| self.left > 0) else { return Ok(false) };
        self.left -= 1;
        let read = file.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line);
        read.map_err(|error| disk::medium("cannot read", &self.path, &error))?;
        Ok(self.line.ends_with(b"\n"))
    }

    /// The line's length, in bytes.
    fn length(&self) -> u64 {
        u64::try_from(self.line.len()).unwrap_or_default()
    }

    /// How many more there are, and their bytes.
    fn rest(&mut self) -> Result<(u64, u64), Error> {
        let (mut count, mut bytes) = (0, 0);
        while self.next()? {
            count += 1;
            bytes += self.length();
        }
        Ok((count, bytes))
    }
}

#[cfg(test)]
mod tests;
