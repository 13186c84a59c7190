//! The log's files: the only module that reads or writes them.
//!
//! A writer holds the lock, appends whole acts, fsyncs, reads back what it wrote, and puts signed
//! checkpoints in place before what they cover is acted on. It never rewrites an entry: a torn last line is moved
//! aside. What entries mean is for others; keys are handed in as closures.

mod again;
mod append;
mod committed;
mod copy;
mod disk;
mod publish;
mod read;

pub use again::Again;
pub use committed::{Committed, Intended};
pub use copy::{Standing, copy, missing, refuse_other, standing};
pub use publish::{check_published, publish, published};
pub use read::{Reading, Torn, begun, directory_of, material, read, read_lines};

use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::entry::{Entry, Header};
use crate::log::merkle::Tree;
use crate::log::note::{self, Checkpoint};
use crate::log::record::{Record, SignIntent};
use crate::text;
use crate::x509::Spki;
use read::{AUDIT, CHECKPOINT, CHECKPOINTS, ENTRIES, MAX_SMALL};
use rustix::fs::OFlags;
use std::fs::File;
use std::ops::Deref;
use std::path::Path;

/// Held by whoever writes.
const LOCK: &str = "lock";
/// What is not in place yet; left by a crash, it is written over.
const TEMPORARY: &str = "new";

/// A log that is open for writing. The lock is given back when it is dropped.
#[derive(Debug)]
pub struct Log {
    reading: Reading,
    entries: File,
    /// Leaf hash of the last line.
    last: Digest,
    /// True when the file could not be put back as it was: nothing is appended behind what may be torn.
    broken: bool,
    _lock: disk::Lock,
}

/// A log that was opened, and what was found.
#[derive(Debug)]
pub struct Opened {
    /// The log.
    pub log: Log,
    /// A torn last line, which the first append moves aside.
    pub torn: Option<Torn>,
    /// How many entries are after the newest checkpoint.
    pub unsigned_tail: u64,
}

/// A checkpoint and the note that carries it, in place on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// The tree's head.
    pub checkpoint: Checkpoint,
    /// The signed note, as it stands.
    pub note: String,
}

/// What the audit key does: signs the bytes handed to it, DER ECDSA.
pub type Sign<'a> = &'a mut dyn FnMut(&[u8]) -> Result<Vec<u8>, Error>;

/// Renames a log that holds nothing of worth, so that another can begin in its place.
///
/// # Errors
/// [`Kind::Medium`]: another process writes it, `aside` is there already, or the medium cannot be written: the
/// log is where it was.
pub fn set_aside(directory: &Path, aside: &Path) -> Result<(), Error> {
    let _lock = disk::lock(&directory.join(LOCK))?;
    if aside.exists() {
        return Err(Error::new(Kind::Medium, format!("{} is there already", text::path(aside))));
    }
    std::fs::rename(directory, aside).map_err(|error| disk::medium("cannot set aside", directory, &error))?;
    match directory.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(parent) => disk::sync_directory(parent),
        None => Ok(()),
    }
}

impl Log {
    /// Begins an empty log in `directory` (an authority's `log/`), which need not be there yet.
    ///
    /// The first line of a genesis that was cut off is moved to `torn-0-<digest>`: nothing was acted on.
    ///
    /// # Errors
    /// [`Kind::Medium`]: the medium cannot be written, or a log with entries is there: it is left as it is.
    pub fn create(directory: &Path, log_id: Hex) -> Result<Log, Error> {
        for part in [directory.to_path_buf(), directory.join(CHECKPOINTS), directory.join(AUDIT)] {
            std::fs::create_dir_all(&part).map_err(|error| disk::medium("cannot make", &part, &error))?;
        }
        let lock = disk::lock(&directory.join(LOCK))?;
        let path = directory.join(ENTRIES);
        let entries = disk::open(&path, OFlags::RDWR | OFlags::CREATE)?;
        if read::has_whole_line(&entries, &path)? {
            return Err(Error::new(Kind::Medium, format!("there is a log in {} already", text::path(directory)))
                .hint("a log is begun once; use another directory for another authority")
                .truth("Nothing was changed."));
        }
        entries.sync_all().map_err(|error| disk::medium("cannot sync", &path, &error))?;
        disk::sync_directory(directory)?;
        if let Some(parent) = directory.parent().filter(|p| !p.as_os_str().is_empty()) {
            disk::sync_directory(parent)?;
        }
        let torn = read::first_bytes(&entries, &path)?;
        let reading = Reading {
            directory: directory.to_path_buf(),
            log_id,
            tree: Tree::default(),
            offsets: vec![0],
            last_time: None,
            checkpoint: None,
            torn,
            stamps: [None; 2],
        };
        Ok(Log { reading, entries, last: Digest([0; 32]), broken: false, _lock: lock })
    }

