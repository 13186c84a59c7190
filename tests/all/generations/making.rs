//! `root rollover`: what it makes, what stays, and what it refuses.

use super::{certificates, public};
use crate::support::{AFTER, AUTHORITY, World};

#[test]
fn a_rollover_makes_the_next_root_with_its_audit_key_and_either_root_verifies_the_log() {
    let (world, ..) = World::two_generations(true);
    let (first, second) = (public(&world, "root-g1.pem"), public(&world, "root-g2.pem"));
    assert_eq!(public(&world, "root-cert.pem"), format!("{first}{second}"), "the old root stays first");
    assert_eq!(public(&world, "root.crl"), public(&world, "root-g1.crl") + &public(&world, "root-g2.crl"));
    assert_eq!(public(&world, "root-card.txt"), public(&world, "root-card-g2.txt"));
    let subject = |file: &str| {
        let file = format!("authority/public/{file}");
        world.tool("openssl", &["x509", "-noout", "-subject", "-issuer", "-in", &file]).ok().stdout
    };
    assert!(subject("root-g2.pem").contains("World Mesh Root CA G2"), "{}", subject("root-g2.pem"));
    for (subject_of, by) in [(2, 1), (1, 2)] {
        let cross = format!("authority/public/cross-g{subject_of}-by-g{by}.pem");
        let root = format!("authority/public/root-g{by}.pem");
        world.tool("openssl", &["verify", "-x509_strict", "-no_check_time", "-CAfile", &root, &cross]).ok();
    }
    // The new audit key is certified by both roots, the old root's certificate first; the old key by the old one.
    assert_eq!(certificates(&world, "authority/log/audit/1.pem").len(), 1);
    assert_eq!(world.read("authority/log/audit/2.pem"), world.read("authority/public/audit-cert.pem"));
    let of_audit = certificates(&world, "authority/log/audit/2.pem");
    for (certificate, by) in of_audit.iter().zip([1, 2]) {
        world.write("one.pem", certificate);
        let root = format!("authority/public/root-g{by}.pem");
        world.tool("openssl", &["verify", "-x509_strict", "-no_check_time", "-CAfile", &root, "one.pem"]).ok();
    }
    assert_eq!(of_audit.len(), 2);
    for root in ["root-g1.pem", "root-g2.pem", "root-cert.pem"] {
        let root = format!("authority/public/{root}");
        let out = world.run(&["log", "verify", AUTHORITY, "--root", &root, "--at-rest"]).ok();
        assert!(out.stdout.contains("consistent and authenticated"), "{}", out.stdout);
    }
    let python = format!("{}/softhsm-test/check-log.py", env!("CARGO_MANIFEST_DIR"));
    world.tool("python3", &[python.as_str(), "authority/log"]).ok();
}

#[test]
fn without_cross_certificates_either_root_verifies_the_log_by_the_statement_of_both_audit_keys() {
    let (world, ..) = World::two_generations(false);
    assert!(!world.path("authority/public/cross-g2-by-g1.pem").exists());
    for generation in [1, 2] {
        let root = format!("authority/public/root-g{generation}.pem");
        let out = world.run(&["log", "verify", AUTHORITY, "--root", &root, "--at-rest"]).ok();
        assert!(out.stdout.contains("consistent and authenticated"), "{}", out.stdout);
    }
}

