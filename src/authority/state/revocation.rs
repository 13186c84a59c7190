//! Revocations in the log, and what the next CRL of a root must list. Part of the fold; the plan of a CRL and the
//! audit of one both ask here, so they cannot disagree.

use super::{Certificate, Crl, State, Status};
use crate::authority::rules::{broken, expect};
use crate::digest::{Digest, Hex};
use crate::error::Error;
use crate::log::record::CertificateRevoked;
use crate::profile::BACKDATE;
use crate::x509::Reason;
use crate::x509::read::{self, CrlView};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// That a certificate was revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Why.
    pub reason: Reason,
    /// Its revocation date.
    pub date: Timestamp,
    /// Since when its key is known or suspected to be in other hands.
    pub invalid_from: Option<Timestamp>,
    /// Position of its entry.
    pub seq: u64,
}

/// What the log says of revocations.
#[derive(Debug, Clone, Default)]
pub struct Revocations {
    revoked: BTreeMap<Hex, Revocation>,
    /// The keys of revoked certificates, by the digest of their SubjectPublicKeyInfo.
    keys: BTreeMap<Digest, Hex>,
    /// Certificates that a CRL listed which was issued after their end: the next need not (RFC 5280 section 3.3).
    served: BTreeSet<Hex>,
    /// What the newest CRL of each root lists, by the generation of its key.
    on_crl: BTreeMap<u32, BTreeSet<Hex>>,
}

/// An entry that a CRL must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The certificate's serial number.
    pub serial: Hex,
    /// The revocation date.
    pub date: Timestamp,
    /// Why; unspecified where a crash left unknown whether the certificate exists.
    pub reason: Reason,
    /// Since when its key is known or suspected to be in other hands.
    pub invalid_from: Option<Timestamp>,
}

impl Listed {
    /// The revocation date in a CRL of this thisUpdate: none is later, also where a clock was set back.
    pub fn date_at(&self, this_update: Timestamp) -> Timestamp {
        self.date.min(this_update)
    }
}

impl State {
    /// That a certificate was revoked, where it was.
    pub fn revoked(&self, serial: &Hex) -> Option<&Revocation> {
        self.revocations.revoked.get(serial)
    }

    /// What was revoked by entries from a position on.
    pub fn revoked_since(&self, seq: u64) -> Vec<Hex> {
        let since = self.revocations.revoked.iter().filter(|(_, revocation)| revocation.seq >= seq);
        since.map(|(serial, _)| serial.clone()).collect()
    }

    /// The revocation of a certificate for this key, by the digest of its SubjectPublicKeyInfo.
    pub fn revoked_key(&self, spki_sha256: &Digest) -> Option<&Revocation> {
        self.revoked(self.revocations.keys.get(spki_sha256)?)
    }

    /// What the next CRL of a root lists: every revoked certificate that this root key issued and every one that a
    /// crash left unknown, until a CRL issued after its end has listed it. A self-signed certificate never: on its
    /// own CRL it makes relying parties refuse everything below it.
    pub fn to_list(&self, generation: u32) -> BTreeMap<Hex, Listed> {
        let own = self.certificates.values().filter(|c| c.issuer_generation == generation && c.what != "root");
        let due = own.filter(|c| !self.revocations.served.contains(&c.serial));
        due.filter_map(|c| Some((c.serial.clone(), self.listed(c)?))).collect()
    }

    fn listed(&self, certificate: &Certificate) -> Option<Listed> {
        let serial = certificate.serial.clone();
        match (self.revoked(&serial), certificate.status) {
            (Some(Revocation { reason, date, invalid_from, .. }), _) => {
                Some(Listed { serial, date: *date, reason: *reason, invalid_from: *invalid_from })
            }
            // It was never good: as if it had been revoked when it began.
            (None, Status::Unknown) => {
                let date = Timestamp::from_second((certificate.intended - BACKDATE).as_second());
                let date = date.unwrap_or(certificate.intended);
                Some(Listed { serial, date, reason: Reason::Unspecified, invalid_from: None })
            }
            _ => None,
        }
    }

    /// The newest CRL of the newest root that has one.
    pub fn crl(&self) -> Option<&Crl> {
        self.crls.values().next_back()
    }

    /// Where what was not completed began: the first session since a ceremony was completed, which was paused,
    /// interrupted, declined or failed. Of a session that goes on, what was before it counts alone: `until` is where it
    /// began.
    pub fn cut_short(&self, until: Option<u64>) -> Option<u64> {
        self.since_completed.filter(|began| until.is_none_or(|until| *began < until))
    }

