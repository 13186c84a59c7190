//! Bundles are made again from the log: of every cluster, of an older generation; and what receivers say of them.

use crate::support::*;
use serde_json::Value;
use std::path::PathBuf;

const LATER: &str = "2026-12-03T10:00:00Z";

/// A world in which `west` has two generations, both opened, and `east` one.
fn renewed() -> World {
    let world = World::ready();
    let first = world.issued("west");
    open(&world, &first, "clusters/west").ok();
    std::fs::remove_dir_all(world.path("requests/west")).unwrap();
    world.run(&["--now", SIGNING, "request", "west", "--renew", "--into", "clusters"]).ok();
    for name in ["request.json", "request.sig", "renewal.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west.2/{name}")));
    }
    world.run(&["--now", GENESIS, "request", "east", "--key", "ecdsa-p256", "--into", "clusters"]).ok();
    for name in ["request.json", "request.sig"] {
        world.write(format!("requests/east/{name}"), world.read(format!("clusters/east/{name}")));
    }
    let requests = ["west", "east"].map(|name| world.sha256(format!("requests/{name}/request.json")));
    world.write("answers.toml", world.signing_answers(&[&requests[0], &requests[1]], &[]));
    let mut sign = SIGN;
    sign[3] = "2026-12-01T10:00:00Z";
    world.run(&sign).ok();
    world.write("answers-export.toml", PARTICIPANTS);
    world
}

