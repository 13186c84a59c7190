//! `restore-log`: the newer log is lost, and an older copy of it is what there is. A new log begins with what the
//! copy and later files say; it names the lost one and what is lost of it, and the token remembers it instead. The
//! keys are the same; nothing is signed by the root here.

use super::reason::{self, REASON};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::takeover::Lost;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Base64;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::log::Record;
use crate::log::record::KeyAdopted;
use crate::screen::Screen;
use crate::text;
use crate::token::{KeyId, KeyRef, KeyRole};

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "restore-log",
    says: "Begin the log anew from the copy that is left",
    asks: true,
    needs: &[Fact::Preflighted, Fact::Unlocked, Fact::NoRoot, Fact::ClockConfirmed],
    gives: &[Fact::NewKeys, Fact::Plannable],
    takes: &[Fact::NoRoot],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

/// What an answers file calls the lost log's id.
pub const LOG: &str = "log";
const WHY: &str = "why can no newer copy be had? (the log keeps it)";
/// Fewer digits of an id could be another's.
const LEAST: usize = 8;

/// The custody set that opens the token is known from the copy: the new log has it before shares are collected.
///
/// # Errors
/// [`Kind::Medium`].
pub fn custody_of_before(room: &mut Room<'_>) -> Result<(), Error> {
    let custody = room.wishes.lost.as_ref().and_then(|lost| lost.custody());
    match custody {
        Some(custody) if room.journal.state().custody.sets().is_empty() => room.journal.append(vec![custody.into()]),
        _ => Ok(()),
    }
}

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let result = restore(room, &mut keys, step);
    bench.keys = Some(keys);
    result
}

fn restore(room: &mut Room<'_>, keys: &mut Keyring, step: &Step) -> Result<(), Stop> {
    if room.journal.state().replaces().is_none() {
        begin_anew(room, keys, step)?;
    } else {
        // An interrupted session wrote it.
        for key in [LOG, REASON] {
            room.people.answered_before(Some(&step.id), key);
        }
    }
    // Only once the token remembers the new log may it forget the lost one: no moment is without a guard.
    room.journal.checkpoint(keys)?;
    if let Some(lost) = room.journal.state().replaces().cloned() {
        keys.token(KeyRole::Root)?.forget_guard(&lost)?;
    }
    Ok(())
}

fn begin_anew(room: &mut Room<'_>, keys: &mut Keyring, step: &Step) -> Result<(), Stop> {
    let lost = room.wishes.lost.clone().ok_or_else(|| {
        Error::new(Kind::Usage, "no copy to restore from was named")
            .hint("name it: anchorite -C NEW-DIRECTORY restore --from COPY")
            .truth("Nothing was restored.")
    })?;
    let cited = lost.cited.max(remembered(room, keys, &lost)?);
    let found = find_keys(keys, &lost)?;
    room.people.show(&screen(room, &lost, cited))?;
    confirm(room, step, &lost)?;
    let reason = reason::ask(room, step, "witness", WHY, "a log is not given up without a reason")?;
    room.check_answers(step)?;
    let now = room.journal.now();
    let mut records: Vec<Record> = vec![lost.restore(cited, reason).into()];
    for (role, key, adopted) in &found {
        records.push(adopted.clone().into());
        keys.hold(*role, adopted.generation, key.clone());
    }
    records.extend(lost.records(cited, now).into_iter().map(Record::from));
    records.extend(lost.sealed.iter().cloned().map(Record::from));
    Ok(room.journal.append(records)?)
}

