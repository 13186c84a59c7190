//! The key backup that is at hand is looked at too; one that is not is named, with how to look.

use super::*;
use crate::key_backup::wrapped::{self, said};
use crate::key_backup::{BACKUP, NAME, backed_up, objects, promised};
use crate::present::have;

/// What is said of the key backup, a line each.
fn of_backup(output: &Output) -> Vec<String> {
    let found = findings(output).into_iter().filter(|finding| finding["token"] == "backup");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    found
        .map(|f| format!("{} {}: {} → {}", text(&f["result"]), text(&f["check"]), text(&f["seen"]), text(&f["remedy"])))
        .collect()
}

fn in_json(world: &World) -> Output {
    world.run(&[&["--json"][..], &CHECK, &["pin"]].concat())
}

#[test]
fn a_copy_of_the_tokens_files_holds_the_keys_of_the_log_and_opens_to_the_same_pin() {
    let world = backed_up();
    let before = world.tree("authority");
    let output = check(&world).ok();
    let said = flat(&output.stdout);
    for part in [
        "agrees root token, guard: in step with the log at ",
        "agrees backup token, token: B1, safe in Bonn, serial ",
        "agrees backup token, pin: set, and no wrong one was tried since the last login",
        "agrees backup token, key: root key 1 (ECDSA P-256, id ",
        "agrees backup token, attributes: root key 1 (ECDSA P-256, id ",
        "agrees backup token, strangers: no other key in it is able to sign",
    ] {
        assert!(said.contains(part), "{part}\n{}", output.stdout);
    }
    let without = flat(&world.run(&["-C", AUTHORITY, "hsm", "check"]).ok().stdout);
    assert!(without.contains("agrees backup token, key: root key 1 (ECDSA P-256, id "), "{without}");
    assert!(without.contains("unknown backup token, attributes: the attributes of its keys"), "{without}");
    assert_eq!(before, world.tree("authority"));
}

#[test]
fn a_key_backup_that_is_not_at_hand_is_named_with_how_to_look() {
    let world = backed_up();
    std::fs::rename(world.path("backup"), world.path("locked-away")).unwrap();
    let said = of_backup(&in_json(&world).ok());
    let [line] = said.as_slice() else { panic!("{said:?}") };
    assert!(line.starts_with("unknown token: was not looked at: there is no copy of the token in "), "{line}");
    assert!(line.contains(" → put the medium of the key backup in"), "{line}");
    std::fs::remove_file(world.path("authority/local.toml")).unwrap();
    assert_eq!(
        of_backup(&in_json(&world).ok()),
        [format!(
            "unknown token: {NAME} was not looked at: local.toml names no key backup → put it in, and name it in \
             local.toml: [backup.token]"
        )]
    );
}

#[test]
fn a_copy_that_lost_its_keys_or_its_token_is_not_fit() {
    let world = backed_up();
    for object in objects(&world, "backup/tokens") {
        std::fs::remove_file(object).unwrap();
    }
    let output = in_json(&world);
    assert_eq!(output.code, Some(20), "{}", output.stderr);
    let said = of_backup(&output);
    assert!(
        said.iter().any(|line| line.starts_with("differs key: root key 1 (") && line.contains("is not in it")),
        "{said:?}"
    );
    std::fs::remove_dir_all(world.path("backup/tokens")).unwrap();
    std::fs::create_dir(world.path("backup/tokens")).unwrap();
    differs(
        &world,
        20,
        &["DIFFERS backup token, token: was not looked at: the token is not there: saw no initialised token"],
    );
}

#[test]
fn a_copy_with_a_key_that_nobody_made_or_another_pin_is_found_out() {
    if !have("pkcs11-tool") {
        return;
    }
    let world = backed_up();
    let at_copy = |arguments: &[&str]| {
        let own = world.read("token/softhsm2.conf");
        let of_copy = String::from_utf8(own.clone()).unwrap().replace("token/tokens", "backup/tokens");
        world.write("token/softhsm2.conf", of_copy);
        pkcs11(&world, arguments);
        world.write("token/softhsm2.conf", own);
    };
    at_copy(&["--keypairgen", "--key-type", "EC:secp256r1", "--id", "0a0b", "--label", "web"]);
    differs(
        &world,
        20,
        &["DIFFERS backup token, strangers: private key \"web\", ECDSA P-256, id 0a0b → whose are they?"],
    );
    at_copy(&["--change-pin", "--new-pin", "77777777"]);
    differs(
        &world,
        21,
        &[
            "DIFFERS backup token, pin: does not open: the token rejected the PIN: saw C_Login: CKR_PIN_INCORRECT → was \
             the PIN changed since it was made? Then make it anew: anchorite key-backup",
        ],
    );
}

