//! The proof of a wrapped backup: a second token makes the keys for a session, and they sign there. Nothing stays in
//! that token: a copy that opens to its own PIN would need no custodian. Then the keys can be wrapped no more.

use crate::authority::state::{Backup, KeyRecord};
use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::wrapped::{self, File};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::execute::{self, Proving};
use crate::log::Record;
use crate::log::record::{KeyBackupProved, KeyLocked};
use crate::screen::Screen;
use crate::token::{KeyId, KeyRef, KeyRole, Token, Unwrapped};
use crate::x509::Spki;

/// The file of the backup, and that the shares of this session open it.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`]; [`Kind::Refused`] for shares of another set.
pub(super) fn file(room: &Room<'_>, bench: &Bench, backup: &Backup) -> Result<File, Error> {
    let file = wrapped::read(&wrapped::place(room)?, backup)?;
    let (pins, known) = (wrapped::pins(bench)?, backup.wrapped.as_ref().map(|wrapped| &wrapped.set));
    if known == Some(&pins.set) {
        return Ok(file);
    }
    Err(Error::new(Kind::Refused, format!("the key backup {} opens to another set of shares", backup.name))
        .saw(format!("set {}", pins.set))
        .wanted(known.map_or_else(String::new, |set| format!("set {set}"))))
}

/// Has every key of the file sign in the second token; the proofs are those of the root keys.
///
/// # Errors
/// [`Kind::Token`]; no certificate and no CRL was signed.
pub(super) fn prove(
    room: &mut Room<'_>,
    bench: &Bench,
    copy: &mut dyn Token,
    (file, backup): (&File, &Backup),
    roots: &[(KeyRecord, Spki)],
    proofs: &[Proving],
) -> Result<Vec<KeyBackupProved>, Error> {
    let kek = wrapped::pins(bench)?.kek.clone();
    let held = audits_of(backup, &room.journal.state().keys);
    let mut make = |key: &KeyRecord, spki: &Spki| -> Result<KeyId, Error> {
        // An id of its own: the second token may hold the key itself.
        let id = KeyId(Hex(room.entropy.bytes(16, &[])?));
        let wrapped = wrapped::key_in(file, key, spki)?;
        let wanted = Unwrapped { id: &id, label: "anchorite proof", spki, on_token: false };
        copy.unwrap(kek.bytes(), &wrapped.wrapped.0, &wanted)?;
        Ok(id)
    };
    let mut made = Vec::new();
    for (key, spki) in roots {
        made.push(make(key, spki)?);
    }
    let mut audits = Vec::new();
    for (key, spki) in held {
        audits.push((make(&key, &spki)?, spki));
    }
    let each = made.iter().zip(roots).zip(proofs);
    let proved = each.map(|((id, (_, spki)), proving)| execute::prove(copy, id, spki, proving));
    let proved = proved.collect::<Result<Vec<_>, Error>>()?;
    for ((id, spki), proving) in audits.iter().zip(proofs.iter().cycle()) {
        // That this one lives, the log need not say: it signs the log.
        execute::prove(copy, id, spki, proving)?;
    }
    Ok(proved)
}

fn audits_of(backup: &Backup, keys: &[KeyRecord]) -> Vec<(KeyRecord, Spki)> {
    let generations = backup.wrapped.as_ref().map(|wrapped| wrapped.audits.clone()).unwrap_or_default();
    let held = keys.iter().filter(|key| key.role == KeyRole::Audit.name() && generations.contains(&key.generation));
    held.filter_map(|key| Some((key.clone(), key.spki.clone()?))).collect()
}

/// Ends that the keys of every proved wrapped backup can be wrapped, where that was not done yet; true where it did.
///
/// # Errors
/// [`Stop`]: the log says that all of them are so, or none; done again, it goes on.
pub fn lock_proved(room: &mut Room<'_>, bench: &mut Bench) -> Result<bool, Stop> {
    let state = room.journal.state();
    let mut keys: Vec<(KeyRecord, Spki)> = Vec::new();
    for backup in state.backups.all().iter().filter(|backup| backup.wrapped.is_some() && backup.proved().is_some()) {
        let roots = state.living_roots().filter(|key| backup.generations.contains_key(&key.generation));
        keys.extend(roots.filter_map(|key| Some((key.clone(), key.spki.clone()?))));
        keys.extend(audits_of(backup, &state.keys).into_iter().filter(|(key, _)| state.is_alive(key)));
    }
    keys.retain(|(key, _)| !state.backups.is_locked(&key.id));
    if keys.is_empty() {
        return Ok(false);
    }
    let mut screen = Screen::new().heading("The keys can be wrapped no more", "read back from the token");
    let mut records: Vec<Record> = Vec::new();
    for (key, spki) in keys {
        let token = bench.keys()?.token(KeyRole::Root)?;
        let attributes = token.lock(&KeyRef { id: KeyId(key.id.clone()), spki })?;
        let is = |name: &str| attributes.get(name).map_or("unknown", String::as_str);
        let flags = format!("extractable {}, sensitive {}", is("CKA_EXTRACTABLE"), is("CKA_SENSITIVE"));
        screen = screen.field(&format!("{} key {}", key.role, key.generation), flags);
        records.push(KeyLocked { id: key.id, role: key.role, generation: key.generation, attributes }.into());
    }
    // Copies of the token's files from before each login hold keys that can be wrapped.
    bench.keys()?.token(KeyRole::Root)?.renew_copies()?;
    room.journal.append(records)?;
    room.journal.checkpoint(bench.keys()?)?;
    room.people.show(&screen)?;
    Ok(true)
}
