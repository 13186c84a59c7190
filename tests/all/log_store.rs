//! The log's files under faults: what a crash, a full medium or a second writer leaves is the old state or the new.

use crate::log_fixture::Fixture;
use anchorite::digest::Hex;
use anchorite::error::Kind;
use anchorite::key::KeySpec;
use anchorite::log::record::StepDone;
use anchorite::log::{merkle, note, proof};
use anchorite::store::{self, Log};
use anchorite::x509::keygen::LocalKey;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn fixture() -> (TempDir, Fixture) {
    let directory = TempDir::new().unwrap();
    let fixture = Fixture::genesis(&directory.path().join("log"), KeySpec::EcdsaP256).unwrap();
    (directory, fixture)
}

fn open(directory: &TempDir) -> store::Opened {
    Log::open(&directory.path().join("log"), &mut |_| Ok(())).unwrap()
}

#[test]
fn a_log_opens_as_it_was_written() {
    let (directory, mut fixture) = fixture();
    fixture.filler(250).unwrap();
    let (size, root, last_time) = (fixture.log.size(), fixture.log.root(), fixture.log.last_time());
    let leaves = fixture.log.leaves().to_vec();
    drop(fixture);
    let mut seen = 0;
    let opened = Log::open(&directory.path().join("log"), &mut |entry| {
        assert_eq!(entry.seq, seen);
        seen += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!((opened.log.size(), opened.log.root(), opened.log.last_time()), (size, root, last_time));
    assert_eq!((opened.log.leaves(), seen), (&leaves[..], size));
    assert_eq!((opened.unsigned_tail, opened.torn), (250, None));
}

#[test]
fn proofs_and_lines_of_a_log_verify() {
    let (_directory, mut fixture) = fixture();
    let old = (*fixture.log).checkpoint().unwrap().clone();
    fixture.filler(37).unwrap();
    assert_eq!(fixture.log.inclusion(old.size).unwrap_err().kind(), Kind::Usage);
    let signed = fixture.checkpoint().unwrap();
    for seq in 0..fixture.log.size() {
        let hashes = fixture.log.inclusion(seq).unwrap();
        let text = proof::inclusion_proof(seq, &hashes, fixture.log.checkpoint_note().unwrap());
        let leaf = merkle::leaf_hash(&fixture.log.entry_line(seq).unwrap());
        let checkpoint = proof::parse_inclusion(&text).unwrap().verify(&leaf, fixture.audit.spki()).unwrap();
        assert_eq!(checkpoint, signed.checkpoint);
    }
    let hashes = fixture.log.consistency(old.size).unwrap();
    let root = signed.checkpoint.root;
    merkle::verify_consistency(old.size, signed.checkpoint.size, &old.root, &root, &hashes).unwrap();
}

#[test]
fn a_second_writer_is_refused_and_told_who_holds_the_lock() {
    let (directory, fixture) = fixture();
    let path = directory.path().join("log");
    let error = Log::open(&path, &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), Kind::Medium);
    assert_eq!(error.seen(), Some(format!("process {}", std::process::id()).as_str()));
    // Reading needs no lock.
    assert_eq!(store::read(directory.path(), &mut |_| Ok(())).unwrap().size(), fixture.log.size());
    drop(fixture);
    open(&directory);
}

#[test]
fn a_log_is_begun_once_and_a_missing_one_is_not_made() {
    let (directory, fixture) = fixture();
    drop(fixture);
    let path = directory.path().join("log");
    let error = Log::create(&path, Hex(vec![1; 16])).unwrap_err();
    assert_eq!(error.kind(), Kind::Medium);
    let missing = directory.path().join("missing");
    assert_eq!(Log::open(&missing, &mut |_| Ok(())).unwrap_err().kind(), Kind::Medium);
    assert!(!missing.exists());

    // Interrupted before its first entry: it is begun again.
    let fresh = directory.path().join("fresh");
    drop(Log::create(&fresh, Hex(vec![1; 16])).unwrap());
    assert_eq!(Log::open(&fresh, &mut |_| Ok(())).unwrap_err().kind(), Kind::Medium);
    Log::create(&fresh, Hex(vec![2; 16])).unwrap();
}

#[test]
fn a_torn_line_is_moved_aside_by_a_writer_and_only_reported_to_a_reader() {
    let (directory, fixture) = fixture();
    let (size, path) = (fixture.log.size(), directory.path().join("log/entries.jsonl"));
    drop(fixture);
    let whole = fs::read(&path).unwrap();
    let torn = [&whole[..], b"{\"v\":1"].concat();
    fs::write(&path, &torn).unwrap();
    let reading = store::read(directory.path(), &mut |_| Ok(())).unwrap();
    assert_eq!(reading.torn().map(|t| (t.seq, t.length)), Some((size, 6)));
    assert_eq!(fs::read(&path).unwrap(), torn);

    let mut opened = open(&directory);
    let aside = opened.torn.unwrap().aside();
    assert!(aside.starts_with(&format!("torn-{size}-")));
    assert_eq!(fs::read(&path).unwrap(), torn, "a session that writes nothing leaves it to the next one to report");
    opened.log.append_acts(&[]).unwrap();
    assert_eq!(fs::read(directory.path().join("log").join(aside)).unwrap(), b"{\"v\":1");
    assert_eq!(fs::read(&path).unwrap(), whole);
}

#[test]
fn bytes_under_a_checkpoint_are_never_taken_for_torn() {
    let (directory, fixture) = fixture();
    drop(fixture);
    let path = directory.path().join("log/entries.jsonl");
    let whole = fs::read(&path).unwrap();
    let cut = &whole[..whole.len() - 9];
    fs::write(&path, cut).unwrap();
    let error = Log::open(&directory.path().join("log"), &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), Kind::Verify);
    assert_eq!(fs::read(&path).unwrap(), cut);
}

