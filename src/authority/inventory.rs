//! What exists and what is due, from the state and a time: the data behind `status`.

use super::Config;
use super::calendar::{self, Due};
use super::state::{self, Backup, Certificate, State, Status};
use crate::digest::Hex;
use crate::log::record::CheckpointWitnessed;
use jiff::Timestamp;
use serde::Serialize;

/// What exists, for people and for JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inventory {
    /// The authority's name.
    pub authority: String,
    /// `production`, `test`, `rehearsal`.
    pub kind: String,
    /// The checkpoint origin.
    pub origin: String,
    /// Number of entries in the log.
    pub entries: u64,
    /// Sessions that were closed.
    pub sessions: u64,
    /// The last closed session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_session: Option<LastSession>,
    /// What the log does not cover, where its history begins before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncovered: Option<String>,
    /// What an interrupted session left, a sentence each.
    pub interrupted: Vec<String>,
    /// Who opens the root's token, where custodians do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<Custody>,
    /// Copies of the root key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_backups: Vec<KeyBackup>,
    /// Who elsewhere countersigned which state of the log last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub countersigned: Vec<Countersigned>,
    /// Closing checkpoints that nobody elsewhere has countersigned, where the configuration names who should: sizes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uncountersigned: Vec<u64>,
    /// When the authority ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Root keys that signed and are gone or about to be: their generations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub destroyed_roots: Vec<u32>,
    /// Certificates, roots first.
    pub certificates: Vec<Issued>,
    /// The newest CRL of the newest root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl: Option<Crl>,
    /// Where there is more than one root: the newest CRL of each that is current, oldest root first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crls: Vec<Crl>,
    /// Clusters.
    pub clusters: Vec<Cluster>,
    /// What is due, soonest first.
    pub due: Vec<Due>,
}

/// The last closed session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastSession {
    /// Its ceremony.
    pub ceremony: String,
    /// When it closed.
    pub closed: Timestamp,
    /// True where that was a pause: the same command goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

/// Custodians who open the token together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Custody {
    /// The set of their shares.
    pub set: Hex,
    /// How many open it.
    pub threshold: u8,
    /// How many there are.
    pub custodians: usize,
    /// Since the set was dealt.
    pub dealt: Timestamp,
}

/// A checkpoint that somebody elsewhere countersigned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Countersigned {
    /// Who.
    pub by: String,
    /// When, by their clock.
    pub at: Timestamp,
    /// The number of entries of the checkpoint.
    pub size: u64,
}

/// A copy of the root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyBackup {
    /// What people call it.
    pub name: String,
    /// Its serial number.
    pub serial: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it last signed a proof.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved: Option<Timestamp>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issued {
    /// `root`, `audit`, `intermediate`.
    pub what: String,
    /// Serial number.
    pub serial: Hex,
    /// `issued`, `failed`, `unknown`, `open`.
    pub status: &'static str,
    /// Its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The cluster's generation; of a cross certificate, that of the root that it vouches for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
    /// Where there is more than one root: the generation of the one that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_generation: Option<u32>,
    /// End of validity.
    pub not_after: Timestamp,
    /// Since when it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

/// The newest CRL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Crl {
    /// Where there is more than one root: the generation of the one whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_generation: Option<u32>,
    /// Its number.
    pub number: u64,
    /// nextUpdate.
    pub next_update: Timestamp,
}

/// A cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its environment.
    pub environment: String,
    /// Its newest generation.
    pub generation: u32,
    /// Bundles made for it.
    pub bundles: usize,
    /// True where its newest certificate has no bundle yet.
    pub awaits_bundle: bool,
    /// End of its newest certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// Where the certificate before it is valid as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// Where it was retired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retired: Option<Retired>,
}

/// Two generations of a cluster that are valid together: the time in which a mesh goes from one to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// The generation before.
    pub old: u32,
    /// The newest generation.
    pub new: u32,
    /// The root's generation of each, where they differ: the mesh changes its root as well.
    pub roots_differ: bool,
    /// The end of the one that ends first.
    pub until: Timestamp,
}

/// That a cluster was retired: nothing of it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retired {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Its certificates that are still valid.
    pub still_valid: Vec<Issued>,
}

