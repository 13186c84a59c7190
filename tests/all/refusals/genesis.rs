//! What must be true before a root is made: each precondition, where it is what fails. No key was generated,
//! the token was not touched, nothing was changed.

use crate::present::have;
use crate::support::{AUTHORITY, CREATE, PARTICIPANTS, PIN, World, configuration, softhsm_module, with_mounts};

/// A world whose authority is ready for its genesis, its answers saying that everything is fine.
fn prepared(config: &str) -> World {
    let world = World::new();
    world.configure(config);
    let name = config.split('"').nth(1).unwrap();
    let reviewed = world.sha256("authority/authority.toml");
    world.write(
        "answers-root.toml",
        format!("{PARTICIPANTS}[initialize]\nlabel = \"{name}\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"),
    );
    world
}

fn ready() -> World {
    prepared(&configuration("test", "ecdsa-p256"))
}

impl World {
    /// A genesis that is refused before the token is touched: not a byte of its files is another.
    #[track_caller]
    fn genesis_refused(&self, through: &[String], arguments: &[&str], text: &str) {
        let token = self.tree("token");
        self.refused_through(through, arguments, text);
        assert!(self.tree("token") == token, "the token was touched");
    }
}

#[test]
fn what_was_checked_is_shown_before_anything_is_made() {
    let world = ready();
    let shown = world.run(&CREATE).ok().stderr;
    let before = shown.split("Initialise a blank token").next().unwrap();
    assert!(before.contains("Checked before anything is made"), "{shown}");
    assert!(before.contains("made with throwaway keys, pass the lint."), "{shown}");
    let before = shown.split("The audit key").next().unwrap();
    assert!(before.contains("Checked before a key is made"), "{shown}");
    assert!(before.contains("The token holds no key but this authority's."), "{shown}");
}

#[test]
fn a_clock_that_cannot_be_right_makes_no_root() {
    let mut create = CREATE;
    create[3] = "2001-01-01T00:00:00Z";
    ready().genesis_refused(
        &[],
        &create,
        "
        error: the clock cannot be right: saw 2001-01-01T00:00:00Z, wanted a time
               between 2026 and 2099
        hint:  set the clock from the master clock of the room (date -u -s …), then run
               the ceremony again
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 12
    ",
    );
}

