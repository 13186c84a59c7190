//! A log of a few lines as people's sessions leave it, and the rules about retired clusters.

use super::State;
use crate::digest::{Base64, Digest, Hex};
use crate::error::Error;
use crate::log::record::{
    ClusterEnrolled, ClusterRetired, Genesis, PlanApproved, PlanMade, Record, RequestImported, SessionOpened,
    SignIntent, SignOutcome,
};
use crate::log::{Entry, Header};
use crate::x509::build::{self, Usage};
use crate::x509::tests::{Hierarchy, issue, template};
use crate::x509::{LocalKey, Spki};
use jiff::Timestamp;
use std::sync::Arc;

impl State {
    /// A state in which this key is certified for a cluster, for tests of what follows from it.
    pub(crate) fn holding(mut self, spki: &Spki, cluster: &str) -> Self {
        self.keys_of.insert(spki.sha256(), cluster.to_owned());
        self
    }

    /// A state in which a certificate for this key was intended, for tests of what follows from it.
    pub(crate) fn intending(mut self, spki: &Spki, cluster: &str) -> Self {
        self.keys_intended.insert(spki.sha256(), (cluster.to_owned(), 0));
        self
    }
}

/// A state to which entries are added one by one.
pub(crate) struct Story {
    pub(crate) state: State,
    /// The time of the entries to come.
    pub(crate) now: Timestamp,
}

impl Story {
    /// An open session after genesis.
    pub(crate) fn new() -> Self {
        let mut story = Self { state: State::default(), now: "2026-11-21T09:30:00Z".parse().unwrap() };
        let text = |text: &str| text.to_owned();
        let genesis = Genesis { name: text("Root"), kind: text("test"), origin: text("o"), version: text("0.1.0") };
        story.then(genesis).unwrap();
        story.opens();
        story
    }

    /// Another session.
    pub(crate) fn opens(&mut self) {
        let text = |text: &str| text.to_owned();
        let opened = SessionOpened {
            ceremony: text("intermediate-signing"),
            script_sha256: Digest::of(b"script"),
            version: text("0.1.0"),
            binary_sha256: Digest::of(b"binary"),
            module: text("module.so"),
            module_sha256: Digest::of(b"module"),
            local_sha256: None,
            unattended: true,
            answers_sha256: None,
            resumes: None,
        };
        self.then(opened).unwrap();
    }

    pub(crate) fn then(&mut self, record: impl Into<Record>) -> Result<(), Error> {
        let header = Header {
            log: "00".repeat(16),
            session: "0000000000000001".to_owned(),
            time: self.now,
            time_source: "given".to_owned(),
            actors: Vec::new(),
        };
        self.state.apply(&Entry { seq: self.state.size, header: Arc::new(header), record: record.into() })
    }

    pub(crate) fn enrolled(&mut self, cluster: &str, recipients: &[&str]) {
        let record = ClusterEnrolled {
            cluster: cluster.to_owned(),
            environment: "prod".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
            profile: "istio".to_owned(),
            key_origin: "cluster".to_owned(),
            spki_sha256: Digest::of(b"spki"),
            words_of: Digest::of(b"words"),
        };
        self.then(record).unwrap();
    }

    /// A certificate of a cluster's generation, from its request to its outcome.
    pub(crate) fn issued(
        &mut self,
        h: &Hierarchy,
        cluster: &str,
        generation: u32,
        key: &LocalKey,
        recipients: &[&str],
    ) {
        let request = RequestImported {
            sha256: key.spki().sha256(),
            form: "package".to_owned(),
            cluster: cluster.to_owned(),
            environment: "prod".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
            words_of: key.spki().sha256(),
            csr: Base64(vec![0x30]),
            request_json: None,
            request_sig: None,
            renewal_sig: None,
            findings: Vec::new(),
        };
        self.then(request).unwrap();
        let serial = build::serial(key.spki().sha256().0[..16].try_into().unwrap());
        let intent = self.intended(cluster, generation, serial.clone()).unwrap();
        let mut template = template("Intermediate CA", key, Some(&h.root), &h.root_key, Usage::plain_ca(Some(0)));
        template.serial = serial;
        let der = Some(Base64(issue(&template, &h.root_key).der));
        self.then(SignOutcome { intent, status: "ok".to_owned(), der, reason: None }).unwrap();
    }

