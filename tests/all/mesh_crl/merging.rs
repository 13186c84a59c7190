//! `mesh-crl merge`: every CA's newest CRL exactly once, and nothing left out unsaid.

use super::mesh::{Mesh, Says, flat, number};
use serde_json::Value;

fn names(holds: &[(String, u64)]) -> Vec<&str> {
    holds.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn every_ca_of_every_cluster_gets_its_newest_crl_exactly_once() {
    let mesh = Mesh::new();
    mesh.crl_file("root.crl", "root", &number(8));
    let said = mesh.merge(&["west", "east", "root.crl"]).ok();
    let holds = mesh.holds("all.pem");
    assert_eq!(names(&holds), ["east", "west", "Root CA"]);
    assert_eq!(holds[2].1, 8, "the newest, not the clusters' 7");
    let text = format!("{}{}", said.stdout, said.stderr);
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let text = flat(&text);
    assert!(text.contains("All mTLS under CN=Root CA stops at"), "{text}");
    assert!(text.contains("wrote all.pem next copy it as ca-crl.pem"), "{text}");
    assert!(text.contains("Istio reads ca-crl.pem from 1.27 on, ztunnel from 1.29 on"), "{text}");
    // The same again is the same file; what each cluster makes of it is good.
    let before = mesh.text("all.pem");
    mesh.merge(&["root.crl", "east", "west"]).ok();
    assert_eq!(mesh.text("all.pem"), before);
    for cluster in ["west", "east"] {
        mesh.pki.world.write(format!("{cluster}/ca-crl.pem"), &before);
    }
    assert_eq!(mesh.pki.inspect(&["west", "east"]).code, Some(0));
}

#[test]
fn crls_come_in_der_as_well_and_the_file_may_be_a_clusters_own() {
    let mesh = Mesh::new();
    mesh.crl_file("root.pem.crl", "root", &number(9));
    mesh.pki.openssl(&["crl", "-in", "root.pem.crl", "-outform", "DER", "-out", "root.der"]);
    let report = mesh.run(&["--json", "mesh-crl", "merge", "--into", "west", "west", "east", "root.der"]).ok().stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["file"], "west/ca-crl.pem");
    assert_eq!(report["crls"][2]["number"], 9);
    assert_eq!(report["crls"][2]["from"], "root.der");
    assert_eq!(names(&mesh.holds("west/ca-crl.pem")), ["east", "west", "Root CA"]);
    // A merged file stays merged when its cluster's own CRL is made anew.
    mesh.run(&["mesh-crl", "renew", "west"]).ok();
    assert_eq!(names(&mesh.holds("west/ca-crl.pem")), ["west", "east", "Root CA"]);
}

#[test]
fn a_clusters_directory_may_be_behind_the_file_that_is_there() {
    let mesh = Mesh::new();
    mesh.crl_file("root.crl", "root", &number(8));
    mesh.merge(&["west", "east", "root.crl"]).ok();
    // The clusters still have the root's number 7.
    mesh.merge(&["west", "east"]).ok();
    assert_eq!(mesh.holds("all.pem")[2].1, 8);
}

#[test]
fn a_revoked_intermediate_is_said_and_needs_no_crl_of_its_own() {
    let mesh = Mesh::new();
    mesh.crl_file("root.crl", "root", &Says { revoked: &["west"], ..number(8) });
    std::fs::remove_file(mesh.pki.world.path("west/ca-crl.pem")).unwrap();
    let said = flat(&mesh.merge(&["west", "east", "root.crl"]).ok().stderr);
    assert!(
        said.contains("revoked: O=Istio, CN=Intermediate CA, L=west: every workload under it is rejected"),
        "{said}"
    );
    assert_eq!(names(&mesh.holds("all.pem")), ["east", "Root CA"]);
}

#[test]
fn what_nobody_uses_any_more_is_left_out_and_said() {
    let mesh = Mesh::new();
    // A CA that has expired, and a CRL of one that is not given at all and has expired itself.
    mesh.pki.special("gone", crate::cacerts::pki::INTERMEDIATE, &["-days", "40"]);
    mesh.run(&["mesh-crl", "renew", "gone"]);
    let ended = mesh.crl("gone", &number(3));
    mesh.pki.special("stranger", crate::cacerts::pki::INTERMEDIATE, &[]);
    let other = mesh.crl("stranger", &Says { days: [-30, 20], ..number(3) });
    mesh.pki.world.write("west/ca-crl.pem", format!("{}{ended}{other}", mesh.text("west/ca-crl.pem")));
    let later = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 50)).to_string();
    mesh.crl_file("root.crl", "root", &Says { days: [0, 90], ..number(8) });
    let merge = ["--now", &later, "mesh-crl", "merge", "--into", "all.pem", "west", "east", "gone", "root.crl"];
    let said = flat(&mesh.run(&merge).ok().stderr);
    assert!(said.contains("left out: the CRL of O=Istio, CN=Intermediate CA, L=gone: the CA has expired."), "{said}");
    assert!(said.contains("L=stranger: expired, and no certificate of this CA was given."), "{said}");
    assert_eq!(names(&mesh.holds("all.pem")), ["east", "west", "Root CA"]);
}

#[test]
fn a_cluster_that_is_gone_for_good_is_left_out_by_its_name() {
    let mesh = Mesh::new();
    mesh.merge(&["west", "east"]).ok();
    mesh.pki.world.write("west/ca-crl.pem", mesh.text("all.pem"));
    mesh.refuses(&["west"], &["L=east, wanted a CRL of a CA that is given", "anchorite mesh-crl merge --gone NAME"]);
    let said = flat(&mesh.merge(&["west", "--gone", "east"]).ok().stderr);
    assert!(said.contains("left out: the CRL of O=Istio, CN=Intermediate CA, L=east: the cluster is gone."), "{said}");
    assert_eq!(names(&mesh.holds("all.pem")), ["west", "Root CA"]);
    // A CA that is given is none that is gone.
    mesh.merge(&["west", "east", "--gone", "east", "--gone", "Root CA"]).ok();
    assert_eq!(names(&mesh.holds("all.pem")), ["east", "west", "Root CA"]);
}

#[test]
fn a_crl_that_ends_soon_is_merged_with_a_warning_that_has_the_minute() {
    let mesh = Mesh::new();
    mesh.crl_file("root.crl", "root", &Says { days: [-1, 9], ..number(8) });
    let said = flat(&mesh.merge(&["west", "east", "root.crl"]).ok().stderr);
    assert!(said.contains("consumer.crl.near-end: all mTLS under CN=Root CA stops at 20"), "{said}");
    assert!(said.contains("a root's: its authority makes a newer one"), "{said}");
}

#[test]
fn the_layout_in_which_istiod_ignores_crls_is_warned_about() {
    let mesh = Mesh::new();
    for (from, to) in [("cert-chain.pem", "tls.crt"), ("root-cert.pem", "ca.crt")] {
        let bytes = mesh.pki.world.read(format!("west/{from}"));
        mesh.pki.world.write(format!("west/{to}"), bytes);
    }
    let said = flat(&mesh.merge(&["west", "east"]).ok().stderr);
    assert!(said.contains("consumer.crl.ignored: west: tls.crt; istiod ignores CRLs in the layout tls.crt"), "{said}");
}
