//! Every kind of root key that SoftHSM makes, from genesis to a certificate that openssl accepts.

use crate::support::World;

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
