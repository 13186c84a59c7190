//! What opens, what is placed, and what stock tools make of it.

use super::super::fixture::{Issuer, World, clear, now};
use super::super::manifest::Receipt;
use super::super::*;
use super::{get, refused, with_file, with_payload};
use crate::digest::Digest;
use crate::error::Kind;
use crate::key::KeySpec;
use crate::x509::keygen::LocalKey;
use jiff::ToSpan;
use secrecy::{ExposeSecret, SecretString};

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
fn a_key_made_by_the_authority_is_placed_private_in_clear_or_from_its_own_seal() {
    let world = World::new();
    let pem = world.cluster_key.to_pkcs8_pem().unwrap();
    let sealed = seal::encrypt(pem.expose_secret().as_bytes(), std::slice::from_ref(&world.recipient));
    for key in [clear(&world.cluster_key), Key::Sealed(sealed.unwrap())] {
        let mut contents = world.contents(1);
        contents.key = Some(key);
        let opened = world.open_with(&world.make(&contents).files, |o| o.local = None).unwrap();
        assert_eq!(opened.notes, [""; 0]);
        let placed: Vec<_> = opened.files.iter().filter(|(name, ..)| name.contains("key")).collect();
        let [(name, bytes, mode)] = placed.as_slice() else { panic!("not one key") };
        assert_eq!((name.as_str(), *mode), ("ca-key.pem", 0o600));
        assert_eq!(bytes.as_slice(), pem.expose_secret().as_bytes());
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
            accept_restore: None,
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
        accept_restore: None,
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
    std::fs::write(written.path.join("identity.age"), identity.expose_secret()).unwrap();
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
