//! Tokens of custodians, an audit key on a token of its own, keys that ended.

use super::*;
use crate::custody::unattended::{founded, share_files};
use crate::support::{GENESIS, PARTICIPANTS, configuration};

#[test]
fn custodians_open_the_token_for_the_check_and_their_shares_are_not_kept() {
    let world = founded();
    let arguments = ["-C", AUTHORITY, "hsm", "check", "--login", "--shares", "shares"];
    std::fs::remove_file(&share_files(&world)[0]).unwrap();
    let log = world.tree("authority");
    let output = world.run(&arguments).ok();
    assert!(flat(&output.stdout).contains("agrees guard: in step with the log at "), "{}", output.stdout);
    assert!(output.stderr.contains("2 of 3 custodians, set "), "{}", output.stderr);
    assert_eq!(log, world.tree("authority"));
    std::fs::remove_file(&share_files(&world)[0]).unwrap();
    let output = world.run(&arguments);
    assert_ne!(output.code, Some(0), "one of two shares opens nothing");
    world.run(&["-C", AUTHORITY, "hsm", "check"]).ok();
}

#[test]
fn the_audit_keys_own_token_is_checked_too_and_each_line_says_whose_it_is() {
    let world = World::configured("test", "rsa-3072");
    let audit = ["--init-token", "--free", "--label", "audit", "--so-pin", "11111111", "--pin", "22222222"];
    world.tool("softhsm2-util", &audit).ok();
    world.secret("audit-pin", "22222222");
    world.configure(&format!("{}[audit.token]\nprofile = \"softhsm2\"\n", configuration("test", "rsa-3072")));
    let reviewed = world.sha256("authority/authority.toml");
    let answers = "[initialize]\nlabel = \"World Mesh Root\"\n[review]\n";
    world.write("answers-root.toml", format!("{PARTICIPANTS}{answers}\"sha256:{reviewed}\" = \"approve\"\n"));
    let create = ["-C", AUTHORITY, "--now", GENESIS, "root", "create", "--so-pin-file", "so-pin"];
    let pins = ["--pin-file", "pin", "--audit-pin-file", "audit-pin", "--answers", "answers-root.toml"];
    world.run(&[&create[..], &pins].concat()).ok();

    let arguments = [&CHECK[..], &["pin", "--audit-pin-file", "audit-pin"]].concat();
    let said = flat(&world.run(&arguments).ok().stdout);
    for part in [
        "agrees root token, key: root key 1 (RSA-3072, id ",
        "agrees audit token, token: serial ",
        "agrees audit token, key: audit key 1 (ECDSA P-256, id ",
        "agrees audit token, strangers: no other key in it is able to sign",
        "agrees root token, guard: in step with the log at ",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_key_that_the_log_has_as_destroyed_is_not_to_be_in_a_token_any_more() {
    let (world, ..) = World::two_generations(false);
    crate::rollback::copy(&world, "token/tokens", "tokens-before");
    world.write("answers-end.toml", crate::ending::answers(None) + "\"crl:2\" = \"approve\"\n");
    let retire = ["root", "retire", "1", "--pin-file", "pin", "--answers", "answers-end.toml"];
    world.run(&[&["-C", AUTHORITY, "--now", "2026-12-24T09:30:00Z"][..], &retire].concat()).ok();
    let said = flat(&check(&world).ok().stdout);
    assert!(said.contains("agrees retired: root key 1 (ECDSA P-256, id ") && said.contains("is gone, as the log says"));
    crate::rollback::put_back(&world, "tokens-before", "token/tokens");
    differs(
        &world,
        40,
        &["is in the token, and the log has it as destroyed → is this a copy of the token from before?"],
    );
}
