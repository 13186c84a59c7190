//! `kit`: gathers what the supplies stick needs, so that a room without a network can check it and hold a ceremony.
//!
//! Owns what goes on the stick and in which order; [`contents`] gathers it and [`texts`] says how it is checked.
//! The same inputs give the same bytes, but for the medium's marker; nothing that is there already is overwritten.

mod contents;
mod texts;

use super::args::{Args, Kit};
use super::room::find;
use super::terminal::Terminal;
use crate::clock::Clock;
use crate::digest::{Digest, Hex};
use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::files::medium::{self, Marking, Medium, Role};
use crate::files::{Shape, deliver, intake};
use crate::words;
use contents::Item;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The list of digests, for stock `sha256sum -c`.
const SUMS: &str = "SHA256SUMS";
/// What file systems put on a medium of themselves.
const OF_THE_FILE_SYSTEM: [&str; 2] = ["lost+found", "System Volume Information"];
/// How deep directories of a kit go, and how many files one holds at the most.
const DEPTH: usize = 4;
const MAX_FILES: usize = 10_000;
/// How much larger than the files the medium must be: directories, temporary names.
const MARGIN: u64 = 1 << 20;

#[derive(Serialize)]
struct Gathered {
    medium: Medium,
    short_id: String,
    sums_sha256: Digest,
    words: Vec<&'static str>,
    files: Vec<Listed>,
}

#[derive(Serialize)]
struct Listed {
    path: String,
    sha256: Digest,
    size: u64,
}

/// `anchorite kit`
pub fn kit(args: &Args, a: &Kit, terminal: &mut Terminal) -> Result<(), Error> {
    let found = find(args)?;
    let marked = supplies(&a.dir, &found.config.0.name)?;
    let mut items = contents::gather(&found, a)?;
    items.push(Item::text("README.txt", texts::readme(&found.config.0.name, &items)));
    items.sort_by(|a, b| a.path.cmp(&b.path));
    let sums: String = items.iter().map(|item| format!("{}  {}\n", Digest::of(&item.bytes), item.path)).collect();
    let files = listed(&items);
    let sums_sha256 = Digest::of(sums.as_bytes());
    // Last: a kit that was interrupted has no list, and checks as none.
    items.push(Item::text(SUMS, sums));
    check_free(&a.dir, &items).map_err(|error| error.truth("Nothing was written."))?;
    let medium = match marked {
        Some(medium) => medium,
        None => mark(&a.dir, a.label.as_deref(), &found.config.0.name)?,
    };
    write(&a.dir, &items, terminal)?;
    let short_id = medium.short_id();
    let words = words::words(&sums_sha256.0);
    if terminal.wants_json() {
        return terminal.json(&Gathered { medium, short_id, sums_sha256, words, files });
    }
    terminal.done(
        &[format!("{}  {} files, read back", a.dir.display(), items.len())],
        &[
            &format!("write on its sticker: supplies {}", medium.called()),
            "write on the paper what `sha256sum SHA256SUMS` must say in the room:",
        ],
    );
    terminal.line(&format!("sha256 {sums_sha256}"));
    Ok(())
}

/// The supplies medium at a directory; `None` where it bears no marker yet.
fn supplies(dir: &Path, authority: &str) -> Result<Option<Medium>, Error> {
    let unmarked = dir.is_dir() && !dir.join(medium::MARKER).exists();
    if unmarked { Ok(None) } else { medium::of_authority(dir, Role::Supplies, authority).map(Some) }
}

fn mark(dir: &Path, label: Option<&str>, authority: &str) -> Result<Medium, Error> {
    let id = Hex(Entropy::new().bytes(8, &[])?);
    let marking = Marking { authority: Some(authority), label, id, created: Clock::system().now() };
    medium::prepare(dir, Role::Supplies, marking)
}

/// Whatever is there is of this very kit; and there is room for the rest.
fn check_free(dir: &Path, items: &[Item]) -> Result<(), Error> {
    let names: BTreeSet<&Path> = items.iter().map(|item| Path::new(&item.path)).collect();
    if let Some(stranger) = first_stranger(dir, Path::new(""), &names, DEPTH)? {
        return Err(Error::new(Kind::Medium, format!("{} holds what is not of this kit", dir.display()))
            .saw(stranger.display().to_string())
            .wanted("an empty medium, or this kit where it was interrupted")
            .hint("use another medium, or move what is on it away"));
    }
    let mut missing = 0u64;
    for item in items {
        let path = dir.join(&item.path);
        match path.symlink_metadata() {
            Err(_) => missing = missing.saturating_add(item.size()),
            Ok(_) if intake::read(&path, item.size()).is_ok_and(|there| there == item.bytes) => {}
            Ok(_) => {
                return Err(Error::new(
                    Kind::Medium,
                    format!("{} is already there, and is not the same", path.display()),
                )
                .hint("a kit is never overwritten: use another medium, or empty this one"));
            }
        }
    }
    let files = u64::try_from(items.len()).unwrap_or(u64::MAX);
    deliver::check_room(dir, missing.saturating_add(MARGIN), files)
}

/// The first file that is not of the kit, as its path on the medium; directories of other names count.
fn first_stranger(dir: &Path, inner: &Path, names: &BTreeSet<&Path>, depth: usize) -> Result<Option<PathBuf>, Error> {
    for entry in intake::list(&dir.join(inner), MAX_FILES)? {
        let path = inner.join(&entry.name);
        let of_the_medium = inner == Path::new("")
            && (entry.name == medium::MARKER || OF_THE_FILE_SYSTEM.iter().any(|name| entry.name == *name));
        if of_the_medium || (entry.shape == Shape::File && names.contains(path.as_path())) {
            continue;
        }
        let ours = names.iter().any(|name| name.starts_with(&path));
        if entry.shape != Shape::Directory || !ours || depth == 0 {
            return Ok(Some(path));
        }
        if let Some(stranger) = first_stranger(dir, &path, names, depth - 1)? {
            return Ok(Some(stranger));
        }
    }
    Ok(None)
}

/// Writes each file, synced and read back; one that is there is the same.
fn write(dir: &Path, items: &[Item], terminal: &mut Terminal) -> Result<(), Error> {
    for (done, item) in items.iter().enumerate() {
        terminal.progress(done, items.len(), "writing the kit");
        let path = dir.join(&item.path);
        if let Some(parent) = path.parent() {
            deliver::create_directory(parent)?;
            deliver::remove_temporaries(parent)?;
        }
        deliver::write_new(&path, &item.bytes, item.mode)
            .map_err(|error| error.hint("the same command completes the kit").truth("The kit is not complete."))?;
    }
    terminal.progress(items.len(), items.len(), "");
    Ok(())
}

fn listed(items: &[Item]) -> Vec<Listed> {
    let listed = |item: &Item| Listed { path: item.path.clone(), sha256: Digest::of(&item.bytes), size: item.size() };
    items.iter().map(listed).collect()
}
