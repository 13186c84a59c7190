//! Authorities of released versions, kept under `tests/golden/<version>/`: every later version verifies their logs,
//! goes on with them and opens their bundles. `make` makes those of a release; see the README there.

mod kept;
mod make;
mod newer;

use crate::support::{PIN, World};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the releases are.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// Every authority of every release: its directory, which has `authority/` and, where it can go on, `token/`.
pub fn all() -> Vec<PathBuf> {
    let below = |dir: &Path| -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.is_dir());
        found.sort();
        found
    };
    below(Path::new(GOLDEN)).iter().flat_map(|release| below(release)).collect()
}

/// A golden authority's log, by what `all` gives.
pub fn log(golden: &Path) -> PathBuf {
    golden.join("authority/log")
}

/// A golden authority in a world of its own, with its token and what opens it.
pub fn world(golden: &Path) -> World {
    let world = World::new();
    fs::remove_dir(world.path("token/tokens")).unwrap();
    for part in ["authority", "token/tokens", "shares", "clusters", "medium"] {
        let from = golden.join(part);
        if from.exists() {
            let _ = fs::remove_dir_all(world.path(part));
            let copied = Command::new("cp").arg("-r").arg(&from).arg(world.path(part)).status().unwrap();
            assert!(copied.success(), "{}", from.display());
        }
    }
    // What git does not keep: that secrets are their owner's only.
    world.secret("pin", PIN);
    for dir in ["shares", "clusters"] {
        only_for_the_owner(&world.path(dir));
    }
    world
}

fn only_for_the_owner(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => only_for_the_owner(&path),
            false => fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap(),
        }
    }
}
