//! Opening a bundle: every check of the format, in order, before a single file is handed on.
//!
//! Pure: bytes in, files to place out. The caller places all of them at once or, after any error here, none.

use super::envelope::{CHECKPOINT_FILE, PAYLOAD_FILE, SIGNER_FILE};
use super::evidence::Succession;
use super::manifest::{self, Manifest, RECEIPT, Receipt};
use super::payload::{self, Entry, KEY_FILE};
use super::trust::{RootPin, Trust, admit_roots};
use super::verify::{CRL, Outer, certificate, certificates, file, verify_outer};
use super::{MAX_PAYLOAD, evidence, names, recipient, seal};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::keygen::LocalKey;
use crate::x509::read::{self, Certificate};
use crate::x509::verify::{self as x509, Purpose};
use crate::x509::{Spki, pem};
use jiff::Timestamp;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// What opens the payload.
pub enum Unseal<'a> {
    /// The text of an identity file.
    Identities(&'a SecretString),
    /// The payload that a stock age with the hardware decrypted.
    Decrypted(&'a [u8]),
}

/// What the cluster holds of its own request.
pub struct Local {
    /// The public key of the key that was made here.
    pub spki: Spki,
    /// SHA-256 of the PKCS#10 request, DER, where it is at hand.
    pub csr_sha256: Option<Digest>,
    /// The cluster's name, environment and trust domain, where `request.json` is at hand.
    pub cluster: Option<[String; 3]>,
}

/// A bundle to open, and what it is held against.
pub struct Opening<'a> {
    /// The bundle's files, as [`load`](super::verify::load) reads them.
    pub files: &'a [(String, Vec<u8>)],
    /// What opens the payload.
    pub unseal: Unseal<'a>,
    /// The key and request made here; none where the authority made the key.
    pub local: Option<&'a Local>,
    /// What the root is known by.
    pub pin: RootPin,
    /// The receipt of the bundle before.
    pub receipt: Option<&'a Receipt>,
    /// The id of the log that took the place of the receipt's, where people have it from the new root card.
    pub accept_restore: Option<&'a str>,
    /// Takes a bundle that is older than the receipt.
    pub allow_older: bool,
    /// The time.
    pub now: Timestamp,
}

/// A file to place: its name, its bytes, its mode.
pub type Place = (String, Zeroizing<Vec<u8>>, u32);

/// A bundle that passed every check.
pub struct Opened {
    /// What it says it is, verified.
    pub manifest: Manifest,
    /// The intermediate.
    pub certificate: Certificate,
    /// The files to place, all at once: those of the payload, its manifest, the signer, the receipt.
    pub files: Vec<Place>,
    /// The receipt, which is among the files.
    pub receipt: Receipt,
    /// What people should know; nothing that stops them.
    pub notes: Vec<String>,
}

/// Opens a bundle.
///
/// # Errors
/// [`Kind::Usage`]: no pin, or an identity that does not read. [`Kind::Medium`]: a file is missing.
/// [`Kind::Verify`]: the first check that does not hold. Nothing was written.
pub fn open(opening: &Opening<'_>) -> Result<Opened, Error> {
    check(opening).map_err(|error| error.truth("Nothing was written."))
}

