//! What the log says of an authority's tokens and of the keys in them, as it was recorded last.

use crate::authority::State;
use crate::ceremony::session::Folder;
use crate::digest::Hex;
use crate::error::Error;
use crate::log::Record;
use crate::log::record::{SessionOpened, TokenUnlocked};
use crate::store::{self, Reading};
use std::collections::BTreeMap;

/// Every attribute of a key pair as it was read back, by PKCS#11 name.
pub(super) type Attributes = BTreeMap<String, String>;

/// A log, read for what it says of tokens.
pub struct Recorded {
    /// Its state.
    pub state: State,
    /// Its tree, for the guard.
    pub(super) reading: Reading,
    /// The attributes of each key as they were recorded last, by CKA_ID.
    pub(super) attributes: BTreeMap<Hex, Attributes>,
    /// Who each token said it is at its last unlocking, by role.
    pub(super) unlocked: BTreeMap<String, TokenUnlocked>,
    /// The last session's program and module.
    pub(super) session: Option<SessionOpened>,
}

impl Recorded {
    /// Reads an authority's log, without a lock.
    ///
    /// # Errors
    /// [`Kind::Medium`](crate::error::Kind::Medium), [`Kind::Verify`](crate::error::Kind::Verify).
    pub fn read(folder: &Folder) -> Result<Self, Error> {
        let (mut state, mut attributes) = (State::default(), BTreeMap::new());
        let (mut unlocked, mut session) = (BTreeMap::new(), None);
        let reading = store::read(&folder.log(), &mut |entry| {
            match &entry.record {
                Record::KeyGenerated(key) => drop(attributes.insert(key.id.clone(), key.attributes.clone())),
                Record::KeyLocked(key) => drop(attributes.insert(key.id.clone(), key.attributes.clone())),
                Record::KeyRestored(key) => drop(attributes.insert(key.id.clone(), key.attributes.clone())),
                Record::KeyAdopted(key) => drop(attributes.insert(key.id.clone(), key.attributes.clone())),
                Record::TokenUnlocked(token) => drop(unlocked.insert(token.role.clone(), token.clone())),
                Record::SessionOpened(opened) => session = Some(opened.clone()),
                _ => {}
            }
            state.apply(entry)
        })?;
        Ok(Self { state, reading, attributes, unlocked, session })
    }
}
