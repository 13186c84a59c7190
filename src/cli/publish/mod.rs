//! `publish`: a directory for auditors and git, made of the log alone: the same log gives the same bytes.
//!
//! Owns where it may be written and in which order; [`contents`] makes the files and [`texts`] says how they are
//! checked. Only what a signed checkpoint covers is published. The log is appended to, files of ours are replaced, and
//! nothing is ever removed; `SHA256SUMS` follows the log and precedes the rest, so that a publication that was
//! interrupted checks as none until the same command completes it.

mod compare;
mod contents;
mod disclosed;
mod texts;

pub use compare::{Compared, compare};

use super::args::{Args, Publish};
use super::log;
use super::room;
use super::terminal::Terminal;
use crate::audit::{Options, RootPin};
use crate::ceremony::record::names::{Named, Participants};
use crate::ceremony::session::Folder;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::{Placed, deliver, intake, own};
use crate::store;
use crate::{text, words};
use contents::{Contents, File};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The list of digests, for stock `sha256sum -c`.
const SUMS: &str = "SHA256SUMS";
/// The longest list of digests, in bytes.
const MAX_SUMS: u64 = 64 << 20;
/// The longest file of names, in bytes.
const MAX_NAMES: u64 = 256 * 1024;
/// The most files among the records of a publication.
const MAX_FILES: usize = 200_000;
/// How much larger than the files the medium must be: directories, temporary names.
const MARGIN: u64 = 1 << 20;

/// Files of names by session: their bytes, and the people.
type Names = BTreeMap<String, (Vec<u8>, Vec<Named>)>;

#[derive(Serialize)]
struct Published {
    changed: bool,
    entries: u64,
    root: Digest,
    words: Vec<&'static str>,
    left_out: u64,
    sums_sha256: Digest,
    written: Vec<String>,
    #[serde(flatten)]
    disclosed: disclosed::Disclosed,
}

/// `anchorite publish`
pub fn publish(args: &Args, a: &Publish, terminal: &mut Terminal) -> Result<(), Error> {
    let folder = room::folder(args);
    let read = folder.read_state();
    if let Err(error) = &read
        && error.kind() != Kind::Verify
    {
        return Err(error.clone());
    }
    // Of a log that does not verify, the audit names the line that is to blame.
    let report = log::report(folder.path(), &Options { root: RootPin::None, at_rest: false })
        .map_err(|error| error.truth("Nothing was published."))?;
    if let Some(interrupted) = read?.1 {
        terminal.screen(&interrupted.screen());
    }
    if report.size == 0 {
        return Err(Error::new(Kind::Usage, "nothing of this log is signed yet")
            .saw(format!("{} entries, none of them under a checkpoint", report.entries))
            .hint("finish the ceremony that began it: anchorite ceremony run"));
    }
    let to = place(&folder, &a.to)?;
    let names = names(&to, &a.names)?;
    let contents = contents::gather(&folder.log(), &report, &names)?;
    store::check_published(&folder.log(), &to.join("log"), report.size)?;
    let log_files = store::published(&folder.log(), report.size, &contents.audit)?;
    let sums = sums(&log_files, &contents);
    check_free(&to, &contents)?;
    let bytes = contents.files.values().map(|file| file.length).fold(0, u64::saturating_add);
    deliver::create_directory(&to)?;
    let files = u64::try_from(contents.files.len().saturating_add(log_files.len())).unwrap_or(u64::MAX);
    deliver::check_room(&to, bytes.saturating_add(MARGIN), files)?;

    let held_before = store::standing(&folder.log(), &to.join("log"))?;
    let written = write(&folder, &to, (report.size, &contents, &sums), terminal)
        .map_err(|error| error.hint("the same command completes it").truth("The publication is not complete."))?;
    let grown = store::standing(&folder.log(), &to.join("log"))? != held_before;
    let words = words::words(report.root.0.get(..8).unwrap_or_default());
    let left_out = report.entries.saturating_sub(report.size);
    if terminal.wants_json() {
        return terminal.json(&Published {
            changed: grown || !written.is_empty(),
            entries: report.size,
            root: report.root,
            words,
            left_out,
            sums_sha256: Digest::of(sums.as_bytes()),
            written,
            disclosed: contents.disclosed,
        });
    }
    terminal.screen(&contents.disclosed.screen());
    if left_out > 0 {
        terminal.talk(&format!(
            "Left out: {} after the newest checkpoint, which nobody signed yet. The next ceremony does.",
            text::entries(left_out)
        ));
    }
    let changed = match (grown, written.len()) {
        (false, 0) => {
            terminal.talk("The publication is up to date; nothing was changed.");
            None
        }
        (_, count) => {
            let files = text::count(count, "other file");
            Some(format!("{}  {} entries, and {files} new or changed", to.display(), report.size))
        }
    };
    terminal.done(
        &changed.into_iter().collect::<Vec<_>>(),
        &[
            "look at what is public now, then: git add -A && git commit",
            "README.md in it says how it is checked without this program",
            "the paper of this state has these words:",
        ],
    );
    terminal.line(&format!("tree   size {}  {}", report.size, words.join(" ")));
    Ok(())
}

