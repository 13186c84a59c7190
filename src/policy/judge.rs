//! May this request become this cluster's intermediate? Rules over configuration, log and request; what the
//! request itself is worth was found by intake.

use super::continuity::{self, Previous};
use super::never;
use super::overlap::{Replaced, overlap};
use crate::authority::config::{Hash, KeyOrigin, Terms, names};
use crate::authority::{Config, State};
use crate::digest::Digest;
use crate::finding::{Finding, Rule, Severity};
use crate::name::check_label;
use crate::x509::{SignatureAlgorithm, Spki};
use jiff::Timestamp;

/// A request as it stands before judgement: whom it says it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Cluster name.
    pub cluster: &'a str,
    /// Environment.
    pub environment: &'a str,
    /// SPIFFE trust domain.
    pub trust_domain: &'a str,
    /// age recipients, sorted.
    pub recipients: &'a [String],
    /// The key.
    pub spki: &'a Spki,
    /// What the request is signed with, a dotted object identifier.
    pub algorithm_oid: &'a str,
    /// True where the key is made here.
    pub offline: bool,
    /// What is known of the key before it.
    pub previous: Previous<'a>,
    /// Now.
    pub now: Timestamp,
}

/// What policy says of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What the rules found.
    pub findings: Vec<Finding>,
    /// What differs from the cluster's last request, a line each.
    pub changes: Vec<String>,
    /// True where this request enrols the cluster.
    pub enrols: bool,
    /// The intermediate of the cluster that it would follow.
    pub replaces: Option<Replaced>,
    /// The generation it would get.
    pub generation: u32,
}

static KEY_KIND: Rule = Rule {
    id: "policy.key.kind",
    severity: Severity::Refuse,
    says: "The kind of key is one that the configuration allows for this cluster.",
    source: "authority.toml [intermediates] keys, [clusters.<name>] keys",
    hint: "make the request again with a key of a kind that is wanted: anchorite request NAME --key KIND",
};
static HASH: Rule = Rule {
    id: "policy.hash",
    severity: Severity::Refuse,
    says: "The request is signed with a hash that the configuration allows for this cluster.",
    source: "authority.toml [intermediates] hashes, [clusters.<name>] hashes",
    hint: "sign the request again with one of them: openssl req -new -sha256 (-sha384, -sha512) -key KEY.pem",
};
static KEY_OURS: Rule = Rule {
    id: "policy.key.own",
    severity: Severity::Refuse,
    says: "An intermediate's key is not a key of the authority.",
    source: "RFC 5280 section 3.2: an intermediate is another CA than the one that certifies it",
    hint: "the request was made with the authority's own key: find out who could",
};
static KEY_ELSEWHERE: Rule = Rule {
    id: "policy.key.elsewhere",
    severity: Severity::Refuse,
    says: "A key is certified for one cluster only.",
    source: "NIST SP 800-57 part 1 revision 5 section 8.1.5.1: a key has one owner",
    hint: "make a new key for this cluster",
};
static KEY_AGAIN: Rule = Rule {
    id: "policy.key.again",
    severity: Severity::Refuse,
    says: "A key is certified once; a renewal brings a new key.",
    source: "NIST SP 800-57 part 1 revision 5 section 5.3: a key has one cryptoperiod",
    hint: "its certificate exists already: make its bundle again with anchorite export, or a new request",
};
static KEY_REVOKED: Rule = Rule {
    id: "policy.key.revoked",
    severity: Severity::Refuse,
    says: "A key whose certificate was revoked is never certified again.",
    source: "NIST SP 800-57 part 1 revision 5 section 8.3.5: a revoked key is used no more; RFC 5280 section 5.3.1",
    hint: "make a new key: anchorite request NAME",
};
static NAME_FORM: Rule = Rule {
    id: "policy.cluster.name",
    severity: Severity::Refuse,
    says: "Cluster and environment are DNS labels.",
    source: "RFC 1123 section 2.1; Kubernetes object names",
    hint: "1 to 63 lower-case letters, digits and hyphens",
};
static FIXED: Rule = Rule {
    id: "policy.cluster.fixed",
    severity: Severity::Refuse,
    says: "What the configuration fixes of a cluster is what the request says.",
    source: "authority.toml [clusters.<name>]",
    hint: "correct the request, or the configuration (a ceremony adopts it)",
};
static ORIGIN: Rule = Rule {
    id: "policy.key.origin",
    severity: Severity::Refuse,
    says: "A key is made where the configuration says.",
    source: "authority.toml [clusters.<name>] key_origin",
    hint: "set key_origin for the cluster, or leave the request out",
};
static RECIPIENTS: Rule = Rule {
    id: "policy.recipients",
    severity: Severity::Refuse,
    says: "A bundle has at least one recipient.",
    source: "age-encryption.org/v1: a file is encrypted to one recipient at least",
    hint: "name an age recipient (age1…): anchorite request makes one, so does age-keygen",
};
/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] =
    &[&KEY_KIND, &HASH, &KEY_OURS, &KEY_ELSEWHERE, &KEY_AGAIN, &KEY_REVOKED, &NAME_FORM, &FIXED, &ORIGIN, &RECIPIENTS];

