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
    world.refused(
        &[&open(&bundle)[..], &["--identity", "identity"]].concat(),
        "
        error: this is sealed for somebody else
        hint:  give the identity that was made with the request: --identity FILE
        hint:  for a hardware identity: decrypt with a stock age, then: anchorite open
               --decrypted FILE
        Nothing was written.
        exit 40
    ",
    );
    world.request("cluster2");
    let into: Vec<&str> =
        open(&bundle).into_iter().map(|a| if a == "clusters/cluster1" { "clusters/cluster2" } else { a }).collect();
    world.refused(
        &into,
        "
        error: this is sealed for somebody else
        hint:  give the identity that was made with the request: --identity FILE
        hint:  for a hardware identity: decrypt with a stock age, then: anchorite open
               --decrypted FILE
        Nothing was written.
        exit 40
    ",
    );
}

#[test]
fn a_bundle_without_an_identity_says_which_file_is_missing() {
    let (world, bundle) = issued();
    std::fs::remove_file(world.path("clusters/cluster1/identity.age")).unwrap();
    world.refused(
        &open(&bundle),
        "
        error: there is no identity to open the bundle with: saw
               clusters/cluster1/identity.age, wanted the identity.age that `anchorite
               request` made
        hint:  name it: --identity FILE
        hint:  for a hardware recipient: age -d …, then --decrypted FILE
        Nothing was written.
        exit 30
    ",
    );
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
    world.refused(
        &open(&bundle),
        "
        error: payload.age is not the file that was signed: saw … bytes, sha256
               …, wanted … bytes, sha256 …
        hint:  copy the whole directory again from the medium
        Nothing was written.
        exit 40
    ",
    );
    world.write(path, whole);
    let (path, whole) = altered("checkpoint");
    world.refused(
        &open(&bundle),
        "
        error: checkpoint is not the file that was signed: saw … bytes, sha256
               …, wanted … bytes, sha256 …
        hint:  copy the whole directory again from the medium
        Nothing was written.
        exit 40
    ",
    );
    world.write(path, whole);
    let (path, whole) = altered("envelope.json");
    world.refused(
        &open(&bundle),
        "
        error: the envelope's signature: a signature does not verify: wanted ECDSA with
               SHA-256 by the key …
        hint:  copy the whole directory again from the medium
        Nothing was written.
        exit 40
    ",
    );
    world.write(path, whole);
    std::fs::remove_file(world.path(bundle.join("envelope.sig"))).unwrap();
    world.refused(
        &open(&bundle),
        "
        error: a bundle lacks envelope.sig: saw bundle, wanted envelope.json,
               envelope.sig, signer.pem, checkpoint, payload.age
        hint:  copy the whole directory again from the medium
        Nothing was written.
        exit 30
    ",
    );
    std::fs::remove_file(world.path(bundle.join("envelope.json"))).unwrap();
    world.refused(
        &open(&bundle),
        "
        error: there is no bundle here: saw bundle, wanted a directory with
               envelope.json
        hint:  name the bundle's directory on the exports medium
        Nothing was written.
        exit 30
    ",
    );
}

#[test]
fn a_bundle_under_an_unknown_root_is_refused() {
    let (world, bundle) = issued();
    let stranger = World::ready();
    world.write("stranger.pem", stranger.read(ROOT));
    let under: Vec<&str> = open(&bundle).into_iter().map(|a| if a == ROOT { "stranger.pem" } else { a }).collect();
    world.refused(
        &under,
        "
        error: a root that is neither the pinned one nor cross-signed by it: saw
               O=World, OU=TEST, CN=World Mesh Root CA, sha256
               …, wanted
               sha256 …
        hint:  compare with the root card: words and fingerprint; do not take either
               from this stick
        Nothing was written.
        exit 40
    ",
    );
    world.refused(
        &["verify", "bundle", "--root", "stranger.pem"],
        "
        error: the signer of the bundle: a certificate is not its issuer's: the
               authority key identifier differs: saw
               …, wanted
               …
        hint:  compare the root with its card: it may be another authority's, or a newer
               one of this
        exit 40
    ",
    );
    let unpinned = &open(&bundle)[..6];
    world.refused(
        unpinned,
        "
        error: the root is not pinned: wanted the root's fingerprint, the first time
        hint:  read it from the root card: --root-fingerprint …, or --root FILE that
               came another way
        hint:  a root from the same stick as the bundle proves nothing
        Nothing was written.
        exit 2
    ",
    );
    let typed = "00".repeat(32);
    world.refused(
        &[unpinned, &["--root-fingerprint", &typed]].concat(),
        "
        error: a root that is neither the pinned one nor cross-signed by it: saw
               O=World, OU=TEST, CN=World Mesh Root CA, sha256
               …, wanted
               sha256 …
        hint:  compare with the root card: words and fingerprint; do not take either
               from this stick
        Nothing was written.
        exit 40
    ",
    );
    world.refused(
        &[unpinned, &["--root-fingerprint", "3b1e"]].concat(),
        "
        error: --root-fingerprint: not a SHA-256 digest: saw 3b1e, wanted 64 lower-case
               hex digits
        hint:  it is on the root card: anchorite root show
        Nothing was written.
        exit 2
    ",
    );
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
    world.refused(
        &open(&bundle),
        "
        error: this bundle is older than the one that is there: saw bundle 1 of the
               cluster, tree size 66, wanted bundle 2, tree size 75, or newer
        hint:  find the newest bundle of this cluster; anchorite export makes one again
               from the log
        hint:  --allow-older takes it all the same: certificates, roots and revocations
               since then are lost
        Nothing was written.
        exit 40
    ",
    );
    world.run(&[&open(&bundle)[..], &["--allow-older"]].concat()).ok();
}

#[test]
fn what_is_no_bundle_is_refused() {
    let (world, _) = issued();
    world.refused(
        &open(Path::new("requests")),
        "
        error: there is no bundle here: saw requests, wanted a directory with
               envelope.json
        hint:  name the bundle's directory on the exports medium
        Nothing was written.
        exit 30
    ",
    );
    world.refused(
        &open(Path::new("nowhere")),
        "
        error: there is no bundle here: saw nowhere, wanted a directory with
               envelope.json
        hint:  name the bundle's directory on the exports medium
        Nothing was written.
        exit 30
    ",
    );
    world.refused(
        &["verify", "requests"],
        "
        error: there is nothing to verify here: saw requests, wanted a bundle's
               directory, an authority, a publication, or a log
        exit 30
    ",
    );
}

#[test]
fn a_directory_that_holds_no_files_of_a_ca_makes_no_manifest() {
    let (world, bundle) = issued();
    world.refused(
        &["manifest", "clusters"],
        "
        error: cannot read clusters/ca-cert.pem: there is no such file or directory
        hint:  it is put there by: anchorite open BUNDLE --into clusters
        Nothing was printed.
        exit 30
    ",
    );
    world.run(&open(&bundle)).ok();
    let other = include_str!("../fixtures/plain.key");
    world.secret("clusters/cluster1/ca-key.pem", other.trim_end());
    world.refused(
        &["manifest", "clusters/cluster1"],
        "
        error: these files would break the mesh: saw 1 finding
        hint:  consumer.key.other: ca-key.pem: ECDSA P-256, spki sha256 …, wanted ECDSA
               P-256, spki sha256 …: this certificate answers another request: open the
               bundle where the key was made
        No Secret was written.
        exit 40
    ",
    );
}
