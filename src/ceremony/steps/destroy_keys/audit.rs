//! The end of the audit key, after everything else: it signs the checkpoint that holds the announcement of its own end,
//! and nothing can sign anything about this authority after that.

use crate::authority::state::KeyRecord;
use crate::ceremony::room::Room;
use crate::ceremony::script::ScriptKind;
use crate::error::Error;
use crate::execute::Keyring;
use crate::log::Record;
use crate::log::record::KeyDestroying;
use crate::screen::Screen;
use crate::token::{KeyId, KeyRole};

fn audit_keys(room: &Room<'_>) -> Vec<KeyRecord> {
    let ends = room.script.kind == ScriptKind::Decommission && room.journal.state().is_ending();
    let keys = room.journal.state().keys.iter().filter(|key| key.role == KeyRole::Audit.name() && key.spki.is_some());
    keys.filter(|_| ends).cloned().collect()
}

/// What the last checkpoint says of the audit keys of an authority that ends here; nothing in any other ceremony.
pub fn announce_audit(room: &Room<'_>) -> Vec<Record> {
    let living = audit_keys(room).into_iter().filter(|key| room.journal.state().is_alive(key));
    let record = |key: KeyRecord| -> Record {
        KeyDestroying {
            id: key.id,
            role: key.role,
            generation: key.generation,
            token_serial: key.token_serial,
            reason: "the authority ends: this is its last checkpoint".to_owned(),
        }
        .into()
    };
    living.map(record).collect()
}

/// Destroys the audit keys of an authority whose last checkpoint is in place; what people are told of it, `None` in any
/// other ceremony.
///
/// # Errors
/// [`Kind::Token`](crate::error::Kind::Token): the log has ended, and the token may still hold an audit key.
pub fn end_audit(room: &Room<'_>, keys: &mut Keyring) -> Result<Option<Screen>, Error> {
    let doomed = audit_keys(room);
    let ended = |error: Error| {
        error
            .hint("the same command tries again: anchorite decommission")
            .truth("The authority has ended: its root keys are destroyed, and its last checkpoint is in place.")
    };
    for key in &doomed {
        let token = keys.token(KeyRole::Audit)?;
        token.destroy(&KeyId(key.id.clone())).map_err(ended)?;
        token.renew_copies().map_err(ended)?;
    }
    Ok((!doomed.is_empty()).then(|| {
        Screen::new().heading("The audit key is destroyed", "the authority has ended").text(
            "It signed the last checkpoint first, and a new session found it no more. That this was done is on the paper \
             that everybody signs: nothing is left that could sign it.",
        )
    }))
}
