//! Revocation and the CRLs of the root: what is listed, for how long, and who is told.

mod attended;
mod emergency;
mod inspected;
mod orders;

use crate::support::*;
use anchorite::x509::pem;
use anchorite::x509::read::{self, CrlView};
use serde_json::Value;

const LATER: &str = "2026-12-01T10:00:00Z";
const CRL: &str = "authority/public/root.crl";
const ROOT: &str = "authority/public/root-cert.pem";

/// A founded authority that certified `west` and `east`.
fn two_clusters() -> World {
    let world = World::ready();
    let requests = ["west", "east"].map(|cluster| world.request(cluster));
    world.sign(&world.signing_answers(&[&requests[0], &requests[1]], &[])).ok();
    world
}

/// Answers that revoke and approve the CRL.
fn answers(revoked: &[(&str, &str)]) -> String {
    let lines = revoked.iter().map(|(name, reason)| format!("\"{name}\" = {{ revoke = \"{reason}\" }}\n"));
    format!("{PARTICIPANTS}[revoke]\n{}[review]\n\"crl:1\" = \"approve\"\n", lines.collect::<String>())
}

/// A command of the authority at a time, with answers.
fn run(world: &World, now: &str, command: &[&str], answers: &str) -> Output {
    world.write("answers-crl.toml", answers);
    world.run(&arguments(now, command))
}

fn arguments<'a>(now: &'a str, command: &[&'a str]) -> Vec<&'a str> {
    let last = ["--pin-file", "pin", "--answers", "answers-crl.toml"];
    [&["-C", AUTHORITY, "--now", now][..], command, &last[..]].concat()
}

/// Revokes `west` at [`LATER`].
fn revoke_west(world: &World) -> Output {
    run(world, LATER, &["revoke", "west", "--reason", "keyCompromise"], &answers(&[("west@1", "keyCompromise")]))
}

/// Issues the next CRL.
fn refresh(world: &World, now: &str) -> Output {
    run(world, now, &["crl"], &format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n"))
}

fn published(world: &World) -> CrlView {
    let der = pem::decode_one(&world.read(CRL), "X509 CRL").unwrap();
    assert_eq!(world.read("authority/public/root.crl.der"), der, "DER and PEM are one CRL");
    read::crl(&der).unwrap().view
}

/// The serial number of a cluster's certificate.
fn serial(world: &World, cluster: &str) -> String {
    let status = world.run(&["-C", AUTHORITY, "--json", "status"]).ok().stdout;
    let status: Value = serde_json::from_str(&status).unwrap();
    let all = status["certificates"].as_array().unwrap();
    all.iter().find(|c| c["cluster"] == cluster).unwrap()["serial"].as_str().unwrap().to_owned()
}

fn verified(world: &World) {
    world.run(&["log", "verify", AUTHORITY, "--root", ROOT, "--at-rest"]).ok();
}

#[test]
fn a_revoked_certificate_stands_on_the_crl_and_the_last_screen_says_who_has_the_old_one() {
    let world = two_clusters();
    let suspected = ["revoke", "west", "--reason", "keyCompromise", "--date", "2026-11-30"];
    let output = run(&world, LATER, &suspected, &answers(&[("west@1", "keyCompromise")])).ok();
    let shown = &output.stderr;
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    for wanted in [
        "Intermediate CA of west (prod)                                     revoke west@1\n",
        "  reason       keyCompromise\n",
        "  suspected    its key may be in other hands since 2026-11-30 00:00:00 UTC\n",
        "  it keeps     nothing: the mesh of this cluster stops where CRLs are read\n",
        "This cannot be undone, and its key is never certified again.",
        "  the last     number 1 of 2026-11-21 09:25:00 UTC\n",
        "  added        1 certificate\n               west@1: keyCompromise\n",
        "  kept         0 certificates\n",
        "  dropped      0 certificates\n",
        "CRL number 2 lists 1 certificate, until 2027-05-30 09:54:59 UTC\n",
        "Every copy of the last CRL is old now: those of east,",
        "next   anchorite export east --to OUT\n",
        "       for west, on its side: anchorite request west     a new key\n",
    ] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    let crl = published(&world);
    let west = serial(&world, "west");
    let status = world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    let line = |of: &str| status.lines().find(|line| line.starts_with(of)).unwrap_or_else(|| panic!("{status}"));
    assert!(line("  west · 1").starts_with("  west · 1  REVOKED ") && line("  west · 1").contains(&west), "{status}");
    assert!(!line("  east · 1").contains("REVOKED"), "{status}");
    assert!(status.lines().all(|line| line.chars().count() <= 80), "{status}");
    let entries: Vec<(String, String, Option<&str>)> = crl
        .revoked
        .iter()
        .map(|(serial, date, reason)| (serial.to_string(), date.to_string(), reason.as_deref()))
        .collect();
    assert_eq!(entries, [(west.clone(), "2026-12-01T09:55:00Z".to_owned(), Some("keyCompromise"))]);
    let since: Vec<String> = crl.invalidity.values().map(ToString::to_string).collect();
    assert_eq!((crl.number, since), (Some(2), vec!["2026-11-30T00:00:00Z".to_owned()]));
    verified(&world);
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(log.contains(&format!("certificate.revoked serial {west}: keyCompromise")), "{log}");
    let record = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    assert!(record.contains("A certificate was REVOKED"), "{record}");

    // What goes out from now on has the new CRL; the revoked certificate goes nowhere.
    world.write("answers-export.toml", PARTICIPANTS);
    let export = |cluster: &str| {
        let first = ["-C", AUTHORITY, "--now", "2026-12-02T10:00:00Z", "export", cluster];
        world.run(&[&first[..], &["--to", "medium", "--pin-file", "pin", "--answers", "answers-export.toml"]].concat())
    };
    let before = world.bundles();
    export("east").ok();
    let new = world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap();
    let open =
        ["--now", "2026-12-02T10:00:00Z", "open", new.to_str().unwrap(), "--into", "clusters/east", "--root", ROOT];
    world.run(&open).ok();
    assert_eq!(world.read("clusters/east/root.crl"), world.read(CRL));
    assert_text(
        &export("west").error(),
        "
        error: this certificate is revoked: no bundle of it is made: saw west,
               generation 1, revoked since 2026-12-01T09:55:00Z
        hint:  its cluster gets a new key and a new request: anchorite request NAME
        Nothing was changed.
        exit 10
    ",
    );
}

#[test]
fn a_crl_is_refreshed_with_what_was_revoked_before_and_drops_it_once_it_was_listed_after_its_end() {
    let world = two_clusters();
    revoke_west(&world).ok();
    let shown = refresh(&world, "2027-05-01T10:00:00Z").ok().stderr;
    assert!(shown.contains("  kept         1 certificate\n               west@1: keyCompromise\n"), "{shown}");
    assert_eq!(published(&world).revoked.len(), 1);
    // The certificate ends on 2027-11-21: the first CRL after that still lists it.
    refresh(&world, "2027-11-22T10:00:00Z").ok();
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(4), 1));
    let shown = refresh(&world, "2027-11-23T10:00:00Z").ok().stderr;
    assert!(
        shown.contains(
            "  dropped      1 certificate\n               west@1: it ended 2027-11-21T09:54:59Z, and a CRL made after that\n"
        ),
        "{shown}"
    );
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(5), 0));
    verified(&world);
}

