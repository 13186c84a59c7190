//! The same log gives the same bytes, a longer one is added to, and a publication that was cut off is completed.

use super::*;
use crate::crash::instants;
use crate::support::tally;
use anchorite::digest::Digest;
use anchorite::log::record::ConfigAdopted;
use anchorite::log::{Record, entry, merkle};
use serde_json::Value;

#[test]
fn the_same_log_gives_the_same_bytes_and_a_second_time_nothing_changes() {
    let world = held();
    world.run(&PUBLISH).ok();
    world.run(&["-C", AUTHORITY, "publish", "--to", "other"]).ok();
    let bytes = |below: &str| -> Vec<_> {
        let all = files(&world, below).into_iter();
        all.map(|(path, bytes)| (path.strip_prefix(below).unwrap().to_owned(), bytes)).collect()
    };
    assert_eq!(bytes("out"), bytes("other"));
    let before = world.tree("out");
    let again = world.run(&["-C", AUTHORITY, "publish", "--to", "out", "--json"]).ok().stdout;
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["changed"], false, "{again}");
    assert!(world.run(&PUBLISH).ok().stderr.contains("is up to date; nothing was changed"));
    assert_eq!(differences(&before, &world.tree("out")), Vec::<PathBuf>::new());
    // Of a copy of the authority too, wherever it lies.
    copy(&world, "authority", "stick");
    world.run(&["-C", "stick", "publish", "--to", "of-copy"]).ok();
    assert_eq!(bytes("out"), bytes("of-copy"));
}

#[test]
fn a_publication_grows_and_what_was_in_it_stays() {
    let world = held();
    world.run(&PUBLISH).ok();
    world.write("out/.git/HEAD", "ref: refs/heads/main\n");
    world.write("out/notes.txt", "of people, not of ours\n");
    let (before, log) = (files(&world, "out"), world.read("out/log/entries.jsonl"));
    sign(&world, "cluster2");
    world.run(&PUBLISH).ok();
    assert!(world.read("out/log/entries.jsonl").starts_with(&log));
    let changed: Vec<String> = before
        .iter()
        .filter(|(path, bytes)| world.read(path) != *bytes)
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert_eq!(changed, ["out/README.md", "out/SHA256SUMS", "out/log/checkpoint", "out/log/entries.jsonl"]);
    world.tool("sh", &["-c", "cd out && sha256sum --strict --quiet -c SHA256SUMS"]).ok();
    let root = "out/root-cert.pem";
    let verified = world.run(&["log", "verify", "out", "--root", root, "--at-rest"]).ok().stdout;
    assert!(verified.contains("consistent and authenticated"), "{verified}");
    let listed = String::from_utf8(world.read("out/SHA256SUMS")).unwrap();
    let unlisted: Vec<String> =
        names_in(&world, "out").into_iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert_eq!(unlisted, [".git/HEAD", "SHA256SUMS", "notes.txt"]);
}

#[test]
fn entries_that_nobody_signed_are_left_out() {
    let world = held();
    world.run(&PUBLISH).ok();
    let before = world.tree("out");
    // What anybody with the medium and no token can append: a line that follows the ones before it.
    let last = String::from_utf8(world.read(ENTRIES)).unwrap().lines().last().unwrap().to_owned();
    let last_entry = entry::parse_line(last.as_bytes()).unwrap().entry().unwrap();
    let forged = "name = \"FORGED\"\n".to_owned();
    let record = Record::from(ConfigAdopted { sha256: Digest::of(forged.as_bytes()), text: forged });
    let leaf = merkle::leaf_hash(last.as_bytes());
    let mut line = entry::write_line(&last_entry.header, last_entry.seq + 1, &leaf, &record).unwrap();
    line.push(b'\n');
    edit(&world, ENTRIES, |bytes| bytes.extend_from_slice(&line));
    world.run(&["log", "verify", AUTHORITY]).ok();
    let said = world.run(&PUBLISH).ok().stderr;
    assert!(said.contains("Left out: 1 entry after the newest checkpoint, which nobody signed yet"), "{said}");
    assert_eq!(differences(&before, &world.tree("out")), Vec::<PathBuf>::new());
}

/// Killed at each write, fsync and rename, of a first publication and of one that grows: the stock check says that it is
/// not whole, or it is; and the same command makes it whole.
#[test]
fn a_publication_that_was_cut_off_is_completed_by_the_same_command() {
    if !instants::can_trace("a publication that is cut off") {
        return;
    }
    let world = held();
    world.run(&PUBLISH).ok();
    sign(&world, "cluster2");
    let whole = ["-C", AUTHORITY, "publish", "--to", "whole"];
    let begin = |grows: bool| {
        let _ = std::fs::remove_dir_all(world.path("whole"));
        if grows {
            copy(&world, "out", "whole");
        }
    };
    let mut tried = 0;
    for grows in [false, true] {
        begin(grows);
        let all = instants::of_run(&world, &whole, &["whole"]);
        let finished = files(&world, "whole");
        let every = if tally::full() { 1 } else { 12 };
        for instant in all.iter().step_by(every) {
            begin(grows);
            instants::kill(&world, &whole, instant);
            let checks =
                || world.tool("sh", &["-c", "cd whole && sha256sum --strict --quiet -c SHA256SUMS"]).code == Some(0);
            let found = files(&world, "whole");
            let is_old = || grows && world.read("whole/SHA256SUMS") == world.read("out/SHA256SUMS");
            assert!(
                !checks() || is_old() || finished.iter().all(|file| found.contains(file)),
                "checks too early: {instant}"
            );
            world.run(&whole).ok();
            assert!(checks() && files(&world, "whole") == finished, "{instant}");
            tried += 1;
        }
    }
    tally::held("instants of a publication at which it was killed", tried);
}
