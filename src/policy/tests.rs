//! Every rule of policy fires on what it forbids, in one table for the family.

use super::judge::{Claim, judge};
use super::{Previous, cut_short, judge_shared, never, overlap, session, shared};
use crate::authority::state::{Certificate, Cluster, KeyRecord, Status};
use crate::authority::{Config, State};
use crate::digest::Hex;
use crate::finding::{Finding, Severity};
use crate::key::KeySpec;
use crate::request::key::rsa::Moduli;
use crate::x509::build::name_der;
use crate::x509::tests::{hierarchy, issue, plain_ca, template};
use crate::x509::{LocalKey, SignatureAlgorithm, Spki};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

const CONFIG: &str = r#"
name = "Example"
kind = "production"
[token]
profile = "softhsm2"
[root]
subject = { common_name = "Root" }
key = "ecdsa-p256"
validity_days = 3650
[intermediates]
max_validity_days = 365
keys = ["rsa-2048", "ecdsa-p256", "ecdsa-p384"]
hashes = ["sha256"]
sidecar_only = true
subject = { common_name = "Intermediate CA" }
name_constraints = { permitted_uris = ["cluster.local"] }
[clusters.fixed]
environment = "staging"
"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn claim<'a>(spki: &'a Spki, recipients: &'a [String]) -> Claim<'a> {
    Claim {
        cluster: "west",
        environment: "prod",
        trust_domain: "cluster.local",
        recipients,
        spki,
        algorithm_oid: SignatureAlgorithm::EcdsaSha256.oid(),
        offline: false,
        previous: Previous::Unnamed,
        now: at("2026-11-21T10:00:00Z"),
    }
}

/// A state in which `west` has one certificate, of generation 1, with this key.
fn with_west(der: Vec<u8>, not_after: &str) -> State {
    let mut state = State::default();
    let serial = Hex(vec![1; 16]);
    let certificate = Certificate {
        what: "intermediate".to_owned(),
        serial: serial.clone(),
        issuer_generation: 1,
        cluster: Some("west".to_owned()),
        generation: Some(1),
        not_after: at(not_after),
        intended: "2026-11-21T09:30:00Z".parse().unwrap(),
        intent: 1,
        outcome: Some(2),
        status: Status::Issued,
        der: Some(der),
    };
    state.certificates.insert(serial, certificate);
    let cluster = Cluster {
        environment: "prod".to_owned(),
        trust_domain: "cluster.local".to_owned(),
        recipients: vec!["age1a".to_owned()],
        profile: "istio".to_owned(),
        key_origin: "cluster".to_owned(),
        since: at("2026-11-21T09:00:00Z"),
        generation: 1,
        bundles: Vec::new(),
        requests: BTreeMap::new(),
        retired: None,
    };
    state.clusters.insert("west".to_owned(), cluster);
    state
}

#[test]
fn each_rule_fires_on_what_it_forbids() {
    let config = Config::parse(CONFIG).unwrap();
    let h = hierarchy(KeySpec::EcdsaP256);
    let [a, b] = [0, 1].map(|_| LocalKey::generate(KeySpec::EcdsaP256).unwrap());
    let recipients = vec!["age1a".to_owned()];
    let good = claim(a.spki(), &recipients);
    let empty = State::default();
    let mut fired = BTreeSet::new();
    let mut fires = |state: &State, claim: &Claim<'_>, id: &str| {
        let found = judge(&config, state, claim).findings;
        assert!(found.iter().any(|f| f.id == id), "{id}: {found:?}");
        fired.insert(id.to_owned());
    };
    assert_eq!(judge(&config, &empty, &good).findings, []);

    let p521 = LocalKey::generate(KeySpec::EcdsaP521).unwrap();
    fires(&empty, &Claim { spki: p521.spki(), ..good.clone() }, "policy.key.kind");
    let rsa = LocalKey::generate(KeySpec::Rsa2048).unwrap();
    fires(&empty, &Claim { spki: rsa.spki(), ..good.clone() }, "policy.key.rsa-2048");
    let sha384 = SignatureAlgorithm::EcdsaSha384.oid();
    fires(&empty, &Claim { algorithm_oid: sha384, ..good.clone() }, "policy.hash");
    let mut own = State::default();
    own.keys.push(KeyRecord {
        id: Hex(vec![1; 16]),
        role: "root".to_owned(),
        generation: 1,
        spec: KeySpec::EcdsaP256,
        token_serial: "1".to_owned(),
        spki: Some(a.spki().clone()),
        certificate: None,
    });
    fires(&own, &good, "policy.key.own");
    fires(&State::default().holding(a.spki(), "west"), &good, "policy.key.again");
    fires(&State::default().holding(a.spki(), "east"), &good, "policy.key.elsewhere");
    // A crash left open whether it was signed: no other cluster's, and the cluster itself goes on.
    fires(&State::default().intending(a.spki(), "east"), &good, "policy.key.elsewhere");
    let own = judge(&config, &State::default().intending(a.spki(), "west"), &good);
    assert!(own.findings.iter().all(|finding| !finding.id.starts_with("policy.key.")), "{:?}", own.findings);
    fires(&empty, &Claim { cluster: "West", ..good.clone() }, "policy.cluster.name");
    fires(&empty, &Claim { cluster: "fixed", ..good.clone() }, "policy.cluster.fixed");
    fires(&empty, &Claim { cluster: "fixed", offline: true, ..good.clone() }, "policy.key.origin");
    fires(&empty, &Claim { recipients: &[], ..good.clone() }, "policy.recipients");
    fires(&empty, &Claim { trust_domain: "other.local", ..good.clone() }, "policy.trust-domain.excluded");
    let der = |name| {
        let mut template = template("x", &b, Some(&h.root), &h.root_key, plain_ca(Some(0)));
        template.subject = name_der(&config.intermediate_name("west", name)).unwrap();
        issue(&template, &h.root_key).der
    };
    let west = with_west(der(1), "2027-11-21T09:00:00Z");
    fires(&west, &good, "policy.generation.unexpired");
    // The old one ends eleven hours from now: leaves of it would outlive it.
    fires(&with_west(der(1), "2026-11-21T21:00:00Z"), &good, "policy.renewal.overlap");
    // Only a log that the program did not write could hold this one: the next name, on another key.
    fires(&with_west(der(2), "2027-11-21T09:00:00Z"), &good, "policy.subject.taken");

    let rules = super::judge::RULES.iter().chain(never::RULES).chain(overlap::RULES).map(|rule| rule.id);
    let elsewhere = ["policy.validity.cut-short", "policy.key.revoked"];
    let untested: Vec<&str> = rules.filter(|id| !fired.contains(*id) && !elsewhere.contains(id)).collect();
    assert!(untested.is_empty(), "{untested:?}");
    // The others have their own tests beside them.
    assert_eq!((session::RULES.len(), shared::RULES.len()), (2, 1));
    assert_eq!(judge_shared(&Moduli::default(), rsa.spki()), None);
}

