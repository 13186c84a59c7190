//! Copies of the authority on its own sticks: which of them are here, how each stands to the log, and making them
//! the same.
//!
//! A copy is `authority.toml`, `log/`, `issued/`, `public/` and `records/`, byte for byte; `local.toml` is the
//! machine's and stays. It continues the log wherever it is opened. While one is written a file on it says so, and
//! its log opens nowhere. Never here: who is asked what; the log's own files are `store`'s.

use super::people::{Again, Offer, Stop};
use super::room::{Bench, Room};
use super::session::Folder;
use super::{media, media::Wrong};
use crate::error::{Error, Kind};
use crate::files::medium::{self, Medium, Role};
use crate::files::{Shape, deliver, intake, own};
use crate::store::{self, Standing};
use crate::text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How many a production authority wants.
pub const WANTED: usize = 2;
/// On a medium while its copy is not whole.
pub const UNFINISHED: &str = "COPY-NOT-FINISHED.txt";
const UNFINISHED_TEXT: &str = "This copy of the authority is not finished: the medium was pulled, or full, while it \
was written.\nDo not use it. `anchorite medium copy`, or the end of the next ceremony, completes it.\n";
/// What is copied beside the log: directories of files.
const DIRECTORIES: [&str; 3] = ["issued", "public", RECORDS];
/// The one with people's names.
const RECORDS: &str = "records";
/// The most files in one of them.
const MAX_FILES: usize = 200_000;
/// The largest of them, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// What a session adds to the log, generously, in bytes.
const SESSION: u64 = 2 << 20;
/// The way on beside plugging it in.
const WITHOUT: Offer = Offer { word: "without", says: "go on without it" };

/// An authority stick that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stick {
    /// Where it is mounted.
    pub dir: PathBuf,
    /// Its marker.
    pub medium: Medium,
    /// How its log stands to ours.
    pub standing: Standing,
    /// True where the authority itself is on it: nothing is to be copied.
    pub here: bool,
}

/// Looks at an authority stick: role, authority, what its log holds, room for ours. Changes nothing.
///
/// # Errors
/// [`Kind::Medium`]: absent, another medium, a log that is not the beginning of ours, links, no room.
pub fn look(folder: &Folder, authority: &str, dir: &Path) -> Result<Stick, Error> {
    let medium = medium::of_authority(dir, Role::Authority, authority)?;
    let stick = Stick {
        dir: dir.to_owned(),
        here: own::lies_within(folder.path(), dir)?,
        standing: store::standing(&folder.log(), &dir.join("log"))?,
        medium,
    };
    if !stick.here {
        let named = |error: Error| error.within(format!("the authority medium {}", stick.medium.called()));
        for part in ["log", "log/checkpoints", "log/audit"].iter().chain(&DIRECTORIES) {
            own::check_own(&dir.join(part)).map_err(named)?;
        }
        deliver::check_writable(dir).map_err(named)?;
        store::refuse_other(&dir.join("log"), stick.standing).map_err(named)?;
        let (mut bytes, mut files) = (store::missing(&folder.log(), &dir.join("log"))?.saturating_add(SESSION), 64);
        for (name, path) in beside_the_log(folder)? {
            if path.metadata().map(|ours| ours.len()).ok() != dir.join(name).metadata().map(|theirs| theirs.len()).ok()
            {
                bytes = bytes.saturating_add(path.metadata().map_or(0, |about| about.len()));
                files += 1;
            }
        }
        deliver::check_room(dir, bytes, files).map_err(named)?;
    }
    Ok(stick)
}

/// Makes the copy on a stick the same as the authority, and reads it back. `working` is told how far it is.
///
/// # Errors
/// [`Kind::Medium`]: another stick is in its place; or the copy is unfinished, says so, and another try completes it.
pub fn write(folder: &Folder, stick: &Stick, working: &mut dyn FnMut(usize, usize, &str)) -> Result<(), Error> {
    if stick.here {
        return Ok(());
    }
    let named = |error: Error| error.within(format!("the authority medium {}", stick.medium.called()));
    write_all(folder, stick, working).map_err(named)
}

fn write_all(folder: &Folder, stick: &Stick, working: &mut dyn FnMut(usize, usize, &str)) -> Result<(), Error> {
    let dir = &stick.dir;
    let what = format!("copying to {}", stick.medium.called());
    medium::the_same(dir, &stick.medium)?;
    deliver::remove_temporaries(dir)?;
    deliver::replace_if_other(&dir.join(UNFINISHED), UNFINISHED_TEXT.as_bytes(), 0o644)?;
    for part in DIRECTORIES {
        let part = dir.join(part);
        deliver::create_directory(&part)?;
        deliver::remove_temporaries(&part)?;
    }
    let personal = deliver::personal_mode(dir)?;
    let beside = beside_the_log(folder)?;
    for (done, (name, path)) in beside.iter().enumerate() {
        working(done, beside.len() + 1, &what);
        let bytes = intake::read(path, MAX_FILE)?;
        // A stick that was pulled leaves an empty directory of the laptop's own disk in its place.
        medium::the_same(dir, &stick.medium)?;
        let mode = if name.starts_with(RECORDS) { personal } else { 0o644 };
        deliver::replace_if_other(&dir.join(name), &bytes, mode)?;
    }
    medium::the_same(dir, &stick.medium)?;
    if store::standing(&folder.log(), &dir.join("log"))? != (Standing::Equal { entries: 0 }) {
        store::copy(&folder.log(), &dir.join("log"), &mut |done, of| {
            working(usize::try_from(done).unwrap_or(0), usize::try_from(of).unwrap_or(0).max(1), &what);
        })?;
    }
    for (name, path) in &beside {
        if intake::read(&dir.join(name), MAX_FILE)? != intake::read(path, MAX_FILE)? {
            return Err(Error::new(Kind::Medium, format!("{} is not what was written", text::path(&dir.join(name))))
                .hint("the medium is failing, or another one was plugged in meanwhile"));
        }
    }
    deliver::remove(&dir.join(UNFINISHED))?;
    working(1, 1, "");
    medium::the_same(dir, &stick.medium)
}

