//! What the log did not see happen: keys that were made, certificates that were issued and clusters that were
//! enrolled before it began, by an adopted root or in a log that was lost. Part of the fold: what is taken over
//! here counts as the log's own, so that no serial number, name, generation or number is used twice.

use super::{BundleRecord, Certificate, Cluster, Crl, KeyRecord, Requested, Retired, State, Status};
use crate::authority::rules::{broken, expect};
use crate::digest::Hex;
use crate::error::Error;
use crate::log::record::{
    CertificateRevoked, HistoryImported, KeyAdopted, PastCertificate, PastCluster, PastCrl, PastLog, PastRevocation,
    Restore,
};
use crate::x509::{Spki, read};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why the history of an authority begins before its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its root was made elsewhere.
    Adoption,
    /// Its log was lost, and begun anew from an older copy.
    Restore,
}

impl Origin {
    /// The name in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Adoption => "adoption",
            Origin::Restore => "restore",
        }
    }

    /// What everybody is told who reads of the authority; `entry` is the first whose past is not covered.
    pub fn says(self, entry: u64) -> String {
        let why = match self {
            Origin::Adoption => "the root was adopted, and what it signed before is what its owners said",
            Origin::Restore => "an older log was lost, and this one begins with what was left of it",
        };
        format!("History before entry {entry} is not covered: {why}.")
    }
}

/// What the log says of the time before it.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Why there is one, and the first entry whose past is not covered; `None` where the log saw everything.
    pub uncovered: Option<(Origin, u64)>,
    /// The logs that this one takes the place of, newest first.
    pub logs: Vec<PastLog>,
    /// The entry that says which log this one takes the place of.
    pub restored: Option<u64>,
    /// Certificates that were taken over.
    pub certificates: u64,
    /// Numbers of the CRLs that were taken over, by the generation of the root key.
    crls: BTreeMap<u32, u64>,
}

impl State {
    /// What everybody is told of the time before the log, where there is one.
    pub fn uncovered(&self) -> Option<String> {
        self.history.uncovered.map(|(origin, entry)| origin.says(entry))
    }

    /// True once a root that this log knows issued a CRL under it.
    pub fn has_own_crl(&self) -> bool {
        self.crls.iter().any(|(generation, crl)| self.history.crls.get(generation) != Some(&crl.number))
    }

    /// True where nothing was intended to be signed yet: only then can history be taken over.
    fn is_unsigned(&self) -> bool {
        self.open_intents.is_empty()
            && self.certificates.values().all(|c| c.outcome == Some(c.intent))
            && self.crl_numbers.keys().all(|generation| self.history.crls.contains_key(generation))
    }

    fn uncovered_from(&mut self, origin: Origin, seq: u64) {
        self.history.uncovered.get_or_insert((origin, seq));
    }

    pub(super) fn adopt_key(&mut self, seq: u64, at: Timestamp, adopted: &KeyAdopted) -> Result<(), Error> {
        let shown = adopted.id.to_string();
        expect(self.is_unsigned(), "key.adopted", "a key is adopted before anything is signed", &shown)?;
        expect(self.keys.iter().all(|k| k.id != adopted.id), "key.id", "a key id is used once", &shown)?;
        let taken = self.key_of(&adopted.role, adopted.generation).is_some();
        let generation = adopted.generation.to_string();
        expect(!taken, "key.generation", "a role has one key of a generation", &generation)?;
        let known = ["root", "audit"].contains(&adopted.role.as_str());
        expect(known, "key.role", "root or audit", &adopted.role)?;
        let spki = Spki::from_der(&adopted.spki.0)?;
        let view = read::certificate(&adopted.certificate.0)?.view;
        expect(view.spki == spki, "key.certificate", "a key is adopted with its own certificate", &shown)?;
        // The audit key's certificate is by a root that was adopted before it.
        let is_issuer =
            |der: &Vec<u8>| read::certificate(der).is_ok_and(|root| root.view.subject_der == view.issuer_der);
        let roots = self.roots();
        let certified = || roots.iter().find(|(_, root)| root.der.as_ref().is_some_and(is_issuer)).map(|(g, _)| *g);
        let issuer = if adopted.role == "root" { Some(adopted.generation) } else { certified() };
        let issuer = issuer.ok_or_else(|| broken("key.adopted", "a root is adopted before the audit key", &shown))?;
        self.take_over(Certificate {
            what: adopted.role.clone(),
            serial: view.serial.clone(),
            issuer_generation: issuer,
            cluster: None,
            generation: None,
            not_after: view.not_after,
            intended: at,
            intent: seq,
            outcome: Some(seq),
            status: Status::Issued,
            der: Some(adopted.certificate.0.clone()),
        })?;
        self.keys.push(KeyRecord {
            id: adopted.id.clone(),
            role: adopted.role.clone(),
            generation: adopted.generation,
            spec: spki.spec(),
            token_serial: adopted.token_serial.clone(),
            spki: Some(spki),
            certificate: Some(view.serial),
        });
        self.uncovered_from(Origin::Adoption, seq);
        Ok(())
    }