/// The size of the lost log that the token remembers; a copy that is as new as that needs no restore.
fn remembered(room: &Room<'_>, keys: &mut Keyring, lost: &Lost) -> Result<u64, Error> {
    let Some(guard) = keys.token(KeyRole::Root)?.guard(&lost.log)? else {
        keys.check_only_log(&lost.log, None)?;
        return Ok(lost.size);
    };
    if guard.size > lost.size {
        return Ok(guard.size);
    }
    let error = if guard.size == lost.size && guard.root != lost.root {
        Error::new(Kind::Verify, "this copy is not the log that the token remembers: it was changed or forked")
            .saw(format!("root {} at {} entries", lost.root, lost.size))
            .wanted(format!("root {}", guard.root))
            .hint("restore from another copy; keep this one as evidence")
    } else {
        Error::new(Kind::Usage, "this copy is the newest: the same log goes on with it")
            .saw(format!("{} entries", lost.size))
            .wanted("a copy that is older than the token remembers")
            .hint("anchorite -C COPY status")
            .hint(format!("remove {} again, it is not needed", text::path(room.folder.path())))
    };
    Err(error.truth("Nothing was restored.").truth("Nothing was signed."))
}

/// The keys that the copy names, in their tokens.
fn find_keys(keys: &mut Keyring, lost: &Lost) -> Result<Vec<(KeyRole, KeyRef, KeyAdopted)>, Error> {
    let mut found = Vec::new();
    for (record, certificate) in lost.keys() {
        let role = if record.role == KeyRole::Root.name() { KeyRole::Root } else { KeyRole::Audit };
        let token = keys.token(role)?;
        let key = token.find(&KeyId(record.id.clone()), record.spki.as_ref())?.ok_or_else(|| {
            Error::new(Kind::Token, format!("the token does not hold the {} key", role.name()))
                .saw(format!("no key with the id {}", record.id))
                .wanted(format!("the key of generation {}", record.generation))
                .truth("Nothing was restored.")
                .truth("Nothing was signed.")
        })?;
        let seen = token.inspect(&key)?;
        let adopted = KeyAdopted {
            id: record.id.clone(),
            role: role.name().to_owned(),
            generation: record.generation,
            token_serial: token.identity().serial.clone(),
            spki: Base64(key.spki.der().to_vec()),
            certificate: Base64(certificate.to_vec()),
            attributes: seen.attributes,
            findings: Vec::new(),
            reason: None,
        };
        found.push((role, key, adopted));
    }
    Ok(found)
}

/// People say which log they give up.
fn confirm(room: &mut Room<'_>, step: &Step, lost: &Lost) -> Result<(), Stop> {
    let id = lost.log.to_string();
    loop {
        let question = "type the first 8 digits of the lost log's id (or no)";
        let typed = room.people.answer(&step.id, LOG, "administrator", question)?.trim().to_lowercase();
        if typed == "no" {
            return Err(Stop::Declined("the log is not given up".to_owned()));
        }
        if typed.len() >= LEAST && id.starts_with(&typed) {
            return Ok(());
        }
        let error = Error::new(Kind::Declined, "this is not the id of the lost log").saw(&typed);
        room.people.help(&error.wanted(format!("{LEAST} digits or more of {id}")))?;
    }
}

fn screen(room: &Room<'_>, lost: &Lost, cited: u64) -> Screen {
    let banner = room.banner();
    let gone = match cited.saturating_sub(lost.size) {
        0 => "nothing that is known".to_owned(),
        count => format!("entries {} to {}, {count} of them", lost.size, cited.saturating_sub(1)),
    };
    let mut screen = Screen::new()
        .banner(format!("{} · {}", banner.name, banner.kind), "restore")
        .heading("An older copy of the log takes the place of the newest", &gone)
        .field("lost log", lost.log.to_string())
        .field("this copy", format!("{} entries", lost.size))
        .field("it had", format!("{cited} entries at least"))
        .field("new log", &room.journal.header().log);
    for found in &lost.found {
        let view = &found.certificate.view;
        let known = lost.state.certificates.contains_key(&view.serial);
        let says = if known { "in the copy" } else { "found again" };
        screen = screen.field(
            says,
            format!("{} generation {}, serial {}", found.cluster.name, found.cluster.generation, view.serial),
        );
    }
    screen.text(
        "What was signed in the part that is lost, and is not named here, is known to nobody: nobody can revoke it by \
         its number. Look once more for a newer stick, and ask every cluster for what it was sent.",
    )
    .text("After this, copies of the lost log are refused with this token, and clusters accept the new one by its own proof.")
}