/// Every file beside the log: its name in a copy, and where it is.
fn beside_the_log(folder: &Folder) -> Result<Vec<(PathBuf, PathBuf)>, Error> {
    let mut all = vec![(PathBuf::from("authority.toml"), folder.config())];
    for directory in DIRECTORIES {
        let dir = folder.path().join(directory);
        if !dir.exists() {
            continue;
        }
        let files = intake::list(&dir, MAX_FILES)?.into_iter().filter(|found| found.shape == Shape::File);
        all.extend(files.map(|found| (Path::new(directory).join(&found.name), found.path)));
    }
    Ok(all)
}

/// Looks at every authority stick that `local.toml` names; people may plug in the right one, or go on without it.
/// The stick that the authority itself is on counts.
///
/// # Errors
/// [`Stop`]: nobody is there to mend what is wrong, or they stop.
pub fn gather(room: &mut Room<'_>, step: &str) -> Result<Vec<Stick>, Stop> {
    let mut sticks: Vec<Stick> = own_stick(room).into_iter().collect();
    for dir in room.wishes.authority.clone() {
        let found = media::until_right(room, step, |room, again| {
            if again == Again::Otherwise {
                return Ok(None);
            }
            let offer = |error| Wrong { error, offer: Some(WITHOUT) };
            let stick = look(&room.folder, &room.config.name, &dir).map_err(offer)?;
            match sticks.iter().find(|known| known.medium.id == stick.medium.id) {
                Some(known) if known.dir != dir && !(known.here && stick.here) => Err(offer(twice(known, &dir))),
                _ => Ok(Some(stick)),
            }
        })?;
        sticks.extend(found);
        let mut ids = BTreeSet::new();
        sticks.retain(|stick| ids.insert(stick.medium.id.to_string()));
    }
    Ok(sticks)
}

/// Copies the authority to every stick that was gathered before, or is here now; what was written, a line each.
///
/// # Errors
/// [`Stop`] as [`gather`], where nobody attends. The session is closed and stays so.
pub fn write_everywhere(room: &mut Room<'_>, bench: &mut Bench, step: &str) -> Result<Vec<String>, Stop> {
    // Nothing of the session is open any more: people who stop here leave copies to be made later, and no more.
    let attended = room.people.unattended().is_none();
    let sticks = match bench.copies.take().map_or_else(|| gather(room, step), Ok) {
        Err(_) if attended => {
            return Ok(vec!["NO copy was written: complete them with: anchorite medium copy".to_owned()]);
        }
        sticks => sticks?,
    };
    let mut said = Vec::new();
    for stick in &sticks {
        let written = media::until_right(room, step, |room, again| {
            if again == Again::Otherwise {
                return Ok(false);
            }
            let people = &mut *room.people;
            write(&room.folder, stick, &mut |done, of, what| people.working(done, of, what))
                .map(|()| true)
                .map_err(|error| Wrong { error, offer: Some(WITHOUT) })
        });
        let written = if attended { written.unwrap_or(false) } else { written? };
        let (called, dir) = (stick.medium.called(), text::path(&stick.dir));
        said.push(match (written, stick.here) {
            (_, true) => format!("{called}  holds the authority itself"),
            (true, _) => format!("{called}  in {dir}"),
            (false, _) => format!("{called}  was NOT written: complete it with: anchorite medium copy {dir}"),
        });
    }
    Ok(said)
}

/// After a session that stopped early and was closed all the same: one try for each stick, since the token's guard
/// has moved on; what could not be written, a sentence each.
pub fn try_everywhere(room: &mut Room<'_>) -> Vec<String> {
    let mut failed = Vec::new();
    for dir in room.wishes.authority.clone() {
        let copied = look(&room.folder, &room.config.name, &dir).and_then(|stick| {
            let people = &mut *room.people;
            write(&room.folder, &stick, &mut |done, of, what| people.working(done, of, what))
        });
        if let Err(error) = copied {
            failed.push(format!("a copy was not written: {error}; later: anchorite medium copy {}", text::path(&dir)));
        }
    }
    failed
}

/// The stick that the authority is on, where its marker lies beside `authority.toml`.
fn own_stick(room: &Room<'_>) -> Option<Stick> {
    let dir = room.folder.path();
    let medium = medium::recognise(dir).ok().filter(|medium| medium.role == Role::Authority)?;
    let entries = room.journal.reading().map_or(0, |log| log.size());
    Some(Stick { dir: dir.to_owned(), medium, standing: Standing::Equal { entries }, here: true })
}

fn twice(known: &Stick, dir: &Path) -> Error {
    Error::new(Kind::Medium, format!("{} is the same medium as {}", text::path(dir), text::path(&known.dir)))
        .saw(known.medium.to_string())
        .wanted("another authority medium")
        .hint("plug in the other one; two names for one medium are one copy")
}
