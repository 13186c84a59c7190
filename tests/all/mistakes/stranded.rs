//! Keys that are made and then cannot be used, and what an earlier attempt left in the way.

use super::{pkcs11, private_keys, serial};
use crate::present::have;
use crate::support::{
    AUTHORITY, CREATE, ENTRIES, GENESIS, PARTICIPANTS, PIN, SO_PIN, World, configuration, softhsm_module,
};
use anchorite::authority::Config;
use anchorite::plan::{forecast, make::Context};

/// Mistake 1. Key generated, then the output path fails: the key is stranded and a retry is refused.
#[test]
fn mistake_1_a_failure_that_could_be_foreseen_strands_no_key_and_the_same_command_goes_on_once_it_is_mended() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::configured("test", "ecdsa-p256");
    world.write("authority/public/root-cert.pem", "something else\n");
    let token = world.tree("token");
    let refused = world.found();
    crate::support::assert_text(
        &refused.error(),
        "
        error: files of another authority are where this one's will be: saw
               authority/public/root-cert.pem, wanted a directory without certificates
               and checkpoints
        hint:  where its log was lost: that root still exists in its token; look for the
               newest copy of its stick
        hint:  for a new root take a new directory: anchorite new DIR
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
    assert!(world.tree("token") == token, "the token was touched");
    assert!(!world.path(ENTRIES).exists());
    std::fs::remove_file(world.path("authority/public/root-cert.pem")).unwrap();
    world.found().ok();
    assert_eq!(private_keys(&world), 2, "the root's and the audit key, and no stranded one");
}

/// Mistake 1. Key generated, then the lint fails: what could not be issued is an error of the configuration.
#[test]
fn mistake_1_a_configuration_whose_certificates_the_lint_would_refuse_makes_no_key() {
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p384").replace("\"istio\"", "\"linkerd\""));
    let token = world.tree("token");
    let refused = world.found();
    crate::support::assert_text(
        &refused.error(),
        "
        error: authority.toml, line 14, column 1: [intermediates] profile: linkerd
               cannot verify what this root signs: saw [root] key ecdsa-p384, wanted
               ecdsa-p256, rsa-3072, rsa-4096
        exit 2
    ",
    );
    assert!(world.tree("token") == token, "the token was touched");
}

/// Mistake 1, where the configuration's own rules were not enough: the certificates to come are made with
/// throwaway keys and judged before the real key exists.
#[test]
fn mistake_1_what_only_the_lint_finds_is_found_before_there_is_a_key() {
    let text = configuration("test", "ecdsa-p384");
    let mut config = Config::parse(&text).unwrap();
    config.intermediates.dns_names = Some(vec!["-istiod.svc".to_owned()]);
    let now = GENESIS.parse().unwrap();
    let context = Context { config: &config, config_sha256: Config::digest(&text), session: "s", now };
    let error = forecast::genesis(context).unwrap_err();
    assert_eq!(error.kind().exit_code(), 10);
    assert_eq!(
        error.to_string(),
        "every intermediate, whichever of ecdsa-p256, ecdsa-p384, rsa-3072, rsa-4096 its key is, would be refused \
         by the rule certificate.alternative-names: saw DNS:-istiod.svc, wanted DNS names"
    );
}

/// Mistake 2. An algorithm passes validation, the key is generated, and only then proves unsupported.
#[test]
fn mistake_2_an_algorithm_that_the_token_lacks_is_found_before_the_token_is_touched() {
    let world = World::configured("test", "ed25519");
    // The configuration is legal and the profile says that SoftHSM has Ed25519; this one was built without.
    // (SoftHSM 2.6.1 passes over the first name of such a list.)
    world.run(&["-C", AUTHORITY, "config", "check"]).ok();
    let conf = String::from_utf8(world.read("token/softhsm2.conf")).unwrap();
    world.write("token/softhsm2.conf", format!("{conf}slots.mechanisms = -CKM_NONE,CKM_EDDSA\n"));
    let token = world.tree("token");
    let refused = world.found();
    crate::support::assert_text(
        &refused.error(),
        "
        error: the token cannot make a key Ed25519: the token cannot sign Ed25519: saw
               no such mechanism in its list, wanted CKM_EDDSA
        hint:  choose another kind of key in authority.toml, or another token
        hint:  see what it lists with: pkcs11-tool --module MODULE --slot SLOT
               --list-mechanisms
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    ",
    );
    assert!(world.tree("token") == token, "the token was touched");
    world.configure(&configuration("test", "ecdsa-p521"));
    world.found().ok();
}

