//! Making a bundle: the payload is packed and sealed, the envelope names it, the audit key signs.
//!
//! Nothing here chooses: ids and nonces are handed in, the signature is a closure. What is made is checked
//! at once by the courier's check ([`verify`](super::verify)) before anybody may write it.

use super::envelope::{CHECKPOINT_FILE, ENVELOPE, ENVELOPE_FILE, Envelope, PAYLOAD_FILE, SIGNATURE_FILE, SIGNER_FILE};
use super::manifest::{self, FileDigest, MANIFEST, Manifest};
use super::payload::{self, KEY_FILE};
use super::{names, seal, verify};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::x509::{pem, read};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A private key that the authority made for a cluster.
pub enum Key {
    /// PKCS#8 in PEM, in the session that made it.
    Clear(SecretString),
    /// The age file of the log's `key.sealed`: this program cannot open it, its recipients can.
    Sealed(Vec<u8>),
}

/// What goes into a bundle.
pub struct Contents {
    /// The bundle's opaque id: 32 hex digits, random, its directory's name.
    pub bundle_id: String,
    /// Random hex; hides what the public digest of the manifest is of.
    pub nonce: String,
    /// The time of making.
    pub created: Timestamp,
    /// The cluster.
    pub cluster: String,
    /// Its environment.
    pub environment: String,
    /// Its SPIFFE trust domain.
    pub trust_domain: String,
    /// The generation of its intermediate.
    pub generation: u32,
    /// The bundle's number for this cluster, from 1.
    pub sequence: u64,
    /// The id of the bundle before.
    pub previous_bundle: Option<String>,
    /// SHA-256 of the PKCS#10 request, DER.
    pub csr_sha256: Digest,
    /// age recipients.
    pub recipients: Vec<String>,
    /// The certificate profile's name.
    pub profile: String,
    /// The log's id, 32 hex digits.
    pub log: String,
    /// The intermediate, PEM.
    pub ca_cert_pem: String,
    /// The intermediate, then the rest of its chain to the root, PEM.
    pub cert_chain_pem: String,
    /// All current roots, PEM.
    pub root_cert_pem: String,
    /// The CRLs of all current roots, PEM.
    pub root_crl_pem: String,
    /// Certificates by which current roots vouch for each other, PEM; empty where there are none.
    pub cross_pem: String,
    /// The exact log line of the certificate's outcome, without its newline: the leaf.
    pub entry_line: Vec<u8>,
    /// The C2SP tlog-proof of that line under [`Contents::checkpoint`].
    pub inclusion_proof: String,
    /// A consistency proof from each earlier bundle's tree size.
    pub consistency_proof: String,
    /// The exact log line that names the log whose place was taken, and its tlog-proof, where there is one.
    pub restore: Option<(Vec<u8>, String)>,
    /// The key, where the authority made it.
    pub key: Option<Key>,
    /// The audit key's certificates by the roots that are current, oldest root first, PEM.
    pub signer_pem: String,
    /// The checkpoint, a signed note.
    pub checkpoint: String,
}

/// A bundle in memory, signed, sealed and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Its id, the name of its directory.
    pub id: String,
    /// Its five files; none of them is private.
    pub files: Vec<(String, Vec<u8>)>,
    /// SHA-256 of `envelope.json`.
    pub envelope_sha256: Digest,
    /// SHA-256 of `manifest.json`.
    pub manifest_sha256: Digest,
    /// SHA-256 of `payload.age`.
    pub payload_sha256: Digest,
    /// The size of the tree under its checkpoint.
    pub tree_size: u64,
}

/// Signs bytes with the audit key: DER ECDSA P-256 with SHA-256.
pub type Sign<'a> = dyn FnMut(&[u8]) -> Result<Vec<u8>, Error> + 'a;

