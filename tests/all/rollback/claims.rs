//! Countersignatures that a log claims and does not have.

use crate::log_fixture::Fixture;
use crate::support::tally;
use anchorite::audit::{self, Options, RootPin};
use anchorite::digest::{Base64, Digest};
use anchorite::key::KeySpec;
use anchorite::log::VerifierKey;
use anchorite::log::cosignature::message;
use anchorite::log::note::{Checkpoint, SignedNote};
use anchorite::log::record::{CheckpointWitnessed, ConfigAdopted};
use anchorite::store;
use anchorite::x509::keygen::LocalKey;
use std::time::Duration;
use tempfile::TempDir;

/// A log, written whole and signed by its own keys, that claims this countersignature of its first checkpoint.
fn claiming(change: impl Fn(&mut CheckpointWitnessed, &LocalKey), named: bool) -> Result<(), String> {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("log");
    let mut fixture = Fixture::genesis(&path, KeySpec::EcdsaP256).unwrap();
    let key = LocalKey::generate(KeySpec::Ed25519).unwrap();
    let by = VerifierKey::new("w.example/1", key.spki()).unwrap();
    let note = std::fs::read(path.join("checkpoint")).unwrap();
    let body = SignedNote::parse(&note).unwrap().body;
    let checkpoint = Checkpoint::parse(&body).unwrap();
    let at = "2026-11-21T13:00:00Z".parse().unwrap();
    let signature = Base64(key.sign(message(&body, at).as_bytes()).unwrap());
    let mut record = CheckpointWitnessed { size: checkpoint.size, root: checkpoint.root, by, at, signature };
    fixture.open("checkpoint-countersigned").unwrap();
    let text = match named {
        true => format!("[countersigners]\nkeys = [\"{}\"]\n", record.by),
        false => String::new(),
    };
    change(&mut record, &key);
    fixture.append([ConfigAdopted { sha256: Digest::of(text.as_bytes()), text }]).unwrap();
    fixture.append([record]).unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let material = store::material(directory.path()).unwrap();
    let options = Options { root: RootPin::None, at_rest: true };
    audit::verify(material, &options, &|| Duration::ZERO).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_log_that_claims_a_countersignature_it_does_not_have_does_not_verify() {
    claiming(|_, _| (), true).unwrap();
    type Change = fn(&mut CheckpointWitnessed, &LocalKey);
    let cases: [(Change, &str); 6] = [
        (|record, _| record.signature.0[7] ^= 1, "rule checkpoint.witnessed"),
        (|record, _| record.signature.0.truncate(63), "rule checkpoint.witnessed"),
        (|record, _| record.at = "2026-11-21T13:00:01Z".parse().unwrap(), "rule checkpoint.witnessed"),
        (|record, _| record.root = Digest::of(b"another"), "a checkpoint that this log does not have"),
        (|record, _| record.size -= 1, "a checkpoint that this log does not have"),
        (|record, _| record.size = 10_000, "a checkpoint that this log does not have"),
    ];
    for (case, (change, said)) in cases.iter().enumerate() {
        let error = claiming(change, true).unwrap_err();
        assert!(error.contains(said) && error.contains("rule checkpoint.witnessed"), "{case}: {error}");
    }
    let stranger = claiming(|_, _| (), false).unwrap_err();
    assert!(stranger.contains("checkpoint.countersigner"), "{stranger}");
    tally::held("false claims of a countersignature in a log", cases.len() + 1);
}
