//! The clock and the authority's directory, before a genesis.

use crate::ceremony::room::Room;
use crate::error::{Error, Kind};
use crate::files::{deliver, own};
use crate::text;
use jiff::Timestamp;
use std::path::PathBuf;

/// Seconds since 1970 of 2026-01-01: this program did not exist before it.
const FIRST: i64 = 1_767_225_600;
/// Seconds since 1970 of 2100-01-01: no clock that runs so far ahead is right.
const LAST: i64 = 4_102_444_800;
/// What a genesis writes, generously: log, certificates, CRL and card, in bytes.
const BYTES: u64 = 1 << 20;
/// And in files, each of which takes whole blocks.
const FILES: u64 = 24;

/// A clock that lost its battery says 1970 or the day it was made; what is signed by it lives at the wrong
/// time, and a log that begins in the future ends when the clock is mended.
pub(super) fn clock(room: &mut Room<'_>) -> Result<(), Error> {
    can_be_right(room.journal.now())
}

fn can_be_right(now: Timestamp) -> Result<(), Error> {
    if (FIRST..LAST).contains(&now.as_second()) {
        return Ok(());
    }
    Err(Error::new(Kind::Clock, "the clock cannot be right")
        .saw(now.to_string())
        .wanted("a time between 2026 and 2099")
        .hint("set the clock from the master clock of the room (date -u -s …), then run the ceremony again"))
}

/// The authority's directory, and those in it that genesis writes to.
pub(super) fn directories(room: &mut Room<'_>) -> Result<(), Error> {
    deliver::check_writable(room.folder.path())?;
    own_directories(room).iter().try_for_each(|dir| own::check_own(dir))
}

/// The same beside a log that is there: what is tried in `log/` and left there by a crash would be a stranger in it,
/// and a session that came so far has written to it.
pub(super) fn published_directories(room: &mut Room<'_>) -> Result<(), Error> {
    deliver::check_writable(room.folder.path())?;
    [room.folder.issued(), room.folder.public(), room.folder.records()].iter().try_for_each(|dir| own::check_own(dir))
}

fn own_directories(room: &Room<'_>) -> [PathBuf; 6] {
    let (folder, log) = (&room.folder, room.folder.log());
    let (checkpoints, audit) = (log.join("checkpoints"), log.join("audit"));
    [log, checkpoints, audit, folder.issued(), folder.public(), folder.records()]
}

/// What an earlier genesis left in a directory whose log is gone would be overwritten, or stop this one after
/// its key was made. Where the log has begun it is this genesis that was interrupted, and they are its own.
pub(super) fn in_the_way(room: &mut Room<'_>) -> Result<(), Error> {
    if room.folder.has_log()? {
        return Ok(());
    }
    let log = room.folder.log();
    let dirs = [log.join("checkpoints"), log.join("audit"), room.folder.issued(), room.folder.public()];
    for dir in dirs {
        if let Some(name) = own::first_name(&dir)? {
            return Err(in_the_way_of(dir.join(name)));
        }
    }
    let checkpoint = log.join("checkpoint");
    if checkpoint.exists() { Err(in_the_way_of(checkpoint)) } else { Ok(()) }
}

fn in_the_way_of(path: PathBuf) -> Error {
    Error::new(Kind::Medium, "files of another authority are where this one's will be")
        .saw(text::path(&path))
        .wanted("a directory without certificates and checkpoints")
        .hint("where its log was lost: that root still exists in its token; look for the newest copy of its stick")
        .hint("for a new root take a new directory: anchorite new DIR")
}

/// Room for everything that genesis writes.
pub(super) fn room(room: &mut Room<'_>) -> Result<(), Error> {
    deliver::check_room(room.folder.path(), BYTES, FILES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_without_a_battery_and_one_far_ahead_cannot_be_right() {
        for (time, right) in [
            ("1970-01-01T00:00:07Z", false),
            ("2025-12-31T23:59:59Z", false),
            ("2026-01-01T00:00:00Z", true),
            ("2099-12-31T23:59:59Z", true),
            ("2100-01-01T00:00:00Z", false),
        ] {
            assert_eq!(can_be_right(time.parse().unwrap()).is_ok(), right, "{time}");
        }
    }
}
