//! Each profile: a certificate as it gives it has no finding, and each variant that its consumer cannot bear
//! is refused by the rule that says so.

use super::{ids, profile};
use crate::key::KeySpec;
use crate::policy::lint::{Issuer, Known, lint_known};
use crate::profile::{PROFILES, Profile, Role};
use crate::x509::build::Usage;
use crate::x509::read::{AlternativeNames, CertificateView, ExtendedKeyUsage, NameConstraints, Policies};
use crate::x509::tests::{Hierarchy, hierarchy, issue, plain_ca, template};
use std::collections::BTreeSet;

const SERVER: &str = "1.3.6.1.5.5.7.3.1";
const CLIENT: &str = "1.3.6.1.5.5.7.3.2";
const ANY: &str = "2.5.29.37.0";

/// A certificate as the builder makes it for a profile.
fn sound(h: &Hierarchy, profile: &Profile) -> CertificateView {
    let usage = match profile.role {
        Role::Root => return h.root.view.clone(),
        Role::Audit => return h.audit.view.clone(),
        Role::Cross => plain_ca(None),
        Role::Intermediate => Usage::Ca {
            path_len: profile.path_len.default_value(),
            dns_names: profile.dns_names.iter().map(|name| (*name).to_owned()).collect(),
            permitted_dns: Vec::new(),
            excluded_dns: Vec::new(),
            permitted_uris: Vec::new(),
            crl_urls: Vec::new(),
            ca_issuers_urls: Vec::new(),
        },
    };
    issue(&template("CA 1", &h.intermediate_key, Some(&h.root), &h.root_key, usage), &h.root_key).view
}

type Change = fn(&mut CertificateView);

fn path_len(view: &mut CertificateView, path_len: Option<u32>) {
    view.basic_constraints.as_mut().unwrap().path_len = path_len;
}

fn uses(view: &mut CertificateView, purposes: &[&str]) {
    let purposes = purposes.iter().map(|purpose| (*purpose).to_owned()).collect();
    view.extended_key_usage = Some(ExtendedKeyUsage { critical: false, purposes });
}

fn constrain(view: &mut CertificateView, permitted: &[&str], excluded: &[&str]) {
    let list = |trees: &[&str]| trees.iter().map(|tree| (*tree).to_owned()).collect();
    view.name_constraints =
        Some(NameConstraints { critical: true, permitted: list(permitted), excluded: list(excluded) });
}

/// What no intermediate may be, whoever reads it.
const EVERY_INTERMEDIATE: &[(&str, Change)] = &[
    ("certificate.policies", |v| v.policies = Some(Policies { critical: true, oids: vec!["1.2.3".into()] })),
    ("certificate.extended-key-usage", |v| uses(v, &[ANY])),
    ("certificate.extended-key-usage", |v| uses(v, &[SERVER])),
    ("certificate.extended-key-usage", |v| uses(v, &[CLIENT])),
    ("certificate.name-constraints", |v| constrain(v, &[], &["email:example.com"])),
    ("certificate.path-length", |v| path_len(v, None)),
    ("certificate.path-length", |v| path_len(v, Some(3))),
    ("certificate.key-usage", |v| v.key_usage.as_mut().unwrap().names.push("keyEncipherment")),
    ("certificate.key-usage", |v| v.key_usage.as_mut().unwrap().names.retain(|name| *name != "cRLSign")),
    ("certificate.basic-constraints", |v| v.basic_constraints.as_mut().unwrap().critical = false),
];

