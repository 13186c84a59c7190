//! The second reader, `softhsm-test/check-log.py`, and ours: one verdict on valid logs and on altered ones; and by name,
//! the rules that it leaves out.

use super::{Files, chained, files, line_of, small, whole};
use crate::golden;
use crate::log_fixture::Fixture;
use crate::support::tally::{full, held};
use anchorite::audit::RootPin;
use anchorite::key::KeySpec;
use anchorite::log::note::{Checkpoint, sign_checkpoint};
use anchorite::x509::keygen::LocalKey;
use anchorite::x509::{Reason, pem, read};
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// What somebody with the audit key writes.
type Forgery<'a> = &'a dyn Fn(&mut Fixture);

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/check-log.py");

/// What it says of a log, under a root where one is given.
fn python(log: &Files, root: Option<&Path>) -> Output {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("log");
    log.put(&place);
    Command::new("python3").arg(SCRIPT).arg(place).args(root).output().unwrap()
}

/// Both refuse it, and the script says why in a line, not by breaking.
#[track_caller]
fn both_refuse(log: &Files, what: &str) {
    log.refused(what);
    let theirs = python(log, None);
    assert_eq!(theirs.status.code(), Some(1), "{what}: {}", String::from_utf8_lossy(&theirs.stdout));
    let said = String::from_utf8_lossy(&theirs.stderr);
    assert!(!said.contains("Traceback"), "{what}: {said}");
}

#[test]
fn it_is_short_enough_to_be_read() {
    let script = std::fs::read_to_string(SCRIPT).unwrap();
    assert!(script.lines().count() < 150);
    assert!(script.lines().all(|line| line.chars().count() <= 120));
}

#[test]
fn both_readers_accept_every_valid_log() {
    let logs = golden::all();
    for golden in &logs {
        let root = golden.join("authority/public/root-cert.pem");
        let theirs = python(&Files::of(&golden::log(golden)), Some(&root));
        assert!(theirs.status.success(), "{}: {theirs:?}", golden.display());
    }
    let (directory, fixture) = whole();
    let root = directory.path().join("root.pem");
    std::fs::write(&root, pem::encode("CERTIFICATE", &fixture.root_certificate)).unwrap();
    let theirs = python(&files(&directory), Some(&root));
    assert!(theirs.status.success(), "{theirs:?}");
    assert!(String::from_utf8_lossy(&theirs.stdout).contains(&fixture.log.root().hex()), "{theirs:?}");
    held("valid logs on which two readers agree", logs.len() + 1);
}

