//! `log`: show, verify, prove.

use super::args::{Args, Log, LogCommand, Paper, Pin};
use super::publish::{self, Compared};
use super::room;
use super::signed_paper::{self, Signed};
use super::terminal::Terminal;
use super::uses;
use crate::audit::{self, Options, Report, RootPin};
use crate::clock;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::log::{Entry, Record, proof};
use crate::screen::Screen;
use crate::store;
use crate::text;
use crate::x509::pem;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// A certificate file, at the most, in bytes.
const MAX_CERTIFICATE: u64 = 64 * 1024;

/// `anchorite log …`
pub fn log(args: &Args, a: &Log, terminal: &mut Terminal) -> Result<(), Error> {
    match &a.command {
        LogCommand::Show { what, uses_of_root: true } => uses::show(&target(args, what.as_deref()), terminal),
        LogCommand::Show { what, uses_of_root: false } => show(&target(args, what.as_deref()), terminal),
        LogCommand::Verify { what, pin, at_rest, paper } => {
            verify(&target(args, what.as_deref()), pin, *at_rest, paper, terminal)
        }
        LogCommand::Prove { what, entry } => prove(what, *entry, terminal),
    }
}

fn target(args: &Args, what: Option<&Path>) -> PathBuf {
    what.map_or_else(|| room::folder(args).path().to_owned(), Path::to_owned)
}

/// The pin of a command line.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Usage`].
pub fn root_pin(pin: &Pin) -> Result<RootPin, Error> {
    match (&pin.root, &pin.root_fingerprint) {
        (Some(path), _) => {
            let bytes = intake::read(path, MAX_CERTIFICATE)?;
            Ok(RootPin::Certificates(pem::decode_all(&bytes, "CERTIFICATE")?))
        }
        (None, Some(hex)) => Ok(RootPin::Fingerprint(fingerprint(hex)?)),
        (None, None) => Ok(RootPin::None),
    }
}

/// A fingerprint as people type it: colons and capitals do not matter.
///
/// # Errors
/// [`Kind::Usage`].
pub fn fingerprint(typed: &str) -> Result<Digest, Error> {
    Digest::from_hex(&typed.replace(':', "").to_lowercase())
        .map_err(|error| error.within("--root-fingerprint").hint("it is on the root card: anchorite root show"))
}

#[derive(Serialize)]
struct Verified {
    #[serde(flatten)]
    report: Report,
    /// What a signed paper says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    paper: Option<Signed>,
    /// The files beside it, where it is a publication's.
    #[serde(skip_serializing_if = "Option::is_none")]
    publication: Option<Compared>,
}

/// Verifies a log and, where a paper is at hand, holds it against that.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`], [`Kind::Verify`].
pub fn verify(what: &Path, pin: &Pin, at_rest: bool, paper: &Paper, terminal: &mut Terminal) -> Result<(), Error> {
    let said = signed_paper::said(paper)?;
    let report = report(what, &Options { root: root_pin(pin)?, at_rest })?;
    let paper = said.map(|said| signed_paper::hold(what, &said, &report)).transpose()?;
    let publication = publish::compare(what, &report)?;
    if terminal.wants_json() {
        return terminal.json(&Verified { report, paper, publication });
    }
    let screen = screen(&report);
    let screen = publication.iter().fold(screen, |screen, publication| screen.then(publication.screen()));
    terminal.result_screen(&paper.iter().fold(screen, |screen, paper| screen.then(paper.screen())))
}

/// Verifies a log on disk.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`].
pub fn report(what: &Path, options: &Options) -> Result<Report, Error> {
    let material = store::material(what).map_err(|error| explained(error, what))?;
    audit::verify(material, options, &clock::monotonic).map_err(|error| explained(error, what))
}

/// What to do about a log that is not there or does not verify.
pub fn explained(error: Error, what: &Path) -> Error {
    if !what.exists() {
        return Error::new(Kind::Medium, "there is no log here")
            .saw(what.display().to_string())
            .wanted("an authority, its log/, or a directory with entries.jsonl");
    }
    match (error.kind(), error.hints()) {
        (Kind::Verify, []) => {
            error.hint("keep it as it is, as evidence, and compare it with another copy and with the paper")
        }
        _ => error,
    }
}

