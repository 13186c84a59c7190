//! `sign`: the approved plans become one batch; keys made here are sealed and logged first.

use crate::bundle::seal;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::steps::unlock_token;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::clock;
use crate::digest::Base64;
use crate::error::{Error, Kind};
use crate::execute::{Desk, Issued, Work};
use crate::log::record::KeySealed;
use crate::plan::Batch;
use crate::screen::Screen;
use crate::text;
use crate::token::{Asks, KeyRole};
use secrecy::ExposeSecret;
use std::cell::RefCell;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "sign",
    says: "Sign with the root key",
    asks: false,
    needs: &[Fact::Unlocked, Fact::Approved, Fact::ClockConfirmed],
    gives: &[Fact::Signed, Fact::Root],
    takes: &[Fact::Approved],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::NONE,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    // While it can still be mended, and the approvals stand.
    while let Err(error) = room.journal.check_room_for(bench.approved.len()) {
        room.people.wait_for(&step.id, &error, None)?;
    }
    let approved = std::mem::take(&mut bench.approved);
    if approved.is_empty() {
        return Ok(());
    }
    let began = clock::monotonic();
    seal_keys_made_here(room, bench, &approved)?;
    let batches = Batch::by_issuer(approved, room.journal.now())?;
    bench.signing += clock::monotonic().saturating_sub(began);
    tell_how_often(room, bench, batches.len(), batches.iter().map(|batch| batch.plans().len()).sum())?;
    let before = bench.issued.len();
    let result = batches.into_iter().try_for_each(|batch| work(room, bench, step, Work::new(batch)));
    let signed = bench.issued.get(before..).unwrap_or_default();
    result.map_err(|stop| match stop {
        Stop::Failed(error) => Stop::Failed(after(error, signed)),
        stop => stop,
    })
}

/// One batch, to its end. Where its token is taken out in the middle and people attend, they put it in again, and what
/// it was not asked for yet is signed then.
fn work(room: &mut Room<'_>, bench: &mut Bench, step: &Step, mut work: Work) -> Result<(), Stop> {
    let attended = room.people.unattended().is_none();
    loop {
        let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
        let went = at_the_desk(room, bench, |desk| work.go_on(&mut keys, desk, attended));
        bench.keys = Some(keys);
        let lost = match went {
            Ok(issued) => {
                bench.issued.extend(issued);
                return Ok(());
            }
            Err(error) if unlock_token::is_lost(room, bench) => error,
            Err(error) => return Err(error.into()),
        };
        if let Err(stop) = unlock_token::regain(room, bench, step, &lost) {
            let error = stop.into_error();
            return Err(at_the_desk(room, bench, |desk| Ok(work.give_up(desk, error)))?.into());
        }
    }
}

/// Lends log and people to the signing protocol; the state is what the log says afterwards, also after a failure.
fn at_the_desk<T>(
    room: &mut Room<'_>,
    bench: &mut Bench,
    act: impl FnOnce(&mut Desk<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let people = RefCell::new(&mut *room.people);
    let began = clock::monotonic();
    let done = room.journal.with_log(|log, origin, header| {
        let mut progress = |done, of| people.borrow_mut().working(done, of, "signing");
        let mut stage = |stage| people.borrow_mut().signing(stage);
        act(&mut Desk { log, origin, header, progress: &mut progress, stage: &mut stage })
    });
    bench.signing += clock::monotonic().saturating_sub(began);
    let caught_up = room.journal.catch_up();
    let done = done?;
    caught_up.map(|()| done)
}

/// Whoever has to type the PIN for each signature knows beforehand how often.
fn tell_how_often(room: &mut Room<'_>, bench: &mut Bench, batches: usize, plans: usize) -> Result<(), Stop> {
    let keys = bench.keys()?;
    if keys.token(KeyRole::Root)?.asks() != Asks::EachTimeOnItself {
        return Ok(());
    }
    // The audit key signs the checkpoints before and after each batch.
    let checkpoints = if room.config.audit.is_some() { 0 } else { 2 * batches };
    let says = format!(
        "The token asks for its PIN {} in this step, on its own keys: for {}, and for {} of the log.",
        text::count(plans + checkpoints, "time"),
        text::count(plans, "signature"),
        text::count(checkpoints, "checkpoint"),
    );
    room.people.show(&Screen::new().text(says))
}

/// The error of a batch before which others were signed: that nothing was signed is true of none of them.
fn after(error: Error, signed: &[Issued]) -> Error {
    if signed.is_empty() {
        return error;
    }
    let error = error.untrue("Nothing was signed.").into_kind(Kind::AfterSigning);
    let error = error.within("one root key signed, and another did not");
    let error = signed.iter().fold(error, |error, issued| error.truth(issued.says()));
    error.hint("mend the cause and run the same command: what was signed is in the log, and the rest is planned anew")
}

/// A key made here is sealed to its recipients and logged before its certificate exists, so that no crash
/// loses it.
fn seal_keys_made_here(
    room: &mut Room<'_>,
    bench: &Bench,
    approved: &[crate::plan::ApprovedPlan],
) -> Result<(), Error> {
    for pending in &bench.pending {
        let Some(key) = &pending.key else { continue };
        let cluster = &pending.accepted.cluster;
        let approved = approved.iter().any(|p| p.plan().cluster.as_ref().is_some_and(|c| c.name == cluster.name));
        if !approved {
            continue;
        }
        let pem = key.to_pkcs8_pem()?;
        let ciphertext = seal::encrypt(pem.expose_secret().as_bytes(), &cluster.recipients)?;
        let record = KeySealed {
            cluster: cluster.name.clone(),
            spki_sha256: key.spki().sha256(),
            recipients: cluster.recipients.clone(),
            ciphertext: Base64(ciphertext),
        };
        room.journal.append(vec![record.into()])?;
    }
    Ok(())
}
