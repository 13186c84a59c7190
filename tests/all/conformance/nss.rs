//! NSS softokn: a database in a directory, which the module is told when it starts.

use super::{Module, Prepared, stories, tell};
use crate::support::World;

const NSS: Module = Module {
    title: "NSS softokn",
    profile: "nss",
    prepare,
    token: "token/nss",
    gone: "error: the directory for the files of NSS softokn is not there",
    ..Module::PLAIN
};

/// Two modules in one process: the audit key is on a token of SoftHSM.
const WITH_SOFTHSM: Module = Module { title: "NSS softokn, audit key on SoftHSM 2", audit_elsewhere: true, ..NSS };

fn prepare(world: &mut World) -> Option<Prepared> {
    let known = NSS.known();
    if anchorite::token::find_module(&known).is_err() {
        eprintln!("SKIPPED: NSS softokn is not here ({}): it was NOT tried", known.install);
        return None;
    }
    let place = world.path("token/nss");
    std::fs::create_dir_all(&place).unwrap();
    world.tell("SSL_DIR", place);
    Some(Prepared::default())
}

stories! { NSS:
    an_rsa_3072_root "rsa-3072",
    an_rsa_4096_root "rsa-4096",
    a_p256_root "ecdsa-p256",
    a_p384_root "ecdsa-p384",
    a_p521_root "ecdsa-p521",
}

#[test]
fn a_p384_root_whose_hashes_are_made_on_the_host() {
    tell(&NSS, "ecdsa-p384", Some("host"));
}

#[test]
fn an_rsa_root_whose_hashes_are_made_on_the_host() {
    tell(&NSS, "rsa-3072", Some("host"));
}

#[test]
fn a_p256_root_whose_audit_key_is_behind_another_module_in_the_same_process() {
    tell(&WITH_SOFTHSM, "ecdsa-p256", Some("host"));
}
