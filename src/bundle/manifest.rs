//! What is inside: whose it is, its number, and every file by digest. And the receipt that a cluster keeps.
//!
//! JSON as this version writes it and no other: a duplicate key, an unknown field, a null or a space more
//! is refused, so that the bytes that were signed have one meaning.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::format;
use crate::log::entry::to_ascii_json;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The manifest's type.
pub const MANIFEST: &str = "anchorite/manifest/v1";
/// The receipt's type.
pub const RECEIPT: &str = "anchorite/receipt/v1";

/// A file by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// SHA-256.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
}

impl FileDigest {
    /// The digest and size of bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { sha256: Digest::of(bytes), size: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
    }

    /// Checks bytes against it; `name` is the file's.
    ///
    /// # Errors
    /// [`Kind::Verify`].
    pub fn check(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let there = Self::of(bytes);
        if there == *self {
            return Ok(());
        }
        Err(Error::new(Kind::Verify, format!("{name} is not the file that was signed"))
            .saw(format!("{} bytes, sha256 {}", there.size, there.sha256.short()))
            .wanted(format!("{} bytes, sha256 {}", self.size, self.sha256.short()))
            .hint("copy the whole directory again from the medium"))
    }
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`MANIFEST`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The bundle's opaque id, 32 hex digits.
    pub bundle_id: String,
    /// The cluster it is for.
    pub cluster: String,
    /// The cluster's environment.
    pub environment: String,
    /// The cluster's SPIFFE trust domain.
    pub trust_domain: String,
    /// The generation of the cluster's intermediate.
    pub generation: u32,
    /// The bundle's number for this cluster, from 1.
    pub sequence: u64,
    /// The id of the cluster's bundle before this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_bundle: Option<String>,
    /// SHA-256 of the PKCS#10 request, DER.
    pub csr_sha256: Digest,
    /// The age recipients it is sealed to.
    pub recipients: Vec<String>,
    /// The log's id, 32 hex digits.
    pub log: String,
    /// The size of the tree under the checkpoint.
    pub tree_size: u64,
    /// The number of the CRL inside.
    pub crl_number: u64,
    /// The certificate profile.
    pub profile: String,
    /// Random hex, so that the digest of a manifest tells nothing about its content.
    pub nonce: String,
    /// The files, by name.
    pub files: BTreeMap<String, FileDigest>,
}

/// `receipt.json`, which the cluster keeps: the pin, and the floor under the next bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`RECEIPT`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The log's id.
    pub log: String,
    /// The tree size that was seen.
    pub size: u64,
    /// The tree's root at that size.
    pub root: Digest,
    /// The bundle's number.
    pub sequence: u64,
    /// SHA-256 of the pinned root certificate, DER.
    pub root_fingerprint: Digest,
    /// SHA-256 of every other root that the last bundle brought: pinned as well, or cross-signed by a pinned one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_roots: Vec<Digest>,
    /// The bundle that was opened.
    pub bundle_id: String,
    /// The cluster it was for.
    pub cluster: String,
    /// The cluster's environment.
    pub environment: String,
    /// The highest generation that was opened; absent in receipts of before it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u32>,
}

/// A document of ours, as one line of printable ASCII.
///
/// # Errors
/// [`Kind::Bug`].
pub fn write<T: Serialize>(document: &T) -> Result<Vec<u8>, Error> {
    let mut json = to_ascii_json(document)?;
    json.push(b'\n');
    Ok(json)
}

/// Reads a document, which must be written as [`write`] writes it; `name` is the file's.
fn read<T: Serialize + DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, Error> {
    let document: T = serde_json::from_slice(bytes)
        .map_err(|error| Error::new(Kind::Verify, format!("{name} is out of form")).saw(error.to_string()))?;
    if write(&document)? != bytes {
        return Err(Error::new(Kind::Verify, format!("{name} is not written as anchorite writes it"))
            .wanted("one line, keys once and in order, nothing else"));
    }
    Ok(document)
}

/// Reads a document of a type; a newer type is refused as such.
///
/// # Errors
/// [`Kind::Verify`].
pub(super) fn read_typed<T: Serialize + DeserializeOwned>(
    name: &str,
    wanted: &str,
    bytes: &[u8],
    kind: impl Fn(&T) -> &str,
) -> Result<T, Error> {
    format::check(Kind::Verify, name, bytes, wanted)?;
    let document: T = read(name, bytes)?;
    format::check_type(Kind::Verify, name, kind(&document), wanted)?;
    Ok(document)
}

impl Manifest {
    /// Reads `manifest.json`.
    ///
    /// # Errors
    /// [`Kind::Verify`]: another type, out of form, or not written as this version writes it.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        read_typed("manifest.json", MANIFEST, bytes, |m: &Self| &m.kind)
    }
}

impl Receipt {
    /// Reads `receipt.json`.
    ///
    /// # Errors
    /// [`Kind::Verify`] as [`Manifest::read`].
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        read_typed("receipt.json", RECEIPT, bytes, |r: &Self| &r.kind)
    }
}
