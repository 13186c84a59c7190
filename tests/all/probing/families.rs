//! Tokens that SoftHSM is not one of, as the proxy imitates them: what a probe says of each.

use super::{says, with_token};
use crate::present::have;
use crate::support::{Output, World};
use anchorite::token::HsmProfile;
use std::ffi::OsStr;

/// The probe of a token with these traits, behind the proxy, which no profile lists.
fn probe_of<S: AsRef<OsStr>>(world: &World, traits: &str, options: &[S]) -> Output {
    world.behind_proxy();
    let text = String::from_utf8(world.read("authority/local.toml")).unwrap();
    let module = text.split('"').nth(1).unwrap().to_owned();
    let mut arguments: Vec<&OsStr> =
        ["hsm", "probe", "--module", &module, "--writes", "token/tokens"].map(OsStr::new).to_vec();
    arguments.extend(["--login", "--pin-file", "pin"].map(OsStr::new));
    arguments.extend(options.iter().map(AsRef::as_ref));
    let mut command = world.command(&arguments);
    world.misbehave(&mut command, "");
    command.env("ANCHORITE_PROXY_TRAITS", traits);
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn where_sessions_hold_no_keys_nothing_is_tried_without_consent_and_one_key_is_with_it() {
    let world = with_token("Card");
    let report = probe_of(&world, "no-session-objects", &["--profile", "softhsm2"]).ok().stdout;
    says(
        &report,
        &[
            "Nothing could be tried without changing the token: it makes no key that ends with the session. With \
             --on-token KIND one key is made in the token, tried and destroyed again.",
            "keys stay in not known: no key could be made to try it",
            "guard not known: it makes no object that ends with the session",
        ],
    );
    let before = world.tree("token/tokens").len();
    let report =
        probe_of(&world, "no-session-objects", &["--profile", "softhsm2", "--on-token", "ecdsa-p384"]).ok().stdout;
    says(
        &report,
        &[
            "This token can hold a root CA: ECDSA P-384 (recommended); the audit key too, by its word. Other kinds \
             could not be tried without changing the token",
            "ECDSA P-384 works; hashed by this program; N/s; made in the token and destroyed: it is gone",
        ],
    );
    // The journal of the proxy is the one new file.
    assert!(world.tree("token/tokens").len() <= before + 1, "an object is left in the token");
}

#[test]
fn a_key_that_asks_for_the_pin_each_time_is_said_to_and_its_profile_says_so() {
    let world = with_token("Asks");
    let report = probe_of(&world, "always-authenticate", &["--profile-out", "asks.toml"]).ok().stdout;
    says(&report, &["ECDSA P-384 works; hashed by this program; N/s; asks for the PIN at each signature"]);
    let profile = String::from_utf8(world.read("asks.toml")).unwrap();
    assert!(profile.contains("\nreauthenticate = true\n"), "{profile}");
}

#[test]
fn a_token_of_few_sessions_is_asked_for_no_more() {
    let world = with_token("Few");
    let report = probe_of(&world, "says-max-sessions=3", &["--profile-out", "few.toml"]).ok().stdout;
    says(&report, &["sessions 2 at once (it says 3); 2 signed together, N/s of ECDSA P-384"]);
    let profile = String::from_utf8(world.read("few.toml")).unwrap();
    assert!(profile.contains("\nsessions = 2\n"), "{profile}");
}

#[test]
fn a_token_that_wraps_keys_which_must_never_leave_is_a_danger() {
    let mut world = World::without_token();
    if anchorite::token::find_module(&HsmProfile::embedded("nss").unwrap()).is_err() || !have("certutil") {
        eprintln!("SKIPPED: NSS softokn is not here: that a key which is wrapped is said to be was NOT tried");
        return;
    }
    let place = world.path("token/tokens");
    std::fs::create_dir_all(&place).unwrap();
    let database = format!("sql:{}", place.display());
    world.tool("certutil", &["-N", "-d", &database, "-f", "pin"]).ok();
    world.tell("SSL_DIR", place);
    let report = world.run(&["hsm", "probe", "--profile", "nss", "--login", "--pin-file", "pin"]).ok().stdout;
    says(
        &report,
        &[
            "This token can sign as a root CA, and does not keep the key safe: ECDSA P-384 (recommended)",
            "DANGER Whoever knows the PIN can take the key out: the token wrapped one that is not extractable under a \
             key of the user's own (CKM_AES_KEY_WRAP_PAD; every kind).",
            "keys stay in no: see DANGER",
            "serial 0000000000000000, of one token here",
        ],
    );
}
