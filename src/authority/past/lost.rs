//! A log of which only an older copy is left: what the copy says, what later papers and files add to it, and the
//! floors above which everything that is numbered goes on. Pure.

use super::{of, portions};
use crate::authority::State;
use crate::authority::state::{Cluster, KeyRecord, Requested, Status};
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::log::note;
use crate::log::record::{
    CustodySplit, HistoryImported, HistorySource, KeySealed, PastBundle, PastCertificate, PastCluster, PastCrl,
    PastLog, PastRequest, PastRetirement, PastRevocation, Restore,
};
use crate::text;
use crate::x509::read::{self, Certificate, Crl, show_name};
use crate::x509::{Reason, verify};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A certificate costs a plan, its approval, an intent and an outcome: so many entries of the log at least.
const ENTRIES_OF_A_CERTIFICATE: u64 = 4;
/// Clusters in one entry: each takes up to a few kilobytes.
const CLUSTERS: usize = 100;

/// A lost log, as far as it is known.
#[derive(Debug, Clone)]
pub struct Lost {
    /// What the copy says.
    pub state: State,
    /// Its id.
    pub log: Hex,
    /// The number of entries in the copy.
    pub size: u64,
    /// The tree's root over them.
    pub root: Digest,
    /// The most entries that it is known to have had.
    pub cited: u64,
    /// The newest checkpoint that was brought.
    pub checkpoint: Option<String>,
    /// Keys that the copy holds sealed.
    pub sealed: Vec<KeySealed>,
    /// Certificates of the part that is lost.
    pub found: Vec<Delivered>,
    sources: Vec<HistorySource>,
    crls: BTreeMap<u32, Crl>,
}

/// What a cluster has of a bundle that it opened.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The cluster as its manifest names it.
    pub cluster: PastCluster,
    /// The intermediate, DER.
    pub certificate: Certificate,
    /// The log that the bundle came from, and its size then.
    pub seen: (String, u64),
}

impl Lost {
    /// What a copy says of its log.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the copy has no root to go on with.
    pub fn of(state: State, size: u64, root: Digest, sealed: Vec<KeySealed>) -> Result<Self, Error> {
        let log = state.log.clone().filter(|_| state.is_founded()).ok_or_else(|| {
            Error::new(Kind::Usage, "the genesis of this copy is not finished: there is nothing to restore")
                .hint("begin anew: anchorite new DIR")
        })?;
        Ok(Self {
            state,
            log,
            size,
            root,
            cited: size,
            checkpoint: None,
            sealed,
            found: Vec::new(),
            sources: Vec::new(),
            crls: BTreeMap::new(),
        })
    }

    /// Names a file that was read.
    pub fn source(&mut self, name: &str, bytes: &[u8]) {
        self.sources.push(HistorySource { name: text::called(&text::escape(name)), sha256: Digest::of(bytes) });
    }

    /// Takes a checkpoint of the log, signed by its audit key; `root_at` gives the root of the copy at a size.
    ///
    /// # Errors
    /// [`Kind::Verify`]: another log's, not signed by its audit key, or of other entries than the copy has.
    pub fn add_checkpoint(&mut self, note: &str, root_at: &dyn Fn(u64) -> Result<Digest, Error>) -> Result<(), Error> {
        let keys = self.state.keys.iter().filter(|key| key.role == "audit").filter_map(|key| key.spki.as_ref());
        let mut verified = keys.map(|spki| note::verify(note, spki));
        let first = verified.next().unwrap_or_else(|| Err(Error::new(Kind::Verify, "the copy has no audit key")));
        let checkpoint = verified.find_map(Result::ok).map_or(first, Ok)?;
        if checkpoint.origin != self.state.origin {
            return Err(Error::new(Kind::Verify, "a checkpoint of another log")
                .saw(&checkpoint.origin)
                .wanted(&self.state.origin));
        }
        if checkpoint.size <= self.size && root_at(checkpoint.size)? != checkpoint.root {
            return Err(Error::new(
                Kind::Verify,
                "the copy is not what the checkpoint covers: one of them was changed or forked",
            )
            .saw(format!("root {} at {} entries", root_at(checkpoint.size)?, checkpoint.size))
            .wanted(format!("root {}", checkpoint.root)));
        }
        if checkpoint.size >= self.cited {
            self.cited = checkpoint.size;
            self.checkpoint = Some(note.to_owned());
        }
        Ok(())
    }

