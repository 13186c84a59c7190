//! One entry in words: what it says in a sentence, and what it holds, field by field.
//!
//! Every type of the log has its sentence here; the compiler asks for that of a new one. Strings are as the log has
//! them: whoever shows them escapes them. Bytes are not repeated: their digest is, and the entry's number.

mod history;
mod keys;
mod signing;

pub use signing::{whom, whom_of};

use crate::digest::Digest;
use crate::log::record::{ClockSet, CustodySplit, KeyGenerated, Preflight, SessionOpened, SignIntent, TokenUnlocked};
use crate::log::scan::Located;
use crate::log::{Entry, Record};
use crate::words;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Something that a record says of an act, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// What it is.
    pub name: String,
    /// The value.
    pub value: String,
}

/// An entry of the log in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// The entry's position in the log.
    pub entry: u64,
    /// The time it claims.
    pub time: Timestamp,
    /// Where that time comes from: `system`, `confirmed` or `given`.
    pub time_source: String,
    /// The session.
    pub session: String,
    /// Who acted, by role.
    pub by: Vec<String>,
    /// The entry's type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What happened.
    pub says: String,
    /// What the entry holds.
    pub details: Vec<Detail>,
}

/// What other entries of a ceremony say that one entry refers to, in short.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What plans make, and for whom, by digest.
    pub plans: BTreeMap<Digest, String>,
    /// Intents by position.
    pub intents: BTreeMap<u64, Intended>,
}

/// What an entry intended.
#[derive(Debug, Clone)]
pub struct Intended {
    /// What was to be signed, and for whom.
    pub whom: String,
    /// True for a list of what is revoked.
    pub crl: bool,
    /// Where the entry stands.
    pub at: Located,
}

impl Known {
    /// Takes what an entry intends.
    pub fn intends(&mut self, intent: &SignIntent, at: Located) {
        let whom = whom(&intent.what, intent.cluster.as_deref(), intent.generation);
        self.intents.insert(at.seq, Intended { whom, crl: intent.what == "crl", at });
    }
}

/// Sentence and details, as they are put together.
#[derive(Default)]
struct Said {
    says: String,
    details: Vec<Detail>,
}

impl Said {
    fn that(says: impl Into<String>) -> Self {
        Self { says: says.into(), details: Vec::new() }
    }

    fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.details.push(Detail { name: name.to_owned(), value: value.to_string() });
        self
    }

    fn maybe(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// The first four words of a digest, as people type them.
fn four_words(digest: &Digest) -> String {
    words::words(digest.0.get(..4).unwrap_or_default()).join(" ")
}

impl Act {
    /// An entry in words.
    pub fn of(entry: &Entry, known: &Known) -> Self {
        let Said { says, details } = say(&entry.record, known);
        Self {
            entry: entry.seq,
            time: entry.header.time,
            time_source: entry.header.time_source.clone(),
            session: entry.header.session.clone(),
            by: entry.header.actors.clone(),
            kind: entry.record.kind(),
            says,
            details,
        }
    }
}

fn say(record: &Record, known: &Known) -> Said {
    match record {
        Record::Genesis(r) => Said::that(format!("The log of {} began", r.name))
            .with("kind", &r.kind)
            .with("origin", &r.origin)
            .with("version", &r.version),
        Record::ConfigAdopted(r) => Said::that("authority.toml was adopted, whole")
            .with("sha256", r.sha256)
            .with("words 1-4", four_words(&r.sha256)),
        Record::ScriptAdopted(r) => Said::that(format!("The script {} was written into the log, whole", r.name))
            .with("sha256", r.sha256)
            .with("words 1-4", four_words(&r.sha256)),
        Record::SessionOpened(r) => opened(r),
        Record::SessionClosed(r) => {
            Said::that(format!("The session ended: {}", r.outcome)).maybe("why", r.reason.as_ref())
        }
        Record::Preflight(r) => preflight(r),
        Record::StepDone(r) => Said::that("Done").with("step", &r.step).with("do", &r.activity),
        Record::StepSkipped(r) => {
            Said::that("Left out").with("step", &r.step).with("do", &r.activity).with("why", &r.reason)
        }
        Record::Deviation(r) => Said::that("A deviation from the script")
            .with("step", &r.step)
            .with("expected", &r.expected)
            .with("happened", &r.happened)
            .with("decided", &r.decided),
        Record::ClockSet(r) => clock(r),
        Record::ValueRecorded(r) => Said::that("Recorded").with("step", &r.step).with(&r.name, &r.value),
        Record::TokenInitialized(r) => Said::that(format!("The {} token was initialised", r.role))
            .with("serial", &r.serial)
            .with("label", &r.label)
            .with("manufacturer", &r.manufacturer)
            .with("model", &r.model),
        Record::TokenUnlocked(r) => unlocked(r),
        Record::CustodySplit(r) => split(r),
        Record::CustodyShareUsed(r) => {
            let indexes: Vec<String> = r.indexes.iter().map(u8::to_string).collect();
            Said::that("Shares were present")
                .with("set", &r.set)
                .with("shares", indexes.join(", "))
                .with("to", &r.purpose)
        }
        Record::PinChanging(r) => {
            Said::that(format!("The {} PIN of the {} token is about to change", r.which, r.role)).with("to set", &r.set)
        }
        Record::PinChanged(r) => {
            Said::that(format!("The {} PIN of the {} token was changed", r.which, r.role)).with("to set", &r.set)
        }
        Record::KeyIntent(r) => Said::that(format!("The {} key is about to be generated", r.role))
            .with("kind", r.spec.title())
            .with("generation", r.generation)
            .with("id", &r.id)
            .with("token", &r.token_serial),
        Record::KeyGenerated(r) => generated(r),
        Record::KeyAttested(r) => keys::attested(r),
        Record::TokenQuorum(r) => keys::quorum(r),
        Record::KeyAdopted(r) => history::adopted(r),
        Record::HistoryImported(r) => history::imported(r),
        Record::Restore(r) => history::restored(r),
        Record::KeySealed(r) => Said::that(format!("A key made here for {} was sealed", r.cluster))
            .with("spki sha256", r.spki_sha256)
            .with("to", r.recipients.join(", "))
            .with("age file sha256", Digest::of(&r.ciphertext.0)),
        Record::AuditRotated(r) => Said::that(format!("The log passed to audit key {}", r.generation))
            .with("from", format!("spki sha256 {}", Digest::of(&r.old_spki.0)))
            .with("to", format!("spki sha256 {}", Digest::of(&r.new_spki.0)))
            .with("entries before", r.size)
            .with("root hash", r.root),
        Record::KeyDestroying(r) => keys::destroying(r),
        Record::KeyDestroyed(r) => keys::destroyed(r),
        Record::KeyBackupMade(r) => keys::made(r),
        Record::KeyBackupProving(r) => keys::proving(r),
        Record::KeyLocked(r) => keys::locked(r),
        Record::KeyRestored(r) => keys::restored(r),
        Record::KeyBackupProved(r) => Said::that("The copy of the root key signed, and the signature verifies")
            .with("proof intended in", r.proving)
            .with("signature sha256", Digest::of(&r.signature.0)),
        Record::ClusterEnrolled(r) => signing::enrolled(r),
        Record::ClusterRetired(r) => Said::that(format!("{} was retired", r.cluster)).with("why", &r.reason),
        Record::RequestImported(r) => signing::imported(r),
        Record::RequestRefused(r) => signing::refused(r),
        Record::PlanMade(r) => signing::planned(r),
        Record::PlanApproved(r) => {
            let by = if r.by == "words" { "its words" } else { &r.by };
            signing::of_plan(format!("A plan was approved by {by}"), &r.plan_sha256, known)
                .maybe("reason", r.reason.as_ref())
        }
        Record::PlanDeclined(r) => {
            signing::of_plan("A plan was DECLINED".to_owned(), &r.plan_sha256, known).maybe("why", r.reason.as_ref())
        }
        Record::PlanExpired(r) => signing::of_plan("A plan expired".to_owned(), &r.plan_sha256, known),
        Record::SignIntent(r) => signing::intended(r),
        Record::SignOutcome(r) => signing::outcome(r, known),
        Record::RootCertified(r) => keys::by_parent(r),
        Record::CheckpointWitnessed(r) => keys::countersigned(r),
        Record::CertificateRevoked(r) => signing::revoked(r),
        Record::BundleExported(r) => Said::that(format!("A bundle for {} was sealed", r.cluster))
            .with("bundle", &r.bundle_id)
            .with("generation", r.generation)
            .with("number", r.sequence)
            .with("envelope sha256", r.envelope_sha256)
            .with("manifest sha256", r.manifest_sha256)
            .with("payload sha256", r.payload_sha256)
            .with("tree size", r.tree_size),
        Record::Recovered(r) => {
            let said = Said::that("What an interrupted session left was settled");
            let said = said.maybe("session", r.session.as_ref()).maybe("torn line sha256", r.torn_sha256.as_ref());
            r.found.iter().fold(said, |said, sentence| said.with("found", sentence))
        }
    }
}

fn opened(r: &SessionOpened) -> Said {
    Said::that(match &r.resumes {
        Some(_) => "A session went on with the ceremony",
        None => "The session began",
    })
    .with("script", &r.ceremony)
    .with("script sha256", r.script_sha256)
    .maybe("goes on with", r.resumes.as_ref())
    .with("anchorite", &r.version)
    .with("binary sha256", r.binary_sha256)
    .with("module", &r.module)
    .with("module sha256", r.module_sha256)
    .maybe("local.toml sha256", r.local_sha256.as_ref())
    .with("attended", if r.unattended { "no: an answers file stood for people" } else { "yes" })
    .maybe("answers sha256", r.answers_sha256.as_ref())
}

fn preflight(r: &Preflight) -> Said {
    let of = |result: &str| r.checks.iter().filter(|check| check.result == result).count();
    let (pass, warn, fail) = (of("pass"), of("warn"), of("fail"));
    let unknown = r.checks.len().saturating_sub(pass + warn + fail);
    let said =
        Said::that(format!("The machine was looked at: {pass} pass, {warn} warn, {fail} fail, {unknown} unknown"));
    r.checks.iter().fold(said, |said, check| said.with(&check.name, format!("{}: {}", check.result, check.seen)))
}

fn clock(r: &ClockSet) -> Said {
    let ahead = r.machine.as_second().saturating_sub(r.watch.as_second());
    let apart = match ahead {
        0 => "none".to_owned(),
        1.. => format!("the machine is {ahead} s ahead"),
        _ => format!("the machine is {} s behind", ahead.unsigned_abs()),
    };
    let said = Said::that("The clock was compared with a watch");
    let said = said.with("machine", r.machine).with("watch", r.watch).with("difference", apart);
    if r.back {
        return said.with("back", "entries before this one carry later times: the clock had been set ahead");
    }
    said
}

fn unlocked(r: &TokenUnlocked) -> Said {
    Said::that(format!("The {} token was unlocked", r.role))
        .with("serial", &r.serial)
        .with("label", &r.label)
        .with("manufacturer", &r.manufacturer)
        .with("model", &r.model)
        .with("firmware", &r.firmware)
        .with("library", &r.library)
        .with("profile", &r.profile)
}

fn split(r: &CustodySplit) -> Said {
    let said =
        Said::that(format!("The PINs were split: any {} of {} shares give them", r.threshold, r.commitments.len()))
            .with("set", &r.set)
            .with("token", &r.role)
            .with("user PIN", format!("{} characters, {}", r.user.length, r.user.alphabet))
            .with("SO PIN", format!("{} characters, {}", r.so.length, r.so.alphabet));
    let said = (1..)
        .zip(&r.commitments)
        .fold(said, |said, (index, commitment): (usize, _)| said.with(&format!("share {index} sha256"), commitment));
    r.sealed.iter().fold(said, |said, sealed| {
        said.with(&format!("share {} is sealed to", sealed.index), &sealed.recipient)
            .with("age file sha256", sealed.ciphertext_sha256)
    })
}

fn generated(r: &KeyGenerated) -> Said {
    let dropped = if r.dropped.is_empty() { "none".to_owned() } else { r.dropped.join(", ") };
    let said = Said::that(format!("The {} key is in the token", r.role))
        .with("generation", r.generation)
        .with("id", &r.id)
        .with("spki sha256", Digest::of(&r.spki.0))
        .with("mechanism", &r.mechanism)
        .with("left out", dropped);
    r.attributes.iter().fold(said, |said, (name, value)| said.with(name, value))
}
