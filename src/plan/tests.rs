//! A plan is linted as it is made, and what refuses it is overruled by nobody.

use super::make::{self, Accepted, Context, Issuer};
use super::{ForCluster, MadePlan, TbsView};
use crate::authority::Config;
use crate::digest::{Digest, Hex};
use crate::error::Kind;
use crate::finding::Severity;
use crate::key::KeySpec;
use crate::words;
use crate::x509::LocalKey;
use crate::x509::tests::{issue, plain_ca, template};
use std::sync::Arc;

const CONFIG: &str = r#"
name = "Example"
kind = "production"
[token]
profile = "softhsm2"
[root]
subject = { common_name = "Root CA" }
key = "ecdsa-p256"
validity_days = 3650
[intermediates]
max_validity_days = 365
subject = { common_name = "Intermediate CA" }
"#;

/// The plan of a cluster's intermediate under an issuer that is a CA with this path length.
fn intermediate(path_len: Option<u8>) -> MadePlan {
    let config = Config::parse(CONFIG).unwrap();
    let now = "2026-11-21T09:30:00Z".parse().unwrap();
    let context = Context { config: &config, config_sha256: Digest::of(b""), session: "s", now };
    let [root, key] = [0, 1].map(|_| LocalKey::generate(KeySpec::EcdsaP256).unwrap());
    let view = issue(&template("Root CA", &root, None, &root, plain_ca(path_len)), &root).view;
    let issuer = Issuer { generation: 1, spki: root.spki().clone(), view: Arc::new(view) };
    let digest = Digest::of(b"request");
    let accepted = Accepted {
        cluster: ForCluster {
            name: "west".to_owned(),
            environment: "prod".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            generation: 1,
            recipients: Vec::new(),
            key_origin: "cluster".to_owned(),
            request_sha256: digest,
            spki_sha256: key.spki().sha256(),
            enrols: true,
            changes: Vec::new(),
            replaces: None,
        },
        spki: key.spki().clone(),
        reviewed: format!("sha256:{digest}"),
        asked: Vec::new(),
        findings: Vec::new(),
    };
    make::intermediate(context, &issuer, &accepted, Hex([0x5a; 16].to_vec())).unwrap()
}

#[test]
fn words_answers_and_reasons_do_not_overrule_a_refusal() {
    let made = intermediate(Some(0));
    let ids: Vec<(&str, Severity)> = made.plan().findings.iter().map(|f| (f.id.as_str(), f.severity)).collect();
    assert_eq!(ids, [("certificate.path-length", Severity::Refuse)]);
    let words: Vec<String> = words::words(&made.digest().0[..4]).into_iter().map(str::to_owned).collect();
    let (administrator, witness) = (words[..2].join(" "), words[2..].join(" "));
    for reason in [None, Some("the director said so")] {
        for approved in [
            made.approve_by_words(&administrator, &witness, reason),
            made.approve_by_answer(&made.plan().reviewed, reason),
        ] {
            let error = approved.unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            assert_eq!(error.truths(), ["Nothing was signed."]);
            assert_eq!(
                error.to_string(),
                "the plan is refused by the rule certificate.path-length: saw a CA under an issuer with path \
                 length 0, wanted no CA there"
            );
        }
    }
    // The same words approve the same plan under an issuer that may have a CA below it.
    assert!(intermediate(None).plan().findings.is_empty());
}

#[test]
fn a_signed_structure_of_another_kind_is_no_certificate() {
    let made = intermediate(None);
    let approved = made.approve_by_answer(&made.plan().reviewed, None).unwrap();
    assert_eq!(approved.flaw(&made.view().unwrap()).unwrap(), None);
    let crl = crate::x509::tests::hierarchy(KeySpec::EcdsaP256).crl.view;
    assert_eq!(approved.flaw(&TbsView::Crl(Box::new(crl))).unwrap_err().kind(), Kind::Bug);
}
