//! What a power cut must leave: of the log, of what was acted on, and of what was let out of the log.

use super::super::support::ENTRIES;
use super::cuts::{OURS, asks_for_a_signature, losses, whole_lines};
use super::disk::{Disk, Files, Loss};
use super::recording::Recording;
use super::trace::Call;
use anchorite::audit::{self, Options, RootPin};
use anchorite::authority::State;
use anchorite::digest::{Base64, Digest};
use anchorite::x509::pem;
use anchorite::{clock, store};
use serde_json::Value;
use std::collections::BTreeSet;

/// Where copies of the token's files are kept.
const COPIES: &str = "token/tokens.snapshots";

/// Directories in which whatever has a name that does not begin with a dot is whole.
const WHOLE: [&str; 4] = ["authority/public/", "authority/issued/", "authority/records/", "medium/"];

/// The intents that the root key may have been asked to sign by now: each as its line stands.
#[derive(Debug, Default)]
pub struct Acted(BTreeSet<String>);

impl Acted {
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Where a signature is asked for while intents without outcome are under a checkpoint, it may be for them.
    pub fn look(&mut self, call: &Call, now: &Files) {
        if !asks_for_a_signature(call) {
            return;
        }
        let lines = lines(now);
        let covered = checkpoint_size(now);
        let settled: BTreeSet<u64> = lines
            .iter()
            .filter_map(|(_, e)| (e["type"] == "sign.outcome").then(|| e["data"]["intent"].as_u64())?)
            .collect();
        for (line, entry) in &lines {
            let seq = entry["seq"].as_u64().unwrap();
            if entry["type"] == "sign.intent" && seq < covered && !settled.contains(&seq) {
                self.0.insert(line.clone());
            }
        }
    }
}

/// What the run came to: bytes that were whole when they got their names.
pub struct Evidence {
    whole: BTreeSet<(String, Digest)>,
    bundles: BTreeSet<BTreeSet<String>>,
}

impl Evidence {
    pub fn of(recording: &Recording) -> Self {
        let mut whole = BTreeSet::new();
        let mut bundles = BTreeSet::new();
        let mut look = |files: &Files| {
            whole.extend(visible(files).map(|(path, bytes)| (path.to_owned(), Digest::of(bytes))));
            bundles.extend(bundle_ids(files).map(|id| names_of(files, id)));
        };
        look(&recording.start().after(&Loss::new()));
        // Nothing is written under its name: what is there after a rename is whole.
        recording.each(|disk, call, _| {
            if matches!(call, Call::Rename { .. }) {
                look(&disk.after(&Loss::new()));
            }
        });
        Self { whole, bundles }
    }

    /// What must hold of what was found, where the program had seen `now`.
    pub fn holds(&self, found: &Files, now: &Files, acted: &Acted, at: &str) {
        let lines = lines(found);
        let covered = checkpoint_size(found);
        verifies(found, lines.is_empty(), at);
        assert!(whole_lines(now).starts_with(whole_lines(found)), "{at}: entries that were never written");
        for intent in &acted.0 {
            let kept = lines.iter().find(|(line, _)| line == intent);
            let (_, entry) =
                kept.unwrap_or_else(|| panic!("{at}: the root key may have signed what is gone: {intent}"));
            assert!(entry["seq"].as_u64().unwrap() < covered, "{at}: signed, and under no checkpoint: {intent}");
        }
        for (path, bytes) in visible(found) {
            assert!(self.whole.contains(&(path.to_owned(), Digest::of(bytes))), "{at}: {path} is there by half");
        }
        for id in bundle_ids(found) {
            assert!(self.bundles.contains(&names_of(found, id)), "{at}: the bundle {id} is there by half");
        }
        accounted(&lines, now, at);
    }
}

/// The log verifies, and can be opened: or there is none yet.
fn verifies(found: &Files, empty: bool, at: &str) {
    let dir = tempfile::tempdir().unwrap();
    for (path, (_, bytes)) in found {
        if let Some(below) = path.strip_prefix("authority/log/") {
            match bytes {
                None => std::fs::create_dir(dir.path().join(below)).unwrap(),
                Some(bytes) => std::fs::write(dir.path().join(below), bytes.as_slice()).unwrap(),
            }
        }
    }
    if empty {
        let begun = store::begun(dir.path()).unwrap_or_else(|error| panic!("{at}: {error}"));
        assert!(!begun.0, "{at}: a log without a line");
        return;
    }
    let mut state = State::default();
    let read = store::read(dir.path(), &mut |entry| state.apply(entry));
    read.unwrap_or_else(|error| panic!("{at}: the log does not open: {error}"));
    let material = store::material(dir.path()).unwrap();
    let options = Options { root: RootPin::None, at_rest: false };
    audit::verify(material, &options, &clock::monotonic).unwrap_or_else(|error| panic!("{at}: {error}"));
}

