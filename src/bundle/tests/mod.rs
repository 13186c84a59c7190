//! What opening promises, tried: each test makes a bundle by an honest signer, changes one thing, and
//! looks for the refusal. Tests reseal what they change, so that the guard named is the one that answers.

mod accepted;
mod forged;
mod restored;
mod rollback;
mod wrong;

use super::fixture::World;
use super::manifest::Manifest;
use super::*;
use crate::digest::Digest;
use crate::error::{Error, Kind};

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
    let sealed = seal::encrypt(archive, std::slice::from_ref(&world.recipient)).unwrap();
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