/// The screen of a log that verifies.
pub fn screen(report: &Report) -> Screen {
    let mut screen = Screen::new()
        .heading(format!("{} · {}", report.authority, report.kind), report.verdict())
        .field("origin", &report.origin)
        .field("entries", format!("{}, {} of them under a checkpoint", report.entries, report.size))
        .field("root hash", report.root.hex())
        .field("checkpoints", report.checkpoints.to_string())
        .field("issued", report.issued());
    for root in &report.roots {
        screen = screen.field("root sha256", root.hex());
    }
    for seen in &report.countersigned {
        let who = text::escape(&seen.by);
        screen = screen.field("countersigned", format!("{} entries by {who}, {}", seen.size, seen.at));
    }
    if let Some(ended) = report.ended {
        screen = screen.field("ENDED", format!("{ended}: its keys are destroyed"));
    }
    if let Some(uncovered) = &report.uncovered {
        screen = screen.field("not covered", &uncovered.says);
    }
    for warning in &report.warnings {
        screen = screen.field("warning", warning);
    }
    if !report.authenticated {
        screen = screen.text(
            "To authenticate it, pin the root: --root root-cert.pem or --root-fingerprint HEX, from the root card.",
        );
    }
    screen
}

fn show(what: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    let json = terminal.wants_json();
    let mut shown = Vec::new();
    let reading = store::read(what, &mut |entry| {
        shown.push((entry.seq, line(entry)));
        Ok(())
    })
    .map_err(|error| explained(error, what))?;
    for (seq, line) in shown {
        if json {
            terminal.log_line(&reading.entry_line(seq)?)?;
        } else {
            terminal.result(&format!("{line}\n"))?;
        }
    }
    Ok(())
}

