//! The vendor's evidence of where keys were made: each piece is judged again, whoever reads the log.

use super::State;
use crate::authority::rules::{broken, expect};
use crate::digest::Digest;
use crate::error::Error;
use crate::log::record::KeyAttested;
use crate::x509::attested;

/// The most pieces of one key.
const MOST: usize = 64;

/// A piece of evidence for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its entry.
    pub at: u64,
    /// What was recorded.
    pub record: KeyAttested,
}

impl State {
    /// The evidence for a key, in the order in which it was recorded: what signs before what it signed.
    pub fn attested(&self, role: &str, generation: u32) -> impl Iterator<Item = &Piece> {
        self.attested.iter().filter(move |p| p.record.role == role && p.record.generation == generation)
    }

    pub(super) fn attest(&mut self, at: u64, record: &KeyAttested) -> Result<(), Error> {
        let rule = "key.attested";
        let id = record.id.to_string();
        let key = self
            .keys
            .iter()
            .find(|key| key.id == record.id && key.role == record.role && key.generation == record.generation);
        let spki = key.and_then(|key| key.spki.as_ref());
        let spki = spki.ok_or_else(|| broken(rule, "what is attested is a key of this log", &id))?;
        let sha256 = Digest::of(&record.bytes.0);
        expect(sha256 == record.sha256, rule, "evidence has its digest", &sha256.hex())?;
        let of = attested::judge(&record.bytes.0, spki).name();
        expect(of == record.of, rule, "evidence is what it is said to be", of)?;
        let before: Vec<&Piece> = self.attested(&record.role, record.generation).collect();
        expect(before.len() < MOST, rule, "a key has at most 64 pieces of evidence", &id)?;
        if let Some(by) = &record.signed_by {
            let signer = before.iter().find(|piece| piece.record.sha256 == *by);
            let good = signer.is_some_and(|signer| attested::signed(&signer.record.bytes.0, &record.bytes.0));
            expect(good, rule, "what signed a certificate stands before it", &by.hex())?;
        }
        self.attested.push(Piece { at, record: record.clone() });
        Ok(())
    }
}
