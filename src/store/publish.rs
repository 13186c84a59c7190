//! A log in a publication: the entries that its newest checkpoint covers, every checkpoint, the audit certificates.
//!
//! What stands behind the newest checkpoint is left out: nobody signed it, and anybody with the medium can write it. A
//! publication is only ever appended to; one that is newer, of another log or of another history stays as it is.

use super::TEMPORARY;
use super::copy::{self, Standing};
use super::disk;
use super::read::{AUDIT, CHECKPOINT, CHECKPOINTS, ENTRIES, MAX_SMALL, numbered};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::note::{Checkpoint, SignedNote};
use crate::text;
use rustix::fs::OFlags;
use std::io::Read;
use std::path::Path;

/// Refuses a publication in `to` that is not of the beginning of the log's first `size` entries. Changes nothing.
///
/// # Errors
/// [`Kind::Medium`]: it is newer, of another log, or cannot be read. [`Kind::Verify`]: it holds another history.
pub fn check_published(log: &Path, to: &Path, size: u64) -> Result<(), Error> {
    let compared = copy::compare(log, to, size)?;
    let refuse = |kind, what: &str| Error::new(kind, format!("{} {what}", text::path(to)));
    let error = match compared.standing {
        Standing::Behind { entries } | Standing::Equal { entries } if !compared.torn.is_empty() => {
            refuse(Kind::Verify, "does not end as a publication of this log does")
                .saw(format!("{} bytes after entry {entries} that are not this log's", compared.torn.len()))
        }
        Standing::Behind { .. } | Standing::Equal { .. } => return Ok(()),
        Standing::Ahead { entries } => refuse(Kind::Medium, "is newer than this log")
            .saw(format!("{entries} entries"))
            .wanted(format!("{size} at most, which this log's newest checkpoint covers"))
            .hint("this is an older copy of the authority: publish from the newer one"),
        Standing::Diverged { at: 0 } => refuse(Kind::Medium, "is the publication of another log")
            .hint("each log has a directory of its own; a restored authority has another log than before"),
        Standing::Diverged { at } => refuse(Kind::Verify, "holds another history of this log")
            .saw(format!("another entry {at}"))
            .hint("one of the two was changed: keep both, as evidence")
            .hint("which of them the people in the room signed: anchorite verify DIR --checkpoint-words"),
    };
    Err(error.truth("It was left as it is."))
}

/// What a publication of the log's first `size` entries holds: each file's name below `log/` and its SHA-256. `audit`
/// are the audit certificates that these entries hold, by generation, PEM.
///
/// # Errors
/// [`Kind::Medium`]: the log cannot be read.
pub fn published(log: &Path, size: u64, audit: &[(u32, String)]) -> Result<Vec<(String, Digest)>, Error> {
    // Against a copy that is not there the comparison counts the log's own bytes.
    let whole = copy::compare(log, &log.join("nowhere"), size)?.whole;
    let path = log.join(ENTRIES);
    let entries = disk::open(&path, OFlags::RDONLY)?.take(whole);
    let entries = Digest::of_stream(entries).map_err(|error| disk::medium("cannot read", &path, &error))?;
    let small = small_files(log, size, audit)?.into_iter().map(|(name, bytes)| (name, Digest::of(&bytes)));
    Ok(small.chain([(ENTRIES.to_owned(), entries)]).collect())
}

/// Brings the publication in `to` up to the log's first `size` entries: checkpoints first, entries last, as in every
/// copy. `progress` is told bytes done and bytes to do.
///
/// # Errors
/// As [`check_published`], and then nothing was changed; [`Kind::Medium`]: it cannot be written or does not read
/// back: another try completes it.
pub fn publish(
    log: &Path,
    to: &Path,
    size: u64,
    audit: &[(u32, String)],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), Error> {
    check_published(log, to, size)?;
    for part in [to.to_path_buf(), to.join(CHECKPOINTS), to.join(AUDIT)] {
        std::fs::create_dir_all(&part).map_err(|error| disk::medium("cannot make", &part, &error))?;
    }
    for (name, bytes) in small_files(log, size, audit)? {
        let target = to.join(&name);
        if disk::read_small(&target, MAX_SMALL)?.as_deref() != Some(bytes.as_slice()) {
            disk::replace(&to.join(TEMPORARY), &target, &bytes)?;
        }
    }
    copy::complete(log, to, &copy::compare(log, to, size)?, size, progress)
}

/// Every file but the entries; the checkpoint of this size last, as `checkpoint`. It is among `checkpoints/` too, where
/// a crash kept the log from putting it there.
fn small_files(log: &Path, size: u64, audit: &[(u32, String)]) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let file = |(generation, pem): &(u32, String)| (format!("{AUDIT}/{generation}.pem"), pem.clone().into_bytes());
    let mut files: Vec<(String, Vec<u8>)> = audit.iter().map(file).collect();
    let read = |name: &str| Ok::<_, Error>(disk::read_small(&log.join(name), MAX_SMALL)?.unwrap_or_default());
    let kept = format!("{CHECKPOINTS}/{size}");
    for older in numbered::<u64>(&log.join(CHECKPOINTS), "")?.into_iter().filter(|older| *older < size) {
        let name = format!("{CHECKPOINTS}/{older}");
        files.push((name.clone(), read(&name)?));
    }
    files.sort();
    // A ceremony that is held meanwhile puts a newer one in its place, and keeps this one.
    let newest = read(CHECKPOINT)?;
    let of_size = |note: &[u8]| Checkpoint::parse(&SignedNote::parse(note)?.body).map(|checkpoint| checkpoint.size);
    let newest = if of_size(&newest)? == size { newest } else { read(&kept)? };
    files.push((kept, newest.clone()));
    files.push((CHECKPOINT.to_owned(), newest));
    Ok(files)
}
