//! What people read: the whole screen and the whole refusal, and that no rule is without its test.

use super::pki::{CA, INTERMEDIATE, P256, Pki};
use crate::support::assert_text;
use anchorite::consumer::{CONSUMER_RULES, RULES};

#[test]
fn a_screen_says_who_works_who_does_not_and_what_to_do() {
    let pki = Pki::new();
    pki.copy("broken");
    pki.world.write("broken/cert-chain.pem", pki.pem("root"));
    let output = pki.world.run(&["inspect", "cacerts", "broken"]);
    assert_text(
        &output.stdout,
        "
        CA files · broken does not work
          layout       istio   (ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem)
          intermediate O=Istio, CN=Intermediate CA, L=good
                       ECDSA P-256, until … sha256 …
          root         CN=Root CA
                       ECDSA P-256, until … sha256 …
          istiod       starts
          Envoy        no   (sidecars, gateways)
          ztunnel      no   (ambient; rustls-webpki on a leaf: UnknownIssuer)
          Go peers     no   (gRPC without a proxy)

          refuse       consumer.chain.first   (stops Envoy, ztunnel, Go peers)
            seen       first CN=Root CA
            wanted     O=Istio, CN=Intermediate CA, L=good
            then       istiod starts, and workloads send a chain without their issuer:
                       every peer rejects them
            to do      put it first: cat ca-cert.pem cert-chain.pem > chain.pem && mv
                       chain.pem cert-chain.pem
            source     measured: istiod (Istio 1.32 development), Envoy 1.40,
                       rustls-webpki with ztunnel's policy

        istiod reads these files when it starts, and watches them only if they were
        complete then: a Secret that was added or repaired later needs: kubectl -n
        istio-system rollout restart deployment/istiod
    ",
    );
    assert_text(
        &output.refusal(),
        "
        error: a mesh does not work with these files: saw 1 finding, wanted none that
               stops somebody
        hint:  begin with consumer.chain.first: put it first: cat ca-cert.pem
               cert-chain.pem > chain.pem && mv chain.pem cert-chain.pem
        exit 10
    ",
    );
}

#[test]
fn a_repair_that_the_screen_names_repairs() {
    let pki = Pki::new();
    pki.copy("broken");
    pki.world.write("broken/cert-chain.pem", pki.pem("root"));
    let repair = "cd broken && cat ca-cert.pem cert-chain.pem > chain.pem && mv chain.pem cert-chain.pem";
    pki.world.tool("sh", &["-c", repair]).ok();
    pki.says("broken", "yyyy", &[]);
    let encrypted = ["pkey", "-in", "good.key", "-aes128", "-passout", "pass:x", "-out", "broken/ca-key.pem"];
    pki.openssl(&encrypted);
    let repair = "cd broken && openssl pkey -passin pass:x -in ca-key.pem -out key.pem && mv key.pem ca-key.pem";
    pki.world.tool("sh", &["-c", repair]).ok();
    pki.says("broken", "yyyy", &[]);
}

#[test]
fn two_clusters_stand_on_one_screen() {
    let pki = Pki::new();
    pki.root("elsewhere", "/CN=Other Root", P256, CA, &[]);
    pki.issue("foreign", "/CN=Foreign CA", "elsewhere", INTERMEDIATE, &[]);
    pki.arrange("foreign", &["elsewhere"]);
    let output = pki.world.run(&["inspect", "cacerts", "good", "foreign"]);
    assert!(output.stdout.lines().all(|line| line.chars().count() <= 80), "{}", output.stdout);
    for part in ["CA files · good", "CA files · foreign", "Across these clusters", "foreign trusts no root of good"] {
        assert!(output.stdout.contains(part), "{}", output.stdout);
    }
}

#[test]
fn every_rule_about_consumers_is_tested_and_names_its_remedy() {
    let tests = [
        include_str!("certificates.rs"),
        include_str!("chains.rs"),
        include_str!("crls.rs"),
        include_str!("files.rs"),
        include_str!("layouts.rs"),
        include_str!("../ml_dsa.rs"),
        include_str!("../mesh_crl/traps.rs"),
    ];
    for rule in RULES {
        assert!(tests.iter().any(|test| test.contains(rule.id)), "no test of {}", rule.id);
        assert!(!rule.hint.is_empty() && !rule.source.is_empty());
    }
    assert_eq!(CONSUMER_RULES.len(), RULES.len());
    assert!(CONSUMER_RULES.iter().all(|rule| !rule.then.is_empty()));
}

#[test]
fn a_trust_domain_is_one_before_a_leaf_is_made_for_it() {
    Pki::new().world.refused(
        &["inspect", "cacerts", "good", "--trust-domain", "spiffe://mesh"],
        "
        error: not a trust domain: saw \"spiffe://mesh\", wanted 1 to 255 of a-z, 0-9, \".\",
               \"-\" and \"_\", for example cluster.local
        exit 2
    ",
    );
}
