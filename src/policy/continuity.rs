//! A cluster that is known asks again: is it the same one, and what is different? Rules over log and request.
//!
//! Never decides whether people believe it: the words of the request settle that. Source: RFC 4210 section
//! 5.3.5, RFC 4211 section 4.

use super::judge::Claim;
use crate::authority::state::{Cluster, Requested};
use crate::authority::{Config, State};
use crate::digest::Digest;
use crate::finding::{Finding, Rule, Severity};
use crate::x509::{Spki, read};

/// What a request says of the key before its own, as far as signatures bear it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Previous<'a> {
    /// It names none.
    Unnamed,
    /// It names one whose signature did not travel with it.
    Unsigned,
    /// It names one that this authority did not certify, so its signature says nothing here.
    Unknown(&'a Digest),
    /// This certified key signed it.
    Signed(&'a Spki),
}

static SIGNED: Rule = Rule {
    id: "policy.renewal.signed",
    severity: Severity::Info,
    says: "A later request that the cluster's newest intermediate key signed is shown as a renewal.",
    source: "RFC 4210 section 5.3.5: a key update request is signed by the key that it replaces",
    hint: "nothing to do; the words are asked all the same, because a key may be in other hands",
};
static UNSIGNED: Rule = Rule {
    id: "policy.renewal.unsigned",
    severity: Severity::Info,
    says: "A later request is signed by the previous intermediate key too.",
    source: "RFC 4210 section 5.3.5: a key update request is signed by the key that it replaces",
    hint: "anchorite request NAME --renew signs with both keys; without it the words alone settle who asks",
};
static COMPROMISED: Rule = Rule {
    id: "policy.renewal.compromised",
    severity: Severity::Warn,
    says: "A renewal that is signed by a key that was revoked as compromised is no renewal: who has the key can sign.",
    source: "RFC 4210 section 5.3.9: a compromised key authenticates nothing; RFC 5280 section 5.3.1",
    hint: "who asks is settled by the words alone: call the engineer on a number from the directory, and say so",
};
static ELSEWHERE: Rule = Rule {
    id: "policy.renewal.other-cluster",
    severity: Severity::Refuse,
    says: "A renewal is signed by a key of the cluster that it renews: clusters are never renamed.",
    source: "NIST SP 800-57 part 1 revision 5 section 8.1.5.1: a key has one owner",
    hint: "renew with the cluster's own key: anchorite request NAME --renew --previous SECRET.json; a new cluster \
           gets a new key and no --renew",
};
static RETIRED: Rule = Rule {
    id: "policy.cluster.retired",
    severity: Severity::Refuse,
    says: "A retired cluster gets no certificate, and its name is never used again.",
    source: "RFC 5280 section 4.1.2.6: a subject name belongs to one CA; the log, cluster.retired",
    hint: "names are unique: enrol it under a new name with a new key: anchorite request NEW-NAME",
};
static CHANGED: Rule = Rule {
    id: "policy.cluster.changed",
    severity: Severity::Info,
    says: "A later request agrees with the one before; where it differs, people are shown how.",
    source: "RFC 4211 section 4: proof of possession says nothing of who asks",
    hint: "the words of the request settle it: ask for them from the sheet",
};

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&RETIRED, &ELSEWHERE, &SIGNED, &UNSIGNED, &COMPROMISED, &CHANGED];

/// What a plan's screen says of a renewal, from the findings that the plan keeps; `None` for a first request
/// and for a key made here.
pub fn renewal_line(findings: &[Finding]) -> Option<String> {
    let of = |rule: &Rule| findings.iter().find(|finding| finding.id == rule.id);
    if let Some(finding) = of(&COMPROMISED) {
        return Some(format!("counts for nothing: {}; the words settle it", finding.observed));
    }
    match (of(&SIGNED), of(&UNSIGNED)) {
        (Some(finding), _) => Some(format!("signed by the previous key: yes ({})", finding.observed)),
        (None, Some(finding)) => {
            Some(format!("signed by the previous key: no ({}); the words settle it", finding.observed))
        }
        (None, None) => None,
    }
}

/// True where the newest key of the cluster signed the request too.
pub(super) fn renews(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.id == SIGNED.id)
}

/// Compares a claim with what the log says of its cluster; gives what differs, a line each.
pub(super) fn compare(config: &Config, state: &State, claim: &Claim<'_>, findings: &mut Vec<Finding>) -> Vec<String> {
    let Some(cluster) = state.clusters.get(claim.cluster) else {
        judge_previous(state, claim, findings);
        return Vec::new();
    };
    if let Some(retired) = &cluster.retired {
        let seen = format!("{} was retired on {}: {}", claim.cluster, retired.at, retired.reason);
        findings.push(RETIRED.finding(seen, "a name that no retired cluster has"));
        return Vec::new();
    }
    judge_previous(state, claim, findings);
    differences(config, state, cluster, claim, findings)
}

