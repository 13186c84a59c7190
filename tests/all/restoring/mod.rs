//! A log of which only an older copy is left goes on under a new id, above everything that was seen.

mod receivers;
mod refused;
mod tampered;
mod whole;

use crate::support::*;

/// The time of a restore.
pub const RESTORING: &str = "2026-11-25T09:00:00Z";
/// The directory of the restored authority.
pub const NEW: &str = "restored";

/// An authority with a bundle for `west`, copied; after the copy it signed `east`. The authority is `lost/`, kept
/// only for what a test takes out of it, and the copy is `copy/`.
pub fn lost() -> World {
    let world = World::ready();
    let west = world.issued("west");
    open(&world, &west, "west", &[]).ok();
    world.tool("cp", &["-a", AUTHORITY, "copy"]).ok();
    std::fs::remove_dir_all(world.path("requests/west")).unwrap();
    let sha256 = world.request("east");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let before = world.bundles();
    let mut sign = SIGN;
    sign[3] = "2026-11-22T10:00:00Z";
    world.run(&sign).ok();
    let east = world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap();
    open(&world, &east, "east", &[]).ok();
    world.tool("mv", &[AUTHORITY, "lost"]).ok();
    world
}

/// Opens a bundle into `clusters/NAME`; the first time, the root is pinned.
pub fn open(world: &World, bundle: &std::path::Path, name: &str, arguments: &[&str]) -> Output {
    let root = ["authority", "copy", NEW].map(|dir| format!("{dir}/public/root-cert.pem"));
    let root = root.into_iter().find(|path| world.path(path).exists()).unwrap();
    let into = format!("clusters/{name}");
    let bundle = bundle.to_str().unwrap();
    let first = ["--now", RESTORING, "open", bundle, "--into", &into, "--root", &root];
    world.run(&[&first[..], arguments].concat())
}

/// The id of a log.
pub fn log_id(world: &World, dir: &str) -> String {
    let first = String::from_utf8(world.read(format!("{dir}/log/entries.jsonl"))).unwrap();
    let line: serde_json::Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    line["log"].as_str().unwrap().to_owned()
}

/// Answers for a restore of `copy/`.
pub fn answers(world: &World) -> String {
    let log = log_id(world, "copy");
    format!(
        "{PARTICIPANTS}[restore]\nlog = \"{log}\"\nreason = \"both sticks burnt\"\n\
         [review]\n\"crl:1\" = \"approve\"\n"
    )
}

/// Runs `restore --from copy` with these arguments.
pub fn restore(world: &World, arguments: &[&str]) -> Output {
    world.write("answers-restore.toml", answers(world));
    let first = ["-C", NEW, "--now", RESTORING, "restore", "--from", "copy"];
    let last = ["--pin-file", "pin", "--answers", "answers-restore.toml"];
    world.run(&[&first[..], arguments, &last[..]].concat())
}

/// Makes a cluster's bundle again, from the restored log.
pub fn export(world: &World, cluster: &str) -> std::path::PathBuf {
    world.write("answers-export.toml", PARTICIPANTS);
    let before = world.bundles();
    let export = ["-C", NEW, "--now", "2026-11-25T10:00:00Z", "export", cluster, "--to", "medium"];
    world.run(&[&export[..], &["--pin-file", "pin", "--answers", "answers-export.toml"]].concat()).ok();
    world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap()
}
