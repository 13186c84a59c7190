//! What may be revoked, and what a CRL must list for how long.

use crate::authority::state::Certificate;
use crate::authority::state::tests::Story;
use crate::digest::{Base64, Digest, Hex};
use crate::error::Error;
use crate::key::KeySpec;
use crate::log::record::{
    CertificateRevoked, PlanApproved, PlanMade, SessionClosed, SignIntent, SignOutcome, StepDone,
};
use crate::x509::build::{self, CrlTemplate, RevokedCertificate, assemble};
use crate::x509::tests::{Hierarchy, hierarchy};
use crate::x509::{LocalKey, Reason, SignatureAlgorithm};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A cluster with one issued intermediate; its serial number.
fn issued(h: &Hierarchy) -> (Story, Hex) {
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.issued(h, "west", 1, &h.intermediate_key, &["age1a"]);
    let serial = story.state.newest_intermediate("west").unwrap().serial.clone();
    (story, serial)
}

fn revocation(serial: &Hex) -> CertificateRevoked {
    let date = at("2026-11-21T09:25:00Z");
    CertificateRevoked { serial: serial.clone(), reason: Reason::KeyCompromise, date, invalid_from: None }
}

fn refused(result: Result<(), Error>) -> String {
    let error = result.unwrap_err();
    [vec![error.to_string()], error.hints().to_vec()].concat().join(" | ")
}

/// A CRL of the root as a ceremony issues it, from its plan to its outcome.
fn crl(story: &mut Story, h: &Hierarchy, number: u64, this_update: &str, serials: &[Hex]) {
    let json = format!("{{\"profile\":\"crl\",\"number\":{number}}}");
    let plan_sha256 = Digest::of(json.as_bytes());
    let plan = serde_json::value::RawValue::from_string(json).unwrap();
    story.then(PlanMade { sha256: plan_sha256, plan }).unwrap();
    story.then(PlanApproved { plan_sha256, by: "words".to_owned(), reason: None }).unwrap();
    let this_update = at(this_update);
    let next_update = this_update + jiff::SignedDuration::from_hours(24 * 180);
    let entry = |serial: &Hex| RevokedCertificate {
        serial: serial.clone(),
        date: this_update,
        reason: Some(1),
        invalid_from: None,
    };
    let tbs = build::crl_tbs(&CrlTemplate {
        signature: SignatureAlgorithm::of(h.root_key.spki().spec()),
        issuer: h.root.view.subject_der.clone(),
        this_update,
        next_update,
        authority_key_id: h.root.view.subject_key_id.clone().unwrap(),
        number,
        revoked: serials.iter().map(entry).collect(),
    })
    .unwrap();
    let algorithm = SignatureAlgorithm::of(h.root_key.spki().spec());
    let der = assemble(&tbs, algorithm, &h.root_key.sign(&tbs).unwrap()).unwrap();
    let intent = SignIntent {
        plan_sha256,
        tbs_sha256: Digest::of(&tbs),
        what: "crl".to_owned(),
        serial: None,
        crl_number: Some(number),
        issuer_generation: 1,
        cluster: None,
        generation: None,
        not_after: next_update,
    };
    story.then(intent).unwrap();
    let intent = story.state.size - 1;
    story.then(SignOutcome { intent, status: "ok".to_owned(), der: Some(Base64(der)), reason: None }).unwrap();
}

#[test]
fn a_revoked_certificate_is_listed_and_its_key_and_bundle_are_done_with() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let (mut story, serial) = issued(&h);
    assert!(story.state.to_list(1).is_empty() && story.state.undelivered.contains("west"));
    story.then(revocation(&serial)).unwrap();
    assert_eq!(story.state.revoked(&serial).unwrap().reason, Reason::KeyCompromise);
    assert_eq!(story.state.revoked_key(&h.intermediate_key.spki().sha256()), story.state.revoked(&serial));
    assert_eq!(story.state.to_list(1).into_keys().collect::<Vec<_>>(), std::slice::from_ref(&serial));
    assert!(story.state.to_list(2).is_empty(), "another root's CRL lists it");
    assert!(story.state.undelivered.is_empty());
    assert!(story.state.unexpired("west", story.now).is_empty());
    assert_eq!(story.state.unpublished(1), std::slice::from_ref(&serial));
    crl(&mut story, &h, 2, "2026-11-21T09:30:00Z", &[serial]);
    assert!(story.state.unpublished(1).is_empty());
}

/// The newest CRL is one that `public/` may lack until a step wrote it; where a session was cut short is the first since
/// one was completed.
#[test]
fn what_was_left_is_known_however_many_sessions_failed_after_it() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let (mut story, _) = issued(&h);
    let ends = |story: &mut Story, outcome: &str| {
        story.then(SessionClosed { outcome: outcome.to_owned(), reason: None }).unwrap();
    };
    let does = |story: &mut Story, activity: &str| {
        story.then(StepDone { step: activity.to_owned(), activity: activity.to_owned() }).unwrap();
    };
    ends(&mut story, "complete");
    assert_eq!((story.state.cut_short(None), story.state.left_crls()), (None, vec![]));
    let began = story.state.size;
    story.opens();
    assert_eq!(story.state.cut_short(Some(began)), None, "a session that goes on is not cut short itself");
    crl(&mut story, &h, 2, "2026-11-21T09:30:00Z", &[]);
    for outcome in ["failed", "declined", "abandoned", "paused", ""] {
        if !outcome.is_empty() {
            ends(&mut story, outcome);
        }
        assert_eq!((story.state.cut_short(None), story.state.left_crls()), (Some(began), vec![2]), "{outcome}");
        let next = story.state.size;
        story.opens();
        assert_eq!(story.state.cut_short(Some(next)), Some(began), "{outcome}");
    }
    does(&mut story, "sign");
    assert_eq!(story.state.left_crls(), [2]);
    does(&mut story, "unlock-token");
    assert!(story.state.left_crls().is_empty());
    crl(&mut story, &h, 3, "2026-11-21T09:30:00Z", &[]);
    assert_eq!(story.state.left_crls(), [3]);
    does(&mut story, "publish");
    assert_eq!((story.state.cut_short(None), story.state.left_crls()), (Some(began), vec![]));
    ends(&mut story, "complete");
    assert_eq!(story.state.cut_short(None), None);
}

