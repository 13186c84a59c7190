//! Reading a log: folded line by line, its chain followed, its tree rebuilt, its newest checkpoint compared.
//!
//! Takes no lock and changes nothing. It does not verify signatures: whoever folds the lines learns the audit key
//! from them and does ([`crate::log::note::verify`]), and `log verify` checks everything there is.

use super::disk::{self, Stamp};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::chain::Chain;
use crate::log::merkle::Tree;
use crate::log::note::{Checkpoint, SignedNote};
use crate::log::scan::{self, Examined, Halt};
use crate::log::{Entry, Material};
use crate::text;
use jiff::Timestamp;
use rustix::fs::OFlags;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// The file of lines in a log's directory.
pub(super) const ENTRIES: &str = "entries.jsonl";
/// The newest checkpoint.
pub(super) const CHECKPOINT: &str = "checkpoint";
/// Every checkpoint ever signed, by size.
pub(super) const CHECKPOINTS: &str = "checkpoints";
/// Audit certificates, by generation.
pub(super) const AUDIT: &str = "audit";
/// The largest certificate or checkpoint file, in bytes.
pub(super) const MAX_SMALL: u64 = 64 * 1024;

/// The first line is `genesis`, which is short, in bytes.
const MAX_FIRST: usize = 64 * 1024;

/// A log as it stands on disk.
#[derive(Debug)]
pub struct Reading {
    pub(super) directory: PathBuf,
    pub(super) log_id: Hex,
    pub(super) tree: Tree,
    /// Where each line begins, and where the last one ends.
    pub(super) offsets: Vec<u64>,
    pub(super) last_time: Option<Timestamp>,
    pub(super) checkpoint: Option<(Checkpoint, String)>,
    pub(super) torn: Vec<u8>,
    /// How the entries and the newest checkpoint stood when reading began.
    pub(super) stamps: [Option<Stamp>; 2],
}

/// Bytes after the last line end: a line that was torn while it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The position it would have had.
    pub seq: u64,
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// How many bytes.
    pub length: u64,
}

impl Torn {
    fn of(seq: u64, bytes: &[u8]) -> Option<Self> {
        (!bytes.is_empty()).then(|| Torn {
            seq,
            sha256: Digest::of(bytes),
            length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        })
    }

    /// The name of the file beside the entries that keeps the bytes once a writer has moved them.
    pub fn aside(&self) -> String {
        let digest: String = self.sha256.hex().chars().take(8).collect();
        format!("torn-{}-{digest}", self.seq)
    }
}

/// The log's directory, of an authority's directory, a log's, or an `entries.jsonl`.
pub fn directory_of(target: &Path) -> PathBuf {
    if target.is_file() {
        return target.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    }
    let inner = target.join("log");
    if inner.join(ENTRIES).exists() { inner } else { target.to_path_buf() }
}

/// Reads a log (an authority's directory, a log's, or an `entries.jsonl`), handing each entry to `visitor`.
///
/// # Errors
/// [`Kind::Medium`]: there is no log, or it cannot be read. [`Kind::Verify`]: a line that is not an entry or does
/// not follow the one before it, named; a checkpoint that these lines do not have. Whatever `visitor` fails with.
pub fn read(target: &Path, visitor: &mut dyn FnMut(&Entry) -> Result<(), Error>) -> Result<Reading, Error> {
    read_lines(target, &mut |line| visitor(&line.entry))
}

/// As [`read`], for whoever keeps where a line stands, to have it [again](super::Again).
///
/// # Errors
/// As [`read`].
pub fn read_lines(target: &Path, visitor: &mut dyn FnMut(&Examined) -> Result<(), Error>) -> Result<Reading, Error> {
    let directory = directory_of(target);
    let file = disk::open(&directory.join(ENTRIES), OFlags::RDONLY)?;
    fold(directory, &file, visitor)
}