    /// The root certificate that issued something, with its generation.
    fn issuer_of(&self, issued: &dyn Fn(&Certificate) -> bool) -> Option<(u32, Certificate)> {
        let roots = self.state.roots().into_iter().filter_map(|(generation, c)| Some((generation, c.der.as_ref()?)));
        let mut read = roots.filter_map(|(generation, der)| Some((generation, read::certificate(der).ok()?)));
        read.find(|(_, root)| issued(root))
    }

    /// Takes a CRL of a root.
    ///
    /// # Errors
    /// [`Kind::Verify`]: none of the log's roots issued it.
    pub fn add_crl(&mut self, der: &[u8]) -> Result<(), Error> {
        let crl = read::crl(der)?;
        let issuer = self.issuer_of(&|root| verify::crl_issued_by(&crl, root).is_ok());
        let (generation, _) = issuer.ok_or_else(|| {
            Error::new(Kind::Verify, "a CRL that no root of the log issued").saw(show_name(&crl.view.issuer))
        })?;
        let newer = self.crls.get(&generation).is_none_or(|known| known.view.number < crl.view.number);
        if newer && crl.view.number.unwrap_or_default() >= self.state.crl_number(generation) {
            self.crls.insert(generation, crl);
        }
        Ok(())
    }

    /// Takes what a cluster has of a bundle.
    ///
    /// # Errors
    /// [`Kind::Verify`]: another log's, or a certificate that no root of the log issued or that is not the cluster's.
    pub fn add_delivered(&mut self, delivered: Delivered) -> Result<(), Error> {
        let log = self.log.to_string();
        if delivered.seen.0 != log {
            return Err(Error::new(Kind::Verify, "a bundle of another log").saw(&delivered.seen.0).wanted(log));
        }
        let view = &delivered.certificate.view;
        if self.issuer_of(&|root| verify::issued_by(&delivered.certificate, root).is_ok()).is_none() {
            return Err(
                Error::new(Kind::Verify, "a certificate that no root of the log issued").saw(show_name(&view.issuer))
            );
        }
        let named = |label: &str| view.subject.iter().find(|a| a.label == label).map(|a| a.value.as_str());
        let generation = delivered.cluster.generation.to_string();
        if (named("L"), named("serialNumber")) != (Some(delivered.cluster.name.as_str()), Some(generation.as_str())) {
            return Err(Error::new(
                Kind::Verify,
                "a certificate of another cluster or generation than its manifest says",
            )
            .saw(show_name(&view.subject))
            .wanted(format!("L={}, serialNumber={generation}", delivered.cluster.name)));
        }
        self.cited = self.cited.max(delivered.seen.1);
        self.found.push(delivered);
        Ok(())
    }

    /// The keys to go on with, and the certificate of each: the roots that are not destroyed, by generation, then the
    /// audit key in force.
    pub fn keys(&self) -> Vec<(&KeyRecord, &[u8])> {
        let roots = self.state.keys.iter().filter(|key| key.role == "root" && key.spki.is_some());
        let held = roots.filter(|key| self.state.may_be_held(key)).chain(self.state.audit_in_force());
        let der = |key: &KeyRecord| self.state.certificates.get(key.certificate.as_ref()?)?.der.as_deref();
        held.filter_map(|key| Some((key, der(key)?))).collect()
    }

    /// The generations of the roots to go on with: what another signed is no business of this log.
    fn generations(&self) -> Vec<u32> {
        self.keys().into_iter().filter(|(key, _)| key.role == "root").map(|(key, _)| key.generation).collect()
    }

    /// The custody set that opens the token, as the first entry of the new log that a token's unlocking needs.
    pub fn custody(&self) -> Option<HistoryImported> {
        let set = self.state.custody.of("root", "user")?;
        let split = CustodySplit {
            set: set.set.clone(),
            role: set.role.clone(),
            threshold: set.threshold,
            commitments: set.commitments.clone(),
            user: set.user.clone(),
            so: set.so.clone(),
            sealed: Vec::new(),
        };
        Some(HistoryImported { custody: Some(split), ..of("restore") })
    }

