//! `prove-backup`: the copy signs that it lives. What it signs is in the log first and can be no certificate; the
//! signature verifies under the root that the log holds.

mod wrapped;

pub use wrapped::lock_proved;

use crate::authority::config::BackupMode;
use crate::authority::state::{Backup, KeyRecord};
use crate::ceremony::backups;
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::{ScriptKind, Step};
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::execute::{self, Desk, Proving};
use crate::log::record::KeyBackupProved;
use crate::screen::Screen;
use crate::token::{KeyId, KeyRole, Token};
use crate::x509::Spki;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "prove-backup",
    says: "Have the copy of the root key sign a proof",
    asks: true,
    needs: &[Fact::Unlocked, Fact::Root, Fact::BackedUp],
    gives: &[],
    takes: &[],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, step: &Step) -> Result<(), Stop> {
    if room.script.kind == ScriptKind::KeyRestore {
        return prove_restored(room, bench);
    }
    backups::come_back(room, bench, step)?;
    if let Some(why) = nothing_to_prove(room) {
        // A drill is of what is there: that there was nothing is in its record.
        room.record(step, &step.by, "key backup", &why)?;
        return room.people.show(&Screen::new().text(format!("No key backup is proved: {why}.")));
    }
    let backup = backups::choose(room, step)?;
    room.check_answers(step)?;
    let keys = copied(room, &backup)?;
    let file = backup.wrapped.as_ref().map(|_| wrapped::file(room, bench, &backup)).transpose()?;
    let proofs = intend(room, bench, &backup, &keys)?;
    let proved = backups::visit(room, bench, step, &mut |room, bench| {
        let mut copy = backups::open(room, bench, step)?;
        Ok(match &file {
            Some(file) => wrapped::prove(room, bench, copy.as_mut(), (file, &backup), &keys, &proofs)?,
            None => prove(copy.as_mut(), &keys, &proofs)?,
        })
    })?;
    told(room, bench, (&backup, &keys), proved)?;
    wrapped::lock_proved(room, bench)?;
    Ok(())
}

fn told(
    room: &mut Room<'_>,
    bench: &mut Bench,
    (backup, keys): (&Backup, &[(KeyRecord, Spki)]),
    proved: Vec<KeyBackupProved>,
) -> Result<(), Stop> {
    room.people.show(&screen(backup, keys, &proved))?;
    room.journal.append(proved.into_iter().map(Into::into).collect())?;
    Ok(room.journal.checkpoint(bench.keys()?)?)
}

/// The keys that were made anew sign in their new token: one proof for each backup that they came from.
fn prove_restored(room: &mut Room<'_>, bench: &mut Bench) -> Result<(), Stop> {
    let backups: Vec<Backup> = room.journal.state().backups.all().to_vec();
    for backup in backups.iter().filter(|backup| backup.wrapped.is_some()) {
        let Ok(keys) = copied(room, backup) else { continue };
        let proofs = intend(room, bench, backup, &keys)?;
        let proved = prove(bench.keys()?.token(KeyRole::Root)?, &keys, &proofs)?;
        told(room, bench, (backup, &keys), proved)?;
    }
    Ok(())
}

/// Why a drill has nothing to prove; a ceremony for the backup's sake always has.
fn nothing_to_prove(room: &Room<'_>) -> Option<String> {
    if room.script.kind != ScriptKind::Drill {
        return None;
    }
    match (room.config.key_backup.mode, room.tokens.backup()) {
        (BackupMode::None, _) => Some("[key_backup] mode = \"none\"".to_owned()),
        (_, None) => Some("local.toml of this copy names no [backup.token]".to_owned()),
        (_, Some(_)) if room.journal.state().backups.all().is_empty() => {
            Some("none was made yet: anchorite key-backup".to_owned())
        }
        (_, Some(_)) => None,
    }
}

/// The root keys that the backup should hold and that still live, with their public halves.
fn copied(room: &Room<'_>, backup: &Backup) -> Result<Vec<(KeyRecord, Spki)>, Error> {
    let state = room.journal.state();
    let held = state.living_roots().filter(|key| backup.generations.contains_key(&key.generation));
    let keys: Vec<_> = held.filter_map(|key| Some((key.clone(), key.spki.clone()?))).collect();
    if keys.is_empty() {
        return Err(Error::new(Kind::Usage, "this key backup holds no root key that is in use").saw(&backup.name));
    }
    Ok(keys)
}

fn intend(
    room: &mut Room<'_>,
    bench: &mut Bench,
    backup: &Backup,
    roots: &[(KeyRecord, Spki)],
) -> Result<Vec<Proving>, Error> {
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let nonces = roots.iter().map(|(key, _)| Ok((key.generation, Hex(room.random(&mut keys, 16)?))));
    let intended = nonces.collect::<Result<Vec<_>, Error>>().and_then(|nonces| {
        room.journal.with_log(|log, origin, header| {
            let desk = &mut Desk { log, origin, header, progress: &mut |_, _| {}, stage: &mut |_| {} };
            execute::intend(&backup.name, &nonces, &mut keys, desk)
        })
    });
    bench.keys = Some(keys);
    // Also after a failure: the state is what the log says.
    let caught_up = room.journal.catch_up();
    let intended = intended?;
    caught_up.map(|()| intended)
}

fn prove(copy: &mut dyn Token, roots: &[(KeyRecord, Spki)], proofs: &[Proving]) -> Result<Vec<KeyBackupProved>, Error> {
    let each = roots.iter().zip(proofs);
    each.map(|((key, spki), proving)| execute::prove(copy, &KeyId(key.id.clone()), spki, proving)).collect()
}

fn screen(backup: &Backup, roots: &[(KeyRecord, Spki)], proved: &[KeyBackupProved]) -> Screen {
    let screen = Screen::new().heading("The key backup lives", &backup.name);
    let screen = roots.iter().zip(proved).fold(screen, |screen, ((key, spki), proof)| {
        screen
            .field("root key", format!("generation {}, spki {}…", key.generation, spki.sha256().short()))
            .field("signature", format!("sha256 {}…, verified under the root", Digest::of(&proof.signature.0).short()))
    });
    screen.text("It signed a text with a fresh number, which can be no certificate. Put it away apart from the token.")
}
