//! Reading the inbound stick: packages and plain CSRs, each read once.

use crate::authority::{Config, State};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake::{self, Found, Shape};
use crate::finding::Finding;
use crate::request::package::{self, RequestJson};
use crate::request::{self, KeyPolicy, VerifiedRequest};
use crate::x509::{Spki, read};
use std::path::Path;

/// Files and directories on one stick, at the most.
const MAX_REQUESTS: usize = 20_000;
/// A request file, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// A package and the signatures that travelled with it.
pub struct Travelled {
    /// `request.json`, as it was read.
    pub json: Vec<u8>,
    /// What it says.
    pub request: RequestJson,
    /// `request.sig`.
    pub signature: Vec<u8>,
    /// `renewal.sig`.
    pub renewal: Option<Vec<u8>>,
    /// The certified key that made `renewal.sig`.
    pub renewed_by: Option<Spki>,
}

/// One request as it was read.
pub struct Read {
    /// Its name on the stick, escaped.
    pub file: String,
    /// Its digest: of `request.json`, or of the CSR file.
    pub sha256: Digest,
    /// A package or a plain CSR.
    pub form: Form,
    /// Its key, where it is of a kind that this program knows: also of a refused request.
    pub spki: Option<Spki>,
    /// The request, or why it is refused.
    pub verdict: Result<VerifiedRequest, Vec<Finding>>,
}

/// How a request travelled.
pub enum Form {
    /// A package of `anchorite request`, and its signatures as they were read.
    Package(Box<Travelled>),
    /// A PKCS#10 request of any tool.
    Csr,
}

/// Reads everything on the stick that is a request, in the order of names.
///
/// # Errors
/// [`Kind::Medium`] for what cannot be read; [`Kind::Refused`] where a private key lies on the stick.
pub fn read_all(dir: &Path, config: &Config, state: &State) -> Result<Vec<Read>, Error> {
    let keys = KeyPolicy { keys: config.intermediates.keys.clone() };
    let mut all = Vec::new();
    for found in intake::list(dir, MAX_REQUESTS)? {
        let path = found.path.clone();
        match found.shape {
            Shape::Directory => {
                if let Some(read) = read_package(&path, &found.shown, &keys, state)? {
                    all.push(read);
                }
            }
            _ if is_request_name(&found) => all.push(read_csr(&path, &found.shown, &keys)?),
            _ => {}
        }
    }
    if dir.join("request.json").exists()
        && let Some(read) = read_package(dir, "request.json", &keys, state)?
    {
        all.push(read);
    }
    Ok(all)
}

fn is_request_name(found: &Found) -> bool {
    [".csr", ".pem", ".req", ".p10"].iter().any(|ending| found.shown.to_lowercase().ends_with(ending))
}

fn read_csr(path: &Path, shown: &str, keys: &KeyPolicy) -> Result<Read, Error> {
    let bytes = intake::read(path, MAX_FILE).map_err(ask_again)?;
    if contains_private_key(&bytes) {
        return Err(travelling_key(shown));
    }
    let inspected = request::inspect(&bytes, keys).map_err(|error| unreadable(error, shown))?;
    Ok(Read {
        file: shown.to_owned(),
        sha256: Digest::of(&bytes),
        form: Form::Csr,
        spki: inspected.spki.clone(),
        verdict: inspected.verified(),
    })
}

/// A package in a directory; `None` for a directory that is none.
fn read_package(dir: &Path, shown: &str, keys: &KeyPolicy, state: &State) -> Result<Option<Read>, Error> {
    let json_path = dir.join("request.json");
    if json_path.symlink_metadata().is_err() {
        return Ok(None);
    }
    for name in ["ca-key.pem", "identity.age"] {
        if dir.join(name).symlink_metadata().is_ok() {
            return Err(travelling_key(&format!("{shown}/{name}")));
        }
    }
    let within = |error: Error| unreadable(error, shown);
    let json = intake::read(&json_path, MAX_FILE).map_err(within)?;
    let signature = intake::read(&dir.join("request.sig"), MAX_FILE).map_err(within)?;
    let renewal_path = dir.join("renewal.sig");
    let renewal = match renewal_path.symlink_metadata() {
        Ok(_) => Some(intake::read(&renewal_path, MAX_FILE).map_err(within)?),
        Err(_) => None,
    };
    let sha256 = package::words_of_package(&json);
    let request = package::parse(&json).map_err(within)?;
    let inspected = request::inspect(request.csr.as_bytes(), keys).map_err(within)?;
    let spki = inspected.spki.clone();
    let verdict = inspected.verified().and_then(|verified| {
        package::check_signature(&json, &signature, verified.spki()).map_err(|finding| vec![finding])?;
        Ok(verified)
    });
    let (renewed_by, verdict) = match (&request.previous, &renewal, verdict) {
        (Some(digest), Some(signature), Ok(verified)) => match previous_key(state, digest) {
            // A key of another CA, or none of ours: its signature says nothing here.
            None => (None, Ok(verified)),
            Some(key) => match package::check_renewal(&json, &request, signature, &key) {
                Ok(()) => (Some(key), Ok(verified)),
                Err(finding) => (None, Err(vec![finding])),
            },
        },
        (_, _, verdict) => (None, verdict),
    };
    let travelled = Travelled { json, request, signature, renewal, renewed_by };
    Ok(Some(Read { file: shown.to_owned(), sha256, form: Form::Package(Box::new(travelled)), spki, verdict }))
}

/// A certified key by the digest of its SubjectPublicKeyInfo.
fn previous_key(state: &State, digest: &Digest) -> Option<Spki> {
    let holder = state.key_holder(digest)?;
    let of_holder = state.certificates.values().filter(|c| c.cluster.as_deref() == Some(holder));
    let keys = of_holder.filter_map(|c| read::certificate(c.der.as_deref()?).ok().map(|c| c.view.spki));
    keys.into_iter().find(|spki| spki.sha256() == *digest)
}

fn unreadable(error: Error, shown: &str) -> Error {
    ask_again(error.within(shown))
}

fn ask_again(error: Error) -> Error {
    error.hint("ask for the request again, or take it off the stick").truth("Nothing was signed.")
}

fn contains_private_key(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains("PRIVATE KEY-----") || text.contains("AGE-SECRET-KEY-")
}

fn travelling_key(shown: &str) -> Error {
    Error::new(Kind::Refused, "a private key lies on the stick with the requests")
        .saw(shown)
        .wanted("request.json and request.sig only")
        .hint("treat that key as exposed: destroy it, make a new request, and copy only those two files")
        .truth("Nothing was signed.")
}
