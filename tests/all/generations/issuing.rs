//! Which root issues when there are two.

use super::{certificates, public};
use crate::support::{AFTER, AUTHORITY, World};

fn issuer(world: &World, serial: &str) -> String {
    let file = format!("authority/issued/{serial}.pem");
    world.tool("openssl", &["x509", "-noout", "-issuer", "-in", &file]).ok().stdout
}

fn newest(world: &World, cluster: &str) -> (String, u64) {
    let json = world.run(&["-C", AUTHORITY, "--json", "--now", AFTER, "status"]).ok().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let own = json["certificates"].as_array().unwrap().iter().filter(|c| c["cluster"] == cluster);
    let newest = own.max_by_key(|c| c["generation"].as_u64()).unwrap();
    (newest["serial"].as_str().unwrap().to_owned(), newest["issuer_generation"].as_u64().unwrap())
}

#[test]
fn the_newest_root_issues_unless_an_older_one_is_named() {
    let (world, ..) = World::two_generations(true);
    let (serial, by) = newest(&world, "new");
    assert_eq!(by, 2);
    assert!(issuer(&world, &serial).contains("World Mesh Root CA G2"));
    world.issued_at("late", AFTER, &["--issuer-generation", "1"]);
    let (serial, by) = newest(&world, "late");
    assert_eq!(by, 1);
    assert!(!issuer(&world, &serial).contains("G2"));

    let _ = std::fs::remove_dir_all(world.path("requests"));
    let sha256 = world.request("never");
    let answers = world.signing_answers(&[&sha256], &[]);
    insta::assert_snapshot!(world.sign_at(&answers, AFTER, &["--issuer-generation", "3"]).error(), @r"
    error: no current root has this generation: saw 3, wanted 1, 2
    hint:  anchorite status lists the roots
    Nothing was signed.
    exit 2
    ");
}

#[test]
fn a_renewal_under_another_root_says_that_it_is_a_rollover() {
    let world = World::ready();
    world.issued("cluster1");
    world.roll_over(true).ok();
    // A new key for the same cluster, without the previous key's signature: the reason is given.
    std::fs::remove_dir_all(world.path("clusters/cluster1")).unwrap();
    let _ = std::fs::remove_dir_all(world.path("requests"));
    let sha256 = world.request("cluster1");
    let answers = crate::support::with_reason(&world.signing_answers(&[&sha256], &[]));
    let signed = world.sign_at(&answers, AFTER, &[]).ok();
    let screen = signed.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        screen.contains("root: was generation 1, is generation 2: this is a rollover, not a hot reload"),
        "{}",
        signed.stderr
    );
}

#[test]
fn a_bundle_under_the_new_root_brings_both_roots_both_crls_and_the_crossing() {
    let (world, _, new) = World::two_generations(true);
    let pin = ["--root", "authority/public/root-g1.pem"];
    let bundle = new.display().to_string();
    world.run(&[&["--now", AFTER, "open", &bundle, "--into", "clusters/new"], &pin[..]].concat()).ok();
    let chain = certificates(&world, "clusters/new/cert-chain.pem");
    let (cross, root) = (public(&world, "cross-g2-by-g1.pem"), public(&world, "root-g2.pem"));
    assert_eq!(chain[1..], [cross, root], "intermediate, root 2 by root 1, root 2");
    let text = String::from_utf8(world.read("clusters/new/root.crl")).unwrap();
    assert_eq!(text, public(&world, "root.crl"));
    assert_eq!(certificates(&world, "clusters/new/cross.pem").len(), 2);
    // What istiod and its proxies would say of these files.
    let inspected = world.run(&["--now", AFTER, "inspect", "cacerts", "clusters/new"]);
    assert_eq!(inspected.code, Some(0), "{}{}", inspected.stdout, inspected.stderr);
}
