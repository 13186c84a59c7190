//! Bytes that were not signed, and what a signer must not be able to do either.

use super::super::fixture::{World, now};
use super::super::manifest::Manifest;
use super::super::*;
use super::{get, payload_of, put, refusal, refused, reseal, with_file, with_payload};
use crate::error::Kind;

#[test]
fn every_flipped_byte_of_every_file_is_refused() {
    let world = World::new();
    let bundle = world.bundle();
    let roots = [crate::x509::read::certificate(&world.root.der).unwrap()];
    assert!(verify_outer(&bundle.files, &roots).unwrap().authenticated);
    for (index, (name, bytes)) in bundle.files.iter().enumerate() {
        // Every byte of the small files; of the payload its header and a sample.
        let step = if name == "payload.age" { 37 } else { 1 };
        for at in (0..bytes.len()).step_by(step) {
            for bit in [0x01, 0x20] {
                let mut files = bundle.files.clone();
                files[index].1[at] ^= bit;
                let error = refusal(world.open(&files));
                assert_eq!(error.kind(), Kind::Verify, "{name} byte {at}: {error}");
                assert!(verify_outer(&files, &roots).is_err(), "{name} byte {at}");
            }
        }
        let mut files = bundle.files.clone();
        files[index].1.pop();
        refusal(world.open(&files));
        files[index].1.extend(b"\n\n");
        refusal(world.open(&files));
        files.remove(index);
        assert_eq!(refusal(world.open(&files)).kind(), Kind::Medium);
    }
}

#[test]
fn a_manifest_that_was_not_signed_is_refused() {
    let world = World::new();
    let bundle = world.bundle();
    let mut inside = payload_of(&world, &bundle);
    let signed = inside[0].1.clone();
    let mut manifest = Manifest::read(&signed).unwrap();
    manifest.cluster = "cluster2".into();
    inside[0].1 = manifest::write(&manifest).unwrap();
    let files = reseal(&world, &bundle, &payload::pack_tar(&inside).unwrap(), &signed);
    refused(world.open(&files), "manifest is not the one that was signed");
}

#[test]
fn a_bundle_for_somebody_else_is_named_as_such() {
    let world = World::new();
    let (other, _) = recipient::generate_identity();
    let files = world.bundle().files;
    let local = world.local();
    let result = open(&Opening {
        files: &files,
        unseal: Unseal::Identities(&other),
        local: Some(&local),
        pin: world.pin(),
        receipt: None,
        accept_restore: None,
        allow_older: false,
        now: now(),
    });
    refused(result, "sealed for somebody else");
}

#[test]
fn a_payload_forged_by_someone_who_has_the_recipient_is_refused() {
    let world = World::new();
    let bundle = world.bundle();
    let mut files = bundle.files.clone();
    let archive = seal::decrypt(get(&files, "payload.age"), &world.identity, MAX_PAYLOAD).unwrap();
    put(&mut files, "payload.age", seal::encrypt(&archive, std::slice::from_ref(&world.recipient)).unwrap());
    refused(world.open(&files), "payload.age is not the file that was signed");

    // With an envelope and an audit key of their own, and the right names: the root does not know the signer.
    let mallory = World::new();
    let mut contents = mallory.contents(1);
    contents.recipients = vec![world.recipient.clone()];
    let forged = mallory.make(&contents);
    assert!(!verify_outer(&forged.files, &[]).unwrap().authenticated);
    refused(world.open(&forged.files), "neither the pinned one nor cross-signed");
    // The victim's own public files inside, the forger's signature outside.
    let mut contents = world.contents(1);
    contents.signer_pem = mallory.audit_pem.clone();
    contents.checkpoint = mallory.contents(1).checkpoint;
    let forged = mallory.make(&contents);
    refused(world.open(&forged.files), "the signer of the bundle");
}

