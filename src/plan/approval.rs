//! From a plan to something that may be signed: made, approved, batched. Each type is built here only.

use super::{MAX_AGE_HOURS, Plan, Standard, TbsView, What};
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::finding::{self, Finding, Severity};
use crate::log::entry::to_ascii_json;
use crate::log::record::{PlanApproved, PlanMade, SignIntent};
use crate::words;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A plan and the digest of its exact bytes. A batch may be thousands: neither the bytes nor all that another parser
/// reads in them is kept beside the plan, both are made again from it, and a clone is the same plan.
#[derive(Debug, Clone)]
pub struct MadePlan {
    plan: Arc<Plan>,
    brief: Arc<Brief>,
    digest: Digest,
    standard: Standard,
}

/// What a batch asks of a plan, as another parser than the builder's reads it. It is kept: when the token waits, no plan
/// is read again.
#[derive(Debug)]
struct Brief {
    tbs: Digest,
    /// The serial number, and the digests of the subject's and of the key's DER, of a certificate.
    certificate: Option<(Hex, Digest, Digest)>,
    crl_number: Option<u64>,
    not_after: Timestamp,
}

impl Brief {
    fn new(plan: &Plan, view: &TbsView, standard: &Standard) -> Self {
        let (certificate, crl_number, not_after) = match view {
            TbsView::Certificate(view) => {
                let of = (view.serial.clone(), Digest::of(&view.subject_der), Digest::of(&view.spki_der));
                (Some(of), None, view.not_after)
            }
            TbsView::Crl(view) => (None, view.number, view.next_update),
            // Whoever certifies it decides for how long; the request is of use while the root is.
            TbsView::Request(_) => (None, None, standard.issuer_ends()),
        };
        Self { tbs: Digest::of(&plan.tbs.0), certificate, crl_number, not_after }
    }
}

impl MadePlan {
    /// Lints a plan's to-be-signed bytes, as the parser that did not build them reads them, and fixes the
    /// plan's bytes and digest with what was found.
    ///
    /// # Errors
    /// [`Kind::Bug`] where the plan cannot be written as JSON, or does not read back as itself.
    pub fn new(mut plan: Plan, standard: Standard) -> Result<Self, Error> {
        let view = plan.view()?;
        plan.findings.extend(standard.lint(&view)?);
        let brief = Arc::new(Brief::new(&plan, &view, &standard));
        let json = json(&plan)?;
        let again: Plan = serde_json::from_str(&json).map_err(|_| not_itself())?;
        if again != plan {
            return Err(not_itself());
        }
        let digest = Digest::of(json.as_bytes());
        // The one that was read back: what is shown and signed is what the log's bytes say.
        Ok(Self { plan: Arc::new(again), brief, digest, standard })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// SHA-256 of the plan's bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The to-be-signed bytes as another parser than the builder's reads them.
    ///
    /// # Errors
    /// [`Kind::Bug`] where they do not parse; they did when the plan was made.
    pub fn view(&self) -> Result<TbsView, Error> {
        self.plan.view()
    }

    /// The log's record of it: the bytes that have the digest.
    ///
    /// # Errors
    /// [`Kind::Bug`] where the plan is not written as it was when it was made.
    pub fn record(&self) -> Result<PlanMade, Error> {
        let json = json(&self.plan)?;
        if Digest::of(json.as_bytes()) != self.digest {
            return Err(not_itself());
        }
        Ok(PlanMade { sha256: self.digest, plan: RawValue::from_string(json).map_err(|_| not_itself())? })
    }

    /// True when a finding asks people for a reason.
    pub fn needs_reason(&self) -> bool {
        finding::worst(&self.plan.findings) == Some(Severity::Warn)
    }

    /// Approves by the words that people typed: the administrator the first two, the witness the next two.
    ///
    /// # Errors
    /// [`Kind::Declined`] names the word that differs; [`Kind::Refused`] where a finding cannot be overruled
    /// or a reason is missing. The plan is as it was.
    pub fn approve_by_words(
        &self,
        administrator: &str,
        witness: &str,
        reason: Option<&str>,
    ) -> Result<ApprovedPlan, Error> {
        words::compare(administrator, &self.digest.0, 0, 2)?;
        words::compare(witness, &self.digest.0, 2, 2)?;
        self.approve("words", reason)
    }

    /// Approves by what was reviewed beforehand, for an unattended authority: `reviewed` must name exactly
    /// what this plan was made from.
    ///
    /// # Errors
    /// [`Kind::Declined`] where the answer is about something else; otherwise as [`Self::approve_by_words`].
    pub fn approve_by_answer(&self, reviewed: &str, reason: Option<&str>) -> Result<ApprovedPlan, Error> {
        if reviewed != self.plan.reviewed {
            return Err(Error::new(Kind::Declined, "an answer approves something else than this plan")
                .saw(reviewed)
                .wanted(&self.plan.reviewed));
        }
        self.approve("answers", reason)
    }

    fn approve(&self, by: &str, reason: Option<&str>) -> Result<ApprovedPlan, Error> {
        if let Some(refused) = self.plan.findings.iter().find(|f| f.severity == Severity::Refuse) {
            return Err(Error::new(Kind::Refused, format!("the plan is refused by the rule {}", refused.id))
                .saw(&refused.observed)
                .wanted(&refused.expected)
                .hint(&refused.hint)
                .truth("Nothing was signed."));
        }
        let reason = reason.map(str::trim).filter(|r| !r.is_empty());
        if self.needs_reason() && reason.is_none() {
            return Err(
                Error::new(Kind::Refused, "a plan with warnings needs a reason, which the log keeps").saw("no reason")
            );
        }
        Ok(ApprovedPlan { made: self.clone(), by: by.to_owned(), reason: reason.map(str::to_owned) })
    }
}

/// The bytes of a plan, of which people confirm the digest.
fn json(plan: &Plan) -> Result<String, Error> {
    String::from_utf8(to_ascii_json(plan)?).map_err(|_| not_itself())
}

fn not_itself() -> Error {
    Error::new(Kind::Bug, "a plan does not read back as itself")
}

/// A plan whose digest people confirmed.
#[derive(Debug, Clone)]
pub struct ApprovedPlan {
    made: MadePlan,
    by: String,
    reason: Option<String>,
}

impl ApprovedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.made.plan
    }

    /// Its digest.
    pub fn digest(&self) -> Digest {
        self.made.digest
    }

    /// The finding of weight refuse in what was signed for this plan, read by the parser that did not build it.
    ///
    /// # Errors
    /// [`Kind::Bug`] where a CRL was signed for a certificate's plan, or the other way round.
    pub fn flaw(&self, signed: &TbsView) -> Result<Option<Finding>, Error> {
        let findings = self.made.standard.lint(signed)?;
        Ok(findings.into_iter().find(|finding| finding.severity == Severity::Refuse))
    }

    /// The log's record of the approval.
    pub fn record(&self) -> PlanApproved {
        PlanApproved { plan_sha256: self.made.digest, by: self.by.clone(), reason: self.reason.clone() }
    }

    /// The log's record of what is about to be signed.
    fn intent(&self) -> SignIntent {
        let (plan, brief) = (self.plan(), &self.made.brief);
        SignIntent {
            plan_sha256: self.made.digest,
            tbs_sha256: brief.tbs,
            what: plan.what.name().to_owned(),
            serial: brief.certificate.as_ref().map(|(serial, ..)| serial.clone()),
            crl_number: brief.crl_number,
            issuer_generation: plan.issuer_generation,
            cluster: plan.cluster.as_ref().map(|c| c.name.clone()),
            generation: plan.cluster.as_ref().map(|c| c.generation),
            not_after: brief.not_after,
        }
    }
}

