//! Every kind of root key that SoftHSM makes, from genesis to a certificate that openssl accepts.

use crate::support::{AUTHORITY, GENESIS, PARTICIPANTS, World, configuration};

fn signs_with(root_key: &str) {
    let world = World::founded("test", root_key);
    let bundle = world.issued("cluster1");
    let root = "authority/public/root-cert.pem";
    let into = ["open", bundle.to_str().unwrap(), "--into", "clusters/cluster1", "--root", root];
    world.run(&[&["--now", "2026-11-21T11:00:00Z"][..], &into].concat()).ok();
    let now = "1795258800"; // 2026-11-21T11:00:00Z
    let verify =
        ["verify", "-x509_strict", "-check_ss_sig", "-attime", now, "-CAfile", root, "clusters/cluster1/ca-cert.pem"];
    world.tool("openssl", &verify).ok();
    world.run(&["log", "verify", "authority", "--root", root, "--at-rest"]).ok();
}

#[test]
fn an_rsa_4096_root_signs() {
    signs_with("rsa-4096");
}

#[test]
fn a_p384_root_signs() {
    signs_with("ecdsa-p384");
}

#[test]
fn an_ed25519_root_signs() {
    signs_with("ed25519");
}

#[test]
fn the_audit_key_can_live_on_another_token_than_the_root() {
    let world = World::configured("test", "rsa-3072");
    world
        .tool(
            "softhsm2-util",
            &["--init-token", "--free", "--label", "audit", "--so-pin", "11111111", "--pin", "22222222"],
        )
        .ok();
    world.secret("audit-pin", "22222222");
    world.configure(&format!("{}[audit.token]\nprofile = \"softhsm2\"\n", configuration("test", "rsa-3072")));
    let reviewed = world.sha256("authority/authority.toml");
    let answers = "[initialize]\nlabel = \"World Mesh Root\"\n[review]\n";
    world.write("answers-root.toml", format!("{PARTICIPANTS}{answers}\"sha256:{reviewed}\" = \"approve\"\n"));
    let with = |verb: &[&str]| {
        let mut arguments = vec!["-C", AUTHORITY, "--now", GENESIS];
        arguments.extend(verb);
        arguments.extend(["--pin-file", "pin", "--audit-pin-file", "audit-pin"]);
        world.run(&arguments)
    };
    with(&["root", "create", "--so-pin-file", "so-pin", "--answers", "answers-root.toml"]).ok();
    let sha256 = world.request("west");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    with(&["sign", "--from", "requests", "--to", "medium", "--answers", "answers.toml"]).ok();

    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let serials: std::collections::BTreeSet<String> =
        entries.filter(|e| e["type"] == "key.intent").map(|e| e["data"]["token_serial"].to_string()).collect();
    assert_eq!(serials.len(), 2, "{serials:?}");
    let root = ["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"];
    assert!(world.run(&root).ok().stdout.contains("consistent and authenticated"));
}