#[test]
fn a_recipient_that_is_listed_twice_is_one() {
    let config = CONFIG.to_owned() + "recipients = [\"age1b\", \"age1a\", \"age1b\"]\n";
    let config = Config::parse(&config).unwrap();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let recipients = ["age1a", "age1b"].map(str::to_owned);
    let fixed = Claim { cluster: "fixed", environment: "staging", ..claim(key.spki(), &recipients) };
    assert_eq!(judge(&config, &State::default(), &fixed).findings, []);
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|f| f.id.as_str()).collect()
}

#[test]
fn another_intermediate_needs_a_reason_only_while_the_first_one_lives() {
    let config = Config::parse(CONFIG).unwrap();
    let h = hierarchy(KeySpec::EcdsaP256);
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let recipients = vec!["age1a".to_owned()];
    let good = claim(key.spki(), &recipients);
    let warns = |state: &State, claim: &Claim<'_>| {
        let found = judge(&config, state, claim).findings;
        found.iter().find(|f| f.id == "policy.generation.unexpired").map(|f| f.severity)
    };
    let far = with_west(h.intermediate.der.clone(), "2027-02-01T09:00:00Z");
    assert_eq!(warns(&far, &good), Some(Severity::Warn));
    let newest = h.intermediate_key.spki();
    let far_held = far.clone().holding(newest, "west");
    assert_eq!(warns(&far_held, &Claim { previous: Previous::Signed(newest), ..good.clone() }), None);
    // By another key of the cluster than its newest it is no renewal.
    let older = far.clone().holding(h.root_key.spki(), "west");
    let by_older = Claim { previous: Previous::Signed(h.root_key.spki()), ..good.clone() };
    assert_eq!(warns(&older, &by_older), Some(Severity::Warn));
    assert_eq!(warns(&far, &Claim { cluster: "east", ..good.clone() }), None);
    assert_eq!(warns(&with_west(h.intermediate.der.clone(), "2027-01-20T09:00:00Z"), &good), None);
    let mut crashed = far.clone();
    crashed.certificates.values_mut().for_each(|c| c.status = Status::Unknown);
    assert_eq!(warns(&crashed, &good), None);
}

#[test]
fn a_renewal_comes_a_lifetime_of_leaves_before_the_old_one_ends_or_with_a_reason() {
    let config = Config::parse(CONFIG).unwrap();
    let h = hierarchy(KeySpec::EcdsaP256);
    let found = |config: &Config, until: &str| {
        let state = with_west(h.intermediate.der.clone(), until);
        overlap::overlap(config, &state, "west", at("2026-11-21T10:00:00Z"))
    };
    // It begins five minutes ago, and both ends count.
    assert_eq!(found(&config, "2026-11-22T09:54:59Z"), None);
    let late = found(&config, "2026-11-22T09:54:58Z").unwrap();
    assert_eq!((late.id.as_str(), late.severity), ("policy.renewal.overlap", Severity::Warn));
    assert_eq!(
        late.observed,
        "23 hours: the old one ends 2026-11-22T09:54:58Z, the new one begins 2026-11-21T09:55:00Z"
    );
    assert_eq!(late.expected, "24 hours or more, which leaves live");
    assert!(found(&config, "2026-11-20T10:00:00Z").unwrap().observed.starts_with("none: the old one ends"));
    let longer = Config::parse(&CONFIG.replace("[intermediates]", "[intermediates]\nleaf_hours = 72")).unwrap();
    assert!(found(&longer, "2026-11-23T10:00:00Z").is_some());
    assert_eq!(found(&longer, "2026-11-25T10:00:00Z"), None);
    // A first certificate follows none.
    assert_eq!(overlap::overlap(&config, &State::default(), "west", at("2026-11-21T10:00:00Z")), None);
}

#[test]
fn an_end_before_the_days_are_over_is_said_with_both_dates() {
    let root_ends = at("2027-11-21T09:24:59Z");
    assert_eq!(cut_short(at("2027-11-21T09:25:00Z"), root_ends), None);
    let found = cut_short(at("2027-11-21T09:25:01Z"), root_ends).unwrap();
    assert_eq!(ids(std::slice::from_ref(&found)), ["policy.validity.cut-short"]);
    assert_eq!(found.observed, "the root ends 2027-11-21T09:24:59Z");
    assert_eq!(found.expected, "2027-11-21T09:25:00Z");
}