    /// An approved plan and its intent; the position of the intent.
    pub(crate) fn intended(&mut self, cluster: &str, generation: u32, serial: Hex) -> Result<u64, Error> {
        let spki = spki_of(cluster);
        let json =
            format!("{{\"profile\":\"istio\",\"serial\":\"{serial}\",\"cluster\":{{\"spki_sha256\":\"{spki}\"}}}}");
        let plan_sha256 = Digest::of(json.as_bytes());
        let plan = serde_json::value::RawValue::from_string(json).unwrap();
        self.then(PlanMade { sha256: plan_sha256, plan })?;
        self.then(PlanApproved { plan_sha256, by: "words".to_owned(), reason: None })?;
        let intent = SignIntent {
            plan_sha256,
            tbs_sha256: Digest::of(b"tbs"),
            what: "intermediate".to_owned(),
            serial: Some(serial),
            crl_number: None,
            issuer_generation: 1,
            cluster: Some(cluster.to_owned()),
            generation: Some(generation),
            not_after: "2027-11-21T09:24:59Z".parse().unwrap(),
        };
        self.then(intent)?;
        Ok(self.state.size - 1)
    }

    pub(crate) fn retired(&mut self, cluster: &str) -> Result<(), Error> {
        self.then(ClusterRetired { cluster: cluster.to_owned(), reason: "gone".to_owned() })
    }
}

fn spki_of(cluster: &str) -> Digest {
    Digest::of(cluster.as_bytes())
}

#[test]
fn a_key_that_may_have_been_certified_is_known_until_it_is_known_that_it_was_not() {
    for (status, holder) in [("unknown", Some("west")), ("failed", None)] {
        let mut story = Story::new();
        story.enrolled("west", &["age1a"]);
        let intent = story.intended("west", 1, Hex(vec![1])).unwrap();
        assert_eq!(story.state.key_intended_for(&spki_of("west")), Some("west"));
        let outcome = SignOutcome { intent, status: status.to_owned(), der: None, reason: None };
        story.then(outcome).unwrap();
        assert_eq!(story.state.key_intended_for(&spki_of("west")), holder, "{status}");
        assert_eq!(story.state.key_holder(&spki_of("west")), None);
    }
}

#[test]
fn a_retired_cluster_gets_no_certificate_whoever_writes_the_log() {
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.retired("west").unwrap();
    assert_eq!(story.state.clusters["west"].retired.as_ref().unwrap().reason, "gone");
    let error = story.intended("west", 1, Hex(vec![1])).unwrap_err();
    assert!(error.to_string().contains("a retired cluster gets no certificate"), "{error}");
}

#[test]
fn only_an_enrolled_cluster_is_retired_and_only_once() {
    let mut story = Story::new();
    let error = story.retired("west").unwrap_err();
    assert!(error.to_string().contains("an enrolled cluster is retired once"), "{error}");
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.retired("west").unwrap();
    assert!(story.retired("west").is_err());
    // Nor is its name enrolled again.
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.retired("west").unwrap();
    let again = ClusterEnrolled {
        cluster: "west".to_owned(),
        environment: "prod".to_owned(),
        trust_domain: "cluster.local".to_owned(),
        recipients: Vec::new(),
        profile: "istio".to_owned(),
        key_origin: "cluster".to_owned(),
        spki_sha256: Digest::of(b"spki"),
        words_of: Digest::of(b"words"),
    };
    assert!(story.then(again).unwrap_err().to_string().contains("enrolled once"));
}

#[test]
fn what_a_retired_cluster_has_is_listed_until_it_expires_and_nothing_of_it_is_due() {
    let h = crate::x509::tests::hierarchy(crate::key::KeySpec::EcdsaP256);
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.issued(&h, "west", 1, &h.intermediate_key, &["age1a"]);
    let due = |story: &Story, now: &str| {
        let config = crate::authority::config_template("Root");
        let config = crate::authority::Config::parse(&config).unwrap();
        let taken = crate::authority::inventory::take(&story.state, &config, now.parse().unwrap(), Vec::new());
        let retired = taken.clusters[0].retired.as_ref().map(|retired| retired.still_valid.len());
        (taken.due.iter().filter(|due| due.what.contains("west")).count(), retired)
    };
    // Renew it, and bring its bundle.
    assert_eq!(due(&story, "2026-12-01T00:00:00Z"), (2, None));
    assert!(story.state.undelivered.contains("west"));
    story.retired("west").unwrap();
    assert!(story.state.undelivered.is_empty(), "an export without names makes no bundle of it");
    assert_eq!(due(&story, "2026-12-01T00:00:00Z"), (0, Some(1)));
    assert_eq!(due(&story, "2028-01-01T00:00:00Z"), (0, Some(0)));
}
