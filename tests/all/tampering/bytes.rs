//! Each byte of a log's files, changed.

use super::{Files, OF_A_LINE, files, small, whole};
use crate::support::tally::{full, held};
use anchorite::audit::RootPin;
use std::fs;
use std::path::Path;

/// The bits of the byte at a place that are flipped, one at a time: each in the large size, one of them in the other.
fn bits(at: usize) -> Vec<u8> {
    if full() { (0..8).map(|bit| 1 << bit).collect() } else { vec![1 << (at % 8)] }
}

/// Flips bytes of the entries, every `step`th and each line end; each must be named by its own line. How many.
fn flipped(log: &Files, step: usize) -> usize {
    let (mut line, mut start, mut tried) = (1, 0, 0);
    for (at, byte) in log.entries.iter().enumerate() {
        if at % step == 0 || *byte == b'\n' || full() {
            for bit in bits(at) {
                let mut changed = log.clone();
                changed.entries[at] ^= bit;
                changed.names(line, start, OF_A_LINE, &format!("byte {at} ^ {bit:#04x}"));
                tried += 1;
            }
        }
        if *byte == b'\n' {
            (line, start) = (line + 1, at + 1);
        }
    }
    tried
}

#[test]
fn each_byte_of_the_entries_that_is_changed_is_refused_and_its_line_and_offset_named() {
    let (directory, _fixture) = small();
    // A share of them that is prime to the eight bits.
    held("flips of a byte of a log's entries", flipped(&files(&directory), 5));
}

#[test]
fn each_byte_of_the_entries_after_a_crash_a_crl_and_a_hand_over_is_refused_and_named() {
    let (directory, _fixture) = whole();
    held("flips of a byte of the entries of a log with everything in it", flipped(&files(&directory), 23));
}

#[test]
fn each_byte_of_a_log_that_an_authority_wrote_is_refused_and_named() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut tried = 0;
    for release in fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for authority in fs::read_dir(release).unwrap().map(|entry| entry.unwrap().path().join("authority/log")) {
            if authority.exists() {
                tried += flipped(&Files::of(&authority), 4999);
            }
        }
    }
    held("flips of a byte of the entries of real authorities' logs", tried);
}

#[test]
fn each_byte_of_a_checkpoint_that_is_changed_is_refused_and_its_file_named() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let mut tried = 0;
    for size in log.checkpoints.keys().copied() {
        tried += small_flips(&log.checkpoints[&size], &mut |changed, what| {
            let mut log = log.clone();
            log.checkpoints.insert(size, changed);
            let error = log.refused(what);
            let named = error.starts_with(&format!("checkpoints/{size} (rule checkpoint.signature)"));
            assert!(named, "checkpoints/{size}, {what}: {error}");
        });
    }
    tried += small_flips(log.newest.as_ref().unwrap(), &mut |changed, what| {
        let mut log = log.clone();
        log.newest = Some(changed);
        let error = log.refused(what);
        // Where its size changed, it is in the place of a note that is there as well.
        assert!(error.starts_with("checkpoint (rule checkpoint."), "checkpoint, {what}: {error}");
    });
    held("flips of a byte of a checkpoint", tried);
}

/// Bytes of a small file changed (every third one, and all in the large size), and the file cut; how many.
fn small_flips(note: &[u8], refuse: &mut dyn FnMut(Vec<u8>, &str)) -> usize {
    let mut tried = 0;
    for at in (0..note.len()).step_by(if full() { 1 } else { 3 }) {
        for bit in bits(at) {
            let mut changed = note.to_vec();
            changed[at] ^= bit;
            refuse(changed, &format!("byte {at} ^ {bit:#04x}"));
            tried += 1;
        }
    }
    for cut in [0, 1, note.len() / 2, note.len() - 1] {
        refuse(note[..cut].to_vec(), &format!("cut at {cut}"));
        tried += 1;
    }
    tried
}

#[test]
fn each_byte_of_a_kept_audit_certificate_that_is_changed_is_refused_and_its_file_named() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let mut tried = 0;
    for generation in log.audit.keys().copied() {
        tried += small_flips(&log.audit[&generation], &mut |changed, what| {
            let mut log = log.clone();
            log.audit.insert(generation, changed);
            let error = log.refused(what);
            let named = error.starts_with(&format!("audit/{generation}.pem (rule audit.certificate)"));
            assert!(named, "audit/{generation}.pem, {what}: {error}");
        });
    }
    let unchanged = log.verify(RootPin::None, true).unwrap();
    assert!(unchanged.warnings.is_empty());
    held("flips of a byte of an audit certificate", tried);
}
