//! SoftHSM 2: a directory of files.

use super::{Module, Prepared, stories, tell};
use crate::support::World;

pub const SOFTHSM: Module = Module { title: "SoftHSM 2", profile: "softhsm2", prepare, ..Module::PLAIN };

fn prepare(world: &mut World) -> Option<Prepared> {
    world.add_softhsm();
    Some(Prepared::default())
}

stories! { SOFTHSM:
    an_rsa_3072_root "rsa-3072",
    an_rsa_4096_root "rsa-4096",
    a_p256_root "ecdsa-p256",
    a_p384_root "ecdsa-p384",
    a_p521_root "ecdsa-p521",
    an_ed25519_root "ed25519",
}

#[test]
fn an_rsa_root_whose_hashes_are_made_on_the_host() {
    tell(&SOFTHSM, "rsa-3072", Some("host"));
}
