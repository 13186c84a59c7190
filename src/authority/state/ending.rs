//! The end of keys in the log, and of the authority with the last of them. Part of the fold.

use super::{Certificate, KeyRecord, State, Status};
use crate::authority::rules::{broken, expect};
use crate::digest::Hex;
use crate::error::Error;
use crate::log::Header;
use crate::log::record::{KeyDestroyed, KeyDestroying, SignIntent};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// What the log says of the end of keys, by CKA_ID.
#[derive(Debug, Clone, Default)]
pub struct Endings(BTreeMap<Hex, Ending>);

/// The end of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Since it was announced: from then on the key signs nothing.
    pub announced: Timestamp,
    /// Position of the announcement.
    pub seq: u64,
    /// Why.
    pub reason: String,
    /// When it was shown to be gone from the authority's own token.
    pub gone: Option<Timestamp>,
}

impl State {
    /// The end of a key; `None` while it may be used.
    pub fn ending(&self, key: &KeyRecord) -> Option<&Ending> {
        self.endings.0.get(&key.id)
    }

    /// True for a key that was generated and whose end was not announced.
    pub fn is_alive(&self, key: &KeyRecord) -> bool {
        key.spki.is_some() && self.ending(key).is_none()
    }

    /// True for a key that a session holds: an audit key signs up to the checkpoint over its own end.
    pub fn may_be_held(&self, key: &KeyRecord) -> bool {
        self.is_alive(key) || key.role == "audit" && key.spki.is_some()
    }

    /// Root keys that may be used, oldest first.
    pub fn living_roots(&self) -> impl Iterator<Item = &KeyRecord> {
        self.keys.iter().filter(|key| key.role == "root" && self.is_alive(key))
    }

    /// The self-signed certificates of root keys that may be used, by generation.
    pub fn living_certificates(&self) -> BTreeMap<u32, &Certificate> {
        let mut roots = self.roots();
        roots.retain(|generation, _| self.living_roots().any(|key| key.generation == *generation));
        roots
    }

    /// The certificates under a root's key that outlive it, where it ends: not its own, nor the audit key's.
    pub fn outlived_by(&self, generation: u32) -> impl Iterator<Item = &Certificate> {
        self.certificates.values().filter(move |certificate| {
            certificate.issuer_generation == generation
                && matches!(certificate.what.as_str(), "intermediate" | "cross")
                && certificate.status != Status::Failed
        })
    }

    /// True once there were root keys and the end of each was announced: nothing is issued any more.
    pub fn is_ending(&self) -> bool {
        self.keys.iter().any(|key| key.role == "root" && key.spki.is_some()) && self.living_roots().next().is_none()
    }

    /// When the authority ended: the end of its audit key was announced, and that session is over.
    pub fn ended(&self) -> Option<Timestamp> {
        let audit = self.keys.iter().rev().find(|key| key.role == "audit" && key.spki.is_some())?;
        let ending = self.ending(audit)?;
        self.session.as_ref().is_none_or(|session| session.opened > ending.seq).then_some(ending.announced)
    }

    pub(super) fn apply_destroying(&mut self, header: &Header, destroying: &KeyDestroying) -> Result<(), Error> {
        self.known_key(&destroying.id, &destroying.role, destroying.generation)?;
        if destroying.role == "audit" {
            // What it would have signed about the end of the others could never be signed again.
            expect(self.is_ending(), "key.destroying", "an audit key ends after every root key", &destroying.role)?;
        }
        let open = self.open_intents.values().any(|i| i.issuer_generation == destroying.generation);
        expect(!open, "key.destroying", "a key with an open intent is not destroyed", &destroying.id.to_string())?;
        // A session that goes on after a crash may announce it again: the first one counts.
        let ending = Ending { announced: header.time, seq: self.size, reason: destroying.reason.clone(), gone: None };
        self.endings.0.entry(destroying.id.clone()).or_insert(ending);
        Ok(())
    }

    pub(super) fn apply_destroyed(&mut self, header: &Header, destroyed: &KeyDestroyed) -> Result<(), Error> {
        self.known_key(&destroyed.id, &destroyed.role, destroyed.generation)?;
        if let Some(backup) = &destroyed.backup {
            // A copy of files holds the audit key too; it is a backup of root keys.
            if destroyed.role == "root" {
                self.backups.destroyed(backup, destroyed.generation);
            }
            return Ok(());
        }
        let ending = self.endings.0.get_mut(&destroyed.id).ok_or_else(|| {
            broken("key.destroyed", "the end of a key is announced before it", &destroyed.id.to_string())
        })?;
        ending.gone = Some(header.time);
        Ok(())
    }

    /// A key whose end was announced signs nothing.
    pub(super) fn check_issuer_alive(&self, intent: &SignIntent) -> Result<(), Error> {
        let issuer = self.key_of("root", intent.issuer_generation);
        let alive = issuer.is_none_or(|key| self.is_alive(key));
        let seen = format!("generation {}", intent.issuer_generation);
        expect(alive, "key.destroying", "a key whose end was announced signs nothing", &seen)
    }

    fn known_key(&self, id: &Hex, role: &str, generation: u32) -> Result<(), Error> {
        let is = |key: &KeyRecord| key.id == *id && key.role == role && key.generation == generation;
        let known = self.keys.iter().any(|key| is(key) && key.spki.is_some());
        expect(known, "key.destroyed", "a key that was generated", &id.to_string())
    }
}

#[cfg(test)]
mod tests;