/// Whether the newest intermediate key of the cluster signed the request too.
fn judge_previous(state: &State, claim: &Claim<'_>, findings: &mut Vec<Finding>) {
    let newest = state.newest_intermediate(claim.cluster);
    let mut unsigned = |seen: String| findings.push(UNSIGNED.finding(seen, "a signature of the previous key as well"));
    match claim.previous {
        Previous::Signed(spki) => {
            let key = spki.sha256();
            let holder = state.key_holder(&key).unwrap_or_default();
            if holder != claim.cluster {
                let seen = format!("the key of {holder}, spki {}", key.short());
                return findings.push(ELSEWHERE.finding(seen, format!("a key of {}", claim.cluster)));
            }
            let generation = generation_of(state, claim.cluster, spki).unwrap_or_default();
            if let Some(revoked) = state.revoked_key(&key).filter(|revoked| revoked.reason.is_compromise()) {
                let seen = format!("the key of generation {generation} was revoked: {}", revoked.reason.name());
                return findings.push(COMPROMISED.finding(seen, "a signature that only the cluster can make"));
            }
            let newest = newest.and_then(|certificate| certificate.generation).unwrap_or_default();
            match generation == newest {
                true => {
                    findings.push(SIGNED.finding(
                        format!("generation {generation}, spki {:.8}…", key.hex()),
                        "the newest key's signature",
                    ))
                }
                false => unsigned(format!("by generation {generation}, and the newest is {newest}")),
            }
        }
        Previous::Unknown(key) => unsigned(format!("by a key unknown here, spki {:.8}…", key.hex())),
        Previous::Unsigned => unsigned("a key is named, and its renewal.sig is not here".to_owned()),
        Previous::Unnamed if newest.is_some() && !claim.offline => unsigned("no previous key is named".to_owned()),
        Previous::Unnamed => {}
    }
}

/// The generation of a cluster that a key was certified for.
fn generation_of(state: &State, cluster: &str, spki: &Spki) -> Option<u32> {
    let of_cluster = state.certificates.of_cluster(cluster);
    let certified = |der: &[u8]| read::certificate(der).is_ok_and(|c| c.view.spki == *spki);
    of_cluster.filter(|c| c.der.as_deref().is_some_and(certified)).filter_map(|c| c.generation).max()
}

/// What differs from the newest certificate's request; before there is one, from the enrolment.
fn differences(
    config: &Config,
    state: &State,
    cluster: &Cluster,
    claim: &Claim<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<String> {
    let enrolment = Requested {
        csr_sha256: Digest([0; 32]),
        environment: cluster.environment.clone(),
        trust_domain: cluster.trust_domain.clone(),
        recipients: cluster.recipients.clone(),
        profile: cluster.profile.clone(),
    };
    let last = cluster.requests.last_key_value().map_or(&enrolment, |(_, last)| last.as_ref());
    let mut changes = Vec::new();
    let mut differ = |what: &str, was: &str, is: &str| {
        if was != is {
            findings.push(CHANGED.finding(format!("{what} {is}"), format!("{what} {was}")));
            changes.push(format!("{what}: was {was}, is {is}"));
        }
    };
    differ("environment", &last.environment, claim.environment);
    differ("trust domain", &last.trust_domain, claim.trust_domain);
    differ("profile", &last.profile, config.profile_for(claim.cluster));
    differ("key made", made(cluster.key_origin == "offline"), made(claim.offline));
    if let Some(was) = newest_key(state, claim.cluster) {
        differ("key", was.spec().title(), claim.spki.spec().title());
    }
    let of = |verb: &str, recipient: &str| format!("recipient {verb}: {recipient}");
    for gone in last.recipients.iter().filter(|r| !claim.recipients.contains(r)) {
        findings.push(CHANGED.finding(of("removed", gone), "the recipients of before"));
        changes.push(of("removed", gone));
    }
    for new in claim.recipients.iter().filter(|r| !last.recipients.contains(r)) {
        findings.push(CHANGED.finding(of("added", new), "the recipients of before"));
        changes.push(of("added", new));
    }
    changes
}

fn made(offline: bool) -> &'static str {
    if offline { "at the authority" } else { "by the cluster" }
}

fn newest_key(state: &State, cluster: &str) -> Option<Spki> {
    let der = state.newest_intermediate(cluster)?.der.as_deref()?;
    Some(read::certificate(der).ok()?.view.spki)
}

#[cfg(test)]
mod tests;
