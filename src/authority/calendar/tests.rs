//! Each thing that is due, on both sides of its day.

use super::{Due, due, lead};
use crate::authority::state::tests::Story;
use crate::authority::state::{Certificate, Crl, KeyRecord, Status};
use crate::authority::{Config, State};
use crate::digest::Hex;
use crate::key::KeySpec;
use crate::x509::tests::{Hierarchy, hierarchy};
use jiff::{SignedDuration, Timestamp};

const CONFIG: &str = "name = \"R\"\nkind = \"test\"\n[token]\nprofile = \"softhsm2\"\n[root]\n\
    subject = { common_name = \"R\" }\nkey = \"ecdsa-p256\"\nvalidity_days = 7305\n[intermediates]\n\
    max_validity_days = 365\nleaf_hours = 48\nsubject = { common_name = \"I\" }\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn config(more: &str) -> Config {
    Config::parse(&format!("{CONFIG}{more}")).unwrap()
}

/// A root and its audit key's certificate, 20 years each but for what is said; a CRL of eleven months.
fn founded(h: &Hierarchy, audit_ends: &str) -> State {
    let mut story = Story::new();
    story.enrolled("west", &["age1a"]);
    story.issued(h, "west", 1, &h.intermediate_key, &["age1a"]);
    let mut state = story.state;
    for (role, generation, read, ends) in
        [("root", 1, &h.root, h.root.view.not_after), ("audit", 1, &h.audit, at(audit_ends))]
    {
        let serial = Hex(role.as_bytes().to_vec());
        state.keys.push(KeyRecord {
            id: Hex(role.as_bytes().to_vec()),
            role: role.to_owned(),
            generation,
            spec: KeySpec::EcdsaP256,
            token_serial: "1".to_owned(),
            spki: Some(read.view.spki.clone()),
            certificate: Some(serial.clone()),
        });
        let mut certificate = state.certificates.values().next().unwrap().clone();
        certificate = Certificate {
            what: role.to_owned(),
            serial: serial.clone(),
            cluster: None,
            generation: Some(generation),
            not_after: ends,
            status: Status::Issued,
            der: Some(read.der.clone()),
            ..certificate
        };
        state.certificates.insert(serial, certificate);
    }
    let view = &h.crl.view;
    state.crls.insert(1, Crl { number: 300, next_update: view.next_update, der: h.crl.der.clone(), outcome: None });
    state
}

fn of<'a>(all: &'a [Due], id: &str) -> Option<&'a Due> {
    all.iter().find(|due| due.id == id)
}

const NOW: &str = "2026-12-02T00:00:00Z";
const ROOT_ENDS: &str = "2046-11-21T09:24:59Z";

#[test]
fn an_intermediate_is_done_a_lifetime_of_leaves_before_it_ends_and_begun_weeks_before() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let state = founded(&h, ROOT_ENDS);
    let all = due(&state, &config(""), at(NOW));
    let west = of(&all, "intermediate.west").unwrap();
    let ends = state.newest_intermediate("west").unwrap().not_after;
    assert_eq!(west.by, ends - SignedDuration::from_hours(48));
    assert_eq!(west.begin, west.by - super::RENEWAL_LEAD);
    assert!(west.why.contains("live 48 hours"), "{}", west.why);
    assert_eq!(west.how, "on the cluster's side: anchorite request west --renew");
    assert!(!west.urgent);
    let on_the_day = due(&state, &config(""), west.begin);
    assert!(of(&on_the_day, "intermediate.west").unwrap().urgent);
    // A key that is made here is renewed here.
    let offline =
        config("[clusters.west]\nkey_origin = \"offline\"\nalgorithm = \"ecdsa-p256\"\nrecipients = [\"age1a\"]\n");
    let all = due(&state, &offline, at(NOW));
    assert_eq!(of(&all, "intermediate.west").unwrap().how, "anchorite sign --offline west");
}

