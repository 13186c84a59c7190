//! Every use of the root key that a log knows of: generation, signatures, copies and their proofs, destruction.
//!
//! Owns which entries are a use, and pairs each announcement with what became of it. The compiler asks of every new
//! type of entry whether it is one. What it cannot know: uses by other software than this (SECURITY.md).

use super::act::whom;
use crate::digest::{Digest, Hex};
use crate::log::record::{KeyBackupMade, KeyDestroyed};
use crate::log::{Entry, Record};
use crate::text;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// The `type` of a list of uses.
pub const TYPE: &str = "anchorite/uses-of-root/v1";

/// One use of a root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Use {
    /// `generate`, `adopt`, `sign`, `copy`, `prove` (a copy signs), `restore` (made anew of a copy) or `destroy`.
    pub act: &'static str,
    /// What was signed or done, in words.
    pub says: String,
    /// The generation of the root key; absent where a copy holds several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_generation: Option<u32>,
    /// The serial number of a certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Hex>,
    /// The number of a CRL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl_number: Option<u64>,
    /// SHA-256 of what was made (DER), of a key's SubjectPublicKeyInfo, or of a proof's statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// `ok`, `failed` (the token was never asked), `unknown` (it may have been), or `open`: no entry says yet.
    pub outcome: String,
    /// Position of the entry that announced it.
    pub entry: u64,
    /// Position of the entry that says what became of it, where that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome_entry: Option<u64>,
    /// The time that the announcing entry claims.
    pub time: Timestamp,
    /// The session's ceremony.
    pub ceremony: String,
    /// The session.
    pub session: String,
    /// Who acted, by role.
    pub actors: Vec<String>,
}

/// The uses of a log, in order, and how often the token that holds the key was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Uses {
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// In the order of their announcements.
    pub uses: Vec<Use>,
    /// How many there are of each act.
    pub acts: BTreeMap<&'static str, u64>,
    /// How many there are of each outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// How often the root's token was unlocked.
    pub token_unlocked: u64,
    /// Entries in which a key or certificates of before this log were taken over: their uses are not in it.
    pub taken_over: Vec<u64>,
    #[serde(skip)]
    ceremonies: BTreeMap<String, String>,
    /// Uses without outcome: of signatures and proofs by the announcing entry's position.
    #[serde(skip)]
    open: BTreeMap<u64, usize>,
}

impl Default for Uses {
    fn default() -> Self {
        Self {
            kind: TYPE,
            uses: Vec::new(),
            acts: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            token_unlocked: 0,
            taken_over: Vec::new(),
            ceremonies: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }
}

impl Uses {
    /// Takes the next entry of the log.
    pub fn entry(&mut self, entry: &Entry) {
        match &entry.record {
            Record::SessionOpened(r) => {
                self.ceremonies.insert(entry.header.session.clone(), r.ceremony.clone());
            }
            Record::TokenUnlocked(r) if r.role == "root" => self.token_unlocked += 1,
            Record::KeyIntent(r) if r.role == "root" => {
                let says = format!("a root key is made, {}", r.spec.title());
                self.announce(entry, Use { root_generation: Some(r.generation), ..of(entry, "generate", says) });
            }
            Record::KeyGenerated(r) if r.role == "root" => {
                let sha256 = Some(Digest::of(&r.spki.0));
                self.settle_last("generate", r.generation, entry.seq, sha256);
            }
            Record::KeyAdopted(r) if r.role == "root" => {
                self.taken_over.push(entry.seq);
                let says = "a root key that was made elsewhere is taken over".to_owned();
                let sha256 = Some(Digest::of(&r.spki.0));
                let taken = Use { root_generation: Some(r.generation), sha256, ..done(entry, "adopt", says) };
                self.uses.push(self.named(taken));
            }
            Record::HistoryImported(_) | Record::Restore(_) => self.taken_over.push(entry.seq),
            Record::SignIntent(r) => {
                let says = whom(&r.what, r.cluster.as_deref(), r.generation);
                let (serial, crl_number) = (r.serial.clone(), r.crl_number);
                let root_generation = Some(r.issuer_generation);
                self.announce(entry, Use { root_generation, serial, crl_number, ..of(entry, "sign", says) });
            }
            Record::SignOutcome(r) => {
                let sha256 = r.der.as_ref().map(|der| Digest::of(&der.0));
                self.settle(r.intent, &r.status, entry.seq, sha256);
            }
            Record::KeyBackupMade(r) => self.uses.push(self.named(done(entry, "copy", copied(r)))),
            Record::KeyRestored(r) if r.role == "root" => {
                let says = format!("the root key is made anew of the copy {} in token {}", r.backup, r.token_serial);
                let restored = Use { root_generation: Some(r.generation), ..done(entry, "restore", says) };
                self.uses.push(self.named(restored));
            }
            Record::KeyBackupProving(r) => {
                let says = format!("the copy {} proves that it lives", r.backup);
                let sha256 = Some(r.statement_sha256);
                let proving = Use { root_generation: Some(r.generation), sha256, ..of(entry, "prove", says) };
                self.announce(entry, proving);
            }
            Record::KeyBackupProved(r) => self.settle(r.proving, "ok", entry.seq, None),
            Record::KeyDestroying(r) if r.role == "root" => {
                let says = format!("the root key is destroyed: {}", r.reason);
                self.announce(entry, Use { root_generation: Some(r.generation), ..of(entry, "destroy", says) });
            }
            Record::KeyDestroyed(r) if r.role == "root" => match &r.backup {
                None => self.settle_last("destroy", r.generation, entry.seq, None),
                Some(backup) => {
                    let gone =
                        Use { root_generation: Some(r.generation), ..done(entry, "destroy", gone_with(backup, r)) };
                    self.uses.push(self.named(gone));
                }
            },
            Record::KeyLocked(r) if r.role == "root" => {
                let says = "the root key is copied in its token without the right to be wrapped".to_owned();
                let locked = Use { root_generation: Some(r.generation), ..done(entry, "lock", says) };
                self.uses.push(self.named(locked));
            }
            Record::KeyRestored(r) if r.role == "root" => {
                let says = format!("the root key is made anew from {} in the token {}", r.backup, r.token_serial);
                let restored = Use { root_generation: Some(r.generation), ..done(entry, "restore", says) };
                self.uses.push(self.named(restored));
            }
            // Nothing here asks a root key, or a copy of one, for anything. A new type is asked for by the compiler.
            Record::Genesis(_)
            | Record::ConfigAdopted(_)
            | Record::ScriptAdopted(_)
            | Record::SessionClosed(_)
            | Record::Preflight(_)
            | Record::StepDone(_)
            | Record::StepSkipped(_)
            | Record::Deviation(_)
            | Record::ClockSet(_)
            | Record::ValueRecorded(_)
            | Record::TokenInitialized(_)
            | Record::TokenUnlocked(_)
            | Record::CustodySplit(_)
            | Record::CustodyShareUsed(_)
            | Record::PinChanging(_)
            | Record::PinChanged(_)
            | Record::KeyIntent(_)
            | Record::KeyGenerated(_)
            | Record::KeyAttested(_)
            | Record::TokenQuorum(_)
            | Record::KeySealed(_)
            | Record::KeyAdopted(_)
            | Record::KeyLocked(_)
            | Record::KeyRestored(_)
            | Record::AuditRotated(_)
            | Record::KeyDestroying(_)
            | Record::KeyDestroyed(_)
            | Record::ClusterEnrolled(_)
            | Record::ClusterRetired(_)
            | Record::RequestImported(_)
            | Record::RequestRefused(_)
            | Record::PlanMade(_)
            | Record::PlanApproved(_)
            | Record::PlanDeclined(_)
            | Record::PlanExpired(_)
            | Record::CertificateRevoked(_)
            | Record::RootCertified(_)
            | Record::BundleExported(_)
            | Record::CheckpointWitnessed(_)
            | Record::Recovered(_) => {}
        }
    }