fn check(opening: &Opening<'_>) -> Result<Opened, Error> {
    let pins = opening.pin.fingerprints(opening.receipt)?;
    let elsewhere: Vec<Certificate> = match &opening.pin {
        RootPin::Certificates(ders) => ders.iter().map(|der| read::certificate(der)).collect::<Result<_, _>>()?,
        _ => Vec::new(),
    };
    let outer = verify_outer(opening.files, &[])?;
    let (manifest, files) = unseal(opening, &outer)?;
    let inside = |name: &str| {
        files.iter().find(|(there, _)| there == name).map(|(_, bytes)| bytes.as_slice()).unwrap_or_default()
    };
    let certificate = certificate(names::CA_CERT, inside(names::CA_CERT))?;
    let chain = certificates(names::CERT_CHAIN, inside(names::CERT_CHAIN))?;
    let roots = certificates(names::ROOT_CERT, inside(names::ROOT_CERT))?;
    let mut crosses = chain.clone();
    if !inside(names::CROSS).is_empty() {
        crosses.extend(certificates(names::CROSS, inside(names::CROSS))?);
    }
    let said = opening.pin.said();
    admit_roots(&roots, &Trust { pins: &pins, said: &said, elsewhere: &elsewhere, crosses: &crosses })?;
    // The outside once more, now that the roots are known: the signer must be theirs.
    verify_outer(opening.files, &roots)?;

    let mut notes = Vec::new();
    let key = ours(opening, &manifest, &certificate, &files, &mut notes)?;
    let issuer = path(&certificate, &chain, &roots, opening.now, &mut notes)?;
    revocation(inside(names::ROOT_CRL), &manifest, &certificate, &roots, opening.now, &mut notes)?;
    let note = file(opening.files, CHECKPOINT_FILE)?;
    let entry = inside(names::ENTRY);
    evidence::included(entry, inside(names::INCLUSION), note, &manifest.log, &certificate, &outer.signer.view.spki)?;
    let older = match opening.receipt {
        Some(receipt) => {
            let succession = Succession {
                line: inside(names::RESTORE),
                proof: inside(names::RESTORE_PROOF),
                note,
                audit: &outer.signer.view.spki,
                accepted: opening.accept_restore,
            };
            if receipt.log != manifest.log {
                notes.push("the authority's log was restored: this bundle is of the log that took its place".into());
            }
            let (checkpoint, consistency) = (&outer.checkpoint, inside(names::CONSISTENCY));
            evidence::follows(receipt, &manifest, checkpoint, consistency, opening.allow_older, &succession)?
        }
        None => false,
    };
    if let Some(newer) = opening.receipt.and_then(|r| r.generation).filter(|newer| *newer > manifest.generation) {
        notes.push(format!("generation {}, and generation {newer} was opened here before", manifest.generation));
    }
    let receipt = match opening.receipt {
        // Going back does not lower the floor: the next bundle is still held against the newest one seen.
        Some(receipt) if older => {
            notes.push(format!("older than bundle {}, which was opened here before", receipt.sequence));
            receipt.clone()
        }
        _ => {
            let brought: Vec<Digest> = roots.iter().map(|root| Digest::of(&root.der)).collect();
            // The pin stays what people pinned for as long as that root is current.
            let root_fingerprint = pins.iter().copied().find(|pin| brought.contains(pin)).unwrap_or(issuer);
            Receipt {
                kind: RECEIPT.into(),
                log: manifest.log.clone(),
                size: outer.checkpoint.size,
                root: outer.checkpoint.root,
                sequence: manifest.sequence,
                root_fingerprint,
                other_roots: brought.into_iter().filter(|root| *root != root_fingerprint).collect(),
                bundle_id: manifest.bundle_id.clone(),
                cluster: manifest.cluster.clone(),
                environment: manifest.environment.clone(),
                generation: opening.receipt.and_then(|receipt| receipt.generation).max(Some(manifest.generation)),
            }
        }
    };
    let mut place: Vec<Place> = Vec::with_capacity(files.len() + 3);
    for (name, bytes) in files {
        if name != names::SEALED_KEY || key.is_none() {
            place.push((name.clone(), bytes, payload::mode_of(&name)));
        }
    }
    if let Some(key) = key {
        place.push((KEY_FILE.into(), key, payload::mode_of(KEY_FILE)));
    }
    place.push((SIGNER_FILE.into(), Zeroizing::new(file(opening.files, SIGNER_FILE)?.to_vec()), 0o644));
    place.push((names::RECEIPT.into(), Zeroizing::new(manifest::write(&receipt)?), 0o644));
    Ok(Opened { manifest, certificate, files: place, receipt, notes })
}