/// Judges a claim.
pub fn judge(config: &Config, state: &State, claim: &Claim<'_>) -> Judgement {
    let mut findings = Vec::new();
    for (what, name) in [("a cluster name", claim.cluster), ("an environment", claim.environment)] {
        if let Err(error) = check_label(what, name) {
            findings.push(NAME_FORM.finding(name, error.wants().unwrap_or_default()));
        }
    }
    let generation = state.clusters.get(claim.cluster).map_or(0, |c| c.generation) + 1;
    let terms = config.terms(claim.cluster).ok();
    let replaces = Replaced::of(state, claim.cluster);
    judge_key(config, state, claim, &mut findings);
    judge_hash(terms.as_ref(), claim, &mut findings);
    judge_configuration(config, claim, &mut findings);
    let changes = continuity::compare(config, state, claim, &mut findings);
    never::judge(config, state, claim, terms.as_ref(), generation, &mut findings);
    findings.extend(overlap(config, state, claim.cluster, claim.now));
    let enrolled = state.clusters.get(claim.cluster);
    if claim.recipients.is_empty() {
        findings.push(RECIPIENTS.finding("no recipient", "one or more"));
    }
    Judgement { findings, changes, enrols: enrolled.is_none(), replaces, generation }
}

fn judge_key(config: &Config, state: &State, claim: &Claim<'_>, findings: &mut Vec<Finding>) {
    let allowed = config.keys_for(claim.cluster);
    if !allowed.contains(&claim.spki.spec()) {
        findings.push(KEY_KIND.finding(claim.spki.spec().name(), names(&allowed)));
    }
    let digest: Digest = claim.spki.sha256();
    if let Some(own) = state.keys.iter().find(|k| k.spki.as_ref() == Some(claim.spki)) {
        findings.push(KEY_OURS.finding(format!("the {} key", own.role), "a key of the cluster"));
    }
    if let Some(revocation) = state.revoked_key(&digest) {
        let seen = format!("the key of a certificate revoked {} ({})", revocation.date, revocation.reason.name());
        findings.push(KEY_REVOKED.finding(format!("{seen}, spki {}", digest.short()), "a new key"));
        return;
    }
    // What a crash left unknown may have been signed: another cluster's it may be, so it is no other's. The
    // cluster itself goes on with it.
    let perhaps = state.key_intended_for(&digest).filter(|cluster| *cluster != claim.cluster);
    match state.key_holder(&digest).or(perhaps) {
        Some(holder) if holder == claim.cluster => {
            findings.push(KEY_AGAIN.finding(format!("the key of {holder}, spki {}", digest.short()), "a new key"));
        }
        Some(holder) => {
            findings.push(
                KEY_ELSEWHERE.finding(format!("the key of {holder}, spki {}", digest.short()), "a key of its own"),
            );
        }
        None => {}
    }
}

fn judge_hash(terms: Option<&Terms>, claim: &Claim<'_>, findings: &mut Vec<Finding>) {
    let Some(terms) = terms else { return };
    let algorithm = SignatureAlgorithm::from_oid(claim.algorithm_oid).ok();
    if let Some(hash) = algorithm.and_then(Hash::of).filter(|hash| !terms.hashes.contains(hash)) {
        let allowed: Vec<&str> = terms.hashes.iter().map(|hash| hash.name()).collect();
        findings.push(HASH.finding(hash.name(), allowed.join(", ")));
    }
}

fn judge_configuration(config: &Config, claim: &Claim<'_>, findings: &mut Vec<Finding>) {
    let Some(fixed) = config.clusters.get(claim.cluster) else { return };
    let mut wants = |what: &str, seen: &str, wanted: &str| {
        if seen != wanted {
            findings.push(FIXED.finding(format!("{what} {seen}"), format!("{what} {wanted}")));
        }
    };
    wants("environment", claim.environment, &fixed.environment);
    wants("trust domain", claim.trust_domain, &fixed.trust_domain);
    if !fixed.recipients.is_empty() {
        let mut sorted = fixed.recipients.clone();
        sorted.sort();
        sorted.dedup();
        wants("recipients", &claim.recipients.join(", "), &sorted.join(", "));
    }
    let offline = fixed.key_origin == KeyOrigin::Offline;
    if offline != claim.offline {
        let here = |offline: bool| if offline { "made here" } else { "made by the cluster" };
        findings.push(ORIGIN.finding(here(claim.offline), here(offline)));
    }
}
