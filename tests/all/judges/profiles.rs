//! One certificate of each profile before every judge, a workload below it, and what is one CA too deep.

use super::{AUDIT, CLUSTER, CRL, ID, chain, judged, valid};
use crate::cross::old_root_and_cross;
use crate::present::{ROOT, authority, certified, founded, from_pypi};
use crate::support::{World, configuration};
use crate::workload::{CA, Workload, certify_ca, foreign_root};

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

/// An authority of istio clusters with one cluster of another profile. Everything it issued, and a workload as
/// many CAs below the cluster's as the profile says, is accepted by every judge; a workload one CA deeper by none.
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

/// An `authority.toml` in which `cluster1` chose a profile.
pub fn of_profile(profile: &str) -> String {
    let text = configuration("test", "ecdsa-p256");
    let offered = text.replace("profile = \"istio\"\n", &format!("profile = \"istio\"\nprofiles = [\"{profile}\"]\n"));
    format!("{offered}[clusters.cluster1]\nprofile = \"{profile}\"\n")
}

#[test]
fn constraints_on_names_bind_and_the_places_of_crl_and_issuer_are_said() {
    let settings = "crl_urls = [\"http://pki.example.com/root.crl\"]\n\
                    ca_issuers_urls = [\"http://pki.example.com/root.cer\"]\n\
                    [intermediates.name_constraints]\npermitted_dns = [\"svc\"]\n";
    let world = founded(&format!("{}{settings}", configuration("test", "ecdsa-p256")));
    certified(&world, &["cluster1"]);
    let text = text(&world);
    for said in ["Permitted:\n", "DNS:svc\n", "URI:http://pki.example.com/root.crl", "CA Issuers - URI:http://pki"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let inside = Workload::named(&world, CLUSTER, ID, Some("cart.shop.svc"));
    judged(&world.path(""), Some(CRL), ROOT, &[AUDIT, &chain(CLUSTER), inside.file()]).accepted();
    valid(&world, ROOT, inside.file()).unwrap();

    let outside = Workload::named(&world, CLUSTER, ID, Some("cart.example"));
    judged(&world.path(""), None, ROOT, &[outside.file()]).refused_by_all(outside.file());
    assert_eq!(valid(&world, ROOT, outside.file()), Err(webpki::Error::NameConstraintViolation));
}

/// pkilint is wrong about a constraint of one label; of what is no label at all it is right.
#[test]
fn a_constraint_that_is_no_domain_is_still_found_by_the_linter() {
    if from_pypi("lint_pkix_cert").is_none() {
        return;
    }
    let world = World::new();
    foreign_root(&world, "root");
    for (name, refused) in [("svc", false), ("sv_c", true), ("-svc", true), ("svc..local", true)] {
        certify_ca(&world, "root", "ca", &format!("{CA}nameConstraints=critical,permitted;DNS:{name}\n"));
        let verdicts = judged(&world.path(""), None, "root/root-cert.pem", &["ca/cert-chain.pem"]);
        assert_eq!(verdicts.refused.contains(&"pkilint: ca/cert-chain.pem".to_owned()), refused, "{}", verdicts.said);
    }
}

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

    // The new root's CRL is not the old one's.
    judged(&world.path(""), Some(CRL), OLD, &[]).refused_by_all(CRL);
    judged(&world.path(""), None, OLD, &[workload.file()]).refused_by_all(workload.file());
    assert_eq!(valid(&world, OLD, workload.file()), Err(webpki::Error::UnknownIssuer));
}