#[test]
fn if_needed_a_crl_is_issued_when_something_is_not_listed_or_half_its_time_is_over() {
    let world = two_clusters();
    let answers = format!("{PARTICIPANTS}[review]\n\"crl:1\" = \"approve\"\n");
    let changed = |now: &str| -> (bool, u64) {
        let done = run(&world, now, &["crl", "--if-needed", "--json"], &answers).ok().stdout;
        let done: Value = serde_json::from_str(&done).unwrap();
        (done["changed"].as_bool().unwrap(), done["crls"][0]["number"].as_u64().unwrap())
    };
    assert_eq!(changed("2027-02-01T10:00:00Z"), (false, 1));
    assert_eq!(changed("2027-02-20T10:00:00Z"), (true, 2));
    assert_eq!(changed("2027-02-21T10:00:00Z"), (false, 2));
    // And a revocation that is there already is not made twice.
    let revoke = ["revoke", "west", "--reason", "superseded", "--if-needed", "--json"];
    let revoked = |now: &str| -> Value {
        let output = run(&world, now, &revoke, &self::answers(&[("west@1", "superseded")])).ok();
        serde_json::from_str(&output.stdout).unwrap()
    };
    let first = revoked("2027-02-22T10:00:00Z");
    assert_eq!((&first["changed"], &first["revoked"][0]), (&true.into(), &serial(&world, "west").into()));
    assert_eq!(revoked("2027-02-23T10:00:00Z")["changed"], false);
}

#[test]
fn several_certificates_are_revoked_by_one_order_and_one_crl() {
    let world = two_clusters();
    let both = answers(&[("west@1", "cessationOfOperation"), ("east@1", "cessationOfOperation")]);
    let order = ["revoke", "west", "east", "--reason", "cessationOfOperation"];
    run(&world, LATER, &order, &both).ok();
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(2), 2));
    verified(&world);
}

#[test]
fn a_new_key_of_a_compromised_cluster_is_certified_and_the_old_one_never_again() {
    let world = two_clusters();
    revoke_west(&world).ok();
    // The same request once more: its key is the revoked one.
    let same = world.sha256("requests/west/request.json");
    std::fs::remove_dir_all(world.path("requests/east")).unwrap();
    world.write("answers.toml", world.signing_answers(&[&same], &[]));
    let mut sign = SIGN;
    sign[3] = "2026-12-02T10:00:00Z";
    world.stopped(
        &sign,
        "
        error: west is refused by the rule policy.key.revoked: saw the key of a
               certificate revoked 2026-12-01T09:55:00Z (keyCompromise), spki
               …, wanted a new key
        hint:  make a new key: anchorite request NAME
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 10
    ",
    );
    std::fs::rename(world.path("clusters/west"), world.path("clusters/west-before")).unwrap();
    let new = world.request("west");
    world.write("answers.toml", world.signing_answers(&[&new], &[]));
    sign[3] = "2026-12-03T10:00:00Z";
    let shown = world.run(&sign).ok().stderr;
    assert!(shown.contains("  renewal      signed by the previous key: no"), "{shown}");
    verified(&world);
}
