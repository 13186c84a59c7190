//! A copy is made, and it is the copy that signs.

use super::*;
use data_encoding::BASE64;
use serde_json::Value;

const LATER: &str = "2026-12-01T10:00:00Z";

fn drill(world: &World) -> Output {
    world.write("answers.toml", PARTICIPANTS);
    let run = ["ceremony", "run", "restore-drill", "--pin-file", "pin", "--answers", "answers.toml"];
    world.run(&[&["-C", AUTHORITY, "--now", LATER][..], &run].concat())
}

#[test]
fn a_copy_is_made_and_signs_before_the_ceremony_ends() {
    let world = promised();
    let due = world.run(&["-C", AUTHORITY, "--now", GENESIS, "status"]).ok().stdout;
    assert!(due.contains("prove that a copy of the root's token signs"), "{due}");
    assert!(due.contains("no copy was ever proved"), "{due}");
    let before = world.intents();
    let shown = world.run(&BACKUP).ok().stderr;
    for wanted in ["A copy of the root's token", "none: it is new", "proved by nothing yet", "The key backup lives"] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    assert_eq!(world.intents(), before, "a certificate or a CRL was signed");
    let root = "authority/public/root-cert.pem";
    let verified = world.run(&["log", "verify", AUTHORITY, "--root", root, "--at-rest"]).ok().stdout;
    assert!(verified.contains("consistent and authenticated"), "{verified}");
    let status = world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    assert!(status.contains("  key backup   B1, safe in Bonn, proved 2026-11-22\n"), "{status}");
    assert!(!status.contains("no copy was ever proved"), "{status}");
    let record = world.run(&["-C", AUTHORITY, "--json", "ceremony", "record"]).ok().stdout;
    assert!(record.contains("the signature verifies") && record.contains("\"key_backup\": \"clone\""), "{record}");
    let names: Vec<_> = std::fs::read_dir(world.path("backup/tokens")).unwrap().collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn a_copy_of_before_a_rollover_is_none_of_the_newer_root() {
    let world = backed_up();
    let ended = world.roll_over_with(&[], "2026-11-23T09:00:00Z").ok();
    assert!(ended.stderr.contains("anchorite key-backup     no backup has the new root's key yet"), "{ended:?}");
    let status = || world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    assert!(status().contains("no copy with root 2 was ever proved"), "{}", status());
    let again: Vec<&str> =
        BACKUP.iter().map(|a| if a.starts_with("2026") { "2026-11-24T09:30:00Z" } else { a }).collect();
    world.run(&again).ok();
    assert!(!status().contains("was ever proved"), "{}", status());
}

#[test]
fn a_proof_verifies_with_stock_tools() {
    let world = backed_up();
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| entries.iter().find(|entry| entry["type"] == kind).unwrap();
    let (proving, proved) = (of("key_backup.proving"), of("key_backup.proved"));
    assert_eq!(proved["data"]["proving"], proving["seq"]);
    let nonce = proving["data"]["nonce"].as_str().unwrap();
    world.write("statement", format!("anchorite/prove/v1\n{}\n{nonce}", proving["log"].as_str().unwrap()));
    world.write("signature", BASE64.decode(proved["data"]["signature"].as_str().unwrap().as_bytes()).unwrap());
    let key = world.tool("openssl", &["x509", "-in", "authority/public/root-cert.pem", "-noout", "-pubkey"]).ok();
    world.write("root.pub", key.stdout);
    let verify = ["dgst", "-sha256", "-verify", "root.pub", "-signature", "signature", "statement"];
    assert!(world.tool("openssl", &verify).ok().stdout.contains("Verified OK"));
}

#[test]
fn it_is_the_copy_that_signs_and_not_the_original() {
    let world = backed_up();
    for object in objects(&world, "backup/tokens") {
        std::fs::remove_file(object).unwrap();
    }
    let said = drill(&world).error();
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.starts_with("error: the copy does not hold the root key: saw no key with the id"), "{said}");
    assert!(plain.contains("Nothing was signed.") && plain.ends_with("exit 20"), "{said}");
    // The original is open again and the session closed; a new copy in its place lives.
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    let again = BACKUP.map(|word| if word.starts_with("2026") { "2026-12-02T09:00:00Z" } else { word });
    let shown = world.run(&again).ok().stderr;
    assert!(shown.contains("in place of  the one of 2026-11-22T09:30:00Z"), "{shown}");
}

#[test]
fn a_drill_proves_the_copy_again_or_says_that_there_was_none() {
    let world = backed_up();
    let shown = drill(&world).ok().stderr;
    assert!(shown.contains("The key backup lives"), "{shown}");
    let status = world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    assert!(status.contains("B1, safe in Bonn, proved 2026-12-01"), "{status}");

    world.write("authority/local.toml", "");
    let shown = drill(&world).ok().stderr;
    let plain = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains("No key backup is proved: local.toml of this copy names no [backup.token]."), "{shown}");

    let world = World::ready();
    let plain = drill(&world).ok().stderr;
    assert!(plain.contains("No key backup is proved: [key_backup] mode = \"none\"."), "{plain}");
}

#[test]
fn an_audit_key_on_another_token_is_opened_again_too() {
    let world = World::new();
    let config = promising("test") + "[audit.token]\nprofile = \"softhsm2\"\n";
    world.configure(&config);
    names_medium(&world);
    world.secret("audit-pin", "55555555");
    let so = ["--init-token", "--free", "--label", "audit", "--so-pin", "87654321", "--pin", "55555555"];
    world.tool("softhsm2-util", &so).ok();
    let reviewed = format!("sha256:{}", world.sha256("authority/authority.toml"));
    let answers =
        format!("{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", answers);
    world.run(&[&CREATE[..], &["--audit-pin-file", "audit-pin"]].concat()).ok();
    world.run(&[&BACKUP[..], &["--audit-pin-file", "audit-pin"]].concat()).ok();
    let names: Vec<_> = std::fs::read_dir(world.path("backup/tokens")).unwrap().collect();
    assert_eq!(names.len(), 1, "the audit key's token is not the root's to copy");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}