fn exporting<'a>(now: &'a str, options: &[&'a str]) -> Vec<&'a str> {
    let media = ["--to", "medium", "--pin-file", "pin", "--answers", "answers-export.toml"];
    [&["-C", AUTHORITY, "--now", now, "export"], options, &media[..]].concat()
}

/// The bundles that an export adds.
fn exported(world: &World, options: &[&str]) -> Vec<PathBuf> {
    let before = world.bundles();
    world.run(&exporting(LATER, options)).ok();
    world.bundles().into_iter().filter(|bundle| !before.contains(bundle)).collect()
}

fn open(world: &World, bundle: &std::path::Path, into: &str) -> Output {
    let given = ["--now", LATER, "open", bundle.to_str().unwrap(), "--into", into];
    world.run(&[&given[..], &["--root", "authority/public/root-cert.pem"]].concat())
}

/// What the log says of the last bundle of a cluster.
fn last(world: &World, cluster: &str) -> Value {
    let log = String::from_utf8(world.read("authority/log/entries.jsonl")).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut of = entries.filter(|e| e["type"] == "bundle.exported" && e["data"]["cluster"] == cluster);
    of.next_back().unwrap()["data"].clone()
}

#[test]
fn the_bundle_of_an_older_generation_is_made_again_with_a_number_of_its_own() {
    let world = renewed();
    let made = exported(&world, &["west", "--generation", "1"]);
    let logged = last(&world, "west");
    assert_eq!((logged["generation"].as_u64(), logged["sequence"].as_u64()), (Some(1), Some(3)));
    let before = world.read("clusters/west/ca-cert.pem");
    open(&world, &made[0], "clusters/west").ok();
    assert_eq!(world.read("clusters/west/ca-cert.pem"), before);
    let other = open(&world, &made[0], "clusters/west.2");
    assert!(other.stderr.contains("the certificate is not for the key made here"), "{}", other.stderr);
    world.run(&["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem", "--at-rest"]).ok();
}

#[test]
fn every_cluster_gets_its_bundle_again_at_once() {
    let world = renewed();
    assert_eq!(exported(&world, &["--all"]).len(), 2);
    assert_eq!(
        (last(&world, "west")["generation"].as_u64(), last(&world, "east")["sequence"].as_u64()),
        (Some(2), Some(2))
    );
}

#[test]
fn a_receiver_without_the_key_refuses_an_older_generation_whatever_its_number() {
    let world = renewed();
    let newest = exported(&world, &["west"]).remove(0);
    let older = exported(&world, &["west", "--generation", "1"]).remove(0);
    // The key is elsewhere (in Vault): only the receipt knows what was here before.
    let opening = |bundle: &PathBuf, options: &[&str]| {
        let given = ["--now", LATER, "open", bundle.to_str().unwrap(), "--into", "vault", "--root"];
        let rest = ["authority/public/root-cert.pem", "--identity", "clusters/west/identity.age"];
        [&given[..], &rest, options].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    world.run(&opening(&newest, &[])).ok();
    world.refused(
        &opening(&older, &[]),
        "
        error: this bundle holds an older certificate than the one that is there: saw
               generation 1, wanted generation 2, or newer
        hint:  find the newest bundle of this cluster; anchorite export makes one again
               from the log
        hint:  --allow-older takes it all the same: going back is for a mesh that cannot
               run with the new one
        Nothing was written.
        exit 40
    ",
    );
    let taken = world.run(&opening(&older, &["--allow-older"])).ok().stderr;
    assert!(taken.contains("note: generation 1, and generation 2 was opened here before\n"), "{taken}");
    world.run(&opening(&newest, &["--allow-older"])).ok();
}

#[test]
fn what_cannot_be_made_again_is_said_before_a_token_is_unlocked() {
    let world = renewed();
    let cases: [(&str, &[&str], &str); 5] = [
        (
            LATER,
            &["wset"],
            "
            error: no certificate was issued to this cluster: saw wset, wanted east, west
            hint:  did you mean \"west\"?
            Nothing was changed.
            exit 2
            ",
        ),
        (
            LATER,
            &["west", "--generation", "3"],
            "
            error: west has no certificate of this generation: saw 3, wanted 1, 2
            Nothing was changed.
            exit 2
            ",
        ),
        (
            LATER,
            &["west", "east", "--generation", "1"],
            "
            error: a generation is one cluster's: saw west, east, wanted one cluster
            Nothing was changed.
            exit 2
            ",
        ),
        (
            "2027-11-25T10:00:00Z",
            &["west", "--generation", "1"],
            "
            error: this certificate has ended: no bundle of it is made: saw west, generation
                   1, ended 2027-11-21T09:54:59Z
            hint:  its cluster asks again: anchorite request NAME --renew
            Nothing was changed.
            exit 10
            ",
        ),
        (
            "2028-11-25T10:00:00Z",
            &["--all"],
            "
            error: no cluster here has a certificate that is valid
            hint:  what there is: anchorite status
            Nothing was changed.
            exit 2
            ",
        ),
    ];
    for (now, options, text) in cases {
        world.refused(&exporting(now, options), text);
    }
}

#[test]
fn a_courier_checks_a_bundle_without_reading_it_and_a_cluster_that_missed_some_opens_the_newest() {
    let world = World::ready();
    let first = world.issued("west");
    world.write("answers-export.toml", PARTICIPANTS);
    let second = exported(&world, &["west"]).remove(0);
    let third = exported(&world, &["west"]).remove(0);
    let root = "authority/public/root-cert.pem";
    for bundle in [&first, &second, &third] {
        // The signer is the audit certificate, byte for byte as it stands in the log and in public/.
        let signer = world.read(bundle.join("signer.pem"));
        for there in ["authority/log/audit/1.pem", "authority/public/audit-cert.pem"] {
            assert_eq!(signer, world.read(there), "{there}");
        }
        // Where no key and no identity is.
        let courier = World::without_token();
        courier.write("root-cert.pem", world.read(root));
        let bundle = world.path(bundle).canonicalize().unwrap();
        courier.run(&["verify", bundle.to_str().unwrap(), "--root", "root-cert.pem"]).ok();
    }
    // One proof for each earlier bundle: whoever saw any of them follows.
    for seen in [&first, &second] {
        let cluster = crate::crash::copy(&world);
        open(&cluster, seen, "clusters/west").ok();
        open(&cluster, &third, "clusters/west").ok();
    }
}

#[test]
fn what_was_written_is_named_and_it_is_safe_to_take_the_medium_out_once_it_was_read_back() {
    let world = World::ready();
    let bundle = world.issued("west");
    world.write("answers-export.toml", PARTICIPANTS);
    let said = world.run(&exporting(LATER, &["west"])).ok().stderr;
    let newest = world.bundles().into_iter().find(|other| *other != bundle).unwrap();
    let name = newest.file_name().unwrap().to_str().unwrap();
    assert!(said.contains(&format!("wrote  medium/{name}  for west")), "{said}");
    assert!(said.contains("the bundles were read back: it is safe to take the exports medium out"), "{said}");
}