/// Takes stock.
pub fn take(state: &State, config: &Config, now: Timestamp, interrupted: Vec<String>) -> Inventory {
    let mut certificates: Vec<Issued> = state.certificates.values().map(|c| issued(state, c)).collect();
    let rank = |what: &str| match what {
        "root" => 0,
        "cross" => 1,
        "audit" => 2,
        _ => 3,
    };
    certificates.sort_by(|a, b| {
        let key = |c: &Issued| (rank(&c.what), c.cluster.clone(), c.generation, c.issuer_generation);
        key(a).cmp(&key(b))
    });
    let clusters: Vec<Cluster> = state
        .clusters
        .iter()
        .map(|(name, c)| {
            let newest = state.newest_intermediate(name);
            Cluster {
                name: name.clone(),
                environment: c.environment.clone(),
                generation: c.generation,
                bundles: c.bundles.len(),
                awaits_bundle: state.undelivered.contains(name),
                not_after: newest.map(|n| n.not_after),
                overlap: newest.and_then(|newest| overlap(state, name, newest, now)),
                retired: c.retired.as_ref().map(|retired| Retired {
                    at: retired.at,
                    reason: retired.reason.clone(),
                    still_valid: unexpired(state, name, now),
                }),
            }
        })
        .collect();
    Inventory {
        authority: state.name.clone(),
        kind: state.kind.clone(),
        origin: state.origin.clone(),
        entries: state.size,
        sessions: state.sessions_closed,
        last_session: state.last_session.clone().map(|(ceremony, closed)| LastSession {
            ceremony,
            closed,
            paused: state.course.as_ref().is_some_and(|course| course.paused),
        }),
        uncovered: state.uncovered(),
        interrupted,
        custody: state.custody.of("root", "user").map(|set| Custody {
            set: set.set.clone(),
            threshold: set.threshold,
            custodians: set.commitments.len(),
            dealt: set.at,
        }),
        key_backups: state.backups.all().iter().map(backup).collect(),
        countersigned: state.witnessed.newest().map(|(_, record)| Countersigned::of(record)).collect(),
        uncountersigned: match config.countersigners.keys.is_empty() {
            true => Vec::new(),
            false => state.witnessed.waiting().iter().map(|(size, _)| *size).collect(),
        },
        ended: state.ended(),
        destroyed_roots: ended_roots(state),
        crl: state.crl().map(|c| crl(None, c)),
        crls: if has_successors(state) { crls(state, now) } else { Vec::new() },
        due: calendar::due(state, config, now),
        certificates,
        clusters,
    }
}

impl Countersigned {
    /// What a record in the log says.
    pub fn of(record: &CheckpointWitnessed) -> Self {
        Self { by: record.by.name().to_owned(), at: record.at, size: record.size }
    }
}

fn backup(backup: &Backup) -> KeyBackup {
    KeyBackup { name: backup.name.clone(), serial: backup.serial.clone(), made: backup.made, proved: backup.proved() }
}

fn ended_roots(state: &State) -> Vec<u32> {
    let roots = state.keys.iter().filter(|key| key.role == "root" && state.ending(key).is_some());
    roots.map(|key| key.generation).collect()
}

/// True where there is more than one root, current or not: then it is said whose everything is.
fn has_successors(state: &State) -> bool {
    state.roots().len() > 1
}

fn crl(root_generation: Option<u32>, crl: &state::Crl) -> Crl {
    Crl { root_generation, number: crl.number, next_update: crl.next_update }
}

/// The newest CRL of each root that is current; where none is, of the newest.
fn crls(state: &State, now: Timestamp) -> Vec<Crl> {
    let own = |generation: u32| has_successors(state).then_some(generation);
    let current = state.current_roots(now).into_iter();
    let mut found: Vec<Crl> =
        current.filter_map(|(generation, _)| Some(crl(own(generation), state.crls.get(&generation)?))).collect();
    found.extend(state.crl().filter(|_| found.is_empty()).map(|newest| crl(None, newest)));
    found
}

fn issued(state: &State, c: &Certificate) -> Issued {
    let issuer_generation = has_successors(state).then_some(c.issuer_generation);
    Issued {
        issuer_generation,
        what: c.what.clone(),
        serial: c.serial.clone(),
        status: match c.status {
            Status::Open => "open",
            Status::Issued => "issued",
            Status::Failed => "failed",
            Status::Unknown => "unknown",
        },
        cluster: c.cluster.clone(),
        generation: c.generation.or_else(|| state.vouched_for(c).filter(|_| c.what == "cross")),
        not_after: c.not_after,
        revoked: state.revoked(&c.serial).map(|revocation| revocation.date),
    }
}

/// The newest certificate of a cluster beside the one before it, where both are valid at a time.
fn overlap(state: &State, cluster: &str, newest: &Certificate, now: Timestamp) -> Option<Overlap> {
    let before = state.unexpired(cluster, now).into_iter().filter(|c| c.generation < newest.generation);
    let old = before.max_by_key(|c| c.generation)?;
    Some(Overlap {
        old: old.generation?,
        new: newest.generation?,
        roots_differ: old.issuer_generation != newest.issuer_generation,
        until: old.not_after.min(newest.not_after),
    })
}

/// A cluster's certificates that may be in use at a time.
pub fn unexpired(state: &State, cluster: &str, now: Timestamp) -> Vec<Issued> {
    state.unexpired(cluster, now).into_iter().map(|c| issued(state, c)).collect()
}
