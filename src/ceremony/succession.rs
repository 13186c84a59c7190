//! The plans of a new root generation: what the log does not have of it yet, so that a rollover that was interrupted
//! plans the rest and nothing twice.

use super::planning::issuer_of;
use super::room::Room;
use crate::authority::State;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::plan::make::{self, Issuer};
use crate::plan::{MadePlan, TbsView, What};
use crate::token::KeyRole;
use jiff::Timestamp;
use std::sync::Arc;

/// The root's certificate, its CRL 1, and a certificate for the new audit key by the new root and by every root that
/// is current: whoever pinned one of them can follow that key.
///
/// # Errors
/// Those of planning. Nothing was signed.
pub fn plans(room: &mut Room<'_>, keys: &mut Keyring, root: u32, audit: u32) -> Result<Vec<MadePlan>, Error> {
    let mut made = Vec::new();
    if !room.journal.state().roots().contains_key(&root) {
        let spki = keys.root_spki(root)?.clone();
        let serial = room.serial_number(keys)?;
        made.push(make::root(room.context(), &spki, root, serial)?);
    }
    let newcomer = newcomer(room, &made, root)?;
    if !room.journal.state().crls.contains_key(&root) {
        made.push(make::crl(room.context(), &newcomer, room.journal.state())?);
    }
    let spki = keys.audit_spki_of(audit)?.clone();
    let state = room.journal.state();
    let certified: Vec<u32> = match state.key_of(KeyRole::Audit.name(), audit) {
        Some(key) => state.audit_certificates(key).iter().map(|c| c.issuer_generation).collect(),
        None => Vec::new(),
    };
    let mut issuers = vec![newcomer];
    issuers.extend(elders(room, root)?);
    for issuer in issuers.iter().filter(|issuer| !certified.contains(&issuer.generation)) {
        let serial = room.serial_number(keys)?;
        made.push(make::audit(room.context(), issuer, &spki, audit, serial)?);
    }
    Ok(made)
}

/// Cross certificates both ways between a new root and every one that is current; `drafts` may hold the new root's.
///
/// # Errors
/// Those of planning. Nothing was signed.
pub fn crosses(
    room: &mut Room<'_>,
    keys: &mut Keyring,
    drafts: &[MadePlan],
    root: u32,
) -> Result<Vec<MadePlan>, Error> {
    let newcomer = newcomer(room, drafts, root)?;
    let mut made = Vec::new();
    for elder in elders(room, root)? {
        for (subject, issuer) in [(&newcomer, &elder), (&elder, &newcomer)] {
            if room.journal.state().cross(subject.generation, issuer.generation).is_none() {
                let serial = room.serial_number(keys)?;
                made.push(make::cross(room.context(), issuer, subject, serial)?);
            }
        }
    }
    Ok(made)
}

/// Generations of the roots that are current beside a new one, oldest first.
pub fn elder_generations(state: &State, now: Timestamp, root: u32) -> Vec<u32> {
    let current = state.current_roots(now);
    current.into_iter().map(|(generation, _)| generation).filter(|generation| *generation < root).collect()
}

/// The roots that are current beside a new one, oldest first.
///
/// # Errors
/// As [`issuer_of`].
pub fn elders(room: &Room<'_>, root: u32) -> Result<Vec<Issuer>, Error> {
    let generations = elder_generations(room.journal.state(), room.journal.now(), root);
    generations.into_iter().map(|generation| issuer_of(room, generation)).collect()
}

/// The new root: as the log has it, else as it is planned.
fn newcomer(room: &Room<'_>, drafts: &[MadePlan], root: u32) -> Result<Issuer, Error> {
    if room.journal.state().roots().contains_key(&root) {
        return issuer_of(room, root);
    }
    let planned = drafts.iter().find(|draft| draft.plan().what == What::Root && draft.plan().issuer_generation == root);
    match planned.map(MadePlan::view).transpose()? {
        Some(TbsView::Certificate(view)) => {
            Ok(Issuer { generation: root, spki: view.spki.clone(), view: Arc::from(view) })
        }
        _ => Err(Error::new(Kind::Bug, format!("root {root} is neither certified nor planned"))),
    }
}
