//! The configuration that people reviewed, and the one that is executed; legal ones that crash nothing.

use crate::present::have;
use crate::support::{AUTHORITY, CREATE, ENTRIES, GENESIS, SIGN, World, configuration, softhsm_module};
use anchorite::authority::Config;
use anchorite::digest::Digest;
use anchorite::plan::{forecast, make::Context};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

/// Mistake 10. Reviewed configuration is not the executed one: edited once the genesis began.
#[test]
fn mistake_10_a_configuration_that_was_edited_after_the_genesis_began_is_not_executed() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    super::keys::cut_before_the_root_key_is_logged(&world);
    world.configure(&configuration("test", "ecdsa-p256").replace("3650", "3651"));
    world.refused(
        &CREATE,
        "
        error: authority.toml has changed since this genesis began: saw sha256
               …, wanted sha256 …
        hint:  put the file back as it was; the log holds its text: anchorite log show
               --json
        Nothing was signed.
        exit 2
    ",
    );
}

/// Mistake 10. Edited between two ceremonies: nothing of it counts until people have compared and adopted it.
#[test]
fn mistake_10_a_configuration_that_was_edited_between_ceremonies_is_shown_and_not_executed() {
    let world = World::ready();
    world.configure(&configuration("test", "ecdsa-p256").replace("= 365\n", "= 366\n"));
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.stopped(
        &SIGN,
        "
        error: answers: [config] has no answer for sha256:…
        hint:  add it under [config]
        Nothing was signed.
        exit 2
    ",
    );
    let shown = world.run(&SIGN).stderr;
    for line in ["- max_validity_days = 365", "+ max_validity_days = 366"] {
        assert!(shown.contains(line), "{shown}");
    }
}

/// Mistake 10. Module, profile and slot differ on the day: they are apart from what is reviewed, and the record
/// has the digest of each.
#[test]
fn mistake_10_what_differs_on_the_day_is_in_the_record_with_its_digest() {
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"../profile.toml\""));
    let profile = include_str!("../../../hsm-profiles/softhsm2.toml");
    world.write("profile.toml", profile);
    world.found().ok();
    world.issued("cluster1");
    let copy = world.write("elsewhere.so", std::fs::read(softhsm_module().unwrap()).unwrap());
    world.write("authority/local.toml", format!("[token]\nmodule = \"{}\"\n", copy.display()));
    world.write("profile.toml", profile.replace("sessions = 64", "sessions = 2"));
    std::fs::remove_dir_all(world.path("requests/cluster1")).unwrap();
    world.issued("cluster2");
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    let entries: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| -> Vec<&Value> { entries.iter().filter(|e| e["type"] == kind).map(|e| &e["data"]).collect() };
    let sessions = of("session.opened");
    let [genesis, first, second] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_eq!(genesis["local_sha256"], Value::Null);
    for session in &sessions {
        assert_eq!(session["module_sha256"], world.sha256("elsewhere.so"));
        assert_eq!(session["version"], env!("CARGO_PKG_VERSION"));
    }
    // As `softhsm2-util` shows them.
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let firmware = shown.lines().find_map(|line| line.trim().strip_prefix("Firmware version:")).unwrap().trim();
    for unlocked in of("token.unlocked") {
        assert_eq!(unlocked["firmware"], firmware);
        assert!(unlocked["library"].as_str().unwrap().ends_with(firmware), "{unlocked}");
    }
    assert_ne!(first["module"], second["module"]);
    assert_eq!(second["local_sha256"], world.sha256("authority/local.toml"));
    assert_eq!(of("config.adopted")[0]["sha256"], world.sha256("authority/authority.toml"));
    let recorded = of("value.recorded");
    let profiles: Vec<&str> = recorded
        .iter()
        .filter(|value| value["name"] == "../profile.toml")
        .map(|value| value["value"].as_str().unwrap())
        .collect();
    let (before, after) = (Digest::of(profile.as_bytes()).to_string(), world.sha256("profile.toml"));
    assert_eq!(profiles, [&before, &before, &after]);
}

/// What an error must not show: the machine's words for nothing.
#[track_caller]
fn assert_plain(text: &str) {
    for word in ["None", "Some(", "nil", "null", "{}", "%!", "Ok(", "Err("] {
        assert!(!text.contains(word), "{word:?} in {text}");
    }
}