/// Decrypts, unpacks, and holds the files against the manifest and the manifest against the envelope.
fn unseal(opening: &Opening<'_>, outer: &Outer) -> Result<(Manifest, Vec<Entry>), Error> {
    let decrypted;
    let archive = match opening.unseal {
        Unseal::Decrypted(bytes) => bytes,
        Unseal::Identities(identities) => {
            decrypted = seal::decrypt(file(opening.files, PAYLOAD_FILE)?, identities, MAX_PAYLOAD)?;
            decrypted.as_slice()
        }
    };
    let mut files = payload::unpack(archive)?;
    let refuse = |what: &str, seen: &str, wanted: &str| Err(Error::new(Kind::Verify, what).saw(seen).wanted(wanted));
    if files.first().map(|(name, _)| name.as_str()) != Some(names::MANIFEST) {
        return Err(Error::new(Kind::Verify, "the payload does not begin with its manifest"));
    }
    let json = files.first().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
    if Digest::of(json) != outer.envelope.manifest_sha256 {
        return refuse(
            "the manifest is not the one that was signed",
            &Digest::of(json).hex(),
            &outer.envelope.manifest_sha256.hex(),
        );
    }
    let manifest = Manifest::read(json)?;
    if manifest.bundle_id != outer.envelope.bundle_id {
        return refuse("the manifest is of another bundle", &manifest.bundle_id, &outer.envelope.bundle_id);
    }
    if manifest.tree_size != outer.checkpoint.size {
        return refuse(
            "the manifest is of another checkpoint",
            &manifest.tree_size.to_string(),
            &outer.checkpoint.size.to_string(),
        );
    }
    if outer.checkpoint.origin.rsplit('/').next() != Some(manifest.log.as_str()) {
        return refuse("the checkpoint is of another log", &outer.checkpoint.origin, &manifest.log);
    }
    if let Unseal::Identities(identities) = opening.unseal {
        let mine = recipient::recipients_of(identities)?;
        if !mine.iter().any(|recipient| manifest.recipients.contains(recipient)) {
            return refuse("the manifest names other recipients", &manifest.recipients.join(", "), &mine.join(", "));
        }
    }
    for (name, bytes) in files.iter().skip(1) {
        match manifest.files.get(name) {
            Some(digest) => digest.check(name, bytes)?,
            None => return refuse("the payload holds a file that the manifest does not list", name, "none"),
        }
        if !names::REQUIRED.contains(&name.as_str()) && !names::OPTIONAL.contains(&name.as_str()) {
            return refuse("the payload holds a file that no bundle of this version has", name, "none");
        }
    }
    let there = |name: &str| files.iter().any(|(there, _)| there == name);
    if let Some(lost) = manifest.files.keys().map(String::as_str).chain(names::REQUIRED).find(|name| !there(name)) {
        return refuse("the payload lacks a file", "none", lost);
    }
    // Checked and verified; placed like every other file, without having to list itself.
    files.rotate_left(1);
    Ok((manifest, files))
}

/// Holds the certificate against the key and request made here, or the key that came inside.
///
/// Returns the key where it was sealed once more and could be opened.
fn ours(
    opening: &Opening<'_>,
    manifest: &Manifest,
    certificate: &Certificate,
    files: &[Entry],
    notes: &mut Vec<String>,
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let spki = &certificate.view.spki;
    let other_key = |whose: &str, seen: &Spki| {
        Error::new(Kind::Verify, format!("the certificate is not for the key {whose}"))
            .saw(seen.sha256().hex())
            .wanted(spki.sha256().hex())
    };
    if let Some(local) = opening.local {
        let theirs = [&manifest.cluster, &manifest.environment, &manifest.trust_domain];
        if let Some(ours) = local.cluster.as_ref().filter(|ours| ours.each_ref() != theirs) {
            let show = |[cluster, environment, domain]: [&String; 3]| format!("{cluster} ({environment}, {domain})");
            return Err(Error::new(Kind::Verify, "this bundle is for another cluster")
                .saw(show(theirs))
                .wanted(show(ours.each_ref())));
        }
        if local.spki != *spki {
            return Err(other_key("made here", &local.spki)
                .hint("open it where the request was made, or find the bundle of this request"));
        }
        if let Some(csr) = local.csr_sha256
            && csr != manifest.csr_sha256
        {
            return Err(Error::new(Kind::Verify, "the bundle answers another request")
                .saw(manifest.csr_sha256.hex())
                .wanted(csr.hex()));
        }
    }
    let inside = |name: &str| files.iter().find(|(there, _)| there == name).map(|(_, bytes)| bytes);
    let matches = |pem: &[u8]| -> Result<(), Error> {
        let text = std::str::from_utf8(pem).map_err(|_| Error::new(Kind::Verify, "ca-key.pem is not text"))?;
        let key = LocalKey::from_pem(&SecretString::from(text))
            .map_err(|error| error.into_kind(Kind::Verify).within(KEY_FILE))?;
        if key.spki() == spki { Ok(()) } else { Err(other_key("inside the bundle", key.spki())) }
    };
    if let Some(key) = inside(KEY_FILE) {
        matches(key)?;
    }
    match (inside(names::SEALED_KEY), &opening.unseal) {
        (Some(sealed), Unseal::Identities(identities)) => {
            let key = seal::decrypt(sealed, identities, MAX_PAYLOAD).map_err(|e| e.within(names::SEALED_KEY))?;
            matches(&key)?;
            return Ok(Some(key));
        }
        (Some(_), Unseal::Decrypted(_)) => notes.push(format!(
            "the key is sealed once more: age -d -i … -o {KEY_FILE} {}, and chmod 600 it",
            names::SEALED_KEY
        )),
        (None, _) if opening.local.is_none() && inside(KEY_FILE).is_none() => {
            notes.push("no private key is here or in the bundle: it must be where the request was made".into());
        }
        (None, _) => {}
    }
    Ok(None)
}