/// Mistake 2, where the token's list claims it: a key of each kind is made for the session and used.
#[test]
fn mistake_2_an_algorithm_that_a_token_claims_and_makes_otherwise_is_found_with_a_session_key() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p384").replace("\"softhsm2\"", "\"../profile.toml\""));
    let profile = include_str!("../../../hsm-profiles/softhsm2.toml");
    world.write("profile.toml", profile.replace("rejects = []", "rejects = [\"CKA_UNWRAP\"]"));
    let refused = world.found();
    crate::support::assert_text(
        &refused.error(),
        "
        error: the token cannot hold the root key ECDSA P-384: the key is not what was
               asked for: saw CKA_UNWRAP = true, wanted CKA_UNWRAP = false
        hint:  a token that makes such keys cannot hold a root; run `anchorite hsm
               probe`
        hint:  this genesis goes on with the same command; with another token or another
               kind of key, begin anew: anchorite new DIR
        No key was generated.
        Nothing was signed.
        exit 20
    ",
    );
    assert_eq!(private_keys(&world), 0);
    // And it does go on: the profile is mended, the token that was initialised is used.
    world.write("profile.toml", profile);
    world.found().ok();
    assert_eq!(private_keys(&world), 2);
}

/// Mistake 15. Leftover objects with the same label block a ceremony with no explanation.
#[test]
fn mistake_15_leftover_objects_with_our_label_are_named_with_the_ways_on() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::configured("test", "ecdsa-p256");
    let module = softhsm_module().unwrap();
    let module = module.to_str().unwrap();
    let init = ["--init-token", "--free", "--label", "Used", "--pin", PIN, "--so-pin", "87654321"];
    world.tool("softhsm2-util", &[&["--module", module], &init[..]].concat()).ok();
    pkcs11(&world, &["--keypairgen", "--key-type", "EC:secp256r1", "--label", "anchorite root 1", "--id", "01"]);
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", answers);
    let serial = serial(&world);
    world.refused(
        &[&CREATE[..], &["--token-serial", &serial]].concat(),
        r#"
        error: the token holds keys of another authority, or of a genesis whose log is
               gone: saw private key "anchorite root 1", ECDSA P-256, id 01, wanted a
               token (serial …) that holds no key able to sign
        hint:  if the directory of their authority still exists, go on there: anchorite
               -C DIR status
        hint:  use another token: a blank one, or another --token-serial SERIAL
        hint:  or, once it is certain that nobody needs them, delete them with the
               token's own tool: pkcs11-tool --module MODULE --slot SLOT --login
               --delete-object --id ID --type privkey, and again with --type pubkey
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "#,
    );
    assert_eq!(private_keys(&world), 1);
    // The way that was named works.
    for kind in ["privkey", "pubkey"] {
        pkcs11(&world, &["--delete-object", "--type", kind, "--id", "01"]);
    }
    world.run(&[&CREATE[..], &["--token-serial", &serial]].concat()).ok();
}

/// Mistake 15. PKCS#11 slot indices move, labels are not unique: the serial number counts.
#[test]
fn mistake_15_a_slot_that_moved_and_a_label_that_is_there_twice_change_nothing() {
    let world = World::ready();
    let module = softhsm_module().unwrap();
    for _ in 0..3 {
        let init = ["--init-token", "--free", "--label", "World Mesh Root", "--pin", PIN, "--so-pin", "87654321"];
        world.tool("softhsm2-util", &[&["--module", module.to_str().unwrap()], &init[..]].concat()).ok();
    }
    world.issued("cluster1");
}

/// Mistakes 1 and 15. What an interrupted genesis of this very directory made is not stranded: the same command destroys
/// it, unused, and people see another one made.
#[test]
fn mistake_1_15_a_key_that_an_interrupted_genesis_made_is_destroyed_by_the_same_command() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    super::keys::cut_before_the_root_key_is_logged(&world);
    let told = world.run(&["-C", AUTHORITY, "--now", GENESIS, "status"]).ok().stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        told.contains(
            "The same command destroys what was made of the root key, and makes another. The same command records this \
             and goes on."
        ),
        "{told}"
    );
    let again = world.run(&CREATE).ok();
    assert!(again.stderr.contains("A try before this one left a key (root)"), "{}", again.stderr);
    assert_eq!(private_keys(&world), 2);
    let shown = world.run(&["-C", AUTHORITY, "--now", GENESIS, "status"]).ok();
    assert!(!shown.stderr.contains("interrupted"), "{}", shown.stderr);
}

/// Mistake 15. A genesis that was killed between initialising a token and its first entry leaves a token that no log
/// knows: it is named, with the way on.
#[test]
fn mistake_15_a_token_that_a_genesis_left_without_a_log_is_named_with_the_way_on() {
    let world = World::configured("test", "ecdsa-p256");
    let initialise = ["--init-token", "--free", "--label", "World Mesh Root", "--pin", PIN, "--so-pin", SO_PIN];
    world.tool("softhsm2-util", &initialise).ok();
    let founded = world.found().ok().stderr;
    let shown = founded.split_whitespace().collect::<Vec<_>>().join(" ");
    let serial =
        shown.split("A token with this label is here already: slot ").nth(1).unwrap_or_else(|| panic!("{shown}"));
    let serial = serial.split("serial ").nth(1).unwrap().split('.').next().unwrap();
    assert!(shown.contains(&format!("use it: anchorite root create --token-serial {serial}")), "{shown}");
}
