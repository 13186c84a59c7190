//! What is never issued, or only with a reason: rules over what the log has issued before and over the
//! issuer's own end. The lint sees one certificate; these see its neighbours.

use super::{Claim, continuity};
use crate::authority::config::Terms;
use crate::authority::state::{Certificate, Status};
use crate::authority::{Config, State};
use crate::dns;
use crate::finding::{self, Finding, Rule, Severity};
use crate::key::KeySpec;
use crate::x509::build;
use crate::x509::read;
use jiff::{SignedDuration, Timestamp};

/// An intermediate with more than this left is no reason for another; `status` warns from here on.
const RENEWABLE: SignedDuration = SignedDuration::from_hours(24 * 60);

static SUBJECT_TAKEN: Rule = Rule {
    id: "policy.subject.taken",
    severity: Severity::Refuse,
    says: "A distinguished name belongs to one key: no second key is certified under a subject.",
    source: "RFC 5280 section 4.1.2.6; measured: Envoy takes the wrong one of two CAs of a name",
    hint: "change [intermediates] subject: cluster and generation alone must not make it another CA's",
};
static UNEXPIRED: Rule = Rule {
    id: "policy.generation.unexpired",
    severity: Severity::Warn,
    says: "A cluster with an intermediate of more than 60 days gets another one only with a reason, \
           unless the previous key signed the request.",
    source: "RFC 4210 section 5.3.5; NIST SP 800-57 part 1 revision 5 section 5.3: two keys, one owner",
    hint: "was the key lost or exposed? say so; else make the request with anchorite request NAME --renew",
};
static CUT_SHORT: Rule = Rule {
    id: "policy.validity.cut-short",
    severity: Severity::Warn,
    says: "An intermediate gets the days that the configuration says, unless its issuer ends before.",
    source: "RFC 5280 section 6.1: a path is as valid as its shortest certificate",
    hint: "the root ends first: plan its successor, or shorten max_validity_days or the cluster's validity_days",
};
static RSA_2048: Rule = Rule {
    id: "policy.key.rsa-2048",
    severity: Severity::Warn,
    says: "An intermediate's RSA key has at least 3072 bits.",
    source: "NIST SP 800-57 part 1 revision 5 table 2: 112 bits of security, through 2030 only",
    hint: "ask for a key on P-256, or RSA of 3072 bits: anchorite request NAME --key ecdsa-p256",
};
static TRUST_DOMAIN: Rule = Rule {
    id: "policy.trust-domain.excluded",
    severity: Severity::Refuse,
    says: "The cluster's trust domain is one that the intermediate's URI constraint permits.",
    source: "RFC 5280 section 4.2.1.10; SPIFFE X.509-SVID section 4.2: workloads are named by URIs",
    hint: "correct the trust domain of the request, or permitted_uris in authority.toml",
};

/// The rules of this module, for the printed table.
pub static RULES: &[&Rule] = &[&SUBJECT_TAKEN, &UNEXPIRED, &CUT_SHORT, &RSA_2048, &TRUST_DOMAIN];

/// What a claim would add to what is there already.
pub(super) fn judge(
    config: &Config,
    state: &State,
    claim: &Claim<'_>,
    terms: Option<&Terms>,
    generation: u32,
    findings: &mut Vec<Finding>,
) {
    // Who is refused is not asked for a reason as well.
    let settled = continuity::renews(findings) || finding::worst(findings) == Some(Severity::Refuse);
    if claim.spki.spec() == KeySpec::Rsa2048 && config.keys_for(claim.cluster).contains(&KeySpec::Rsa2048) {
        findings.push(RSA_2048.finding(KeySpec::Rsa2048.title(), "RSA-3072 or better, or ECDSA"));
    }
    let trees = terms.map(|terms| terms.name_constraints.permitted_uris.as_slice()).unwrap_or_default();
    if !trees.is_empty() && !trees.iter().any(|tree| dns::uri_is_within(claim.trust_domain, tree)) {
        findings.push(TRUST_DOMAIN.finding(claim.trust_domain, trees.join(", ")));
    }
    findings.extend(subject_taken(config, state, claim, generation));
    findings.extend(unexpired(state, claim).filter(|_| !settled));
}

/// Names differ by cluster, so only the cluster's own certificates and the authority's can have this one.
fn subject_taken(config: &Config, state: &State, claim: &Claim<'_>, generation: u32) -> Option<Finding> {
    let name = config.intermediate_name(claim.cluster, generation);
    let wanted = build::name_der(&name).ok()?;
    let near = state.certificates.of_authority().chain(state.certificates.of_cluster(claim.cluster));
    let others = near.filter_map(|c| c.der.as_deref());
    let mut views = others.filter_map(|der| read::certificate(der).ok()).map(|c| c.view);
    let other = views.find(|view| view.subject_der == wanted && view.spki != *claim.spki)?;
    Some(SUBJECT_TAKEN.finding(format!("{name}, of serial {}", other.serial.colons()), "a subject of its own"))
}

fn unexpired(state: &State, claim: &Claim<'_>) -> Option<Finding> {
    let live = |c: &&Certificate| {
        // What a crash left unknown was delivered to nobody.
        c.status == Status::Issued
            && state.revoked(&c.serial).is_none()
            && c.not_after.duration_since(claim.now) > RENEWABLE
    };
    let newest = state.certificates.of_cluster(claim.cluster).filter(live).max_by_key(|c| c.generation)?;
    let days = newest.not_after.duration_since(claim.now).as_hours() / 24;
    Some(UNEXPIRED.finding(
        format!("generation {} ends in {days} days, {}", newest.generation.unwrap_or_default(), newest.not_after),
        "at most 60 days left, or a request that the previous key signed",
    ))
}

/// The finding for an intermediate that would end after its issuer: `wanted` is when its days are over.
pub fn cut_short(wanted: Timestamp, issuer_ends: Timestamp) -> Option<Finding> {
    // Both ends are inclusive: the last second of the days is the one before they are over.
    let last = wanted - SignedDuration::from_secs(1);
    (last > issuer_ends).then(|| CUT_SHORT.finding(format!("the root ends {issuer_ends}"), last.to_string()))
}