    /// The entry that names the log whose place is taken.
    pub fn restore(&self, cited: u64, reason: String) -> Restore {
        let before = &self.state.history.logs;
        Restore {
            log: self.log.clone(),
            size: self.size,
            root: self.root,
            cited,
            reason,
            checkpoint: self.checkpoint.clone(),
            before: before.iter().map(|past| PastLog { log: past.log.clone(), cited: past.cited }).collect(),
        }
    }

    /// Everything that is known of the past, in the order in which the fold takes it: clusters, then certificates,
    /// then CRLs. An intermediate is in an entry of its own: its cluster gets that entry in its bundle.
    pub fn records(&self, cited: u64, now: Timestamp) -> Vec<HistoryImported> {
        let lost = cited.saturating_sub(self.size);
        let mut records = vec![HistoryImported { sources: self.sources.clone(), ..of("restore") }];
        let clusters: Vec<PastCluster> = self.clusters(lost).into_values().collect();
        records
            .extend(clusters.chunks(CLUSTERS).map(|some| HistoryImported { clusters: some.to_vec(), ..of("restore") }));
        let (own, others): (Vec<_>, Vec<_>) =
            self.certificates().into_values().partition(|c| c.cluster.is_some() && c.der.is_some());
        records.extend(own.into_iter().map(|c| HistoryImported { certificates: vec![c], ..of("restore") }));
        let crls = self.generations().into_iter().map(|generation| self.crl(generation, now)).collect();
        records.extend(portions(of("restore"), others.into_iter(), crls));
        records
    }

    /// A CRL number is above the last one and above every one that the lost part can have given: those count one by
    /// one, and seconds since 1970 are far ahead of them.
    fn crl(&self, generation: u32, now: Timestamp) -> PastCrl {
        let newer = self.crls.get(&generation);
        let last = newer.and_then(|crl| crl.view.number).unwrap_or_default().max(self.state.crl_number(generation));
        let clock = u64::try_from(now.as_second()).unwrap_or_default().saturating_sub(1);
        let der = newer.map(|crl| &crl.der).or(self.state.crls.get(&generation).map(|crl| &crl.der));
        PastCrl { generation, used: last.max(clock), der: der.map(|der| Base64(der.clone())) }
    }

    fn clusters(&self, lost: u64) -> BTreeMap<String, PastCluster> {
        let mut clusters: BTreeMap<String, PastCluster> =
            self.state.clusters.iter().map(|(name, cluster)| (name.clone(), past_cluster(name, cluster))).collect();
        for Delivered { cluster: told, .. } in &self.found {
            let known = clusters.entry(told.name.clone()).or_insert_with(|| told.clone());
            known.generation = known.generation.max(told.generation);
            let number = |bundle: &Option<PastBundle>| bundle.as_ref().map(|b| b.sequence);
            if number(&told.bundle) > number(&known.bundle) {
                known.bundle.clone_from(&told.bundle);
            }
            for request in &told.requests {
                if !known.requests.iter().any(|other| other.generation == request.generation) {
                    known.requests.push(request.clone());
                }
            }
        }
        // What is lost can have burnt so many numbers and no more.
        let generations = u32::try_from(lost.div_ceil(ENTRIES_OF_A_CERTIFICATE)).unwrap_or(u32::MAX);
        for cluster in clusters.values_mut().filter(|_| lost > 0) {
            cluster.generation = cluster.generation.saturating_add(generations);
            let nothing = PastBundle { id: String::new(), generation: 0, sequence: 0 };
            let bundle = cluster.bundle.get_or_insert(nothing);
            bundle.sequence = bundle.sequence.saturating_add(lost);
        }
        clusters
    }

