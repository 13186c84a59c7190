//! The proof: for every pair of adjacent stages and of clusters, a workload's certificate of the one verifies under
//! the roots of the other.
//!
//! A leaf is made under each stage's key as istiod makes it, with the chain that istiod hands out, and validated as
//! Envoy does it (`path`) and with rustls-webpki, which is ztunnel's. Leaves live in memory only.

use super::ca::Which;
use super::load::form;
use super::path;
use super::record::Change;
use super::stages::{Plan, Stage};
use crate::consumer::check::{Asked, Form, check, trial_leaf, webpki_accepts};
use crate::consumer::{CaFiles, Consumer, Found, Layout};
use crate::error::{Error, Kind};
use crate::finding::Severity;
use crate::x509::read::{self, Foreign};
use jiff::Timestamp;
use serde::Serialize;

/// A cluster in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The cluster.
    pub cluster: String,
    /// The stage, 0 to 3.
    pub stage: u8,
}

/// One try: whose certificate, before whose roots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Who presents a certificate.
    pub presents: Place,
    /// Who validates it.
    pub trusts: Place,
    /// Why it does not verify; none where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What was tried.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// Adjacent stages: none may be refused.
    pub tried: Vec<Tried>,
    /// Stage 0 with stage 2: what stage 1 is for.
    pub without_stage_1: Vec<Tried>,
}

impl Proof {
    /// Those that did not verify.
    pub fn refused(&self) -> impl Iterator<Item = &Tried> {
        self.tried.iter().filter(|tried| tried.refused.is_some())
    }
}

struct Side<'a> {
    plan: &'a Plan,
    stage: &'a Stage,
    presented: Vec<Foreign>,
    /// None where the key of before is in no stage: a renewal.
    leaf: Option<Foreign>,
}

impl Side<'_> {
    fn place(&self) -> Place {
        Place { cluster: self.plan.record.cluster.clone(), stage: self.stage.number }
    }
}

/// Tries every pair of these clusters' stages that can meet.
///
/// # Errors
/// [`Kind::Refused`]: the keys were left out of a plan. [`Kind::Bug`]: no leaf could be made.
pub fn prove(plans: &[&Plan], at: Timestamp) -> Result<Proof, Error> {
    let mut sides = Vec::new();
    for plan in plans {
        check_keyed(plan)?;
        for stage in &plan.stages {
            sides.push(side(plan, stage, at)?);
        }
    }
    let mut proof = Proof::default();
    for one in &sides {
        for other in &sides {
            let apart = one.stage.number.abs_diff(other.stage.number);
            let renewing = [one, other].iter().any(|side| side.plan.record.kind == Change::Renewal);
            let Some(leaf) = &one.leaf else { continue };
            let tried =
                || Tried { presents: one.place(), trusts: other.place(), refused: verify(leaf, one, other, at).err() };
            // A renewal waits for nobody: it meets every stage of the others.
            match (renewing, apart) {
                (true, _) | (false, 0 | 1) => proof.tried.push(tried()),
                (false, 2) if one.stage.number.min(other.stage.number) == 0 => proof.without_stage_1.push(tried()),
                _ => {}
            }
        }
    }
    Ok(proof)
}

fn side<'a>(plan: &'a Plan, stage: &'a Stage, at: Timestamp) -> Result<Side<'a>, Error> {
    // Stage 0 has the key of stage 1.
    let mut same = plan.stages.iter().filter(|other| other.ca.own.der == stage.ca.own.der);
    let keyed = same.find(|other| other.ca.files.ca_key.is_some());
    let asked =
        Asked { leaf_ttl: plan.record.leaf_lifetime(), trust_domain: &plan.record.trust_domain, ..Asked::of(&[], at) };
    let leaf = |keyed: &Stage| -> Result<Foreign, Error> {
        read::foreign(&trial_leaf(&stage.ca.own, &keyed.ca.key(Which::Current)?, &asked)?)
    };
    let leaf = keyed.map(leaf).transpose()?;
    let mut presented = stage.ca.chain.clone();
    // In the layout of tls.crt istiod's chain is tls.crt and ca.crt.
    if form(&plan.record) == Form::Tls {
        presented.extend(stage.ca.roots.iter().cloned());
    }
    Ok(Side { plan, stage, presented, leaf })
}

