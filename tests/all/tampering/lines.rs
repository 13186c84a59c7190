//! Whole lines removed, swapped, repeated, inserted; the tail cut; two logs spliced.

use super::{Files, chained, files, signs, small, whole};
use crate::log_fixture::Fixture;
use crate::support::tally::held;
use anchorite::audit::RootPin;
use anchorite::digest::Hex;
use anchorite::key::KeySpec;
use anchorite::log::{MAX_LINE, entry, merkle};
use anchorite::store;
use tempfile::TempDir;

const OUT_OF_PLACE: &[&str] = &["chain.seq", "chain.prev"];

#[test]
fn lines_removed_swapped_repeated_or_inserted_are_named() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let lines = log.lines();
    let last = lines.len() - 1;
    let mut tried = 0;
    for at in 0..lines.len() {
        let here = log.offset(at + 1);
        let mut removed = lines.clone();
        removed.remove(at);
        // The last one removed is a tail cut off: what a checkpoint covers is missing.
        let rules = if at == last { &["checkpoint.missing"][..] } else { OUT_OF_PLACE };
        log.with(&removed).names(at + 1, here, rules, "removed");

        let mut repeated = lines.clone();
        repeated.insert(at, lines[at].clone());
        log.with(&repeated).names(at + 2, here + lines[at].len(), OUT_OF_PLACE, "repeated");

        if at < last {
            let mut swapped = lines.clone();
            swapped.swap(at, at + 1);
            log.with(&swapped).names(at + 1, here, OUT_OF_PLACE, "swapped");
        }
        let mut inserted = lines.clone();
        inserted.insert(at, b"{\"v\":1}\n".to_vec());
        log.with(&inserted).names(at + 1, here, &["entry.form"], "inserted");

        // One that chains to what is before it, as anybody can write it: the line after it betrays it.
        let forged = forged_after(&lines[..at]);
        if at > 0 {
            let mut inserted = lines.clone();
            inserted.insert(at, forged);
            let error = log.with(&inserted).refused("a line that chains inserted");
            let (forged, next) = (at + 1, at + 2);
            let named = error.starts_with(&format!("line {forged} (byte {here}, rule "))
                || error.starts_with(&format!("line {next} (byte "));
            assert!(named, "a line that chains, inserted as line {forged}: {error}");
            tried += 1;
        }
        tried += 3 + usize::from(at < last);
    }
    held("lines removed, swapped, repeated or inserted", tried);
}

/// A line that follows these.
fn forged_after(lines: &[Vec<u8>]) -> Vec<u8> {
    let Some(last) = lines.last() else { return Vec::new() };
    let last = last.strip_suffix(b"\n").unwrap();
    let parsed = entry::parse_line(last).unwrap().entry().unwrap();
    let record =
        anchorite::log::record::ValueRecorded { step: "bag".into(), name: "bag number".into(), value: "B 18".into() };
    let line = entry::write_line(&parsed.header, parsed.seq + 1, &merkle::leaf_hash(last), &record.into()).unwrap();
    [&line[..], b"\n"].concat()
}

#[test]
fn a_forged_line_after_which_all_lines_chain_again_is_found_by_the_checkpoint_over_it() {
    let (directory, _fixture) = small();
    let log = files(&directory);
    let lines = log.lines();
    let mut tried = 0;
    for from in 0..lines.len() {
        let changed = log.with(&chained(&lines, from, &|header| header.actors = vec!["somebody".into()]));
        // The first checkpoint whose tree the lines are in accuses the last line that it covers.
        let size = *log.checkpoints.keys().find(|size| **size > u64::try_from(from).unwrap()).unwrap();
        let line = usize::try_from(size).unwrap();
        changed.names(line, changed.offset(line), &["checkpoint.root"], &format!("rewritten from line {}", from + 1));
        tried += 1;
    }
    let rewritten = log.with(&chained(&lines, 2, &|header| header.actors = vec!["somebody".into()]));
    let error = rewritten.verify(RootPin::None, false).unwrap_err();
    assert!(error.hints()[0].contains("what was changed is in lines 1 to "), "{error:?}");
    held("logs rewritten from a line on", tried);
}

#[test]
fn a_tail_that_was_cut_is_named_by_where_it_is_missing() {
    let (directory, _fixture) = small();
    let log = files(&directory);
    let lines = log.lines();
    let mut tried = 0;
    for keep in 1..lines.len() {
        let cut = log.with(&lines[..keep]);
        cut.names(keep + 1, log.offset(keep + 1), &["checkpoint.missing"], &format!("cut after line {keep}"));
        // In the middle of a line: its first half is torn, and what a checkpoint covers is missing there.
        let mut torn = cut;
        torn.entries.extend_from_slice(&lines[keep][..lines[keep].len() / 2]);
        torn.names(keep + 1, log.offset(keep + 1), &["checkpoint.missing"], "torn");
        tried += 2;
    }
    log.with(&[]).names(1, 0, &["entry.form"], "emptied");
    held("logs cut after a line, or in it", tried + 1);
}

