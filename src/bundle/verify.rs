//! The courier's check: what can be verified of a bundle without opening it, anywhere.
//!
//! The envelope's signature, the digests of the other files, the checkpoint's signature and, where roots
//! are given, the path from the audit certificate to one of them. Without roots the bundle is consistent,
//! not authenticated: it was made by whoever holds that key.

use super::envelope::{CHECKPOINT_FILE, ENVELOPE_FILE, Envelope, FILES, PAYLOAD_FILE, SIGNATURE_FILE, SIGNER_FILE};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::key::KeySpec;
use crate::log::note::{self, Checkpoint};
use crate::text;
use crate::x509::read::{self, Certificate};
use crate::x509::verify::{self as x509, Purpose};
use crate::x509::{SignatureAlgorithm, Spki, pem};
use std::path::Path;

/// The PEM label of a certificate.
pub(super) const CERTIFICATE: &str = "CERTIFICATE";
/// The PEM label of a CRL.
pub(super) const CRL: &str = "X509 CRL";

/// What the outside of a bundle says, verified.
#[derive(Debug, Clone)]
pub struct Outer {
    /// The envelope.
    pub envelope: Envelope,
    /// The audit certificate that signed it.
    pub signer: Certificate,
    /// The checkpoint that it carries.
    pub checkpoint: Checkpoint,
    /// True where the signer was followed to one of the roots given.
    pub authenticated: bool,
}

/// Reads the five files of a bundle's directory, each under its cap; whatever else lies there is left alone.
///
/// # Errors
/// [`Kind::Medium`]: no directory, a file missing, or as [`intake::read`].
pub fn load(dir: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let there = intake::list(dir, 256)?;
    FILES
        .iter()
        .map(|(name, cap)| {
            if !there.iter().any(|found| found.name == *name) {
                return Err(missing(name).saw(text::path(dir)));
            }
            Ok(((*name).to_owned(), intake::read(&dir.join(name), *cap)?))
        })
        .collect()
}

fn missing(name: &str) -> Error {
    Error::new(Kind::Medium, format!("a bundle lacks {name}"))
        .wanted(FILES.map(|(name, _)| name).join(", "))
        .hint("copy the whole directory again from the medium")
}

/// One of a bundle's files.
pub(super) fn file<'a>(files: &'a [(String, Vec<u8>)], name: &str) -> Result<&'a [u8], Error> {
    files.iter().find(|(there, _)| there == name).map(|(_, bytes)| bytes.as_slice()).ok_or_else(|| missing(name))
}

/// True for the id of a bundle: 32 lower-case hex digits.
pub fn is_bundle_id(id: &str) -> bool {
    id.len() == 32 && Hex::parse(id).is_ok()
}

