//! What is built is read back by the other parser and verified by the third implementation.

mod ml_dsa;

use super::build::{
    CertificateTemplate, CrlTemplate, RevokedCertificate, Usage, assemble, certificate_tbs, crl_tbs, name_der, serial,
};
use super::read::{self, Certificate, Crl};
use super::verify::{self, Purpose};
use super::{LocalKey, SignatureAlgorithm};
use crate::digest::Hex;
use crate::error::Kind;
use crate::key::KeySpec;
use crate::name::{Attribute, DistinguishedName};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn name(common_name: &str) -> DistinguishedName {
    DistinguishedName::default()
        .with(Attribute::Country, "CZ")
        .with(Attribute::Organization, "Example, a.s.")
        .with(Attribute::CommonName, common_name)
}

pub(crate) fn plain_ca(path_len: Option<u8>) -> Usage {
    Usage::plain_ca(path_len)
}

pub(crate) fn template(
    subject: &str,
    key: &LocalKey,
    issuer: Option<&Certificate>,
    signer: &LocalKey,
    usage: Usage,
) -> CertificateTemplate {
    let subject = name_der(&name(subject)).unwrap();
    CertificateTemplate {
        serial: serial([0x9c; 16]),
        signature: SignatureAlgorithm::of(signer.spki().spec()),
        issuer: issuer.map_or_else(|| subject.clone(), |issuer| issuer.view.subject_der.clone()),
        not_before: at("2026-11-21T09:25:00Z"),
        not_after: at("2046-11-21T09:24:59Z"),
        subject,
        spki: key.spki().clone(),
        subject_key_id: key.spki().key_identifier(),
        authority_key_id: issuer.and_then(|issuer| issuer.view.subject_key_id.clone()),
        usage,
    }
}

pub(crate) fn issue(template: &CertificateTemplate, signer: &LocalKey) -> Certificate {
    let tbs = certificate_tbs(template).unwrap();
    let der = assemble(&tbs, template.signature, &signer.sign(&tbs).unwrap()).unwrap();
    let certificate = read::certificate(&der).unwrap();
    assert_eq!(certificate.tbs, tbs);
    certificate
}

/// A root and what it issued, in software keys.
pub(crate) struct Hierarchy {
    pub(crate) root_key: LocalKey,
    pub(crate) root: Certificate,
    pub(crate) intermediate_key: LocalKey,
    pub(crate) intermediate: Certificate,
    pub(crate) audit: Certificate,
    pub(crate) crl: Crl,
}

pub(crate) fn istio() -> Usage {
    Usage::Ca {
        path_len: Some(0),
        dns_names: vec!["istiod.istio-system.svc".to_owned()],
        permitted_dns: vec!["svc".to_owned()],
        excluded_dns: vec!["example.com".to_owned()],
        permitted_uris: vec!["cluster.local".to_owned()],
        crl_urls: vec!["http://pki.example.com/root.crl".to_owned()],
        ca_issuers_urls: vec!["http://pki.example.com/root.cer".to_owned()],
    }
}

pub(crate) fn hierarchy(spec: KeySpec) -> Hierarchy {
    let root_key = LocalKey::generate(spec).unwrap();
    let root = issue(&template("Root CA", &root_key, None, &root_key, plain_ca(None)), &root_key);
    let intermediate_key = LocalKey::generate(spec).unwrap();
    let intermediate =
        issue(&template("Intermediate CA", &intermediate_key, Some(&root), &root_key, istio()), &root_key);
    let audit_key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let audit = issue(&template("Audit", &audit_key, Some(&root), &root_key, Usage::Audit), &root_key);
    let crl = crl(&root, &root_key, vec![revoked(0x41, Some(1)), revoked(0x42, None)]);
    Hierarchy { root_key, root, intermediate_key, intermediate, audit, crl }
}

fn revoked(first: u8, reason: Option<u8>) -> RevokedCertificate {
    let invalid_from = reason.map(|_| at("2026-11-20T00:00:00Z"));
    RevokedCertificate { serial: serial([first; 16]), date: at("2026-12-01T00:00:00Z"), reason, invalid_from }
}

