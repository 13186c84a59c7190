//! `log verify` against logs whose CRLs are not what the log says: each was written whole and signed, by somebody who
//! has the keys.

use crate::log_fixture::Fixture;
use anchorite::audit::{self, Options, Report, RootPin};
use anchorite::digest::Hex;
use anchorite::error::{Error, Kind};
use anchorite::key::KeySpec;
use anchorite::log::record::SignOutcome;
use anchorite::store;
use anchorite::x509::build::RevokedCertificate;
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::{Reason, read};
use std::time::Duration;
use tempfile::TempDir;

/// An authority in a session that has issued one intermediate; its serial number.
fn issued() -> (TempDir, Fixture, Hex) {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    fixture.open("revocation").unwrap();
    let der = fixture.intermediate(&LocalKey::generate(KeySpec::EcdsaP256).unwrap()).unwrap();
    let serial = read::certificate(&der).unwrap().view.serial;
    (directory, fixture, serial)
}

/// Ends the session and verifies the log.
fn verify(directory: &TempDir, mut fixture: Fixture) -> Result<Report, Error> {
    fixture.checkpoint().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let material = store::material(directory.path())?;
    audit::verify(material, &Options { root: RootPin::None, at_rest: true }, &|| Duration::ZERO)
}

#[track_caller]
fn refused(result: Result<Report, Error>, rule: &str, said: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), Kind::Verify);
    let text = error.to_string();
    assert!(text.contains(&format!("(rule {rule})")) || text.contains(&format!("rule {rule}")), "{text}");
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_crl_that_lists_what_the_log_revoked_verifies() {
    let (directory, mut fixture, serial) = issued();
    let entry = fixture.revoke(&serial, Reason::KeyCompromise).unwrap();
    fixture.crl(2, vec![entry.clone()]).unwrap();
    fixture.crl(3, vec![entry]).unwrap();
    assert_eq!(verify(&directory, fixture).unwrap().crls, 3);
}

#[test]
fn a_crl_that_lost_an_entry_is_named() {
    let (directory, mut fixture, serial) = issued();
    let entry = fixture.revoke(&serial, Reason::KeyCompromise).unwrap();
    fixture.crl(2, vec![entry]).unwrap();
    fixture.crl(3, Vec::new()).unwrap();
    let said =
        format!("CRL number 3 lacks a certificate that must be listed: saw no entry, wanted {}", serial.colons());
    refused(verify(&directory, fixture), "crl.list", &said);
}

#[test]
fn a_crl_that_lacks_what_a_crash_left_unknown_is_named() {
    let (directory, mut fixture, _) = issued();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let intent = fixture.intent_only(&key).unwrap().range().start;
    let unknown = SignOutcome { intent, status: "unknown".into(), der: None, reason: Some("interrupted".into()) };
    fixture.append([unknown]).unwrap();
    fixture.crl(2, Vec::new()).unwrap();
    refused(verify(&directory, fixture), "crl.list", "CRL number 2 lacks a certificate that must be listed");
}

#[test]
fn a_crl_with_an_entry_that_is_nobody_s_is_named() {
    let (directory, mut fixture, serial) = issued();
    let entry = fixture.revoke(&serial, Reason::Superseded).unwrap();
    let foreign = Hex(vec![0x7f; 16]);
    let stranger = RevokedCertificate { serial: foreign.clone(), ..entry.clone() };
    fixture.crl(2, vec![entry, stranger]).unwrap();
    let said = format!("CRL number 2 lists what this root did not issue, or nobody revoked: saw {}", foreign.colons());
    refused(verify(&directory, fixture), "crl.list", &said);
}

#[test]
fn a_crl_with_a_certificate_that_nobody_revoked_is_named() {
    let (directory, mut fixture, serial) = issued();
    let date = "2026-11-21T09:30:00Z".parse().unwrap();
    fixture
        .crl(2, vec![RevokedCertificate { serial: serial.clone(), date, reason: None, invalid_from: None }])
        .unwrap();
    refused(verify(&directory, fixture), "crl.list", &format!("nobody revoked: saw {}", serial.colons()));
}

#[test]
fn a_crl_with_another_reason_than_the_log_s_is_named() {
    let (directory, mut fixture, serial) = issued();
    let entry = fixture.revoke(&serial, Reason::KeyCompromise).unwrap();
    fixture.crl(2, vec![RevokedCertificate { reason: None, ..entry }]).unwrap();
    let said = format!("CRL number 2 has an entry that is not the log's: saw {} unspecified at ", serial.colons());
    refused(verify(&directory, fixture), "crl.list", &said);
}

#[test]
fn a_number_that_does_not_rise_is_refused_by_the_order_of_the_log() {
    let (directory, mut fixture, _) = issued();
    fixture.crl(1, Vec::new()).unwrap();
    refused(verify(&directory, fixture), "crl.number", "CRL numbers rise");
}

#[test]
fn a_revocation_of_what_was_never_issued_is_refused_by_the_order_of_the_log() {
    let (directory, mut fixture, _) = issued();
    fixture.revoke(&Hex(vec![0x7f; 16]), Reason::KeyCompromise).unwrap();
    refused(verify(&directory, fixture), "revocation.serial", "an issued certificate of this authority, once");
}