#[test]
fn a_checkpoint_that_was_not_kept_yet_is_kept_at_the_next_start() {
    let (directory, fixture) = fixture();
    let kept = directory.path().join(format!("log/checkpoints/{}", fixture.log.size()));
    drop(fixture);
    fs::remove_file(&kept).unwrap();
    open(&directory);
    assert_eq!(fs::read(kept).unwrap(), fs::read(directory.path().join("log/checkpoint")).unwrap());
}

#[test]
fn a_checkpoint_that_the_token_signed_wrongly_is_not_put_in_place() {
    let (directory, mut fixture) = fixture();
    let before = fs::read(directory.path().join("log/checkpoint")).unwrap();
    fixture.filler(1).unwrap();
    let (other, origin) = (LocalKey::generate(KeySpec::EcdsaP256).unwrap(), fixture.origin.clone());
    let audit = fixture.audit.spki().clone();
    let error = fixture.log.checkpoint(&origin, &audit, &mut |body| other.sign(body)).unwrap_err();
    assert_eq!(error.kind(), Kind::Token);
    assert_eq!(fs::read(directory.path().join("log/checkpoint")).unwrap(), before);
}

#[test]
fn committed_intents_are_on_disk_under_a_checkpoint() {
    let (directory, mut fixture) = fixture();
    fixture.open("sign").unwrap();
    let committed = fixture.intent_only(&LocalKey::generate(KeySpec::EcdsaP256).unwrap()).unwrap();
    assert_eq!((committed.tbs_digests().len(), committed.range().count()), (1, 1));
    let on_disk = fs::read(directory.path().join("log/checkpoint")).unwrap();
    let checkpoint = note::verify(on_disk, fixture.audit.spki()).unwrap();
    assert_eq!(checkpoint.size, committed.range().end);
    assert_eq!(checkpoint.root, store::read(directory.path(), &mut |_| Ok(())).unwrap().root());
}

#[test]
fn a_signature_over_the_same_tree_is_made_once() {
    let (_directory, mut fixture) = fixture();
    let (origin, audit) = (fixture.origin.clone(), fixture.audit.spki().clone());
    let again = fixture.log.checkpoint(&origin, &audit, &mut |_| panic!("nothing is signed")).unwrap();
    assert_eq!(Some(again.note.as_str()), fixture.log.checkpoint_note());
}

/// Mounts a small tmpfs; `None`, said aloud, where that is not allowed.
fn tiny_medium(kib: u32) -> Option<Mount> {
    let directory = TempDir::new().unwrap();
    let size = format!("size={kib}k");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: a tmpfs cannot be mounted here");
        return None;
    }
    Some(Mount(directory))
}

struct Mount(TempDir);

