//! `softhsm-test/verify-with-stock-tools.sh`: what it says of a log and of bundles, and what it must not let pass.

use super::Files;
use crate::evidence::readme;
use crate::golden;
use crate::present::have;
use crate::support::tally::held;
use crate::support::{AUTHORITY, IDENTITY, Output, World};
use anchorite::key::KeySpec;
use anchorite::x509::LocalKey;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/softhsm-test/verify-with-stock-tools.sh");
const ROOT: &str = "authority/public/root-cert.pem";

fn run(world: &World, arguments: &[&str]) -> Output {
    world.tool("bash", &[&[SCRIPT][..], arguments, &["--any-time"]].concat())
}

fn golden_world(name: &str) -> World {
    let golden = golden::all().into_iter().find(|golden| golden.ends_with(name)).unwrap();
    golden::world(&golden)
}

/// What it says without line breaks.
fn words(output: &Output) -> String {
    output.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The golden world with a bundle that one of its clusters can open: the bundle, and the identity.
fn bundled() -> (World, String, String) {
    let world = golden_world("custody");
    world.secret("identity", IDENTITY);
    let bundles = world.bundles();
    let east = "clusters/east/identity.age".to_owned();
    let opens = |bundle: &&std::path::PathBuf| {
        run(&world, &[bundle.to_str().unwrap(), "--root", ROOT, "--identity", &east]).code == Some(0)
    };
    let bundle = bundles.iter().find(opens).expect("a bundle for east").display().to_string();
    (world, bundle, east)
}

#[test]
fn the_script_has_the_commands_that_the_readme_shows() {
    let script = std::fs::read_to_string(SCRIPT).unwrap();
    for line in readme("bundle").lines().chain(readme("log").lines()) {
        let shown = line.split("   #").next().unwrap().trim();
        let shown = shown.strip_prefix("openssl verify ").or(shown.strip_prefix("age ")).unwrap_or(shown);
        let inside = script.contains(shown) || script.contains(&shown.replace("signer.pem", "\"$1\""));
        assert!(inside, "the script lacks: {shown}");
    }
}

#[test]
fn a_log_of_each_kind_of_authority_is_checked_and_each_line_says_what_it_proves() {
    for golden in golden::all() {
        let world = golden::world(&golden);
        let said = run(&world, &[AUTHORITY, "--root", ROOT]);
        assert_eq!(said.code, Some(0), "{}: {}{}", golden.display(), said.stdout, said.stderr);
        for proves in [
            "leads to the root: the root's key vouched for this audit key",
            "this audit key signed the newest checkpoint",
            "each line of the log carries the hash of the line before it",
            "NOT that this is all of the log",
        ] {
            assert!(words(&said).contains(proves), "{proves}: {}", said.stdout);
        }
        assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{}", said.stdout);
    }
}

#[test]
fn a_log_that_was_altered_or_is_another_roots_fails_and_says_at_what() {
    let world = golden_world("custody");
    let good = Files::of(&world.path("authority/log"));
    let mut tried = 0;
    let mut fails = |log: &Files, what: &str| {
        log.put(&world.path("authority/log"));
        let said = run(&world, &[AUTHORITY, "--root", ROOT]);
        assert_eq!(said.code, Some(1), "{what}: {}{}", said.stdout, said.stderr);
        assert!(said.stderr.contains("FAILED"), "{what}: {}", said.stderr);
        tried += 1;
    };
    for at in (0..good.entries.len()).step_by(good.entries.len() / 8) {
        let mut flipped = good.clone();
        flipped.entries[at] ^= 1;
        fails(&flipped, &format!("byte {at}"));
    }
    for part in 0..3 {
        let mut flipped = good.clone();
        let note = flipped.newest.as_mut().unwrap();
        let at = note.len() * part / 3 + 20;
        note[at] ^= 1;
        fails(&flipped, "the checkpoint");
    }
    let lines = good.lines();
    fails(&good.with(&lines[..lines.len() - 1]), "the tail cut");
    good.put(&world.path("authority/log"));
    let other = golden_world("adopted");
    world.write("other.pem", other.read(ROOT));
    let said = run(&world, &[AUTHORITY, "--root", "other.pem"]);
    assert_eq!(said.code, Some(1), "{}", said.stdout);
    assert!(said.stderr.contains("leads to the root"), "{}", said.stderr);
    let pin = "00".repeat(32);
    let said = run(&world, &[AUTHORITY, "--root", ROOT, "--root-fingerprint", &pin]);
    assert!(said.code == Some(1) && said.stderr.contains("fingerprint that came from the root card"), "{said:?}");
    held("altered logs before stock tools", tried + 2);
}

#[test]
fn a_bundle_is_checked_to_its_last_file_and_each_line_says_what_it_proves() {
    if !have("age") || !have("jq") {
        return;
    }
    let (world, bundle, identity) = bundled();
    let said = run(&world, &[&bundle, "--root", ROOT, "--identity", &identity]).ok();
    for proves in [
        "this audit key signed the envelope: the bundle was made by this authority",
        "who could encrypt to you could not put in another",
        "the root signed ca-cert.pem, and its CRL here does not list it",
        "is under the signed checkpoint: it was not issued in secret",
        "for east (prod), cluster.local, generation 1, bundle 1",
        "NOT that no newer bundle exists",
    ] {
        assert!(words(&said).contains(proves), "{proves}: {}", said.stdout);
    }
    let closed = run(&world, &[&bundle, "--root", ROOT]).ok();
    assert!(words(&closed).contains("NOT what is inside, and for whom"), "{}", closed.stdout);
}

#[test]
fn a_bundle_that_was_altered_or_forged_fails_at_what_was_forged() {
    if !have("age") || !have("jq") {
        return;
    }
    let (world, bundle, identity) = bundled();
    let (mut tried, root) = (0, ["--root", ROOT, "--identity", &identity]);
    let mut fails = |bundle: &str, what: &str, at: &str| {
        let said = run(&world, &[&[bundle][..], &root].concat());
        assert_eq!(said.code, Some(1), "{what}: {}{}", said.stdout, said.stderr);
        let told = said.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(&format!("FAILED {at}")), "{what}: {}", said.stderr);
        tried += 1;
    };
    for (file, at) in [
        ("envelope.json", "this audit key signed the envelope"),
        ("envelope.sig", "this audit key signed the envelope"),
        ("payload.age", "payload and checkpoint are those"),
        ("checkpoint", "payload and checkpoint are those"),
        ("signer.pem", "signer.pem leads to the root"),
    ] {
        let path = format!("{bundle}/{file}");
        let good = world.read(&path);
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        world.write(&path, bad);
        fails(&bundle, file, at);
        world.write(&path, good);
    }
    // Who could encrypt to the cluster: another payload, which the envelope does not name.
    world.tool("cp", &["-r", &bundle, "forged"]).ok();
    let recipient = world.tool("age-keygen", &["-y", &identity]).ok().stdout.trim().to_owned();
    world.write("mine/manifest.json", "{\"files\":{}}");
    world.tool("tar", &["-cf", "mine.tar", "-C", "mine", "manifest.json"]).ok();
    world.tool("age", &["-r", &recipient, "-o", "forged/payload.age", "mine.tar"]).ok();
    fails("forged", "another payload", "payload and checkpoint are those");
    // And an envelope that names it, signed by a key of their own, whose certificate they made themselves.
    let digest = world.sha256("forged/payload.age");
    let json: serde_json::Value = serde_json::from_slice(&world.read("forged/envelope.json")).unwrap();
    let named = json["files"]["payload.age"]["sha256"].as_str().unwrap().to_owned();
    let text = String::from_utf8(world.read("forged/envelope.json")).unwrap().replace(&named, &digest);
    world.write("forged/envelope.json", &text);
    let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    world.write("forged/envelope.sig", key.sign(text.as_bytes()).unwrap());
    fails("forged", "signed by another key", "this audit key signed the envelope");
    let own = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout own.key -subj /CN=own \
        -addext extendedKeyUsage=critical,1.3.6.1.5.5.7.3.36 -days 9 -out forged/signer.pem && \
        openssl dgst -sha256 -sign own.key -out forged/envelope.sig forged/envelope.json";
    world.tool("sh", &["-c", own]).ok();
    fails("forged", "signed under a root of their own", "signer.pem leads to the root");
    held("altered and forged bundles before stock tools", tried);
}

#[test]
fn what_is_neither_a_log_nor_a_bundle_and_what_lacks_a_root_is_said_so() {
    let world = World::new();
    for (arguments, says) in [
        (&["medium"][..], "medium is neither an authority"),
        (&[], "nothing is neither an authority"),
        (&["--root"], "--root needs a value"),
        (&["--rot", "x"], "unknown option --rot"),
    ] {
        let said = world.tool("bash", &[&[SCRIPT][..], arguments].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
        assert!(said.stderr.contains(says), "{says}: {}", said.stderr);
    }
    let (world, bundle, _) = if have("age") && have("jq") { bundled() } else { return };
    let said = world.tool("bash", &[SCRIPT, &bundle]);
    assert!(said.code == Some(2) && said.stderr.contains("a bundle needs --root"), "{said:?}");
}
