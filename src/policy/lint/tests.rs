//! Every rule fires alone on what it forbids, and a sound hierarchy gives no finding.

mod profiles;

use super::{Issuer, Known, lint, lint_crl, lint_known, lint_signature, rules};
use crate::digest::Hex;
use crate::finding::Severity;
use crate::key::KeySpec;
use crate::profile::{self, Profile};
use crate::x509::build::Usage;
use crate::x509::read::{
    CertificateView, CrlView, ExtendedKeyUsage, KeyUsage, NameConstraints, OtherExtension, Policies,
};
use crate::x509::tests::{Hierarchy, hierarchy, issue, istio, plain_ca, template};
use std::collections::BTreeSet;

fn profile(name: &str) -> &'static Profile {
    profile::by_name(name).unwrap()
}

/// An intermediate as the istio profile gives it, and the hierarchy around it.
fn sound() -> (Hierarchy, CertificateView) {
    let h = hierarchy(KeySpec::EcdsaP256);
    let mut usage = istio();
    if let Usage::Ca { permitted_uris, .. } = &mut usage {
        permitted_uris.clear();
    }
    let template = template("Intermediate CA", &h.intermediate_key, Some(&h.root), &h.root_key, usage);
    let view = issue(&template, &h.root_key).view;
    (h, view)
}

fn ids(view: &CertificateView, issuer: Option<&CertificateView>, profile: &Profile) -> Vec<String> {
    lint(view, issuer, profile).into_iter().map(|finding| finding.id).collect()
}

#[test]
fn sound_certificates_of_each_kind_have_no_finding() {
    for spec in [KeySpec::EcdsaP256, KeySpec::EcdsaP384, KeySpec::Ed25519, KeySpec::Rsa3072] {
        let h = hierarchy(spec);
        let issuer = Some(&h.root.view);
        assert_eq!(lint(&h.root.view, None, profile("root")), []);
        assert_eq!(lint(&h.audit.view, issuer, profile("audit")), []);
        assert_eq!(lint_crl(&h.crl.view, &h.root.view), []);
        let template = template("CA G2", &h.intermediate_key, Some(&h.root), &h.root_key, plain_ca(None));
        assert_eq!(lint(&issue(&template, &h.root_key).view, issuer, profile("cross")), []);
        let sidecars = profile("istio").with_sidecars_only();
        let found = lint(&h.intermediate.view, issuer, &sidecars);
        assert_eq!(found.iter().map(|f| f.severity).collect::<Vec<_>>(), [Severity::Warn]);
    }
    let (h, view) = sound();
    assert_eq!(lint(&view, Some(&h.root.view), profile("istio")), []);
}

