//! What opening promises, tried: each test makes a bundle by an honest signer, changes one thing, and
//! looks for the refusal. Files reseal what they change, so that the guard named is the one that answers.

use super::fixture::{Issuer, LOG, World, clear, now};
use super::manifest::{Manifest, Receipt};
use super::*;
use crate::digest::{Base64, Digest};
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::log::record::SignOutcome;
use crate::x509::keygen::LocalKey;
use jiff::ToSpan;
use secrecy::SecretString;

type Files = Vec<(String, Vec<u8>)>;

/// The error that opening ends with; nothing is ever placed beside an error.
fn refusal(result: Result<Opened, Error>) -> Error {
    let Err(error) = result else { panic!("the bundle was opened") };
    assert_eq!(error.truths(), ["Nothing was written."]);
    error
}

fn refused(result: Result<Opened, Error>, because: &str) {
    let error = refusal(result);
    assert_eq!(error.kind(), Kind::Verify, "{error}");
    assert!(error.what().contains(because), "{error}");
}

fn put(files: &mut Files, name: &str, bytes: Vec<u8>) {
    files.iter_mut().find(|(there, _)| there == name).unwrap().1 = bytes;
}

fn get<'a>(files: &'a Files, name: &str) -> &'a [u8] {
    &files.iter().find(|(there, _)| there == name).unwrap().1
}

/// Seals an archive and signs an envelope over it and over the manifest that it begins with, as the signer would.
fn reseal(world: &World, bundle: &Bundle, archive: &[u8], manifest: &[u8]) -> Files {
    let mut files = bundle.files.clone();
    let sealed = seal::encrypt(archive, &[world.recipient.clone()]).unwrap();
    let mut envelope = Envelope::read(get(&files, "envelope.json")).unwrap();
    envelope.files.insert("payload.age".into(), manifest::FileDigest::of(&sealed));
    envelope.manifest_sha256 = Digest::of(manifest);
    put(&mut files, "payload.age", sealed);
    resign(world, files, &envelope)
}

fn resign(world: &World, mut files: Files, envelope: &Envelope) -> Files {
    let json = manifest::write(envelope).unwrap();
    put(&mut files, "envelope.sig", world.sign(&json).unwrap());
    put(&mut files, "envelope.json", json);
    files
}

/// The payload's files, manifest first.
fn payload_of(world: &World, bundle: &Bundle) -> Files {
    let archive = seal::decrypt(get(&bundle.files, "payload.age"), &world.identity, MAX_PAYLOAD).unwrap();
    payload::unpack(&archive).unwrap().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect()
}

/// A bundle whose payload was changed by an honest signer's own key, manifest and all.
fn with_payload(world: &World, bundle: &Bundle, change: impl FnOnce(&mut Manifest, &mut Files)) -> Files {
    let mut inside = payload_of(world, bundle);
    let mut manifest = Manifest::read(&inside.remove(0).1).unwrap();
    change(&mut manifest, &mut inside);
    let json = manifest::write(&manifest).unwrap();
    inside.insert(0, ("manifest.json".into(), json.clone()));
    reseal(world, bundle, &payload::pack_tar(&inside).unwrap(), &json)
}

/// A bundle with one file of the payload exchanged and listed as such.
fn with_file(world: &World, name: &str, bytes: &[u8]) -> Files {
    with_payload(world, &world.bundle(), |manifest, files| {
        manifest.files.insert(name.into(), manifest::FileDigest::of(bytes));
        files.retain(|(there, _)| there != name);
        files.push((name.into(), bytes.to_vec()));
    })
}

#[test]
fn a_bundle_opens_into_the_files_of_a_cluster_with_a_receipt() {
    let world = World::new();
    let bundle = world.bundle();
    let opened = world.open(&bundle.files).unwrap();
    assert_eq!(opened.notes, [""; 0]);
    let names: Vec<_> = opened.files.iter().map(|(name, _, mode)| format!("{name} {mode:o}")).collect();
    assert_eq!(
        names,
        [
            "ca-cert.pem 644",
            "cert-chain.pem 644",
            "root-cert.pem 644",
            "root.crl 644",
            "entry.json 644",
            "inclusion.proof 644",
            "consistency.proof 644",
            "manifest.json 644",
            "signer.pem 644",
            "receipt.json 644"
        ]
    );
    let receipt = Receipt::read(&opened.files.last().unwrap().1).unwrap();
    assert_eq!(receipt, opened.receipt);
    assert_eq!((receipt.size, receipt.root, receipt.sequence), (5, world.tree.root(), 1));
    assert_eq!(receipt.root_fingerprint, Digest::of(&world.root.der));
    assert_eq!(bundle.tree_size, 5);
}

