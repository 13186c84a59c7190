//! `status`: what was issued, to whom, until when, and what is due: of an authority, or of public files alone.

mod public;

use super::args::{Args, Status};
use super::room;
use super::terminal::Terminal;
use crate::authority::Config;
use crate::authority::calendar::ics::{self, Calendar};
use crate::authority::calendar::{self, Due, date};
use crate::authority::inventory::{self, Inventory, Issued};
use crate::clock::Clock;
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::screen::{Screen, WIDTH};
use crate::text;
use jiff::Timestamp;
use serde::Serialize;
use std::path::Path;

/// `anchorite status`
pub fn status(args: &Args, a: &Status, terminal: &mut Terminal) -> Result<(), Error> {
    let now = args.now.map_or_else(Clock::system, Clock::given).now();
    if !a.what.is_empty() {
        if let Some(authority) = &args.authority {
            return Err(Error::new(Kind::Usage, "an authority and public files were asked about at once")
                .saw(authority.display().to_string())
                .wanted("one of them")
                .hint("leave -C out: public files need no authority"));
        }
        return public::status(a, now, terminal);
    }
    let folder = room::folder(args);
    let (state, interrupted) = folder.read_state()?;
    let config = match folder.read_adopted()? {
        Some(adopted) => Config::parse(&adopted.text)?,
        None => folder.read_config()?.0,
    };
    let sentences = interrupted.as_ref().map(|i| i.sentences()).unwrap_or_default();
    let inventory = inventory::take(&state, &config, now, sentences);
    let log = state.log.as_ref().map(ToString::to_string).unwrap_or_default();
    let calendar = Calendar {
        name: &inventory.authority,
        id: &log,
        changed: state.last_time.unwrap_or(now),
        revision: inventory.entries,
    };
    write_calendar(a, &calendar, &inventory.due, terminal)?;
    let shown = || {
        let mut whole = Screen::new();
        if let Some(interrupted) = &interrupted {
            let next = match (state.is_founded(), interrupted.crls.is_empty()) {
                (false, _) => "The same command records this and goes on.",
                (true, true) => "The next ceremony records this and goes on, for example: anchorite sign",
                (true, false) => "The next ceremony records this and goes on, for example: anchorite crl --if-needed",
            };
            whole = whole.then(interrupted.screen().indented(next).blank());
        }
        whole.then(screen(&inventory, now))
    };
    answer(a, &inventory, shown, &inventory.due, now, terminal)
}

/// Writes the calendar where one is wanted.
fn write_calendar(a: &Status, calendar: &Calendar<'_>, due: &[Due], terminal: &mut Terminal) -> Result<(), Error> {
    let Some(path) = &a.ics else { return Ok(()) };
    let bytes = ics::write(calendar, due).into_bytes();
    if path == Path::new("-") {
        if terminal.wants_json() {
            return Err(Error::new(Kind::Usage, "--json and --ics - both want stdout")
                .hint("write the calendar to a file: --ics FILE"));
        }
        return terminal.document(&bytes);
    }
    deliver::replace(path, &bytes, 0o644)?;
    let next = "import it into a calendar of its own: the next import moves the events";
    terminal.done(&[path.display().to_string()], &[next]);
    Ok(())
}

/// The end of the command: JSON or a screen; with `--check`, whether anything has to be begun.
fn answer<T: Serialize>(
    a: &Status,
    json: &T,
    shown: impl FnOnce() -> Screen,
    due: &[Due],
    now: Timestamp,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    if terminal.wants_json() {
        terminal.json(json)?;
    } else if !a.check && a.ics.is_none() {
        terminal.result_screen(&shown())?;
    }
    if a.check { check(due, a.within, now, terminal) } else { Ok(()) }
}

/// Exit 10 where something has to be begun within so many days; it is named on stderr.
fn check(due: &[Due], within: u32, now: Timestamp, terminal: &mut Terminal) -> Result<(), Error> {
    let until = now + calendar::days(i64::from(within));
    let waiting: Vec<&Due> = due.iter().filter(|due| due.begin <= until).collect();
    let Some(first) = waiting.first() else { return Ok(()) };
    let in_full = waiting.iter().map(|due| in_full(due, now));
    terminal.screen(&in_full.fold(Screen::new(), |screen, due| screen.then(due).blank()));
    let what = match waiting.len() {
        1 => "1 thing has to be begun".to_owned(),
        many => format!("{many} things have to be begun"),
    };
    let soon = if within == 0 { String::new() } else { format!(" within {}", in_days(i64::from(within))) };
    Err(Error::new(Kind::Refused, format!("{what}{soon}; first: {}, by {}", first.what, date(first.by)))
        .hint(format!("begin with: {}", first.how)))
}

/// `1 day`, `30 days`, whichever way they lie.
fn in_days(days: i64) -> String {
    text::count(usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX), "day")
}

/// Something that is due with its reason and its remedy.
fn in_full(due: &Due, now: Timestamp) -> Screen {
    let left = match due.days {
        days if due.by <= now && due.begin < due.by => format!("{} LATE", in_days(days)),
        _ if due.by <= now => "now".to_owned(),
        days => format!("{} left", in_days(days)),
    };
    Screen::new()
        .heading(&due.what, left)
        .field("begin by", date(due.begin))
        .field("done by", due.by.to_string())
        .field("why", &due.why)
        .field("how", &due.how)
}

