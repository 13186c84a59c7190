//! What is due, and when: on the screen, for cron, in a calendar; from an authority and from public files alone.

mod events;
mod overlap;
mod public;
mod revoked;
mod status;
mod succession;

use crate::support::*;

/// A world with a certificate for `west`, opened into `clusters/west`.
pub fn running() -> World {
    let world = World::ready();
    let bundle = world.issued("west");
    open(&world, &bundle.display().to_string(), "west");
    // What is signed is taken off the stick.
    std::fs::remove_dir_all(world.path("requests/west")).unwrap();
    world
}

/// Opens a bundle into `clusters/DIRECTORY`, a moment after it was signed.
pub fn open(world: &World, bundle: &str, directory: &str) -> Output {
    let into = format!("clusters/{directory}");
    let now = ["--now", "2026-11-21T11:00:00Z", "open", bundle];
    world.run(&[&now[..], &["--into", &into, "--root", "authority/public/root-cert.pem"]].concat()).ok()
}

/// `status` of the authority at a time.
pub fn status(world: &World, now: &str, options: &[&str]) -> Output {
    world.run(&[&["-C", AUTHORITY, "--now", now, "status"], options].concat())
}

/// Lines without the spaces that columns and wrapping put between words.
pub fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
