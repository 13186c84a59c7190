//! Which stage a cluster's live files are in, or why in none.

use super::ca::{Ca, shown};
use super::stages::{Plan, Stage};
use crate::digest::Digest;
use crate::x509::read::Foreign;

/// Where live files stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// In this stage.
    In(u8),
    /// In none of the plan's.
    Nowhere {
        /// What is there.
        seen: String,
        /// What the nearest stage has.
        wanted: String,
        /// The directory of the stage to put in place, and its number; none for files of another cluster.
        put: Option<(String, u8)>,
    },
}

/// Finds the stage whose certificate, chain and roots these are, roots in their order.
pub fn stage_of(live: &Ca, plan: &Plan) -> Standing {
    let same = |one: &[Foreign], other: &[Foreign]| {
        one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.der == other.der)
    };
    let signing: Vec<&Stage> = plan.stages.iter().filter(|stage| stage.ca.own.der == live.own.der).collect();
    let Some(nearest) = signing.last() else {
        return Standing::Nowhere {
            seen: format!("it signs with {}", shown(&live.own)),
            wanted: "the old CA or the new one".to_owned(),
            put: None,
        };
    };
    let trusting: Vec<&&Stage> = signing.iter().filter(|stage| same(&stage.ca.roots, &live.roots)).collect();
    if let Some(stage) = trusting.iter().find(|stage| same(&stage.ca.chain, &live.chain)) {
        return Standing::In(stage.number);
    }
    let put = |stage: &Stage| {
        // Stage 0 is what was there before: it has no Secret of ours.
        let row = plan.record.stages.iter().find(|row| row.stage == stage.number && row.stage > 0)?;
        Some((row.directory.clone(), row.stage))
    };
    if let Some(stage) = trusting.first() {
        return Standing::Nowhere {
            seen: format!("cert-chain.pem holds {}", list(&live.chain, plan)),
            wanted: format!("{}, as in stage {}", list(&stage.ca.chain, plan), stage.number),
            put: put(stage),
        };
    }
    let wanted: Vec<String> =
        signing.iter().map(|stage| format!("{} (stage {})", list(&stage.ca.roots, plan), stage.number)).collect();
    let signs =
        if plan.record.old.first().is_some_and(|row| row.sha256 == Digest::of(&live.own.der)) { "old" } else { "new" };
    // The old CA signs in stages 0 and 1, the new one from 2 on: the stage in which everybody is trusted.
    let safe = signing.iter().find(|stage| matches!(stage.number, 1 | 2)).unwrap_or(nearest);
    Standing::Nowhere {
        seen: format!("the {signs} CA signs, and the roots are {}", list(&live.roots, plan)),
        wanted: wanted.join(" or "),
        put: put(safe),
    }
}

/// Certificates by the names of the plan: old, new, or the beginning of a digest.
fn list(certificates: &[Foreign], plan: &Plan) -> String {
    let name = |certificate: &Foreign| {
        let digest = Digest::of(&certificate.der);
        let position = |rows: &[super::record::Row]| {
            rows.iter().rposition(|row| row.sha256 == digest).map(|at| at + 1 == rows.len())
        };
        match (position(&plan.record.old), position(&plan.record.new)) {
            (Some(true), _) => "old root".to_owned(),
            (_, Some(true)) => "new root".to_owned(),
            (Some(false), _) => "old CA".to_owned(),
            (_, Some(false)) => "new CA".to_owned(),
            (None, None) => format!("another ({})", shown(certificate)),
        }
    };
    match certificates.is_empty() {
        true => "none".to_owned(),
        false => certificates.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}
