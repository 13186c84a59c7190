//! `check-copy`: every file of the authority as it lies here is read back and compared with the log. Changes
//! nothing: what differs can be written again by `publish`, but a medium that loses files is replaced.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::publish;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::error::{Error, Kind};
use crate::files::intake::{self, Shape};
use crate::files::medium;
use crate::log::record::ValueRecorded;
use crate::screen::Screen;
use crate::text;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "check-copy",
    says: "Read the authority back, file by file",
    asks: false,
    needs: &[Fact::Root],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::BOTH,
    medium: Some(medium::Role::Authority),
    run,
};

/// The largest file beside the log, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// The most files in one directory.
const MAX_FILES: usize = 200_000;

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let stick = stick(room.folder.path());
    let read = read_back(room)?;
    let entries = room.journal.reading().map_or(0, |log| log.size());
    let screen = Screen::new()
        .heading("This copy is whole", text::count(read, "file"))
        .field("on", &stick)
        .field("log", format!("{entries} entries"))
        .text("Every certificate, the CRL and the root card are what the log says; every other file could be read.");
    room.people.show(&screen)?;
    let recorded = |name: &str, value: String| {
        ValueRecorded { step: step.id.clone(), name: name.to_owned(), value: text::escape(&value) }.into()
    };
    room.journal.append(vec![recorded("copy", stick), recorded("files read back", read.to_string())])?;
    Ok(())
}

/// What the copy lies on. A directory that is no authority medium proves no stick, and the record says so.
fn stick(dir: &Path) -> String {
    match medium::recognise(dir) {
        Ok(medium) if medium.role == medium::Role::Authority => medium.to_string(),
        Ok(medium) => format!("NOT an authority medium: {medium}"),
        Err(_) => "NOT an authority medium: a directory without marker".to_owned(),
    }
}

/// Compares what the log has with what lies here, and reads whatever else there is; how many files there were.
fn read_back(room: &Room<'_>) -> Result<usize, Error> {
    let (state, folder) = (room.journal.state(), &room.folder);
    let mut wanted: Vec<(PathBuf, Vec<u8>)> =
        publish::issued_files(state).map(|(name, text)| (folder.issued().join(name), text.into_bytes())).collect();
    // Which roots are current is a matter of time: they were published by the last session.
    let published = state.last_session.as_ref().map_or(room.journal.now(), |(_, at)| *at);
    let public = publish::public_files(state, published)?;
    wanted.extend(public.into_iter().map(|(name, text)| (folder.public().join(name), text)));
    for (generation, text) in publish::audit_files(state) {
        wanted.push((folder.log().join("audit").join(format!("{generation}.pem")), text.into_bytes()));
    }
    for (path, bytes) in &wanted {
        let there = intake::read(path, MAX_FILE).map_err(|error| not_whole(error, path))?;
        if there != *bytes {
            let error = Error::new(Kind::Verify, format!("{} is not what the log says", text::path(path)));
            return Err(not_whole(error, path));
        }
    }
    check_published(room)?;
    let mut read = wanted.len() + 1;
    intake::read(&folder.config(), MAX_FILE)?;
    let known: BTreeSet<&PathBuf> = wanted.iter().map(|(path, _)| path).collect();
    for dir in [folder.issued(), folder.public(), folder.records()].iter().filter(|dir| dir.exists()) {
        for found in intake::list(dir, MAX_FILES)? {
            if found.shape != Shape::File || known.contains(&found.path) {
                continue;
            }
            if *dir == folder.issued() {
                let error =
                    Error::new(Kind::Verify, format!("a certificate that the log does not have: {}", found.shown));
                return Err(not_whole(error, &found.path));
            }
            intake::read(&found.path, MAX_FILE).map_err(|error| not_whole(error, &found.path))?;
            read += 1;
        }
    }
    Ok(read)
}

/// The published checkpoint is one that was signed. It may be an older one: a session that stopped early publishes
/// none.
fn check_published(room: &Room<'_>) -> Result<(), Error> {
    let path = room.folder.public().join("checkpoint");
    let note = intake::read(&path, MAX_FILE).map_err(|error| not_whole(error, &path))?;
    let size = String::from_utf8_lossy(&note).lines().nth(1).and_then(|line| line.parse::<u64>().ok());
    let signed = size.map(|size| room.folder.log().join("checkpoints").join(size.to_string()));
    let signed = signed.filter(|signed| intake::read(signed, MAX_FILE).is_ok_and(|signed| signed == note));
    let wrong = || Error::new(Kind::Verify, format!("{} is no checkpoint of the log", text::path(&path)));
    signed.map(|_| ()).ok_or_else(|| not_whole(wrong(), &path))
}

fn not_whole(error: Error, path: &Path) -> Error {
    error
        .within(format!("this copy is not whole ({})", text::path(path)))
        .hint("try another copy; the log alone writes the rest again: the step publish of any ceremony")
        .truth("Nothing was changed.")
}
