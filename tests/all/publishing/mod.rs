//! Publications: what is in them and what never is, that they only grow, what is refused, and that an auditor with stock
//! tools and a paper needs nothing of ours.

mod auditor;
mod growing;
mod names;
mod paper;
mod refused;
mod uses;

use crate::support::*;
use std::path::{Path, PathBuf};

/// Publishes the authority into `out`.
pub const PUBLISH: [&str; 5] = ["-C", AUTHORITY, "publish", "--to", "out"];
/// People with names that are in nothing by accident.
pub const PEOPLE: [&str; 2] = ["Adelgunde Quastenflosser", "Wilibald Zwetschgendatschi"];

/// A text with those people.
pub fn with_people(answers: &str) -> String {
    answers.replace("[\"Ada\"]", &format!("[\"{}\"]", PEOPLE[0])).replace("[\"Wim\"]", &format!("[\"{}\"]", PEOPLE[1]))
}

/// A founded authority and one intermediate, by those people.
pub fn held() -> World {
    let world = World::configured("test", "ecdsa-p256");
    let reviewed = format!("sha256:{}", world.sha256("authority/authority.toml"));
    let answers =
        format!("{PARTICIPANTS}[initialize]\nlabel = \"World Mesh Root\"\n[review]\n\"{reviewed}\" = \"approve\"\n");
    world.write("answers-root.toml", with_people(&answers));
    world.run(&CREATE).ok();
    sign(&world, "cluster1");
    world
}

/// One more intermediate.
pub fn sign(world: &World, cluster: &str) {
    let _ = std::fs::remove_dir_all(world.path("requests"));
    let sha256 = world.request(cluster);
    world.sign(&with_people(&world.signing_answers(&[&sha256], &[]))).ok();
}

/// Every file below a directory of the world, as a path in the world, with its bytes.
pub fn files(world: &World, below: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let all = world.tree(below).into_iter();
    all.filter(|(path, _)| world.path(path).is_file()).map(|(path, (_, bytes))| (path, bytes)).collect()
}

/// The files of a publication, their names only.
pub fn names_in(world: &World, below: &str) -> Vec<String> {
    let all = files(world, below).into_iter();
    all.map(|(path, _)| path.strip_prefix(below).unwrap().display().to_string()).collect()
}

/// Copies a directory of the world.
pub fn copy(world: &World, from: &str, to: &str) {
    world.tool("cp", &["-a", from, to]).ok();
}

/// Whether `needle` is anywhere in `bytes`.
pub fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// A line of the published log, changed by `change`.
pub fn edit(world: &World, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = world.read(path);
    change(&mut bytes);
    world.write(Path::new(path), bytes);
}
