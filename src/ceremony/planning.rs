//! What a ceremony asks people to approve: the plans of a genesis, of requests on the bench, and those that steps
//! of its script made.

use super::room::{Bench, Pending, Room};
use crate::authority::State;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::plan::make::{self, Issuer};
use crate::plan::{MadePlan, TbsView};
use crate::token::KeyRole;
use crate::x509::read;
use std::sync::Arc;

/// Plans, each with the place of its request on the bench where it has one.
pub type Made = Vec<(MadePlan, Option<usize>)>;

/// Everything that this session can plan: drafts of its steps first, then what founds the authority or answers
/// requests.
///
/// # Errors
/// Those of planning. Nothing was signed.
pub fn all(room: &mut Room<'_>, keys: &mut Keyring, bench: &mut Bench) -> Result<Made, Error> {
    let mut made: Made = std::mem::take(&mut bench.drafts).into_iter().map(|draft| (draft, None)).collect();
    if !bench.pending.is_empty() {
        made.extend(intermediates(room, keys, &bench.pending)?);
    } else if !room.journal.state().is_founded() {
        made.extend(genesis(room, keys)?);
    }
    Ok(made)
}

/// The three plans of a genesis; what an interrupted one already signed is not planned again.
fn genesis(room: &mut Room<'_>, keys: &mut Keyring) -> Result<Made, Error> {
    let mut made = Made::new();
    let issuer = if room.journal.state().certificate_of(KeyRole::Root.name()).is_some() {
        issuer(room)?
    } else {
        let spki = keys.root_spki(1)?.clone();
        let serial = room.serial_number(keys)?;
        let root = make::root(room.context(), &spki, 1, serial)?;
        let view = match root.view()? {
            TbsView::Certificate(view) => Arc::from(view),
            _ => return Err(Error::new(Kind::Bug, "a root plan is no certificate")),
        };
        made.push((root, None));
        Issuer { generation: 1, spki, view }
    };
    if room.journal.state().certificate_of(KeyRole::Audit.name()).is_none() {
        let audit_spki = keys.audit_spki()?.clone();
        let serial = room.serial_number(keys)?;
        made.push((make::audit(room.context(), &issuer, &audit_spki, 1, serial)?, None));
    }
    if !room.journal.state().has_own_crl() {
        // A log that was restored goes on with every root that it had, and what each of them revoked.
        let now = room.journal.now();
        let living = room.journal.state().living_certificates().into_iter();
        let others = living.filter(|(generation, root)| *generation != issuer.generation && root.not_after > now);
        for generation in others.map(|(generation, _)| generation).collect::<Vec<_>>() {
            keys.root_spki(generation)?;
            let other = issuer_of(room, generation)?;
            made.push((make::crl(room.context(), &other, room.journal.state())?, None));
        }
        made.push((make::crl(room.context(), &issuer, room.journal.state())?, None));
    }
    if room.wishes.csr && !room.journal.state().parents.requests.contains_key(&issuer.generation) {
        made.push((make::request(room.context(), &issuer)?, None));
    }
    Ok(made)
}

fn intermediates(room: &mut Room<'_>, keys: &mut Keyring, pending: &[Pending]) -> Result<Made, Error> {
    let issuer = issuer(room)?;
    let of = pending.len();
    let mut made = Vec::with_capacity(of);
    for (index, pending) in pending.iter().enumerate() {
        if of > 1 {
            room.people.working(index, of, "planning");
        }
        let serial = room.serial_number(keys)?;
        let mut accepted = pending.accepted.clone();
        accepted.cluster.changes.extend(another_root(room.journal.state(), &accepted.cluster.name, issuer.generation));
        made.push((make::intermediate(room.context(), &issuer, &accepted, serial)?, Some(index)));
    }
    room.people.working(of, of, "");
    Ok(made)
}

/// The root that issues: the one that people chose, else the newest that is current. What is asked for from a
/// rollover on goes to the new root, because the old one is on its way out; a cluster that cannot move yet is
/// renewed under the old one by name, and its plan says so.
///
/// # Errors
/// As [`issuer_of`]; [`Kind::Usage`]: the one that was chosen is not current.
pub fn issuer(room: &Room<'_>) -> Result<Issuer, Error> {
    let (state, now) = (room.journal.state(), room.journal.now());
    let Some(chosen) = room.wishes.issuer_generation else {
        return issuer_of(room, state.issuing_root(now).unwrap_or(1));
    };
    let current: Vec<u32> = state.current_roots(now).into_iter().map(|(generation, _)| generation).collect();
    if current.contains(&chosen) {
        return issuer_of(room, chosen);
    }
    let current = current.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    Err(Error::new(Kind::Usage, "no current root has this generation")
        .saw(chosen.to_string())
        .wanted(if current.is_empty() { "none is current".to_owned() } else { current })
        .hint("anchorite status lists the roots")
        .truth("Nothing was signed."))
}

/// The root of a generation, from the log.
///
/// # Errors
/// [`Kind::Refused`]: its certificate has ended.
pub fn issuer_of(room: &Room<'_>, generation: u32) -> Result<Issuer, Error> {
    let state = room.journal.state();
    let missing = || Error::new(Kind::Bug, format!("the log has no root of generation {generation}"));
    let key = state.key_of(KeyRole::Root.name(), generation).ok_or_else(missing)?;
    let der = state.roots().get(&generation).and_then(|c| c.der.clone()).ok_or_else(missing)?;
    let spki = key.spki.clone().ok_or_else(missing)?;
    let view = Arc::new(read::certificate(&der)?.view);
    let now = room.journal.now();
    if now >= view.not_after {
        return Err(Error::new(Kind::Refused, "the root certificate has ended: nothing that it signs now is valid")
            .saw(now.to_string())
            .wanted(format!("a time before {}", view.not_after))
            .hint("is the clock right? (date -u)")
            .hint("if it is, the meshes need a new root: anchorite root rollover")
            .truth("Nothing was signed."));
    }
    Ok(Issuer { generation: key.generation, spki, view })
}

/// What a renewal under another root means to its mesh, where it is one.
fn another_root(state: &State, cluster: &str, issuer: u32) -> Option<String> {
    let before = state.newest_intermediate(cluster)?.issuer_generation;
    let says = format!("root: was generation {before}, is generation {issuer}: this is a rollover, not a hot reload");
    (before != issuer).then_some(says)
}