#[test]
fn both_readers_refuse_every_log_that_was_altered() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let lines = log.lines();
    let mut tried = 0;
    let mut refuse = |log: &Files, what: &str| {
        both_refuse(log, what);
        tried += 1;
    };
    for at in (0..log.entries.len()).step_by(if full() { 61 } else { 3001 }) {
        let mut flipped = log.clone();
        flipped.entries[at] ^= 1 << (at % 8);
        refuse(&flipped, &format!("byte {at}"));
    }
    for at in (0..lines.len()).step_by(if full() { 1 } else { 19 }) {
        let mut removed = lines.clone();
        removed.remove(at);
        refuse(&log.with(&removed), &format!("line {} removed", at + 1));
        let mut repeated = lines.clone();
        repeated.insert(at, lines[at].clone());
        refuse(&log.with(&repeated), &format!("line {} repeated", at + 1));
        if at + 1 < lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            refuse(&log.with(&swapped), &format!("line {} swapped", at + 1));
        }
        refuse(&log.with(&lines[..at]), &format!("cut after line {at}"));
    }
    for (size, note) in log.checkpoints.iter().step_by(if full() { 1 } else { 6 }) {
        for at in (0..note.len()).step_by(if full() { 7 } else { 150 }) {
            let mut flipped = log.clone();
            flipped.checkpoints.get_mut(size).unwrap()[at] ^= 1 << (at % 8);
            refuse(&flipped, &format!("checkpoints/{size} byte {at}"));
        }
        let older = Files { newest: Some(note.clone()), ..log.clone() };
        if log.newest.as_ref() != Some(note) {
            refuse(&older, &format!("checkpoint {size} in the place of the newest"));
        }
    }
    for (generation, text) in &log.audit {
        for at in (0..text.len()).step_by(if full() { 11 } else { 400 }) {
            let mut flipped = log.clone();
            flipped.audit.get_mut(generation).unwrap()[at] ^= 1 << (at % 8);
            refuse(&flipped, &format!("audit/{generation}.pem byte {at}"));
        }
    }
    let intent = line_of(&log, "key.intent") - 1;
    for (from, to) in [
        ("{\"v\":1,", "{\"v\":1,\"v\":1,"),
        ("{\"v\":1,", "{\"v\":2,"),
        ("{\"v\":1,", "{\"v\":1.0,"),
        ("{\"v\":1,", "{\"mood\":1,\"v\":1,"),
        ("\"role\":", "\"role\":\"root\",\"role\":"),
        ("\"generation\":1", "\"generation\":null"),
        ("\"generation\":1", "\"generation\":NaN"),
        ("}}\n", "}}\r\n"),
        ("}}\n", "}} \n"),
        ("\"role\":\"audit\"", "\"role\":\"\u{e9}\""),
        ("\"role\":\"audit\"", "\"role\":\"\0\""),
    ] {
        let mut changed = lines.clone();
        changed[intent] = String::from_utf8(lines[intent].clone()).unwrap().replacen(from, to, 1).into_bytes();
        refuse(&log.with(&changed), &format!("{from:?} -> {to:?}"));
    }
    let (elsewhere, _other) = small();
    refuse(&Files { audit: files(&elsewhere).audit, ..log.clone() }, "another authority's audit certificates");
    refuse(&Files { newest: files(&elsewhere).newest, ..log.clone() }, "another authority's checkpoint");
    held("altered logs on which two readers agree", tried);
}

/// A log whose entries were written by this, in a session after a genesis, and signed by the audit key.
fn signed(write: impl Fn(&mut Fixture)) -> (Files, TempDir) {
    let (directory, mut fixture) = small();
    fixture.open("sign").unwrap();
    write(&mut fixture);
    fixture.checkpoint().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    (files(&directory), directory)
}

fn key() -> LocalKey {
    LocalKey::generate(KeySpec::EcdsaP256).unwrap()
}

#[test]
fn both_readers_refuse_what_a_holder_of_the_audit_key_writes_against_the_rules() {
    let mut tried = 0;
    let cases: &[(&str, Forgery)] = &[
        ("a certificate of another root key", &|fixture| {
            let root = std::mem::replace(&mut fixture.root, key());
            fixture.intermediate(&key()).unwrap();
            fixture.root = root;
        }),
        ("a CRL number that does not rise", &|fixture| fixture.crl(1, Vec::new()).unwrap()),
        ("an intent that a later session says nothing of", &|fixture| {
            fixture.intent_only(&key()).unwrap();
            fixture.open("sign").unwrap();
        }),
        ("a hand-over with another size", &|fixture| {
            let next = fixture.next_audit_key().unwrap();
            let statement = fixture.handover(&next, fixture.log.size() - 1, fixture.log.root());
            fixture.append([statement]).unwrap();
            fixture.audit = next;
        }),
        ("a checkpoint by an audit key that waits", &|fixture| fixture.audit = fixture.next_audit_key().unwrap()),
    ];
    for (what, write) in cases {
        both_refuse(&signed(write).0, what);
        tried += 1;
    }
    // A checkpoint over the intent that was not there before the outcome.
    let (directory, mut fixture) = small();
    fixture.open("sign").unwrap();
    let covered = fixture.intent_only(&key()).unwrap().range();
    fixture.recover(covered.start).unwrap();
    fixture.checkpoint().unwrap();
    let mut log = files(&directory);
    log.checkpoints.remove(&covered.end);
    both_refuse(&log, "an outcome before its checkpoint");
    // A null, and a key that stands twice in a map, in lines that were chained and signed again.
    let (directory, fixture) = small();
    for (from, to) in [
        ("\"outcome\":", "\"reason\":null,\"outcome\":"),
        ("\"attributes\":{", "\"attributes\":{\"CKA_SENSITIVE\":\"x\","),
    ] {
        both_refuse(&rewritten(&files(&directory), &fixture, from, to), to);
        tried += 1;
    }
    held("logs against the rules on which two readers agree", tried + 1);
}

