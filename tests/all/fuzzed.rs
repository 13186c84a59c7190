//! The targets of `fuzz/`, in every run: they compile, hold for each of their seeds, and for some hundred changes of each.
//! What a fuzzer finds beyond these is its own matter (`softhsm-test/fuzz.sh`).

use crate::support::tally;
use std::path::Path;

#[path = "../../fuzz/targets/bundle.rs"]
mod bundle;
#[path = "../../fuzz/targets/configuration.rs"]
mod configuration;
#[path = "../../fuzz/targets/entry.rs"]
mod entry;
#[path = "../../fuzz/targets/note.rs"]
mod note;
#[path = "../../fuzz/targets/others.rs"]
mod others;
#[path = "../../fuzz/targets/request.rs"]
mod request;
#[path = "../../fuzz/targets/request_package.rs"]
mod request_package;
#[path = "../../fuzz/targets/share.rs"]
mod share;

/// The seeds of a target; there are some.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{}", dir.display());
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// A seed cut, with bytes changed, put in and left out, and grafted on another.
fn changes(seed: &[u8], other: &[u8], places: usize) -> Vec<Vec<u8>> {
    let step = seed.len().div_ceil(places).max(1);
    let mut made = vec![seed.to_vec(), [seed, seed].concat(), [seed, other].concat()];
    for at in (0..seed.len()).step_by(step) {
        let (before, after) = seed.split_at(at);
        made.push(before.to_vec());
        made.push(after.to_vec());
        made.push([before, after.get(1..).unwrap_or_default()].concat());
        made.push([before, other.get(at..).unwrap_or_default()].concat());
        for put in [&b"\""[..], b"\n", b"\0", b"\xff", b"9", b"\x1b[2J", "\u{202e}".as_bytes()] {
            made.push([before, put, after].concat());
        }
        for flip in [0x01, 0x20, 0x80] {
            let mut changed = seed.to_vec();
            changed[at] ^= flip;
            made.push(changed);
        }
    }
    made
}

/// What was tried when a target panicked: it belongs among the seeds.
struct Tried<'c>(&'c [u8]);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the bytes were: {}", self.0.escape_ascii());
        }
    }
}

fn holds(target: &str, run: fn(&[u8]), places: usize) {
    let seeds = seeds(target);
    let mut tried = 0;
    for (seed, other) in seeds.iter().zip(seeds.iter().cycle().skip(1)) {
        for case in changes(seed, other, places) {
            let shown = Tried(&case);
            run(shown.0);
            tried += 1;
        }
    }
    tally::held(&format!("inputs like the fuzz target {target} begins with"), tried);
}

#[test]
fn a_changed_request_is_read_as_it_is_or_refused_by_a_rule() {
    holds("request", request::run, 64);
}

#[test]
fn a_changed_package_of_a_request_is_read_as_it_is_or_refused() {
    holds("request_package", request_package::run, 64);
}

#[test]
fn a_changed_configuration_plans_nothing_that_is_a_defect() {
    holds("configuration", configuration::run, 64);
}

#[test]
fn a_changed_share_is_read_as_it_is_or_refused() {
    holds("share", share::run, 64);
}

#[test]
fn a_changed_note_or_proof_is_read_as_it_is_or_refused() {
    holds("note", note::run, 64);
}

#[test]
fn a_changed_line_of_a_log_is_read_as_it_is_or_refused() {
    holds("entry", entry::run, 64);
}

#[test]
fn a_changed_part_of_a_bundle_is_read_as_it_is_or_refused() {
    holds("bundle", bundle::run, 64);
}

#[test]
fn changed_files_of_other_programs_are_read_or_refused() {
    holds("others", others::run, 64);
}