/// Whether a log has its first entry; else what a genesis that was cut off left of it.
///
/// # Errors
/// [`Kind::Medium`]: it cannot be read.
pub fn begun(target: &Path) -> Result<(bool, Option<Torn>), Error> {
    let path = directory_of(target).join(ENTRIES);
    if !path.exists() {
        return Ok((false, None));
    }
    let file = disk::open(&path, OFlags::RDONLY)?;
    if has_whole_line(&file, &path)? {
        return Ok((true, None));
    }
    Ok((false, Torn::of(0, &first_bytes(&file, &path)?)))
}

/// True where a line end is among the bytes that a first line may have, or where there are more than those.
pub(super) fn has_whole_line(file: &File, path: &Path) -> Result<bool, Error> {
    let first = first_bytes(file, path)?;
    Ok(first.len() > MAX_FIRST || first.contains(&b'\n'))
}

/// The bytes at the beginning of a file, one more than a first line has at the most.
pub(super) fn first_bytes(file: &File, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; MAX_FIRST + 1];
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
        let offset = u64::try_from(length).unwrap_or(u64::MAX);
        match file.read_at(rest, offset).map_err(|error| disk::medium("cannot read", path, &error))? {
            0 => break,
            read => length += read,
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Opens everything that an audit reads (of an authority's directory, a log's, or an `entries.jsonl`).
///
/// # Errors
/// [`Kind::Medium`]: there is no log, or it cannot be read. [`Kind::Verify`]: a stranger among the checkpoints or
/// audit certificates.
pub fn material(target: &Path) -> Result<Material<'static>, Error> {
    let directory = directory_of(target);
    let checkpoints = directory.join(CHECKPOINTS);
    let mut sizes: Vec<u64> = numbered(&checkpoints, "")?;
    sizes.sort_unstable();
    let mut generations: Vec<u32> = numbered(&directory.join(AUDIT), ".pem")?;
    generations.sort_unstable();
    let mut audit_certificates = Vec::with_capacity(generations.len());
    for generation in generations {
        let path = directory.join(AUDIT).join(format!("{generation}.pem"));
        audit_certificates.push((generation, disk::read_small(&path, MAX_SMALL)?.unwrap_or_default()));
    }
    let newest = disk::read_small(&directory.join(CHECKPOINT), MAX_SMALL)?;
    let entries = disk::open(&directory.join(ENTRIES), OFlags::RDONLY)?;
    let checkpoint = move |size: u64| {
        let path = checkpoints.join(size.to_string());
        Ok(disk::read_small(&path, MAX_SMALL)?.unwrap_or_default())
    };
    Ok(Material { entries: Box::new(entries), newest, sizes, checkpoint: Box::new(checkpoint), audit_certificates })
}

/// The numbers that the files of a directory are named by; none where there is no such directory.
pub(super) fn numbered<N: FromStr + ToString>(directory: &Path, suffix: &str) -> Result<Vec<N>, Error> {
    let unreadable = |error| disk::medium("cannot list", directory, &error);
    let files = match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(unreadable)?,
    };
    files
        .map(|file| {
            let name = file.map_err(unreadable)?.file_name();
            let name = name.to_string_lossy();
            let number =
                name.strip_suffix(suffix).and_then(|stem| stem.parse::<N>().ok().filter(|n| n.to_string() == stem));
            number.ok_or_else(|| {
                Error::new(Kind::Verify, format!("a file that does not belong in {}", text::path(directory))).saw(&name)
            })
        })
        .collect()
}

/// Folds the lines of an open file.
pub(super) fn fold(
    directory: PathBuf,
    file: &File,
    visitor: &mut dyn FnMut(&Examined) -> Result<(), Error>,
) -> Result<Reading, Error> {
    let stamps = stamps(&directory);
    let mut chain = Chain::default();
    let mut tree = Tree::default();
    let mut offsets = Vec::new();
    let mut last_time = None;
    let end = scan::scan(file, &mut |line| {
        chain.follow(line).map_err(|(how, error)| damaged(error, tree.size(), line.offset, how.rule()))?;
        tree.push(line.leaf);
        offsets.push(line.offset);
        last_time = Some(line.entry.header.time);
        visitor(line)
    })
    .map_err(|halt| match halt {
        Halt::Line { offset, error } => damaged(error, tree.size(), offset, "entry.form"),
        Halt::Other(error) => error,
    })?;
    offsets.push(end.length);
    let log_id = chain.log().ok_or_else(|| {
        Error::new(Kind::Medium, format!("the log in {} is empty", text::path(&directory)))
            .hint("its genesis was interrupted before the first entry: begin it again")
    })?;
    let log_id = Hex::parse(log_id)?;
    let checkpoint = newest_checkpoint(&directory, &tree)?;
    Ok(Reading { directory, log_id, tree, offsets, last_time, checkpoint, torn: end.torn, stamps })
}

