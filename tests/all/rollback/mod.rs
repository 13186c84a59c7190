//! A log does not go back: what the token remembers, what others have countersigned, and what receivers saw. Each
//! scenario that held is counted.

mod claims;
mod countersigned;
mod guarded;
mod proofs;
mod restored;

use crate::support::*;

/// Copies a directory or file of the world.
pub fn copy(world: &World, from: &str, to: &str) {
    world.tool("cp", &["-a", from, to]).ok();
}

/// Puts a copy of a directory or file in the place of what is there.
pub fn put_back(world: &World, from: &str, to: &str) {
    world.tool("rm", &["-rf", to]).ok();
    copy(world, from, to);
}
