//! The corpus of hostile requests, where it is present: `../shared/corpus/csr`, or `$ANCHORITE_SHARED`.

use super::{KeyPolicy, inspect};
use crate::error::Kind;
use crate::finding::{Severity, worst};
use crate::key::KeySpec;
use crate::name::{Attribute, DistinguishedName};
use crate::x509::read::{self, ExtendedKeyUsage, OtherExtension, RequestView};
use crate::x509::{LocalKey, Spki, pem};
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("ANCHORITE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let directory = shared.join("corpus/csr");
    directory.join("INDEX.csv").exists().then_some(directory)
}

/// The exit code of `inspect request` for a file: 0, 10 or 30, with the ids behind it.
fn verdict(bytes: &[u8]) -> (u8, String) {
    match inspect(bytes, &KeyPolicy::default()) {
        Ok(inspected) => {
            let refused = worst(&inspected.findings) == Some(Severity::Refuse);
            let ids: Vec<String> = inspected.findings.iter().map(|f| f.id.clone()).collect();
            assert_eq!(inspected.verified().is_err(), refused);
            (if refused { 10 } else { 0 }, ids.join(" "))
        }
        Err(error) => {
            assert_eq!(error.kind(), Kind::Medium, "{error}");
            (30, error.to_string())
        }
    }
}

#[test]
fn the_corpus_gets_the_verdicts_it_expects() {
    let Some(corpus) = corpus() else { return };
    let index = std::fs::read_to_string(corpus.join("INDEX.csv")).unwrap();
    let mut surprises = Vec::new();
    let mut files = 0;
    for line in index.lines().skip(1) {
        let mut fields = line.splitn(3, ',');
        let (Some(file), Some(expected)) = (fields.next(), fields.next()) else { continue };
        let Ok(bytes) = std::fs::read(corpus.join(file)) else { continue };
        files += 1;
        let begin = Instant::now();
        let (exit, why) = verdict(&bytes);
        assert!(begin.elapsed() < Duration::from_secs(2), "{file}");
        let agrees = match expected {
            "accept" | "well-formed" | "accept-but-override" => exit == 0,
            "reject" => exit != 0,
            _ => true,
        };
        if agrees == DISAGREEMENTS.iter().any(|(known, _)| *known == file) {
            surprises.push(format!("{file}: expected {expected}, got exit {exit}: {why}"));
        }
    }
    assert!(files > 200, "{files}");
    assert!(surprises.is_empty(), "{surprises:#?}");
}

/// Files whose verdict differs from the corpus, each with the reason.
const DISAGREEMENTS: [(&str, &str); 1] = [(
    "adversarial/a130_ext_ku_leaf.pem",
    "asks for leaf key usages, as third-party/t013, t014, t015 and t156 do, which the corpus accepts: what is asked \
     is shown and never copied",
)];

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