#[test]
fn each_rule_for_certificates_fires_on_what_it_forbids_and_alone() {
    let (h, good) = sound();
    let root = &h.root.view;
    let mut fired = BTreeSet::new();
    let mut with = |change: &dyn Fn(&mut CertificateView), id: &str| {
        let mut view = good.clone();
        change(&mut view);
        assert_eq!(ids(&view, Some(root), profile("istio")), [id]);
        fired.insert(id.to_owned());
    };
    let none = || OtherExtension { oid: "2.5.29.14".into(), critical: true };
    with(&|v| v.version = 1, "certificate.version");
    with(&|v| v.serial = Hex(vec![1; 7]), "certificate.serial");
    with(&|v| v.serial = Hex(vec![0x80; 20]), "certificate.serial");
    with(&|v| v.signature_oid = "1.2.840.113549.1.1.11".into(), "certificate.signature-algorithm");
    with(&|v| v.signature_oid = "1.2.840.10045.4.1".into(), "certificate.signature-algorithm");
    with(&|v| v.subject[0].value = "CZE".into(), "certificate.names");
    with(&|v| v.subject[1].string_type = "BMPString".into(), "certificate.names");
    with(&|v| v.subject[1].rdn = 0, "certificate.names-unusual");
    with(&|v| v.subject[1].label = "DC".into(), "certificate.names-unusual");
    with(&|v| v.subject.clear(), "certificate.names");
    with(&|v| v.subject[2].value = "x\u{200b}".into(), "certificate.names");
    with(&|v| v.issuer_der[5] ^= 1, "certificate.issuer");
    with(&|v| v.subject_der = v.issuer_der.clone(), "certificate.subject-is-issuer");
    with(&|v| v.not_after = root.not_after + jiff::SignedDuration::from_secs(1), "certificate.validity");
    with(&|v| v.not_before = root.not_before - jiff::SignedDuration::from_secs(1), "certificate.validity");
    with(&|v| v.time_types[1] = "GeneralizedTime", "certificate.time-type");
    with(&|v| v.spki = root.spki.clone(), "certificate.key-of-issuer");
    with(&|v| v.basic_constraints.as_mut().unwrap().critical = false, "certificate.basic-constraints");
    with(&|v| v.basic_constraints.as_mut().unwrap().path_len = Some(1), "certificate.path-length");
    with(&|v| v.basic_constraints.as_mut().unwrap().path_len = None, "certificate.path-length");
    with(&|v| v.key_usage.as_mut().unwrap().names.push("digitalSignature"), "certificate.key-usage");
    with(&|v| v.key_usage = None, "certificate.key-usage");
    let lone = ExtendedKeyUsage { critical: false, purposes: vec!["1.3.6.1.5.5.7.3.1".into()] };
    with(&|v| v.extended_key_usage = Some(lone.clone()), "certificate.extended-key-usage");
    with(&|v| v.subject_key_id = None, "certificate.subject-key-id");
    with(&|v| v.extensions.push(none()), "certificate.subject-key-id");
    with(&|v| v.authority_key_id = None, "certificate.authority-key-id");
    with(&|v| v.san.as_mut().unwrap().uris.push("spiffe://x".into()), "certificate.alternative-names");
    with(&|v| v.san.as_mut().unwrap().dns[0] = "*.svc".into(), "certificate.alternative-names");
    let constrain = |permitted: &str, excluded: &str| NameConstraints {
        critical: true,
        permitted: vec![permitted.into()],
        excluded: vec![excluded.into()],
    };
    with(&|v| v.name_constraints = Some(constrain("DNS:svc", "URI:x")), "certificate.uri-constraint-refused");
    with(&|v| v.name_constraints = Some(constrain("DNS:svc", "email:x")), "certificate.name-constraints");
    with(&|v| v.name_constraints = Some(constrain("DNS:svc", "DNS:istio-system.svc")), "certificate.excluded-own-name");
    with(&|v| v.name_constraints = Some(constrain("DNS:local", "DNS:x")), "certificate.excluded-own-name");
    with(&|v| v.crl_urls[0] = "https://pki.example.com/root.crl".into(), "certificate.urls");
    with(&|v| v.ca_issuers_urls[0] = "ldap://pki.example.com".into(), "certificate.urls");
    with(&|v| v.extensions.push(OtherExtension { oid: "2.5.29.31".into(), critical: true }), "certificate.urls");
    with(&|v| v.policies = Some(Policies { critical: true, oids: Vec::new() }), "certificate.policies");
    with(&|v| v.others.push(none()), "certificate.unknown-extension");
    with(&|v| v.unique_ids = true, "certificate.unknown-extension");

    let mut no_issuer = root.clone();
    no_issuer.key_usage = Some(KeyUsage { critical: true, names: vec!["cRLSign"] });
    assert_eq!(ids(&good, Some(&no_issuer), profile("istio")), ["certificate.issuer-may-issue"]);
    let p384 = hierarchy(KeySpec::EcdsaP384);
    assert_eq!(
        ids(&p384.root.view, None, &Profile { keys: &[KeySpec::EcdsaP256], ..*profile("root") }),
        ["certificate.key-kind"]
    );
    fired.extend(["certificate.issuer-may-issue".to_owned(), "certificate.key-kind".to_owned()]);

    let mut only = |found: Vec<crate::finding::Finding>, id: &str| {
        assert_eq!(found.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), [id]);
        fired.insert(id.to_owned());
    };
    let with_uri = &h.intermediate.view;
    only(lint(with_uri, Some(root), profile("istio")), "certificate.uri-constraint-refused");
    only(lint(with_uri, Some(root), &profile("istio").with_sidecars_only()), "certificate.uri-constraint");
    let mut of_linkerd = good.clone();
    of_linkerd.signature_oid = "1.2.840.10045.4.3.3".into();
    only(lint(&of_linkerd, Some(root), profile("linkerd")), "certificate.signature-hash");
    let cross = issue(&template("CA G2", &h.intermediate_key, Some(&h.root), &h.root_key, plain_ca(None)), &h.root_key);
    let own =
        issue(&template("CA G2", &h.intermediate_key, None, &h.intermediate_key, plain_ca(None)), &h.intermediate_key)
            .view;
    let of_cross =
        |own| lint_known(&cross.view, Known { issuer: Issuer::Is(root), own_root: Some(own) }, profile("cross"));
    assert_eq!(of_cross(&own), []);
    let mut other = own.clone();
    other.subject_key_id = Some(Hex(vec![7; 20]));
    only(of_cross(&other), "certificate.cross-key-id");
    only(of_cross(root), "certificate.cross-key-id");
    only(lint_signature(&h.intermediate, &h.intermediate).into_iter().collect(), "certificate.signature");
    assert_eq!(lint_signature(&h.intermediate, &h.root), None);

    only(lint(&hierarchy(KeySpec::MlDsa65).root.view, None, profile("root")), "certificate.experimental");

    let untested: Vec<&str> =
        rules().map(|r| r.id).filter(|id| id.starts_with("certificate.") && !fired.contains(*id)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}