/// Checks the path to a root; gives the root's fingerprint.
fn path(
    certificate: &Certificate,
    chain: &[Certificate],
    roots: &[Certificate],
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<Digest, Error> {
    if chain.first().map(|first| first.der.as_slice()) != Some(&certificate.der) {
        return Err(Error::new(Kind::Verify, "cert-chain.pem does not begin with the intermediate"));
    }
    let begins = certificate.view.not_before;
    if now < begins {
        notes.push(format!("valid only from {begins}: istiod refuses it until then; is this clock right?"));
    }
    let path = x509::chain(certificate, chain, roots, now.max(begins), Purpose::Authority)
        .map_err(|error| error.within("the intermediate's path to the root"))?;
    // Everything that the path needs must be in the file that consumers are given.
    if let Some(lost) = path.iter().find(|c| !chain.iter().chain(roots).any(|there| there.der == c.der)) {
        return Err(
            Error::new(Kind::Verify, "cert-chain.pem lacks an issuer").wanted(read::show_name(&lost.view.subject))
        );
    }
    path.last().map(|root| Digest::of(&root.der)).ok_or_else(|| Error::new(Kind::Bug, "a path without certificates"))
}

/// Checks the CRLs: each by one of the roots, the issuer's among them with its number, the certificate not on it.
fn revocation(
    crls: &[u8],
    manifest: &Manifest,
    certificate: &Certificate,
    roots: &[Certificate],
    now: Timestamp,
    notes: &mut Vec<String>,
) -> Result<(), Error> {
    let within = |error: Error| error.into_kind(Kind::Verify).within(names::ROOT_CRL);
    let mut number = None;
    for der in pem::decode_all(crls, CRL).map_err(within)? {
        let crl = read::crl(&der).map_err(within)?;
        let issuer = roots.iter().find(|root| x509::crl_issued_by(&crl, root).is_ok());
        if issuer.is_none() {
            return Err(Error::new(Kind::Verify, "root.crl holds a CRL that none of the roots issued"));
        }
        if crl.view.next_update < now {
            notes.push(format!("the CRL expired on {}: ask for a newer one", crl.view.next_update));
        }
        if crl.view.issuer_der != certificate.view.issuer_der {
            continue;
        }
        number = crl.view.number;
        if crl.view.revoked.iter().any(|(serial, ..)| *serial == certificate.view.serial) {
            return Err(Error::new(Kind::Verify, "the intermediate is revoked by the CRL beside it")
                .saw(certificate.view.serial.colons()));
        }
    }
    if number != Some(manifest.crl_number) {
        return Err(Error::new(Kind::Verify, "root.crl is not the CRL of the manifest")
            .saw(number.map_or_else(|| "no CRL of the issuer".to_owned(), |n| n.to_string()))
            .wanted(manifest.crl_number.to_string()));
    }
    Ok(())
}
