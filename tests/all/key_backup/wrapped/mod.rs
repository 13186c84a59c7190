//! Wrapped keys: they leave their token once, for a file that only the custodians open; a lost token's keys are made
//! anew of it.

mod attended;
mod refused;
mod restored;

use super::*;
use crate::custody::seats::with_custody;
use crate::custody::unattended::{participants, with_shares};
use serde_json::Value;

/// An authority's configuration that promises wrapped keys, two of three custodians.
pub fn promising_wrapped(key: &str) -> String {
    with_custody("test", 2, 3).replacen("\"ecdsa-p256\"", &format!("\"{key}\""), 1)
        + "[key_backup]\nmode = \"wrapped\"\n"
}

/// The same, not yet founded: its answers, the medium for the file, a second token and its PIN.
pub fn configured(config: &str) -> World {
    let world = World::new();
    world.configure(config);
    std::fs::create_dir(world.path("backup")).unwrap();
    let local = format!("[backup.token]\nwrapped = \"{}\"\n", world.path("backup").display());
    world.write("authority/local.toml", local);
    let reviewed = world.sha256("authority/authority.toml");
    let answers = format!(
        "{}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"sha256:{reviewed}\" = \"approve\"\n",
        participants(3)
    );
    world.write("answers-root.toml", answers);
    world.write("answers-backup.toml", format!("{}[backup]\nname = \"{NAME}\"\n", participants(2)));
    world.write("answers-restore.toml", format!("{}[restore]\nlabel = \"World Mesh Root\"\n", participants(2)));
    world
}

/// Founded, and a second token is there.
pub fn promised(key: &str) -> World {
    let world = configured(&promising_wrapped(key));
    world.run(&with_shares(&CREATE)).ok();
    second_token(&world, "second");
    world
}

/// A token that proves the file; its PIN is in `second-pin`.
pub fn second_token(world: &World, label: &str) {
    world.secret("second-pin", "55555555");
    let so = ["--init-token", "--free", "--label", label, "--so-pin", "87654321", "--pin", "55555555"];
    world.tool("softhsm2-util", &so).ok();
}

/// A command with shares and the second token's PIN.
pub fn with_both(arguments: &[&str]) -> Vec<String> {
    let mut all = with_shares(arguments);
    all.extend(["--pin-file".to_owned(), "second-pin".to_owned()]);
    all
}

/// The same with the file made and proved.
pub fn wrapped(key: &str) -> World {
    let world = promised(key);
    world.run(&with_both(&BACKUP)).ok();
    world
}

/// The file of wrapped keys.
pub fn file(world: &World) -> PathBuf {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(world.path("backup")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// What the entries of a type say, in order.
pub fn said(world: &World, kind: &str) -> Vec<Value> {
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.filter(|entry| entry["type"] == kind).map(|entry| entry["data"].clone()).collect()
}

/// The root's token is gone for good: its directory.
pub fn lose_token(world: &World) {
    let serial = said(world, "token.initialized")[0]["serial"].as_str().unwrap().to_owned();
    let tokens = std::fs::read_dir(world.path("token/tokens")).unwrap().map(|entry| entry.unwrap().path());
    for token in tokens.filter(|token| {
        let label = std::fs::read(token.join("token.object")).unwrap();
        label.windows(serial.len()).any(|part| part == serial.as_bytes())
    }) {
        std::fs::remove_dir_all(token).unwrap();
    }
}

pub const RESTORE: [&str; 8] =
    ["-C", AUTHORITY, "--now", "2026-11-25T09:30:00Z", "key-backup", "restore", "--answers", "answers-restore.toml"];
