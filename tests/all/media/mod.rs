//! Media that fail: full, read-only, pulled, failing at a single call, hostile. What must hold whatever a medium does:
//! an error that names the path, says why and what to do; the old state or the complete new one; nothing unfinished
//! that the next run does not clear away.

mod exporting;
mod fat;
mod faults;
mod hostile;
mod others;
mod writing;

use crate::support::Tree;
use crate::support::{Output, World};
use std::path::Path;

/// Temporary names of ours under a directory of the world.
fn unfinished(world: &World, under: &str) -> Vec<String> {
    let tree = world.tree(under);
    let names = tree.keys().map(|path| path.display().to_string());
    names.filter(|path| path.contains("/.anchorite-") || path.starts_with(".anchorite-")).collect()
}

/// The same without what is unfinished.
fn finished(mut tree: Tree) -> Tree {
    tree.retain(|path, _| !path.iter().any(|part| part.to_string_lossy().starts_with(".anchorite-")));
    tree
}

/// What an error of a medium must say: where, why, in words, and what to do.
#[track_caller]
fn is_clear(output: &Output, code: i32, at: &dyn std::fmt::Display) {
    let text = output.error();
    assert_eq!(output.code, Some(code), "{at}\n{text}");
    assert!(text.starts_with("error: "), "{at}\n{text}");
    assert!(!text.contains("panicked"), "{at}\n{text}");
    // A name that is longer than a line stays whole.
    let fits = |line: &str| line.chars().count() <= 80 || line.split_whitespace().any(|word| word.len() > 60);
    assert!(text.lines().all(fits), "{at}: a line is too long\n{text}");
}

/// A copy of a world.
fn copy(world: &World) -> World {
    crate::crash::copy(world)
}

/// True where a file or directory is there.
fn there(world: &World, path: &str) -> bool {
    Path::new(&world.path(path)).symlink_metadata().is_ok()
}
