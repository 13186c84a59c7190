//! A person with a token that no profile lists: from its module to a certificate, without a line of code. The commands
//! are those of the README's section "A token that is not listed".

use super::{flat, initialize, says};
use crate::support::{AUTHORITY, CREATE, ENTRIES, PARTICIPANTS, World, configuration, softhsm_module};

#[test]
fn a_token_that_is_not_listed_gets_from_a_probe_to_a_working_authority() {
    let world = World::new();
    initialize(&world, "Our token");
    // SoftHSM's module under a name that no profile knows is a vendor's that nobody has seen.
    let module = std::fs::read(softhsm_module().unwrap()).unwrap();
    let module = world.write("opt/vendor/libvendor_p11.so", module).display().to_string();

    // 1. What is it?
    let report = world.run(&["hsm", "probe", "--module", &module]).ok().stdout;
    says(&report, &["no profile", "By what it lists, this token could hold a root CA: ECDSA P-384 (recommended)"]);
    assert!(
        flat(&report).ends_with("profile none lists this module: --login --profile-out FILE writes one"),
        "{report}"
    );

    // 2. Try it and write what was found.
    let mut try_it = vec!["--now", crate::support::GENESIS, "hsm", "probe", "--module", &module];
    try_it.extend(["--writes", "token/tokens", "--login", "--pin-file", "pin", "--profile-out", "my-token.toml"]);
    let output = world.run(&try_it).ok();
    says(&output.stdout, &["This token can hold a root CA: ECDSA P-384 (recommended)"]);
    assert!(output.stderr.contains("wrote  my-token.toml"), "{}", output.stderr);
    let profile = String::from_utf8(world.read("my-token.toml")).unwrap();
    for part in [
        "name = \"softhsm-v2\"",
        "by = \"hand\"",
        "on 2026-11-21 09:30:00 UTC: SoftHSM project SoftHSM v2 2.6",
        "# FILL IN from the vendor's manual: alphabet",
        &format!("modules = [{module:?}]"),
    ] {
        assert!(profile.contains(part), "{part}\n{profile}");
    }

    // 3. It says of itself what the token says.
    let again = ["hsm", "probe", "--profile", "my-token.toml", "--login", "--pin-file", "pin"];
    says(&world.run(&again).ok().stdout, &["profile softhsm-v2 agrees"]);

    // 4. An authority on it: the profile by its path, the module by the profile.
    let path = world.path("my-token.toml").display().to_string();
    world.configure(
        &configuration("test", "ecdsa-p384").replace("profile = \"softhsm2\"", &format!("profile = {path:?}")),
    );
    world.write("authority/local.toml", format!("[token]\nmodule = {module:?}\n"));
    world.run(&["-C", AUTHORITY, "config", "check"]).ok();

    // 5. Genesis on the token as its vendor's tool prepared it, and a certificate.
    let reviewed = format!("sha256:{}", world.sha256("authority/authority.toml"));
    world.write("answers-root.toml", format!("{PARTICIPANTS}[review]\n\"{reviewed}\" = \"approve\"\n"));
    let serial = serial(&world);
    let create: Vec<&str> = CREATE.iter().copied().chain(["--token-serial", serial.as_str()]).collect();
    world.run(&create).ok();
    world.issued("cluster1");
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
    world.run(&["-C", AUTHORITY, "hsm", "check", "--login", "--pin-file", "pin"]).ok();
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.contains("\"profile\":\"softhsm-v2\""), "the log names the profile\n{log}");
}

fn serial(world: &World) -> String {
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let line = shown.lines().find_map(|line| line.trim().strip_prefix("Serial number:"));
    line.unwrap().trim().to_owned()
}
