//! `rotate-audit`: the log passes to the new audit key. The old one signs its last checkpoint; both sign a statement
//! about exactly what that covers; every checkpoint and envelope from here on is the new one's.

use crate::ceremony::people::Stop;
use crate::ceremony::room::{Bench, Room};
use crate::ceremony::script::Step;
use crate::ceremony::succession::elder_generations;
use crate::ceremony::vocabulary::{Activity, Fact, Lasts, Ways};
use crate::digest::Base64;
use crate::error::{Error, Kind};
use crate::execute::Keyring;
use crate::log::record::AuditRotated;
use crate::log::rotation::{Handover, statement};
use crate::screen::Screen;
use crate::token::KeyRole;

/// The activity.
pub const ACTIVITY: Activity = Activity {
    name: "rotate-audit",
    says: "Hand the log to the new audit key",
    asks: false,
    needs: &[Fact::Unlocked, Fact::NewKeys, Fact::Signed],
    gives: &[],
    takes: &[Fact::NewKeys],
    settings: &[],
    lasts: Lasts::Forever,
    ways: Ways::RETRY,
    medium: None,
    run,
};

fn run(room: &mut Room<'_>, bench: &mut Bench, _: &Step) -> Result<(), Stop> {
    let mut keys = bench.keys.take().ok_or_else(|| Error::new(Kind::Bug, "a step needs an unlocked token"))?;
    let result = rotate(room, &mut keys);
    bench.keys = Some(keys);
    result
}

fn rotate(room: &mut Room<'_>, keys: &mut Keyring) -> Result<(), Stop> {
    let state = room.journal.state();
    let old = state.audit_in_force().map_or(1, |key| key.generation);
    let next = state.succession();
    let Some(new) = state.key_of(KeyRole::Audit.name(), next.audit).filter(|_| next.begun) else {
        // An interrupted rollover came so far; its last checkpoint may be missing.
        return Ok(room.journal.checkpoint(keys)?);
    };
    let by: Vec<u32> = state.audit_certificates(new).iter().map(|c| c.issuer_generation).collect();
    let mut wanted = elder_generations(state, room.journal.now(), next.root);
    wanted.push(next.root);
    let lacks = wanted.iter().find(|generation| !by.contains(generation)).copied();
    let complete = state.roots().contains_key(&next.root) && state.crls.contains_key(&next.root);
    if let Some(issuer) = lacks.or((!complete).then_some(next.root)) {
        let what = format!("the certificates of the new keys are not complete: root {issuer} did not sign all of its");
        return Err(Error::new(Kind::Refused, what)
            .hint("the same command goes on: what is missing is planned and reviewed again")
            .truth("The log stays with the audit key that it was with.")
            .into());
    }
    // Nothing comes between: the old key's last checkpoint covers what the statement is about.
    room.journal.checkpoint(keys)?;
    let origin = room.journal.state().origin.clone();
    let log = room.journal.reading()?;
    let handover = Handover { origin: &origin, size: log.size(), root: log.root() };
    let (from, to) = (keys.audit_spki_of(old)?.clone(), keys.audit_spki_of(next.audit)?.clone());
    let text = statement(&handover, &from, &to);
    let rotated = AuditRotated {
        generation: next.audit,
        old_spki: Base64(from.der().to_vec()),
        new_spki: Base64(to.der().to_vec()),
        size: handover.size,
        root: handover.root,
        old_signature: Base64(keys.sign_statement_as(old, text.as_bytes())?),
        new_signature: Base64(keys.sign_statement_as(next.audit, text.as_bytes())?),
    };
    room.journal.append(vec![rotated.into()])?;
    keys.hand_over(next.audit)?;
    room.journal.checkpoint(keys)?;
    let screen = Screen::new()
        .heading(format!("The log passed to audit key {}", next.audit), format!("from audit key {old}"))
        .field("spki sha256", to.sha256().hex());
    room.people.show(&screen)
}
