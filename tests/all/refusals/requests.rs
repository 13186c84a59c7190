//! Requests that are not what they should be.

use crate::support::{PLAIN_CSR, RECIPIENT, SIGN, SIGNING, World};

/// A founded world with a file on the stick, its answers saying that everything is fine.
pub fn with_file(name: &str, content: impl AsRef<[u8]>) -> World {
    let world = World::ready();
    let path = format!("requests/{name}");
    world.write(&path, content);
    let sha256 = world.sha256(&path);
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    world
}

pub fn der(pem: &str) -> Vec<u8> {
    anchorite::x509::pem::decode_one(pem.as_bytes(), "CERTIFICATE REQUEST").unwrap()
}

pub fn pem(der: &[u8]) -> String {
    anchorite::x509::pem::encode("CERTIFICATE REQUEST", der)
}

#[test]
fn a_request_whose_signature_is_wrong_proves_nothing() {
    let mut forged = der(PLAIN_CSR);
    *forged.last_mut().unwrap() ^= 1;
    let world = with_file("cluster2.csr", pem(&forged));
    world.stopped(
        &SIGN,
        "
        error: cluster2.csr is refused by the rule request.proof-of-possession: saw a
               signature does not verify, wanted a signature by the request's own key
        hint:  the file was changed, or the key is not the requester's: ask for a new
               request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
    world.write("forged.csr", pem(&forged));
    let shown = world.run(&["inspect", "request", "forged.csr"]);
    assert_eq!(shown.code, Some(10), "{shown:?}");
}

#[test]
fn a_package_that_was_altered_on_its_way_is_refused() {
    let world = World::ready();
    world.request("cluster1");
    let json = String::from_utf8(world.read("requests/cluster1/request.json")).unwrap();
    let altered = json.replace("\"cluster1\"", "\"cluster7\"");
    assert_ne!(json, altered);
    world.write("requests/cluster1/request.json", &altered);
    let sha256 = world.sha256("requests/cluster1/request.json");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.stopped(
        &SIGN,
        "
        error: cluster1 is refused by the rule request.package.signature: saw a
               signature does not verify, wanted a signature by the request's own key
        hint:  request.json was changed after it was signed, or the files are of two
               requests: ask for a new package
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
    world.write("requests/cluster1/request.json", &json[..json.len() / 2]);
    world.stopped(
        &SIGN,
        "
        error: cluster1 is refused by the rule request.package.form: saw request.json
               cannot be read: EOF while parsing a string at line 6 column …, wanted
               request.json as it was made
        hint:  ask for a new package: anchorite request NAME
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
    world.write("requests/cluster1/request.json", &json);
    std::fs::remove_file(world.path("requests/cluster1/request.sig")).unwrap();
    world.stopped(
        &SIGN,
        "
        error: cluster1 is refused by the rule request.package.whole: saw no
               cluster1/request.sig, wanted request.json and request.sig
        hint:  copy NAME/request.json and NAME/request.sig again, both
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_request_names_its_cluster_properly() {
    let world = World::new();
    world.refused(
        &["request", "Cluster_1"],
        r#"
        error: not a cluster name: saw "Cluster_1", wanted 1 to 63 of a-z, 0-9 and -, a
               letter or digit at both ends
        exit 2
    "#,
    );
    world.refused(
        &["request", "cluster1", "--key", "rsa-1024"],
        r#"
        error: no such kind of key: saw "rsa-1024", wanted rsa-2048, rsa-3072, rsa-4096,
               ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519
        exit 2
    "#,
    );
    world.refused(
        &["request", "cluster1", "--recipient", "age1nonsense"],
        "
        error: this age recipient does not read: it is mistyped or cut: saw
               age1nonsense, wanted age1… or age1tag1…
        hint:  copy it again, whole
        exit 2
    ",
    );
    world.run(&["--now", SIGNING, "request", "cluster1", "--recipient", RECIPIENT]).ok();
    world.refused(
        &["--now", SIGNING, "request", "cluster1"],
        "
        error: ./cluster1 is already there, and is not the same
        hint:  nothing is ever overwritten: move it away, or write to another directory
        ./cluster1 is as it was.
        exit 30
    ",
    );
}

#[test]
fn a_request_for_the_kind_of_key_that_policy_leaves_out_is_refused() {
    let world = World::ready();
    world
        .tool(
            "openssl",
            &[
                "req",
                "-new",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-keyout",
                "key.pem",
                "-subj",
                "/CN=x",
                "-out",
                "requests/cluster2.csr",
            ],
        )
        .ok();
    let sha256 = world.sha256("requests/cluster2.csr");
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    world.stopped(
        &SIGN,
        "
        error: cluster2.csr is refused by the rule request.key.rsa-size: saw RSA of 2048
               bits, wanted RSA-3072, RSA-4096
        hint:  make a key of 3072 or 4096 bits, or one on P-256
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_plain_request_is_for_a_trust_domain_that_is_one() {
    let world = World::ready();
    let plain = world.plain_request("cluster1");
    let answers = world.signing_answers(&[], &[("cluster1", &plain)]);
    world.write("answers.toml", answers.replace("\"cluster.local\"", "\"Spiffe://x y\\u001b[31m\""));
    world.stopped(
        &SIGN,
        r#"
        error: not a trust domain: saw "Spiffe://x y\u{1b}[31m", wanted 1 to 255 of a-z,
               0-9, ".", "-" and "_", for example cluster.local
        Nothing was signed.
        exit 2
    "#,
    );
}
