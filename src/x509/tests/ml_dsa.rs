//! ML-DSA-65, which only a build for the experiment takes and unit tests judge in every build: against certificates that
//! OpenSSL 3.6 made (`openssl req -x509`, `openssl x509 -req`), and as this program builds them.

use super::{at, hierarchy, issue, name, plain_ca, template};
use crate::error::Kind;
use crate::key::KeySpec;
use crate::request::{KeyPolicy, inspect};
use crate::x509::read::{self, Certificate};
use crate::x509::verify::{self, Purpose};
use crate::x509::{LocalKey, SignatureAlgorithm, Spki, pem};

const ROOT: &str = include_str!("../../../tests/all/fixtures/ml-dsa/root.pem");
const INTERMEDIATE: &str = include_str!("../../../tests/all/fixtures/ml-dsa/intermediate.pem");
const REQUEST: &str = include_str!("../../../tests/all/fixtures/ml-dsa/request.pem");

fn certificate(text: &str) -> Certificate {
    read::certificate(&pem::decode_one(text.as_bytes(), "CERTIFICATE").unwrap()).unwrap()
}

#[test]
fn what_openssl_signed_with_ml_dsa_verifies_and_not_with_one_bit_changed() {
    let (root, intermediate) = (certificate(ROOT), certificate(INTERMEDIATE));
    assert_eq!((root.view.spki.spec(), intermediate.view.spki.spec()), (KeySpec::MlDsa65, KeySpec::EcdsaP256));
    assert_eq!(root.view.spki.key_bits().len(), 1952);
    assert_eq!(root.signature.len(), 3309);
    verify::issued_by(&root, &root).unwrap();
    verify::issued_by(&intermediate, &root).unwrap();
    for position in [0, 1000, 3308] {
        let mut signature = intermediate.signature.clone();
        signature[position] ^= 1;
        let changed =
            verify::signature(&root.view.spki, SignatureAlgorithm::MlDsa65, &intermediate.tbs, &signature).unwrap_err();
        assert_eq!(changed.kind(), Kind::Verify, "{position}");
    }
}

#[test]
fn a_hierarchy_under_an_ml_dsa_root_verifies() {
    let root_key = LocalKey::generate(KeySpec::MlDsa65).unwrap();
    let root = issue(&template("Root CA", &root_key, None, &root_key, plain_ca(None)), &root_key);
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let intermediate = issue(&template("Intermediate CA", &key, Some(&root), &root_key, plain_ca(Some(1))), &root_key);
    let roots = [root.clone()];
    verify::chain(&intermediate, &[], &roots, at("2027-01-01T00:00:00Z"), Purpose::Authority).unwrap();
    verify::crl_issued_by(&hierarchy(KeySpec::MlDsa65).crl, &root).unwrap_err();
    let own = hierarchy(KeySpec::MlDsa65);
    verify::crl_issued_by(&own.crl, &own.root).unwrap();
}

#[test]
fn a_key_with_parameters_or_of_another_length_is_none() {
    let good = certificate(ROOT).view.spki.der().to_vec();
    // SEQUENCE { SEQUENCE { OID }, BIT STRING }: the algorithm's length is the octet at 5, the whole one's at 2 and 3.
    let mut parameters = good.clone();
    parameters.splice(17..17, [5, 0]);
    parameters[3] += 2;
    parameters[5] += 2;
    let error = Spki::from_der(&parameters).unwrap_err();
    assert_eq!(error.seen(), Some("an ML-DSA-65 key with parameters"));
    let mut short = good[..good.len() - 1].to_vec();
    short[3] -= 1;
    short[20] -= 1;
    let error = Spki::from_der(&short).unwrap_err();
    assert_eq!(error.seen(), Some("an ML-DSA-65 key of 1951 bytes"));
    Spki::from_der(&good).unwrap();
}

#[test]
fn no_request_has_such_a_key() {
    let policy = KeyPolicy { keys: KeySpec::ALL.to_vec() };
    let findings = inspect(REQUEST.as_bytes(), &policy).unwrap().verified().unwrap_err();
    let kind = findings.iter().find(|finding| finding.id == "request.key.kind").unwrap();
    assert_eq!(kind.observed, "ML-DSA-65, which only an experimental root has");
    let key = LocalKey::generate(KeySpec::MlDsa65).unwrap();
    let error = key.csr(&name("Intermediate CA")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an intermediate's key is never of this kind: saw ML-DSA-65 (experimental), wanted RSA, ECDSA or Ed25519"
    );
}
