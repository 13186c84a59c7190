//! A revoked intermediate: what is due of it, in the authority and from public files, and that it is not renewed.

use super::{open, running, status, words};
use crate::support::*;

/// Revokes `west`.
fn revoke(world: &World) {
    let answers = format!("{PARTICIPANTS}[revoke]\nwest = {{ revoke = \"keyCompromise\" }}\n[review]\n");
    let reviewed = format!("\"sha256:{}\" = \"approve\"\n", world.sha256("authority/authority.toml"));
    world.write("answers-revoke.toml", answers + &reviewed);
    let revoke = ["-C", AUTHORITY, "--now", "2026-12-01T10:00:00Z", "revoke", "west", "--reason", "keyCompromise"];
    world.run(&[&revoke[..], &["--pin-file", "pin", "--answers", "answers-revoke.toml"]].concat()).ok();
}

fn revoked() -> World {
    let world = running();
    revoke(&world);
    world
}

#[test]
fn a_revoked_intermediate_is_not_renewed_but_replaced_at_once() {
    let world = revoked();
    let shown = status(&world, "2026-12-02T10:00:00Z", &[]).ok().stdout;
    let said = words(&shown);
    assert!(said.contains("certify a new key of west: its intermediate is revoked"), "{shown}");
    assert!(said.contains("anchorite request west, in another directory; not --renew"), "{shown}");
    assert!(!said.contains("renew the intermediate of west"), "{shown}");
    assert_eq!(status(&world, "2026-12-02T10:00:00Z", &["--check"]).code, Some(10));
}

#[test]
fn public_files_with_the_new_crl_say_so_too() {
    let world = revoked();
    let check = ["--now", "2026-12-02T10:00:00Z", "status", "clusters/west", "--check"];
    assert_eq!(world.run(&check).code, Some(0), "its CRL is of before");
    world.write("clusters/west/root.crl", world.read("authority/public/root.crl"));
    let said = world.run(&check);
    assert_eq!(said.code, Some(10));
    let said = words(&said.stderr);
    for wanted in [
        "the intermediate of west is REVOKED since 2026-12-01",
        "root.crl names it: whoever checks revocation refuses all that it issued",
        "how a new key and a new request, not a renewal: anchorite request west",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in {said}");
    }
}

#[test]
fn no_bundle_of_it_is_made_and_every_cluster_but_it_gets_the_crl() {
    let world = running();
    let bundle = world.issued("east").display().to_string();
    open(&world, &bundle, "east");
    revoke(&world);
    let export = |what: &'static str| {
        let media = ["--to", "medium", "--pin-file", "pin", "--answers", "answers-export.toml"];
        [&["-C", AUTHORITY, "--now", "2026-12-02T10:00:00Z", "export", what][..], &media].concat()
    };
    world.write("answers-export.toml", PARTICIPANTS);
    world.refused(
        &export("west"),
        "
        error: this certificate is revoked: no bundle of it is made: saw west,
               generation 1, revoked since 2026-12-01T10:00:00Z
        hint:  its cluster gets a new key and a new request: anchorite request NAME
        Nothing was changed.
        exit 10
    ",
    );
    let before = world.bundles();
    world.run(&export("--all")).ok();
    let new: Vec<_> = world.bundles().into_iter().filter(|bundle| !before.contains(bundle)).collect();
    assert_eq!(new.len(), 1);
    open(&world, &new[0].display().to_string(), "east");
    let crl = world.tool("openssl", &["crl", "-in", "clusters/east/root.crl", "-noout", "-crlnumber"]).ok().stdout;
    assert!(crl.contains("02"), "{crl}");
}
