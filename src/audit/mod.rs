//! `log verify`: the log, the state it folds to and the certificates it holds, together.
//!
//! Streams with bounded memory and names the first bad line, its offset and the rule. Opens nothing and knows no
//! clock: files come in as [`Material`], a stopwatch as a function. What entries may say after one another is
//! [`State`](crate::authority::State)'s; the tree and its signatures are [`tree`]'s; what was
//! signed is [`signing`]'s; who may sign is [`certified`]'s.

mod certified;
mod history;
mod parent;
mod proofs;
mod report;
mod signing;
mod tree;
mod witnessed;

pub use report::Report;

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::log::Material;
use crate::log::scan::{self, Examined, Halt};
use crate::x509::read::Certificate;
use std::time::Duration;

/// What the auditor holds against the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootPin {
    /// Nothing: the log can be consistent, not authenticated.
    None,
    /// Root certificates, DER: any of them.
    Certificates(Vec<Vec<u8>>),
    /// SHA-256 of the root certificate's DER.
    Fingerprint(Digest),
}

impl RootPin {
    /// The fingerprints that are pinned; `None` where nothing is.
    fn fingerprints(&self) -> Option<Vec<Digest>> {
        match self {
            RootPin::None => None,
            RootPin::Certificates(ders) => Some(ders.iter().map(|der| Digest::of(der)).collect()),
            RootPin::Fingerprint(digest) => Some(vec![*digest]),
        }
    }
}

/// How strict an audit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The root that the audit key's certificate must lead to.
    pub root: RootPin,
    /// True for a log that nobody is writing: what is unfinished is an error, not a warning.
    pub at_rest: bool,
}

/// The rules that the audit itself checks, by the ids that its errors name, in the order of the log.
///
/// The rules of what entries may follow one another are [`State`](crate::authority::State)'s and named by it.
pub const RULES: &[(&str, &str)] = &[
    ("entry.form", "a line is an entry as this version writes it"),
    ("chain.seq", "an entry's position is its line's"),
    ("chain.log", "all entries are of one log"),
    ("chain.prev", "an entry carries the leaf hash of the one before it"),
    ("genesis.origin", "the origin names the authority and the log"),
    ("state", "an entry may follow those before it"),
    ("history.key", "an adopted root is self-signed, an adopted audit key is certified by a root of the log"),
    ("history.signature", "what was taken over was signed by the root that it is said to be by"),
    ("plan.tbs", "a plan holds the bytes it is about"),
    ("intent.plan", "an intent is for the bytes and the kind of its plan"),
    ("outcome.checkpoint", "the intent was under a checkpoint before its outcome"),
    ("outcome.bytes", "what was signed is what was intended"),
    ("outcome.signature", "what was signed verifies under its issuer"),
    ("proof.statement", "what a copy of a root key signs is what the log announced"),
    ("proof.signature", "a copy's proof was announced under a checkpoint, and verifies under the root key"),
    ("root.parent", "what a parent certified is a root of the log, and its certificates lead to its own root"),
    ("crl.list", "a CRL lists what the log has as revoked or unknown, and nothing else"),
    ("checkpoint.signature", "a checkpoint is signed by the audit key that the log was in the hands of"),
    ("checkpoint.root", "the entries are those that the checkpoint covers"),
    ("checkpoint.missing", "the log holds every entry that a checkpoint covers"),
    ("checkpoint.newest", "`checkpoint` is the largest there is"),
    ("checkpoint.witnessed", "a countersignature is of a checkpoint of this log, and verifies"),
    ("audit.rotation", "the log passes to another audit key by a statement of both over the entries before"),
    ("audit.certificate", "an audit certificate is in the log and leads to the root"),
    ("root.pin", "the log's root is the one that was pinned"),
    ("intent.settled", "a session that begins says first what became of an earlier one's intents"),
    ("rest", "nothing is unfinished in a log at rest"),
];

/// Verifies a log.
///
/// `monotonic` measures the time that signature checks take, which is reported apart.
///
/// # Errors
/// [`Kind::Verify`] names the first bad line (counted from 1), its first byte and the rule, or the file.
/// [`Kind::Medium`]: reading failed.
pub fn verify(material: Material<'_>, options: &Options, monotonic: &dyn Fn() -> Duration) -> Result<Report, Error> {
    verify_and_read(material, options, monotonic, &mut |_| ())
}

/// Verifies a log and hands on each line as it goes: what is made of them counts only where this succeeds.
///
/// # Errors
/// As [`verify`].
pub fn verify_and_read(
    material: Material<'_>,
    options: &Options,
    monotonic: &dyn Fn() -> Duration,
    each: &mut dyn FnMut(&Examined),
) -> Result<Report, Error> {
    let Material { entries, newest, sizes, checkpoint, audit_certificates } = material;
    let mut verifier = tree::Verifier::new(newest, sizes, checkpoint, monotonic)?;
    let end = scan::scan(entries, &mut |line| {
        each(line);
        verifier.line(line)
    })
    .map_err(|halt| match halt {
        Halt::Line { offset, error } => verifier.bad_line(offset, error),
        Halt::Other(error) => error,
    })?;
    verifier.finish(&end, audit_certificates, options)
}

/// An error about a file of the log that is not a line.
fn at_file(error: Error, file: &str, rule: &str) -> Error {
    error.into_kind(Kind::Verify).within(format!("{file} (rule {rule})"))
}

/// The fingerprint that people compare a root certificate by.
fn fingerprint(certificate: &Certificate) -> Digest {
    Digest::of(&certificate.der)
}
