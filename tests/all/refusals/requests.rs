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
    with_file("cluster2.csr", "good morning\n").stopped(&SIGN, "?");
    with_file("cluster2.csr", "").stopped(&SIGN, "?");
    with_file("cluster2.csr", PLAIN_CSR.replace("CERTIFICATE REQUEST", "CERTIFICATE")).stopped(&SIGN, "?");
}

#[test]
fn a_request_that_is_cut_short_is_refused() {
    let whole = der(PLAIN_CSR);
    with_file("cluster2.csr", pem(&whole[..whole.len() - 9])).stopped(&SIGN, "?");
}

#[test]
fn a_request_that_is_too_large_is_not_read() {
    with_file("cluster2.csr", vec![b'A'; 64 * 1024 + 1]).stopped(&SIGN, "?");
}

#[test]
fn a_request_whose_signature_is_wrong_proves_nothing() {
    let mut forged = der(PLAIN_CSR);
    *forged.last_mut().unwrap() ^= 1;
    let world = with_file("cluster2.csr", pem(&forged));
    world.stopped(&SIGN, "?");
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
    crate::support::assert_text(&output.error(), "?");
}

#[test]
fn a_private_key_on_the_stick_is_called_exposed() {
    let key = include_str!("../fixtures/plain.key");
    with_file("cluster2.pem", format!("{key}{PLAIN_CSR}")).stopped(&SIGN, "?");
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.write("requests/cluster1/ca-key.pem", world.read("clusters/cluster1/ca-key.pem"));
    world.stopped(&SIGN, "?");
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
    world.stopped(&SIGN, "?");
    world.write("requests/cluster1/request.json", &json[..json.len() / 2]);
    world.stopped(&SIGN, "?");
    world.write("requests/cluster1/request.json", &json);
    std::fs::remove_file(world.path("requests/cluster1/request.sig")).unwrap();
    world.stopped(&SIGN, "?");
}

#[test]
fn two_requests_for_one_cluster_are_one_too_many() {
    let world = World::ready();
    let package = world.request("cluster1");
    let plain = world.plain_request("newer");
    world.write("answers.toml", world.signing_answers(&[&package], &[("cluster1", &plain)]));
    world.stopped(&SIGN, "?");
}

#[test]
fn a_request_that_was_signed_is_not_signed_again() {
    let world = World::ready();
    world.issued("cluster1");
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    world.stopped(&later, "?");
}

#[test]
fn a_link_on_the_stick_is_not_followed() {
    let world = World::ready();
    world.write("elsewhere.csr", PLAIN_CSR);
    std::os::unix::fs::symlink(world.path("elsewhere.csr"), world.path("requests/cluster2.csr")).unwrap();
    world.write("answers.toml", crate::support::PARTICIPANTS);
    world.stopped(&SIGN, "?");
}

#[test]
fn a_request_names_its_cluster_properly() {
    let world = World::new();
    world.refused(&["request", "Cluster_1"], "?");
    world.refused(&["request", "cluster1", "--key", "rsa-1024"], "?");
    world.refused(&["request", "cluster1", "--recipient", "age1nonsense"], "?");
    world.run(&["--now", SIGNING, "request", "cluster1", "--recipient", RECIPIENT]).ok();
    world.refused(&["--now", SIGNING, "request", "cluster1"], "?");
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
    world.stopped(&SIGN, "?");
}
