//! Each rule, by a request in which it is what fires. Whole files are in `tests/all/corpus.rs` and `tests/all/refusals`.

use super::{KeyPolicy, inspect};
use crate::key::KeySpec;
use crate::name::{Attribute, DistinguishedName};
use crate::x509::read::{self, AlternativeNames, ExtendedKeyUsage, OtherExtension, RequestView};
use crate::x509::{LocalKey, Spki, pem};

/// A sound request, so that each rule below can be the only one that fires.
fn sound() -> (LocalKey, RequestView) {
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let subject = DistinguishedName::default().with(Attribute::CommonName, "cluster1");
    let view = read::request(&key.csr(&subject).unwrap()).unwrap();
    (key, view)
}

fn fired(view: &RequestView, policy: &KeyPolicy) -> Vec<String> {
    let spki = Spki::from_der(&view.spki_der).ok();
    super::check::all(view, spki.as_ref(), policy).into_iter().map(|f| f.id).collect()
}

#[test]
fn a_sound_request_has_no_finding_and_each_rule_fires_alone() {
    let (_, view) = sound();
    let policy = KeyPolicy::default();
    assert_eq!(fired(&view, &policy), Vec::<String>::new());

    let with = |change: &dyn Fn(&mut RequestView), ids: &[&str]| {
        let mut changed = view.clone();
        change(&mut changed);
        assert_eq!(fired(&changed, &policy), ids);
    };
    with(&|v| *v.info.last_mut().unwrap() ^= 1, &["request.proof-of-possession"]);
    with(&|v| v.algorithm_parameters_ok = false, &["request.algorithm-parameters"]);
    with(&|v| v.algorithm_oid = "1.2.840.10045.4.1".into(), &["request.hash", "request.proof-of-possession"]);
    with(&|v| v.subject[0].value = "a\u{202e}".into(), &["request.subject.deceptive", "request.subject.unusual"]);
    for value in [" a", "a ", "a  b"] {
        with(&|v| v.subject[0].value = value.into(), &["request.subject.deceptive"]);
    }
    for value in ["a\u{301}\u{301}\u{301}\u{301}\u{301}", "\u{301}", "a\u{a0}b", "a\u{fdd0}", "a\u{3164}", "a\u{e0041}"]
    {
        let ids = ["request.subject.deceptive", "request.subject.unusual"];
        with(&|v| v.subject[0].value = value.into(), &ids);
    }
    for name in ["a\u{7}.example", "a.example "] {
        let san = AlternativeNames { dns: vec![name.into()], ..Default::default() };
        with(&|v| v.extensions.san = Some(san.clone()), &["request.asks.deceptive"]);
    }
    let directory = |shown: &str| AlternativeNames { others: vec![format!("dirName:{shown}")], ..Default::default() };
    with(&|v| v.extensions.san = Some(directory("CN=\\u{202e}")), &["request.asks.deceptive"]);
    with(&|v| v.extensions.san = Some(directory("CN=\\\\u{202e}")), &[]);
    with(&|v| v.extensions.crl_urls = vec!["http://a/\u{1b}[2J".into()], &["request.asks.deceptive"]);
    with(&|v| v.subject[0].string_type = "IA5String".into(), &["request.subject.form"]);
    with(&|v| v.subject[0].value = "x".repeat(65), &["request.subject.form"]);
    with(&|v| v.subject[0].value = "../x".into(), &["request.subject.path"]);
    with(&|v| v.duplicate_attributes = vec!["1.2.3".into()], &["request.duplicate-attribute"]);
    with(&|v| v.extensions.duplicates = vec!["2.5.29.19".into()], &["request.duplicate-extension"]);
    let unknown = OtherExtension { oid: "1.2.3.4".into(), critical: true };
    with(&|v| v.extensions.others = vec![unknown.clone()], &["request.critical-extension"]);
    let any = ExtendedKeyUsage { critical: false, purposes: vec!["2.5.29.37.0".into()] };
    with(&|v| v.extensions.extended_key_usage = Some(any.clone()), &["request.asks-for-another-purpose"]);
    with(&|v| v.asked = vec!["pathlen:5".into()], &["request.asks"]);
    with(&|v| *v.spki_der.last_mut().unwrap() ^= 1, &["request.key.point", "request.proof-of-possession"]);
    let p384 = KeyPolicy { keys: vec![KeySpec::EcdsaP384] };
    assert_eq!(fired(&view, &p384), ["request.key.curve"]);
}

#[test]
fn rule_ids_are_unique_and_begin_with_their_area() {
    let ids: Vec<&str> = super::rules().map(|rule| rule.id).collect();
    for (position, id) in ids.iter().enumerate() {
        assert!(id.starts_with("request."), "{id}");
        assert_eq!(ids.iter().position(|other| other == id), Some(position), "{id}");
    }
}

#[test]
fn only_a_request_without_refusal_becomes_verified() {
    let key = LocalKey::generate(KeySpec::EcdsaP521).unwrap();
    let subject = DistinguishedName::default().with(Attribute::CommonName, "cluster1");
    let pem = pem::encode("NEW CERTIFICATE REQUEST", &key.csr(&subject).unwrap());
    let findings = inspect(pem.as_bytes(), &KeyPolicy::default()).unwrap().verified().unwrap_err();
    assert_eq!(findings.iter().map(|f| f.id.as_str()).collect::<Vec<_>>(), ["request.key.curve"]);
    let policy = KeyPolicy { keys: vec![KeySpec::EcdsaP521] };
    let verified = inspect(pem.as_bytes(), &policy).unwrap().verified().unwrap();
    assert_eq!(verified.spki(), key.spki());
}