#[test]
fn the_same_files_resealed_open_so_that_the_refusals_below_can_fail() {
    let world = World::new();
    let bundle = world.bundle();
    assert!(world.open(&with_payload(&world, &bundle, |_, _| {})).is_ok());
    let crl = world.root.crl(1, &[]);
    assert!(world.open(&with_file(&world, "root.crl", crl.as_bytes())).is_ok());
}

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
    put(&mut files, "payload.age", seal::encrypt(&archive, &[world.recipient.clone()]).unwrap());
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
    refused(with(|m| m.crl_number = 2), "not the CRL of the manifest");
    refused(with(|m| m.kind = "anchorite/manifest/v2".into()), "another type");
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

#[test]
fn the_root_must_be_the_pinned_one() {
    let world = World::new();
    let files = world.bundle().files;
    let other = Issuer::root("Example Mesh Root CA");
    let with = |pin: RootPin| world.open_with(&files, |opening| opening.pin = pin);
    assert!(with(RootPin::Certificate(world.root.der.clone())).is_ok());
    refused(with(RootPin::Fingerprint(Digest::of(&other.der))), "neither the pinned one");
    refused(with(RootPin::Certificate(other.der.clone())), "neither the pinned one");
    let error = refusal(with(RootPin::Receipt));
    assert_eq!((error.kind(), error.what()), (Kind::Usage, "the root is not pinned"));
    // A second root beside the pinned one would be trusted by the whole mesh.
    let both = format!("{}{}", world.root.pem(), other.pem());
    refused(world.open(&with_file(&world, "root-cert.pem", both.as_bytes())), "neither the pinned one");
    let twice = format!("{0}{0}", world.root.pem());
    refused(world.open(&with_file(&world, "root-cert.pem", twice.as_bytes())), "twice");
}

