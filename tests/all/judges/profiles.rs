//! One certificate of each profile before every judge, a workload below it, and what is one CA too deep.

use super::{AUDIT, CLUSTER, CRL, ID, chain, judged, valid};
use crate::cross::old_root_and_cross;
use crate::present::{ROOT, authority, certified, founded};
use crate::support::{World, configuration};
use crate::workload::{CA, Workload, certify_ca};

/// The root of another, older authority.
const OLD: &str = "old/root-cert.pem";

#[test]
fn istio() {
    let world = carries("istio", 0);
    assert!(text(&world).contains("DNS:istiod.istio-system.svc"));
}

#[test]
fn cert_manager() {
    carries("cert-manager", 0);
}

#[test]
fn linkerd() {
    let text = text(&carries("linkerd", 0));
    // Its proxy verifies nothing else.
    assert!(text.contains("ASN1 OID: prime256v1") && text.contains("Signature Algorithm: ecdsa-with-SHA256"), "{text}");
}

#[test]
fn spire_which_issues_a_ca_below_itself() {
    carries("spire", 1);
}

#[test]
fn vault() {
    carries("vault", 0);
}

#[test]
fn subordinate() {
    carries("subordinate", 1);
}

/// An authority with one cluster of a profile. Everything it issued, and a workload as many CAs below the
/// cluster's as the profile says, is accepted by every judge; a workload one CA deeper by none.
fn carries(profile: &str, levels: usize) -> World {
    let world = founded(&of_profile(profile));
    certified(&world, &["cluster1"]);
    let mut ca = CLUSTER.to_owned();
    for level in 1..=levels {
        let below = format!("clusters/below-{level}");
        certify_ca(&world, &ca, &below, CA);
        ca = below;
    }
    let workload = Workload::under(&world, &ca, ID);
    judged(&world.path(""), Some(CRL), ROOT, &[AUDIT, &chain(CLUSTER), workload.file()]).accepted();
    valid(&world, ROOT, workload.file()).unwrap();

    certify_ca(&world, &ca, "clusters/too-deep", CA);
    let workload = Workload::under(&world, "clusters/too-deep", ID);
    judged(&world.path(""), None, ROOT, &[workload.file()]).refused_by_all(workload.file());
    assert_eq!(valid(&world, ROOT, workload.file()), Err(webpki::Error::PathLenConstraintViolated));
    world
}

/// An `authority.toml` whose clusters are of a profile.
pub fn of_profile(profile: &str) -> String {
    let text = configuration("test", "ecdsa-p256").replace("profile = \"istio\"", &format!("profile = \"{profile}\""));
    if profile == "linkerd" { text.replace(KEYS, "keys = [\"ecdsa-p256\"]") } else { text }
}

const KEYS: &str = "keys = [\"rsa-3072\", \"rsa-4096\", \"ecdsa-p256\", \"ecdsa-p384\"]";

fn text(world: &World) -> String {
    world.tool("openssl", &["x509", "-noout", "-text", "-in", &format!("{CLUSTER}/ca-cert.pem")]).ok().stdout
}

#[test]
fn a_cross_certificate_leads_from_the_old_root_to_what_the_new_one_issued() {
    let world = authority("ecdsa-p256");
    certified(&world, &["cluster1"]);
    old_root_and_cross(&world);
    // The same workload, by the new root and, with the cross certificate in its place, by the old one.
    let workload = Workload::under(&world, CLUSTER, ID);
    let leaf = world.read(workload.chain.with_file_name("cert.pem"));
    let intermediate = world.read(format!("{CLUSTER}/ca-cert.pem"));
    world.write("chain.pem", [leaf, intermediate, world.read("old/cross.pem")].concat());
    judged(&world.path(""), None, OLD, &["old/cross.pem", "chain.pem"]).accepted();
    judged(&world.path(""), None, ROOT, &["chain.pem"]).accepted();
    for root in [OLD, ROOT] {
        valid(&world, root, "chain.pem").unwrap();
    }

    judged(&world.path(""), None, OLD, &[workload.file()]).refused_by_all(workload.file());
    assert_eq!(valid(&world, OLD, workload.file()), Err(webpki::Error::UnknownIssuer));
}