#[test]
fn a_root_key_that_is_newer_than_the_copy_is_said_to_be_missing_from_it() {
    let world = backed_up();
    world.roll_over_with(&[], "2026-11-23T09:30:00Z").ok();
    let said = of_backup(&in_json(&world).ok());
    assert!(
        said.contains(
            &"changed key: root key 2 is not in this copy, which was made before it → make it anew: anchorite key-backup"
                .to_owned()
        ),
        "{said:?}"
    );
}

#[test]
fn a_second_token_that_is_no_key_backup_of_the_log_is_not_taken_for_one() {
    let world = backed_up();
    wrapped::second_token(&world, "second");
    world.write("authority/local.toml", "[backup.token]\n");
    let output = in_json(&world);
    assert_eq!(output.code, Some(20), "{}", output.stderr);
    let said = of_backup(&output);
    assert!(said[0].contains(": the log has no key backup with this number"), "{said:?}");
}

#[test]
fn the_file_of_wrapped_keys_is_known_by_its_digest() {
    let world = wrapped::wrapped("ecdsa-p256");
    let of = |world: &World| of_backup(&world.run(&["-C", AUTHORITY, "--json", "hsm", "check"]));
    assert_eq!(of(&world), [format!("agrees file: {NAME} is the file of the log → ")]);
    let file = wrapped::file(&world);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&whole[..], b" "].concat()).unwrap();
    let said = of(&world);
    assert!(
        said[0].starts_with(&format!("differs file: {NAME}: "))
            && said[0].contains("is not the file that the log knows"),
        "{said:?}"
    );
    std::fs::remove_file(&file).unwrap();
    let said = of(&world);
    assert!(
        said[0].starts_with(&format!("unknown file: {NAME}: the wrapped keys of {NAME} are not there")),
        "{said:?}"
    );
}

/// What a vendor's tool makes of a token: another one with the same keys, a serial number and a PIN of its own.
fn vendors_clone(world: &World) -> String {
    let tokens = world.path("token/tokens");
    let own =
        std::fs::read_dir(&tokens).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let clone = own.with_file_name("0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f");
    std::fs::create_dir(&clone).unwrap();
    for entry in std::fs::read_dir(&own).unwrap() {
        let file = entry.unwrap();
        std::fs::copy(file.path(), clone.join(file.file_name())).unwrap();
    }
    let serial = said(world, "token.initialized")[0]["serial"].as_str().unwrap().to_owned();
    let other = "0f0f0f0f0f0f0f0f";
    let token = std::fs::read(clone.join("token.object")).unwrap();
    let at = token.windows(16).position(|part| part == serial.as_bytes()).unwrap();
    std::fs::write(clone.join("token.object"), [&token[..at], other.as_bytes(), &token[at + 16..]].concat()).unwrap();
    other.to_owned()
}

#[test]
fn a_clone_of_a_vendors_making_is_a_token_of_its_own_that_proves_itself_and_is_looked_at() {
    let world = promised();
    world.write("authority/local.toml", "[backup.token]\n");
    let serial = vendors_clone(&world);
    world.run(&BACKUP).ok();
    let made = &said(&world, "key_backup.made")[0];
    assert_eq!((&made["means"], &made["serial"]), (&"vendor".into(), &Value::from(serial.clone())));
    let found = of_backup(&in_json(&world).ok());
    assert!(found[0].starts_with(&format!("agrees token: {NAME}, serial {serial}, made ")), "{found:?}");
    assert!(found.iter().any(|line| line.starts_with("agrees key: root key 1 (")), "{found:?}");
    // Its own PIN, which is another.
    world.secret("other-pin", "99999999");
    let mut other = CHECK.to_vec();
    other.push("other-pin");
    assert_eq!(world.run(&other).code, Some(21));
}