#[test]
fn a_second_root_that_the_pinned_one_cross_signed_is_accepted() {
    let world = World::new();
    let next = Issuer::root("Example Mesh Root CA G2");
    let usage = crate::x509::build::Usage::Ca {
        path_len: None,
        dns_names: vec![],
        permitted_dns: vec![],
        excluded_dns: vec![],
        permitted_uris: vec![],
        crl_urls: vec![],
        ca_issuers_urls: vec![],
    };
    let until = now() + (9 * 365 * 24).hours();
    let cross = world.root.issue(&next.name, next.key.spki(), usage, until, world.root.key_id());
    let mut contents = world.contents(1);
    contents.root_cert_pem += &next.pem();
    refused(world.open(&world.make(&contents).files), "neither the pinned one");
    contents.cert_chain_pem += &crate::x509::pem::encode("CERTIFICATE", &cross);
    let opened = world.open(&world.make(&contents).files).unwrap();
    assert_eq!(opened.receipt.root_fingerprint, Digest::of(&world.root.der));
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

#[test]
fn an_entry_that_is_not_the_outcome_of_this_certificate_under_this_checkpoint_is_refused() {
    let world = World::new();
    refused(world.open(&with_file(&world, "entry.json", &world.lines[1])), "not the outcome of a signature");
    let mut line = world.lines[2].clone();
    line.push(b' ');
    refused(world.open(&with_file(&world, "entry.json", &line)), "inclusion.proof");
    let mut other = World::new();
    let der = Some(Base64(other.certificate.clone()));
    other.append(&SignOutcome { intent: 1, status: "ok".into(), der, reason: None }.into());
    refused(world.open(&with_file(&world, "entry.json", &other.lines[5])), "another certificate");
    // An honest line of a log that grew after the checkpoint.
    let mut grown = World::new();
    grown.grow(1);
    let note = grown.contents(1).checkpoint;
    let text = world.contents(1).inclusion_proof.replace(&world.contents(1).checkpoint, &note);
    refused(world.open(&with_file(&world, "inclusion.proof", text.as_bytes())), "another checkpoint");
    let proof = crate::log::proof::inclusion_proof(
        2,
        &world.tree.inclusion(1, 5).unwrap(),
        std::str::from_utf8(get(&world.bundle().files, "checkpoint")).unwrap(),
    );
    let mut contents = world.contents(1);
    contents.inclusion_proof = proof.replace(&world.contents(1).checkpoint, &contents.checkpoint);
    refused(world.open(&world.make(&contents).files), "inclusion.proof");
}

#[test]
fn a_later_bundle_must_prove_that_its_log_continues_the_one_seen_before() {
    let mut world = World::new();
    let first = world.bundle();
    let receipt = world.open(&first.files).unwrap().receipt;
    assert!(world.open_again(&first, &receipt, false).is_ok(), "opening the same bundle again changes nothing");
    world.grow(3);
    refused(world.open_again(&world.make(&world.contents(2)), &receipt, false), "does not prove");
    world.earlier = vec![5];
    let second = world.make(&world.contents(2));
    let next = world.open_again(&second, &receipt, false).unwrap().receipt;
    assert_eq!((next.size, next.sequence), (8, 2));
    // A receipt of a tree that this log never had: the log was rewritten.
    let forked = Receipt { root: Digest::of(b"other"), ..receipt.clone() };
    refused(world.open_again(&second, &forked, false), "rewritten");
    let forked = Receipt { size: 8, sequence: 1, ..forked };
    refused(world.open_again(&second, &forked, false), "rewritten");
    let other_log = Receipt { log: "00".repeat(16), ..receipt.clone() };
    refused(world.open_again(&second, &other_log, false), "another log");
    let other_cluster = Receipt { cluster: "cluster2".into(), ..receipt.clone() };
    refused(world.open_again(&second, &other_cluster, false), "another cluster");
    let same_number = Receipt { sequence: 2, ..receipt.clone() };
    refused(world.open_again(&second, &same_number, false), "the same number");
    let other_root = Receipt { root_fingerprint: Digest::of(b"other"), ..receipt };
    refused(world.open_again(&second, &other_root, false), "neither the pinned one");
}

#[test]
fn an_older_bundle_is_refused_and_taken_on_demand_without_lowering_the_floor() {
    let mut world = World::new();
    let first = world.bundle();
    world.grow(1);
    world.earlier = vec![5];
    let newest = world.open(&world.make(&world.contents(2)).files).unwrap().receipt;
    refused(world.open_again(&first, &newest, false), "older than the one that is there");
    let taken = world.open_again(&first, &newest, true).unwrap();
    assert_eq!(taken.receipt, newest);
    assert_eq!(taken.notes.len(), 1);
    assert_eq!(taken.manifest.log, LOG);
}

#[test]
fn a_key_made_by_the_authority_is_placed_private_in_clear_or_from_its_own_seal() {
    let world = World::new();
    let pem = world.cluster_key.to_pkcs8_pem().unwrap();
    let sealed = seal::encrypt(secrecy::ExposeSecret::expose_secret(&pem).as_bytes(), &[world.recipient.clone()]);
    for key in [clear(&world.cluster_key), Key::Sealed(sealed.unwrap())] {
        let mut contents = world.contents(1);
        contents.key = Some(key);
        let opened = world.open_with(&world.make(&contents).files, |o| o.local = None).unwrap();
        assert_eq!(opened.notes, [""; 0]);
        let placed: Vec<_> = opened.files.iter().filter(|(name, ..)| name.contains("key")).collect();
        let [(name, bytes, mode)] = placed.as_slice() else { panic!("not one key") };
        assert_eq!((name.as_str(), *mode), ("ca-key.pem", 0o600));
        assert_eq!(bytes.as_slice(), secrecy::ExposeSecret::expose_secret(&pem).as_bytes());
    }
    let mut contents = world.contents(1);
    contents.key = Some(clear(&LocalKey::generate(KeySpec::EcdsaP256).unwrap()));
    refused(world.open_with(&world.make(&contents).files, |o| o.local = None), "not for the key inside the bundle");
    let none = world.open_with(&world.bundle().files, |o| o.local = None).unwrap();
    assert!(none.notes[0].starts_with("no private key"));
}

#[test]
fn a_payload_that_another_age_decrypted_passes_the_same_checks() {
    let world = World::new();
    let files = world.bundle().files;
    let archive = seal::decrypt(get(&files, "payload.age"), &world.identity, MAX_PAYLOAD).unwrap();
    let local = world.local();
    let with = |archive: &[u8]| {
        open(&Opening {
            files: &files,
            unseal: Unseal::Decrypted(archive),
            local: Some(&local),
            pin: world.pin(),
            receipt: None,
            allow_older: false,
            now: now(),
        })
    };
    assert!(with(&archive).is_ok());
    let other = World::new();
    let bundle = other.bundle();
    let foreign = seal::decrypt(get(&bundle.files, "payload.age"), &other.identity, MAX_PAYLOAD).unwrap();
    refused(with(&foreign), "manifest is not the one that was signed");
}

#[test]
fn contents_that_contradict_each_other_and_another_key_s_signature_make_no_bundle() {
    let world = World::new();
    let contents = world.contents(1);
    assert!(make(&contents, &mut |message| world.root.key.sign(message)).is_err());
    let mut no_recipient = world.contents(1);
    no_recipient.recipients.clear();
    assert_eq!(make(&no_recipient, &mut |m| world.sign(m)).unwrap_err().kind(), Kind::Usage);
    let mut bad_id = world.contents(1);
    bad_id.bundle_id = "../x".into();
    assert!(make(&bad_id, &mut |m| world.sign(m)).is_err());
}

#[test]
fn neither_an_identity_nor_a_key_is_shown_by_an_error() {
    let world = World::new();
    let bad = SecretString::from("AGE-SECRET-KEY-1S3CRET");
    let files = world.bundle().files;
    let Err(error) = open(&Opening {
        files: &files,
        unseal: Unseal::Identities(&bad),
        local: None,
        pin: world.pin(),
        receipt: None,
        allow_older: false,
        now: now(),
    }) else {
        panic!("opened")
    };
    assert!(!format!("{error:?}").contains("S3CRET"));
}

#[test]
fn the_stock_check_of_the_design_passes() {
    let world = World::new();
    let mut contents = world.contents(1);
    contents.key = Some(clear(&world.cluster_key));
    let bundle = world.make(&contents);
    let dir = tempfile::tempdir().unwrap();
    let items: Vec<_> = bundle.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice(), 0o644)).collect();
    let written = crate::files::deliver::write_directory(dir.path(), &bundle.id, &items).unwrap();
    assert_eq!(load(&written.path).unwrap(), bundle.files);
    std::fs::write(written.path.join("root-cert.pem"), world.root.pem()).unwrap();
    let identity = recipient::identity_file(&world.identity, &world.recipient, now(), "cluster1");
    std::fs::write(written.path.join("identity.age"), secrecy::ExposeSecret::expose_secret(&identity)).unwrap();
    let script = r#"set -eux
        openssl verify -x509_strict -attime 1795253400 -CAfile root-cert.pem signer.pem
        openssl x509 -in signer.pem -noout -pubkey > pub
        openssl x509 -in signer.pem -noout -ext extendedKeyUsage | grep -A1 critical | grep 1.3.6.1.5.5.7.3.36
        openssl dgst -sha256 -verify pub -signature envelope.sig envelope.json
        jq -r '.files|to_entries[]|"\(.value.sha256)  \(.key)"' envelope.json | sha256sum --strict -c -
        age -d -i identity.age -o p.tar payload.age
        tar -tvf p.tar
        test "$(tar -xOf p.tar manifest.json | sha256sum | cut -d' ' -f1)" = "$(jq -r .manifest_sha256 envelope.json)"
        mkdir out && tar -C out -xf p.tar && cd out
        jq -r '.files|to_entries[]|"\(.value.sha256)  \(.key)"' manifest.json | sha256sum --strict -c -
        test "$(stat -c %a ca-key.pem)" = 600
        openssl crl -in root.crl -CAfile root-cert.pem -noout
        openssl verify -x509_strict -attime 1795253400 -CAfile root-cert.pem ca-cert.pem"#;
    let stock = ["age", "jq", "openssl"].iter().all(|tool| {
        std::process::Command::new("sh").args(["-c", &format!("command -v {tool}")]).output().unwrap().status.success()
    });
    if !stock {
        return;
    }
    let run = std::process::Command::new("sh").args(["-c", script]).current_dir(&written.path).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(text.contains("payload.age: OK") && text.contains("ca-key.pem: OK"), "{text}");
}