#[test]
fn a_ca_under_an_issuer_with_path_length_zero_is_refused() {
    let (h, intermediate) = sound();
    let template = template("Below", &h.root_key, Some(&h.intermediate), &h.intermediate_key, plain_ca(Some(0)));
    let below = issue(&template, &h.intermediate_key).view;
    assert_eq!(ids(&below, Some(&intermediate), profile("vault")), ["certificate.path-length"]);
    let mut wider = intermediate.clone();
    wider.basic_constraints.as_mut().unwrap().path_len = Some(1);
    assert_eq!(ids(&below, Some(&wider), profile("vault")), Vec::<String>::new());
    wider.basic_constraints.as_mut().unwrap().path_len = Some(2);
    let mut spire = below.clone();
    assert_eq!(ids(&spire, Some(&wider), profile("spire")), ["certificate.path-length"]);
    spire.basic_constraints.as_mut().unwrap().path_len = Some(1);
    assert_eq!(ids(&spire, Some(&wider), profile("spire")), Vec::<String>::new());
}

#[test]
fn linkerd_refuses_a_root_or_a_key_that_its_proxy_cannot_verify() {
    let h = hierarchy(KeySpec::EcdsaP384);
    let template = template("Linkerd", &h.intermediate_key, Some(&h.root), &h.root_key, plain_ca(Some(0)));
    let view = issue(&template, &h.root_key).view;
    assert_eq!(
        ids(&view, Some(&h.root.view), profile("linkerd")),
        ["certificate.signature-hash", "certificate.key-kind"]
    );
}

#[test]
fn each_rule_for_crls_fires_on_what_it_forbids_and_alone() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let mut fired = BTreeSet::new();
    let mut with = |change: &dyn Fn(&mut CrlView), id: &str| {
        let mut view = h.crl.view.clone();
        change(&mut view);
        let ids: Vec<String> = lint_crl(&view, &h.root.view).into_iter().map(|f| f.id).collect();
        assert_eq!(ids, [id]);
        fired.insert(id.to_owned());
    };
    with(&|v| v.version = 1, "crl.version");
    with(&|v| v.signature_oid = "1.2.840.10045.4.3.3".into(), "crl.signature-algorithm");
    with(&|v| v.issuer_der[5] ^= 1, "crl.issuer");
    with(&|v| v.authority_key_id = None, "crl.issuer");
    with(&|v| v.number = None, "crl.number");
    with(&|v| v.number = Some(0), "crl.number");
    with(&|v| v.next_update += jiff::SignedDuration::from_hours(24 * 60), "crl.times");
    with(&|v| v.time_types[0] = "GeneralizedTime", "crl.time-type");
    with(&|v| v.revoked.push(v.revoked[0].clone()), "crl.entries");
    with(&|v| v.revoked[0].1 = v.next_update, "crl.entries");
    with(&|v| v.extensions.push(OtherExtension { oid: "2.5.29.28".into(), critical: true }), "crl.extensions");
    let experiment = hierarchy(KeySpec::MlDsa65);
    let found = lint_crl(&experiment.crl.view, &experiment.root.view);
    assert_eq!(found.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["crl.experimental"]);
    fired.insert("crl.experimental".to_owned());
    let untested: Vec<&str> =
        rules().map(|r| r.id).filter(|id| id.starts_with("crl.") && !fired.contains(*id)).collect();
    assert!(untested.is_empty(), "{untested:?}");
}