impl Mount {
    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_medium_leaves_the_log_as_it_was() {
    let Some(medium) = tiny_medium(256) else { return };
    let mut fixture = Fixture::genesis(&medium.path().join("log"), KeySpec::EcdsaP256).unwrap();
    let (size, path) = (fixture.log.size(), medium.path().join("log/entries.jsonl"));
    let before = fs::read(&path).unwrap();
    let step = || StepDone { step: "x".repeat(300_000), activity: "confirm".into() };
    let error = fixture.append([step()]).unwrap_err();
    assert_eq!(error.kind(), Kind::Medium);
    assert_eq!(error.truths(), [format!("The log is as it was: {size} entries.")]);
    assert_eq!(fs::read(&path).unwrap(), before);
    // The same log goes on once there is room for what is written.
    fixture.append([StepDone { step: "small".into(), activity: "confirm".into() }]).unwrap();
    fixture.checkpoint().unwrap();

    // Full when a checkpoint is put in place: the one before stays.
    let old = fs::read(medium.path().join("log/checkpoint")).unwrap();
    fixture.filler(2).unwrap();
    let _ = fs::write(medium.path().join("ballast"), vec![0; 400_000]);
    assert_eq!(fixture.checkpoint().unwrap_err().kind(), Kind::Medium);
    assert_eq!(fs::read(medium.path().join("log/checkpoint")).unwrap(), old);
    fs::remove_file(medium.path().join("ballast")).unwrap();
    fixture.checkpoint().unwrap();
    drop(fixture);
    Log::open(&medium.path().join("log"), &mut |_| Ok(())).unwrap();
}

/// So many entries of a thousand bytes and more: an act of several megabytes.
fn large_act() -> Vec<StepDone> {
    let step = |n| StepDone { step: format!("{n:04}{}", "x".repeat(1_000)), activity: "confirm".into() };
    (0..3_000).map(step).collect()
}

#[test]
fn an_act_of_several_megabytes_is_written_in_portions_and_read_back() {
    let (directory, mut fixture) = fixture();
    fixture.append(large_act()).unwrap();
    fixture.append([StepDone { step: "small".into(), activity: "confirm".into() }]).unwrap();
    let (size, root) = (fixture.log.size(), fixture.log.root());
    assert!(fs::metadata(directory.path().join("log/entries.jsonl")).unwrap().len() > 3 << 20);
    drop(fixture);
    let reading = store::read(directory.path(), &mut |_| Ok(())).unwrap();
    assert_eq!((reading.size(), reading.root(), reading.torn()), (size, root, None));
}

#[test]
fn a_medium_that_is_full_in_the_middle_of_a_large_act_keeps_none_of_it() {
    let Some(medium) = tiny_medium(2_500) else { return };
    let mut fixture = Fixture::genesis(&medium.path().join("log"), KeySpec::EcdsaP256).unwrap();
    let (size, path) = (fixture.log.size(), medium.path().join("log/entries.jsonl"));
    let before = fs::read(&path).unwrap();
    let error = fixture.append(large_act()).unwrap_err();
    assert_eq!((error.kind(), error.truths()), (Kind::Medium, &[format!("The log is as it was: {size} entries.")][..]));
    assert_eq!(fs::read(&path).unwrap(), before);
    // An entry that is no entry, behind others that were written already.
    let mut act = large_act();
    act.truncate(1_500);
    act.push(StepDone { step: "x".repeat(1 << 20), activity: "confirm".into() });
    let error = fixture.append(act).unwrap_err();
    assert_eq!((error.kind(), error.truths()), (Kind::Usage, &[format!("The log is as it was: {size} entries.")][..]));
    assert_eq!(fs::read(&path).unwrap(), before);
    fixture.append([StepDone { step: "small".into(), activity: "confirm".into() }]).unwrap();
    fixture.checkpoint().unwrap();
}

#[test]
fn a_read_only_medium_is_refused_before_anything_is_done() {
    let Some(medium) = tiny_medium(256) else { return };
    drop(Fixture::genesis(&medium.path().join("log"), KeySpec::EcdsaP256).unwrap());
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(medium.path()).status().unwrap();
    assert!(remounted.success());
    let mut visited = 0;
    let error = Log::open(&medium.path().join("log"), &mut |_| {
        visited += 1;
        Ok(())
    })
    .unwrap_err();
    assert_eq!((error.kind(), visited), (Kind::Medium, 0));
    store::read(medium.path(), &mut |_| Ok(())).unwrap();
}
