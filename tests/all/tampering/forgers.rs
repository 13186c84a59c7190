//! Logs of somebody who has a key that they should not have: everything is signed, and what tells is elsewhere.

use super::{Files, chained, files, small};
use crate::log_fixture::{Fixture, ca};
use anchorite::audit::RootPin;
use anchorite::digest::Hex;
use anchorite::error::Kind;
use anchorite::key::KeySpec;
use anchorite::log::merkle::{self, Tree};
use anchorite::log::note::{Checkpoint, sign_checkpoint};
use anchorite::words;
use anchorite::x509::keygen::LocalKey;
use tempfile::TempDir;

fn tree(log: &Files) -> Tree {
    let mut tree = Tree::default();
    log.lines().iter().for_each(|line| tree.push(merkle::leaf_hash(line.strip_suffix(b"\n").unwrap())));
    tree
}

/// The same log with other actors from a line on (counted from 0), every checkpoint signed again.
fn forged(log: &Files, from: usize, origin: &str, audit: &LocalKey) -> Files {
    let mut forged = log.with(&chained(&log.lines(), from, &|header| header.actors = vec!["somebody".into()]));
    let tree = tree(&forged);
    let again = |size: u64| {
        let checkpoint = Checkpoint { origin: origin.to_owned(), size, root: tree.root_at(size).unwrap() };
        let signature = audit.sign(checkpoint.body().as_bytes()).unwrap();
        sign_checkpoint(&checkpoint, audit.spki(), &signature).into_bytes()
    };
    let sizes: Vec<u64> = forged.checkpoints.keys().copied().collect();
    forged.checkpoints = sizes.iter().map(|size| (*size, again(*size))).collect();
    forged.newest = forged.checkpoints.values().next_back().cloned();
    forged
}

#[test]
fn who_stole_the_audit_key_rewrites_a_log_that_verifies_and_everything_that_was_kept_elsewhere_tells() {
    let (directory, fixture) = small();
    let log = files(&directory);
    let genuine = fixture.log.root();
    let size = fixture.log.size();
    let pin = RootPin::Certificates(vec![fixture.root_certificate.clone()]);
    let forged = forged(&log, 5, &fixture.origin, &fixture.audit);
    // By itself it is as good as the true one: SECURITY.md says so.
    let report = forged.verify(pin, true).unwrap();
    assert!(report.authenticated);
    assert_eq!(report.size, size);
    // The guard keeps size and root, and so does every receipt: the same size with another root is refused.
    assert_ne!(report.root, genuine);
    let same = merkle::verify_consistency(size, size, &genuine, &report.root, &[]).unwrap_err();
    assert_eq!(same.kind(), Kind::Verify);
    // However far it goes on, no proof leads from what a receipt has to it.
    let mut longer = tree(&forged);
    (0..9u8).for_each(|n| longer.push(merkle::leaf_hash(&[n])));
    for old in 6..=size {
        let root = tree(&log).root_at(old).unwrap();
        let proof = longer.consistency(old, longer.size()).unwrap();
        merkle::verify_consistency(old, longer.size(), &root, &longer.root(), &proof).unwrap_err();
    }
    // The words on the signed paper are of the true root.
    assert_ne!(words::words(&report.root.0[..8]), words::words(&genuine.0[..8]));
}

#[test]
fn who_stole_the_audit_key_cannot_make_a_certificate_of_another_root_key_verify() {
    let (directory, mut fixture) = small();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    fixture.root = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.intermediate(&key).unwrap();
    let line = usize::try_from(fixture.log.size()).unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let log = files(&directory);
    log.names(line, log.offset(line), &["outcome.signature"], "another issuer");
}

#[test]
fn a_whole_log_under_a_root_of_their_own_is_not_of_the_pinned_root() {
    let (_, fixture) = small();
    let (directory, theirs) = small();
    let log = files(&directory);
    let report = log.verify(RootPin::Certificates(vec![theirs.root_certificate.clone()]), true).unwrap();
    assert!(report.authenticated);
    let pin = RootPin::Certificates(vec![fixture.root_certificate.clone()]);
    let error = log.verify(pin, true).unwrap_err();
    assert!(error.to_string().starts_with("the log (rule root.pin): the log is not of the pinned root"), "{error}");
}

#[test]
fn an_audit_certificate_that_is_none_vouches_for_no_checkpoint() {
    let directory = TempDir::new().unwrap();
    let mut fixture = Fixture::begin(&directory.path().join("log"), KeySpec::EcdsaP256, Hex(vec![0xee; 16])).unwrap();
    // For signing certificates, which is not for signing statements.
    fixture.audit_usage = ca(Some(0));
    fixture.found().unwrap();
    let error = files(&directory).refused("without its extended key usage");
    assert!(error.starts_with("audit key 1 (rule audit.certificate)"), "{error}");

    let (directory, mut fixture) = small();
    fixture.open("root-rollover").unwrap();
    fixture.root = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.next_audit_key().unwrap();
    let error = files(&directory).refused("an audit certificate of another root");
    assert!(error.contains("rule outcome.signature"), "{error}");
}