#[test]
fn a_root_is_followed_once_its_intermediates_would_be_cut_short() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let all = due(&founded(&h, ROOT_ENDS), &config(""), at(NOW));
    let root = of(&all, "root").unwrap();
    assert_eq!(root.by, at(ROOT_ENDS));
    assert_eq!(root.begin, root.by - super::days(365));
    assert!(of(&all, "audit").is_none(), "it ends with the root");
    let all = due(&founded(&h, "2030-11-21T09:24:59Z"), &config(""), at(NOW));
    assert_eq!(of(&all, "audit").unwrap().by, at("2030-11-21T09:24:59Z"));
}

#[test]
fn the_next_crl_is_asked_for_while_somebody_needs_it() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let mut state = founded(&h, ROOT_ENDS);
    let all = due(&state, &config(""), at(NOW));
    let crl = of(&all, "crl.1").unwrap();
    assert_eq!((crl.begin, crl.by), (at("2027-10-02T00:00:00Z"), at("2027-11-01T00:00:00Z")));
    assert_eq!(crl.what, "issue the CRL after number 300");
    let early = due(&state, &config("[status]\ncrl_days = 90\n"), at(NOW));
    assert_eq!(of(&early, "crl.1").unwrap().begin, at("2027-08-03T00:00:00Z"));
    // The last CRL of a root ends with it.
    state.crls.get_mut(&1).unwrap().next_update = at(ROOT_ENDS);
    assert!(of(&due(&state, &config(""), at(NOW)), "crl.1").is_none());
}

#[test]
fn a_revocation_that_no_crl_names_is_due_at_once_and_a_revoked_key_is_not_renewed() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let mut state = founded(&h, ROOT_ENDS);
    // A crash left it unknown whether this one exists: the next CRL lists it.
    let serial = state.newest_intermediate("west").unwrap().serial.clone();
    state.certificates.get_mut(&serial).unwrap().status = Status::Unknown;
    let all = due(&state, &config(""), at(NOW));
    let crl = of(&all, "crl.1").unwrap();
    assert!(crl.urgent);
    assert_eq!(crl.what, "issue the CRL after number 300: a revocation waits");
}

#[test]
fn a_drill_is_held_again_after_a_year_or_never() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let state = founded(&h, ROOT_ENDS);
    let all = due(&state, &config(""), at(NOW));
    let drill = of(&all, "drill").unwrap();
    assert_eq!((drill.begin, drill.by), (at("2027-10-22T09:25:00Z"), at("2027-11-21T09:25:00Z")));
    assert!(drill.why.starts_with("none was held yet"), "{}", drill.why);
    assert!(of(&due(&state, &config("[status]\ndrill_days = 0\n"), at(NOW)), "drill").is_none());
}

#[test]
fn copies_of_the_token_are_proved_where_the_configuration_wants_them() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let state = founded(&h, ROOT_ENDS);
    assert!(of(&due(&state, &config(""), at(NOW)), "backup").is_none());
    let clone = config("[key_backup]\nmode = \"clone\"\n");
    let all = due(&state, &clone, at(NOW));
    assert!(of(&all, "backup").unwrap().urgent);
    assert!(of(&all, "backup").unwrap().why.starts_with("no copy was ever proved"));
}

#[test]
fn a_lead_is_never_more_than_a_third_of_what_lives() {
    let days = super::days;
    assert_eq!(lead(days(60), days(365)), days(60));
    assert_eq!(lead(days(60), days(30)), days(10));
    assert_eq!(lead(days(60), SignedDuration::ZERO), SignedDuration::ZERO);
}

#[test]
fn what_must_be_begun_comes_first_by_when_it_must_be_done() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let state = founded(&h, "2030-11-21T09:24:59Z");
    let ids = |now: &str| due(&state, &config(""), at(now)).into_iter().map(|due| due.id).collect::<Vec<_>>();
    let first = ids(NOW);
    assert_eq!(first[0], "bundle.west", "it waits since it was signed");
    // Both begun: the CRL ends first, although the drill's first day came later.
    let late = ids("2027-10-25T00:00:00Z");
    let place = |id: &str| late.iter().position(|other| other == id).unwrap();
    assert!(place("crl.1") < place("drill") && place("drill") < place("root"), "{late:?}");
}