/// Makes a bundle; `sign` gives the audit key's DER ECDSA P-256 signature with SHA-256 over the bytes it is handed.
///
/// # Errors
/// [`Kind::Usage`]: a recipient that is not accepted. [`Kind::Verify`]: contents that contradict each other, or a
/// signature that is not the signer's. [`Kind::Bug`]: contents that cannot be packed. What `sign` fails with.
/// Nothing was written.
pub fn make(contents: &Contents, sign: &mut Sign<'_>) -> Result<Bundle, Error> {
    let signer = verify::signer_key(contents.signer_pem.as_bytes())?;
    let checkpoint = crate::log::note::verify(&contents.checkpoint, &signer)?;
    let files = payload_files(contents);
    let manifest = manifest::write(&Manifest {
        kind: MANIFEST.into(),
        bundle_id: contents.bundle_id.clone(),
        cluster: contents.cluster.clone(),
        environment: contents.environment.clone(),
        trust_domain: contents.trust_domain.clone(),
        generation: contents.generation,
        sequence: contents.sequence,
        previous_bundle: contents.previous_bundle.clone(),
        csr_sha256: contents.csr_sha256,
        recipients: contents.recipients.clone(),
        log: contents.log.clone(),
        tree_size: checkpoint.size,
        crl_number: crl_number(contents)?,
        profile: contents.profile.clone(),
        nonce: contents.nonce.clone(),
        files: files.iter().map(|(name, bytes)| (name.clone(), FileDigest::of(bytes))).collect(),
    })?;
    let mut entries = vec![(names::MANIFEST.to_owned(), Zeroizing::new(manifest.clone()))];
    entries.extend(files);
    let sealed = seal::encrypt(&payload::pack_tar(&entries)?, &contents.recipients)?;
    let envelope = manifest::write(&Envelope {
        kind: ENVELOPE.into(),
        bundle_id: contents.bundle_id.clone(),
        created: contents.created,
        files: [(CHECKPOINT_FILE, contents.checkpoint.as_bytes()), (PAYLOAD_FILE, sealed.as_slice())]
            .map(|(name, bytes)| (name.to_owned(), FileDigest::of(bytes)))
            .into(),
        manifest_sha256: Digest::of(&manifest),
        signer_spki_sha256: signer.sha256(),
    })?;
    let signature = sign(&envelope)?;
    let bundle = Bundle {
        id: contents.bundle_id.clone(),
        envelope_sha256: Digest::of(&envelope),
        manifest_sha256: Digest::of(&manifest),
        payload_sha256: Digest::of(&sealed),
        tree_size: checkpoint.size,
        files: vec![
            (ENVELOPE_FILE.into(), envelope),
            (SIGNATURE_FILE.into(), signature),
            (SIGNER_FILE.into(), contents.signer_pem.clone().into_bytes()),
            (CHECKPOINT_FILE.into(), contents.checkpoint.clone().into_bytes()),
            (PAYLOAD_FILE.into(), sealed),
        ],
    };
    verify::verify_outer(&bundle.files, &[]).map_err(|error| error.within("a bundle just made does not verify"))?;
    Ok(bundle)
}

/// The files beside the manifest, in the order in which they are packed.
fn payload_files(contents: &Contents) -> Vec<payload::Entry> {
    let texts = [
        (names::CA_CERT, contents.ca_cert_pem.as_bytes()),
        (names::CERT_CHAIN, contents.cert_chain_pem.as_bytes()),
        (names::ROOT_CERT, contents.root_cert_pem.as_bytes()),
        (names::ROOT_CRL, contents.root_crl_pem.as_bytes()),
        (names::ENTRY, contents.entry_line.as_slice()),
        (names::INCLUSION, contents.inclusion_proof.as_bytes()),
        (names::CONSISTENCY, contents.consistency_proof.as_bytes()),
    ];
    let crosses = (!contents.cross_pem.is_empty()).then_some((names::CROSS, contents.cross_pem.as_bytes()));
    let key = match &contents.key {
        Some(Key::Clear(key)) => Some((KEY_FILE, key.expose_secret().as_bytes())),
        Some(Key::Sealed(sealed)) => Some((names::SEALED_KEY, sealed.as_slice())),
        None => None,
    };
    let restore = contents
        .restore
        .iter()
        .flat_map(|(line, proof)| [(names::RESTORE, line.as_slice()), (names::RESTORE_PROOF, proof.as_bytes())]);
    texts
        .into_iter()
        .chain(crosses)
        .chain(restore)
        .chain(key)
        .map(|(name, bytes)| (name.to_owned(), Zeroizing::new(bytes.to_vec())))
        .collect()
}

/// The number of the CRL by the issuer of the certificate.
fn crl_number(contents: &Contents) -> Result<u64, Error> {
    let certificate = read::certificate(&pem::decode_one(contents.ca_cert_pem.as_bytes(), verify::CERTIFICATE)?)?;
    for der in pem::decode_all(contents.root_crl_pem.as_bytes(), verify::CRL)? {
        let crl = read::crl(&der)?;
        if let (true, Some(number)) = (crl.view.issuer_der == certificate.view.issuer_der, crl.view.number) {
            return Ok(number);
        }
    }
    Err(Error::new(Kind::Verify, "no numbered CRL by the certificate's issuer goes into the bundle"))
}
