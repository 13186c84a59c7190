//! What the log proves to others: a bundle before it is opened, against what was opened before; and one entry.

use super::{copy, put_back};
use crate::support::*;
use serde_json::Value;

const ROOT: &str = "authority/public/root-cert.pem";
const NOW: &str = "2026-11-21T11:00:00Z";

#[test]
fn a_bundle_is_held_against_what_was_opened_before_and_nothing_is_written() {
    let world = World::ready();
    let first = world.issued("west");
    let verify = |bundle: &std::path::Path, more: &[&str]| {
        let all = ["--now", NOW, "verify", bundle.to_str().unwrap(), "--receipt", "clusters/west"];
        world.run(&[&all[..], more].concat())
    };
    let before = world.everything();
    let unpinned = verify(&first, &[]);
    assert_eq!(unpinned.code, Some(2), "{}", unpinned.stderr);
    let shown = verify(&first, &["--root", ROOT]).ok().stdout;
    let folded = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in
        ["number 1; none was opened here", "is its certificate's, under the checkpoint of", "nothing of this log"]
    {
        assert!(folded.contains(said), "{said}: {shown}");
    }
    assert_eq!(world.everything(), before, "nothing is written");
    let open = ["--now", NOW, "open", first.to_str().unwrap(), "--into", "clusters/west", "--root", ROOT];
    world.run(&open).ok();
    // The next one, made again from a log that grew.
    world.write("answers-export.toml", PARTICIPANTS);
    let bundles = world.bundles();
    let export = ["-C", AUTHORITY, "--now", NOW, "export", "west", "--to", "medium", "--pin-file", "pin"];
    world.run(&[&export[..], &["--answers", "answers-export.toml"]].concat()).ok();
    let second = world.bundles().into_iter().find(|bundle| !bundles.contains(bundle)).unwrap();
    let opened: Value = serde_json::from_slice(&world.read("clusters/west/receipt.json")).unwrap();
    let before = world.everything();
    let shown = verify(&second, &[]).ok().stdout;
    let folded = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["number 2; 1 was opened here", &format!("extends the {} entries that were seen here", opened["size"])]
    {
        assert!(folded.contains(said), "{said}: {shown}");
    }
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let json = world.run(&["--json", "--now", NOW, "verify", second.to_str().unwrap(), "--receipt", "clusters/west"]);
    let json: Value = serde_json::from_str(&json.ok().stdout).unwrap();
    assert_eq!(json["extends"], opened["size"]);
    assert_eq!(world.everything(), before, "nothing is written");

    // Another history than was seen: the receipt has another root at its size.
    let receipt = String::from_utf8(world.read("clusters/west/receipt.json")).unwrap();
    let root = opened["root"].as_str().unwrap();
    world.write("clusters/west/receipt.json", receipt.replace(root, &"0".repeat(64)));
    let forked = verify(&second, &[]);
    assert_eq!(forked.code, Some(40), "{}", forked.stderr);
    assert!(forked.stderr.contains("consistency"), "{}", forked.stderr);
    world.write("clusters/west/receipt.json", receipt);
    // And an older one than was opened.
    world.run(&["--now", NOW, "open", second.to_str().unwrap(), "--into", "clusters/west"]).ok();
    let older = verify(&first, &[]).refusal();
    assert!(older.contains("this bundle is older than the one that is there"), "{older}");
}

#[test]
fn a_proof_of_one_entry_is_checked_with_the_line_the_audit_certificate_and_the_root() {
    let world = World::ready();
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    copy(&world, "authority/public/audit-cert.pem", "audit-cert.pem");
    let verify = ["--now", NOW, "verify", "proof", "--entry", "line", "--signer", "audit-cert.pem"];
    let verified = |more: &[&str]| world.run(&[&verify[..], more].concat());
    let mut tried = 0;
    for (index, line) in lines.iter().enumerate().step_by(if tally::full() { 1 } else { 7 }) {
        let proof = world.run(&["log", "prove", AUTHORITY, &index.to_string()]).ok().stdout;
        world.write("proof", &proof);
        world.write("line", format!("{line}\n"));
        let shown = verified(&["--root", ROOT]).ok().stdout;
        assert!(shown.contains("included and authenticated"), "{shown}");
        assert!(verified(&[]).ok().stdout.contains("included, NOT authenticated"));
        // Another line, another proof, another checkpoint.
        world.write("line", lines[(index + 1) % lines.len()]);
        assert_eq!(verified(&["--root", ROOT]).code, Some(40));
        world.write("line", line.replacen("2026", "2027", 1));
        assert_eq!(verified(&["--root", ROOT]).code, Some(40));
        world.write("line", line);
        let hash = proof.lines().nth(2).unwrap();
        world.write("proof", proof.replacen(hash, &"A".repeat(43).chars().chain(['=']).collect::<String>(), 1));
        assert_eq!(verified(&["--root", ROOT]).code, Some(40));
        tried += 5;
    }
    let other = World::ready();
    let root = other.path(ROOT).display().to_string();
    world.write("proof", world.run(&["log", "prove", AUTHORITY, "0"]).ok().stdout);
    world.write("line", lines[0]);
    assert_eq!(verified(&["--root", &root]).code, Some(40));
    put_back(&world, other.path("authority/public/audit-cert.pem").to_str().unwrap(), "audit-cert.pem");
    assert_eq!(verified(&["--root", &root]).code, Some(40), "signed by another authority's audit key");
    tally::held("proofs of entries, true and false", tried + 2);
}
