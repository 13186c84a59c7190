//! The token, its module and its PINs.

use crate::support::{AUTHORITY, ENTRIES, GENESIS, PARTICIPANTS, SIGN, World, configuration, softhsm_module};

pub const CREATE: [&str; 12] = [
    "-C",
    AUTHORITY,
    "--now",
    GENESIS,
    "root",
    "create",
    "--pin-file",
    "pin",
    "--so-pin-file",
    "so-pin",
    "--answers",
    "answers.toml",
];

/// A world with an authority that is ready for its genesis.
pub fn before_genesis() -> World {
    let world = World::configured("test", "ecdsa-p256");
    genesis_answers(&world);
    world
}

pub fn genesis_answers(world: &World) {
    let reviewed = world.sha256("authority/authority.toml");
    world.write(
        "answers.toml",
        format!(
            "{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n"
        ),
    );
}

/// A founded world with one request and its answers.
pub fn before_signing() -> World {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world
}

fn initialize(world: &World, label: &str) {
    let module = softhsm_module().unwrap();
    let module = module.to_str().unwrap();
    let made = world.tool(
        "softhsm2-util",
        &["--module", module, "--init-token", "--free", "--label", label, "--pin", "12345678", "--so-pin", "87654321"],
    );
    made.ok();
}

#[test]
fn a_module_that_is_missing_is_named_with_how_to_install_it() {
    let world = before_genesis();
    world.write("authority/local.toml", "[token]\nmodule = \"/opt/none/libpkcs11.so\"\n");
    world.refused(
        &CREATE,
        "
        error: there is no PKCS#11 module at this path: saw /opt/none/libpkcs11.so
        hint:  the path is that of [token] module in local.toml, or of --module
        hint:  apt install softhsm2 (Debian, Ubuntu) or dnf install softhsm (Fedora)
        Nothing was signed.
        exit 20
    ",
    );
    world.refused(
        &["hsm", "probe", "--profile", "softhsm2", "--module", "/opt/none/libpkcs11.so"],
        "
        error: there is no PKCS#11 module at this path: saw /opt/none/libpkcs11.so
        hint:  the path is that of [token] module in local.toml, or of --module
        hint:  apt install softhsm2 (Debian, Ubuntu) or dnf install softhsm (Fedora)
        exit 20
    ",
    );
}

