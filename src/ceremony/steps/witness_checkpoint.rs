//! `witness-checkpoint`: what somebody elsewhere countersigned is written into the log. It decides nothing: whoever
//! reads the log later sees who else had seen it, and when.

use crate::authority::Config;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Base64;
use crate::error::{Error, Kind};
use crate::log::note::{Checkpoint, SignedNote};
use crate::log::record::CheckpointWitnessed;
use crate::screen::Screen;
use crate::store::Reading;
use jiff::{SignedDuration, Timestamp};

/// How far two clocks may be apart before one of them is known to be wrong.
const APART: SignedDuration = SignedDuration::from_hours(24);

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "witness-checkpoint",
    says: "Take back countersigned checkpoints",
    asks: false,
    needs: &[Fact::Unlocked, Fact::Root, Fact::ClockConfirmed],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, _: &mut Bench, step: &Step) -> Result<(), Stop> {
    let (notes, now) = (room.wishes.countersigned.clone(), room.journal.now());
    let mut found = Vec::new();
    for (name, note) in &notes {
        let taken = read(note, &room.config, room.journal.reading()?, now);
        found.extend(taken.map_err(|error| error.within(name))?);
    }
    let records = newer(found, |key| room.journal.state().witnessed.size_of(key));
    if records.is_empty() {
        // The command looked before; since then only a session that was interrupted here can have written them.
        let said = "An interrupted session wrote these countersignatures already.";
        return room.people.show(&Screen::new().text(said));
    }
    let banner = room.banner();
    let screen = Screen::new()
        .banner(format!("{} · {}", banner.name, banner.kind), "countersigned checkpoints")
        .heading("Somebody elsewhere has seen this log", format!("{} entries now", room.journal.state().size));
    let screen = records.iter().fold(screen, |screen, record| {
        screen
            .field("by", record.by.name())
            .field("at", record.at.to_string())
            .field("tree size", record.size.to_string())
            .field("root hash", record.root.hex())
    });
    room.people.show(&screen)?;
    room.check_answers(step)?;
    room.journal.append(records.into_iter().map(Into::into).collect())?;
    Ok(())
}

/// The countersignatures in a note, of a checkpoint of this log, by keys that the configuration names.
///
/// # Errors
/// [`Kind::Verify`]: another log, a checkpoint that this log never had, a signature that does not verify.
/// [`Kind::Clock`]: a time that cannot be. [`Kind::Refused`]: no countersigner that the configuration names.
pub fn read(
    note: &[u8],
    config: &Config,
    reading: &Reading,
    now: Timestamp,
) -> Result<Vec<CheckpointWitnessed>, Error> {
    let note = SignedNote::parse(note)?;
    let checkpoint = Checkpoint::parse(&note.body)?;
    let since = ours(&checkpoint, reading)?;
    let mut found = Vec::new();
    for key in &config.countersigners.keys {
        let Some(cosignature) = key.find(&note)? else { continue };
        if cosignature.time > now + APART || cosignature.time + APART < since {
            return Err(Error::new(
                Kind::Clock,
                format!("the countersignature of {} has a time that cannot be", key.name()),
            )
            .saw(cosignature.time.to_string())
            .wanted(format!("{since} to {now}, a day more or less"))
            .hint("one of the two clocks is wrong: compare both with a watch, and have it countersigned again"));
        }
        found.push(CheckpointWitnessed {
            size: checkpoint.size,
            root: checkpoint.root,
            by: key.clone(),
            at: cosignature.time,
            signature: Base64(cosignature.signature),
        });
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let others: Vec<&str> =
        note.signatures.iter().map(|line| line.name.as_str()).filter(|name| *name != checkpoint.origin).collect();
    let known: Vec<&str> = config.countersigners.keys.iter().map(|key| key.name()).collect();
    let error = Error::new(Kind::Refused, "no countersigner that authority.toml names signed this checkpoint");
    let error =
        if others.is_empty() { error.saw("only the log's own signature") } else { error.saw(others.join(", ")) };
    Err(match known.is_empty() {
        true => error.wanted("[countersigners] keys in authority.toml"),
        false => error.wanted(known.join(", ")),
    })
}

/// Checks that a checkpoint is one that this log signed; the time of the last entry that it covers.
fn ours(checkpoint: &Checkpoint, reading: &Reading) -> Result<Timestamp, Error> {
    let own = reading.checkpoint().ok_or_else(|| Error::new(Kind::Verify, "this log has no checkpoint yet"))?;
    if checkpoint.origin != own.origin {
        return Err(Error::new(Kind::Verify, "a checkpoint of another log")
            .saw(&checkpoint.origin)
            .wanted(&own.origin));
    }
    let signed = checkpoint.size <= own.size && reading.has_checkpoint(checkpoint.size);
    if !signed || reading.root_at(checkpoint.size)? != checkpoint.root {
        return Err(Error::new(Kind::Verify, "a checkpoint that this log does not have")
            .saw(format!("{} entries, root {}", checkpoint.size, checkpoint.root))
            .wanted(format!("one of those that it signed, {} entries at most", own.size))
            .hint("if the signature on it is the log's own, another copy of this authority has signed: stop, keep it, and compare the logs with the signed paper"));
    }
    let line = reading.entry_line(checkpoint.size.saturating_sub(1))?;
    Ok(crate::log::entry::parse_line(&line)?.entry()?.header.time)
}

/// Of each countersigner the largest, where it is larger than what the log has; `have` says what it has.
pub fn newer(found: Vec<CheckpointWitnessed>, have: impl Fn(&str) -> u64) -> Vec<CheckpointWitnessed> {
    let mut newest: Vec<CheckpointWitnessed> = Vec::new();
    for record in found.into_iter().filter(|record| record.size > have(record.by.name())) {
        match newest.iter_mut().find(|there| there.by == record.by) {
            Some(there) if there.size < record.size => *there = record,
            Some(_) => {}
            None => newest.push(record),
        }
    }
    newest
}