    pub(super) fn import_history(&mut self, seq: u64, at: Timestamp, past: &HistoryImported) -> Result<(), Error> {
        let origin = [Origin::Adoption, Origin::Restore].into_iter().find(|origin| origin.name() == past.of);
        let origin = origin.ok_or_else(|| broken("history.of", "adoption or restore", &past.of))?;
        let early = self.is_unsigned();
        expect(early, "history.imported", "history is taken over before anything is signed", &seq.to_string())?;
        if let Some(split) = &past.custody {
            self.custody.split(seq, at, split)?;
            self.custody.initialized(&split.role, Some(&split.set))?;
        }
        past.clusters.iter().try_for_each(|cluster| self.import_cluster(at, cluster))?;
        past.certificates.iter().try_for_each(|certificate| self.import_certificate(seq, at, certificate))?;
        past.crls.iter().try_for_each(|crl| self.import_crl(crl))?;
        self.uncovered_from(origin, seq);
        Ok(())
    }

    /// The past's certificates join those that the log saw: a serial number is used once, whoever used it.
    fn take_over(&mut self, certificate: Certificate) -> Result<(), Error> {
        let fresh = !self.certificates.contains_key(&certificate.serial);
        expect(fresh, "serial.unique", "a serial number is used once", &certificate.serial.to_string())?;
        self.certificates.insert(certificate.serial.clone(), certificate);
        self.history.certificates += 1;
        Ok(())
    }

    fn import_certificate(&mut self, seq: u64, at: Timestamp, past: &PastCertificate) -> Result<(), Error> {
        let serial = past.serial.to_string();
        let known = ["imported", "audit", "intermediate", "cross"].contains(&past.what.as_str());
        expect(known, "history.what", "imported, audit, intermediate or cross", &past.what)?;
        if let Some(der) = &past.der {
            let view = read::certificate(&der.0)?.view;
            let same = view.serial == past.serial && view.not_after == past.not_after;
            expect(same, "history.certificate", "what is said of a certificate is what it says", &serial)?;
            let holder = past.cluster.clone().unwrap_or_else(|| format!("the imported certificate {serial}"));
            self.keys_of.insert(view.spki.sha256(), holder);
        }
        if let Some(cluster) = &past.cluster {
            let known = self.clusters.get(cluster).is_some_and(|c| past.generation.is_some_and(|g| g <= c.generation));
            expect(known, "history.cluster", "a certificate is of an imported cluster and its generations", cluster)?;
            let delivered = self.clusters.get(cluster).and_then(|c| c.bundles.last()).map(|bundle| bundle.generation);
            let waits = past.der.is_some() && past.generation > delivered;
            if waits && self.clusters.get(cluster).is_some_and(|c| c.retired.is_none()) {
                self.undelivered.insert(cluster.clone());
            }
        }
        self.take_over(Certificate {
            what: past.what.clone(),
            serial: past.serial.clone(),
            issuer_generation: past.issuer_generation,
            cluster: past.cluster.clone(),
            generation: past.generation,
            not_after: past.not_after,
            intended: at,
            intent: seq,
            outcome: Some(seq),
            status: if past.unknown { Status::Unknown } else { Status::Issued },
            der: past.der.as_ref().map(|der| der.0.clone()),
        })?;
        let Some(PastRevocation { date, reason, invalid_from }) = past.revoked.clone() else { return Ok(()) };
        self.revoke(seq, at, &CertificateRevoked { serial: past.serial.clone(), reason, date, invalid_from })
    }

