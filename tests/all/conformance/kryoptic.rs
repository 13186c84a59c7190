//! Kryoptic: a database file.

use super::{Module, Prepared, stories, tell};
use crate::key_backup::{BACKUP, NAME};
use crate::support::*;
use std::path::{Path, PathBuf};

pub const KRYOPTIC: Module = Module {
    title: "Kryoptic",
    profile: "kryoptic",
    prepare,
    token: "token/tokens/token.sql",
    // The module makes an empty database where there is none.
    gone: "error: the token is damaged: its files are there and it is not",
    replug: |world| slot(world, 9),
    ..Module::PLAIN
};

/// Where `kryoptic.sh` puts it. `run-tests.sh` names it, and then it must be there.
pub fn module() -> Option<PathBuf> {
    let built = || Path::new(BINARY).ancestors().nth(2).unwrap().join("tokens/libkryoptic_pkcs11.so");
    let named = std::env::var_os("KRYOPTIC_MODULE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let path = named.clone().unwrap_or_else(built);
    assert!(named.is_none() || path.exists(), "KRYOPTIC_MODULE is not there: {}", path.display());
    if !path.exists() {
        eprintln!("SKIPPED: Kryoptic is not here (softhsm-test/kryoptic.sh builds it): NO story was told of it");
    }
    Some(path).filter(|path| path.exists())
}

pub fn prepare(world: &mut World) -> Option<Prepared> {
    let module = module()?;
    std::fs::create_dir_all(world.path("token/tokens")).unwrap();
    slot(world, 5);
    world.tell("KRYOPTIC_CONF", world.path("token/token.conf"));
    Some(Prepared { module: Some(module), ..Prepared::default() })
}

/// Has the token in this slot.
fn slot(world: &World, number: u8) {
    let file = world.path("token/tokens/token.sql").display().to_string();
    world.write("token/token.conf", format!("[[slots]]\nslot = {number}\ndbtype = \"sqlite\"\ndbargs = {file:?}\n"));
}

stories! { KRYOPTIC:
    an_rsa_3072_root "rsa-3072",
    an_rsa_4096_root "rsa-4096",
    a_p256_root "ecdsa-p256",
    a_p384_root "ecdsa-p384",
    a_p521_root "ecdsa-p521",
}

#[test]
fn an_rsa_root_whose_hashes_are_made_on_the_host() {
    tell(&KRYOPTIC, "rsa-3072", Some("host"));
}

#[test]
fn a_p384_root_whose_hashes_are_made_on_the_host() {
    tell(&KRYOPTIC, "ecdsa-p384", Some("host"));
}

/// A founded test authority with a P-256 root on a token of Kryoptic; more of its configuration and of `local.toml`.
fn founded(more: &str, local: impl FnOnce(&World) -> String) -> Option<World> {
    let mut world = World::without_token();
    let prepared = prepare(&mut world)?;
    let module = format!("[token]\nmodule = {:?}\n", prepared.module.unwrap().display().to_string());
    world.write("authority/local.toml", module + &local(&world));
    world.configure(&(configuration("test", "ecdsa-p256").replace("softhsm2", "kryoptic") + more));
    world.found().ok();
    Some(world)
}

#[test]
fn a_copy_of_a_database_is_made_on_a_medium_and_signs() {
    let backup = |world: &World| {
        std::fs::create_dir(world.path("backup")).unwrap();
        world.write("answers-backup.toml", format!("{PARTICIPANTS}[backup]\nname = \"{NAME}\"\n"));
        format!("[backup.token]\ndirectory = {:?}\n", world.path("backup").display().to_string())
    };
    let Some(world) = founded("[key_backup]\nmode = \"clone\"\n", backup) else { return };
    // An earlier copy's journal would be played into this one.
    world.write("backup/tokens/token.sql-journal", "of another");
    let shown = world.run(&BACKUP).ok().stderr;
    assert!(shown.contains("The key backup lives"), "{shown}");
    let told = String::from_utf8(world.read("backup/module.conf")).unwrap();
    let here = world.path("backup/tokens/token.sql");
    assert!(told.contains(&format!("slot = 5\ndbtype = \"sqlite\"\ndbargs = \"{}\"\n", here.display())), "{told}");
    assert!(!world.path("backup/tokens/token.sql-journal").exists());
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_pin_locks_after_as_many_wrong_ones_as_the_profile_says() {
    let Some(world) = founded("", |_| String::new()) else { return };
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
    world.secret("wrong-pin", "00000000");
    let crl = |pin| {
        let now = ["-C", AUTHORITY, "--now", "2026-11-21T10:00:00Z", "crl", "--answers", "answers.toml", "--final-try"];
        world.run(&[&now[..], &["--pin-file", pin]].concat())
    };
    let first = crl("wrong-pin").error();
    assert!(first.contains("this kind of token locks its PIN after 10 wrong tries"), "{first}");
    let rejected = 1 + (1..20).take_while(|_| crl("wrong-pin").code == Some(21)).count();
    // The tenth is the one that was answered otherwise.
    assert_eq!(rejected, 9);
    let locked = crl("pin");
    assert_eq!(locked.code, Some(22), "{}", locked.stderr);
    assert!(locked.error().starts_with("error: the token's PIN is locked"), "{}", locked.stderr);
}

#[test]
fn a_database_that_lost_its_content_is_named_as_damage_and_its_newest_copy_signs() {
    let Some(world) = founded("", |_| String::new()) else { return };
    let crl = |hour: u8| {
        world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"));
        let now = format!("2026-11-21T{hour}:00:00Z");
        world.run(&["-C", AUTHORITY, "--now", &now, "crl", "--pin-file", "pin", "--answers", "answers.toml"])
    };
    crl(10).ok();
    world.write("token/tokens/token.sql", "");
    assert_text(
        &crl(11).error(),
        "
        error: the token is damaged: its files are there and it is not: saw
               $WORLD/token/tokens/token.sql, wanted the token with serial number …
        hint:  do not initialise it: that destroys the key
        hint:  move $WORLD/token/tokens/token.sql aside and put the newest copy in its
               place: cp -a $WORLD/token/tokens.snapshots/… $WORLD/token/tokens/
        hint:  where its medium was not in, its module has made this empty one: put it
               in
        Nothing was signed.
        exit 20
        ",
    );
    let mut copies: Vec<PathBuf> =
        std::fs::read_dir(world.path("token/tokens.snapshots")).unwrap().map(|e| e.unwrap().path()).collect();
    copies.sort();
    let names: Vec<_> = std::fs::read_dir(copies.last().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["token.sql"]);
    std::fs::copy(copies.last().unwrap().join("token.sql"), world.path("token/tokens/token.sql")).unwrap();
    // The copy is of before the last session: its guard is older, and that is no fault of the log.
    crl(12).ok();
}
