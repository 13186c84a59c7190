//! Checkpoints that are not what they were: older, of another size, of another log, by another key, out of form.

use super::{Files, files, small, verify, whole};
use crate::log_fixture::Fixture;
use crate::support::tally::held;
use anchorite::audit::RootPin;
use anchorite::key::KeySpec;
use anchorite::log::note::{Checkpoint, key_id};
use anchorite::x509::keygen::LocalKey;
use data_encoding::BASE64;
use std::fs;

/// The newest checkpoint's size.
fn newest(log: &Files) -> u64 {
    *log.checkpoints.keys().next_back().unwrap()
}

#[test]
fn an_older_checkpoint_in_the_place_of_the_newest_is_refused_and_so_is_none() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let size = newest(&log);
    let mut tried = 0;
    for (older, note) in log.checkpoints.iter().filter(|(older, _)| **older < size) {
        let mut back = log.clone();
        back.newest = Some(note.clone());
        let error = back.refused("an older checkpoint");
        let said =
            "checkpoint (rule checkpoint.newest): the newest checkpoint was replaced by an older one, or removed";
        assert!(error.starts_with(said), "{older}: {error}");
        tried += 1;
    }
    let without = Files { newest: None, ..log.clone() };
    assert!(without.refused("no checkpoint").starts_with("checkpoint (rule checkpoint.newest)"));
    held("older checkpoints in the place of the newest", tried + 1);
}

#[test]
fn a_checkpoint_of_another_size_in_the_place_of_one_that_is_kept_is_refused() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let mut tried = 0;
    for size in log.checkpoints.keys() {
        for (other, note) in log.checkpoints.iter().filter(|(other, _)| *other != size) {
            let mut swapped = log.clone();
            swapped.checkpoints.insert(*size, note.clone());
            let error = swapped.refused("another size");
            let named = error.starts_with(&format!("checkpoints/{size} (rule checkpoint.signature)"));
            assert!(named, "{other} in the place of {size}: {error}");
            tried += 1;
        }
        // And in the place of one that there never was, beyond the end or within the log.
        for absent in [size + 1, newest(&log) + 7] {
            let mut grown = log.clone();
            if grown.checkpoints.insert(absent, log.checkpoints[size].clone()).is_none() {
                let error = grown.refused("a size that there never was");
                let named = error.starts_with(&format!("checkpoints/{absent} (rule checkpoint.signature)"));
                assert!(named, "{absent}: {error}");
                tried += 1;
            }
        }
    }
    held("checkpoints in the place of one of another size", tried);
}

#[test]
fn a_kept_checkpoint_that_an_outcome_rests_on_is_missed() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let (mut missed, mut told) = (0, 0);
    for size in log.checkpoints.keys() {
        let mut without = log.clone();
        without.checkpoints.remove(size);
        match without.verify(RootPin::None, true) {
            Err(error) if error.to_string().contains("rule outcome.checkpoint") => missed += 1,
            Err(error) => {
                assert_eq!(*size, newest(&log), "{error}");
                assert!(error.to_string().contains("the newest checkpoint is not among checkpoints/"), "{error}");
                told += 1;
            }
            // Every line that it covered is under a later one.
            Ok(report) => assert_eq!(report.checkpoints + 1, u64::try_from(log.checkpoints.len()).unwrap()),
        }
    }
    assert!(missed >= 4 && told == 1, "{missed} {told}");
    held("kept checkpoints removed", log.checkpoints.len());
}

/// A note of this body, signed by a key under a name.
fn note(body: &str, name: &str, key: &LocalKey) -> String {
    format!("{body}\n{}", signature(body, name, key))
}

fn signature(body: &str, name: &str, key: &LocalKey) -> String {
    let blob = [&key_id(key.spki())[..], &key.sign(body.as_bytes()).unwrap()].concat();
    format!("— {name} {}\n", BASE64.encode(&blob))
}

fn body(fixture: &Fixture) -> String {
    Checkpoint { origin: fixture.origin.clone(), size: fixture.log.size(), root: fixture.log.root() }.body()
}

#[test]
fn a_checkpoint_by_any_other_key_is_refused() {
    let (directory, mut fixture) = small();
    fixture.open("root-rollover").unwrap();
    let next = fixture.uncertified_audit_key().unwrap();
    fixture.close().unwrap();
    fixture.checkpoint().unwrap();
    let (log, body, origin) = (files(&directory), body(&fixture), fixture.origin.clone());
    let stranger = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let of_the_log = "not signed by an audit key of this log";
    for (who, key, says) in [
        ("a stranger", &stranger, of_the_log),
        ("the root key", &fixture.root, of_the_log),
        ("an audit key that waits", &next, "signed by an audit key that the log was not in the hands of"),
    ] {
        let error = log.noted(fixture.log.size(), note(&body, &origin, key).as_bytes()).refused(who);
        let named = format!("checkpoints/{} (rule checkpoint.signature): {says}", fixture.log.size());
        assert!(error.starts_with(&named), "{who}: {error}");
    }
    // A stranger's signature under the audit key's id.
    let blob = [&key_id(fixture.audit.spki())[..], &stranger.sign(body.as_bytes()).unwrap()].concat();
    let forged = format!("{body}\n— {origin} {}\n", BASE64.encode(&blob));
    assert!(log.noted(fixture.log.size(), forged.as_bytes()).refused("a forged id").contains("rule checkpoint.sig"));
    held("checkpoints by another key", 4);
}

