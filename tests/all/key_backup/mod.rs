//! A copy of the root's token: made, proved by a signature of its own, proved again in a drill; and what is refused.

mod attended;
mod making;
mod refusals;
pub mod wrapped;

use crate::support::*;
use std::path::PathBuf;

/// What makes a backup, a day after genesis.
pub const BACKUP: [&str; 9] = [
    "-C",
    AUTHORITY,
    "--now",
    "2026-11-22T09:30:00Z",
    "key-backup",
    "--pin-file",
    "pin",
    "--answers",
    "answers-backup.toml",
];

/// The name that people give the copy.
pub const NAME: &str = "B1, safe in Bonn";

/// An authority's configuration that promises a clone.
pub fn promising(kind: &str) -> String {
    configuration(kind, "ecdsa-p256") + "[key_backup]\nmode = \"clone\"\n"
}

/// A founded unattended authority that promises a clone, and a medium for it.
pub fn promised() -> World {
    let world = World::new();
    world.configure(&promising("test"));
    names_medium(&world);
    world.found().ok();
    world
}

/// The medium for the copy, and local.toml that names it.
pub fn names_medium(world: &World) {
    std::fs::create_dir(world.path("backup")).unwrap();
    let local = format!("[backup.token]\ndirectory = \"{}\"\n", world.path("backup").display());
    world.write("authority/local.toml", local);
    world.write("answers-backup.toml", format!("{PARTICIPANTS}[backup]\nname = \"{NAME}\"\n"));
}

/// The same with the copy made and proved.
pub fn backed_up() -> World {
    let world = promised();
    world.run(&BACKUP).ok();
    world
}

/// The files with objects of a token, below a directory; the token's own object, which lists it, is not among them.
pub fn objects(world: &World, below: &str) -> Vec<PathBuf> {
    fn walk(dir: &std::path::Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|end| end == "object") && !path.ends_with("token.object") {
                into.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&world.path(below), &mut found);
    found.sort();
    found
}
