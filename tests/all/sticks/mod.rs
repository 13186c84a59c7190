//! Sticks: told apart, asked for again, pulled at any moment; the authority's copies; the supplies kit.

mod closing;
mod copies;
mod kit;
mod marking;
mod swapped;

use crate::support::{AUTHORITY, World};
use std::path::Path;

/// Marks a directory of the world as an authority medium of this label.
fn authority_stick(world: &World, dir: &str, label: &str) {
    std::fs::create_dir_all(world.path(dir)).unwrap();
    let prepare = ["-C", AUTHORITY, "medium", "prepare", "--role", "authority", "--label", label, dir];
    world.run(&prepare).ok();
}

/// Names sticks for copies in `local.toml`.
fn name_sticks(world: &World, dirs: &[&str]) {
    world.write("authority/local.toml", format!("[media]\nauthority = {dirs:?}\n"));
}

/// The id of a medium as people compare it.
fn short_id(world: &World, dir: &str) -> String {
    let shown = world.run(&["medium", "show", dir]).ok().stdout;
    shown.lines().find_map(|line| line.trim().strip_prefix("id ")).unwrap().trim().to_owned()
}

/// Every file of the authority that a copy has, as it is there.
#[track_caller]
fn assert_copy(world: &World, dir: &str) {
    let of = |root: &str| {
        let mut tree = world.tree(root);
        tree.retain(|path, (_, bytes)| {
            let inner = path.strip_prefix(root).unwrap();
            let own = [Path::new("local.toml"), Path::new("anchorite-medium.json"), Path::new("log/lock")];
            !bytes.is_empty() && !own.contains(&inner)
        });
        tree.into_iter().map(|(path, (_, bytes))| (path.strip_prefix(root).unwrap().to_owned(), bytes)).collect()
    };
    let (ours, theirs): (std::collections::BTreeMap<_, _>, std::collections::BTreeMap<_, _>) = (of(AUTHORITY), of(dir));
    let names =
        |tree: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&theirs));
    assert!(ours == theirs, "a file of the copy has other bytes");
    assert!(ours.contains_key(Path::new("log/entries.jsonl")) && ours.contains_key(Path::new("public/root-cert.pem")));
}