/// The log with a text replaced where it first stands, chained and signed again by who has the audit key.
fn rewritten(log: &Files, fixture: &Fixture, from: &str, to: &str) -> Files {
    use anchorite::digest::Digest;
    use anchorite::log::merkle::{Tree, leaf_hash};
    let (mut tree, mut prev, mut lines, mut done) = (Tree::default(), Digest([0; 32]), Vec::new(), false);
    for line in log.lines() {
        let mut text = String::from_utf8(line).unwrap();
        let at = text.find("\"prev\":\"").unwrap() + 8;
        text.replace_range(at..at + 64, &prev.hex());
        if !done && text.contains(from) {
            (text, done) = (text.replacen(from, to, 1), true);
        }
        prev = leaf_hash(text.trim_end().as_bytes());
        tree.push(prev);
        lines.push(text.into_bytes());
    }
    assert!(done, "{from}");
    let mut again = log.with(&lines);
    for (size, note) in &mut again.checkpoints {
        let checkpoint = Checkpoint { origin: fixture.origin.clone(), size: *size, root: tree.root_at(*size).unwrap() };
        let signature = fixture.audit.sign(checkpoint.body().as_bytes()).unwrap();
        *note = sign_checkpoint(&checkpoint, fixture.audit.spki(), &signature).into_bytes();
    }
    again.newest = again.checkpoints.values().next_back().cloned();
    again
}

#[test]
fn what_the_second_reader_leaves_out_is_this_and_ours_refuses_it() {
    let cases: &[(&str, Forgery)] = &[
        ("rule crl.list", &|fixture| {
            let der = fixture.intermediate(&key()).unwrap();
            fixture.revoke(&read::certificate(&der).unwrap().view.serial, Reason::KeyCompromise).unwrap();
            fixture.crl(2, Vec::new()).unwrap();
        }),
        ("revocation.serial", &|fixture| {
            fixture.revoke(&anchorite::digest::Hex(vec![0x7f; 16]), Reason::KeyCompromise).unwrap();
        }),
    ];
    for (rule, write) in cases {
        let (log, _directory) = signed(write);
        let ours = log.verify(RootPin::None, false).unwrap_err().to_string();
        assert!(ours.contains(rule), "{ours}");
        let theirs = python(&log, None);
        assert!(theirs.status.success(), "{rule}: {theirs:?}");
    }
    // An unknown field in data, where it was chained and signed again.
    let (directory, fixture) = small();
    let unknown = rewritten(&files(&directory), &fixture, "\"outcome\":", "\"mood\":\"good\",\"outcome\":");
    assert!(unknown.refused("an unknown field").contains("unknown field `mood`"));
    assert!(python(&unknown, None).status.success());
    // White space between tokens is hashed as it stands: who signs it may write it, for both.
    let spaced = rewritten(&files(&directory), &fixture, "\"outcome\":", "\"outcome\": ");
    spaced.verify(RootPin::None, true).unwrap();
    assert!(python(&spaced, None).status.success());
    // And other actors are nobody's to refuse, where the audit key signed for them.
    let forged = chained(&files(&directory).lines(), 0, &|_| {});
    assert_eq!(forged.concat(), files(&directory).entries);
}
