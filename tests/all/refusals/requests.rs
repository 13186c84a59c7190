//! Requests that are not what they should be.

use crate::support::{PLAIN_CSR, RECIPIENT, SIGN, SIGNING, World};

/// A founded world with a file on the stick, its answers saying that everything is fine.
fn with_file(name: &str, content: impl AsRef<[u8]>) -> World {
    let world = World::ready();
    let path = format!("requests/{name}");
    world.write(&path, content);
    let sha256 = world.sha256(&path);
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    world
}

fn der(pem: &str) -> Vec<u8> {
    anchorite::x509::pem::decode_one(pem.as_bytes(), "CERTIFICATE REQUEST").unwrap()
}

fn pem(der: &[u8]) -> String {
    anchorite::x509::pem::encode("CERTIFICATE REQUEST", der)
}

#[test]
fn a_file_that_is_no_request_is_refused() {
    with_file("cluster2.csr", "good morning\n").stopped(
        &SIGN,
        "
        error: cluster2.csr: no PEM block in the file: wanted -----BEGIN CERTIFICATE
               REQUEST-----
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
    with_file("cluster2.csr", "").stopped(
        &SIGN,
        "
        error: cluster2.csr: no PEM block in the file: wanted -----BEGIN CERTIFICATE
               REQUEST-----
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
    with_file("cluster2.csr", PLAIN_CSR.replace("CERTIFICATE REQUEST", "CERTIFICATE")).stopped(
        &SIGN,
        "
        error: cluster2.csr: another kind of PEM block: saw CERTIFICATE, wanted
               CERTIFICATE REQUEST
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_request_that_is_cut_short_is_refused() {
    let whole = der(PLAIN_CSR);
    with_file("cluster2.csr", pem(&whole[..whole.len() - 9])).stopped(
        &SIGN,
        "
        error: cluster2.csr: not DER: a structure is cut short
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_request_that_is_too_large_is_not_read() {
    with_file("cluster2.csr", vec![b'A'; 64 * 1024 + 1]).stopped(
        &SIGN,
        "
        error: requests/cluster2.csr is too large: saw 65537 bytes, wanted at most 65536
               bytes
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
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
fn terminal_escapes_in_a_subject_reach_no_terminal() {
    let world = World::ready();
    let subject = "/CN=cluster2\u{1b}[2J\u{1b}[31mAPPROVED\u{202e}";
    world
        .tool(
            "openssl",
            &[
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-utf8",
                "-keyout",
                "key.pem",
                "-subj",
                subject,
                "-out",
                "requests/cluster2.csr",
            ],
        )
        .ok();
    let sha256 = world.sha256("requests/cluster2.csr");
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    let shown = world.run(&["inspect", "request", "requests/cluster2.csr"]);
    let signed = world.run(&SIGN);
    for text in [&shown.stdout, &shown.stderr, &signed.stdout, &signed.stderr] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
    assert!(shown.stdout.contains("cluster2\\u{1b}[2J\\u{1b}[31mAPPROVED\\u{202e}"), "{}", shown.stdout);
    // Another rule than proof of possession refuses it: the reader hides nothing of such a name.
    assert_eq!(shown.code, signed.code, "{signed:?}");
}

#[test]
fn terminal_escapes_in_a_file_name_reach_no_terminal() {
    let world = with_file("a\u{1b}[2J.csr", "no");
    let output = world.run(&SIGN);
    assert!(!output.stderr.contains('\u{1b}'));
    crate::support::assert_text(
        &output.error(),
        r#"
        error: a\u{1b}[2J.csr: no PEM block in the file: wanted -----BEGIN CERTIFICATE
               REQUEST-----
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    "#,
    );
}

#[test]
fn a_private_key_on_the_stick_is_called_exposed() {
    let key = include_str!("../fixtures/plain.key");
    with_file("cluster2.pem", format!("{key}{PLAIN_CSR}")).stopped(
        &SIGN,
        "
        error: a private key lies on the stick with the requests: saw cluster2.pem,
               wanted request.json and request.sig only
        hint:  treat that key as exposed: destroy it, make a new request, and copy only
               those two files
        Nothing was signed.
        exit 10
    ",
    );
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.write("requests/cluster1/ca-key.pem", world.read("clusters/cluster1/ca-key.pem"));
    world.stopped(
        &SIGN,
        "
        error: a private key lies on the stick with the requests: saw
               cluster1/ca-key.pem, wanted request.json and request.sig only
        hint:  treat that key as exposed: destroy it, make a new request, and copy only
               those two files
        Nothing was signed.
        exit 10
    ",
    );
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
        error: cluster1: request.json cannot be read: saw EOF while parsing a string at
               line 6 column …
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
    world.write("requests/cluster1/request.json", &json);
    std::fs::remove_file(world.path("requests/cluster1/request.sig")).unwrap();
    world.stopped(
        &SIGN,
        "
        error: cluster1: cannot read requests/cluster1/request.sig: there is no such
               file or directory
        hint:  ask for the request again, or take it off the stick
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn two_requests_for_one_cluster_are_one_too_many() {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("newer");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster1", &plain)]));
    world.stopped(
        &SIGN,
        "
        error: two requests for the cluster cluster1 in one session: saw cluster1 and
               newer.csr, wanted one
        hint:  remove the older one from the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_request_that_was_signed_is_not_signed_again() {
    let world = World::ready();
    world.issued("cluster1");
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    world.stopped(
        &later,
        "
        error: cluster1 is refused by the rule policy.key.again: saw the key of
               cluster1, spki …, wanted a new key
        hint:  its certificate exists already: make its bundle again with anchorite
               export, or a new request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
}

#[test]
fn a_link_on_the_stick_is_not_followed() {
    let world = World::ready();
    world.write("elsewhere.csr", PLAIN_CSR);
    std::os::unix::fs::symlink(world.path("elsewhere.csr"), world.path("requests/cluster2.csr")).unwrap();
    world.write("answers.toml", crate::support::PARTICIPANTS);
    world.stopped(
        &SIGN,
        "
        error: cannot read requests/cluster2.csr: it is a symbolic link, and links are
               not followed
        hint:  name the file itself, or copy it
        hint:  ask for the request again, or take it off the stick
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
