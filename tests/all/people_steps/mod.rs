//! What people do at a ceremony besides its subject, typed as they type it: the paper, a watch, lists, values that
//! continue those of the last ceremony, a break, whether they agree.

mod breaks;
mod clocks;
mod papers;
mod values;

use crate::seat::Seat;
use crate::support::{AUTHORITY, ENTRIES, World};

/// A signing ceremony of one's own, held by `ceremony run`.
fn run(world: &World, script: &str) -> Seat {
    world.write("mine.toml", script);
    Seat::at(world, &["-C", AUTHORITY, "ceremony", "run", "mine.toml", "--from", "requests", "--to", "medium"])
}

/// A script that asks what these tests are about and then needs an unlocked token, where they stop.
fn script(steps: &str) -> String {
    format!(
        "title = \"Mine\"\nkind = \"export\"\n[roles]\nadministrator = 1\nwitness = 1\n{}{}{steps}{}{}{}",
        step("compare", "compare-script", ""),
        step("participants", "participants", ""),
        step("unlock", "unlock-token", ""),
        step("export", "export-bundles", ""),
        step("end", "close", ""),
    )
}

fn step(id: &str, activity: &str, more: &str) -> String {
    format!("[[step]]\nid = \"{id}\"\ndo = \"{activity}\"\n{more}\n")
}

/// What the entries of a type say, newest last, with who said it.
fn entries(world: &World, kind: &str) -> Vec<serde_json::Value> {
    let text = String::from_utf8(world.read(ENTRIES)).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|entry| entry["type"] == kind).collect()
}

/// Values recorded at a step: who, name, value.
fn recorded(world: &World, step: &str) -> Vec<(String, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let of = entries(world, "value.recorded").into_iter().filter(|entry| entry["data"]["step"] == step);
    of.map(|entry| (text(&entry["actors"][0]), text(&entry["data"]["name"]), text(&entry["data"]["value"]))).collect()
}