/// Approved plans that one root key signs together.
#[derive(Debug)]
pub struct Batch {
    plans: Vec<ApprovedPlan>,
    intents: Vec<SignIntent>,
    issuer_generation: u32,
}

impl Batch {
    /// Puts approved plans together: one issuer key; serial numbers, subjects and keys distinct; none expired.
    ///
    /// # Errors
    /// [`Kind::Refused`]. Nothing was signed.
    pub fn new(plans: Vec<ApprovedPlan>, now: Timestamp) -> Result<Self, Error> {
        let refuse = |what: &str, seen: String| Error::new(Kind::Refused, what).saw(seen).truth("Nothing was signed.");
        let mut intents = Vec::with_capacity(plans.len());
        let mut serials: BTreeSet<&Hex> = BTreeSet::new();
        let mut subjects: BTreeSet<Digest> = BTreeSet::new();
        let mut keys: BTreeSet<Digest> = BTreeSet::new();
        let issuer = plans.first().map(|p| (p.plan().issuer_generation, p.plan().algorithm.clone()));
        for approved in &plans {
            let plan = approved.plan();
            if Some((plan.issuer_generation, plan.algorithm.clone())) != issuer {
                return Err(refuse("a batch has one issuer key", format!("generation {}", plan.issuer_generation)));
            }
            let age = now.duration_since(plan.made);
            if age > SignedDuration::from_hours(MAX_AGE_HOURS) {
                return Err(refuse("a plan has expired", format!("made {}", plan.made))
                    .wanted(format!("at most {MAX_AGE_HOURS} hours"))
                    .hint("run the ceremony again: the plan is made and reviewed anew"));
            }
            if let Some((serial, subject, key)) = &approved.made.brief.certificate {
                if !serials.insert(serial) {
                    return Err(refuse("two plans have one serial number", serial.to_string()));
                }
                if !subjects.insert(*subject) {
                    let seen = match approved.made.view()? {
                        TbsView::Certificate(view) => crate::x509::read::show_name(&view.subject),
                        _ => subject.hex(),
                    };
                    return Err(refuse("two plans have one subject", seen));
                }
                if !keys.insert(*key) {
                    return Err(refuse("two plans have one key", key.hex()));
                }
            }
            intents.push(approved.intent());
        }
        if intents.iter().filter(|i| i.what == What::Crl.name()).count() > 1 {
            return Err(refuse("two CRLs in one batch", plans.len().to_string()));
        }
        let (issuer_generation, _) = issuer.unwrap_or_default();
        Ok(Self { plans, intents, issuer_generation })
    }

    /// Puts approved plans together, a batch for each issuer key, in the order in which its first plan comes.
    ///
    /// # Errors
    /// As [`Self::new`]. Nothing was signed.
    pub fn by_issuer(plans: Vec<ApprovedPlan>, now: Timestamp) -> Result<Vec<Self>, Error> {
        let mut groups: Vec<Vec<ApprovedPlan>> = Vec::new();
        for plan in plans {
            let same = |group: &&mut Vec<ApprovedPlan>| {
                group.first().is_some_and(|first| first.plan().issuer_generation == plan.plan().issuer_generation)
            };
            match groups.iter_mut().find(same) {
                Some(group) => group.push(plan),
                None => groups.push(vec![plan]),
            }
        }
        groups.into_iter().map(|group| Self::new(group, now)).collect()
    }

    /// The generation of the root key that signs.
    pub fn issuer_generation(&self) -> u32 {
        self.issuer_generation
    }

    /// The plans, in order.
    pub fn plans(&self) -> &[ApprovedPlan] {
        &self.plans
    }

    /// What the log records before anything is signed, in the order of the plans.
    pub fn intents(&self) -> &[SignIntent] {
        &self.intents
    }
}