#[test]
fn only_an_issued_certificate_of_this_authority_is_revoked_and_only_once() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let (mut story, serial) = issued(&h);
    let rule = "an entry breaks the rule revocation.serial";
    let wanted = "wanted an issued certificate of this authority, once";
    let foreign = Hex(vec![0x7f; 16]);
    assert_eq!(
        refused(story.then(revocation(&foreign))),
        format!("{rule}: saw {foreign}, {wanted} | no certificate of this authority has this serial number")
    );
    for (status, why) in
        [("unknown", "a crash left it unknown: every CRL lists it already"), ("failed", "it was never issued")]
    {
        let (mut story, _) = issued(&h);
        let lost = Hex(vec![0x41; 16]);
        let intent = story.intended("west", 2, lost.clone()).unwrap();
        story.then(SignOutcome { intent, status: status.to_owned(), der: None, reason: None }).unwrap();
        assert_eq!(refused(story.then(revocation(&lost))), format!("{rule}: saw {lost}, {wanted} | {why}"));
    }
    story.then(revocation(&serial)).unwrap();
    let again = refused(story.then(revocation(&serial)));
    assert_eq!(again, format!("{rule}: saw {serial}, {wanted} | it is revoked already"));
}

#[test]
fn a_revocation_has_a_reason_that_fits_and_dates_that_can_be() {
    let h = hierarchy(KeySpec::EcdsaP256);
    type Change = fn(&mut CertificateRevoked);
    let cases: [(Change, &str); 3] = [
        (|r| r.reason = Reason::CertificateHold, "revocation.reason: saw certificateHold"),
        (|r| r.date = at("2026-11-21T09:31:00Z"), "revocation.date: saw 2026-11-21T09:31:00Z"),
        (|r| r.invalid_from = Some(at("2026-11-21T09:26:00Z")), "revocation.invalid-from: saw 2026-11-21T09:26:00Z"),
    ];
    for (change, wanted) in cases {
        let (mut story, serial) = issued(&h);
        let mut record = revocation(&serial);
        change(&mut record);
        let said = refused(story.then(record));
        assert!(said.starts_with(&format!("an entry breaks the rule {wanted}")), "{said}");
    }
}

#[test]
fn what_a_crash_left_unknown_is_listed_as_never_good() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let (mut story, _) = issued(&h);
    let lost = Hex(vec![0x41; 16]);
    let intent = story.intended("west", 2, lost.clone()).unwrap();
    assert!(story.state.to_list(1).is_empty());
    story.then(SignOutcome { intent, status: "unknown".to_owned(), der: None, reason: None }).unwrap();
    let listed = story.state.to_list(1).remove(&lost).unwrap();
    assert_eq!((listed.reason, listed.date), (Reason::Unspecified, at("2026-11-21T09:25:00Z")));
    // A clock that was set back: no entry is later than the CRL.
    assert_eq!(listed.date_at(at("2026-11-21T09:00:00Z")), at("2026-11-21T09:00:00Z"));
}

#[test]
fn a_root_that_a_crash_left_unknown_is_not_on_its_own_crl() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let (mut story, _) = issued(&h);
    let lost = Hex(vec![0x41; 16]);
    let intent = story.intended("west", 2, lost.clone()).unwrap();
    story.then(SignOutcome { intent, status: "unknown".to_owned(), der: None, reason: None }).unwrap();
    // Relying parties would refuse everything below a root that is on its own CRL.
    let unknown = story.state.certificates.get(&lost).unwrap().clone();
    let root = Certificate { what: "root".to_owned(), serial: Hex(vec![0x42; 16]), ..unknown };
    story.state.certificates.insert(root.serial.clone(), root);
    assert_eq!(story.state.to_list(1).into_keys().collect::<Vec<_>>(), [lost]);
}

#[test]
fn a_revocation_stays_until_a_crl_after_the_end_has_listed_it() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let (mut story, serial) = issued(&h);
    story.then(revocation(&serial)).unwrap();
    // The certificate ends on 2027-11-21.
    for (number, this_update, still) in [
        (2, "2027-11-20T00:00:00Z", true),
        // After the end, and it lists nothing: a CRL that forgot it ends nothing.
        (3, "2027-11-22T00:00:00Z", true),
        (4, "2027-11-23T00:00:00Z", false),
    ] {
        let list: &[Hex] = if number == 3 { &[] } else { std::slice::from_ref(&serial) };
        crl(&mut story, &h, number, this_update, list);
        assert_eq!(story.state.to_list(1).contains_key(&serial), still, "after number {number}");
    }
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    assert!(story.state.revoked_key(&key.spki().sha256()).is_none());
}
