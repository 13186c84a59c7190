//! What must hold after a run with a token that misbehaved, and after the next one.

use super::*;
use crate::crash::entries;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the log says of the serial numbers and CRL numbers that a run was to sign.
#[derive(Debug, Default)]
pub struct Fates {
    /// How they are named in messages, with what became of each: `ok`, `unknown`, `failed`, or nothing (`open`).
    pub of: BTreeMap<String, String>,
}

impl Fates {
    /// Of the intents from an entry on.
    pub fn since(world: &World, first: usize) -> Self {
        let entries = entries(world);
        let intents = entries.iter().skip(first).filter(|entry| entry["type"] == "sign.intent");
        let outcome = |seq: &Value| {
            let of = entries.iter().find(|e| e["type"] == "sign.outcome" && e["data"]["intent"] == *seq);
            of.map_or_else(|| "open".to_owned(), |e| e["data"]["status"].as_str().unwrap().to_owned())
        };
        Self { of: intents.map(|entry| (name_of(&entry["data"]), outcome(&entry["seq"]))).collect() }
    }

    fn with(&self, fate: &str) -> impl Iterator<Item = &str> {
        self.of.iter().filter(move |(_, of)| *of == fate).map(|(name, _)| name.as_str())
    }
}

fn name_of(intent: &Value) -> String {
    match intent["serial"].as_str() {
        Some(serial) => {
            let pairs: Vec<_> = serial.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap()).collect();
            format!("Serial {}", pairs.join(":"))
        }
        None => format!("CRL number {}", intent["crl_number"]),
    }
}

fn must(holds: bool, what: impl Fn() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// What must hold whatever the token did. `first`: the size of the log before the run.
pub fn judge(world: &World, fault: &str, output: &Output, first: usize) -> Result<Fates, String> {
    let shown = || format!("exit {:?}\n{}", output.code, output.error());
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let fates = Fates::since(world, first);

    // The fault was really tried, and the token was logged out of.
    let calls = world.calls();
    must(calls.iter().any(|call| call.fault.is_some()), || format!("the fault was never tried\n{}", shown()))?;
    logged_out(&calls).map_err(|why| format!("{why}\n{}", shown()))?;

    // The exit code is one that a token can cause, and fits.
    let pin = fault.starts_with("C_Login") && fault.contains(":0xa");
    let allowed: &[i32] = if pin { &[20, 21, 22] } else { &[0, 20, 50] };
    must(output.code.is_some_and(|code| allowed.contains(&code)), || format!("the exit code\n{}", shown()))?;
    let whole = fates.of.values().all(|fate| fate == "ok");
    must(output.code != Some(0) || whole, || format!("exit 0 and {:?}\n{}", fates.of, shown()))?;
    // 50 exactly where something was signed for certain.
    let certain = output.code != Some(0) && said.contains(" WAS signed");
    must(certain == (output.code == Some(50)), || format!("{:?}\n{}", fates.of, shown()))?;

    // What is said is true.
    if output.code != Some(0) {
        for name in fates.with("ok") {
            must(said.contains(&format!("{name} WAS signed")), || format!("{name} was signed\n{}", shown()))?;
        }
        for name in fates.with("unknown") {
            let told = [format!("{name} may have been signed"), format!("{name} WAS signed")];
            must(told.iter().any(|told| said.contains(told)), || format!("{name} is unknown\n{}", shown()))?;
        }
        let nothing = fates.with("ok").chain(fates.with("unknown")).next().is_none();
        let truths = ["Nothing was signed.", "No try was spent.", "One try was spent"];
        let told = truths.iter().any(|truth| said.contains(truth));
        must(told == nothing, || format!("what is true: {:?}\n{}", fates.of, shown()))?;
    }

    if !entries(world).is_empty() {
        let verified = world.run(&["log", "verify", AUTHORITY]);
        must(verified.code == Some(0), || format!("the log: {}\n{}", verified.stderr, shown()))?;
    }
    accounts(world).map_err(|why| format!("{why}\n{}", shown()))?;
    Ok(fates)
}

/// A login that the module accepted is followed by a try to log out, to close all sessions or to end the module.
pub fn logged_out(calls: &[Call]) -> Result<(), String> {
    let Some(last) = calls.iter().rposition(|call| call.function == "C_Login" && call.result == Some(0)) else {
        return Ok(());
    };
    let ends = |call: &Call| matches!(call.function.as_str(), "C_Logout" | "C_CloseAllSessions" | "C_Finalize");
    must(calls[last..].iter().any(ends), || "logged in, and never tried to log out".to_owned())?;
    must(calls[last..].iter().any(|call| call.function == "C_Finalize"), || "the module was not ended".to_owned())
}

/// Every certificate that is on disk verifies under the root by another implementation, and is the log's; every
/// bundle on the medium is whole.
pub fn accounts(world: &World) -> Result<(), String> {
    let issued: BTreeSet<String> = entries(world)
        .iter()
        .filter(|entry| entry["type"] == "sign.outcome" && entry["data"]["status"] == "ok")
        .filter_map(|entry| entry["data"]["der"].as_str().map(str::to_owned))
        .collect();
    let root = "authority/public/root-cert.pem";
    for name in world.tree("authority/issued").keys().filter(|path| path.extension().is_some_and(|e| e == "pem")) {
        let path = name.display().to_string();
        let pem = String::from_utf8(world.read(name)).unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        must(issued.contains(&base64), || format!("{path} is not in the log"))?;
        // Before a genesis has published its root, the log alone says that it verifies.
        if world.path(root).exists() {
            let verified = world.tool("openssl", &["verify", "-no_check_time", "-CAfile", root, &path]);
            must(verified.code == Some(0), || format!("{path} does not verify: {}", verified.stderr))?;
        }
    }
    for bundle in world.bundles() {
        let verified = world.run(&["verify", &bundle.display().to_string(), "--root", root]);
        must(verified.code == Some(0), || format!("{}: {}", bundle.display(), verified.stderr))?;
    }
    Ok(())
}

/// What must hold once a ceremony without faults has gone on.
pub fn at_rest(world: &World) -> Result<(), String> {
    let verified = world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", "authority/public/root-cert.pem"]);
    must(verified.code == Some(0), || format!("the log at rest: {}", verified.stderr))?;
    let entries = entries(world);
    let intents = entries.iter().filter(|entry| entry["type"] == "sign.intent");
    let used: Vec<String> = intents.map(|entry| name_of(&entry["data"])).collect();
    let serials = || used.iter().filter(|name| name.starts_with("Serial"));
    must(serials().collect::<BTreeSet<_>>().len() == serials().count(), || {
        "a serial number was used twice".to_owned()
    })?;
    let open = Fates::since(world, 0).of.into_values().filter(|fate| fate == "open").count();
    must(open == 0, || format!("{open} intents have no outcome"))?;
    accounts(world)
}
