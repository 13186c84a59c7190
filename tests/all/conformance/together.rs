//! Two modules in one process, the root's and the audit key's, where the root's is ended and begun again while the other
//! works: going to a key backup and back does that. Both are built on the machine's OpenSSL, which SoftHSM cleans up when
//! it ends.

use super::kryoptic;
use crate::key_backup::{BACKUP, names_medium, promising};
use crate::misbehaving::judge::logged_out;
use crate::present::have;
use crate::support::*;

const AUDIT_PIN: [&str; 2] = ["--audit-pin-file", "audit-pin"];

/// Genesis, a key backup and a CRL, each with both modules; the log verifies at rest.
fn story(world: &World) -> Vec<proxy::Call> {
    world.secret("audit-pin", "55555555");
    let reviewed = world.sha256("authority/authority.toml");
    let begins = format!("{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n");
    world.write("answers-root.toml", format!("{begins}\"sha256:{reviewed}\" = \"approve\"\n"));
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    world.run_with_faults("", &[&CREATE[..], &AUDIT_PIN].concat()).ok();
    world.calls();
    let shown = world.run_with_faults("", &[&BACKUP[..], &AUDIT_PIN].concat()).ok().stderr;
    assert!(shown.contains("The key backup lives"), "{shown}");
    let calls = world.calls();
    let crl =
        ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "crl", "--pin-file", "pin", "--answers", "answers.toml"];
    world.run_with_faults("", &[&crl[..], &AUDIT_PIN].concat()).ok();
    world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", "authority/public/root-cert.pem"]).ok();
    calls
}

fn local(world: &World, root: &str, audit: &str) {
    let backup = String::from_utf8(world.read("authority/local.toml")).unwrap();
    world.write(
        "authority/local.toml",
        format!("[token]\nmodule = {root:?}\n[audit.token]\nmodule = {audit:?}\n{backup}"),
    );
}

#[test]
fn an_audit_key_in_kryoptic_signs_on_while_the_roots_softhsm_ends_and_begins_again() {
    let (Some(kryoptic), true) = (kryoptic::module(), have("pkcs11-tool")) else { return };
    let mut world = World::new();
    let kryoptic = kryoptic.display().to_string();
    std::fs::create_dir(world.path("audit")).unwrap();
    let file = world.path("audit/token.sql").display().to_string();
    let conf =
        world.write("audit/token.conf", format!("[[slots]]\nslot = 5\ndbtype = \"sqlite\"\ndbargs = {file:?}\n"));
    world.tell("KRYOPTIC_CONF", conf);
    let tool = |arguments: &[&str]| world.tool("pkcs11-tool", &[&["--module", &kryoptic][..], arguments].concat()).ok();
    tool(&["--slot", "5", "--init-token", "--label", "audit", "--so-pin", SO_PIN]);
    let new = ["--init-pin", "--new-pin", "55555555"];
    tool(&[&["--slot", "5", "--login", "--login-type", "so", "--so-pin", SO_PIN][..], &new].concat());
    world.configure(&(promising("test") + "[audit.token]\nprofile = \"kryoptic\"\n"));
    names_medium(&world);
    local(&world, &proxy::module().display().to_string(), &kryoptic);

    let calls = story(&world);
    // The authority's own, the copy, and its own again; each ended before the next began, and the last at the end.
    let turns: Vec<&str> =
        calls.iter().map(|call| call.function.as_str()).filter(|name| name.ends_with("ize")).collect();
    assert_eq!(turns, ["C_Initialize", "C_Finalize"].repeat(3));
    logged_out(&calls).unwrap();
    assert_eq!(calls.last().unwrap().function, "C_Finalize");
}

#[test]
fn an_audit_key_in_softhsm_signs_on_while_the_roots_kryoptic_ends_and_begins_again() {
    let mut world = World::without_token();
    let Some(prepared) = kryoptic::prepare(&mut world) else { return };
    let softhsm = softhsm_module().unwrap().display().to_string();
    world.add_softhsm();
    let audit = ["--init-token", "--free", "--label", "audit", "--so-pin", SO_PIN, "--pin", "55555555"];
    world.tool("softhsm2-util", &audit).ok();
    world.configure(&(promising("test").replace("softhsm2", "kryoptic") + "[audit.token]\nprofile = \"softhsm2\"\n"));
    names_medium(&world);
    local(&world, &prepared.module.unwrap().display().to_string(), &softhsm);
    story(&world);
}
