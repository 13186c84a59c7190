//! The state of an authority: what its log says, folded. The fold and its rules are in `fold`; this is what
//! the rest of the program asks of it.

mod adoption;
mod attested;
mod backup;
mod certificates;
mod course;
mod custody;
mod drills;
mod ending;
mod fold;
mod generations;
mod parent;
mod revocation;
mod signing;
#[cfg(test)]
pub(crate) mod tests;
mod witnessed;

pub use adoption::{History, Origin};
pub use attested::Piece;
pub use backup::{Backup, Backups};
pub use certificates::Certificates;
pub use course::{Course, DoneStep};
pub use custody::{Custody, CustodySet, Standing};
pub use drills::Drills;
pub use ending::{Ending, Endings};
pub use generations::Succession;
pub use parent::Parents;
pub use revocation::{Listed, Revocation, Revocations};
pub use witnessed::Witnessed;

use crate::digest::{Digest, Hex};
use crate::key::KeySpec;
use crate::log::record::SignIntent;
use crate::x509::Spki;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything that the log says, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Number of entries folded.
    pub size: u64,
    /// Log id.
    pub log: Option<Hex>,
    /// The authority's name.
    pub name: String,
    /// `production`, `test`, `rehearsal`.
    pub kind: String,
    /// The checkpoint origin.
    pub origin: String,
    configs: Vec<Adopted>,
    /// The latest time that an entry has, of those since people last set the clock back.
    pub last_time: Option<Timestamp>,
    /// The session that is open, or was interrupted.
    pub session: Option<Session>,
    /// The ceremony that began and did not end: its steps, over all its sessions.
    pub course: Option<Course>,
    /// What people recorded, the newest by name.
    pub values: BTreeMap<String, String>,
    /// Sessions that were closed.
    pub sessions_closed: u64,
    /// One of them was a ceremony's end, and not a pause or a failure.
    pub completed: bool,
    /// Where the first session began of those since a ceremony was completed.
    since_completed: Option<u64>,
    /// The position behind the last step that wrote `public/`.
    published: u64,
    /// The last closed session's ceremony and time.
    pub last_session: Option<(String, Timestamp)>,
    /// Restore drills.
    pub drills: Drills,
    /// Tokens by role.
    pub tokens: BTreeMap<String, TokenRecord>,
    /// Custody of their PINs.
    pub custody: Custody,
    /// Copies of the root key.
    pub backups: Backups,
    /// The end of keys.
    endings: Endings,
    /// Keys in order of their intents.
    pub keys: Vec<KeyRecord>,
    /// The vendor's evidence of where keys were made.
    attested: Vec<attested::Piece>,
    /// Clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// Certificates by serial number, intended ones included.
    pub certificates: Certificates,
    /// The newest CRL of each root, by the generation of its key.
    pub crls: BTreeMap<u32, Crl>,
    /// The highest CRL number that was intended, by the generation of the root key.
    crl_numbers: BTreeMap<u32, u64>,
    /// Parents of roots.
    pub parents: Parents,
    /// What was countersigned elsewhere.
    pub witnessed: Witnessed,
    /// What was revoked, and what CRLs list.
    pub revocations: Revocations,
    /// What happened before this log began.
    pub history: History,
    /// Intents without outcome, by position.
    pub open_intents: BTreeMap<u64, SignIntent>,
    /// Clusters with a certificate of a session that did not bring a bundle to them and complete.
    pub undelivered: BTreeSet<String>,
    /// Sealed keys by the digest of their public half: the entry's position.
    pub sealed: BTreeMap<Digest, u64>,
    /// Positions at which the log passed to another audit key, and that key's generation.
    rotations: Vec<(u64, u32)>,
    /// The log id as each line carries it.
    log_text: Option<String>,
    scripts: BTreeSet<Digest>,
    plans: BTreeMap<Digest, OpenPlan>,
    imported: BTreeMap<String, Arc<Requested>>,
    requests: BTreeMap<Digest, String>,
    keys_of: BTreeMap<Digest, String>,
    keys_intended: BTreeMap<Digest, (String, u64)>,
}

/// A plan of the open session that is not signed yet.
#[derive(Debug, Clone, Default)]
struct OpenPlan {
    approved: bool,
    profile: Option<String>,
    spki_sha256: Option<Digest>,
}