fn stamps(directory: &Path) -> [Option<Stamp>; 2] {
    [ENTRIES, CHECKPOINT].map(|name| disk::stamp(&directory.join(name)))
}

fn damaged(error: Error, seq: u64, offset: u64, rule: &str) -> Error {
    scan::at_line(error, seq, offset, rule).within("the log").hint("`anchorite log verify` checks the whole log")
}

/// The largest size that `checkpoints/` names; 0 where it has none. What else lies there is for an audit to name.
fn largest_kept(directory: &Path) -> Result<u64, Error> {
    let kept = directory.join(CHECKPOINTS);
    let files = match std::fs::read_dir(&kept) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        listed => listed.map_err(|error| disk::medium("cannot list", &kept, &error))?,
    };
    let sizes = files.filter_map(|file| file.ok()?.file_name().to_str()?.parse::<u64>().ok());
    Ok(sizes.max().unwrap_or_default())
}

/// The newest checkpoint, which must be of this tree.
fn newest_checkpoint(directory: &Path, tree: &Tree) -> Result<Option<(Checkpoint, String)>, Error> {
    let path = directory.join(CHECKPOINT);
    let bad = |what: String| Error::new(Kind::Verify, what).hint("`anchorite log verify` checks the whole log");
    let note = disk::read_small(&path, MAX_SMALL)?;
    let size = |note: &Vec<u8>| Ok::<_, Error>(Checkpoint::parse(&SignedNote::parse(note)?.body)?.size);
    let newest = note.as_ref().map(size).transpose()?.unwrap_or_default();
    // `checkpoint` is put in place first, so no crash leaves it behind. With an older one, an older configuration
    // would be in force again.
    let largest = largest_kept(directory)?;
    if newest < largest {
        return Err(bad("the newest checkpoint was replaced by an older one, or removed".to_owned())
            .saw(format!("{newest} entries"))
            .wanted(format!("{largest} entries, as checkpoints/ has"))
            .hint("go on with an intact copy of the authority, and keep this one as it is"));
    }
    let Some(note) = note else { return Ok(None) };
    let checkpoint = Checkpoint::parse(&SignedNote::parse(&note)?.body)?;
    match tree.root_at(checkpoint.size) {
        Some(root) if root == checkpoint.root => {}
        Some(root) => {
            return Err(bad(format!("the first {} entries are not those of the checkpoint", checkpoint.size))
                .saw(format!("root {root}"))
                .wanted(format!("root {}", checkpoint.root)));
        }
        None => {
            return Err(bad("entries are missing at the end of the log".to_owned())
                .saw(format!("{} entries", tree.size()))
                .wanted(format!("{} entries, which the checkpoint covers", checkpoint.size)));
        }
    }
    let note = String::from_utf8(note).map_err(|_| bad("a checkpoint is not UTF-8".to_owned()))?;
    Ok(Some((checkpoint, note)))
}

impl Reading {
    /// The log's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// True where the log on disk was not written since it was read.
    pub fn is_current(&self) -> bool {
        self.stamps == stamps(&self.directory)
    }

    /// The log's id, 16 bytes.
    pub fn log_id(&self) -> &Hex {
        &self.log_id
    }