#[test]
fn a_directory_that_is_none_of_ours_is_not_written_through() {
    let world = ready();
    std::fs::create_dir(world.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(world.path("elsewhere"), world.path("authority/public")).unwrap();
    world.genesis_refused(
        &[],
        &CREATE,
        "
        error: authority/public is not a directory of this authority: saw a symbolic
               link, wanted a directory, or nothing
        hint:  move it away; the directory is made when it is needed
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
    let world = ready();
    world.write("authority/issued", "a list");
    world.genesis_refused(
        &[],
        &CREATE,
        "
        error: authority/issued is not a directory of this authority: saw a file, wanted
               a directory, or nothing
        hint:  move it away; the directory is made when it is needed
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_directory_that_cannot_be_written_to_is_found_before_the_token_is_touched() {
    let world = ready();
    std::fs::create_dir(world.path("authority/public")).unwrap();
    let Some(read_only) =
        with_mounts("mount --bind authority/public authority/public && mount -o remount,bind,ro authority/public")
    else {
        return;
    };
    world.genesis_refused(
        &read_only,
        &CREATE,
        "
        error: cannot write to authority/public: the medium is read-only
        hint:  remount it for writing, or slide its write protection off
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn certificates_of_an_earlier_root_are_not_overwritten() {
    for (file, way) in [
        ("public/root-cert.pem", "public/root-cert.pem"),
        ("issued/00ff.pem", "issued/00ff.pem"),
        ("log/audit/1.pem", "log/audit/1.pem"),
        ("log/checkpoint", "log/checkpoint"),
    ] {
        let world = ready();
        world.write(format!("{AUTHORITY}/{file}"), "of another root\n");
        world.genesis_refused(
            &[],
            &CREATE,
            &format!(
                "
        error: files of another authority are where this one's will be: saw
               authority/{way}, wanted a directory without certificates and checkpoints
        hint:  where its log was lost: that root still exists in its token; look for the
               newest copy of its stick
        hint:  for a new root take a new directory: anchorite new DIR
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    "
            ),
        );
    }
}

#[test]
fn a_medium_without_room_is_found_before_the_token_is_touched() {
    let world = ready();
    world.write("keep/authority.toml", world.read("authority/authority.toml"));
    let tiny = "mount -t tmpfs -o size=64k tiny authority && cp keep/authority.toml authority/";
    let Some(tiny) = with_mounts(tiny) else { return };
    world.genesis_refused(
        &tiny,
        &CREATE,
        "
        error: authority is nearly full: saw 61440 bytes free, wanted 1146880 bytes free
        hint:  make room on it, or use another medium
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_token_in_files_that_cannot_be_kept_is_found_before_it_is_touched() {
    let world = ready();
    let read_only = "mount --bind token/tokens token/tokens && mount -o remount,bind,ro token/tokens";
    let Some(read_only) = with_mounts(read_only) else { return };
    world.genesis_refused(
        &read_only,
        &CREATE,
        "
        error: the token's files cannot be written in $WORLD/token/tokens: saw Read-only
               file system (os error 30)
        hint:  mend its owner and mode, or remount it so that it can be written
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
    let Some(tiny) = with_mounts("mount -t tmpfs -o size=64k tiny token/tokens") else { return };
    world.genesis_refused(
        &tiny,
        &CREATE,
        "
        error: the token's files cannot be written in $WORLD/token/tokens: saw 65536
               bytes free, wanted 1048576 bytes free
        hint:  make room there
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_token_without_a_user_pin_is_not_begun_with() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = ready();
    let module = softhsm_module().unwrap();
    let module = module.to_str().unwrap();
    let label = ["--init-token", "--slot-index", "0", "--label", "Half made", "--so-pin", "87654321"];
    world.tool("pkcs11-tool", &[&["--module", module], &label[..]].concat()).ok();
    let shown = world.tool("pkcs11-tool", &["--module", module, "-L"]).ok().stdout;
    let serial = shown.lines().find_map(|line| line.trim().strip_prefix("serial num         : ")).unwrap().to_owned();
    world.genesis_refused(
        &[],
        &[&CREATE[..], &["--token-serial", &serial]].concat(),
        &format!(
            "
        error: the token has no user PIN: saw serial {serial}, label \"Half made\"
        hint:  its security officer sets one with the token's own tool: pkcs11-tool
               --module MODULE --slot SLOT --login --login-type so --init-pin
        No try was spent.
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "
        ),
    );
    // The way that was named works.
    let slot = shown.lines().find_map(|line| line.split_once('(')?.1.split_once(')')).unwrap().0;
    let set = ["--slot", slot, "--login", "--login-type", "so", "--so-pin", "87654321", "--init-pin", "--new-pin", PIN];
    world.tool("pkcs11-tool", &[&["--module", module], &set[..]].concat()).ok();
    let reviewed = world.sha256("authority/authority.toml");
    world.write("answers-root.toml", format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n"));
    world.run(&[&CREATE[..], &["--token-serial", &serial]].concat()).ok();
}

#[test]
fn an_authority_whose_name_makes_no_label_is_told_so() {
    let name = format!("é{}a", " ".repeat(40));
    let world =
        prepared(&configuration("test", "ecdsa-p256").replace("World Mesh Root\"\nkind", &format!("{name}\"\nkind")));
    world.genesis_refused(
        &[],
        &CREATE,
        "
        error: the token's label would be empty: it is the beginning of the authority's
               name: saw é a, wanted a name with ASCII letters among its first 32
        hint:  change name in authority.toml
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_profile_without_the_audit_keys_kind_is_found_before_the_token_is_touched() {
    let world = prepared(&configuration("test", "rsa-3072").replace("\"softhsm2\"", "\"../profile.toml\""));
    world.write(
        "profile.toml",
        include_str!("../../../hsm-profiles/softhsm2.toml").replace(
            "algorithms = [\"rsa-2048\", \"rsa-3072\", \"rsa-4096\", \"ecdsa-p256\", \"ecdsa-p384\", \"ecdsa-p521\", \"ed25519\"]",
            "algorithms = [\"rsa-3072\", \"rsa-4096\"]",
        ),
    );
    world.genesis_refused(
        &[],
        &CREATE,
        "
        error: SoftHSM 2 cannot make the audit key: saw ecdsa-p256, wanted rsa-3072,
               rsa-4096
        hint:  give the audit key a token of its own: [audit.token] in authority.toml
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_key_that_the_token_makes_otherwise_than_asked_is_found_with_a_session_key() {
    let world = prepared(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"../profile.toml\""));
    // SoftHSM's own default is that an elliptic curve key may decrypt.
    world.write(
        "profile.toml",
        include_str!("../../../hsm-profiles/softhsm2.toml").replace("rejects = []", "rejects = [\"CKA_DECRYPT\"]"),
    );
    let refused = world.run(&CREATE);
    crate::support::assert_text(
        &refused.error(),
        "
        error: the token cannot hold the root key ECDSA P-256: the key is not what was
               asked for: saw CKA_DECRYPT = true, wanted CKA_DECRYPT = false
        hint:  a token that makes such keys cannot hold a root; run `anchorite hsm
               probe`
        hint:  this genesis goes on with the same command; with another token or another
               kind of key, begin anew: anchorite new DIR
        No key was generated.
        Nothing was signed.
        exit 20
    ",
    );
    // The blank token was initialised; it holds no key.
    assert_eq!(world.run(&["log", "show", AUTHORITY]).ok().stdout.matches(" key.").count(), 0);
}

#[test]
fn a_genesis_goes_on_with_the_token_that_it_was_begun_with_and_no_other() {
    let world = prepared(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"../profile.toml\""));
    let profile = include_str!("../../../hsm-profiles/softhsm2.toml");
    world.write("profile.toml", profile.replace("rejects = []", "rejects = [\"CKA_DECRYPT\"]"));
    assert_eq!(world.run(&CREATE).code, Some(20), "the token is initialised, and no key is made");
    world.write("profile.toml", profile);
    world.refused(
        &[&CREATE[..], &["--token-serial", "0123456789abcdef"]].concat(),
        "
        error: this genesis was begun with another token: saw 0123456789abcdef, wanted
               …
        hint:  this genesis goes on with the same command; with another token or another
               kind of key, begin anew: anchorite new DIR
        No key was generated.
        Nothing was signed.
        exit 20
    ",
    );
    world.run(&CREATE).ok();
}
