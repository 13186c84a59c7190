//! `inspect certificate` and `inspect rules`: useful on anybody's files, with no authority at hand.

use crate::cross::old_root_and_cross;
use crate::present::ROOT;
use crate::support::{World, assert_text};
use serde_json::Value;

/// A world with a root, and an intermediate opened as `clusters/west`.
fn opened() -> World {
    let world = World::ready();
    let bundle = world.issued("west");
    let bundle = bundle.display().to_string();
    let open = ["--now", crate::support::SIGNING, "open", &bundle, "--into", "clusters/west", "--root", ROOT];
    world.run(&open).ok();
    world
}

#[test]
fn a_certificate_is_fit_for_its_own_profile_and_refused_for_another() {
    let world = opened();
    let root = world.run(&["inspect", "certificate", ROOT, "--profile", "root"]).ok();
    assert!(root.stdout.contains("As root"), "{}", root.stdout);
    assert!(root.stdout.contains("findings     0 refuse · 0 warn · 0 info"), "{}", root.stdout);
    let chain = "clusters/west/cert-chain.pem";
    let fit = world.run(&["inspect", "certificate", chain, "--profile", "istio", "--issuer", ROOT]).ok();
    assert!(!fit.stdout.contains("not known"), "{}", fit.stdout);
    let alone = world.run(&["inspect", "certificate", "clusters/west/ca-cert.pem", "--profile", "istio"]).ok();
    assert!(alone.stdout.contains("name it with --issuer FILE."), "{}", alone.stdout);

    let refused = world.run(&["inspect", "certificate", chain, "--profile", "spire", "--issuer", ROOT]);
    assert_text(
        &refused.error(),
        "
        error: the certificate is refused for spire by the rule certificate.path-length:
               saw path length 0, wanted path length 1
        hint:  set the profile's path length; under an issuer with path length 0 there
               can be no CA at all
        exit 10
    ",
    );
    let json = world.run(&["--json", "inspect", "certificate", chain, "--profile", "spire", "--issuer", ROOT]);
    assert_eq!(json.code, Some(10));
    let judged: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(judged["verdict"], "refused");
    assert_eq!(judged["findings"][0]["id"], "certificate.path-length");
    assert_eq!(judged["issuer_sha256"].as_str().map(str::len), Some(64));
}

#[test]
fn a_certificate_of_another_tool_is_told_what_to_change() {
    let world = World::new();
    let request =
        ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-keyout", "k.pem"];
    let options = ["-subj", "/CN=their root", "-days", "30", "-out", "root.pem", "-addext"];
    let usage = ["keyUsage = critical, keyCertSign, keyEncipherment"];
    world.tool("openssl", &[&request[..], &options, &usage].concat()).ok();
    let judged = world.run(&["inspect", "certificate", "root.pem", "--profile", "root"]);
    assert_text(
        &judged.error(),
        "
        error: the certificate is refused for root by the rule certificate.key-usage:
               saw critical true, keyEncipherment, keyCertSign, wanted critical,
               keyCertSign, cRLSign
        hint:  set keyUsage = critical, keyCertSign, cRLSign (Istio's Makefile adds
               keyEncipherment: leave it out)
        exit 10
    ",
    );
    // P-384 with SHA-256 is openssl's own choice, and nobody's mistake.
    assert!(judged.stdout.contains("findings     1 refuse · 0 warn · 0 info"), "{}", judged.stdout);
}

#[test]
fn a_cross_certificate_is_compared_with_the_new_root() {
    let world = World::ready();
    old_root_and_cross(&world);
    let ask = |files: &[&str]| {
        let ask = ["inspect", "certificate", "old/cross.pem", "--profile", "cross", "--issuer"];
        world.run(&[&ask[..], files].concat())
    };
    let both = ask(&["old/root-cert.pem", ROOT]).ok();
    assert!(both.stdout.contains("findings     0 refuse · 0 warn · 0 info"), "{}", both.stdout);
    assert!(!both.stdout.contains("not known"), "{}", both.stdout);
    let without = ask(&["old/root-cert.pem"]).ok().stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(without.contains("its key identifier was not compared"), "{without}");
    // The new root's own certificate is not the issuer, whatever its name is given as.
    let other = ask(&[ROOT]);
    assert_eq!(other.code, Some(10), "{}", other.stdout);
    assert!(other.stdout.contains("certificate.issuer ") && other.stdout.contains("certificate.signature "));
}

#[test]
fn what_cannot_be_judged_is_said() {
    let world = World::ready();
    world.refused(
        &["inspect", "certificate", ROOT, "--profile", "isto"],
        "
        error: no such profile: saw \"isto\", wanted istio, cert-manager, linkerd, spire,
               vault, subordinate, cross, root, audit
        hint:  did you mean \"istio\"?
        exit 2
    ",
    );
    world.write("empty.pem", "");
    world.refused(
        &["inspect", "certificate", "empty.pem", "--profile", "istio"],
        "
        error: no PEM block in the file: wanted -----BEGIN CERTIFICATE-----
        exit 30
    ",
    );
}

#[test]
fn the_table_of_rules_is_printed_whole() {
    let world = World::new();
    let table = world.run(&["inspect", "rules"]).ok().stdout;
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    let rows: Vec<Value> = serde_json::from_str(&world.run(&["--json", "inspect", "rules"]).ok().stdout).unwrap();
    for area in ["request", "policy", "certificate", "crl", "consumer"] {
        let of_area = rows.iter().filter(|row| row["area"] == area).count();
        assert!(of_area > 5, "{area}: {of_area}");
        assert!(table.contains(&format!("\n{area}: ")), "{table}");
    }
    assert!(rows.iter().all(|row| table.contains(row["id"].as_str().unwrap())));
    assert!(rows.iter().all(|row| row["source"].as_str().is_some_and(|source| !source.is_empty())));
}
