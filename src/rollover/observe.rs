//! Observing a rollover: is each workload ready for the next stage, and if not, why?
//!
//! Looks at what proxies say ([`dump`]) and at `plan.json`, which holds no key; never at a cluster. A workload is
//! ready when it does not need what the next stage takes away: at the end of stage 1 it trusts both roots, of
//! stage 2 it shows a certificate under the new intermediate, of stage 3 it trusts the new root only.

pub mod dump;

use super::record::{Change, Record};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::read::Foreign;
use crate::x509::verify::{self, Checked};
use dump::{Bundle, Workload};
use jiff::Timestamp;
use std::fmt;

/// A stage whose end can be seen in what proxies hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// 1: trust both.
    Both,
    /// 2: switch.
    Switch,
    /// 3: retire.
    Retire,
}

impl Sight {
    /// The stage of a number, 1 to 3.
    pub fn of(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Both),
            2 => Some(Self::Switch),
            3 => Some(Self::Retire),
            _ => None,
        }
    }

    /// Its number and what it does, as the runbook has it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Both => "stage 1, trust both",
            Self::Switch => "stage 2, switch",
            Self::Retire => "stage 3, retire",
        }
    }
}

/// A certificate of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The SHA-256 of the certificate, DER.
    pub sha256: Digest,
    /// The subject on one line, escaped; empty where the plan does not say.
    pub subject: String,
}

/// What a mesh moves from and to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The roots that stage 3 takes away.
    pub old: Vec<Known>,
    /// The roots that stay.
    pub new: Vec<Known>,
    /// The new intermediate of each cluster.
    pub issuers: Vec<Known>,
}

impl Sought {
    /// What the plans of a mesh's clusters say.
    ///
    /// # Errors
    /// [`Kind::Usage`]: a plan that takes no root away, so that there is nothing to observe. [`Kind::Refused`]:
    /// plans that move to different roots.
    pub fn of(plans: &[Record]) -> Result<Self, Error> {
        let mut sought = Self { old: Vec::new(), new: Vec::new(), issuers: Vec::new() };
        for plan in plans {
            let roots = |number: u8| {
                let stage =
                    plan.stages.iter().find(|row| row.stage == number).filter(|_| plan.kind == Change::Rollover);
                stage.map(|row| row.roots.iter().map(|sha256| known(plan, *sha256)).collect::<Vec<_>>())
            };
            let (Some(both), Some(new), Some(issuer)) = (roots(1), roots(3), plan.new.first()) else {
                return Err(Error::new(Kind::Usage, "this plan takes no root away: there is nothing to observe")
                    .saw(&plan.cluster)
                    .hint("a new intermediate under the same root is one Secret, which istiod reads by itself"));
            };
            if !sought.new.is_empty()
                && (new.iter().any(|root| !sought.new.contains(root))
                    || sought.new.iter().any(|root| !new.contains(root)))
            {
                return Err(Error::new(Kind::Refused, "these plans move to different roots")
                    .saw(format!("{}: {}", plan.cluster, shown(&new)))
                    .wanted(shown(&sought.new))
                    .hint("clusters of one mesh move to one root; observe another mesh by itself"));
            }
            add(&mut sought.old, both.into_iter().filter(|root| !new.contains(root)));
            add(&mut sought.issuers, [known(plan, issuer.sha256)]);
            add(&mut sought.new, new);
        }
        Ok(sought)
    }

    /// Judges one workload at the end of a stage. `now` is for the validity of its certificate.
    pub fn judge(&self, workload: &Workload, sight: Sight, now: Timestamp) -> Verdict {
        let mut verdict = Verdict {
            not_after: workload.chain.first().map(|leaf| leaf.not_after),
            under_new: self.under_new(&workload.chain),
            ..Verdict::default()
        };
        verdict.lacks.extend(workload.faults.iter().map(|fault| Lack { what: fault.clone(), to_do: WAIT }));
        self.judge_certificate(workload, sight, now, &mut verdict);
        self.judge_roots(workload, sight, &mut verdict);
        verdict
    }

    fn judge_certificate(&self, workload: &Workload, sight: Sight, now: Timestamp, verdict: &mut Verdict) {
        let Some(leaf) = workload.chain.first() else { return };
        if now > leaf.not_after {
            verdict.lack(format!("its certificate: expired at {}", leaf.not_after), RESTART);
        } else if now < leaf.not_before {
            verdict.lack(format!("its certificate: valid from {} only", leaf.not_before), CLOCK);
        }
        match (sight, verdict.under_new) {
            (Sight::Both, true) => {
                verdict.notes.push("its certificate: already the new intermediate's, as in stage 2".to_owned())
            }
            (Sight::Switch | Sight::Retire, false) => {
                let by = workload.chain.iter().skip(1).find(|ca| ca.subject_der == leaf.issuer_der);
                let by = by.map_or_else(|| format!("{}, which is not shown", leaf.issuer), name);
                verdict.lack(format!("its certificate: signed by {by}, wanted {}", shown(&self.issuers)), RESIGN);
            }
            _ => {}
        }
    }

    fn judge_roots(&self, workload: &Workload, sight: Sight, verdict: &mut Verdict) {
        let Some(bundles) = &workload.bundles else {
            // Where they are out of form, or on their way, that was said.
            if sight != Sight::Switch && workload.faults.is_empty() {
                verdict.lack("its roots: this output does not say them".to_owned(), UNSAID);
            }
            return;
        };
        for bundle in bundles {
            self.judge_bundle(bundle, sight, verdict);
        }
    }