/// What a profile refuses beyond that.
const OF_PROFILE: &[(&str, &str, Change)] = &[
    ("istio", "certificate.uri-constraint-refused", |v| constrain(v, &["DNS:svc", "URI:cluster.local"], &[])),
    ("istio", "certificate.excluded-own-name", |v| constrain(v, &[], &["DNS:istio-system.svc"])),
    // Also where the certificate itself has no name: its leaf for istiod would have it.
    ("istio", "certificate.excluded-own-name", |v| {
        v.san = None;
        constrain(v, &["DNS:example.com"], &[]);
    }),
    ("istio", "certificate.path-length", |v| path_len(v, Some(1))),
    ("cert-manager", "certificate.path-length", |v| path_len(v, Some(1))),
    ("vault", "certificate.path-length", |v| path_len(v, Some(1))),
    ("linkerd", "certificate.path-length", |v| path_len(v, Some(1))),
    ("linkerd", "certificate.signature-hash", |v| v.signature_oid = "1.2.840.10045.4.3.3".into()),
    ("linkerd", "certificate.uri-constraint-refused", |v| constrain(v, &["URI:cluster.local"], &[])),
    ("spire", "certificate.path-length", |v| path_len(v, Some(0))),
    ("spire", "certificate.path-length", |v| path_len(v, Some(2))),
    ("subordinate", "certificate.uri-constraint-refused", |v| constrain(v, &["URI:cluster.local"], &[])),
    ("cross", "certificate.path-length", |v| path_len(v, Some(0))),
    ("cross", "certificate.alternative-names", |v| {
        v.san = Some(AlternativeNames { dns: vec!["a.svc".into()], ..AlternativeNames::default() });
    }),
    ("cross", "certificate.subject-key-id", |v| v.subject_key_id = None),
    ("cross", "certificate.name-constraints", |v| constrain(v, &["DNS:svc"], &[])),
    ("root", "certificate.path-length", |v| path_len(v, Some(1))),
    ("root", "certificate.urls", |v| v.crl_urls = vec!["http://a/root.crl".into()]),
    ("audit", "certificate.basic-constraints", |v| {
        v.basic_constraints = Some(crate::x509::read::BasicConstraints { critical: true, ca: true, path_len: None });
    }),
    ("audit", "certificate.alternative-names", |v| {
        v.san = Some(AlternativeNames { dns: vec!["a.svc".into()], ..AlternativeNames::default() });
    }),
    ("audit", "certificate.extended-key-usage", |v| uses(v, &[SERVER, CLIENT])),
    ("audit", "certificate.key-usage", |v| v.key_usage.as_mut().unwrap().names.push("keyCertSign")),
];

#[test]
fn each_profile_bears_its_own_certificate_and_refuses_what_its_consumer_does() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let mut tried = BTreeSet::new();
    for row in PROFILES {
        let issuer = (row.role != Role::Root).then_some(&h.root.view);
        let good = sound(&h, row);
        assert_eq!(ids(&good, issuer, row), Vec::<String>::new(), "{}", row.name);
        let general = EVERY_INTERMEDIATE.iter().filter(|_| row.role == Role::Intermediate).copied();
        let own = OF_PROFILE.iter().filter(|(name, ..)| *name == row.name).map(|(_, id, change)| (*id, *change));
        for (id, change) in general.chain(own) {
            let mut bad = good.clone();
            change(&mut bad);
            assert_eq!(ids(&bad, issuer, row), [id], "{}", row.name);
            tried.insert(row.name);
        }
    }
    assert_eq!(tried.len(), PROFILES.len());
}

#[test]
fn keys_that_a_consumer_cannot_read_are_refused() {
    for (name, root, key, found) in [
        (
            "linkerd",
            KeySpec::EcdsaP384,
            KeySpec::EcdsaP256,
            ["certificate.signature-hash", "certificate.key-kind"].as_slice(),
        ),
        ("linkerd", KeySpec::EcdsaP256, KeySpec::EcdsaP384, &["certificate.key-kind"]),
        ("linkerd", KeySpec::EcdsaP256, KeySpec::Rsa2048, &["certificate.key-kind"]),
        ("linkerd", KeySpec::Rsa3072, KeySpec::EcdsaP256, &[]),
        ("cert-manager", KeySpec::EcdsaP256, KeySpec::Ed25519, &["certificate.key-kind"]),
        ("spire", KeySpec::EcdsaP256, KeySpec::Ed25519, &["certificate.key-kind"]),
        ("istio", KeySpec::EcdsaP384, KeySpec::Ed25519, &[]),
    ] {
        let (mut h, row) = (hierarchy(root), profile(name));
        h.intermediate_key = crate::x509::LocalKey::generate(key).unwrap();
        assert_eq!(ids(&sound(&h, row), Some(&h.root.view), row), found, "{name} {root} {key}");
    }
}

#[test]
fn a_certificate_whose_issuer_nobody_knows_is_judged_as_far_as_it_goes() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let alone = |view: &CertificateView, row: &Profile| -> Vec<String> {
        let known = Known { issuer: Issuer::Unknown, own_root: None };
        lint_known(view, known, row).into_iter().map(|finding| finding.id).collect()
    };
    let good = sound(&h, profile("istio"));
    assert_eq!(alone(&good, profile("istio")), Vec::<String>::new());
    let mut bad = good.clone();
    bad.authority_key_id = None;
    assert_eq!(alone(&bad, profile("istio")), ["certificate.authority-key-id"]);
    assert_eq!(alone(&good, profile("spire")), ["certificate.path-length"]);
    // A root is no intermediate: it has its issuer's name.
    assert!(alone(&h.root.view, profile("istio")).contains(&"certificate.subject-is-issuer".to_owned()));
    assert!(alone(&good, profile("root")).contains(&"certificate.subject-is-issuer".to_owned()));
}