/// The table of what is due, and below it how what is urgent is done.
fn due_screen(due: &[Due], now: Timestamp) -> Screen {
    let mut screen = Screen::new().verbatim("  begin by    done by      days  what");
    for due in due {
        let mark = if due.urgent { "!" } else { " " };
        let head = format!("{mark} {}  {}  {:>7}  ", date(due.begin), date(due.by), due.days);
        let indent = head.chars().count();
        for (row, part) in text::wrap(&due.what, WIDTH - indent).iter().enumerate() {
            let lead = if row == 0 { head.clone() } else { " ".repeat(indent) };
            screen = screen.verbatim(format!("{lead}{part}"));
        }
    }
    let urgent: Vec<&Due> = due.iter().filter(|due| due.urgent).collect();
    match urgent.is_empty() {
        true => screen,
        false => urgent.into_iter().fold(screen, |screen, due| screen.blank().then(in_full(due, now))),
    }
}

/// What exists, and what is due.
fn screen(inventory: &Inventory, now: Timestamp) -> Screen {
    let mut screen = Screen::new()
        .heading(format!("{} · {}", inventory.authority, inventory.kind), format!("{} entries", inventory.entries))
        .field("log", &inventory.origin);
    if let Some(last) = &inventory.last_session {
        let (ceremony, closed) = (&last.ceremony, last.closed);
        screen = screen.field(
            "last session",
            match last.paused {
                true => format!("{ceremony}, PAUSED {closed}: the same command goes on"),
                false => format!("{ceremony}, closed {closed}"),
            },
        );
    }
    if let Some(uncovered) = &inventory.uncovered {
        screen = screen.field("not covered", uncovered);
    }
    if let Some(custody) = &inventory.custody {
        let who = format!("{} of {} custodians, set {}", custody.threshold, custody.custodians, custody.set);
        screen = screen.field("opens to", who);
    }
    for backup in &inventory.key_backups {
        let proved = match backup.proved {
            Some(at) => format!("proved {}", date(at)),
            None => "PROVED BY NOTHING".to_owned(),
        };
        screen = screen.field("key backup", format!("{}, {proved}", backup.name));
    }
    for seen in &inventory.countersigned {
        let what = format!("{} entries by {}, {}", seen.size, text::escape(&seen.by), date(seen.at));
        screen = screen.field("countersigned", what);
    }
    if let Some(ended) = inventory.ended {
        screen = screen
            .field("ENDED", format!("{ended}; its keys are destroyed"))
            .text("Nothing can be issued, revoked or exported any more; what was issued stays valid to its end.");
    }
    screen = screen.blank().verbatim("  certificate                    serial                            until");
    for c in &inventory.certificates {
        let whom = whom(c);
        // A serial number of another CA may have 20 bytes; it is never cut, for people type it.
        let serial = c.serial.to_string();
        let room = 30_usize.saturating_sub(serial.len().saturating_sub(32));
        let state = match c.status {
            "issued" if c.revoked.is_some() => "  REVOKED".to_owned(),
            "issued" => String::new(),
            other => format!("  {}", other.to_uppercase()),
        };
        // What it is worth stands where a line of 80 columns always has room for it.
        let whom = text::ellipsis(&whom, room.saturating_sub(state.len())) + &state;
        let until = date(c.not_after);
        screen = screen.verbatim(format!("  {whom:<room$} {serial:<32}  {until}"));
    }
    let newest = inventory.crl.iter().filter(|_| inventory.crls.is_empty());
    for crl in inventory.crls.iter().chain(newest) {
        let until = date(crl.next_update);
        let whose = crl.root_generation.map_or("CRL".to_owned(), |generation| format!("CRL of root {generation}"));
        screen = screen.verbatim(format!("  {whose:<30} {:<32}  {until}", format!("number {}", crl.number)));
    }
    for cluster in inventory.clusters.iter().filter(|cluster| cluster.retired.is_none()) {
        if let Some(overlap) = &cluster.overlap {
            let (name, until) = (&cluster.name, date(overlap.until));
            let root = if overlap.roots_differ { ", under two roots" } else { "" };
            let both =
                format!("{name}: generations {} and {} are both valid until {until}{root}", overlap.old, overlap.new);
            screen = screen.blank().field("overlap", both);
        }
    }
    for cluster in &inventory.clusters {
        if let Some(retired) = &cluster.retired {
            let since = date(retired.at);
            let valid = match retired.still_valid.len() {
                0 => "no certificate is valid any more".to_owned(),
                count => format!("{} still valid", text::count(count, "certificate")),
            };
            screen = screen
                .blank()
                .field("retired", format!("{} on {since}; {valid}", cluster.name))
                .field("", &retired.reason);
        }
    }
    if inventory.due.is_empty() {
        return screen;
    }
    screen.blank().then(due_screen(&inventory.due, now))
}

/// Whose a certificate is; where there is more than one root, by which.
fn whom(c: &Issued) -> String {
    match (&c.cluster, c.what.as_str(), c.generation, c.issuer_generation) {
        (Some(cluster), _, Some(generation), None) => format!("{cluster} · {generation}"),
        (Some(cluster), _, Some(generation), Some(by)) => format!("{cluster} · {generation}  by root {by}"),
        (_, "root", _, Some(own)) => format!("root {own}"),
        (_, "cross", Some(subject), Some(by)) => format!("root {subject} by root {by}"),
        (_, what, _, Some(by)) => format!("{what}  by root {by}"),
        (_, what, ..) => what.to_owned(),
    }
}