#[test]
fn signatures_of_others_change_nothing_and_a_second_one_of_ours_must_hold() {
    let (directory, fixture) = small();
    let (log, body, origin) = (files(&directory), body(&fixture), fixture.origin.clone());
    let (ours, witness) = (&fixture.audit, LocalKey::generate(KeySpec::EcdsaP256).unwrap());
    let once = note(&body, &origin, ours);
    let size = fixture.log.size();
    for more in [
        signature(&body, "witness.example/w1", &witness),
        signature(&body, &origin, ours),
        signature("another body\n", "witness.example/w1", &witness),
        "— unknown.example AAAAAAE=\n".to_owned(),
        signature(&body, &origin, &witness),
    ] {
        log.noted(size, format!("{once}{more}").as_bytes()).verify(RootPin::None, true).unwrap();
    }
    let false_twin = signature("another body\n", &origin, ours);
    for twice in [format!("{once}{false_twin}"), format!("{body}\n{false_twin}{}", signature(&body, &origin, ours))] {
        let error = log.noted(size, twice.as_bytes()).refused("a second signature that does not hold");
        assert!(error.starts_with(&format!("checkpoints/{size} (rule checkpoint.signature)")), "{error}");
    }
    held("notes with further signatures", 7);
}

#[test]
fn a_note_that_is_signed_and_out_of_form_is_refused() {
    let (directory, fixture) = small();
    let (log, body, origin, ours) = (files(&directory), body(&fixture), fixture.origin.clone(), &fixture.audit);
    let size = fixture.log.size();
    let good = note(&body, &origin, ours);
    let lines: Vec<&str> = body.lines().collect();
    let rewritten = |body: String| note(&body, &origin, ours);
    let unpadded = good.trim_end().trim_end_matches('=').to_owned() + "\n";
    // The last base64 digit before `=` has bits that mean nothing; set, they would be a second form of the same.
    let digit = unpadded.trim_end().chars().next_back().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let next = alphabet.chars().nth(alphabet.find(digit).unwrap() + 1).unwrap();
    let padding = good.trim_end().chars().rev().take_while(|c| *c == '=').count();
    let loose = format!("{}{next}{}\n", &unpadded[..unpadded.len() - 2], "=".repeat(padding));
    let mut cases = vec![
        ("CRLF", good.replace('\n', "\r\n")),
        ("no final newline", good.trim_end().to_owned()),
        ("a blank line at the end", format!("{good}\n")),
        ("no blank line", good.replacen("\n\n", "\n", 1)),
        ("another dash", good.replace('—', "-")),
        ("two spaces", good.replace("— ", "—  ")),
        ("white space at the end", good.replace("=\n", "= \n").replace("A\n\n", "A \n\n")),
        ("an extension line", rewritten(format!("{body}extension\n"))),
        ("a leading zero", rewritten(format!("{}\n0{}\n{}\n", lines[0], lines[1], lines[2]))),
        ("a sign", rewritten(format!("{}\n+{}\n{}\n", lines[0], lines[1], lines[2]))),
        ("a root of 31 bytes", rewritten(format!("{}\n{}\n{}\n", lines[0], lines[1], BASE64.encode(&[7; 31])))),
        ("another origin", rewritten(format!("{}0\n{}\n{}\n", lines[0], lines[1], lines[2]))),
        ("another name", note(&body, "another/name", ours)),
        ("no signature", format!("{body}\n")),
        ("a NUL", good.replace("— ", "\0— ")),
        ("over 64 KiB", format!("{good}{}", "— unknown.example AAAAAAE=\n".repeat(3000))),
        ("not UTF-8", String::new()),
    ];
    if padding > 0 {
        cases.push(("no padding", unpadded.clone()));
        cases.push(("base64 that is not canonical", loose));
    }
    for (what, text) in &cases {
        let mut bytes = text.clone().into_bytes();
        if *what == "not UTF-8" {
            bytes = [good.as_bytes(), b"\xe2\x80 \n"].concat();
        }
        assert_ne!(bytes, good.as_bytes(), "{what}");
        let error = log.noted(size, &bytes).refused(what);
        let named = ["checkpoint", &format!("checkpoints/{size}")]
            .iter()
            .any(|file| error.starts_with(&format!("{file} (rule checkpoint.signature)")));
        assert!(named, "{what}: {error}");
    }
    log.noted(size, good.as_bytes()).verify(RootPin::None, true).unwrap();
    held("notes out of form", cases.len());
}

#[test]
fn a_checkpoint_of_another_log_is_refused_though_the_same_key_signed_it() {
    let (directory, fixture) = small();
    let log = files(&directory);
    let other = Checkpoint {
        origin: fixture.origin.replace("0a0b", "0b0a"),
        size: fixture.log.size(),
        root: fixture.log.root(),
    };
    let note = note(&other.body(), &other.origin, &fixture.audit);
    let error = log.noted(other.size, note.as_bytes()).refused("another log");
    assert!(error.contains("a checkpoint of another size or log: saw "), "{error}");
}

#[test]
fn strangers_among_the_files_of_a_log_are_refused_by_name() {
    let (directory, _fixture) = small();
    let log = directory.path().join("log");
    for stranger in ["checkpoints/x", "checkpoints/07", "checkpoints/+7", "audit/1", "audit/01.pem", "audit/1.PEM"] {
        fs::write(log.join(stranger), "").unwrap();
        let error = verify(directory.path(), RootPin::None, false).unwrap_err().to_string();
        let name = stranger.split('/').nth(1).unwrap();
        assert!(error.starts_with("a file that does not belong in ") && error.contains(name), "{stranger}: {error}");
        fs::remove_file(log.join(stranger)).unwrap();
    }
    verify(directory.path(), RootPin::None, true).unwrap();
}
