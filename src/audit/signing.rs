//! What was signed: each plan, intent, outcome and certificate against the others and against its issuer.

use super::report::Stopwatch;
use super::{parent, proofs};
use crate::authority::State;
use crate::authority::listing::{self, Mismatch};
use crate::authority::state::Listed;
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::format;
use crate::log::record::{PlanMade, SignIntent, SignOutcome};
use crate::log::{Entry, Record, unique_keys};
use crate::x509::read::{self, Certificate, RequestView};
use crate::x509::verify;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The rule that was broken, and how.
pub(super) type Broken = (&'static str, Error);

/// The fold of everything about signatures of root keys.
#[derive(Default)]
pub(super) struct Signing {
    /// What each plan of the open session makes, and the digest of its to-be-signed bytes.
    plans: BTreeMap<Digest, (String, Digest)>,
    /// Root certificates by generation.
    pub(super) roots: BTreeMap<u32, Certificate>,
    /// Audit certificates that the log holds.
    pub(super) audit: Vec<Certificate>,
    /// Certificates by which one root vouches for another.
    pub(super) cross: Vec<Certificate>,
    /// Certificates and CRLs whose root certificate is not in the log yet, with their lines.
    waiting: Vec<(u64, u64, u32, Signed)>,
    /// What each CRL that is about to be signed must list, by the position of its intent.
    lists: BTreeMap<u64, BTreeMap<Hex, Listed>>,
    /// Certificates that were issued.
    pub(super) certificates: u64,
    /// CRLs that were issued.
    pub(super) crls: u64,
}

/// Something that a root key signed.
enum Signed {
    Certificate(Box<Certificate>),
    Crl(Box<read::Crl>),
    Request(Box<RequestView>),
}

/// What an audit needs of a plan; the rest is for those who approve it.
#[derive(Deserialize)]
struct PlanParts {
    what: String,
    tbs: Base64,
}

/// More than one genesis ever signs before its root's certificate is logged.
const MOST_WAITING: usize = 16;

impl Signing {
    /// Checks an entry before the state folds it; `signed` is the size of the newest checkpoint before it.
    pub(super) fn apply(
        &mut self,
        entry: &Entry,
        offset: u64,
        state: &State,
        signed: u64,
        watch: &mut Stopwatch<'_>,
    ) -> Result<(), Broken> {
        match &entry.record {
            Record::SessionOpened(_) => self.plans.clear(),
            Record::KeyAdopted(key) => self.adopt(key, watch)?,
            Record::HistoryImported(past) => self.import(past, watch)?,
            Record::PlanMade(plan) => self.plan(plan)?,
            Record::SignIntent(intent) => {
                self.intent(intent)?;
                if intent.crl_number.is_some() {
                    self.lists.insert(entry.seq, state.to_list(intent.issuer_generation));
                }
            }
            Record::SignOutcome(outcome) => {
                // An outcome without an open intent is for the state to refuse.
                if let Some(intent) = state.open_intents.get(&outcome.intent) {
                    self.outcome(entry.seq, offset, intent, outcome, signed, watch)?;
                }
            }
            Record::RootCertified(certified) => self.certified(certified, watch)?,
            Record::KeyBackupProving(proving) => proofs::announced(&entry.header.log, proving)?,
            Record::KeyBackupProved(proved) => proofs::made(&entry.header.log, proved, state, signed, watch)?,
            _ => {}
        }
        Ok(())
    }

    fn plan(&mut self, plan: &PlanMade) -> Result<(), Broken> {
        let form = |saw: String| ("plan.tbs", Error::new(Kind::Verify, "a plan is out of form").saw(saw));
        // Two readers of a key that stands twice could see two plans.
        unique_keys(plan.plan.get()).map_err(|error| form(error.to_string()))?;
        format::check(Kind::Verify, "a plan", plan.plan.get().as_bytes(), "anchorite/plan/v1")
            .map_err(|error| ("plan.tbs", error))?;
        let parts: PlanParts = serde_json::from_str(plan.plan.get()).map_err(|error| form(error.to_string()))?;
        self.plans.insert(plan.sha256, (parts.what, Digest::of(&parts.tbs.0)));
        Ok(())
    }

    fn intent(&mut self, intent: &SignIntent) -> Result<(), Broken> {
        let broken = |error| Err(("intent.plan", error));
        let error = |what: &str| Error::new(Kind::Verify, what);
        // That it was approved in this session is the state's rule.
        let Some((what, tbs)) = self.plans.remove(&intent.plan_sha256) else {
            return broken(error("an intent without a plan of its session").saw(intent.plan_sha256.hex()));
        };
        if intent.tbs_sha256 != tbs {
            let error = error("an intent is for other bytes than its plan");
            return broken(error.saw(intent.tbs_sha256.hex()).wanted(tbs.hex()));
        }
        if intent.what != what {
            return broken(error("an intent is of another kind than its plan").saw(&intent.what).wanted(what));
        }
        let certificate = what != "crl" && what != "request";
        if (what == "crl") != intent.crl_number.is_some() || certificate != intent.serial.is_some() {
            return broken(error("an intent has the serial number of a certificate or the number of a CRL").saw(what));
        }
        Ok(())
    }

    fn outcome(
        &mut self,
        seq: u64,
        offset: u64,
        intent: &SignIntent,
        outcome: &SignOutcome,
        signed: u64,
        watch: &mut Stopwatch<'_>,
    ) -> Result<(), Broken> {
        if outcome.status != "failed" && outcome.intent >= signed {
            let error = Error::new(Kind::Verify, "a signature was asked for before a checkpoint covered its intent")
                .saw(format!("intent at line {}, checkpoint of {signed} entries", outcome.intent.saturating_add(1)));
            return Err(("outcome.checkpoint", error));
        }
        let listed = self.lists.remove(&outcome.intent);
        let Some(der) = &outcome.der else { return Ok(()) };
        let signed = Signed::read(intent, &der.0).map_err(|error| ("outcome.bytes", error.into_kind(Kind::Verify)))?;
        match signed {
            Signed::Certificate(_) => self.certificates += 1,
            Signed::Crl(_) => self.crls += 1,
            Signed::Request(_) => {}
        }
        if let (Signed::Crl(crl), Some(listed)) = (&signed, &listed) {
            lists(crl, listed)?;
        }
        let generation = intent.issuer_generation;
        if let Signed::Certificate(certificate) = &signed {
            match intent.what.as_str() {
                "root" => {
                    watch.check(|| verify::issued_by(certificate, certificate)).map_err(bad_signature)?;
                    self.roots.insert(generation, (**certificate).clone());
                    return self.release(generation, watch);
                }
                "audit" => self.audit.push((**certificate).clone()),
                "cross" => self.cross.push((**certificate).clone()),
                _ => {}
            }
        }
        match self.roots.get(&generation) {
            Some(root) => signed.issued_by(root, watch).map_err(bad_signature),
            None if self.waiting.len() < MOST_WAITING => {
                self.waiting.push((seq, offset, generation, signed));
                Ok(())
            }
            None => Err(no_issuer(generation)),
        }
    }

    /// Checks what waited for a root's certificate.
    fn release(&mut self, generation: u32, watch: &mut Stopwatch<'_>) -> Result<(), Broken> {
        let Some(root) = self.roots.get(&generation) else { return Ok(()) };
        let (ready, rest) = std::mem::take(&mut self.waiting).into_iter().partition(|w| w.2 == generation);
        self.waiting = rest;
        let ready: Vec<_> = ready;
        for (seq, offset, _, signed) in ready {
            signed.issued_by(root, watch).map_err(|error| {
                bad_signature(error.within(format!("what line {} (byte {offset}) holds", seq.saturating_add(1))))
            })?;
        }
        Ok(())
    }

    /// What was signed by a root whose certificate the log does not hold: line, offset and how.
    pub(super) fn left_waiting(&self) -> Option<(u64, u64, Broken)> {
        self.waiting.first().map(|(seq, offset, generation, _)| (*seq, *offset, no_issuer(*generation)))
    }
}

impl Signed {
    /// Reads what was signed and compares it with its intent.
    fn read(intent: &SignIntent, der: &[u8]) -> Result<Self, Error> {
        let differs =
            |what: &str| Error::new(Kind::Verify, format!("what was signed is not what was intended: {what}"));
        let (signed, tbs) = if intent.what == "request" {
            let request = read::request(der)?;
            let info = Digest::of(&request.info);
            (Signed::Request(Box::new(request)), info)
        } else if intent.what == "crl" {
            let crl = read::crl(der)?;
            if crl.view.number != intent.crl_number {
                return Err(differs("another CRL number"));
            }
            if crl.view.next_update != intent.not_after {
                return Err(differs("another nextUpdate").saw(crl.view.next_update.to_string()));
            }
            let tbs = Digest::of(&crl.tbs);
            (Signed::Crl(Box::new(crl)), tbs)
        } else {
            let certificate = read::certificate(der)?;
            if Some(&certificate.view.serial) != intent.serial.as_ref() {
                return Err(differs("another serial number").saw(certificate.view.serial.to_string()));
            }
            if certificate.view.not_after != intent.not_after {
                return Err(differs("another end of validity").saw(certificate.view.not_after.to_string()));
            }
            let tbs = Digest::of(&certificate.tbs);
            (Signed::Certificate(Box::new(certificate)), tbs)
        };
        if tbs == intent.tbs_sha256 {
            return Ok(signed);
        }
        Err(differs("other bytes").saw(format!("SHA-256 {tbs}")).wanted(format!("SHA-256 {}", intent.tbs_sha256)))
    }

    fn issued_by(&self, root: &Certificate, watch: &mut Stopwatch<'_>) -> Result<(), Error> {
        match self {
            Signed::Certificate(certificate) => watch.check(|| verify::issued_by(certificate, root)),
            Signed::Crl(crl) => watch.check(|| verify::crl_issued_by(crl, root)),
            Signed::Request(request) => watch.check(|| parent::requested_by(request, root)),
        }
    }
}

/// A CRL lists what the log said must be listed when its signature was asked for.
fn lists(crl: &read::Crl, listed: &BTreeMap<Hex, Listed>) -> Result<(), Broken> {
    let number = crl.view.number.unwrap_or_default();
    let error = |what: &str| Error::new(Kind::Verify, format!("CRL number {number} {what}"));
    let error = match listing::mismatches(&crl.view, listed).first() {
        None => return Ok(()),
        Some(Mismatch::Lost(listed)) => {
            error("lacks a certificate that must be listed").saw("no entry").wanted(listed.serial.colons())
        }
        Some(Mismatch::Changed(listed, position)) => {
            let says = crl.view.revoked.get(*position).map(|(serial, date, reason)| {
                format!("{} {} at {date}", serial.colons(), reason.as_deref().unwrap_or("unspecified"))
            });
            error("has an entry that is not the log's").saw(says.unwrap_or_default()).wanted(format!(
                "{} at {}",
                listed.reason.name(),
                listed.date_at(crl.view.this_update)
            ))
        }
        Some(Mismatch::Foreign(serial)) => {
            error("lists what this root did not issue, or nobody revoked").saw(serial.colons())
        }
    };
    Err(("crl.list", error))
}

fn bad_signature(error: Error) -> Broken {
    ("outcome.signature", error.into_kind(Kind::Verify))
}

fn no_issuer(generation: u32) -> Broken {
    let error = Error::new(Kind::Verify, "the issuer's certificate is not in the log");
    ("outcome.signature", error.saw(format!("root key generation {generation}")))
}