/// Verifies the outside of a bundle; with `roots`, that its signer is an audit certificate of one of them.
///
/// # Errors
/// [`Kind::Medium`]: a file is missing. [`Kind::Verify`]: anything else, the first thing that does not hold.
pub fn verify_outer(files: &[(String, Vec<u8>)], roots: &[Certificate]) -> Result<Outer, Error> {
    let signers = signers(file(files, SIGNER_FILE)?)?;
    let spki = key_of(&signers)?;
    let json = file(files, ENVELOPE_FILE)?;
    let signature = file(files, SIGNATURE_FILE)?;
    x509::signature(spki, SignatureAlgorithm::EcdsaSha256, json, signature).map_err(|error| {
        error.within("the envelope's signature").hint("copy the whole directory again from the medium")
    })?;
    let envelope = Envelope::read(json)?;
    if !is_bundle_id(&envelope.bundle_id) {
        return Err(Error::new(Kind::Verify, "the envelope has no bundle id").saw(&envelope.bundle_id));
    }
    if envelope.signer_spki_sha256 != spki.sha256() {
        return Err(Error::new(Kind::Verify, "the envelope names another signer")
            .saw(spki.sha256().hex())
            .wanted(envelope.signer_spki_sha256.hex()));
    }
    // A signature by the key is not enough: a certificate must be there to sign documents, when it did. Where more
    // than one root is current there is one by each, and one that leads to the roots at hand is enough.
    let path = |signer: &Certificate| {
        let roots = if roots.is_empty() { std::slice::from_ref(signer) } else { roots };
        x509::chain(signer, &[], roots, envelope.created, Purpose::DocumentSigning).map(|_| signer.clone())
    };
    let found = signers.iter().map(path).reduce(|best, next| if best.is_ok() { best } else { next });
    let missing = || Err(Error::new(Kind::Verify, "signer.pem holds no certificate"));
    let signer = found.unwrap_or_else(missing).map_err(|error| {
        let error = error.within("the signer of the bundle");
        if roots.is_empty() {
            error
        } else {
            error.hint("compare the root with its card: it may be another authority's, or a newer one of this")
        }
    })?;
    let listed: Vec<&str> = envelope.files.keys().map(String::as_str).collect();
    if listed != [CHECKPOINT_FILE, PAYLOAD_FILE] {
        return Err(Error::new(Kind::Verify, "the envelope lists other files than a bundle has")
            .saw(listed.join(", "))
            .wanted(format!("{CHECKPOINT_FILE}, {PAYLOAD_FILE}")));
    }
    for (name, digest) in &envelope.files {
        digest.check(name, file(files, name)?)?;
    }
    let checkpoint = note::verify(file(files, CHECKPOINT_FILE)?, spki)?;
    Ok(Outer { envelope, signer, checkpoint, authenticated: !roots.is_empty() })
}

/// The certificates of an audit key, as `signer.pem` has them: nothing else is in the file.
fn signers(text: &[u8]) -> Result<Vec<Certificate>, Error> {
    let signers = certificates(SIGNER_FILE, text)?;
    let again: String = signers.iter().map(|signer| pem::encode(CERTIFICATE, &signer.der)).collect();
    if again.as_bytes() != text {
        return Err(Error::new(Kind::Verify, "signer.pem holds more than certificates"));
    }
    Ok(signers)
}

/// The key of all of these certificates, which must be one that signs bundles.
fn key_of(signers: &[Certificate]) -> Result<&Spki, Error> {
    let missing = || Error::new(Kind::Verify, "signer.pem holds no certificate");
    let spki = signers.first().map(|signer| &signer.view.spki).ok_or_else(missing)?;
    if signers.iter().any(|signer| signer.view.spki != *spki) {
        return Err(Error::new(Kind::Verify, "signer.pem holds certificates of more than one key"));
    }
    if spki.spec() != KeySpec::EcdsaP256 {
        return Err(Error::new(Kind::Verify, "signer.pem has a key that signs no bundles")
            .saw(spki.spec().title())
            .wanted(KeySpec::EcdsaP256.title()));
    }
    Ok(spki)
}

/// The key that `signer.pem` is about.
///
/// # Errors
/// [`Kind::Verify`].
pub(super) fn signer_key(text: &[u8]) -> Result<Spki, Error> {
    key_of(&signers(text)?).cloned()
}

/// The only certificate of a PEM file.
pub(super) fn certificate(name: &str, bytes: &[u8]) -> Result<Certificate, Error> {
    pem::decode_one(bytes, CERTIFICATE)
        .and_then(|der| read::certificate(&der))
        .map_err(|error| error.into_kind(Kind::Verify).within(name))
}

/// The certificates of a PEM file, in order.
pub(super) fn certificates(name: &str, bytes: &[u8]) -> Result<Vec<Certificate>, Error> {
    let within = |error: Error| error.into_kind(Kind::Verify).within(name);
    let blocks = pem::decode_all(bytes, CERTIFICATE).map_err(within)?;
    blocks.iter().map(|der| read::certificate(der).map_err(within)).collect()
}
