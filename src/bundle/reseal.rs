//! A bundle changed by its honest signer, for tests: sealed and signed again, so that the guard that is meant is the
//! one that answers.

use super::fixture::World;
use super::manifest::{self, Manifest};
use super::{Bundle, Envelope, MAX_PAYLOAD, payload, seal};
use crate::digest::Digest;

pub(crate) type Files = Vec<(String, Vec<u8>)>;

pub(crate) fn put(files: &mut Files, name: &str, bytes: Vec<u8>) {
    files.iter_mut().find(|(there, _)| there == name).unwrap().1 = bytes;
}

pub(crate) fn get<'a>(files: &'a Files, name: &str) -> &'a [u8] {
    &files.iter().find(|(there, _)| there == name).unwrap().1
}

/// Seals an archive and signs an envelope over it and over the manifest that it begins with, as the signer would.
pub(crate) fn reseal(world: &World, bundle: &Bundle, archive: &[u8], manifest: &[u8]) -> Files {
    let mut files = bundle.files.clone();
    let sealed = seal::encrypt(archive, std::slice::from_ref(&world.recipient)).unwrap();
    let mut envelope = Envelope::read(get(&files, "envelope.json")).unwrap();
    envelope.files.insert("payload.age".into(), manifest::FileDigest::of(&sealed));
    envelope.manifest_sha256 = Digest::of(manifest);
    put(&mut files, "payload.age", sealed);
    resign(world, files, &envelope)
}

pub(crate) fn resign(world: &World, mut files: Files, envelope: &Envelope) -> Files {
    let json = manifest::write(envelope).unwrap();
    put(&mut files, "envelope.sig", world.sign(&json).unwrap());
    put(&mut files, "envelope.json", json);
    files
}

/// The payload's files, manifest first.
pub(crate) fn payload_of(world: &World, bundle: &Bundle) -> Files {
    let archive = seal::decrypt(get(&bundle.files, "payload.age"), &world.identity, MAX_PAYLOAD).unwrap();
    payload::unpack(&archive).unwrap().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect()
}

/// A bundle whose payload was changed by an honest signer's own key, manifest and all.
pub(crate) fn with_payload(world: &World, bundle: &Bundle, change: impl FnOnce(&mut Manifest, &mut Files)) -> Files {
    let mut inside = payload_of(world, bundle);
    let mut manifest = Manifest::read(&inside.remove(0).1).unwrap();
    change(&mut manifest, &mut inside);
    let json = manifest::write(&manifest).unwrap();
    inside.insert(0, ("manifest.json".into(), json.clone()));
    reseal(world, bundle, &payload::pack_tar(&inside).unwrap(), &json)
}
