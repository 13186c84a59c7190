//! Copies of root keys in the log: which were made, which were proved to live, and when. Part of the fold.

use crate::authority::rules::{broken, expect};
use crate::digest::Hex;
use crate::error::Error;
use crate::log::record::{KeyBackupMade, KeyBackupProved, KeyBackupProving, KeyLocked, WrappedKeys};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What the log says of copies of the root key.
#[derive(Debug, Clone, Default)]
pub struct Backups {
    all: Vec<Backup>,
    /// Proofs that were intended, by position.
    proving: BTreeMap<u64, KeyBackupProving>,
    /// Keys that were wrapped and cannot be any more, by CKA_ID.
    locked: BTreeSet<Hex>,
    /// True while keys that were made anew of a wrapped backup have not signed a proof.
    restoring: bool,
}

/// A copy of the root's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// What people call it.
    pub name: String,
    /// `files`, `vendor` or `blob`.
    pub means: String,
    /// Its serial number.
    pub serial: String,
    /// Its label.
    pub label: String,
    /// The generations that it should hold and when each was last proved.
    pub generations: BTreeMap<u32, Option<Timestamp>>,
    /// When it was made.
    pub made: Timestamp,
    /// The file of a wrapped one.
    pub wrapped: Option<WrappedKeys>,
}

impl Backup {
    /// When all of its keys were last proved; `None` where one was never.
    pub fn proved(&self) -> Option<Timestamp> {
        self.generations.values().copied().min()?
    }
}

impl Backups {
    /// Every backup that is not known to be destroyed, oldest first.
    pub fn all(&self) -> &[Backup] {
        &self.all
    }

    /// The backup of a name.
    pub fn named(&self, name: &str) -> Option<&Backup> {
        self.all.iter().find(|backup| backup.name == name)
    }

    /// True for a key that was wrapped and cannot be any more.
    pub fn is_locked(&self, id: &Hex) -> bool {
        self.locked.contains(id)
    }

    /// True where keys were made anew of a wrapped backup, and did not sign a proof yet.
    pub fn is_restoring(&self) -> bool {
        self.restoring
    }

    /// When a copy of this generation's root key was last proved.
    pub fn last_proved(&self, generation: u32) -> Option<Timestamp> {
        self.all.iter().filter_map(|backup| *backup.generations.get(&generation)?).max()
    }

    /// The intended proof at a position.
    pub fn proving(&self, seq: u64) -> Option<&KeyBackupProving> {
        self.proving.get(&seq)
    }

    pub(super) fn made(&mut self, at: Timestamp, made: &KeyBackupMade) -> Result<(), Error> {
        let known = matches!((made.mode.as_str(), &made.wrapped), ("clone", None) | ("wrapped", Some(_)));
        expect(known, "key_backup.mode", "a mode of this version", &made.mode)?;
        expect(!made.generations.is_empty(), "key_backup.generations", "a backup holds a root key", &made.name)?;
        self.all.retain(|backup| backup.name != made.name);
        self.all.push(Backup {
            name: made.name.clone(),
            means: made.means.clone(),
            serial: made.serial.clone(),
            label: made.label.clone(),
            generations: made.generations.iter().map(|generation| (*generation, None)).collect(),
            made: at,
            wrapped: made.wrapped.clone(),
        });
        Ok(())
    }

    pub(super) fn intend(&mut self, seq: u64, proving: &KeyBackupProving) -> Result<(), Error> {
        let holds = self.named(&proving.backup).is_some_and(|b| b.generations.contains_key(&proving.generation));
        expect(holds, "key_backup.proving", "a proof is of a backup that was made", &proving.backup)?;
        self.proving.insert(seq, proving.clone());
        Ok(())
    }

    pub(super) fn proved(&mut self, at: Timestamp, proved: &KeyBackupProved) -> Result<(), Error> {
        let proving = self.proving.remove(&proved.proving).ok_or_else(|| {
            broken("key_backup.proved", "a proof answers one that was intended", &proved.proving.to_string())
        })?;
        self.restoring = false;
        let backup = self.all.iter_mut().find(|backup| backup.name == proving.backup);
        if let Some(last) = backup.and_then(|backup| backup.generations.get_mut(&proving.generation)) {
            *last = Some(at);
        }
        Ok(())
    }

    /// A key is locked once a wrapped backup that was proved holds it.
    pub(super) fn lock(&mut self, locked: &KeyLocked) -> Result<(), Error> {
        let holds = |backup: &Backup| {
            let audits = backup.wrapped.as_ref().map(|wrapped| wrapped.audits.as_slice());
            let audit = || audits.is_some_and(|audits| audits.contains(&locked.generation));
            let root = backup.generations.get(&locked.generation).is_some_and(Option::is_some);
            audits.is_some() && if locked.role == "root" { root } else { audit() && backup.proved().is_some() }
        };
        let shown = locked.id.to_string();
        expect(self.all.iter().any(holds), "key.locked", "a key is locked once its backup is proved", &shown)?;
        self.locked.insert(locked.id.clone());
        Ok(())
    }

    /// A key that came out of a wrapped backup cannot be wrapped again.
    pub(super) fn restored(&mut self, id: &Hex) {
        self.locked.insert(id.clone());
        self.restoring = true;
    }

    /// A copy of a generation's key is gone; a backup without any key is none any more.
    pub(super) fn destroyed(&mut self, name: &str, generation: u32) {
        if let Some(backup) = self.all.iter_mut().find(|backup| backup.name == name) {
            backup.generations.remove(&generation);
        }
        self.all.retain(|backup| !backup.generations.is_empty());
    }
}
