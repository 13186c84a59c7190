//! `hsm probe`: what a token can and cannot do for a root CA, in plain words; and the road from a token that no profile
//! lists to an authority that signs.

mod attended;
mod families;
mod refused;
mod unlisted;

use crate::support::{Output, World, softhsm_module};
use serde_json::Value;

/// A world with an initialised token and no authority.
fn with_token(label: &str) -> World {
    let world = World::new();
    initialize(&world, label);
    world
}

/// Initialises another token of SoftHSM's.
fn initialize(world: &World, label: &str) {
    let module = softhsm_module().unwrap();
    let free = ["--init-token", "--free", "--label", label, "--pin", "12345678", "--so-pin", "87654321"];
    world.tool("softhsm2-util", &[&["--module", module.to_str().unwrap()][..], &free].concat()).ok();
}

/// The program's probe with these options; with a login by the world's PIN.
fn probe(world: &World, options: &[&str]) -> Output {
    world.run(&[&["hsm", "probe", "--login", "--pin-file", "pin"][..], options].concat())
}

/// A report as one line, without what differs between machines and moments.
#[track_caller]
fn flat(text: &str) -> String {
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let words = text.split_whitespace().map(|word| match word.split_once("/s") {
        Some((rate, rest)) if rate.parse::<f64>().is_ok() => format!("N/s{rest}"),
        _ => word.to_owned(),
    });
    let mut line = words.collect::<Vec<_>>().join(" ");
    // Only what took a second or more is said to have.
    while let Some(at) = line.find("; made in ") {
        let Some(end) = line[at..].find(" s ") else { break };
        line.replace_range(at..at + end + 2, "");
    }
    line
}

#[track_caller]
fn says(report: &str, parts: &[&str]) {
    let flat = flat(report);
    for part in parts {
        assert!(flat.contains(part), "{part}\n{report}");
    }
}

#[test]
fn what_a_token_can_do_is_said_in_plain_words_with_the_verdict_first() {
    let world = with_token("Trial");
    let before = world.tree("token/tokens");
    let report = probe(&world, &["--profile", "softhsm2"]).ok().stdout;
    assert!(
        flat(&report).starts_with(
            "Trial · SoftHSM v2 profile softhsm2 This token can hold a root CA: ECDSA P-384 (recommended), RSA-4096, \
             ECDSA P-521, ECDSA P-256, RSA-3072, Ed25519; the audit key too. RSA-2048 works, too short for a root; \
             hashed in the token; N/s RSA-3072 works; hashed in the token; N/s RSA-4096 works"
        ),
        "{report}"
    );
    says(
        &report,
        &[
            "ECDSA P-384 works; hashed by this program; N/s",
            "keys stay in yes: sensitive and never extractable; it refused to tell them and to make them extractable; \
             it refused to wrap them under a user's own key (CKM_AES_KEY_WRAP_PAD, CKM_AES_KEY_WRAP, CKM_AES_CBC_PAD)",
            "rejects nothing of the template of a root key",
            "guard kept: a private data object was made and read; an older log is noticed",
            "sessions 16 or more at once; 16 signed together, N/s of ECDSA P-384",
            "random its generator answers",
            "Rates (signatures a second) are of this machine and this moment.",
            "PIN 4 to 255 characters; this kind of token never locks its PIN",
            "backup cloned, by its profile; wrapped under the custodians' key, by its profile",
            ", of one token here versions firmware 2.6; library SoftHSM",
            "profile softhsm2 agrees",
        ],
    );
    // A login rewrites one file of the token; no object came or went.
    let names = |tree: &crate::support::Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&before), names(&world.tree("token/tokens")));
}

#[test]
fn without_a_pin_a_token_is_believed_and_that_is_said() {
    let world = with_token("Trial");
    let report = world.run(&["hsm", "probe", "--profile", "softhsm2"]).ok().stdout;
    says(
        &report,
        &[
            "By what it lists, this token could hold a root CA: ECDSA P-384 (recommended), RSA-4096, ECDSA P-521, \
             ECDSA P-256, RSA-3072, Ed25519; the audit key too. Nothing was tried.",
            "With --login each kind of key is tried, with keys that end with the session.",
        ],
    );
    assert!(!report.contains("keys stay in"), "{report}");
}

#[test]
fn the_same_stands_in_json_for_programs() {
    let world = with_token("Trial");
    let json: Value = serde_json::from_str(&probe(&world, &["--profile", "softhsm2", "--json"]).ok().stdout).unwrap();
    assert_eq!(json["verdict"]["roots"][0], "ecdsa-p384");
    assert_eq!((&json["verdict"]["tried"], &json["verdict"]["audit"]), (&true.into(), &true.into()));
    assert_eq!(json["verdict"]["dangers"], serde_json::json!([]));
    assert_eq!(json["same_serial"], 1);
    let keys = json["proved"]["algorithms"].as_array().unwrap();
    let p384 = keys.iter().find(|key| key["algorithm"] == "ecdsa-p384").unwrap();
    assert!(p384["per_second"].as_f64().unwrap() > 1.0 && p384["fault"].is_null(), "{p384:#}");
    assert_eq!(p384["attributes"]["CKA_SENSITIVE"], "true");
    assert_eq!(p384["escapes"]["wrapped_by"], Value::Null);
    assert!(json["mechanisms"].as_array().unwrap().iter().any(|name| name == "CKM_ECDSA"));
}