    /// Opens a log for writing, handing each entry to `visitor` so that state is folded without holding them.
    ///
    /// A torn last line is reported, and moved to `torn-<seq>-<digest>` beside the entries by the first append:
    /// so that a session that ends before it writes anything leaves it for the next one to report.
    ///
    /// # Errors
    /// [`Kind::Medium`]: no log, locked by another process, a medium that cannot be written, an empty log (whose
    /// genesis may begin again). [`Kind::Verify`]: lines or the newest checkpoint are damaged. Nothing was changed.
    /// Whatever `visitor` fails with.
    pub fn open(directory: &Path, visitor: &mut dyn FnMut(&Entry) -> Result<(), Error>) -> Result<Opened, Error> {
        let (entries, lock) = Self::lock(directory)?;
        let reading = read::fold(directory.to_path_buf(), &entries, &mut |line| visitor(&line.entry))?;
        Self::go_on(reading, entries, lock)
    }

    /// Opens a log for writing as it was read; `None` where it was written since, and is to be read again.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_as_read(reading: Reading) -> Result<Option<Opened>, Error> {
        let (entries, lock) = Self::lock(reading.directory())?;
        // Under the lock: from here on nobody else writes.
        if !reading.is_current() {
            return Ok(None);
        }
        Self::go_on(reading, entries, lock).map(Some)
    }

    fn lock(directory: &Path) -> Result<(File, disk::Lock), Error> {
        let entries = disk::open(&directory.join(ENTRIES), OFlags::RDWR)?;
        Ok((entries, disk::lock(&directory.join(LOCK))?))
    }

    fn go_on(reading: Reading, entries: File, lock: disk::Lock) -> Result<Opened, Error> {
        let torn = reading.torn();
        let last = reading.tree.leaves().last().copied().unwrap_or(Digest([0; 32]));
        let unsigned_tail = reading.unsigned_tail();
        let log = Log { reading, entries, last, broken: false, _lock: lock };
        log.keep_checkpoint()?;
        Ok(Opened { log, torn, unsigned_tail })
    }

    /// Has the audit key sign the tree as it stands, verifies the signature, and puts the checkpoint in place.
    ///
    /// Where the newest checkpoint is of this size already, it is given back and nothing is signed.
    ///
    /// # Errors
    /// Of `sign`; [`Kind::Token`]: its signature does not verify; [`Kind::Medium`]: it cannot be put in place. The
    /// entries are in the log, and the newest checkpoint on disk is the one before or this one.
    pub fn checkpoint(&mut self, origin: &str, audit: &Spki, sign: Sign<'_>) -> Result<SignedCheckpoint, Error> {
        if let Some((checkpoint, note)) = &self.reading.checkpoint
            && checkpoint.size == self.size()
            && note::verify(note, audit).is_ok_and(|signed| signed.origin == origin)
        {
            return Ok(SignedCheckpoint { checkpoint: checkpoint.clone(), note: note.clone() });
        }
        let checkpoint = Checkpoint { origin: origin.to_owned(), size: self.size(), root: self.root() };
        let signature = sign(checkpoint.body().as_bytes())?;
        let note = note::sign_checkpoint(&checkpoint, audit, &signature);
        note::verify(&note, audit).map_err(|error| {
            let error = error.into_kind(Kind::Token).within("the audit key's token signed wrongly");
            error.hint("do not sign with this token until you know why: try it with anchorite hsm probe")
        })?;
        let target = self.reading.directory.join(CHECKPOINT);
        disk::replace(&self.reading.directory.join(TEMPORARY), &target, note.as_bytes())?;
        self.reading.checkpoint = Some((checkpoint.clone(), note.clone()));
        self.keep_checkpoint()?;
        Ok(SignedCheckpoint { checkpoint, note })
    }

    /// Appends intents and reads them back.
    ///
    /// # Errors
    /// As [`Log::append`]. The root key was not used.
    pub fn intend(&mut self, header: &Header, intents: &[SignIntent]) -> Result<Intended, Error> {
        let range = self.append_made(header, intents.iter().cloned().map(Record::from))?;
        Ok(Intended { tbs_digests: intents.iter().map(|intent| intent.tbs_sha256).collect(), range })
    }

    /// Commits intents: puts them under a signed checkpoint. Where that fails it can be tried again.
    ///
    /// # Errors
    /// As [`Log::checkpoint`]. The root key was not used.
    pub fn commit(
        &mut self,
        intended: &Intended,
        origin: &str,
        audit: &Spki,
        sign: Sign<'_>,
    ) -> Result<Committed, Error> {
        let checkpoint = self.checkpoint(origin, audit, sign)?;
        let Intended { tbs_digests, range } = intended.clone();
        if checkpoint.checkpoint.size < range.end {
            return Err(Error::new(Kind::Bug, "a checkpoint does not cover the intents"));
        }
        Ok(Committed { tbs_digests, range, checkpoint })
    }

    /// Finds a full medium before anything is signed: there must be room for `bytes` more.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    pub fn ensure_room(&self, bytes: u64) -> Result<(), Error> {
        let path = self.reading.directory.join(ENTRIES);
        let about = rustix::fs::fstatvfs(&self.entries)
            .map_err(|error| disk::medium("cannot look at", &path, &std::io::Error::from(error)))?;
        let room = about.f_bavail.saturating_mul(about.f_frsize);
        if room < bytes {
            return Err(Error::new(Kind::Medium, "the log's medium is nearly full")
                .saw(format!("{room} bytes free"))
                .wanted(format!("{bytes} bytes free"))
                .hint("make room on it, or move the authority to a larger one")
                .truth("Nothing was signed."));
        }
        Ok(())
    }

    /// Keeps the audit certificate of a key generation as `audit/<generation>.pem`.
    ///
    /// # Errors
    /// [`Kind::Medium`]: it cannot be written, or another certificate is there under this number, which stays.
    pub fn store_audit_certificate(&mut self, generation: u32, pem: &str) -> Result<(), Error> {
        let target = self.reading.directory.join(AUDIT).join(format!("{generation}.pem"));
        match disk::read_small(&target, MAX_SMALL)? {
            Some(there) if there == pem.as_bytes() => Ok(()),
            Some(_) => Err(Error::new(Kind::Medium, format!("another certificate is in {}", text::path(&target)))
                .truth("It was left as it is.")),
            None => disk::replace(&self.reading.directory.join(TEMPORARY), &target, pem.as_bytes()),
        }
    }

    /// Keeps the newest checkpoint under its size as well. It is put in place as `checkpoint` first: so a crash
    /// between the two leaves one to be copied at the next start, and an older `checkpoint` is never honest.
    fn keep_checkpoint(&self) -> Result<(), Error> {
        let Some((checkpoint, note)) = &self.reading.checkpoint else { return Ok(()) };
        let target = self.reading.directory.join(CHECKPOINTS).join(checkpoint.size.to_string());
        match disk::read_small(&target, MAX_SMALL)? {
            Some(_) => Ok(()),
            None => disk::replace(&self.reading.directory.join(TEMPORARY), &target, note.as_bytes()),
        }
    }
}

impl Deref for Log {
    type Target = Reading;

    /// A log that is open for writing is read in every way in which a log is.
    fn deref(&self) -> &Reading {
        &self.reading
    }
}

/// Moves what was torn aside, then cuts it off; in this order, so a crash between leaves both.
fn quarantine(reading: &mut Reading, entries: &File) -> Result<(), Error> {
    let Some(torn) = reading.torn() else { return Ok(()) };
    disk::replace(&reading.directory.join(TEMPORARY), &reading.directory.join(torn.aside()), &reading.torn)?;
    let end = reading.offsets.last().copied().unwrap_or_default();
    let path = reading.directory.join(ENTRIES);
    let cut = entries.set_len(end).and_then(|()| entries.sync_all());
    cut.map_err(|error| disk::medium("cannot cut the torn line off", &path, &error))?;
    reading.torn.clear();
    Ok(())
}
