//! Keys in a token that this authority does not know: of an earlier genesis, of another authority, of another
//! program. Each is named with the ways on before anything is made.

use crate::present::have;
use crate::support::{AUTHORITY, CREATE, PARTICIPANTS, PIN, World, configuration, softhsm_module};

/// The only initialised token's serial number.
fn serial(world: &World) -> String {
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let serials = shown.lines().filter_map(|line| line.trim().strip_prefix("Serial number:"));
    serials.map(str::trim).find(|serial| !serial.is_empty()).unwrap().to_owned()
}

fn pkcs11(world: &World, arguments: &[&str]) -> String {
    let module = softhsm_module().unwrap();
    let module = module.to_str().unwrap();
    world.tool("pkcs11-tool", &[&["--module", module, "--login", "--pin", PIN], arguments].concat()).ok().stdout
}

/// Answers for a genesis on a token that was initialised before.
fn answers(world: &World) {
    let reviewed = world.sha256("authority/authority.toml");
    world.write("answers-root.toml", format!("{PARTICIPANTS}[review]\n\"sha256:{reviewed}\" = \"approve\"\n"));
}

/// The objects in the token, whatever a login wrote beside them.
fn objects(world: &World) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let tree = world.tree("token/tokens").into_iter();
    let objects =
        tree.filter(|(path, _)| path.extension().is_some_and(|e| e == "object") && !path.ends_with("token.object"));
    objects.map(|(path, (_, bytes))| (path, bytes)).collect()
}

/// A genesis on an initialised token that is refused: the token holds what it held.
#[track_caller]
fn refused(world: &World, text: &str) {
    answers(world);
    let before = objects(world);
    let serial = serial(world);
    world.refused(&[&CREATE[..], &["--token-serial", &serial]].concat(), text);
    assert!(objects(world) == before, "the token holds other objects than before");
}

#[test]
fn the_token_of_an_authority_whose_directory_was_deleted_is_not_taken_for_a_blank_one() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    std::fs::remove_dir_all(world.path(AUTHORITY)).unwrap();
    world.configure(&configuration("test", "ecdsa-p256"));
    refused(
        &world,
        r#"
        error: the token holds keys of another authority, or of a genesis whose log is
               gone: saw private key "anchorite audit 1", ECDSA P-256, id …;
               private key "anchorite root 1", ECDSA P-256, id …; data object "anchorite
               guard …", wanted a token (serial …) that holds no key able to sign
        hint:  if the directory of their authority still exists, go on there: anchorite
               -C DIR status
        hint:  use another token: a blank one, or another --token-serial SERIAL
        hint:  or, once it is certain that nobody needs them, delete them with the
               token's own tool: pkcs11-tool --module MODULE --slot SLOT --login
               --delete-object --id ID --type privkey, and again with --type pubkey; a data object: --type data --label LABEL
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "#,
    );
    // The ways that were named work.
    delete(&world, "audit");
    delete(&world, "root");
    let guard = listed(&world, "data", "anchorite guard", "label:");
    pkcs11(&world, &["--delete-object", "--type", "data", "--label", guard.trim_matches('\'')]);
    let serial = serial(&world);
    world.run(&[&CREATE[..], &["--token-serial", &serial]].concat()).ok();
}

/// Deletes both halves of a key by the id that the token tells.
fn delete(world: &World, role: &str) {
    let id = listed(world, "privkey", &format!("anchorite {role} 1"), "ID:");
    for kind in ["privkey", "pubkey"] {
        pkcs11(world, &["--delete-object", "--id", &id, "--type", kind]);
    }
}

/// What `pkcs11-tool` says after `field` of the object with this in its label.
fn listed(world: &World, kind: &str, label: &str, field: &str) -> String {
    let shown = pkcs11(world, &["--list-objects", "--type", kind]);
    let lines = shown.lines().map(str::trim).skip_while(|line| !line.contains(label));
    lines.filter_map(|line| line.strip_prefix(field)).next().unwrap_or_else(|| panic!("{shown}")).trim().to_owned()
}

#[test]
fn a_key_under_our_label_is_explained() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::configured("test", "ecdsa-p256");
    initialize(&world);
    pkcs11(&world, &["--keypairgen", "--key-type", "EC:secp384r1", "--label", "anchorite root 1", "--id", "0a0b"]);
    refused(
        &world,
        r#"
        error: the token holds keys of another authority, or of a genesis whose log is
               gone: saw private key "anchorite root 1", ECDSA P-384, id 0a0b, wanted a
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
}

#[test]
fn a_key_of_another_program_is_explained() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::configured("test", "ecdsa-p256");
    initialize(&world);
    pkcs11(&world, &["--keypairgen", "--key-type", "rsa:2048", "--label", "web\u{1b}[2J server", "--id", "77"]);
    refused(
        &world,
        r#"
        error: the token holds a key of another program: saw private key "web\u{1b}[2J
               server", RSA-2048, id 77, wanted a token (serial …) that holds no key able
               to sign
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
}

#[test]
fn a_token_with_what_cannot_sign_is_taken() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::configured("test", "ecdsa-p256");
    initialize(&world);
    pkcs11(&world, &["--keygen", "--key-type", "aes:32", "--label", "a secret key", "--id", "55"]);
    answers(&world);
    let serial = serial(&world);
    world.run(&[&CREATE[..], &["--token-serial", &serial]].concat()).ok();
}

#[test]
fn the_audit_keys_own_token_is_found_ready_and_without_keys_of_others_before_anything_is_made() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::configured("test", "rsa-3072");
    world.configure(&format!("{}[audit.token]\nprofile = \"softhsm2\"\n", configuration("test", "rsa-3072")));
    initialize(&world);
    let root = serial(&world);
    answers(&world);
    world.secret("audit-pin", "22222222");
    let create = [&CREATE[..], &["--token-serial", &root, "--audit-pin-file", "audit-pin"]].concat();
    world.refused(
        &create,
        "
        error: the audit key's token is not here: wanted one initialised token behind
               [audit.token]
        hint:  initialise it with its vendor's tool and give it a user PIN
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    ",
    );
    let module = softhsm_module().unwrap();
    let module = ["--module", module.to_str().unwrap()];
    let init = ["--init-token", "--free", "--label", "Audit", "--pin", "22222222", "--so-pin", "87654321"];
    world.tool("softhsm2-util", &[&module[..], &init].concat()).ok();
    let login = ["--token-label", "Audit", "--login", "--pin", "22222222"];
    let make = ["--keypairgen", "--key-type", "EC:secp256r1", "--label", "anchorite audit 1", "--id", "0c"];
    world.tool("pkcs11-tool", &[&module[..], &login, &make].concat()).ok();
    world.refused(
        &create,
        r#"
        error: the token holds keys of another authority, or of a genesis whose log is
               gone: saw private key "anchorite audit 1", ECDSA P-256, id 0c, wanted a
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
    for kind in ["privkey", "pubkey"] {
        let delete = ["--delete-object", "--type", kind, "--id", "0c"];
        world.tool("pkcs11-tool", &[&module[..], &login, &delete].concat()).ok();
    }
    world.run(&create).ok();
}

fn initialize(world: &World) {
    let module = softhsm_module().unwrap();
    let module = module.to_str().unwrap();
    let init = ["--init-token", "--free", "--label", "Used", "--pin", PIN, "--so-pin", "87654321"];
    world.tool("softhsm2-util", &[&["--module", module], &init[..]].concat()).ok();
}