    fn judge_bundle(&self, bundle: &Bundle, sight: Sight, verdict: &mut Verdict) {
        let of = bundle.domain.as_ref().map_or_else(String::new, |domain| format!(" for {domain}"));
        let held: Vec<Digest> = bundle.roots.iter().map(|root| Digest::of(&root.der)).collect();
        let is_held = |root: &&Known| held.contains(&root.sha256);
        for root in self.new.iter().filter(|root| !is_held(root)) {
            verdict.lack(format!("its roots{of}: without the new one, {root}"), ARRIVE);
        }
        for root in &self.old {
            match (sight, is_held(&root)) {
                (Sight::Both, false) => verdict.lack(format!("its roots{of}: without the old one, {root}"), BACK),
                (Sight::Switch, false) => {
                    verdict.notes.push(format!("its roots{of}: already without the old one, as in stage 3"));
                }
                (Sight::Retire, true) => verdict.lack(format!("its roots{of}: still with the old one, {root}"), LEAVE),
                (Sight::Both | Sight::Switch, true) | (Sight::Retire, false) => {}
            }
        }
        let planned = |sha256: &Digest| self.old.iter().chain(&self.new).any(|root| root.sha256 == *sha256);
        for (root, _) in bundle.roots.iter().zip(&held).filter(|(_, sha256)| !planned(sha256)) {
            verdict.notes.push(format!("its roots{of}: with one that is in no stage, {}", name(root)));
        }
    }

    /// A new intermediate is shown behind the certificate, and signed it.
    fn under_new(&self, chain: &[Foreign]) -> bool {
        let Some((leaf, above)) = chain.split_first() else { return false };
        above.iter().any(|issuer| {
            self.issuers.iter().any(|known| known.sha256 == Digest::of(&issuer.der))
                && issuer.subject_der == leaf.issuer_der
                && verify::foreign(&issuer.key, &leaf.algorithm_oid, &leaf.tbs, &leaf.signature) == Checked::Good
        })
    }
}

/// What is to be done about a proxy that has not got what it waits for.
const WAIT: &str = "look at the proxy's log and at istiod's; a restart of the workload asks again";
/// … about a proxy that said nothing.
const ASK: &str = "ask its proxy again: istioctl proxy-config secret POD.NAMESPACE -o json";
/// … about roots that have not arrived.
const ARRIVE: &str = "istiod pushes them within minutes; where they do not arrive, the workload was injected before the \
                      settings of stage 0: kubectl rollout restart";
/// … about roots that have not left.
const LEAVE: &str = "they leave with the next certificate; at once: kubectl rollout restart";
/// … about an old root that is gone too early.
const BACK: &str = "it refuses everybody who shows an old certificate: put this stage's Secret in place again";
/// … about a certificate that is still the old CA's.
const RESIGN: &str = "it is replaced when it has lived about half of its time; at once: kubectl rollout restart";
/// … about a certificate that has ended.
const RESTART: &str = "its agent cannot reach istiod, or istiod does not sign: look at both logs";
/// … about a certificate that has not begun.
const CLOCK: &str = "compare the clocks of this machine and of the node";
/// … about an output without roots.
const UNSAID: &str = "use a newer istioctl, or give ztunnel's own config_dump";

/// What was seen of a workload.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What keeps the next stage from beginning; empty for a workload that is ready. Not escaped.
    pub lacks: Vec<Lack>,
    /// What is worth knowing. Not escaped.
    pub notes: Vec<String>,
    /// Its certificate is signed by a new intermediate.
    pub under_new: bool,
    /// The end of its certificate.
    pub not_after: Option<Timestamp>,
}

/// One thing that a workload lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// A clause that begins with its subject.
    pub what: String,
    /// What a person can do about it.
    pub to_do: &'static str,
}

impl Verdict {
    /// The next stage may begin, as far as this workload goes.
    pub fn is_ready(&self) -> bool {
        self.lacks.is_empty()
    }

    /// Of a proxy whose output could not be read.
    pub fn unseen(why: &Error) -> Self {
        let mut verdict = Self::default();
        verdict.lack(format!("what it holds: {why}"), ASK);
        verdict
    }

    fn lack(&mut self, what: String, to_do: &'static str) {
        self.lacks.push(Lack { what, to_do });
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&described(&self.subject, &self.sha256))
    }
}

fn add(known: &mut Vec<Known>, more: impl IntoIterator<Item = Known>) {
    for one in more {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

fn known(plan: &Record, sha256: Digest) -> Known {
    let row = plan.old.iter().chain(&plan.new).find(|row| row.sha256 == sha256);
    Known { sha256, subject: row.map_or_else(String::new, |row| row.subject.clone()) }
}

fn name(certificate: &Foreign) -> String {
    described(&certificate.subject, &Digest::of(&certificate.der))
}

/// The names of two CAs can be the same.
fn described(subject: &str, sha256: &Digest) -> String {
    format!("{subject} (sha256 {})", sha256.short()).trim_start().to_owned()
}

fn shown(known: &[Known]) -> String {
    known.iter().map(Known::to_string).collect::<Vec<_>>().join(" or ")
}
