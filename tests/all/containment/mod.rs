//! The fences around an offline command, tried from inside: by a PKCS#11 module that wants out.

mod degraded;
mod helpers;

use crate::present::have;
use crate::support::{AUTHORITY, World, assert_text};
use std::os::unix::net::UnixListener;
use std::process::Command;

/// Compiles the module (or, with `-DALONE`, the program) into the world. `None`, said loudly, without a compiler.
fn compiled(world: &World, name: &str, options: &[&str]) -> Option<()> {
    compile("escape.c", world, name, options)
}

fn compile(source: &str, world: &World, name: &str, options: &[&str]) -> Option<()> {
    if !have("cc") {
        return None;
    }
    let source = format!("{}/tests/all/containment/{source}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("cc");
    command.args(["-o"]).arg(world.path(name)).args(options).args(["-pthread", &source]);
    assert!(command.status().unwrap().success());
    Some(())
}

/// A world in which somebody listens at a Unix socket and a descriptor is left open to every program: the
/// arguments to run one through. The file to escape to lies in another directory, which is returned too.
fn prison(world: &World) -> (UnixListener, tempfile::TempDir, Vec<String>) {
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("file");
    std::fs::write(&file, "content").unwrap();
    let listener = UnixListener::bind(world.path("listening")).unwrap();
    let leave_open = "exec 9>>leaked && exec \"$@\"";
    let through = [
        "env".to_owned(),
        format!("ESCAPE_FILE={}", file.display()),
        format!("ESCAPE_SOCKET={}", world.path("listening").display()),
        "sh".to_owned(),
        "-c".to_owned(),
        leave_open.to_owned(),
        "sh".to_owned(),
    ];
    (listener, outside, through.to_vec())
}

fn tries(stderr: &str) -> String {
    stderr.lines().filter(|line| line.starts_with("escape: ")).map(|line| format!("{line}\n")).collect()
}

/// What the module says of its tries.
const CAUGHT: &str = "\
escape: IPv4: EPERM
escape: IPv6: EPERM
escape: raw packets: EPERM
escape: firewall: EPERM
escape: IPv4 in the upper half: EPERM
escape: IPv4 of a thread: EPERM
escape: io_uring: EPERM
escape: IPv4 of a fork: EPERM
escape: write a file of a fork: EACCES
escape: write a file of a program: EACCES
escape: write a file: EACCES
escape: empty a file: EACCES
escape: make a file: EACCES
escape: make a directory: EACCES
escape: remove a file: EACCES
escape: an inherited descriptor: EBADF
escape: Unix socket: done
escape: Unix pair: done
escape: news of links: done
escape: news of devices: done
escape: dumpable 0, core 0, privileges 0
";

#[test]
fn a_module_that_wants_the_internet_or_a_file_elsewhere_fails_visibly_and_a_unix_socket_works() {
    let world = World::configured("test", "ecdsa-p256");
    if compiled(&world, "escape.so", &["-shared", "-fPIC"]).is_none() {
        return;
    }
    let (_listener, outside, through) = prison(&world);
    let probe = world.run_through(&through, &["hsm", "probe", "--profile", "softhsm2", "--module", "./escape.so"]);
    assert_eq!(tries(&probe.stderr), CAUGHT);
    assert_text(
        &probe.error(),
        "error: the PKCS#11 module ./escape.so does not start: saw C_Initialize: CKR_DEVICE_ERROR
         hint: take the token out, put it back and start the command again
         hint: its token directory is $WORLD/token/tokens; is it readable and writable for you?
         exit 20",
    );
    assert_eq!(std::fs::read_to_string(outside.path().join("file")).unwrap(), "content");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);

    // Every command that loads it stands behind the same fences.
    world.write("authority/local.toml", "[token]\nmodule = \"escape.so\"\n");
    let create = world.command_through(&through, &crate::support::CREATE);
    world.write("answers-root.toml", crate::support::PARTICIPANTS);
    for mut command in [create, world.command_through(&through, &["-C", AUTHORITY, "preflight"])] {
        let output = command.output().unwrap();
        assert_eq!(tries(&String::from_utf8(output.stderr).unwrap()), CAUGHT);
    }
}

/// What holds the module in is the fence: the same tries go well without it.
#[test]
fn without_the_fence_every_way_out_is_open() {
    let world = World::new();
    if compiled(&world, "escape", &["-DALONE"]).is_none() {
        return;
    }
    let (_listener, outside, through) = prison(&world);
    let mut command = Command::new(&through[0]);
    command.args(&through[1..]).arg(world.path("escape")).current_dir(world.path("."));
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // Raw packets and the firewall want privileges, and io_uring is switched off on some machines.
    for way in [
        "IPv4",
        "IPv4 of a thread",
        "IPv4 of a fork",
        "write a file of a program",
        "write a file",
        "empty a file",
        "make a file",
        "remove a file",
    ] {
        assert!(said.contains(&format!("escape: {way}: done\n")), "{way}\n{said}");
    }
    assert!(said.contains("escape: an inherited descriptor: done\n"), "{said}");
    assert!(!outside.path().join("file").exists());
}

#[test]
fn where_a_module_writes_beside_its_token_is_a_setting_of_the_machine() {
    let world = World::configured("test", "ecdsa-p256");
    if compiled(&world, "escape.so", &["-shared", "-fPIC"]).is_none() {
        return;
    }
    let (_listener, outside, through) = prison(&world);
    let local = format!("[token]\nmodule = \"escape.so\"\nwrites = [\"{}\"]\n", outside.path().display());
    world.write("authority/local.toml", local);
    let output = world.run_through(&through, &["-C", AUTHORITY, "preflight"]);
    let said = tries(&output.stderr);
    for way in ["write a file", "empty a file", "make a file", "make a directory", "remove a file"] {
        assert!(said.contains(&format!("escape: {way}: done\n")), "{way}\n{said}");
    }
    assert!(said.contains("escape: IPv4: EPERM\n"), "{said}");
}

#[test]
fn a_profile_whose_module_needs_the_network_is_refused_with_the_other_way() {
    let world = World::configured("test", "ecdsa-p256");
    let softhsm = include_str!("../../../hsm-profiles/softhsm2.toml");
    world.write("net.toml", format!("initialize_with = \"connector=http://127.0.0.1:12345\"\n{softhsm}"));
    world.refused(
        &["hsm", "probe", "--profile", "net.toml"],
        "error: this module would reach its token over the network, which is closed here: saw connector
         http://127.0.0.1:12345, wanted connector yhusb://
         hint: the setting is in initialize_with in the token's profile; yhusb:// speaks to the token over USB
         Nothing was signed.
         exit 20",
    );

    // YubiHSM's module reads its settings from a file.
    let module = crate::support::softhsm_module().unwrap();
    world.write("yubihsm_pkcs11.so", std::fs::read(module).unwrap());
    world.write("yubihsm_pkcs11.conf", "# connector = yhusb://\nconnector = http://127.0.0.1:12345\n");
    let probe = world.run(&["hsm", "probe", "--profile", "softhsm2", "--module", "yubihsm_pkcs11.so"]);
    assert!(probe.error().contains("saw connector"), "{}", probe.error());
    world.write("yubihsm_pkcs11.conf", "connector = yhusb://\n");
    let probe = world.run(&["hsm", "probe", "--profile", "softhsm2", "--module", "yubihsm_pkcs11.so"]);
    assert!(!probe.error().contains("connector"), "{}", probe.error());
}
