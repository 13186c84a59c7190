//! `hsm check`: whether a provisioned token is what the log says of it. Each way in which it may not be, made real.

mod apart;
mod attended;
mod backup;
mod facts;
mod guard;

use crate::support::{AUTHORITY, Output, PIN, World, softhsm_module};
use serde_json::Value;

/// The check of the world's authority with a login.
const CHECK: [&str; 6] = ["-C", AUTHORITY, "hsm", "check", "--login", "--pin-file"];

fn check(world: &World) -> Output {
    world.run(&[&CHECK[..], &["pin"]].concat())
}

/// The findings as JSON; each has a stable name.
#[track_caller]
fn findings(output: &Output) -> Vec<Value> {
    let json: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}\n{}", output.stderr));
    json["checks"].as_array().unwrap().clone()
}

/// What a person reads as one line; no line is wider than a terminal.
#[track_caller]
fn flat(text: &str) -> String {
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The check fails with this exit code, says each of these, and changes nothing.
#[track_caller]
fn differs(world: &World, code: i32, parts: &[&str]) {
    let log = world.tree("authority");
    let output = check(world);
    assert_eq!(output.code, Some(code), "{}\n{}", output.stdout, output.stderr);
    let said = flat(&output.stdout);
    for part in parts {
        assert!(said.contains(part), "{part}\n{}", output.stdout);
    }
    assert!(output.stderr.ends_with("Nothing was signed, and nothing was changed.\n"), "{}", output.stderr);
    assert_eq!(log, world.tree("authority"));
}

/// OpenSC's tool on the world's token, logged in.
fn pkcs11(world: &World, arguments: &[&str]) -> String {
    let module = softhsm_module().unwrap();
    let login = ["--module", module.to_str().unwrap(), "--login", "--pin", PIN];
    world.tool("pkcs11-tool", &[&login[..], arguments].concat()).ok().stdout
}