#[test]
fn a_log_cut_together_with_its_checkpoints_verifies_and_only_what_is_elsewhere_tells() {
    let (directory, fixture) = small();
    let log = files(&directory);
    let mut sizes: Vec<u64> = log.checkpoints.keys().copied().collect();
    let newest = sizes.pop().unwrap();
    // Back to the end of genesis: a session that was closed, under its checkpoint.
    let genesis = sizes[2];
    let mut older = log.with(&log.lines()[..usize::try_from(genesis).unwrap()]);
    older.checkpoints.retain(|size, _| *size <= genesis);
    older.newest = Some(older.checkpoints[&genesis].clone());
    let report = older.verify(RootPin::Certificates(vec![fixture.root_certificate.clone()]), true).unwrap();
    assert!(report.authenticated);
    assert_eq!(report.size, genesis);
    // The size and the root are what the guard, the receipts and the signed paper remember, and they differ.
    assert!(report.size < newest && report.root != fixture.log.root());
}

/// Two logs of one authority: the same keys and the same beginning, other sessions since.
fn forked() -> (Files, Files) {
    let directory = TempDir::new().unwrap();
    let (one, two) = (directory.path().join("log"), directory.path().join("fork"));
    let mut fixture = Fixture::genesis(&one, KeySpec::EcdsaP256).unwrap();
    Files::of(&one).put(&two);
    signs(&mut fixture);
    let first = Files::of(&one);
    fixture.log = store::Log::open(&two, &mut |_| Ok(())).unwrap().log;
    signs(&mut fixture);
    (first, Files::of(&two))
}

#[test]
fn two_logs_of_one_authority_that_are_spliced_are_refused_at_the_seam() {
    let (one, two) = forked();
    for log in [&one, &two] {
        log.verify(RootPin::None, true).unwrap();
    }
    let (first, second) = (one.lines(), two.lines());
    let common = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
    assert!(common > 10 && common < first.len().min(second.len()));
    let mut tried = 0;
    for seam in common + 1..first.len().min(second.len()) {
        let lines = [&first[..seam], &second[seam..]].concat();
        // The line before the seam and the one after it contradict each other, and each has a witness.
        let error = one.with(&lines).refused(&format!("spliced after line {seam}"));
        let at =
            |line: usize| error.starts_with(&format!("line {line} (byte {}, rule ", one.with(&lines).offset(line)));
        assert!(at(seam) || at(seam + 1), "spliced after line {seam}: {error}");
        // Under the checkpoints of the other, the first of those that covers the first log's lines.
        let error = two.with(&lines).refused(&format!("spliced after line {seam}, under the other's checkpoints"));
        assert!(error.starts_with("line "), "{error}");
        tried += 2;
    }
    // Whole entries of one, checkpoints of the other.
    let mixed = Files { entries: one.entries.clone(), ..two.clone() };
    let mixed = mixed.refused("the checkpoints of the other");
    assert!(mixed.contains("checkpoint."), "{mixed}");
    held("splices of two logs of one authority", tried + 1);
}

#[test]
fn the_logs_of_two_authorities_that_are_spliced_are_refused_at_the_seam() {
    let (directory, _fixture) = small();
    let elsewhere = TempDir::new().unwrap();
    let log_id = Hex(vec![0xee; 16]);
    let mut other = Fixture::of(&elsewhere.path().join("log"), KeySpec::EcdsaP256, log_id).unwrap();
    signs(&mut other);
    let (one, two) = (files(&directory), files(&elsewhere));
    let (first, second) = (one.lines(), two.lines());
    let mut tried = 0;
    for seam in 1..first.len().min(second.len()) {
        let spliced = one.with(&[&first[..seam], &second[seam..]].concat());
        spliced.names(seam + 1, one.offset(seam + 1), &["chain.log"], &format!("spliced after line {seam}"));
        tried += 1;
    }
    // And each other file of one in the place of the other's.
    let mut audit = one.clone();
    audit.audit = two.audit.clone();
    assert!(audit.refused("the other's audit certificate").starts_with("audit/1.pem (rule audit.certificate)"));
    for (size, note) in &two.checkpoints {
        if one.checkpoints.contains_key(size) {
            let mut swapped = one.clone();
            swapped.checkpoints.insert(*size, note.clone());
            let error = swapped.refused("the other's checkpoint");
            assert!(error.starts_with(&format!("checkpoints/{size} (rule checkpoint.signature)")), "{error}");
            tried += 1;
        }
    }
    held("splices of the logs of two authorities", tried + 1);
}

#[test]
fn a_line_over_the_longest_or_without_an_end_is_named() {
    let (directory, _fixture) = small();
    let log = files(&directory);
    let end = log.entries.len();
    let line = log.lines().len() + 1;
    for tail in [vec![b'x'; MAX_LINE + 1], [vec![b'x'; MAX_LINE], vec![b'\n']].concat(), vec![b'x'; 3 * MAX_LINE]] {
        let mut long = log.clone();
        long.entries.extend_from_slice(&tail);
        long.names(line, end, &["entry.form"], "too long");
        assert!(long.refused("too long").contains("a line is too long for a log"));
    }
    // Up to there it may be a line that was torn.
    let mut torn = log.clone();
    torn.entries.extend_from_slice(&vec![b'x'; MAX_LINE - 1]);
    let report = torn.verify(RootPin::None, false).unwrap();
    assert!(report.warnings[0].contains("is torn"), "{report:?}");
}