    /// Numbers of the CRLs that were signed since `public/` was last written: it may not have them, however the session
    /// ended that signed them. Every ceremony writes it once its token is unlocked.
    pub fn left_crls(&self) -> Vec<u64> {
        let left = self.crls.values().filter(|crl| crl.outcome.is_some_and(|at| self.published < at));
        left.map(|crl| crl.number).collect()
    }

    /// Serial numbers that the newest CRL of a root lists; empty before there is one.
    pub fn on_crl(&self, generation: u32) -> BTreeSet<&Hex> {
        self.revocations.on_crl.get(&generation).into_iter().flatten().collect()
    }

    /// Serial numbers that the next CRL of a root lists and the newest does not: until it is issued, nobody learns
    /// of them.
    pub fn unpublished(&self, generation: u32) -> Vec<Hex> {
        let there = self.on_crl(generation);
        self.to_list(generation).into_keys().filter(|serial| !there.contains(serial)).collect()
    }

    /// Why a certificate cannot be revoked, whoever writes the log; `None` where it can.
    pub fn irrevocable(&self, serial: &Hex) -> Option<&'static str> {
        let Some(certificate) = self.certificates.get(serial) else {
            return Some("no certificate of this authority has this serial number");
        };
        match (certificate.what.as_str(), certificate.status) {
            ("root", _) => Some("a root is not revoked by its own CRL: who holds its key would sign another"),
            (_, Status::Unknown) => Some("a crash left it unknown: every CRL lists it already"),
            (_, Status::Open | Status::Failed) => Some("it was never issued"),
            ("audit", _) if self.in_use_for_audit(serial) => {
                Some("it is the audit key in use: without it nothing new in this log could be verified")
            }
            _ if self.revoked(serial).is_some() => Some("it is revoked already"),
            _ => None,
        }
    }

    fn in_use_for_audit(&self, serial: &Hex) -> bool {
        let in_force = self.audit_in_force().map(|key| self.audit_certificates(key)).unwrap_or_default();
        in_force.iter().any(|certificate| certificate.serial == *serial)
    }

    pub(super) fn revoke(&mut self, seq: u64, at: Timestamp, record: &CertificateRevoked) -> Result<(), Error> {
        let CertificateRevoked { serial, reason, date, invalid_from } = record;
        if let Some(why) = self.irrevocable(serial) {
            return Err(broken(
                "revocation.serial",
                "an issued certificate of this authority, once",
                &serial.to_string(),
            )
            .hint(why));
        }
        let fit = reason.unfit().is_none();
        expect(fit, "revocation.reason", "a reason that fits a certificate of a CA", reason.name())?;
        expect(*date <= at, "revocation.date", "a revocation is dated when it is made", &date.to_string())?;
        if let Some(from) = invalid_from {
            expect(from <= date, "revocation.invalid-from", "a date not after the revocation", &from.to_string())?;
        }
        let revocation = Revocation { reason: *reason, date: *date, invalid_from: *invalid_from, seq };
        self.revocations.revoked.insert(serial.clone(), revocation);
        let Some(certificate) = self.certificates.get(serial) else { return Ok(()) };
        if let Some(der) = &certificate.der {
            let spki = read::certificate(der)?.view.spki;
            self.revocations.keys.insert(spki.sha256(), serial.clone());
        }
        // There is nothing to carry to a cluster whose newest certificate is revoked.
        if let Some(cluster) = certificate.cluster.clone() {
            let newest = self.newest_intermediate(&cluster).is_some_and(|newest| newest.serial == *serial);
            if newest {
                self.undelivered.remove(&cluster);
            }
        }
        Ok(())
    }

    /// A CRL was issued: what it lists, and who need not be listed again.
    pub(super) fn listed_by(&mut self, generation: u32, view: &CrlView) {
        let listed: BTreeSet<Hex> = view.revoked.iter().map(|(serial, ..)| serial.clone()).collect();
        let ended = |serial: &&Hex| self.certificates.get(*serial).is_some_and(|c| c.not_after < view.this_update);
        let served: Vec<Hex> = listed.iter().filter(ended).cloned().collect();
        self.revocations.served.extend(served);
        self.revocations.on_crl.insert(generation, listed);
    }
}

#[cfg(test)]
mod tests;
