//! kill -9 and power cuts, between any two calls of ours that change files, and before and after every call of PKCS#11:
//! of a genesis, a signing session, a CRL, an export.
//!
//! One run of a ceremony is recorded call by call ([`trace`]) and done again on a disk of our own ([`disk`]); what that
//! disk holds after each call is what a kill leaves there ([`kills`]), and what may be missing of it is what a power
//! cut leaves ([`cuts`]). That the recording tells the truth is tested by comparing its end with the real files, and
//! by real kills ([`instants`]). Inside of a call of the PKCS#11 module nothing is killed (a login rewrites the
//! token's files in place: the module's crash, not ours; its snapshot is tested in [`damage`]). What must hold after
//! each crash, and after the next start, is [`holds`] and [`completes`].

mod crl;
mod custody;
mod cuts;
mod damage;
mod disk;
mod evidence;
mod export;
mod genesis;
pub mod instants;
mod kills;
mod left;
mod recording;
mod rollover;
pub mod signing;
mod trace;
mod unsynced;
mod wrapped;

use super::support::{AUTHORITY, ENTRIES, Output, SIGN, World};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::Path;
use std::process::Command;

/// A ceremony that is cut off, and how it goes on.
pub struct Ceremony {
    /// What it is, for counts.
    name: &'static str,
    /// The world before it.
    prepared: fn() -> World,
    /// What is run.
    arguments: &'static [&'static str],
    /// Parts of paths that it is known to write: a recording without them recorded nothing.
    touches: &'static [&'static str],
    /// The next start, and what must hold after it.
    goes_on: fn(&World, &dyn Display),
}

/// A copy of a world: the same authority, token and requests in another directory.
pub fn copy(world: &World) -> World {
    let copy = World::new();
    let (from, to) = (world.path("."), copy.path("."));
    let done = Command::new("cp").arg("-a").arg(&from).arg(&to).status().unwrap();
    assert!(done.success());
    let tokens = copy.path("token/tokens").display().to_string();
    copy.write("token/softhsm2.conf", configuration(&tokens));
    copy
}

/// What SoftHSM is told of its token directory.
fn configuration(tokens: &str) -> String {
    format!("directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
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
fn holds(world: &World, at: &dyn Display) {
    let entries = entries(world);
    if entries.is_empty() {
        assert!(!world.path("authority/public/root-cert.pem").exists(), "{at}");
        return;
    }
    let verified = world.run(&["--json", "log", "verify", AUTHORITY]);
    assert_eq!(verified.code, Some(0), "{at}\n{}", verified.stderr);
    account(world, &entries, at);

    let status = world.run(&["-C", AUTHORITY, "status"]).ok().stdout;
    one_screen(&status, at);
    // Screens fold at 80 columns.
    let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
    let last = |kind: &str| entries.iter().rposition(|entry| entry["type"] == kind);
    let closed = entries.last().is_some_and(|entry| entry["type"] == "session.closed");
    if last("session.opened") > last("session.closed") {
        assert!(status.contains("was interrupted after"), "{at}\n{status}");
    } else if world.read(ENTRIES).last() != Some(&b'\n') {
        assert!(status.contains("The last line of the log was torn"), "{at}\n{status}");
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

/// What the next start says first of what happened fits a screen of 24 lines with 80 columns.
fn one_screen(status: &str, at: &dyn Display) {
    if status.starts_with("An earlier session was interrupted") {
        let told: Vec<&str> = status.split("\n\n").next().unwrap().lines().collect();
        assert!(told.len() <= 24 && told.iter().all(|line| line.chars().count() <= 80), "{at}\n{status}");
    }
}

/// Certificates on disk are issued in the log; bundles on the medium are whole and in the log.
fn account(world: &World, entries: &[serde_json::Value], at: &dyn Display) {
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
fn completes(world: &World, at: &dyn Display) {
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

/// Each cluster can open the newest bundle that the log says was made for it.
fn opens(world: &World, clusters: &[&str], at: &dyn Display) {
    let entries = entries(world);
    for cluster in clusters {
        let bundle = of_type(&entries, "bundle.exported").into_iter().rfind(|e| e["data"]["cluster"] == *cluster);
        let id =
            bundle.unwrap_or_else(|| panic!("{at}: {cluster} has no bundle"))["data"]["bundle_id"].as_str().unwrap();
        let (from, into) = (format!("medium/{id}"), format!("clusters/{cluster}"));
        let mut arguments = vec!["open", &from, "--into", &into, "--root", "authority/public/root-cert.pem"];
        if *cluster == "cluster2" {
            std::fs::create_dir_all(world.path(&into)).unwrap();
            arguments.extend(["--identity", "identity"]);
        }
        let opened: Output = world.run(&arguments);
        assert_eq!(opened.code, Some(0), "{at}\n{}", opened.stderr);
    }
}

/// Nothing is left under a temporary name once a session went on.
fn nothing_is_left(world: &World, at: &dyn Display) {
    let left = world.everything().into_keys().find(|path| path.to_string_lossy().contains("/.anchorite-"));
    assert_eq!(left, None, "{at}: left behind by the crash");
}

/// How many objects the token holds: each is a file of SoftHSM's.
fn objects(world: &World) -> usize {
    let tokens = std::fs::read_dir(world.path("token/tokens")).unwrap().map(|entry| entry.unwrap().path());
    tokens.map(|token| names(&token, ".object").into_iter().filter(|name| name != "token.object").count()).sum()
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
