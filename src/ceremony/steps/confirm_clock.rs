//! `confirm-clock`: the witness types date and time from a watch; the machine's clock may be two minutes off.
//! Entries from here on say that their time was confirmed.
//!
//! Where the log is ahead of a clock that agrees with the watch, a clock was once set ahead by mistake: under a
//! deviation the log goes on from the right time, because `seq` gives order and not time. So such a mistake does
//! not end an authority.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::clock::{self, TOLERANCE};
use crate::error::{Error, Kind};
use crate::log::record::ClockSet;
use crate::screen::Screen;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "confirm-clock",
    says: "Compare the clock with a watch",
    asks: false,
    needs: &[],
    gives: &[Fact::ClockConfirmed],
    takes: &[],
    settings: &[],
    lasts: Lasts::Process,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// Who has the watch: never the one at the keyboard's clock alone.
const WATCH: &str = "witness";

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    room.people.show(&screen(&clock::zone(), room.journal.now()))?;
    let (machine, watch) = loop {
        let typed = room.people.answer(&step.id, "watch", WATCH, "date and time on your watch")?;
        let machine = room.journal.now();
        match read(&typed, &clock::zone()).and_then(|watch| compare(machine, watch)) {
            Ok(watch) => break (machine, watch),
            Err(error) => room.people.help(&error)?,
        }
    };
    room.people.show(&agreed(&clock::zone(), machine, watch))?;
    let back = match room.journal.ahead_of_clock() {
        Some(ahead) => set_back(room, step, machine, ahead).map(|()| true)?,
        None => false,
    };
    room.journal.append_by(WATCH, vec![ClockSet { machine, watch, back }.into()])?;
    room.journal.confirm_clock();
    Ok(())
}

/// The log goes back in time only under a deviation that was written down for it.
fn set_back(room: &mut Room<'_>, step: &Step, machine: Timestamp, ahead: Timestamp) -> Result<(), Stop> {
    room.people.show(&Screen::new().field("log until", ahead.to_string()).field("now", machine.to_string()).text(
        "The log has entries of a later time than now: a clock was ahead when they were written. Under a \
                 deviation the log goes on from now; its entries keep their order. Type d and write down what you \
                 know of it, then type back.",
    ))?;
    let mut written = false;
    loop {
        let typed = room.people.answer(&step.id, "back", WATCH, "type d, then back (or no)")?;
        written |= room.note_deviations(step)? > 0;
        match typed.trim().to_lowercase().as_str() {
            "back" if written => return Ok(()),
            "no" | "n" => return Err(Stop::Failed(behind(machine, ahead))),
            "back" => room.people.help(&Error::new(Kind::Clock, "the deviation is not written yet").hint("type d"))?,
            _ => room.people.help(&Error::new(Kind::Clock, "neither back nor no").saw(typed))?,
        }
    }
}

/// The error of a clock that is behind the log.
pub fn behind(now: Timestamp, ahead: Timestamp) -> Error {
    Error::new(Kind::Clock, "the clock is behind the log's last entry")
        .saw(now.to_string())
        .wanted(format!("not before {ahead}"))
        .hint("set the clock from the master clock of the room (date -u -s …), then run the ceremony again")
        .truth("Nothing was signed.")
}

/// What a watch shows: `2026-11-21 09:31`, in the machine's zone; with `Z` or an offset (`+01:00`) in that.
fn read(typed: &str, zone: &TimeZone) -> Result<Timestamp, Error> {
    let wrong = || {
        Error::new(Kind::Usage, "this is not a date and a time")
            .saw(typed)
            .wanted("YYYY-MM-DD HH:MM, as 2026-11-21 09:31")
    };
    let typed = typed.trim().to_uppercase();
    if !typed.contains(':') {
        return Err(wrong());
    }
    let bare = typed.strip_suffix("UTC").or_else(|| typed.strip_suffix('Z'));
    if let Some(bare) = bare {
        let civil: DateTime = bare.trim().parse().map_err(|_| wrong())?;
        return TimeZone::UTC.to_timestamp(civil).map_err(|_| wrong());
    }
    if let Some((civil, sign, offset)) = split_offset(&typed) {
        let civil: DateTime = civil.trim().parse().map_err(|_| wrong())?;
        let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
        let (hours, minutes): (i32, i32) = (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
        let seconds = sign * (hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60)));
        let offset = Offset::from_seconds(seconds).map_err(|_| wrong())?;
        return offset.to_timestamp(civil).map_err(|_| wrong());
    }
    let civil: DateTime = typed.parse().map_err(|_| wrong())?;
    zone.to_timestamp(civil).map_err(|_| wrong())
}

