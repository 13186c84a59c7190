//! What opening promises, tried: each test makes a bundle by an honest signer, changes one thing, and
//! looks for the refusal. Tests reseal what they change, so that the guard named is the one that answers.

mod accepted;
mod forged;
mod restored;
mod rollback;
mod wrong;

use super::fixture::World;
use super::reseal::{Files, get, payload_of, put, reseal, with_payload};
use super::*;
use crate::error::{Error, Kind};

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

/// A bundle with one file of the payload exchanged and listed as such.
fn with_file(world: &World, name: &str, bytes: &[u8]) -> Files {
    with_payload(world, &world.bundle(), |manifest, files| {
        manifest.files.insert(name.into(), manifest::FileDigest::of(bytes));
        files.retain(|(there, _)| there != name);
        files.push((name.into(), bytes.to_vec()));
    })
}
