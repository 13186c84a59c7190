//! What an old root issued and revoked is the authority's from the adoption on, and marked for good.

use super::*;
use serde_json::Value;

/// An adopted root that issued `a` and `b`, and revoked `b`.
pub fn adopted() -> World {
    let (world, token) = old_ca();
    for name in ["a", "b"] {
        old_issues(&world, name);
    }
    old_revokes(&world, "b", "superseded");
    old_crl(&world);
    adopt(&world, &token, &["--issued", "old/index.txt", "--issued", "old/newcerts", "--crl", "old/last.crl"]).ok();
    world
}

#[test]
fn an_adopted_root_goes_on_with_the_list_the_revocations_and_the_crl_numbers_of_before() {
    let world = adopted();
    let crl = world.tool("openssl", &["crl", "-in", "authority/public/root.crl", "-noout", "-text"]).ok().stdout;
    for wanted in
        ["X509v3 CRL Number: \n                6\n", "Serial Number: 1002", "Nov  1 00:00:00 2026 GMT", "Superseded"]
    {
        assert!(crl.contains(wanted), "{wanted} is not in\n{crl}");
    }
    assert!(!crl.contains("Serial Number: 1001"), "{crl}");
    let check = |name: &str| {
        let files = ["-CAfile", "old/root.pem", "-CRLfile", "authority/public/root.crl"];
        let certificate = format!("old/{name}.pem");
        let strict = ["verify", "-x509_strict", "-crl_check", "-attime", "1795340000"];
        world.tool("openssl", &[&strict[..], &files, &[&certificate]].concat())
    };
    check("a").ok();
    assert!(check("b").stderr.contains("certificate revoked"));
    assert_eq!(world.read("authority/public/root-cert.pem"), world.read("old/root.pem"));
    // Certificates that are at hand are published beside the authority's own.
    assert!(world.path("authority/issued/1001.pem").exists());
}

#[test]
fn the_history_before_the_adoption_is_marked_as_not_covered_wherever_people_read() {
    let world = adopted();
    let says = "History before entry 15 is not covered: the root was adopted";
    let spoken = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let status = ["-C", AUTHORITY, "--now", SIGNING, "status"];
    let verify = ["log", "verify", AUTHORITY, "--root", "old/root.pem", "--at-rest"];
    for command in [&status[..], &verify, &["-C", AUTHORITY, "root", "show"]] {
        let shown = world.run(command).ok().stdout;
        assert!(spoken(&shown).contains(says), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }
    assert!(world.run(&verify).ok().stdout.contains("consistent and authenticated"));
    assert!(spoken(&String::from_utf8(world.read("authority/public/root-card.txt")).unwrap()).contains(says));
    let record = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    for wanted in [says, "ADOPTED: it is older than this log", "adoption.token.born-outside", "the file is destroyed"] {
        assert!(record.contains(wanted), "{wanted} is not in the record");
    }
    let json: Value = serde_json::from_str(&world.run(&[&["--json"], &verify[..]].concat()).ok().stdout).unwrap();
    assert_eq!((&json["uncovered"]["of"], &json["uncovered"]["entry"]), (&"adoption".into(), &15.into()));
    // A log that saw everything is not marked.
    let ready = World::ready();
    let status = ready.run(&status).ok().stdout;
    assert!(!status.contains("not covered"), "{status}");
}

#[test]
fn a_list_alone_is_enough_and_what_only_the_crl_knows_is_revoked_until_the_root_ends() {
    let (world, token) = old_ca();
    for name in ["a", "b"] {
        old_issues(&world, name);
    }
    old_revokes(&world, "b", "keyCompromise");
    old_crl(&world);
    // The list lost the line of what was revoked.
    let index = String::from_utf8(world.read("old/index.txt")).unwrap();
    world.write(
        "old/index.txt",
        index.lines().filter(|l| !l.starts_with('R')).map(|l| format!("{l}\n")).collect::<String>(),
    );
    adopt(&world, &token, &["--issued", "old/index.txt", "--crl", "old/last.crl", "--crl-number", "41"]).ok();
    let crl = world.tool("openssl", &["crl", "-in", "authority/public/root.crl", "-noout", "-text"]).ok().stdout;
    assert!(crl.contains("Serial Number: 1002") && crl.contains("                42\n"), "{crl}");
    let json = world.run(&["--json", "-C", AUTHORITY, "--now", SIGNING, "status"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let certificates = json["certificates"].as_array().unwrap();
    let of = |serial: &str| certificates.iter().find(|c| c["serial"] == serial).unwrap();
    assert_eq!(of("1001")["what"], "imported");
    assert_eq!(of("1002")["not_after"], "2036-01-01T00:00:00Z");
}

#[test]
fn a_root_without_any_past_begins_with_crl_1() {
    let (world, token) = old_ca();
    adopt(&world, &token, &[]).ok();
    let crl = world.tool("openssl", &["crl", "-in", "authority/public/root.crl", "-noout", "-crlnumber"]).ok().stdout;
    assert_eq!(crl, "crlNumber=0x01\n");
}
