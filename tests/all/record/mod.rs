//! Records of ceremonies: what was typed and logged is in the page and in the JSON; the page prints; names, logs and
//! options that do not fit are said.

mod attended;
mod choices;
mod cut_off;

use crate::support::World;
use serde_json::Value;

/// The entries of a log.
fn entries(world: &World, log: &str) -> Vec<Value> {
    let lines = String::from_utf8(world.read(log)).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A record as JSON, with these options.
pub fn json(world: &World, options: &[&str]) -> Value {
    let shown = world.run(&[&["--json", "ceremony", "record"][..], options].concat()).ok().stdout;
    serde_json::from_str(&shown).unwrap()
}

/// The acts of a record's sessions and steps.
pub fn acts(record: &Value) -> Vec<&Value> {
    let of = |part: &str| record[part].as_array().unwrap().iter().flat_map(|part| part["acts"].as_array().unwrap());
    of("sessions").chain(of("steps")).collect()
}
