//! The experiment with ML-DSA-65: what every build refuses, what only a build without it refuses. What a build with it
//! does is in `experiment`, which `softhsm-test/ml-dsa.sh` runs.

use crate::cacerts::pki::Pki;
use crate::support::{AUTHORITY, SIGN, World};

const ROOT: &str = include_str!("fixtures/ml-dsa/root.pem");
const INTERMEDIATE: &str = include_str!("fixtures/ml-dsa/intermediate.pem");
const KEY: &str = include_str!("fixtures/ml-dsa/intermediate.key");
const REQUEST: &str = include_str!("fixtures/ml-dsa/request.pem");

#[test]
fn a_request_with_an_ml_dsa_key_is_refused_by_name() {
    let world = World::ready();
    world.write("requests/cluster1.csr", REQUEST);
    let inspected = world.run(&["inspect", "request", "requests/cluster1.csr"]);
    assert_eq!(inspected.code, Some(10), "{}", inspected.refusal());
    let said = inspected.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("ML-DSA-65, which only an experimental root has"), "{}", inspected.stdout);
    let sha256 = world.sha256("requests/cluster1.csr");
    world.write("answers.toml", world.signing_answers(&[], &[("cluster1", &sha256)]));
    let before = world.intents();
    let refused = world.run(&SIGN);
    assert_eq!(refused.code, Some(10), "{}", refused.refusal());
    assert_eq!(world.intents(), before);
}

#[test]
fn a_mesh_is_told_that_it_does_not_take_what_an_ml_dsa_root_signed() {
    let pki = Pki::new();
    pki.files("ml", INTERMEDIATE, KEY, &format!("{INTERMEDIATE}{ROOT}"), ROOT);
    let said = pki.inspect(&["ml"]);
    assert_eq!((said.answers(0).as_str(), said.code), ("nynn", Some(10)));
    assert!(said.ids().contains(&"consumer.certificate.ml-dsa"), "{:?}", said.ids());
    assert!(said.report.to_string().contains("a mesh needs one with ECDSA or RSA"));
}

#[cfg(not(feature = "ml-dsa"))]
#[test]
fn a_build_without_the_experiment_says_that_it_has_none() {
    let world = World::new();
    world.configure(&crate::support::configuration("test", "ml-dsa-65"));
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        r#"
        error: authority.toml, line 10, column 7: ML-DSA-65 is experimental and not in
               this build: saw "ml-dsa-65", wanted rsa-2048, rsa-3072, rsa-4096,
               ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519
        exit 2
    "#,
    );
    world.refused(
        &["request", "cluster1", "--key", "ml-dsa-65"],
        r#"
        error: ML-DSA-65 is experimental and not in this build: saw "ml-dsa-65", wanted
               rsa-2048, rsa-3072, rsa-4096, ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519
        hint:  to try it: cargo build --release --features ml-dsa
        exit 2
    "#,
    );
    world.write("root.pem", ROOT);
    world.refused(
        &["inspect", "certificate", "root.pem", "--profile", "root"],
        "
        error: a public key of a kind that is not accepted: saw algorithm
               2.16.840.1.101.3.4.3.18, wanted RSA of 2048, 3072 or 4096 bits, ECDSA on
               a named curve P-256, P-384 or P-521, or Ed25519
        hint:  ML-DSA-65 is experimental and not in this build
        exit 10
    ",
    );
}

#[test]
fn the_stock_tools_say_which_openssl_an_ml_dsa_root_needs() {
    let world = World::ready();
    world.write("ml-dsa.pem", ROOT);
    if world.tool("openssl", &["x509", "-in", "ml-dsa.pem", "-noout", "-pubkey"]).code == Some(0) {
        eprintln!("SKIPPED: this openssl knows ML-DSA, so nobody is told which one is needed");
        return;
    }
    let tool = |name: &str| format!("{}/softhsm-test/{name}", env!("CARGO_MANIFEST_DIR"));
    let said = world.tool("bash", &[&tool("verify-with-stock-tools.sh"), AUTHORITY, "--root", "ml-dsa.pem"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.stderr.contains("ML-DSA-65 (experimental), which openssl knows from 3.5 on"), "{}", said.stderr);
    let said = world.tool("python3", &[&tool("check-log.py"), "authority/log", "ml-dsa.pem"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.stderr.contains("ML-DSA-65 (experimental), which openssl knows from 3.5 on"), "{}", said.stderr);
}
