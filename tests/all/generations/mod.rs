//! A second root beside the first: made, followed by receivers and auditors, and issued under.

mod attended;
mod issuing;
mod judged;
mod making;
mod receivers;
mod rotation;

use crate::support::{AFTER, AUTHORITY, PARTICIPANTS, World};

/// The certificates of a PEM file, in order, each as PEM.
fn certificates(world: &World, file: &str) -> Vec<String> {
    let text = String::from_utf8(world.read(file)).unwrap();
    text.split_inclusive("-----END CERTIFICATE-----\n").map(str::to_owned).collect()
}

/// A file of `public/`.
fn public(world: &World, name: &str) -> String {
    String::from_utf8(world.read(format!("authority/public/{name}"))).unwrap()
}

/// The fingerprint of a generation's root, as its card says it.
fn fingerprint(world: &World, generation: u32) -> String {
    let generation = generation.to_string();
    let card = world.run(&["-C", AUTHORITY, "--json", "root", "show", "--generation", &generation]).ok().stdout;
    let card: serde_json::Value = serde_json::from_str(&card).unwrap();
    card["sha256"].as_str().unwrap().to_owned()
}

/// A new bundle of a cluster, made after the rollover; its directory.
fn exported(world: &World, cluster: &str) -> String {
    let before = world.bundles();
    world.write("answers-export.toml", PARTICIPANTS);
    let command = ["-C", AUTHORITY, "--now", AFTER, "export", cluster, "--to", "medium"];
    world.run(&[&command[..], &["--pin-file", "pin", "--answers", "answers-export.toml"]].concat()).ok();
    let new = world.bundles().into_iter().find(|bundle| !before.contains(bundle));
    new.expect("a new bundle on the medium").display().to_string()
}