fn crl(root: &Certificate, key: &LocalKey, revoked: Vec<RevokedCertificate>) -> Crl {
    let template = CrlTemplate {
        signature: SignatureAlgorithm::of(key.spki().spec()),
        issuer: root.view.subject_der.clone(),
        this_update: at("2026-12-01T00:00:00Z"),
        next_update: at("2027-11-01T00:00:00Z"),
        authority_key_id: root.view.subject_key_id.clone().unwrap(),
        number: 300,
        revoked,
    };
    let tbs = crl_tbs(&template).unwrap();
    let der = assemble(&tbs, template.signature, &key.sign(&tbs).unwrap()).unwrap();
    read::crl(&der).unwrap()
}

const SPECS: [KeySpec; 5] =
    [KeySpec::EcdsaP256, KeySpec::EcdsaP384, KeySpec::EcdsaP521, KeySpec::Ed25519, KeySpec::Rsa2048];

#[test]
fn a_hierarchy_of_each_kind_of_key_verifies() {
    for spec in SPECS {
        let h = hierarchy(spec);
        verify::issued_by(&h.root, &h.root).unwrap();
        verify::issued_by(&h.intermediate, &h.root).unwrap();
        verify::crl_issued_by(&h.crl, &h.root).unwrap();
        let now = at("2027-01-01T00:00:00Z");
        let roots = [h.root.clone()];
        verify::chain(&h.intermediate, &[], &roots, now, Purpose::Authority).unwrap();
        verify::chain(&h.audit, &[], &roots, now, Purpose::DocumentSigning).unwrap();
        assert_eq!(h.intermediate_key.spki(), &h.intermediate.view.spki);
    }
}

#[test]
fn what_was_built_is_what_is_read() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let view = &h.intermediate.view;
    assert_eq!(read::show_name(&view.subject), name("Intermediate CA").to_string());
    assert_eq!(view.version, 3);
    assert_eq!(view.serial, serial([0x9c; 16]));
    assert_eq!((view.not_before, view.not_after), (at("2026-11-21T09:25:00Z"), at("2046-11-21T09:24:59Z")));
    assert_eq!(view.time_types, ["UTCTime", "UTCTime"]);
    assert_eq!(view.path_len(), Some(0));
    assert_eq!(view.key_usage.as_ref().unwrap().names, ["keyCertSign", "cRLSign"]);
    assert_eq!(view.san.as_ref().unwrap().all(), ["DNS:istiod.istio-system.svc"]);
    let constraints = view.name_constraints.as_ref().unwrap();
    assert_eq!(constraints.permitted, ["DNS:svc", "URI:cluster.local"]);
    assert_eq!(constraints.excluded, ["DNS:example.com"]);
    assert_eq!(view.crl_urls, ["http://pki.example.com/root.crl"]);
    assert_eq!(view.ca_issuers_urls, ["http://pki.example.com/root.cer"]);
    assert_eq!(view.authority_key_id, h.root.view.subject_key_id);
    assert!(view.others.is_empty());
    let critical: Vec<bool> = view.extensions.iter().map(|e| e.critical).collect();
    assert_eq!(critical, [true, true, false, false, false, true, false, false]);
    assert_eq!(h.audit.view.extended_key_usage.as_ref().unwrap().purposes, [verify::DOCUMENT_SIGNING]);
    assert_eq!(h.crl.view.number, Some(300));
    let invalidity: Vec<_> = h.crl.view.invalidity.iter().collect();
    assert_eq!(invalidity, [(&serial([0x41; 16]), &at("2026-11-20T00:00:00Z"))]);
    let reasons: Vec<Option<&str>> = h.crl.view.revoked.iter().map(|(_, _, reason)| reason.as_deref()).collect();
    assert_eq!(reasons, [Some("keyCompromise"), None]);
}

#[test]
fn times_after_2049_are_generalized() {
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let mut template = template("Root CA", &key, None, &key, plain_ca(None));
    template.not_after = at("2051-11-21T09:24:59Z");
    let view = issue(&template, &key).view;
    assert_eq!(view.time_types, ["UTCTime", "GeneralizedTime"]);
    assert_eq!(view.not_after, template.not_after);
}

#[test]
fn an_empty_crl_leaves_its_list_out() {
    let h = hierarchy(KeySpec::EcdsaP256);
    assert!(crl(&h.root, &h.root_key, Vec::new()).view.revoked.is_empty());
}