/// One entry in one line.
fn line(entry: &Entry) -> String {
    let what = match &entry.record {
        Record::Genesis(r) => format!("{} ({})", r.name, r.kind),
        Record::ConfigAdopted(r) => format!("sha256 {}", r.sha256.short()),
        Record::ScriptAdopted(r) => format!("{} sha256 {}", r.name, r.sha256.short()),
        Record::SessionOpened(r) => {
            format!("{}{}", r.ceremony, if r.unattended { ", unattended" } else { "" })
        }
        Record::SessionClosed(r) => r.outcome.clone(),
        Record::StepDone(r) => r.step.clone(),
        Record::StepSkipped(r) => format!("{}: {}", r.step, r.reason),
        Record::Deviation(r) => format!("{}: {}", r.step, r.happened),
        Record::ClockSet(r) => format!("machine {}, watch {}", r.machine, r.watch),
        Record::Preflight(r) => {
            let failed = r.checks.iter().filter(|check| check.result == "fail").count();
            format!("{} checked, {failed} failed", r.checks.len())
        }
        Record::CustodySplit(r) => format!("set {}, {} of {}", r.set, r.threshold, r.commitments.len()),
        Record::CustodyShareUsed(r) => {
            let indexes: Vec<String> = r.indexes.iter().map(u8::to_string).collect();
            format!("set {}, {} for {}", r.set, indexes.join(", "), r.purpose)
        }
        Record::PinChanging(r) => format!("{} PIN of the {} token, set {}", r.which, r.role, r.set),
        Record::PinChanged(r) => format!("{} PIN of the {} token, set {}", r.which, r.role, r.set),
        Record::ValueRecorded(r) => r.name.clone(),
        Record::TokenInitialized(r) => format!("{} \"{}\" serial {}", r.role, r.label, r.serial),
        Record::TokenUnlocked(r) => format!("{} \"{}\" serial {}", r.role, r.label, r.serial),
        Record::KeyIntent(r) => format!("{} {} generation {}", r.role, r.spec, r.generation),
        Record::KeyGenerated(r) => format!("{} generation {} by {}", r.role, r.generation, r.mechanism),
        Record::KeyAttested(r) => format!("{} generation {} by {}: {}", r.role, r.generation, r.source, r.of),
        Record::TokenQuorum(r) => format!("{} serial {}, as {} says", r.role, r.serial, r.profile),
        Record::KeyAdopted(r) => format!("{} generation {}", r.role, r.generation),
        Record::HistoryImported(r) => {
            format!("{}: {} certificates, {} clusters", r.of, r.certificates.len(), r.clusters.len())
        }
        Record::Restore(r) => format!("in the place of {}, {} of {} entries at hand", r.log, r.size, r.cited),
        Record::KeySealed(r) => format!("{} to {} recipients", r.cluster, r.recipients.len()),
        Record::AuditRotated(r) => format!("the log passes to audit key {}", r.generation),
        Record::KeyDestroying(r) => format!("{} generation {}: {}", r.role, r.generation, r.reason),
        Record::KeyDestroyed(r) => {
            let place = r.backup.as_ref().map_or_else(|| "the token".to_owned(), |name| format!("backup {name}"));
            format!("{} generation {} in {place}, {}", r.role, r.generation, r.shown)
        }
        Record::KeyBackupMade(r) => format!("{} by {}: {}", r.mode, r.means, r.name),
        Record::KeyLocked(r) => format!("{} generation {} leaves the token no more", r.role, r.generation),
        Record::KeyRestored(r) => format!("{} generation {} from {}", r.role, r.generation, r.backup),
        Record::KeyBackupProving(r) => format!("{} generation {}", r.backup, r.generation),
        Record::KeyBackupProved(r) => format!("of {}: ok", r.proving),
        Record::ClusterEnrolled(r) => format!("{} ({})", r.cluster, r.environment),
        Record::ClusterRetired(r) => format!("{}: {}", r.cluster, r.reason),
        Record::RequestImported(r) => format!("{} {} for {}", r.form, r.sha256.short(), r.cluster),
        Record::RequestRefused(r) => {
            let rules: Vec<&str> = r.findings.iter().map(|f| f.id.as_str()).collect();
            format!("{}{}: {}", r.file, if r.struck { " (struck)" } else { "" }, rules.join(", "))
        }
        Record::PlanMade(r) => format!("sha256 {}", r.sha256.short()),
        Record::PlanApproved(r) => format!("{} by {}", r.plan_sha256.short(), r.by),
        Record::PlanDeclined(r) => r.plan_sha256.short(),
        Record::PlanExpired(r) => r.plan_sha256.short(),
        Record::RootCertified(r) => format!("root generation {} by a parent", r.generation),
        Record::CheckpointWitnessed(r) => format!("{} entries by {}", r.size, r.by.name()),
        Record::SignIntent(r) => {
            let whom = r.cluster.as_ref().map(|c| format!(" for {c}")).unwrap_or_default();
            match (&r.serial, r.crl_number) {
                (Some(serial), _) => format!("{}{whom} serial {serial}", r.what),
                (None, number) => format!("CRL number {}", number.unwrap_or_default()),
            }
        }
        Record::SignOutcome(r) => format!("of {}: {}", r.intent, r.status),
        Record::CertificateRevoked(r) => format!("serial {}: {}", r.serial, r.reason.name()),
        Record::BundleExported(r) => format!("{} for {} sequence {}", r.bundle_id, r.cluster, r.sequence),
        Record::Recovered(r) => r.found.first().cloned().unwrap_or_default(),
    };
    format!("{:>6}  {}  {:<17} {what}", entry.seq, entry.header.time, entry.record.kind())
}

fn prove(what: &Path, seq: u64, terminal: &mut Terminal) -> Result<(), Error> {
    let reading = store::read(what, &mut |_| Ok(()))?;
    let Some(note) = reading.checkpoint_note() else {
        return Err(
            Error::new(Kind::Verify, "this log has no checkpoint yet").hint("a genesis that ended makes the first")
        );
    };
    let size = reading.checkpoint().map_or(0, |c| c.size);
    if seq >= size {
        return Err(Error::new(Kind::Usage, "the entry is not under a checkpoint")
            .saw(format!("entry {seq}"))
            .wanted(format!("0 to {}", size.saturating_sub(1))));
    }
    let hashes = reading.inclusion(seq)?;
    terminal.document(proof::inclusion_proof(seq, &hashes, note).as_bytes())
}