    /// The number of entries.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over the entries as they stand.
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The root at an earlier size.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the log never had this size.
    pub fn root_at(&self, size: u64) -> Result<Digest, Error> {
        self.tree.root_at(size).ok_or_else(|| {
            Error::new(Kind::Usage, "the log has no such size")
                .saw(size.to_string())
                .wanted(format!("{} at most", self.size()))
        })
    }

    /// The leaf hashes, in order.
    pub fn leaves(&self) -> &[Digest] {
        self.tree.leaves()
    }

    /// The time that the last entry claims.
    pub fn last_time(&self) -> Option<Timestamp> {
        self.last_time
    }

    /// The newest checkpoint, which is of this tree; its signature was not verified.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref().map(|(checkpoint, _)| checkpoint)
    }

    /// The newest checkpoint as a signed note, as it stands.
    pub fn checkpoint_note(&self) -> Option<&str> {
        self.checkpoint.as_ref().map(|(_, note)| note.as_str())
    }

    /// True where a checkpoint of this size was signed and is kept.
    pub fn has_checkpoint(&self, size: u64) -> bool {
        let newest = self.checkpoint().is_some_and(|checkpoint| checkpoint.size == size);
        newest || self.directory.join(CHECKPOINTS).join(size.to_string()).exists()
    }

    /// True where nothing is left to put in place: a checkpoint covers the last entry and is among `checkpoints/`.
    pub fn is_sealed(&self) -> bool {
        self.unsigned_tail() == 0 && self.directory.join(CHECKPOINTS).join(self.size().to_string()).exists()
    }

    /// How many entries are after the newest checkpoint.
    pub fn unsigned_tail(&self) -> u64 {
        self.size() - self.checkpoint().map_or(0, |checkpoint| checkpoint.size)
    }

    /// What was torn, as it stands behind the last entry.
    pub fn torn(&self) -> Option<Torn> {
        Torn::of(self.size(), &self.torn)
    }

    /// The bytes of a line without its `\n`, read from disk and compared with the tree.
    ///
    /// # Errors
    /// [`Kind::Usage`]: there is no such entry. [`Kind::Medium`]: it cannot be read, or is not what it was.
    pub fn entry_line(&self, seq: u64) -> Result<Vec<u8>, Error> {
        let path = self.directory.join(ENTRIES);
        let file = disk::open(&path, OFlags::RDONLY)?;
        let at = usize::try_from(seq).unwrap_or(usize::MAX);
        let (Some(start), Some(end), Some(leaf)) =
            (self.offsets.get(at), self.offsets.get(at.saturating_add(1)), self.tree.leaves().get(at))
        else {
            return Err(no_entry(seq, self.size()));
        };
        let length = usize::try_from(end - start - 1).unwrap_or_default();
        let mut line = vec![0; length];
        file.read_exact_at(&mut line, *start).map_err(|error| disk::medium("cannot read", &path, &error))?;
        if crate::log::merkle::leaf_hash(&line) != *leaf {
            return Err(Error::new(Kind::Medium, format!("entry {seq} changed on the medium while it was open")));
        }
        Ok(line)
    }

    /// The inclusion proof of an entry under the newest checkpoint.
    ///
    /// # Errors
    /// [`Kind::Usage`]: there is no such entry, or no checkpoint covers it yet.
    pub fn inclusion(&self, seq: u64) -> Result<Vec<Digest>, Error> {
        let size = self.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        self.tree.inclusion(seq, size).ok_or_else(|| no_entry(seq, size).hint("no checkpoint covers it yet"))
    }

    /// The proof that the newest checkpoint extends the log as it was at `old` entries.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the log never had this size under a checkpoint.
    pub fn consistency(&self, old: u64) -> Result<Vec<Digest>, Error> {
        let size = self.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        self.tree.consistency(old, size).ok_or_else(|| {
            Error::new(Kind::Usage, "there is no proof from such a size")
                .saw(old.to_string())
                .wanted(format!("1 to {size}, which the newest checkpoint covers"))
        })
    }
}

fn no_entry(seq: u64, size: u64) -> Error {
    Error::new(Kind::Usage, "there is no such entry").saw(seq.to_string()).wanted(format!("a position under {size}"))
}