#[test]
fn a_path_is_refused_when_one_thing_about_it_is_wrong() {
    let h = hierarchy(KeySpec::EcdsaP256);
    let now = at("2027-01-01T00:00:00Z");
    let roots = [h.root.clone()];
    let refused = |leaf: &Certificate, between: &[Certificate], time, purpose, want: &str| {
        let error = verify::chain(leaf, between, &roots, time, purpose).unwrap_err();
        assert_eq!(error.kind(), Kind::Verify);
        assert!(error.to_string().contains(want), "{error}");
    };
    refused(&h.audit, &[], now, Purpose::Authority, "no CA");
    refused(&h.intermediate, &[], now, Purpose::DocumentSigning, "not an audit certificate");
    refused(&h.intermediate, &[], at("2026-01-01T00:00:00Z"), Purpose::Authority, "not valid at this time");

    let below_key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let mut below = template("Below", &below_key, Some(&h.intermediate), &h.intermediate_key, plain_ca(None));
    let certificate = issue(&below, &h.intermediate_key);
    refused(&certificate, std::slice::from_ref(&h.intermediate), now, Purpose::Authority, "path length 0");

    let stranger = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    below = template("Intermediate CA", &below_key, Some(&h.root), &stranger, plain_ca(Some(0)));
    refused(&issue(&below, &stranger), &[], now, Purpose::Authority, "does not verify");
    below.not_after = at("2046-11-21T09:25:00Z");
    refused(&issue(&below, &h.root_key), &[], now, Purpose::Authority, "not inside");
    below.not_after = at("2040-01-01T00:00:00Z");
    below.authority_key_id = Some(Hex(vec![1; 20]));
    refused(&issue(&below, &h.root_key), &[], now, Purpose::Authority, "key identifier");
    below.authority_key_id = h.root.view.subject_key_id.clone();
    below.issuer = name_der(&name("Another")).unwrap();
    refused(&issue(&below, &h.root_key), &[], now, Purpose::Authority, "no path");
}

#[test]
fn a_cross_certificate_leads_from_the_new_root_to_the_old_one() {
    let old = hierarchy(KeySpec::EcdsaP256);
    let new = hierarchy(KeySpec::EcdsaP384);
    let mut cross = template("Root CA", &new.root_key, Some(&old.root), &old.root_key, plain_ca(None));
    cross.subject = name_der(&name("Root CA G2")).unwrap();
    let mut root = template("Root CA G2", &new.root_key, None, &new.root_key, plain_ca(None));
    root.subject = cross.subject.clone();
    let root = issue(&root, &new.root_key);
    let cross = issue(&cross, &old.root_key);
    let leaf = issue(
        &template("Leaf CA", &new.intermediate_key, Some(&root), &new.root_key, plain_ca(Some(0))),
        &new.root_key,
    );
    let now = at("2027-01-01T00:00:00Z");
    let (between, roots) = ([cross], [old.root]);
    assert_eq!(verify::chain(&leaf, &between, &roots, now, Purpose::Authority).unwrap().len(), 3);
    verify::chain(&leaf, &[], &roots, now, Purpose::Authority).unwrap_err();
}

#[test]
fn names_that_the_standard_forbids_are_refused() {
    for (attribute, value) in [
        (Attribute::Country, "cz"),
        (Attribute::Country, "CZE"),
        (Attribute::CommonName, ""),
        (Attribute::CommonName, " x"),
        (Attribute::CommonName, "a\u{202e}b"),
        (Attribute::SerialNumber, "n*"),
    ] {
        let error = name_der(&DistinguishedName::default().with(attribute, value)).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{value}");
    }
    assert!(name_der(&DistinguishedName::default().with(Attribute::CommonName, "x".repeat(65))).is_err());
    assert!(name_der(&DistinguishedName::default()).is_err());
}

#[test]
fn a_serial_number_that_der_would_change_is_refused() {
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let mut template = template("Root CA", &key, None, &key, plain_ca(None));
    for bad in [vec![], vec![0, 1], vec![1; 21]] {
        template.serial = Hex(bad);
        assert_eq!(certificate_tbs(&template).unwrap_err().kind(), Kind::Bug);
    }
}

#[test]
fn changed_bytes_of_a_certificate_never_verify() {
    let h = hierarchy(KeySpec::EcdsaP256);
    for position in 0..h.intermediate.der.len() {
        let mut der = h.intermediate.der.clone();
        der[position] ^= 0x01;
        if let Ok(changed) = read::certificate(&der) {
            assert!(verify::issued_by(&changed, &h.root).is_err(), "byte {position}");
        }
    }
}