/// The directory itself: apart from the authority, its parts real directories where they are there.
fn place(folder: &Folder, to: &Path) -> Result<PathBuf, Error> {
    let there = to.ancestors().find(|path| path.exists() && **path != *Path::new("")).unwrap_or(Path::new("."));
    let mixed = own::lies_within(there, folder.path())? || (to.exists() && own::lies_within(folder.path(), to)?);
    if mixed {
        return Err(Error::new(Kind::Usage, "a publication has a directory of its own, apart from the authority's")
            .saw(to.display().to_string())
            .hint("what is published is copied, mailed and pushed: nothing else may lie in it")
            .truth("Nothing was published."));
    }
    let to = if to.exists() { own::real(to)? } else { to.to_owned() };
    for part in ["", "log", "log/checkpoints", "log/audit", "scripts", "records"] {
        own::check_own(&to.join(part))?;
    }
    Ok(to)
}

/// The names that are to be public: of files that are in the publication already, and of those that are given.
fn names(to: &Path, given: &[PathBuf]) -> Result<Names, Error> {
    let mut names = Names::new();
    let there = match to.join("records") {
        records if records.is_dir() => intake::list(&records, MAX_FILES)?,
        _ => Vec::new(),
    };
    let is_names = |name: &str| name.starts_with("participants-") && name.ends_with(".json");
    let there = there.into_iter().filter(|found| is_names(&found.shown)).map(|found| found.path);
    for path in there.chain(given.iter().cloned()) {
        let bytes = intake::read(&path, MAX_NAMES)?;
        let file = Participants::parse(&bytes)
            .map_err(|error| error.within(path.display().to_string()).truth("Nothing was published."))?;
        names.insert(file.session, (bytes, file.participants));
    }
    Ok(names)
}

/// The list of every file but itself, by path.
fn sums(log_files: &[(String, Digest)], contents: &Contents) -> String {
    let log_files = log_files.iter().map(|(name, digest)| (format!("log/{name}"), *digest));
    let files = contents.files.iter().map(|(name, file)| (name.clone(), file.sha256));
    let all: BTreeMap<String, Digest> = log_files.chain(files).collect();
    all.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}

/// Only what a publication of this log wrote is replaced: what its list names. Whatever else has one of the names stays.
fn check_free(to: &Path, contents: &Contents) -> Result<(), Error> {
    let sums = to.join(SUMS);
    let ours = to.join("log/entries.jsonl").exists();
    let mut listed: BTreeSet<String> = ours.then(|| SUMS.to_owned()).into_iter().collect();
    if ours && sums.exists() {
        let text = String::from_utf8(intake::read(&sums, MAX_SUMS)?).unwrap_or_default();
        listed.extend(text.lines().filter_map(|line| Some(line.split_once("  ")?.1.to_owned())));
    }
    let list = (SUMS, None);
    let files = contents.files.iter().map(|(name, file)| (name.as_str(), Some(file)));
    for (name, file) in files.chain([list]) {
        let path = to.join(name);
        let there = path.symlink_metadata().is_ok();
        if there && !listed.contains(name) && !file.is_some_and(|file| is_at(&path, file)) {
            return Err(Error::new(
                Kind::Medium,
                format!("{} is there already, and is not of a publication", path.display()),
            )
            .wanted("an empty directory, or a publication of this log")
            .hint("publish into a directory of its own, or move that file away")
            .truth("Nothing was published."));
        }
    }
    Ok(())
}

/// Writes the log, the list and the rest; the names of the files that are new or changed.
fn write(
    folder: &Folder,
    to: &Path,
    (size, contents, sums): (u64, &Contents, &str),
    terminal: &mut Terminal,
) -> Result<Vec<String>, Error> {
    store::publish(&folder.log(), &to.join("log"), size, &contents.audit, &mut |done, of| {
        let number = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        terminal.progress(number(done), number(of), "writing the log");
    })?;
    let mut written = Vec::new();
    let mut placed = |name: &str, placed: Placed| written.extend((placed == Placed::New).then(|| name.to_owned()));
    let of_log = ["", "log", "log/checkpoints", "log/audit"].map(Path::new);
    let of_files = contents.files.keys().filter_map(|name| Path::new(name).parent());
    for directory in of_files.chain(of_log).collect::<BTreeSet<_>>().into_iter().map(|name| to.join(name)) {
        deliver::create_directory(&directory)?;
        deliver::remove_temporaries(&directory)?;
    }
    placed(SUMS, deliver::replace_if_other(&to.join(SUMS), sums.as_bytes(), 0o644)?);
    let of = contents.files.len();
    let mut records = BTreeSet::new();
    for (done, (name, file)) in contents.files.iter().enumerate() {
        match &file.bytes {
            Some(bytes) => placed(name, deliver::replace_if_other(&to.join(name), bytes, 0o644)?),
            None if is_at(&to.join(name), file) => {}
            None => drop(records.insert(name)),
        }
        terminal.progress(done.saturating_sub(records.len()), of, "writing the publication");
    }
    let mut left = records.len();
    contents.write_records(&folder.log(), size, &records, &mut |name, make| {
        deliver::replace_made(&to.join(name), 0o644, make)?;
        if !contents.files.get(name).is_some_and(|file| is_at(&to.join(name), file)) {
            return Err(Error::new(Kind::Medium, "the log was changed while it was published").saw(name));
        }
        placed(name, Placed::New);
        left = left.saturating_sub(1);
        terminal.progress(of.saturating_sub(left), of, "writing the publication");
        Ok(())
    })?;
    terminal.progress(1, 1, "");
    written.sort();
    Ok(written)
}

/// True where a file of the publication is there as it should be.
fn is_at(path: &Path, file: &File) -> bool {
    path.symlink_metadata().is_ok_and(|there| there.is_file())
        && intake::digest(path, file.length).is_ok_and(|there| there == file.sha256)
}