    fn import_crl(&mut self, past: &PastCrl) -> Result<(), Error> {
        let shown = past.generation.to_string();
        expect(!self.crl_numbers.contains_key(&past.generation), "history.crl", "a root's CRLs come once", &shown)?;
        let mut own = 0;
        if let Some(der) = &past.der {
            let view = read::crl(&der.0)?.view;
            own = view.number.unwrap_or_default();
            expect(own <= past.used, "history.crl", "the number of a CRL counts as used", &own.to_string())?;
            let crl = Crl { number: own, next_update: view.next_update, der: der.0.clone(), outcome: None };
            self.crls.insert(past.generation, crl);
            self.listed_by(past.generation, &view);
        }
        self.crl_numbers.insert(past.generation, past.used);
        self.history.crls.insert(past.generation, own);
        Ok(())
    }

    fn import_cluster(&mut self, at: Timestamp, past: &PastCluster) -> Result<(), Error> {
        let fresh = !self.clusters.contains_key(&past.name);
        expect(fresh, "cluster.unique", "a cluster's name is enrolled once", &past.name)?;
        let requests = past.requests.iter().map(|request| {
            let requested = Requested {
                csr_sha256: request.csr_sha256,
                environment: request.environment.clone(),
                trust_domain: request.trust_domain.clone(),
                recipients: request.recipients.clone(),
                profile: request.profile.clone(),
            };
            (request.generation, Arc::new(requested))
        });
        // Its tree is another log's: no proof in this one leads to it.
        let bundle = past.bundle.as_ref().map(|last| BundleRecord {
            id: last.id.clone(),
            generation: last.generation,
            sequence: last.sequence,
            tree_size: 0,
            at,
        });
        let cluster = Cluster {
            environment: past.environment.clone(),
            trust_domain: past.trust_domain.clone(),
            recipients: past.recipients.clone(),
            profile: past.profile.clone(),
            key_origin: past.key_origin.clone(),
            since: past.since,
            generation: past.generation,
            bundles: bundle.into_iter().collect(),
            requests: requests.collect(),
            retired: past.retired.as_ref().map(|r| Retired { at: r.at, reason: r.reason.clone() }),
        };
        self.clusters.insert(past.name.clone(), cluster);
        Ok(())
    }

    pub(super) fn restore(&mut self, seq: u64, restore: &Restore) -> Result<(), Error> {
        let shown = restore.log.to_string();
        expect(self.history.logs.is_empty(), "restore.once", "a log takes the place of one other", &shown)?;
        expect(self.is_unsigned(), "restore.first", "a log is restored before anything is signed", &shown)?;
        let own = self.log.as_ref() == Some(&restore.log);
        expect(!own, "restore.log", "a log takes the place of another than itself", &shown)?;
        let cited = restore.cited >= restore.size;
        expect(cited, "restore.cited", "a lost log had its copy's entries", &restore.cited.to_string())?;
        let newest = PastLog { log: restore.log.clone(), cited: restore.cited };
        self.history.logs = std::iter::once(newest).chain(restore.before.iter().cloned()).collect();
        self.history.restored = Some(seq);
        self.uncovered_from(Origin::Restore, seq);
        Ok(())
    }

    /// The id of the log that this one takes the place of.
    pub fn replaces(&self) -> Option<&Hex> {
        self.history.logs.first().map(|past| &past.log)
    }
}