#[test]
fn the_status_says_whose_everything_is() {
    let (world, ..) = World::two_generations(true);
    let status = world.run(&["-C", AUTHORITY, "--now", AFTER, "status"]).ok().stdout;
    for said in [
        "root 1 ",
        "root 2 ",
        "root 2 by root 1 ",
        "root 1 by root 2 ",
        "audit  by root 2 ",
        "old · 1  by root 1 ",
        "new · 1  by root 2 ",
    ] {
        assert!(status.contains(said), "{said}\n{status}");
    }
    // Screens fold at 80 columns.
    let folded = status.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["CRL of root 1", "CRL of root 2", "issue the CRL after number 1 of root generation 1"] {
        assert!(folded.contains(said), "{said}\n{status}");
    }
    assert!(!status.contains("certify a new audit key"), "{status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
    let json = world.run(&["-C", AUTHORITY, "--json", "--now", AFTER, "status"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["crls"].as_array().unwrap().len(), 2);
}

#[test]
fn a_rollover_is_not_held_twice_by_accident() {
    let world = World::ready();
    world.roll_over(false).ok();
    insta::assert_snapshot!(world.roll_over_with(&[], AFTER).error(), @r"
    error: a rollover was held already: saw 2 current roots, the newest of
           generation 2
    hint:  to make one more all the same: anchorite root rollover --generation 3
    hint:  meshes move to the newest with: anchorite sign, after every cluster
           trusts both
    Nothing was changed.
    exit 2
    ");
    insta::assert_snapshot!(world.roll_over_with(&["--generation", "2"], AFTER).error(), @r"
    error: that root is there already: saw generation 2, wanted generation 3
    hint:  anchorite root show --generation N shows its card
    Nothing was changed.
    exit 2
    ");
    insta::assert_snapshot!(world.roll_over_with(&["--generation", "4"], AFTER).error(), @r"
    error: generations of roots have no gaps: saw generation 4, wanted generation 3
    Nothing was changed.
    exit 2
    ");
    let again = world.roll_over_with(&["--generation", "2", "--if-needed", "--json"], AFTER).ok().stdout;
    assert!(again.contains("\"changed\":false") || again.contains("\"changed\": false"), "{again}");
    world.roll_over_with(&["--generation", "3"], AFTER).ok();
    assert_eq!(certificates(&world, "authority/public/root-cert.pem").len(), 3);
    assert_eq!(certificates(&world, "authority/log/audit/3.pem").len(), 3);
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-g1.pem", "--at-rest"]).ok();
    insta::assert_snapshot!(world.run(&["-C", AUTHORITY, "root", "show", "--generation", "5"]).error(), @r"
    error: no root has this generation: saw 5, wanted 1, 2, 3
    exit 2
    ");
}

#[test]
fn the_record_of_a_rollover_says_that_the_log_passed_to_another_key() {
    let world = World::ready();
    world.roll_over(true).ok();
    let record = world.run(&["-C", AUTHORITY, "--json", "ceremony", "record"]).ok().stdout;
    assert!(record.contains("The log passed to audit key 2"), "{record}");
    assert!(record.contains("by which one root vouches for another"), "{record}");
    let shown = world.run(&["-C", AUTHORITY, "log", "show"]).ok().stdout;
    assert!(shown.contains("the log passes to audit key 2"), "{shown}");
}

#[test]
fn an_answer_that_declines_the_new_root_signs_nothing_of_it() {
    let world = World::ready();
    let reviewed = world.sha256("authority/authority.toml");
    let answers =
        format!("{}[review]\n\"sha256:{reviewed}\" = {{ decline = \"not today\" }}\n", crate::support::PARTICIPANTS);
    world.write("answers-rollover.toml", answers);
    let command = ["-C", AUTHORITY, "--now", AFTER, "root", "rollover", "--pin-file", "pin"];
    let refused = world.run(&[&command[..], &["--answers", "answers-rollover.toml"]].concat());
    assert_eq!(refused.code, Some(11), "{}", refused.stderr);
    assert!(refused.stderr.contains("Nothing was signed."), "{}", refused.stderr);
    // The keys are there; the same command plans and reviews again.
    world.roll_over_with(&[], "2026-11-21T13:00:00Z").ok();
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-g2.pem", "--at-rest"]).ok();
}

#[test]
fn a_rollover_may_name_another_kind_of_root_key_and_nothing_else_may() {
    let world = World::ready();
    let text = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    world.configure(&text.replace("key = \"ecdsa-p256\"", "key = \"ecdsa-p384\""));
    let digest = world.sha256("authority/authority.toml");
    let answers = format!(
        "{}[config]\n\"sha256:{digest}\" = \"adopt\"\n[review]\n\"sha256:{digest}\" = \"approve\"\n",
        crate::support::PARTICIPANTS
    );
    let sha256 = world.request("cluster1");
    let signing = world
        .signing_answers(&[&sha256], &[])
        .replace("[review]", &format!("[config]\n\"sha256:{digest}\" = \"adopt\"\n[review]"));
    let refused = world.sign(&signing);
    assert!(refused.stderr.contains("[root] key was fixed"), "{}", refused.stderr);
    world.write("answers-rollover.toml", answers);
    let command = ["-C", AUTHORITY, "--now", AFTER, "root", "rollover", "--cross", "--pin-file", "pin"];
    world.run(&[&command[..], &["--answers", "answers-rollover.toml"]].concat()).ok();
    let text = world.tool("openssl", &["x509", "-noout", "-text", "-in", "authority/public/root-g2.pem"]).ok().stdout;
    assert!(text.contains("secp384r1"), "{text}");
}
