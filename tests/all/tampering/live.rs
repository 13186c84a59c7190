//! A log that is being written, and one at rest: what the one may leave open and the other may not.

use super::{small, verify};
use anchorite::audit::RootPin;
use anchorite::digest::Digest;
use anchorite::key::KeySpec;
use anchorite::log::Record;
use anchorite::log::record::{Recovered, SignOutcome};
use anchorite::store;
use anchorite::x509::keygen::LocalKey;
use std::fs;

#[test]
fn a_log_at_rest_under_its_root_is_authenticated() {
    let (directory, fixture) = small();
    let pin = RootPin::Certificates(vec![fixture.root_certificate.clone()]);
    let report = verify(directory.path(), pin, true).unwrap();
    assert!(report.authenticated && report.warnings.is_empty(), "{report:?}");
    assert_eq!((report.certificates, report.crls), (3, 1));
    assert_eq!(report.size, report.entries);
    assert_eq!(report.root, fixture.log.root());
    assert_eq!(report.roots, [Digest::of(&fixture.root_certificate)]);

    let report = verify(&directory.path().join("log/entries.jsonl"), RootPin::None, true).unwrap();
    assert!(!report.authenticated);
    assert_eq!(report.verdict(), "consistent, NOT authenticated");

    let error = verify(directory.path(), RootPin::Fingerprint(Digest::of(b"another")), true).unwrap_err();
    assert!(error.to_string().contains("root.pin"), "{error}");
}

#[test]
fn a_live_log_has_warnings_and_at_rest_they_are_errors() {
    let (directory, mut fixture) = small();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    fixture.intent_only(&key).unwrap();
    let intent = fixture.log.size() - 1;
    fixture.filler(2).unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(directory.path().join("log/entries.jsonl"))
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"{\"v\":1,\"seq\":"))
        .unwrap();
    let warnings = verify(directory.path(), RootPin::None, false).unwrap().warnings;
    let all = warnings.join("; ");
    for part in ["is torn: 13 bytes", "are not under a checkpoint", "1 intents have no outcome"] {
        assert!(all.contains(part), "{all}");
    }
    let error = verify(directory.path(), RootPin::None, true).unwrap_err();
    assert!(error.to_string().contains("(rule rest)"), "{error}");

    // The next start moves what was torn aside; the next session says what became of the intent.
    drop(fixture.log);
    let opened = store::Log::open(&directory.path().join("log"), &mut |_| Ok(())).unwrap();
    let torn = opened.torn.unwrap();
    fixture.log = opened.log;
    fixture.open("sign").unwrap();
    assert_eq!(fs::read(directory.path().join("log").join(torn.aside())).unwrap(), b"{\"v\":1,\"seq\":");
    let report = verify(directory.path(), RootPin::None, false);
    let error = report.expect_err("a session began over the open intent and has not settled it").to_string();
    assert!(error.contains("rule intent.settled)"), "{error}");
    let found = vec!["an intent without outcome".to_owned()];
    let unknown = SignOutcome { intent, status: "unknown".into(), der: None, reason: Some("interrupted".into()) };
    fixture
        .append([
            Record::from(Recovered { session: Some("x".into()), found, torn_sha256: Some(torn.sha256) }),
            unknown.into(),
        ])
        .unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let report = verify(directory.path(), RootPin::Certificates(vec![fixture.root_certificate.clone()]), true).unwrap();
    assert!(report.authenticated);
}

#[test]
fn an_outcome_before_its_checkpoint_is_refused() {
    let (directory, mut fixture) = small();
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    fixture.open("sign").unwrap();
    let committed = fixture.intent_only(&key).unwrap();
    let unknown = |intent| SignOutcome { intent, status: "unknown".into(), der: None, reason: None };
    fixture.append([unknown(committed.range().start)]).unwrap();
    assert!(verify(directory.path(), RootPin::None, false).is_ok());
    // As if the checkpoint over the intent had never been there.
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    fs::remove_file(directory.path().join(format!("log/checkpoints/{}", committed.range().end))).unwrap();
    let result = verify(directory.path(), RootPin::None, false);
    assert!(result.unwrap_err().to_string().contains("outcome.checkpoint"));
}