    fn certificates(&self) -> BTreeMap<Hex, PastCertificate> {
        let adopted: Vec<&Hex> = self.keys().into_iter().filter_map(|(key, _)| key.certificate.as_ref()).collect();
        let generations = self.generations();
        let carried =
            self.state.certificates.values().filter(|c| generations.contains(&c.issuer_generation)).filter(|c| {
                // A root's own serial number is never on its CRL; what was never signed has none.
                c.what != "root" && c.status != Status::Failed && !adopted.contains(&&c.serial)
            });
        let carried = carried.map(|c| {
            let view = c.der.as_ref().and_then(|der| read::certificate(der).ok()).map(|c| c.view);
            let past = PastCertificate {
                serial: c.serial.clone(),
                what: c.what.clone(),
                subject: view.map(|view| show_name(&view.subject)).unwrap_or_default(),
                not_after: c.not_after,
                issuer_generation: c.issuer_generation,
                cluster: c.cluster.clone(),
                generation: c.generation,
                unknown: matches!(c.status, Status::Unknown | Status::Open),
                revoked: self.state.revoked(&c.serial).map(|r| PastRevocation {
                    date: r.date,
                    reason: r.reason,
                    invalid_from: r.invalid_from,
                }),
                der: c.der.clone().map(Base64),
            };
            (c.serial.clone(), past)
        });
        let mut certificates: BTreeMap<Hex, PastCertificate> = carried.collect();
        for Delivered { cluster, certificate, .. } in &self.found {
            let view = &certificate.view;
            let issuer = self.issuer_of(&|root| verify::issued_by(certificate, root).is_ok());
            certificates.entry(view.serial.clone()).or_insert_with(|| PastCertificate {
                serial: view.serial.clone(),
                what: "intermediate".to_owned(),
                subject: show_name(&view.subject),
                not_after: view.not_after,
                issuer_generation: issuer.map_or(1, |(generation, _)| generation),
                cluster: Some(cluster.name.clone()),
                generation: Some(cluster.generation),
                unknown: false,
                revoked: None,
                der: Some(Base64(certificate.der.clone())),
            });
        }
        for (generation, crl) in &self.crls {
            self.heed(*generation, crl, &mut certificates);
        }
        certificates
    }

    /// What a newer CRL lists was revoked, whether the copy knows of it or not.
    fn heed(&self, generation: u32, crl: &Crl, certificates: &mut BTreeMap<Hex, PastCertificate>) {
        let root = self.state.roots().get(&generation).map(|root| (root.serial.clone(), root.not_after));
        let Some((own, ends)) = root else { return };
        for (serial, date, reason) in crl.view.revoked.iter().filter(|(serial, ..)| *serial != own) {
            let reason = reason.as_deref().and_then(Reason::of_name).unwrap_or(Reason::Unspecified);
            let past = certificates.entry(serial.clone()).or_insert_with(|| PastCertificate {
                serial: serial.clone(),
                what: "imported".to_owned(),
                subject: String::new(),
                not_after: ends,
                issuer_generation: generation,
                cluster: None,
                generation: None,
                unknown: false,
                revoked: None,
                der: None,
            });
            if past.revoked.is_none() && !past.unknown {
                let invalid_from = crl.view.invalidity.get(serial).copied();
                past.revoked = Some(PastRevocation { date: *date, reason, invalid_from });
            }
        }
    }
}

fn past_cluster(name: &str, cluster: &Cluster) -> PastCluster {
    let request = |(generation, r): (&u32, &Arc<Requested>)| PastRequest {
        generation: *generation,
        csr_sha256: r.csr_sha256,
        environment: r.environment.clone(),
        trust_domain: r.trust_domain.clone(),
        recipients: r.recipients.clone(),
        profile: r.profile.clone(),
    };
    PastCluster {
        name: name.to_owned(),
        environment: cluster.environment.clone(),
        trust_domain: cluster.trust_domain.clone(),
        recipients: cluster.recipients.clone(),
        profile: cluster.profile.clone(),
        key_origin: cluster.key_origin.clone(),
        since: cluster.since,
        generation: cluster.generation,
        bundle: cluster.bundles.last().map(|last| PastBundle {
            id: last.id.clone(),
            generation: last.generation,
            sequence: last.sequence,
        }),
        retired: cluster.retired.as_ref().map(|r| PastRetirement { at: r.at, reason: r.reason.clone() }),
        requests: cluster.requests.iter().map(request).collect(),
    }
}