/// A configuration that may be legal or not, with every part that has a default left out or not.
fn any_configuration() -> impl Strategy<Value = String> {
    // No text that holds what an error must not show. Most parts are legal, or no whole would be.
    let text = prop_oneof![9 => "[A-K][a-k0-9 ]{0,10}[a-k]", 1 => "[À-ž一-十 !\"#\u{200b}\u{1b}a]{0,70}"];
    let kinds = prop::sample::subsequence(vec!["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"], 0..4);
    let profiles =
        prop::sample::select(vec!["istio", "cert-manager", "linkerd", "spire", "vault", "subordinate", "root", "x"]);
    let root = prop::sample::select(vec!["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"]);
    let any_days = prop_oneof![Just(0_u32), Just(1), 1..5000_u32, Just(18_263), Just(u32::MAX)];
    let nested = (400..5000_u32).prop_flat_map(|root| (Just(root), 1..=root));
    let days = prop_oneof![9 => nested, 1 => (any_days.clone(), any_days)];
    let optional = prop::collection::vec(any::<bool>(), 6);
    (text.clone(), text, kinds, profiles, root, days, optional).prop_map(
        |(name, common_name, kinds, profile, root, (root_days, days), given)| {
            // JSON strings are strings of TOML too.
            let quoted = |s: &str| serde_json::to_string(s).unwrap();
            let given = |at: usize, line: String| if given[at] { line } else { String::new() };
            let keys: Vec<String> = kinds.iter().map(|kind| quoted(kind)).collect();
            format!(
                "name = {}\nkind = \"test\"\n{}[token]\nprofile = \"softhsm2\"\n[root]\n\
                 subject = {{ common_name = {}{} }}\nkey = \"{root}\"\nvalidity_days = {root_days}\n\
                 [intermediates]\n{}{}{}max_validity_days = {days}\nsubject = {{ common_name = \"I\" }}\n{}",
                quoted(&name),
                given(0, "unattended = true\n".into()),
                quoted(&common_name),
                given(1, ", country = \"CZ\", state = \"Praha\", organizational_unit = \"U\"".into()),
                given(2, format!("profile = \"{profile}\"\n")),
                given(3, format!("keys = [{}]\n", keys.join(", "))),
                given(4, "dns_names = []\n".into()),
                given(5, "[crl]\nvalidity_days = 365\n[clusters.a]\nvalidity_days = 1\n[roles]\nwitness = 2\n".into()),
            )
        },
    )
}

/// Else the test below would only see configurations that are refused.
#[test]
fn enough_of_the_configurations_that_are_tried_are_legal() {
    let mut runner = TestRunner::deterministic();
    let tries = (0..96).map(|_| any_configuration().new_tree(&mut runner).unwrap().current());
    let legal = tries.filter(|text| Config::parse(text).is_ok()).count();
    assert!((24..90).contains(&legal), "{legal} of 96 are legal");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Mistake 9. Crash on a legal configuration; an error that prints a null pointer.
    #[test]
    fn mistake_9_every_legal_configuration_leads_to_certificates_and_no_error_speaks_of_nothing(text in any_configuration()) {
        let refused = |error: anchorite::error::Error| {
            assert_plain(&error.to_string());
            error.hints().iter().chain(error.truths()).for_each(|line| assert_plain(line));
        };
        match Config::parse(&text) {
            Err(error) => refused(error),
            Ok(config) => {
                let now = GENESIS.parse().unwrap();
                let context = Context { config: &config, config_sha256: Digest::of(text.as_bytes()), session: "s", now };
                // What the check passes, the lint of everything to come passes too.
                forecast::genesis(context).unwrap();
            }
        }
    }
}

/// Mistake 9, end to end: the least that a configuration can say is enough for a root and an intermediate.
#[test]
fn mistake_9_the_shortest_legal_configuration_works() {
    let world = World::new();
    world.configure(
        "name = \"World Mesh Root\"\nkind = \"test\"\nunattended = true\n[token]\nprofile = \"softhsm2\"\n[root]\n\
         subject = { common_name = \"R\" }\nkey = \"ecdsa-p256\"\nvalidity_days = 180\n[intermediates]\n\
         max_validity_days = 1\nsubject = { common_name = \"I\" }\n",
    );
    world.run(&["-C", AUTHORITY, "config", "check"]).ok();
    world.found().ok();
    world.issued("cluster1");
}
