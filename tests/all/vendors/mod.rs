//! What vendors do their own way, as profiles say it: quorums, evidence of where a key was made, serial numbers that
//! are none, labels that change.

mod attestation;
mod choosing;
mod quorum;

use crate::support::{PIN, SO_PIN, World, configuration, softhsm_module};

/// The profile of SoftHSM, with more at its end.
fn profile(more: &str) -> String {
    format!("{}\n{more}\n", include_str!("../../../hsm-profiles/softhsm2.toml"))
}

/// A world whose authority, not founded yet, has a token of this profile.
fn world_of(profile: &str) -> World {
    let world = World::new();
    world.write("vendor.toml", profile);
    world.configure(&configuration("test", "ecdsa-p256").replace("\"softhsm2\"", "\"../vendor.toml\""));
    world
}

/// Initialises a token as a vendor's tool would; its serial number.
fn initialize(world: &World, label: &str) -> String {
    let module = softhsm_module().unwrap();
    let tool = ["--module", module.to_str().unwrap(), "--init-token", "--free", "--label", label];
    let before = serials(world);
    world.tool("softhsm2-util", &[&tool[..], &["--pin", PIN, "--so-pin", SO_PIN]].concat()).ok();
    serials(world).into_iter().find(|serial| !before.contains(serial)).unwrap()
}

fn serials(world: &World) -> Vec<String> {
    let shown = world.tool("softhsm2-util", &["--show-slots"]).ok().stdout;
    let serials = shown.lines().filter_map(|line| line.trim().strip_prefix("Serial number:"));
    serials.map(|serial| serial.trim().to_owned()).filter(|serial| !serial.is_empty()).collect()
}
