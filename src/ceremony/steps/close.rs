//! `close`: the session's last entry, under a checkpoint; copies on the authority's own media; and what the paper
//! keeps, which is the only evidence that neither laptop nor token can change.

use crate::ceremony::copies;
use crate::ceremony::paper::qr;
use crate::ceremony::people::Stop;
use crate::ceremony::record;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::{destroy_keys, publish};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::record::{SessionClosed, StepDone};
use crate::plan::screen::Banner;
use crate::screen::{Screen, WIDTH};
use crate::text;
use crate::words;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "close",
    says: "Close the session",
    asks: false,
    needs: &[Fact::Unlocked],
    gives: &[],
    takes: &[Fact::Unlocked],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    if !bench.closed {
        // Where the checkpoint failed and this is another try, the entries are in the log already.
        if room.journal.state().session.is_some() {
            let done = StepDone { step: step.id.clone(), activity: step.activity.clone() };
            let closed = SessionClosed { outcome: "complete".to_owned(), reason: None };
            let ends = destroy_keys::announce_audit(room);
            room.journal.append(std::iter::once(done.into()).chain(ends).chain([closed.into()]).collect())?;
        }
        let keys = bench.keys.as_mut().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
        room.journal.checkpoint(keys)?;
        publish::write_checkpoint(room)?;
        let end = destroy_keys::end_audit(room, keys)?;
        bench.closed = true;
        // Logged out before copies and words: the token can be put away meanwhile.
        bench.keys = None;
        if let Some(end) = end {
            room.people.show(&end)?;
        }
        // It reads the log anew, and what this session knew of thousands of clusters is needed no more.
        room.journal.rest();
        // Before the copies, so that each of them has it.
        write_record(room, bench)?;
    }
    let copied = copies::write_everywhere(room, bench, &step.id);
    let copied = copied.map_err(|stop| match stop {
        Stop::Failed(error) => error.truth("The session is closed, and the log is whole in the authority's directory."),
        stop => stop.into_error(),
    })?;
    bench.written.extend(copied);
    show(room)
}

fn show(room: &mut Room<'_>) -> Result<(), Stop> {
    let id = room.journal.header().log;
    let log = room.journal.log()?;
    let (size, root) = (log.size(), log.root());
    if room.people.unattended().is_none() {
        let screen = paper(&room.banner(), &id, size, &root);
        room.people.show(&screen)?;
        return room.people.copied();
    }
    let screen = Screen::new()
        .heading("Write this on the paper, signed by everybody", room.script.title.clone())
        .field("tree size", size.to_string())
        .field("root hash", root.hex())
        .field("words 1-8", words::words(root.0.get(..8).unwrap_or_default()).join(" "));
    room.people.show(&screen)
}

/// The record is derived from the log: what keeps it from being written is said, and undoes nothing.
fn write_record(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Stop> {
    match record::write(&room.folder) {
        Ok(written) => bench.written.push(written),
        Err(error) => room.people.show(&Screen::new().text(format!(
            "The session is closed, and the log is whole. Only its record could not be written: {error}. \
             It is made again with: anchorite ceremony record -o record.html"
        )))?,
    }
    Ok(())
}

/// What the code says: the log's id, its size, its root. Upper case, so that a code of 33 modules holds it.
fn compact(id: &str, size: u64, root: &Digest) -> String {
    format!("ANCHORITE {id} {size} {root}").to_ascii_uppercase()
}

/// The code and beside it what is written by hand: one screen, to be photographed.
fn paper(banner: &Banner, id: &str, size: u64, root: &Digest) -> Screen {
    let code = qr::blocks(&compact(id, size, root)).unwrap_or_default();
    let left = code.first().map_or(0, |line| line.chars().count());
    let room = WIDTH.saturating_sub(left + 2);
    let mut beside = vec![text::ellipsis(&format!("{} · {}", banner.name, banner.kind), room), String::new()];
    beside.extend(text::wrap("Write this on the paper; everybody signs.", room));
    beside.extend([String::new(), format!("tree size  {size}"), String::new()]);
    let words = words::words(root.0.get(..8).unwrap_or_default());
    for (row, pair) in words.chunks(2).enumerate() {
        let [first, second] = pair else { continue };
        beside.push(format!("{}  {first:<12} {}  {second}", 2 * row + 1, 2 * row + 2));
    }
    let root = root.hex();
    let (first, last) = root.split_at_checked(root.len() / 2).unwrap_or((&root, ""));
    beside.extend([String::new(), "root".to_owned(), first.to_owned(), last.to_owned()]);
    beside.extend(["log".to_owned(), id.to_owned(), String::new()]);
    beside.push("The code says size, root and log.".to_owned());
    let rows = code.len().max(beside.len());
    (0..rows).fold(Screen::new(), |screen, row| {
        let code = code.get(row).map_or("", String::as_str);
        let beside = beside.get(row).map_or("", String::as_str);
        screen.verbatim(format!("{code:<left$}  {beside}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_words_fit_one_screen_with_the_question_below() {
        let banner = Banner { name: "W".repeat(64), kind: "production".to_owned() };
        for size in [7, 999_999, 1_000_000_000] {
            let shown = paper(&banner, &"ab".repeat(16), size, &Digest([0xfa; 32])).render();
            assert!(shown.lines().count() <= 21, "{} lines\n{shown}", shown.lines().count());
            assert!(shown.lines().all(|line| line.chars().count() <= WIDTH), "{shown}");
            for word in words::words(&[0xfa; 8]) {
                assert!(shown.contains(word), "{word}\n{shown}");
            }
        }
    }
}
