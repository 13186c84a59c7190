//! kill -9 at every write, fsync and rename of ours: while a root is made, while requests are signed.
//!
//! `strace` stops the program before a call that is counted beforehand; calls of the PKCS#11 module on the token's
//! own files are left alone (a login rewrites them in place: the module's crash, not ours). What must hold after
//! each kill, and after the next start, is [`holds`] and [`completes`]. One prepared world is copied for each kill.

mod custody;
mod genesis;
pub mod instants;
mod rollover;
pub mod signing;
mod wrapped;

use super::support::{AUTHORITY, ENTRIES, Output, SIGN, World};
use instants::Instant;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// A copy of a world: the same authority, token and requests in another directory.
pub fn copy(world: &World) -> World {
    let copy = World::new();
    let (from, to) = (world.path("."), copy.path("."));
    let done = Command::new("cp").arg("-a").arg(&from).arg(&to).status().unwrap();
    assert!(done.success());
    let tokens = copy.path("token/tokens").display().to_string();
    copy.write(
        "token/softhsm2.conf",
        format!("directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"),
    );
    copy
}

/// Entries of a log as JSON.
pub fn entries(world: &World) -> Vec<serde_json::Value> {
    let Ok(bytes) = std::fs::read(world.path(ENTRIES)) else { return Vec::new() };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    String::from_utf8(bytes[..whole].to_vec())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_type<'e>(entries: &'e [serde_json::Value], kind: &str) -> Vec<&'e serde_json::Value> {
    entries.iter().filter(|entry| entry["type"] == kind).collect()
}

/// What must hold at every instant: the log verifies, nothing is out that it does not account for, and the status
/// says what happened.
fn holds(world: &World, at: &Instant) {
    let entries = entries(world);
    if entries.is_empty() {
        assert!(!world.path("authority/public/root-cert.pem").exists(), "{at}");
        return;
    }
    let verified = world.run(&["--json", "log", "verify", AUTHORITY]);
    assert_eq!(verified.code, Some(0), "{at}\n{}", verified.stderr);
    account(world, &entries, at);

    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    // Screens fold at 80 columns.
    let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
    let closed = entries.last().is_some_and(|entry| entry["type"] == "session.closed");
    if of_type(&entries, "session.opened").len() > of_type(&entries, "session.closed").len() {
        assert!(status.contains("was interrupted after"), "{at}\n{status}");
    } else if closed && !sealed(world, &entries) {
        assert!(status.contains("its last checkpoint is not in place yet"), "{at}\n{status}");
    } else {
        assert!(!status.contains("interrupted"), "{at}\n{status}");
    }
    for (seq, serial) in open_intents(&entries) {
        let fate = if u64::try_from(seq).unwrap() < checkpoint_size(world) {
            "may have been signed: it is recorded as unknown"
        } else {
            "was not signed: the token was never asked"
        };
        assert!(status.contains(&format!("Entry {seq}, {serial}")), "{at}\n{status}");
        assert!(status.contains(fate), "{at}\n{status}");
    }
}

/// Certificates on disk are issued in the log; bundles on the medium are whole and in the log.
fn account(world: &World, entries: &[serde_json::Value], at: &Instant) {
    let serials: BTreeMap<u64, String> = of_type(entries, "sign.intent")
        .into_iter()
        .filter_map(|entry| Some((entry["seq"].as_u64()?, entry["data"]["serial"].as_str()?.to_owned())))
        .collect();
    let issued: BTreeSet<&String> = of_type(entries, "sign.outcome")
        .into_iter()
        .filter(|entry| entry["data"]["status"] == "ok")
        .filter_map(|entry| serials.get(&entry["data"]["intent"].as_u64()?))
        .collect();
    for name in names(&world.path("authority/issued"), ".pem") {
        assert!(issued.contains(&name.trim_end_matches(".pem").to_owned()), "{at}: {name} is not in the log");
    }
    let exported: BTreeSet<&str> =
        of_type(entries, "bundle.exported").into_iter().filter_map(|e| e["data"]["bundle_id"].as_str()).collect();
    for bundle in world.bundles() {
        let id = bundle.file_name().unwrap().to_string_lossy().into_owned();
        // A name that begins with a dot is what was being written when the program was killed.
        if !id.starts_with('.') {
            assert!(exported.contains(id.as_str()), "{at}: the bundle {id} is not in the log");
            let root = "authority/public/root-cert.pem";
            world.run(&["verify", &bundle.display().to_string(), "--root", root]).ok();
        }
    }
}

/// What must hold once a command has gone on where the killed one was cut off.
fn completes(world: &World, at: &Instant) {
    let verified = world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", "authority/public/root-cert.pem"]);
    assert_eq!(verified.code, Some(0), "{at}\n{}", verified.stderr);
    let entries = entries(world);
    account(world, &entries, at);
    let mut serials = BTreeSet::new();
    for intent in of_type(&entries, "sign.intent") {
        if let Some(serial) = intent["data"]["serial"].as_str() {
            assert!(serials.insert(serial.to_owned()), "{at}: serial {serial} was used twice");
        }
    }
    assert!(open_intents(&entries).is_empty(), "{at}");
}

/// Intents without outcome: position, and how they are named.
fn open_intents(entries: &[serde_json::Value]) -> Vec<(usize, String)> {
    let settled: BTreeSet<u64> =
        of_type(entries, "sign.outcome").into_iter().filter_map(|e| e["data"]["intent"].as_u64()).collect();
    of_type(entries, "sign.intent")
        .into_iter()
        .filter(|entry| !settled.contains(&entry["seq"].as_u64().unwrap()))
        .map(|entry| {
            let name = match entry["data"]["serial"].as_str() {
                Some(serial) => {
                    let pairs: Vec<String> =
                        serial.as_bytes().chunks(2).map(|p| String::from_utf8_lossy(p).into()).collect();
                    format!("serial {}", pairs.join(":"))
                }
                None => format!("CRL number {}", entry["data"]["crl_number"]),
            };
            (usize::try_from(entry["seq"].as_u64().unwrap()).unwrap(), name)
        })
        .collect()
}

/// The statuses of outcomes that answer the intents which were open.
fn fates(world: &World, open: &[(usize, String)]) -> Vec<String> {
    let entries = entries(world);
    let of = |seq: &usize| {
        of_type(&entries, "sign.outcome")
            .into_iter()
            .find(|e| e["data"]["intent"] == *seq)
            .map(|e| e["data"]["status"].as_str().unwrap().to_owned())
    };
    open.iter().map(|(seq, _)| of(seq).unwrap_or_default()).collect()
}

/// The tree size of the newest checkpoint.
fn checkpoint_size(world: &World) -> u64 {
    let note = std::fs::read_to_string(world.path("authority/log/checkpoint")).unwrap_or_default();
    note.lines().nth(1).map_or(0, |line| line.parse().unwrap())
}

/// True where a checkpoint covers every entry and is kept under its size.
fn sealed(world: &World, entries: &[serde_json::Value]) -> bool {
    let size = entries.len();
    checkpoint_size(world) == u64::try_from(size).unwrap()
        && world.path(format!("authority/log/checkpoints/{size}")).exists()
}

fn names(dir: &Path, ending: &str) -> Vec<String> {
    let Ok(listed) = std::fs::read_dir(dir) else { return Vec::new() };
    let names = listed.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(ending) && !name.starts_with('.')).collect()
}