    /// Counts what was gathered; nothing is taken after this.
    #[must_use]
    pub fn counted(mut self) -> Self {
        for one in &self.uses {
            *self.acts.entry(one.act).or_default() += 1;
            *self.outcomes.entry(one.outcome.clone()).or_default() += 1;
        }
        self
    }

    /// How many there are, in words.
    pub fn total(&self) -> String {
        let part = |(name, count): (&str, u64)| format!("{count} {name}");
        let acts: Vec<String> = self.acts.iter().map(|(name, count)| part((*name, *count))).collect();
        let outcomes: Vec<String> = self.outcomes.iter().map(|(name, count)| part((name.as_str(), *count))).collect();
        let all = text::count(self.uses.len(), "use");
        match self.uses.is_empty() {
            true => format!("{all} of a root key"),
            false => format!("{all} of a root key ({}): {}", acts.join(", "), outcomes.join(", ")),
        }
    }

    fn named(&self, mut one: Use) -> Use {
        one.ceremony = self.ceremonies.get(&one.session).cloned().unwrap_or_default();
        one
    }

    fn announce(&mut self, entry: &Entry, one: Use) {
        self.open.insert(entry.seq, self.uses.len());
        self.uses.push(self.named(one));
    }

    fn settle(&mut self, announced: u64, outcome: &str, entry: u64, sha256: Option<Digest>) {
        let Some(one) = self.open.remove(&announced).and_then(|at| self.uses.get_mut(at)) else { return };
        outcome.clone_into(&mut one.outcome);
        one.outcome_entry = Some(entry);
        one.sha256 = sha256.or(one.sha256);
    }

    /// Settles what was announced last of an act on a key: such entries name the key, not the announcement.
    fn settle_last(&mut self, act: &str, generation: u32, entry: u64, sha256: Option<Digest>) {
        let is = |one: &Use| one.act == act && one.root_generation == Some(generation) && one.outcome == "open";
        let Some(announced) = self.uses.iter().rev().find(|one| is(one)).map(|one| one.entry) else { return };
        self.settle(announced, "ok", entry, sha256);
    }
}

fn of(entry: &Entry, act: &'static str, says: String) -> Use {
    Use {
        act,
        says,
        root_generation: None,
        serial: None,
        crl_number: None,
        sha256: None,
        outcome: "open".to_owned(),
        entry: entry.seq,
        outcome_entry: None,
        time: entry.header.time,
        ceremony: String::new(),
        session: entry.header.session.clone(),
        actors: entry.header.actors.clone(),
    }
}

/// A use that one entry says all of.
fn done(entry: &Entry, act: &'static str, says: String) -> Use {
    Use { outcome: "ok".to_owned(), ..of(entry, act, says) }
}

fn copied(r: &KeyBackupMade) -> String {
    let how = match r.means.as_str() {
        "files" => "by copying the token's files",
        "blob" => "by wrapping it into a file",
        _ => "by the vendor's means, as people say",
    };
    let generations: Vec<String> = r.generations.iter().map(u32::to_string).collect();
    format!("the copy {} of root key {} is made {how}", r.name, generations.join(", "))
}

fn gone_with(backup: &str, r: &KeyDestroyed) -> String {
    let how = if r.shown == "searched" { "searched for and not found any more" } else { "people say so" };
    format!("the root key in the copy {backup} is gone: {how}")
}