/// A configuration that an entry adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    /// Position of the entry.
    pub seq: u64,
    /// SHA-256 of the text.
    pub sha256: Digest,
    /// `authority.toml` as it was.
    pub text: String,
}

/// A session in progress or interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its ceremony.
    pub ceremony: String,
    /// Position of `session.opened`.
    pub opened: u64,
    /// When it began.
    pub since: Timestamp,
    /// Steps done, in order.
    pub steps: Vec<String>,
    /// True when an answers file stands for people.
    pub unattended: bool,
}

/// A token that the authority uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Serial number: how it is found.
    pub serial: String,
    /// Label: what people see.
    pub label: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
}

/// A key that was intended, and generated where `spki` is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// CKA_ID.
    pub id: Hex,
    /// `root` or `audit`.
    pub role: String,
    /// Generation, from 1.
    pub generation: u32,
    /// The kind of key.
    pub spec: KeySpec,
    /// The token it lives in.
    pub token_serial: String,
    /// Its public half, once generated.
    pub spki: Option<Spki>,
    /// Its certificate, once issued.
    pub certificate: Option<Hex>,
}

/// An enrolled cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its environment.
    pub environment: String,
    /// Its SPIFFE trust domain.
    pub trust_domain: String,
    /// age recipients of its bundles.
    pub recipients: Vec<String>,
    /// Its certificate profile.
    pub profile: String,
    /// `cluster` or `offline`.
    pub key_origin: String,
    /// When it was enrolled.
    pub since: Timestamp,
    /// The highest generation that was intended; a number burnt by a crash is never used again.
    pub generation: u32,
    /// Its bundles, oldest first.
    pub bundles: Vec<BundleRecord>,
    /// The request of each generation.
    pub requests: BTreeMap<u32, Arc<Requested>>,
    /// Since it was retired: it gets no certificate any more.
    pub retired: Option<Retired>,
}

/// That people retired a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retired {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// What was asked for a generation: an identity serves one request, so recipients belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// SHA-256 of the PKCS#10 request, DER.
    pub csr_sha256: Digest,
    /// The environment it named.
    pub environment: String,
    /// The trust domain it named.
    pub trust_domain: String,
    /// The age recipients of its bundle.
    pub recipients: Vec<String>,
    /// The certificate profile that its plan followed.
    pub profile: String,
}

/// A bundle that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRecord {
    /// Its id.
    pub id: String,
    /// The cluster's generation.
    pub generation: u32,
    /// Its number for this cluster.
    pub sequence: u64,
    /// The tree size of its checkpoint.
    pub tree_size: u64,
    /// When it was logged.
    pub at: Timestamp,
}

/// A certificate that was intended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `root`, `audit`, `intermediate`, `cross`.
    pub what: String,
    /// Serial number.
    pub serial: Hex,
    /// The issuing root key's generation.
    pub issuer_generation: u32,
    /// The cluster of an intermediate.
    pub cluster: Option<String>,
    /// The cluster's generation.
    pub generation: Option<u32>,
    /// End of validity.
    pub not_after: Timestamp,
    /// When it was intended.
    pub intended: Timestamp,
    /// Position of the intent.
    pub intent: u64,
    /// Position of the outcome, once there is one.
    pub outcome: Option<u64>,
    /// What became of it.
    pub status: Status,
    /// DER, where it was issued.
    pub der: Option<Vec<u8>>,
}

/// What became of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No outcome yet.
    Open,
    /// Issued.
    Issued,
    /// Never signed.
    Failed,
    /// May have been signed: treated as issued.
    Unknown,
}

/// A CRL that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// Its number.
    pub number: u64,
    /// nextUpdate.
    pub next_update: Timestamp,
    /// DER.
    pub der: Vec<u8>,
    /// Position of its outcome; `None` where it is from before this log began.
    pub outcome: Option<u64>,
}

impl State {
    /// The configuration in force: the newest one among the first `covered` entries, those under a signed
    /// checkpoint. What stands behind it could have been appended by anybody who has the medium and no token.
    /// Before the first checkpoint it is the one that genesis began with.
    pub fn config(&self, covered: u64) -> Option<&Adopted> {
        self.configs.iter().rev().find(|config| config.seq < covered).or(self.configs.first())
    }