/// Splits `… 10:31 +01:00` after the time of day; a hyphen of the date is no sign.
fn split_offset(typed: &str) -> Option<(&str, i32, &str)> {
    let time = typed.find(':')?;
    let at = typed.get(time..)?.find(['+', '-'])?.checked_add(time)?;
    let sign = if typed.get(at..)?.starts_with('-') { -1 } else { 1 };
    Some((typed.get(..at)?, sign, typed.get(at.checked_add(1)?..)?))
}

/// A watch without seconds stands for the whole minute.
fn compare(machine: Timestamp, watch: Timestamp) -> Result<Timestamp, Error> {
    let (machine_s, watch_s) = (machine.as_second(), watch.as_second());
    let minute = if watch_s % 60 == 0 { 59 } else { 0 };
    let off = (machine_s - watch_s - minute).max(watch_s - machine_s).max(0);
    if off <= TOLERANCE {
        return Ok(watch);
    }
    let error = Error::new(Kind::Clock, "the watch and the machine's clock differ by more than two minutes")
        .saw(format!("watch {watch}, machine {machine}"));
    // Whole quarters of an hour are a zone, not a clock that is wrong.
    let zone = (off + TOLERANCE) % 900 <= 2 * TOLERANCE && off < 15 * 3600;
    let error =
        if zone { error.hint("is the watch in another zone? type its offset too, as +01:00, or Z") } else { error };
    Err(error.hint("set the wrong one of the two right (date -u -s …), and type the watch again"))
}

fn screen(zone: &TimeZone, now: Timestamp) -> Screen {
    let offset = zone.to_offset(now);
    let zone = match (zone.iana_name(), offset.is_zero()) {
        (_, true) => "UTC".to_owned(),
        (Some(name), _) => format!("{name}, {offset}"),
        (None, _) => format!("UTC {offset}"),
    };
    Screen::new().field("zone", &zone).text(
        "Without looking at the machine's clock, type what your watch shows, as 2026-11-21 09:31; in another zone than \
         this one with its offset, as 2026-11-21 10:31 +01:00.",
    )
}

fn agreed(zone: &TimeZone, machine: Timestamp, watch: Timestamp) -> Screen {
    let shown = |time: Timestamp| {
        let local = zone.to_datetime(time);
        format!("{time}   {} {} here", local.date(), local.time())
    };
    Screen::new().field("watch", shown(watch)).field("machine", shown(machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_watch_is_read_in_the_machines_zone_or_in_its_own() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        for (typed, expected) in [
            ("2026-11-21 10:31", "2026-11-21T09:31:00Z"),
            (" 2026-11-21 10:31:20 ", "2026-11-21T09:31:20Z"),
            ("2026-11-21 09:31Z", "2026-11-21T09:31:00Z"),
            ("2026-11-21 09:31 utc", "2026-11-21T09:31:00Z"),
            ("2026-11-21T09:31 UTC", "2026-11-21T09:31:00Z"),
            ("2026-11-21 11:31 +02:00", "2026-11-21T09:31:00Z"),
            ("2026-11-21 05:31 -4", "2026-11-21T09:31:00Z"),
            ("2026-11-21 15:01+05:30", "2026-11-21T09:31:00Z"),
        ] {
            assert_eq!(read(typed, &zone).unwrap(), at(expected), "{typed}");
        }
        for wrong in ["", "now", "09:31", "2026-11-21", "21.11.2026 09:31", "2026-02-30 09:31", "2026-11-21 09:31 +x"] {
            assert!(read(wrong, &zone).is_err(), "{wrong}");
        }
        assert_eq!(
            read("half past nine", &zone).unwrap_err().to_string(),
            "this is not a date and a time: saw half past nine, wanted YYYY-MM-DD HH:MM, as 2026-11-21 09:31"
        );
    }

    #[test]
    fn a_watch_may_be_two_minutes_off_and_no_more() {
        let machine = at("2026-11-21T09:31:30Z");
        for (watch, agrees) in [
            ("2026-11-21T09:31:00Z", true),
            ("2026-11-21T09:29:00Z", true),
            ("2026-11-21T09:28:00Z", false),
            ("2026-11-21T09:33:00Z", true),
            ("2026-11-21T09:34:00Z", false),
            ("2026-11-21T09:33:30Z", true),
            ("2026-11-21T09:29:29Z", false),
            ("2028-11-21T09:31:00Z", false),
        ] {
            assert_eq!(compare(machine, at(watch)).is_ok(), agrees, "{watch}");
        }
    }

    #[test]
    fn a_watch_of_another_zone_is_told_so() {
        let hints = |watch: &str| compare(at("2026-11-21T09:31:30Z"), at(watch)).unwrap_err().hints().join(" ");
        assert!(hints("2026-11-21T10:31:00Z").contains("another zone"));
        assert!(hints("2026-11-21T08:32:00Z").contains("another zone"));
        assert!(!hints("2026-11-21T09:51:00Z").contains("another zone"));
        assert!(!hints("2027-11-21T09:31:00Z").contains("another zone"));
    }
}