/// Whatever left the log by now is in it still: certificates and CRLs with their outcomes, bundles with their entry.
fn accounted(lines: &[(String, Value)], now: &Files, at: &str) {
    let outcomes: Vec<Vec<u8>> = lines
        .iter()
        .filter(|(_, e)| e["type"] == "sign.outcome" && e["data"]["status"] == "ok")
        .map(|(_, e)| serde_json::from_value::<Base64>(e["data"]["der"].clone()).unwrap().0)
        .collect();
    for (path, bytes) in visible(now).filter(|(path, _)| !path.starts_with("medium/")) {
        for label in ["CERTIFICATE", "X509 CRL"] {
            for der in pem::decode_all(bytes, label).unwrap_or_default() {
                assert!(outcomes.contains(&der), "{at}: the log lost what is in {path}");
            }
        }
    }
    let exported: BTreeSet<&str> = lines.iter().filter_map(|(_, e)| e["data"]["bundle_id"].as_str()).collect();
    for id in bundle_ids(now) {
        assert!(exported.contains(id), "{at}: the log lost the bundle {id}");
    }
}

/// Before the log says that a key was made, or a token initialised, the token's files are durable.
pub fn token_is_durable(disk: &Disk, call: &Call, at: &str) {
    let Call::Write { file, bytes, .. } = call else { return };
    let text = String::from_utf8_lossy(bytes);
    let relies = |kind: &str| text.contains(&format!("\"type\":\"{kind}\""));
    if file == ENTRIES && ["key.generated", "token.initialized", "token.unlocked"].into_iter().any(relies) {
        assert_eq!(disk.dirty("token/tokens"), (Vec::new(), Vec::new()), "{at}: files of the token are not synced");
    }
}

/// Before a token is logged in to, which rewrites its files in place, the copy of them that was made is durable.
pub fn copy_is_durable(disk: &Disk, call: &Call, at: &str) {
    if !matches!(call, Call::Returned { function } if function == "C_Login") {
        return;
    }
    let copies = |files: &Files| -> Files {
        let all = files.iter().filter(|(path, _)| path.starts_with(COPIES) && !path.contains("/."));
        all.map(|(path, of)| (path.clone(), of.clone())).collect()
    };
    let now = copies(&disk.after(&Loss::new()));
    for loss in losses(disk, &[COPIES]) {
        let found = copies(&disk.after(&loss));
        assert!(now.iter().all(|(path, of)| found.get(path) == Some(of)), "{at}: a copy of the token's files is lost");
    }
}

/// What a run has said is done is done: whatever a power cut takes once it has ended, all that has a name is there.
pub fn outlasts(recording: &Recording) {
    let end = recording.end();
    let now = end.after(&Loss::new());
    for loss in losses(&end, &OURS) {
        let found = end.after(&loss);
        for (path, bytes) in visible(&now) {
            let there = found.get(path).and_then(|(_, bytes)| bytes.as_ref());
            assert!(there.is_some_and(|there| there.as_slice() == bytes), "a run ended, and a power cut took {path}");
        }
        assert_eq!(whole_lines(&found), whole_lines(&now), "a run ended, and a power cut took entries");
        // Who holds the lock is for people.
        let of_log = |path: &&String| path.starts_with("authority/log/") && *path != "authority/log/lock";
        for name in now.keys().filter(of_log) {
            let bytes = |files: &Files| files.get(name).map(|(_, bytes)| bytes.clone());
            assert_eq!(bytes(&found), bytes(&now), "a run ended, and a power cut took {name}");
        }
    }
}

/// Whole lines, each with what it says.
fn lines(files: &Files) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(whole_lines(files)).unwrap();
    text.lines().map(|line| (line.to_owned(), serde_json::from_str(line).unwrap())).collect()
}

fn checkpoint_size(files: &Files) -> u64 {
    let note = files.get("authority/log/checkpoint").and_then(|(_, bytes)| bytes.as_ref());
    let text = note.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).unwrap_or_default();
    text.lines().nth(1).map_or(0, |size| size.parse().unwrap())
}

/// Files that have their names, of what leaves the log.
fn visible(files: &Files) -> impl Iterator<Item = (&str, &[u8])> {
    files.iter().filter_map(|(path, (_, bytes))| {
        let here = WHOLE.iter().any(|directory| path.starts_with(directory)) && !path.contains("/.");
        here.then_some((path.as_str(), bytes.as_ref()?.as_slice()))
    })
}

/// Directories on the medium that have their names.
fn bundle_ids(files: &Files) -> impl Iterator<Item = &str> {
    files.iter().filter_map(|(path, (_, bytes))| {
        let id = path.strip_prefix("medium/").filter(|id| !id.contains('/') && !id.starts_with('.'))?;
        bytes.is_none().then_some(id)
    })
}

fn names_of(files: &Files, id: &str) -> BTreeSet<String> {
    let prefix = format!("medium/{id}/");
    files.keys().filter(|path| path.starts_with(&prefix)).cloned().collect()
}
