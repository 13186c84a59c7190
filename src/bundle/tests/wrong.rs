//! Signed, and wrong: another root, key, certificate, CRL, or manifest.

use super::super::fixture::{Issuer, World, now};
use super::super::manifest::Manifest;
use super::super::*;
use super::{refusal, refused, with_file, with_payload};
use crate::digest::Digest;
use crate::error::Kind;
use crate::key::KeySpec;
use crate::x509::keygen::LocalKey;
use jiff::ToSpan;

#[test]
fn a_manifest_of_another_bundle_checkpoint_log_or_recipient_is_refused() {
    let world = World::new();
    let bundle = world.bundle();
    let with = |change: fn(&mut Manifest)| world.open(&with_payload(&world, &bundle, |manifest, _| change(manifest)));
    refused(with(|m| m.bundle_id = "00".repeat(16)), "of another bundle");
    refused(with(|m| m.tree_size = 4), "another checkpoint");
    refused(with(|m| m.log = "00".repeat(16)), "another log");
    refused(with(|m| m.recipients = vec![recipient::generate_identity().1]), "other recipients");
    refused(with(|m| m.csr_sha256 = Digest::of(b"other")), "answers another request");
    refused(with(|m| m.cluster = "cluster2".into()), "for another cluster");
    refused(with(|m| m.environment = "staging".into()), "for another cluster");
    refused(with(|m| m.trust_domain = "other.example".into()), "for another cluster");
    refused(with(|m| m.crl_number = 2), "not the CRL of the manifest");
    refused(with(|m| m.kind = "anchorite/manifest/v2".into()), "written by a newer anchorite");
    refused(with(|m| m.kind = "anchorite/receipt/v1".into()), "another type");
}

#[test]
fn the_root_must_be_the_pinned_one() {
    let world = World::new();
    let files = world.bundle().files;
    let other = Issuer::root("Example Mesh Root CA");
    let with = |pin: RootPin| world.open_with(&files, |opening| opening.pin = pin);
    assert!(with(RootPin::Certificates(vec![world.root.der.clone()])).is_ok());
    refused(with(RootPin::Fingerprint(Digest::of(&other.der))), "neither the pinned one");
    refused(with(RootPin::Certificates(vec![other.der.clone()])), "neither the pinned one");
    let error = refusal(with(RootPin::Receipt));
    assert_eq!((error.kind(), error.what()), (Kind::Usage, "the root is not pinned"));
    // A second root beside the pinned one would be trusted by the whole mesh.
    let both = format!("{}{}", world.root.pem(), other.pem());
    refused(world.open(&with_file(&world, "root-cert.pem", both.as_bytes())), "neither the pinned one");
    let twice = format!("{0}{0}", world.root.pem());
    refused(world.open(&with_file(&world, "root-cert.pem", twice.as_bytes())), "twice");
}

#[test]
fn a_certificate_for_another_key_and_a_chain_that_does_not_lead_to_the_root_are_refused() {
    let world = World::new();
    let files = world.bundle().files;
    let other = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
    let local = Local { spki: other.spki().clone(), ..world.local() };
    let result = open(&Opening {
        files: &files,
        unseal: Unseal::Identities(&world.identity),
        local: Some(&local),
        pin: world.pin(),
        receipt: None,
        accept_restore: None,
        allow_older: false,
        now: now(),
    });
    refused(result, "not for the key made here");
    let stranger = World::new();
    let theirs = crate::x509::pem::encode("CERTIFICATE", &stranger.certificate);
    refused(
        world.open(&with_file(&world, "cert-chain.pem", theirs.as_bytes())),
        "does not begin with the intermediate",
    );
    let root_first = format!("{}{}", world.root.pem(), world.contents(1).ca_cert_pem);
    let files = with_file(&world, "cert-chain.pem", root_first.as_bytes());
    refused(world.open(&files), "does not begin with the intermediate");
}

#[test]
fn a_certificate_outside_its_time_is_refused_or_noted() {
    let world = World::new();
    let files = world.bundle().files;
    refused(world.open_with(&files, |o| o.now = now() + (366 * 24).hours()), "not valid at this time");
    let early = world.open_with(&files, |o| o.now = now() - 1.hour()).unwrap();
    assert!(early.notes[0].starts_with("valid only from 2026-11-21T09:25:00Z"));
    let late = world.open_with(&files, |o| o.now = now() + (91 * 24).hours()).unwrap();
    assert!(late.notes[0].starts_with("the CRL expired on"));
}

#[test]
fn a_crl_that_revokes_the_intermediate_or_that_no_root_issued_is_refused() {
    let world = World::new();
    let serial = crate::x509::read::certificate(&world.certificate).unwrap().view.serial;
    let revoked = world.root.crl(1, &[serial]);
    refused(world.open(&with_file(&world, "root.crl", revoked.as_bytes())), "revoked");
    let foreign = Issuer::root("Example Mesh Root CA").crl(1, &[]);
    refused(world.open(&with_file(&world, "root.crl", foreign.as_bytes())), "none of the roots issued");
}
