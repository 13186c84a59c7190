//! Bundles that are not for us, not whole, not new, not under our root.

use crate::support::{AUTHORITY, IDENTITY, World};
use std::path::{Path, PathBuf};

const ROOT: &str = "authority/public/root-cert.pem";
const LATER: &str = "2026-11-21T11:00:00Z";

/// A founded world with one signed request; its bundle's directory is `bundle`, a name that is the same in
/// every run.
fn issued() -> (World, PathBuf) {
    let world = World::ready();
    let bundle = world.issued("cluster1");
    let output = world.tool("cp", &["-r", bundle.to_str().unwrap(), "bundle"]);
    output.ok();
    (world, PathBuf::from("bundle"))
}

fn open(bundle: &Path) -> Vec<&str> {
    vec!["--now", LATER, "open", bundle.to_str().unwrap(), "--into", "clusters/cluster1", "--root", ROOT]
}

#[test]
fn a_bundle_for_somebody_else_stays_closed() {
    let (world, bundle) = issued();
    world.secret("identity", IDENTITY);
    world.refused(&[&open(&bundle)[..], &["--identity", "identity"]].concat(), "?");
    world.request("cluster2");
    let into: Vec<&str> =
        open(&bundle).into_iter().map(|a| if a == "clusters/cluster1" { "clusters/cluster2" } else { a }).collect();
    world.refused(&into, "?");
}

#[test]
fn a_bundle_without_an_identity_says_which_file_is_missing() {
    let (world, bundle) = issued();
    std::fs::remove_file(world.path("clusters/cluster1/identity.age")).unwrap();
    world.refused(&open(&bundle), "?");
}

#[test]
fn a_bundle_altered_in_any_byte_is_refused() {
    let (world, bundle) = issued();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(world.path(&bundle)).unwrap().map(|e| bundle.join(e.unwrap().file_name())).collect();
    files.sort();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let whole = world.read(&file);
        for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let mut altered = whole.clone();
            altered[at] ^= 1;
            world.write(&file, &altered);
            let before = world.everything();
            let output = world.run(&open(&bundle));
            assert!(matches!(output.code, Some(30 | 40)), "{} altered at {at}: {}", file.display(), output.refusal());
            assert!(output.stderr.starts_with("error: "), "{}", output.stderr);
            assert_eq!(world.everything(), before);
        }
        world.write(&file, &whole);
    }
    world.run(&open(&bundle)).ok();
}

#[test]
fn what_was_altered_in_a_bundle_is_named() {
    let (world, bundle) = issued();
    let altered = |file: &str| {
        let path = bundle.join(file);
        let whole = world.read(&path);
        let mut altered = whole.clone();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        world.write(&path, &altered);
        (path, whole)
    };
    let (path, whole) = altered("payload.age");
    world.refused(&open(&bundle), "?");
    world.write(path, whole);
    let (path, whole) = altered("checkpoint");
    world.refused(&open(&bundle), "?");
    world.write(path, whole);
    let (path, whole) = altered("envelope.json");
    world.refused(&open(&bundle), "?");
    world.write(path, whole);
    std::fs::remove_file(world.path(bundle.join("envelope.sig"))).unwrap();
    world.refused(&open(&bundle), "?");
    std::fs::remove_file(world.path(bundle.join("envelope.json"))).unwrap();
    world.refused(&open(&bundle), "?");
}

#[test]
fn a_bundle_under_an_unknown_root_is_refused() {
    let (world, bundle) = issued();
    let stranger = World::ready();
    world.write("stranger.pem", stranger.read(ROOT));
    let under: Vec<&str> = open(&bundle).into_iter().map(|a| if a == ROOT { "stranger.pem" } else { a }).collect();
    world.refused(&under, "?");
    world.refused(&["verify", "bundle", "--root", "stranger.pem"], "?");
    let unpinned = &open(&bundle)[..6];
    world.refused(unpinned, "?");
    let typed = "00".repeat(32);
    world.refused(&[unpinned, &["--root-fingerprint", &typed]].concat(), "?");
    world.refused(&[unpinned, &["--root-fingerprint", "3b1e"]].concat(), "?");
}

#[test]
fn a_bundle_older_than_what_is_there_is_refused() {
    let (world, bundle) = issued();
    let export = [
        "-C",
        AUTHORITY,
        "--now",
        "2026-11-21T10:30:00Z",
        "export",
        "cluster1",
        "--to",
        "medium",
        "--pin-file",
        "pin",
        "--answers",
        "answers-export.toml",
    ];
    world.write("answers-export.toml", crate::support::PARTICIPANTS);
    let before = world.bundles();
    world.run(&export).ok();
    let newer = world.bundles().into_iter().find(|b| !before.contains(b)).unwrap();
    world.run(&open(&newer)).ok();
    world.refused(&open(&bundle), "?");
    world.run(&[&open(&bundle)[..], &["--allow-older"]].concat()).ok();
}

#[test]
fn what_is_no_bundle_is_refused() {
    let (world, _) = issued();
    world.refused(&open(Path::new("requests")), "?");
    world.refused(&open(Path::new("nowhere")), "?");
    world.refused(&["verify", "requests"], "?");
}

#[test]
fn a_directory_that_holds_no_files_of_a_ca_makes_no_manifest() {
    let (world, bundle) = issued();
    world.refused(&["manifest", "clusters"], "?");
    world.run(&open(&bundle)).ok();
    let other = include_str!("../fixtures/plain.key");
    world.secret("clusters/cluster1/ca-key.pem", other.trim_end());
    world.refused(&["manifest", "clusters/cluster1"], "?");
}
