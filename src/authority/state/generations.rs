//! Generations of keys in the fold: which roots are current, which of them issues, which audit key signs, and what
//! a successor lacks.

use super::{Certificate, KeyRecord, State, Status};
use crate::authority::rules::{broken, expect};
use crate::error::Error;
use crate::log::record::AuditRotated;
use crate::log::rotation::{Handover, statement};
use crate::x509::{SignatureAlgorithm, Spki, read, verify};
use jiff::Timestamp;
use std::collections::BTreeSet;

const ROOT: &str = "root";
const AUDIT: &str = "audit";

/// The generations that the next rollover makes, or goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    /// Of the root key.
    pub root: u32,
    /// Of the audit key.
    pub audit: u32,
    /// True where an interrupted rollover made something of it already.
    pub begun: bool,
}

impl State {
    /// Roles and generations of keys that were announced and of which the log never had the public half.
    pub fn unmade_keys(&self) -> Vec<(String, u32)> {
        let announced = self.keys.iter().filter(|key| self.key_of(&key.role, key.generation).is_none());
        let unmade: BTreeSet<(String, u32)> = announced.map(|key| (key.role.clone(), key.generation)).collect();
        unmade.into_iter().collect()
    }

    /// The roots that meshes rely on at a time, oldest first: certified, with a CRL, not ended, and the end of their
    /// keys not announced. A root that has no CRL yet issues nothing, because nobody could be told what it revokes.
    pub fn current_roots(&self, now: Timestamp) -> Vec<(u32, &Certificate)> {
        let living: Vec<u32> = self.living_roots().map(|key| key.generation).collect();
        let current = |(generation, root): &(u32, &Certificate)| {
            living.contains(generation) && self.crls.contains_key(generation) && root.not_after >= now
        };
        self.roots().into_iter().filter(current).collect()
    }

    /// The root that issues unless people say otherwise: the newest one that is current; where all ended, the newest.
    pub fn issuing_root(&self, now: Timestamp) -> Option<u32> {
        let newest = || self.roots().into_keys().next_back();
        self.current_roots(now).last().map(|(generation, _)| *generation).or_else(newest)
    }

    /// The audit key that signs now: the last one that the log was handed to, else the first.
    pub fn audit_in_force(&self) -> Option<&KeyRecord> {
        self.audit_at(u64::MAX)
    }

    /// The audit key that signs a checkpoint of a size: the last one that the log was handed to among the entries
    /// that it covers, else the first.
    pub fn audit_at(&self, size: u64) -> Option<&KeyRecord> {
        let handed = self.rotations.iter().rev().find(|(seq, _)| *seq < size).map(|(_, generation)| *generation);
        match handed {
            Some(generation) => self.key_of(AUDIT, generation),
            None => self.keys.iter().find(|key| key.role == AUDIT && key.spki.is_some()),
        }
    }

    /// The issued certificates of an audit key, one for each root that certified it, oldest root first.
    pub fn audit_certificates(&self, key: &KeyRecord) -> Vec<&Certificate> {
        let mut found = self.issued_for(AUDIT, key.spki.as_ref());
        // Of one issuer the newest counts: an earlier one was made again.
        found.reverse();
        found.sort_by_key(|c| c.issuer_generation);
        found.dedup_by_key(|c| c.issuer_generation);
        found
    }

    /// The newest certificate by which one root vouches for another, where it was not revoked.
    pub fn cross(&self, subject: u32, issuer: u32) -> Option<&Certificate> {
        let spki = self.key_of(ROOT, subject)?.spki.as_ref();
        let newest = self.issued_for("cross", spki).into_iter().rfind(|c| c.issuer_generation == issuer)?;
        self.revoked(&newest.serial).is_none().then_some(newest)
    }

    /// Every cross certificate that is there: the generation that is vouched for, the one that vouches, DER.
    pub fn crosses(&self) -> Vec<(u32, u32, &[u8])> {
        let generations: Vec<u32> = self.roots().into_keys().collect();
        let pairs = generations.iter().flat_map(|subject| generations.iter().map(move |issuer| (*subject, *issuer)));
        let found = |(subject, issuer)| Some((subject, issuer, self.cross(subject, issuer)?.der.as_deref()?));
        pairs.filter_map(found).collect()
    }

