//! A root that was made elsewhere is taken over: by `openssl ca` here, its key imported into SoftHSM.

mod attended;
mod files;
mod life;
pub mod past;
mod token;

use crate::support::*;
use std::path::PathBuf;

/// The label and CKA_ID of the old root's key in the token.
pub const KEY_ID: &str = "0a0b";
/// What the old CA is made with; its times are given, for tests know no other.
const CNF: &str = include_str!("openssl.cnf");
/// The subject that the configuration of a test authority wants.
pub const SUBJECT: &str = "/O=World/OU=TEST/CN=World Mesh Root CA";
/// The extensions of a root as people make them.
pub const EXTENSIONS: &str =
    "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";

/// A world with an old CA in `old/`, its key in a token; the token's serial number.
pub fn old_ca() -> (World, String) {
    old_ca_with(SUBJECT, "20260101000000Z", EXTENSIONS)
}

/// The same with this subject, this notBefore and these extensions.
pub fn old_ca_with(subject: &str, from: &str, extensions: &str) -> (World, String) {
    let world = World::configured("test", "ecdsa-p256");
    world.write("old/openssl.cnf", format!("{CNF}[root]\n{extensions}"));
    world.write("old/index.txt", "");
    world.write("old/serial", "1000\n");
    world.write("old/crlnumber", "05\n");
    std::fs::create_dir(world.path("old/newcerts")).unwrap();
    let make = format!(
        "cd old && openssl ecparam -genkey -name prime256v1 -noout -out root.key && \
         openssl req -new -key root.key -config openssl.cnf -subj '{subject}' -out root.csr && \
         openssl ca -batch -config openssl.cnf -selfsign -keyfile root.key -in root.csr -extensions root \
           -startdate {from} -enddate 20360101000000Z -out root.txt -notext && \
         openssl x509 -in root.txt -out root.pem && rm root.txt newcerts/1000.pem"
    );
    world.tool("sh", &["-c", &make]).ok();
    let serial = import_key(&world, "old-root", KEY_ID);
    (world, serial)
}

/// The old root's key in a token of its own, as SoftHSM imports keys; the token's serial number.
pub fn import_key(world: &World, label: &str, id: &str) -> String {
    let import = format!(
        "softhsm2-util --init-token --free --label {label} --so-pin {SO_PIN} --pin {PIN} && \
         openssl pkcs8 -topk8 -nocrypt -in old/root.key -out old/root.p8 && \
         softhsm2-util --import old/root.p8 --token {label} --label {label} --id {id} --pin {PIN} && rm old/root.p8"
    );
    world.tool("sh", &["-c", &import]).ok();
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let mut of_token = shown.split("Slot ").filter(|slot| slot.contains(&format!(" {label}")));
    let slot = of_token.next().expect("the token that was made");
    let line = slot.lines().find(|line| line.contains("Serial number")).unwrap();
    line.split(':').nth(1).unwrap().trim().to_owned()
}

/// The old CA issues an intermediate; its PEM file, relative to the world.
pub fn old_issues(world: &World, name: &str) -> PathBuf {
    let make = format!(
        "cd old && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout {name}.key \
           -config openssl.cnf -subj /O=Old/CN={name} -out {name}.csr && \
         openssl ca -batch -config openssl.cnf -in {name}.csr -extensions intermediate \
           -startdate 20260601000000Z -enddate 20280601000000Z -notext -out {name}.pem"
    );
    world.tool("sh", &["-c", &make]).ok();
    PathBuf::from(format!("old/{name}.pem"))
}

/// The old CA revokes one that it issued, on the first of November.
pub fn old_revokes(world: &World, name: &str, reason: &str) {
    let revoke = format!(
        "cd old && openssl ca -config openssl.cnf -revoke {name}.pem -crl_reason {reason} && \
         sed -i -E 's/^R\\t([0-9]+Z)\\t[0-9]+Z/R\\t\\1\\t261101000000Z/' index.txt"
    );
    world.tool("sh", &["-c", &revoke]).ok();
}

/// The old CA's last CRL, `old/last.crl`.
pub fn old_crl(world: &World) {
    let make = "cd old && openssl ca -config openssl.cnf -gencrl -crl_lastupdate 20261102000000Z \
                -crl_nextupdate 20261202000000Z -out last.crl";
    world.tool("sh", &["-c", make]).ok();
}

/// SHA-256 of the old root's certificate, DER.
pub fn fingerprint(world: &World) -> String {
    world
        .tool("sh", &["-c", "openssl x509 -in old/root.pem -outform DER | sha256sum | cut -d' ' -f1"])
        .ok()
        .stdout
        .trim()
        .to_owned()
}

/// Answers for an adoption of a key that was imported.
pub fn answers(world: &World) -> String {
    let (root, config) = (fingerprint(world), world.sha256("authority/authority.toml"));
    format!(
        "{PARTICIPANTS}[adopt]\nroot = \"{root}\"\nreason = \"imported on the first of October; the file is destroyed\"\n\
         [review]\n\"sha256:{config}\" = \"approve\"\n"
    )
}

/// Runs `root adopt` at [`GENESIS`] with `old/root.pem` and these arguments.
pub fn adopt(world: &World, token: &str, arguments: &[&str]) -> Output {
    let mut text = answers(world);
    if arguments.contains(&"--crl") {
        // The CRL after a last one is reviewed for itself.
        text += "\"crl:1\" = \"approve\"\n";
    }
    world.write("answers-adopt.toml", text);
    adopt_with(world, token, arguments)
}

/// The same with the answers that lie there.
pub fn adopt_with(world: &World, token: &str, arguments: &[&str]) -> Output {
    let first = ["-C", AUTHORITY, "--now", GENESIS, "root", "adopt", "--certificate", "old/root.pem"];
    let last = ["--token-serial", token, "--pin-file", "pin", "--answers", "answers-adopt.toml"];
    world.run(&[&first[..], arguments, &last[..]].concat())
}

/// What a refusal leaves: no authority, and a log only where the token was touched.
#[track_caller]
pub fn is_refused(world: &World, output: &Output, wanted: &str) {
    assert_text(&output.error(), wanted);
    assert!(!world.path("authority/log").exists(), "a refusal left a log");
}