fn check_keyed(plan: &Plan) -> Result<(), Error> {
    let keyed = plan.stages.iter().all(|stage| stage.number == 0 || stage.ca.files.ca_key.is_some());
    if keyed { Ok(()) } else { Err(unproved(plan)) }
}

fn unproved(plan: &Plan) -> Error {
    Error::new(Kind::Refused, "a plan without its keys cannot be proved")
        .saw(format!("the plan of {}", plan.record.cluster))
        .hint("it was made with --redact, for review: plan again without it")
}

fn verify(leaf: &Foreign, one: &Side<'_>, other: &Side<'_>, at: Timestamp) -> Result<(), String> {
    let roots = &other.stage.ca.roots;
    let path = path::find(leaf, &one.presented, roots)?;
    if let Some(outside) = path.iter().find(|c| at < c.not_before || at > c.not_after) {
        return Err(format!("{} is valid {} to {}", outside.subject, outside.not_before, outside.not_after));
    }
    if one.plan.record.sidecar_only && other.plan.record.sidecar_only {
        return Ok(());
    }
    webpki_accepts(&leaf.der, &one.presented, roots, at).map_err(|why| format!("rustls-webpki: {why}"))
}

/// Holds each stage's files against what their consumers accept; what the cluster suffers from already, stage 0,
/// is not this switch's fault. Returns what is worth knowing.
///
/// # Errors
/// [`Kind::Verify`]: istiod would not start in a stage, or a peer would reject.
pub fn works(plan: &Plan, at: Timestamp) -> Result<Vec<String>, Error> {
    let consumers: Vec<Consumer> = match plan.record.sidecar_only {
        true => Layout::Istio.consumers().iter().copied().filter(|c| *c != Consumer::Ztunnel).collect(),
        false => Layout::Istio.consumers().to_vec(),
    };
    let asked = Asked {
        leaf_ttl: plan.record.leaf_lifetime(),
        trust_domain: &plan.record.trust_domain,
        ..Asked::of(&consumers, at)
    };
    check_keyed(plan)?;
    let mut before: Vec<String> = Vec::new();
    let mut notes = Vec::new();
    for stage in &plan.stages {
        let files = &stage.ca.files;
        let key = plan.stages.iter().find(|s| s.ca.own.der == stage.ca.own.der && s.ca.files.ca_key.is_some());
        let key = key.and_then(|stage| stage.ca.files.ca_key.as_ref()).map(|key| key.as_slice());
        let form = form(&plan.record);
        let ca_cert = if form == Form::Tls { &files.cert_chain } else { &files.ca_cert };
        let read = CaFiles {
            form,
            ca_cert: Some(ca_cert),
            ca_key: key,
            cert_chain: Some(&files.cert_chain),
            root_cert: Some(&files.root_cert),
            crl: None,
        };
        let found = check(&read, &asked)?.found;
        if stage.number == 0 {
            before = found.into_iter().map(|found| found.finding.id).collect();
            continue;
        }
        let known = |found: &&Found| stage.number == 1 && before.contains(&found.finding.id);
        for found in found.iter().filter(|found| !known(found)) {
            let stopped: Vec<&str> = found.stops.iter().filter(|c| consumers.contains(c)).map(|c| c.title()).collect();
            if stopped.is_empty() {
                continue;
            }
            return Err(Error::new(
                Kind::Verify,
                format!("stage {} would not work: {}", stage.number, found.finding.id),
            )
            .saw(&found.finding.observed)
            .wanted(&found.finding.expected)
            .hint(format!("it stops {}: {}", stopped.join(", "), found.then))
            .hint(&found.finding.hint));
        }
        let last = plan.stages.last().is_some_and(|last| last.number == stage.number);
        let told = found.iter().filter(|f| f.finding.severity == Severity::Warn && last);
        notes.extend(told.map(|found| format!("{}: {}; {}", found.finding.id, found.finding.observed, found.then)));
    }
    Ok(notes)
}