    /// True where a script was adopted before.
    pub fn knows_script(&self, sha256: &Digest) -> bool {
        self.scripts.contains(sha256)
    }

    /// The digest of a request that was imported before, and its cluster.
    pub fn request_known(&self, sha256: &Digest) -> Option<&str> {
        self.requests.get(sha256).map(String::as_str)
    }

    /// The cluster that a public key was certified for, by the digest of its SubjectPublicKeyInfo.
    pub fn key_holder(&self, spki_sha256: &Digest) -> Option<&str> {
        self.keys_of.get(spki_sha256).map(String::as_str)
    }

    /// The cluster whose certificate for this key was intended, and is not known to have failed: after a crash
    /// nobody knows whether it was signed.
    pub fn key_intended_for(&self, spki_sha256: &Digest) -> Option<&str> {
        self.keys_intended.get(spki_sha256).map(|(cluster, _)| cluster.as_str())
    }

    /// The newest generated key of a role.
    pub fn key(&self, role: &str) -> Option<&KeyRecord> {
        self.keys.iter().rev().find(|k| k.role == role && k.spki.is_some())
    }

    /// The key of a role and a generation, once it is generated.
    pub fn key_of(&self, role: &str, generation: u32) -> Option<&KeyRecord> {
        self.keys.iter().find(|k| k.role == role && k.generation == generation && k.spki.is_some())
    }

    /// The newest key of a role that is certified: a younger one that waits for its certificate issues nothing.
    pub fn certified(&self, role: &str) -> Option<&KeyRecord> {
        self.keys.iter().rev().find(|k| k.role == role && k.spki.is_some() && k.certificate.is_some())
    }

    /// The certificate of the newest certified key of a role.
    pub fn certificate_of(&self, role: &str) -> Option<&Certificate> {
        self.certificates.get(self.certified(role)?.certificate.as_ref()?)
    }

    /// The self-signed certificates of the root keys that were issued, by generation.
    pub fn roots(&self) -> BTreeMap<u32, &Certificate> {
        let keys = self.keys.iter().filter(|k| k.role == "root");
        let issued = |serial: &Hex| self.certificates.get(serial).filter(|c| c.status == Status::Issued);
        keys.filter_map(|k| Some((k.generation, issued(k.certificate.as_ref()?)?))).collect()
    }

    /// The highest CRL number of a root that was intended: one that a crash burnt is never used again.
    pub fn crl_number(&self, generation: u32) -> u64 {
        self.crl_numbers.get(&generation).copied().unwrap_or_default()
    }

    /// The newest issued intermediate of a cluster.
    pub fn newest_intermediate(&self, cluster: &str) -> Option<&Certificate> {
        self.certificates
            .of_cluster(cluster)
            .filter(|c| c.what == "intermediate" && c.status == Status::Issued)
            .max_by_key(|c| c.generation)
    }

    /// Certificates of a cluster that may be in use at a time: issued, or perhaps issued, neither expired nor revoked.
    pub fn unexpired(&self, cluster: &str, now: Timestamp) -> Vec<&Certificate> {
        let of_cluster = self.certificates.of_cluster(cluster);
        let usable = |c: &&Certificate| c.status != Status::Failed && c.not_after >= now;
        of_cluster.filter(|c| usable(c) && self.revoked(&c.serial).is_none()).collect()
    }

    /// The position of the first intent of an earlier session that has no outcome although another session began.
    pub fn unsettled(&self) -> Option<u64> {
        let opened = self.session.as_ref()?.opened;
        self.open_intents.keys().next().copied().filter(|seq| *seq < opened)
    }

    /// Serial numbers that were ever intended.
    pub fn serials(&self) -> BTreeSet<&Hex> {
        self.certificates.keys().collect()
    }

    /// True once the root's certificate and the audit certificate are there and a CRL was issued under this log.
    pub fn is_founded(&self) -> bool {
        let issued = |role| self.certificate_of(role).is_some_and(|c| c.status == Status::Issued);
        issued("root") && issued("audit") && self.has_own_crl()
    }
}
