//! A TPM 2.0 through tpm2-pkcs11, with swtpm in the chip's place: a world has a TPM of its own, whose state ends with it.
//!
//! It is reached over a Unix socket, as a resource manager is: TCP is closed to the program. swtpm has room for three
//! objects at once, as many as Linux gives to each user of `/dev/tpmrm0`.

use super::{Daemon, Module, Prepared, stories};
use crate::present::have;
use crate::support::World;
use anchorite::token::module::find_module;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const TPM2: Module = Module {
    title: "tpm2-pkcs11 (swtpm)",
    profile: "tpm2-pkcs11",
    prepare,
    // The sockets: a TPM that does not answer.
    token: "token/tpm",
    ..Module::PLAIN
};

/// A TPM that was never used, and an empty store.
pub fn prepare(world: &mut World) -> Option<Prepared> {
    if !have("swtpm") {
        return None;
    }
    if let Err(error) = find_module(&TPM2.known()) {
        eprintln!("SKIPPED: {error}: no TPM was tried");
        return None;
    }
    for name in ["token/tokens", "token/tpm", "token/state"] {
        std::fs::create_dir_all(world.path(name)).unwrap();
    }
    let socket = world.path("token/tpm/socket");
    let server = |name: &str| format!("type=unixio,path={}", world.path(name).display());
    let mut swtpm = Command::new("swtpm");
    swtpm.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate"]);
    swtpm.arg(format!("dir={}", world.path("token/state").display()));
    swtpm.args(["--server", &server("token/tpm/socket"), "--ctrl", &server("token/tpm/socket.ctrl")]);
    swtpm.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let daemons = vec![Daemon::start(&mut swtpm)];
    let late = Instant::now() + Duration::from_secs(20);
    while !socket.exists() {
        assert!(Instant::now() < late, "swtpm does not make its socket");
        std::thread::sleep(Duration::from_millis(5));
    }
    world.tell("TPM2_PKCS11_STORE", world.path("token/tokens"));
    world.tell("TPM2_PKCS11_TCTI", format!("swtpm:path={}", socket.display()));
    Some(Prepared { daemons, ..Prepared::default() })
}

stories! { TPM2:
    an_rsa_3072_root "rsa-3072",
    a_p256_root "ecdsa-p256",
    a_p384_root "ecdsa-p384",
}

#[test]
fn a_p256_root_whose_hashes_are_made_on_the_host() {
    super::tell(&TPM2, "ecdsa-p256", Some("host"));
}
