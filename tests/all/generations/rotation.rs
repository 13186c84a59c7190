//! The statement by which a log passes from one audit key to the next, and what is refused of it.

use crate::log_fixture::Fixture;
use anchorite::audit::{self, Options, Report, RootPin};
use anchorite::digest::{Base64, Digest};
use anchorite::error::Error;
use anchorite::key::KeySpec;
use anchorite::log::record::AuditRotated;
use anchorite::store;
use anchorite::x509::keygen::LocalKey;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn verify(directory: &Path, fixture: &Fixture) -> Result<Report, Error> {
    let root = RootPin::Certificates(vec![fixture.root_certificate.clone()]);
    audit::verify(store::material(directory)?, &Options { root, at_rest: true }, &|| Duration::ZERO)
}

/// A log with an open session in which the next audit key waits.
fn waiting() -> (TempDir, Fixture, LocalKey) {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    fixture.open("root-rollover").unwrap();
    let next = fixture.next_audit_key().unwrap();
    (directory, fixture, next)
}

/// Appends the entry, lets the new key sign what follows, and verifies.
fn handed_over(change: impl FnOnce(&mut AuditRotated, &Fixture, &LocalKey)) -> Result<Report, Error> {
    let (directory, mut fixture, next) = waiting();
    let mut entry = fixture.handover(&next, fixture.log.size(), fixture.log.root());
    change(&mut entry, &fixture, &next);
    fixture.append([entry]).unwrap();
    fixture.audit = next;
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    verify(directory.path(), &fixture)
}

#[test]
fn a_log_that_both_keys_signed_for_is_authenticated() {
    let report = handed_over(|_, _, _| {}).unwrap();
    assert!(report.authenticated && report.warnings.is_empty(), "{report:?}");
}

#[test]
fn a_statement_that_is_not_both_keys_or_about_other_entries_is_refused() {
    type Change = fn(&mut AuditRotated, &Fixture, &LocalKey);
    let cases: &[(&str, &str, Change)] = &[
        ("the old key did not sign", "both keys signed the statement", |entry, _, _| {
            entry.old_signature = entry.new_signature.clone();
        }),
        ("the new key did not sign", "both keys signed the statement", |entry, _, _| {
            entry.new_signature = entry.old_signature.clone();
        }),
        ("another size", "about every entry before it", |entry, fixture, next| {
            *entry = fixture.handover(next, fixture.log.size() - 1, fixture.log.root());
        }),
        ("another root", "about other entries", |entry, fixture, next| {
            *entry = fixture.handover(next, fixture.log.size(), Digest::of(b"another"));
        }),
        ("another generation", "audit key of its generation", |entry, _, _| entry.generation = 1),
        ("to itself", "audit key of its generation", |entry, _, _| {
            entry.new_spki = entry.old_spki.clone();
        }),
        ("by a key that does not sign this log", "the key that signed until now", |entry, _, _| {
            entry.old_spki = entry.new_spki.clone();
        }),
        ("for a key that nobody made", "audit key of its generation", |entry, _, _| {
            let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
            entry.new_spki = Base64(key.spki().der().to_vec());
        }),
    ];
    for (what, says, change) in cases {
        let error = handed_over(change).expect_err(what);
        assert!(error.to_string().contains(says), "{what}: {error}");
    }
}

#[test]
fn the_old_key_signs_no_checkpoint_after_the_log_was_handed_on_and_the_new_one_none_before() {
    let (directory, mut fixture, next) = waiting();
    let entry = fixture.handover(&next, fixture.log.size(), fixture.log.root());
    fixture.append([entry]).unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let error = verify(directory.path(), &fixture).unwrap_err();
    assert!(error.to_string().contains("that the log was not in the hands of"), "{error}");

    let (directory, mut fixture, next) = waiting();
    fixture.audit = next;
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let error = verify(directory.path(), &fixture).unwrap_err();
    assert!(error.to_string().contains("that the log was not in the hands of"), "{error}");
}

#[test]
fn a_log_is_handed_on_only_to_a_certified_key() {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    fixture.open("root-rollover").unwrap();
    let next = fixture.uncertified_audit_key().unwrap();
    let entry = fixture.handover(&next, fixture.log.size(), fixture.log.root());
    fixture.append([entry]).unwrap();
    fixture.audit = next;
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let error = verify(directory.path(), &fixture).unwrap_err();
    assert!(error.to_string().contains("a root certified the new audit key"), "{error}");
}