    /// The root that a cross certificate vouches for.
    pub fn vouched_for(&self, cross: &Certificate) -> Option<u32> {
        let spki = read::certificate(cross.der.as_deref()?).ok()?.view.spki;
        self.keys.iter().find(|key| key.role == ROOT && key.spki.as_ref() == Some(&spki)).map(|key| key.generation)
    }

    /// What the next rollover makes: the generation after the newest, or the one that an interrupted rollover began.
    /// A generation is made once the log was handed to an audit key that it certified.
    pub fn succession(&self) -> Succession {
        let newest = |role: &str| self.keys.iter().filter(|k| k.role == role).map(|k| k.generation).max().unwrap_or(1);
        let (root, audit) = (newest(ROOT), newest(AUDIT));
        match self.is_made(root) {
            true => Succession { root: root + 1, audit: audit + 1, begun: false },
            false => {
                let in_force = self.audit_in_force().map_or(1, |key| key.generation);
                Succession { root, audit: audit.max(in_force + 1), begun: true }
            }
        }
    }

    /// True once a root generation has all that belongs to it.
    pub fn is_made(&self, generation: u32) -> bool {
        let certified = self.roots().contains_key(&generation) && self.crls.contains_key(&generation);
        let vouched = self
            .audit_in_force()
            .is_some_and(|key| self.audit_certificates(key).iter().any(|c| c.issuer_generation >= generation));
        certified && vouched
    }

    /// Issued certificates of a kind for a key, in the order of their intents.
    fn issued_for(&self, what: &str, spki: Option<&Spki>) -> Vec<&Certificate> {
        let of_key = |c: &&Certificate| {
            let der = c.der.as_deref().filter(|_| c.what == what && c.status == Status::Issued);
            spki.is_some()
                && der.and_then(|der| read::certificate(der).ok()).is_some_and(|c| Some(&c.view.spki) == spki)
        };
        let mut found: Vec<&Certificate> = self.certificates.of_authority().filter(of_key).collect();
        found.sort_by_key(|c| c.intent);
        found
    }

    /// The log passes to another audit key: both signed for it, over everything before.
    pub(super) fn rotate_audit(&mut self, seq: u64, rotated: &AuditRotated) -> Result<(), Error> {
        const RULE: &str = "audit.rotation";
        let (old, new) = (Spki::from_der(&rotated.old_spki.0)?, Spki::from_der(&rotated.new_spki.0)?);
        let of = |spki: &Spki| format!("spki sha256 {}", spki.sha256());
        let in_force = self.audit_in_force().and_then(|key| key.spki.clone());
        expect(in_force.as_ref() == Some(&old), RULE, "the key that signed until now hands the log over", &of(&old))?;
        let taker = self.key_of(AUDIT, rotated.generation);
        let taker = taker.filter(|key| key.spki.as_ref() == Some(&new) && new != old);
        let taker =
            taker.ok_or_else(|| broken(RULE, "the log is handed to the audit key of its generation", &of(&new)))?;
        expect(!self.audit_certificates(taker).is_empty(), RULE, "a root certified the new audit key", &of(&new))?;
        expect(rotated.size == seq, RULE, "the statement is about every entry before it", &rotated.size.to_string())?;
        let handover = Handover { origin: &self.origin, size: rotated.size, root: rotated.root };
        let text = statement(&handover, &old, &new);
        for (spki, signature, whose) in
            [(&old, &rotated.old_signature, "the old key's"), (&new, &rotated.new_signature, "the new key's")]
        {
            verify::signature(spki, SignatureAlgorithm::EcdsaSha256, text.as_bytes(), &signature.0)
                .map_err(|_| broken(RULE, "both keys signed the statement", &format!("a false signature, {whose}")))?;
        }
        self.rotations.push((seq, rotated.generation));
        Ok(())
    }
}
