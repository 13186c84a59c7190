//! Kryoptic: a database file.

use super::{Module, Prepared, stories, tell};
use crate::support::{BINARY, World};
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