#[test]
fn a_certificate_of_the_root_that_is_no_audit_certificate_signs_no_bundle() {
    let world = World::new();
    let mut contents = world.contents(1);
    contents.signer_pem = contents.ca_cert_pem.clone();
    let error = make(&contents, &mut |message| world.cluster_key.sign(message)).unwrap_err();
    assert_eq!(error.kind(), Kind::Verify);
    // The intermediate's owner signs an envelope with its own key, over files of its own.
    let bundle = world.bundle();
    let mut files = bundle.files.clone();
    let mut envelope = Envelope::read(get(&files, "envelope.json")).unwrap();
    envelope.signer_spki_sha256 = world.cluster_key.spki().sha256();
    let json = manifest::write(&envelope).unwrap();
    put(&mut files, "envelope.sig", world.cluster_key.sign(&json).unwrap());
    put(&mut files, "envelope.json", json);
    put(&mut files, "signer.pem", contents.ca_cert_pem.into_bytes());
    refused(world.open(&files), "not an audit certificate");
}

#[test]
fn what_an_archive_can_do_to_a_directory_is_refused_even_when_it_is_signed() {
    let world = World::new();
    let bundle = world.bundle();
    let json = payload_of(&world, &bundle)[0].1.clone();
    let good = payload::pack_tar(&payload_of(&world, &bundle)).unwrap();
    let body = &good[..good.len() - 1024];
    let entry = |kind: tar::EntryType, name: &str| {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        [body, header.as_bytes(), &[0; 1024]].concat()
    };
    for (archive, because) in [
        (entry(tar::EntryType::Symlink, "x"), "no regular file"),
        (entry(tar::EntryType::XHeader, "x"), "no regular file"),
        (entry(tar::EntryType::Regular, "../x"), "not allowed"),
        (entry(tar::EntryType::Regular, "/etc/x"), "not allowed"),
        (entry(tar::EntryType::Regular, "ca-cert.pem"), "twice"),
        (vec![0; MAX_PAYLOAD + 1], "holds too much"),
    ] {
        refused(world.open(&reseal(&world, &bundle, &archive, &json)), because);
    }
}

#[test]
fn a_file_that_is_not_listed_one_that_is_missing_and_one_of_another_size_are_refused() {
    let world = World::new();
    let bundle = world.bundle();
    let extra = with_payload(&world, &bundle, |_, files| files.push(("extra".into(), vec![1])));
    refused(world.open(&extra), "does not list");
    refused(world.open(&with_file(&world, "extra", b"x")), "no bundle of this version has");
    let lost = with_payload(&world, &bundle, |_, files| drop(files.pop()));
    refused(world.open(&lost), "lacks a file");
    let unlisted = with_payload(&world, &bundle, |manifest, files| {
        manifest.files.remove("root.crl");
        files.retain(|(name, _)| name != "root.crl");
    });
    refused(world.open(&unlisted), "lacks a file");
    let longer = with_payload(&world, &bundle, |_, files| files[0].1.push(b'\n'));
    refused(world.open(&longer), "is not the file that was signed");
}

#[test]
fn a_document_with_a_duplicate_key_a_space_or_a_null_more_is_refused() {
    let world = World::new();
    let bundle = world.bundle();
    let json = String::from_utf8(get(&bundle.files, "envelope.json").to_vec()).unwrap();
    for bad in [
        json.replace("{\"type\"", "{\"bundle_id\":\"x\",\"type\""),
        json.replace(",\"created\"", ", \"created\""),
        json.replace("{\"type\"", "{\"extra\":null,\"type\""),
        json.trim_end().to_owned(),
        json.replace("\"checkpoint\":{", "\"checkpoint\":{\"sha256\":\"\",\"size\":0},\"checkpoint\":{"),
    ] {
        assert_ne!(bad, json);
        let mut files = bundle.files.clone();
        put(&mut files, "envelope.sig", world.sign(bad.as_bytes()).unwrap());
        put(&mut files, "envelope.json", bad.into_bytes());
        refusal(world.open(&files));
    }
}