#[test]
fn a_file_that_is_no_module_is_refused() {
    let world = before_genesis();
    world.write("letter.so", "dear module\n");
    world.write("authority/local.toml", "[token]\nmodule = \"letter.so\"\n");
    world.refused(
        &CREATE,
        "
        error: letter.so cannot be loaded as a PKCS#11 module: saw not a shared library,
               wanted a shared library for this machine
        hint:  apt install softhsm2 (Debian, Ubuntu) or dnf install softhsm (Fedora)
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_library_that_is_no_pkcs11_module_is_refused() {
    let world = before_genesis();
    let arch = std::env::consts::ARCH;
    let candidates =
        [format!("/lib/{arch}-linux-gnu/libm.so.6"), "/lib64/libm.so.6".into(), "/usr/lib/libm.so.6".into()];
    let library = candidates.iter().find(|path| std::fs::exists(path).unwrap()).expect("a libm.so.6");
    let copy = world.write("libm.so", std::fs::read(library).unwrap());
    world.write("authority/local.toml", format!("[token]\nmodule = \"{}\"\n", copy.display()));
    world.refused(
        &CREATE,
        "
        error: … cannot be loaded as a PKCS#11 module: saw
               it has no C_GetFunctionList
        hint:  give the path of the module itself, for example
               /usr/lib/softhsm/libsofthsm2.so
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_token_that_is_not_here_is_named_by_its_serial() {
    let world = before_signing();
    std::fs::rename(world.path("token/tokens"), world.path("token/elsewhere")).unwrap();
    std::fs::create_dir(world.path("token/tokens")).unwrap();
    world.refused(
        &SIGN,
        "
        error: the token is not there: saw no initialised token, wanted the token with
               serial number …
        hint:  its newest copy is
               … is
               the module looking at the right token directory?
        Nothing was signed.
        exit 20
    ",
    );
    initialize(&world, "World Mesh Root");
    // The same label is not the same token.
    world.refused(
        &SIGN,
        r#"
        error: the token is not there: saw serial …, label "World Mesh
               Root", wanted the token with serial number …
        hint:  its newest copy is
               … is
               the module looking at the right token directory?
        Nothing was signed.
        exit 20
    "#,
    );
}

#[test]
fn a_token_that_was_named_by_a_wrong_serial_is_refused() {
    let world = before_genesis();
    initialize(&world, "Another");
    world.write(
        "answers.toml",
        String::from_utf8(world.read("answers.toml"))
            .unwrap()
            .replace("[initialize]\nlabel = \"World Mesh Root\"\n", ""),
    );
    let mut create = CREATE.to_vec();
    create.extend(["--token-serial", "0000000000000000"]);
    world.refused(
        &create,
        r#"
        error: the token is not there: saw serial …, label "Another",
               wanted the token with serial number …
        hint:  put it in and try again
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "#,
    );
    assert!(!world.path(ENTRIES).exists());
}

#[test]
fn two_tokens_are_told_apart_by_their_serials() {
    let world = World::new();
    initialize(&world, "Same");
    initialize(&world, "Same");
    world.refused(
        &["hsm", "probe", "--profile", "softhsm2"],
        r#"
        error: there are 2 tokens: saw serial …, label "Same"; serial
               …, label "Same", wanted exactly one
        hint:  name the token by its serial number
        exit 20
    "#,
    );
}

#[test]
fn an_initialised_token_is_never_initialised_again() {
    let world = before_genesis();
    initialize(&world, "Precious");
    let tokens = world.tree("token");
    // SoftHSM puts its initialised tokens first, or names their slots by their serial.
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let slots: Vec<&str> = shown.lines().filter_map(|line| line.strip_prefix("Slot ")).collect();
    let mut create = CREATE.to_vec();
    create.extend(["--slot", slots[0]]);
    world.refused(
        &create,
        r#"
        error: the token is already initialised: saw slot …, label "Precious",
               serial …, wanted a blank token
        hint:  to use it as it is, with its PIN: anchorite root create --token-serial
               SERIAL
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "#,
    );
    let mut create = CREATE.to_vec();
    create.extend(["--slot", "99999"]);
    world.refused(
        &create,
        r#"
        error: there is no such slot: saw slot 99999, wanted slot …: "Precious",
               serial …; slot 1: blank
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    "#,
    );
    assert_eq!(world.tree("token"), tokens);
}

#[test]
fn a_kind_of_key_that_the_token_cannot_make_is_found_before_it_is_initialised() {
    let world = before_genesis();
    world.write(
        "profile.toml",
        include_str!("../../../hsm-profiles/softhsm2.toml").replace(
            "algorithms = [\"rsa-2048\", \"rsa-3072\", \"rsa-4096\", \"ecdsa-p256\", \"ecdsa-p384\",",
            "algorithms = [\"rsa-3072\", \"rsa-4096\",",
        ),
    );
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"../profile.toml\""));
    genesis_answers(&world);
    let tokens = world.tree("token");
    world.refused(
        &CREATE,
        "
        error: SoftHSM 2 cannot make the root key that is configured: saw ecdsa-p256,
               wanted rsa-3072, rsa-4096, ecdsa-p521, ed25519
        hint:  choose another [root] key in authority.toml, or another token
        No key was generated.
        Nothing was changed.
        Nothing was signed.
        exit 20
    ",
    );
    assert_eq!(world.tree("token"), tokens);
}

#[test]
fn a_token_that_lost_its_keys_is_not_used() {
    let world = before_signing();
    for token in std::fs::read_dir(world.path("token/tokens")).unwrap() {
        for object in std::fs::read_dir(token.unwrap().path()).unwrap() {
            let path = object.unwrap().path();
            if !path.ends_with("token.object") && path.extension().is_some_and(|ending| ending == "object") {
                std::fs::remove_file(path).unwrap();
            }
        }
    }
    world.refused(
        &SIGN,
        "
        error: the token does not hold the root key: saw no key with the id
               …, wanted the key of generation 1
        hint:  this may be another token with the same serial number, or one that was
               cleared
        Nothing was signed.
        exit 20
    ",
    );
}

#[test]
fn a_path_of_a_profile_is_from_the_authoritys_directory_wherever_a_command_is_run() {
    let world = before_genesis();
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"own/profile.toml\""));
    genesis_answers(&world);
    // One that is there from where the command is run is not meant.
    world.write("own/profile.toml", "name = \"another\"\n");
    world.refused(
        &CREATE,
        "
        error: cannot read authority/own/profile.toml: there is no such file or
               directory
        hint:  [token] profile of authority.toml names it: a path is from the
               authority's directory
        Nothing was signed.
        exit 30
    ",
    );
    world.write("authority/own/profile.toml", include_str!("../../../hsm-profiles/softhsm2.toml"));
    world.found().ok();
    let check = ["-C", "../authority", "hsm", "check", "--login", "--pin-file", "../pin"];
    let output = world.command(&check).current_dir(world.path("own")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
