//! A TPM 2.0 through tpm2-pkcs11, with swtpm in the chip's place: a world has a TPM of its own, whose state ends with it.
//!
//! The module reaches it as on many machines, through the resource manager tpm2-abrmd, over D-Bus: a Unix socket, since
//! TCP is closed to the program, and threads of a library's own. The manager gives each user as little room as Linux
//! does at `/dev/tpmrm0`: three objects at once.

use super::{Daemon, Module, Prepared, stories};
use crate::present::have;
use crate::support::World;
use anchorite::token::module::find_module;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub const TPM2: Module = Module {
    title: "tpm2-pkcs11 (swtpm)",
    profile: "tpm2-pkcs11",
    prepare,
    // The way to it: a TPM that does not answer.
    token: "token/bus",
    ..Module::PLAIN
};

/// A TPM that was never used, and an empty store.
pub fn prepare(world: &mut World) -> Option<Prepared> {
    let there = ["swtpm", "tpm2-abrmd", "dbus-daemon"].into_iter().all(have);
    if let Err(error) = find_module(&TPM2.known()) {
        eprintln!("SKIPPED: {error}");
        return None;
    }
    if !there {
        return None;
    }
    for name in ["token/tokens", "token/bus", "token/tpm"] {
        std::fs::create_dir_all(world.path(name)).unwrap();
    }
    let bus = format!("unix:path={}", world.path("token/bus/socket").display());
    let mut daemons = Vec::new();
    let mut start = |program: &str, arguments: &[String], makes: &Path| {
        let mut command = Command::new(program);
        command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", &bus);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        daemons.push(Daemon::start(&mut command));
        wait(program, || makes.exists());
    };
    let socket = world.path("token/tpm/socket");
    let (state, shown) = (world.path("token/tpm"), socket.display());
    let swtpm = [
        "socket".into(),
        "--tpm2".into(),
        "--flags=not-need-init,startup-clear".into(),
        format!("--tpmstate=dir={}", state.display()),
        format!("--server=type=unixio,path={shown}"),
        format!("--ctrl=type=unixio,path={shown}.ctrl"),
    ];
    start("swtpm", &swtpm, &world.path("token/tpm/socket.ctrl"));
    let listens = [format!("--address={bus}"), "--session".into(), "--nofork".into(), "--nopidfile".into()];
    start("dbus-daemon", &listens, &world.path("token/bus/socket"));
    // What it calls 1 is room for three.
    let manager =
        ["--session".into(), "--allow-root".into(), "--max-transients=1".into(), format!("--tcti=swtpm:path={shown}")];
    start("tpm2-abrmd", &manager, &socket);
    world.tell("TPM2_PKCS11_STORE", world.path("token/tokens"));
    world.tell("TPM2_PKCS11_TCTI", "tabrmd:bus_type=session");
    world.tell("DBUS_SESSION_BUS_ADDRESS", &bus);
    wait("tpm2-abrmd", || {
        let name = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
        let asked = ["org.freedesktop.DBus.NameHasOwner", "string:com.intel.tss2.Tabrmd"];
        world.tool("dbus-send", &[&name[..], &asked].concat()).stdout.contains("boolean true")
    });
    Some(Prepared { _daemons: daemons, ..Prepared::default() })
}

fn wait(whom: &str, ready: impl Fn() -> bool) {
    let late = Instant::now() + Duration::from_secs(30);
    while !ready() {
        assert!(Instant::now() < late, "{whom} is not ready");
        std::thread::sleep(Duration::from_millis(10));
    }
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
