//! What this version makes of the authorities of all before it.

use super::{all, log, world};
use crate::custody::unattended::{participants, with_shares};
use crate::support::{AUTHORITY, ENTRIES, PARTICIPANTS};
use crate::tampering::Files;
use anchorite::audit::RootPin;
use anchorite::log::record::KINDS;
use anchorite::x509::pem;
use std::collections::BTreeSet;
use std::fs;

/// Types that are newer than the newest golden logs: the next release's will have them.
const SINCE: &[&str] = &["token.quorum", "key.attested"];

#[test]
fn every_log_of_a_release_verifies_under_its_root() {
    let all = all();
    assert!(all.len() >= 6, "{all:?}");
    for golden in &all {
        let roots = pem::decode_all(&fs::read(golden.join("authority/public/root-cert.pem")).unwrap(), "CERTIFICATE");
        for root in roots.unwrap() {
            let report = Files::of(&log(golden)).verify(RootPin::Certificates(vec![root]), true);
            let report = report.unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
            assert!(report.authenticated && report.warnings.is_empty(), "{}: {report:?}", golden.display());
        }
    }
}

#[test]
fn every_type_of_entry_occurs_in_a_log_of_a_release() {
    let mut seen = BTreeSet::new();
    for golden in all() {
        let text = fs::read_to_string(log(&golden).join("entries.jsonl")).unwrap();
        let kinds = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].clone());
        seen.extend(kinds.map(|kind| kind.as_str().unwrap().to_owned()));
    }
    let missing: Vec<&&str> = KINDS.iter().filter(|kind| !seen.contains(**kind) && !SINCE.contains(kind)).collect();
    assert!(missing.is_empty(), "in no golden log: {missing:?}: softhsm-test/golden.sh, or SINCE until the release");
    assert!(seen.iter().all(|kind| KINDS.contains(&kind.as_str())), "a type of a release is gone: {seen:?}");
}

#[test]
fn every_authority_of_a_release_goes_on_with_another_crl() {
    for golden in all().into_iter().filter(|golden| golden.join("token").exists()) {
        let world = world(&golden);
        let before = world.read(ENTRIES);
        let custody = golden.join("shares").exists();
        let people = if custody { participants(2) } else { PARTICIPANTS.to_owned() };
        // A root whose key ended issues no CRL any more.
        let root = if String::from_utf8_lossy(&before).contains("\"type\":\"key.destroyed\"") { 2 } else { 1 };
        world.write("answers.toml", format!("{people}[review]\n\"crl:{root}\" = \"approve\"\n"));
        let crl = ["-C", AUTHORITY, "--now", "2027-01-10T10:00:00Z", "crl", "--answers", "answers.toml"];
        let pin = ["--pin-file", "pin"];
        let output = if custody { world.run(&with_shares(&crl)) } else { world.run(&[&crl[..], &pin].concat()) };
        assert_eq!(output.code, Some(0), "{}: {}", golden.display(), output.stderr);
        let after = world.read(ENTRIES);
        assert!(after.starts_with(&before) && after.len() > before.len(), "{}", golden.display());
        let root = "authority/public/root-cert.pem";
        world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok();
    }
}

#[test]
fn every_bundle_of_a_release_opens_for_its_cluster() {
    let mut opened = 0;
    for golden in all().into_iter().filter(|golden| golden.join("medium").exists()) {
        let world = world(&golden);
        world.secret("identity", crate::support::IDENTITY);
        for bundle in world.bundles() {
            let bundle = bundle.to_str().unwrap();
            let root = "authority/public/root-cert.pem";
            world.run(&["verify", bundle, "--root", root]).ok();
            let clusters = fs::read_dir(world.path("clusters")).unwrap().map(|entry| entry.unwrap().file_name());
            let mut ways: Vec<Vec<String>> = clusters
                .map(|cluster| vec!["--into".to_owned(), format!("clusters/{}", cluster.to_str().unwrap())])
                .collect();
            ways.push(["--into", "opened", "--identity", "identity"].map(str::to_owned).to_vec());
            let first = ["--now", "2026-12-01T10:00:00Z", "open", bundle, "--root", root].map(str::to_owned).to_vec();
            let tries: Vec<_> = ways.into_iter().map(|way| world.run(&[first.clone(), way].concat())).collect();
            let open = tries.iter().filter(|output| output.code == Some(0)).count();
            assert_eq!(open, 1, "{} {bundle}: {:?}", golden.display(), tries.iter().map(|t| &t.stderr));
            opened += 1;
            let _ = fs::remove_dir_all(world.path("opened"));
        }
    }
    assert!(opened >= 5, "{opened}");
}
