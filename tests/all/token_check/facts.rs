//! Who the token is, its PIN, its keys and what else is in it.

use super::*;
use crate::present::have;
use crate::support::assert_text;
use anchorite::digest::Digest;

#[test]
fn a_token_that_is_what_the_log_says_agrees_in_every_fact() {
    let world = World::ready();
    world.issued("cluster1");
    let output = check(&world).ok();
    let said = flat(&output.stdout);
    assert!(said.starts_with("World Mesh Root · test: token and log 10 agree agrees module: /"), "{}", output.stdout);
    for part in [
        "agrees token: serial ",
        ", label \"World Mesh Root\"",
        "agrees identity: SoftHSM project SoftHSM v2, firmware 2.6, SoftHSM",
        "agrees pin: set, and no wrong one was tried since the last login",
        "agrees key: root key 1 (ECDSA P-256, id ",
        "agrees key: audit key 1 (ECDSA P-256, id ",
        "agrees attributes: root key 1 (ECDSA P-256, id ",
        " has the 30 attributes of the log",
        "agrees strangers: no other key in it is able to sign",
        "agrees guard: in step with the log at 75 entries",
        "Nothing was signed: the next ceremony verifies what each key signs.",
    ] {
        assert!(said.contains(part), "{part}\n{}", output.stdout);
    }
    assert!(output.stdout.lines().count() <= 24, "it fits on a screen\n{}", output.stdout);
}

#[test]
fn without_a_login_what_the_token_shows_to_everybody_is_compared() {
    let world = World::ready();
    let output = world.run(&["-C", AUTHORITY, "hsm", "check"]).ok();
    let said = flat(&output.stdout);
    for part in [
        "agrees key: root key 1 (ECDSA P-256, id ",
        "agrees key: audit key 1 (ECDSA P-256, id ",
        "unknown attributes: the attributes of its keys, other keys and the guard are behind the PIN (--login)",
    ] {
        assert!(said.contains(part), "{part}\n{}", output.stdout);
    }
}

#[test]
fn the_same_stands_in_json() {
    let world = World::ready();
    let output = world.run(&[&CHECK[..], &["pin", "--json"]].concat()).ok();
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((&json["agrees"], &json["logged_in"], &json["entries"]), (&true.into(), &true.into(), &44.into()));
    let names: Vec<String> = findings(&output).iter().map(|f| format!("{} {}", f["check"], f["result"])).collect();
    let names = names.join("; ").replace('"', "");
    assert_eq!(
        names,
        "module agrees; token agrees; identity agrees; pin agrees; key agrees; attributes agrees; key agrees; \
         attributes agrees; strangers agrees; guard agrees"
    );
}

#[test]
fn a_token_that_is_not_there_is_named() {
    let world = World::ready();
    std::fs::rename(world.path("token/tokens"), world.path("elsewhere")).unwrap();
    std::fs::create_dir(world.path("token/tokens")).unwrap();
    differs(&world, 20, &["DIFFERS token: the token is not there: saw no initialised token"]);
    assert_text(
        &check(&world).error(),
        "error: the token is not fit for a ceremony: saw token
         hint:  the lines above say what was seen and what to do
         Nothing was signed, and nothing was changed.
         exit 20",
    );
}

#[test]
fn a_key_that_is_gone_is_missed_and_one_that_nobody_made_is_found() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = World::ready();
    pkcs11(&world, &["--keypairgen", "--key-type", "EC:secp256r1", "--id", "0a0b", "--label", "web"]);
    differs(&world, 20, &["DIFFERS strangers: private key \"web\", ECDSA P-256, id 0a0b → whose are they?"]);
    let listed = world.run(&[&CHECK[..], &["pin", "--json"]].concat());
    let key = findings(&listed).into_iter().find(|f| f["check"] == "key").unwrap();
    let seen = key["seen"].as_str().unwrap();
    let id = &seen[seen.find("id ").unwrap() + 3..][..8];
    let all = pkcs11(&world, &["--list-objects", "--type", "privkey"]);
    let whole = all.split_whitespace().find(|word| word.starts_with(id)).unwrap_or_else(|| panic!("{id}\n{all}"));
    for kind in ["privkey", "pubkey"] {
        pkcs11(&world, &["--delete-object", "--type", kind, "--id", whole]);
    }
    differs(&world, 20, &["(ECDSA P-256, id ", "…) is not in it → is this another token with the same serial number"]);
}

#[test]
fn another_module_than_the_last_sessions_is_said_and_is_no_contradiction() {
    let world = World::ready();
    let module = std::fs::read(softhsm_module().unwrap()).unwrap();
    let (was, mut other) = (Digest::of(&module), module);
    // Sections of an ELF file end before this: another file, and the same module.
    other.push(0);
    let is = Digest::of(&other);
    world.write("other.so", other);
    world.write("authority/local.toml", "[token]\nmodule = \"other.so\"\n");
    let said = flat(&check(&world).ok().stdout);
    assert!(said.contains(&format!("1 changed changed module: sha256 was {was}, is {is}; ")), "{said}");
    assert!(said.contains("path was /") && said.contains(", is other.so → was it updated on purpose?"), "{said}");
}

#[test]
fn an_attribute_that_was_changed_is_named_with_both_its_values() {
    let world = World::ready();
    world.behind_proxy();
    let mut command = world.command(&[&CHECK[..], &["pin"]].concat());
    world.misbehave(&mut command, "");
    // A key that did not ask for the PIN each time when it was made, and does now.
    command.env("ANCHORITE_PROXY_TRAITS", "always-authenticate");
    let output = command.output().unwrap();
    let said = flat(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(40), "{said}");
    assert!(said.contains("DIFFERS attributes: root key 1 (ECDSA P-256, id "), "{said}");
    assert!(
        said.contains("was changed: CKA_ALWAYS_AUTHENTICATE was false, is true → no ceremony changes a key"),
        "{said}"
    );
}

#[test]
fn wrong_tries_of_the_pin_are_said_and_the_last_one_is_not_made() {
    let world = World::ready();
    world.behind_proxy();
    let at = |tries: u8| {
        world.write("token/tokens/tries", tries.to_string());
        let mut command = world.command(&[&CHECK[..], &["pin"]].concat());
        world.misbehave(&mut command, "");
        command.env("ANCHORITE_PROXY_TRAITS", "pin-locks=3");
        let output = command.output().unwrap();
        (output.status.code(), flat(&String::from_utf8(output.stdout).unwrap()))
    };
    let (code, said) = at(1);
    assert!(
        code == Some(0) && said.contains("changed pin: a wrong one was tried since the last login → who"),
        "{said}"
    );
    let (code, said) = at(2);
    assert!(code == Some(22) && said.contains("DIFFERS pin: the next wrong one locks it → somebody tried"), "{said}");
    assert!(said.contains("behind the PIN (--login)"), "it is not opened for a look: {said}");
    let (code, said) = at(3);
    assert!(code == Some(22) && said.contains("DIFFERS pin: it is locked"), "{said}");
}

#[test]
fn what_it_cannot_begin_with_is_refused() {
    let world = World::configured("test", "ecdsa-p256");
    world.refused(
        &[&CHECK[..], &["pin"]].concat(),
        "error: this authority has no log yet: saw authority
         hint:  its root is made by: anchorite root create
         exit 30",
    );
}
