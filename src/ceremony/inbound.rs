//! Requests as they lie on a medium: packages and plain CSRs, each read once. What `inspect request` says of a
//! file and what `sign` does with it come from here.
//!
//! Whatever a requester can get wrong is a finding, so that people can strike it; an error is a medium that
//! fails.

use crate::digest::Digest;
use crate::error::Error;
use crate::files::intake::{self, Found, Shape, Unread};
use crate::finding::Finding;
use crate::request::package::{self, RequestJson};
use crate::request::{self, Inspected, KeyPolicy, VerifiedRequest, file};
use crate::x509::Spki;
use std::path::Path;

/// Files and directories on one stick, at the most.
const MAX_REQUESTS: usize = 20_000;
/// A request file, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What `anchorite request` writes beside a package and what must not travel with it.
const KEYS: [&str; 2] = ["ca-key.pem", "identity.age"];

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
    /// Its digest: of `request.json`, or of the CSR file; `None` where the file was not read.
    pub sha256: Option<Digest>,
    /// The request and how it travelled; or the rule of files that it breaks.
    pub content: Result<(Form, Inspected), Finding>,
}

/// How a request travelled.
pub enum Form {
    /// A package of `anchorite request`, and its signatures as they were read.
    Package(Box<Travelled>),
    /// A PKCS#10 request of any tool.
    Csr,
}

impl Read {
    /// The request, where nothing refuses it; else every finding.
    pub fn verdict(self) -> Result<(Form, VerifiedRequest), Vec<Finding>> {
        let (form, inspected) = self.content.map_err(|finding| vec![finding])?;
        Ok((form, inspected.verified()?))
    }
}

/// Looks up a key that this authority certified, by the digest of its SubjectPublicKeyInfo.
pub type Certified<'a> = dyn Fn(&Digest) -> Option<Spki> + 'a;

/// Reads everything on the stick that is a request, in the order of names.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium) where the medium fails.
pub fn read_all(dir: &Path, keys: &KeyPolicy, certified: &Certified<'_>) -> Result<Vec<Read>, Error> {
    let mut all = Vec::new();
    for found in intake::list(dir, MAX_REQUESTS)? {
        let package = found.path.join("request.json").symlink_metadata().is_ok();
        if found.shape == Shape::Directory && package {
            all.push(travelled(&found.path, &found.shown, keys, certified)?);
        } else if is_request_name(&found) || holds_key(&found)? {
            all.push(read_csr(&found.path, &found.shown, keys)?);
        }
    }
    if dir.join("request.json").symlink_metadata().is_ok() {
        all.push(travelled(dir, "request.json", keys, certified)?);
    }
    Ok(all)
}

/// A package on a stick, which must have left its key at home.
fn travelled(dir: &Path, shown: &str, keys: &KeyPolicy, certified: &Certified<'_>) -> Result<Read, Error> {
    let mut read = read_package(dir, shown, keys, certified)?;
    if let Some(name) = KEYS.iter().find(|name| dir.join(name).symlink_metadata().is_ok()) {
        let seen = if shown == "request.json" { (*name).to_owned() } else { format!("{shown}/{name}") };
        read.content = Err(file::PRIVATE_KEY.finding(seen, "request.json and request.sig only"));
    }
    Ok(read)
}

fn is_request_name(found: &Found) -> bool {
    [".csr", ".pem", ".req", ".p10"].iter().any(|ending| found.shown.to_lowercase().ends_with(ending))
}

/// True for a private key that was copied along under a key's name.
fn holds_key(found: &Found) -> Result<bool, Error> {
    let named = [".key", ".age", ".txt"].iter().any(|ending| found.shown.to_lowercase().ends_with(ending));
    if found.shape != Shape::File || !named {
        return Ok(false);
    }
    match intake::receive(&found.path, MAX_FILE) {
        Ok(bytes) => Ok(request::intake::private_text(&bytes).is_some()),
        Err(Unread::Failed(error)) => Err(error),
        Err(Unread::NotAFile(_) | Unread::TooLarge(_)) => Ok(false),
    }
}

/// Reads a plain CSR.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium) where the medium fails.
pub fn read_csr(path: &Path, shown: &str, keys: &KeyPolicy) -> Result<Read, Error> {
    let read = |sha256, content| Read { file: shown.to_owned(), sha256, content };
    Ok(match receive(path)? {
        Err(finding) => read(None, Err(finding)),
        Ok(bytes) => {
            let inspected = request::inspect(&bytes, keys);
            read(Some(Digest::of(&bytes)), inspected.map(|inspected| (Form::Csr, inspected)))
        }
    })
}

/// Reads a package in a directory.
///
/// # Errors
/// [`Kind::Medium`](crate::error::Kind::Medium) where the medium fails, or where there is no `request.json`.
pub fn read_package(dir: &Path, shown: &str, keys: &KeyPolicy, certified: &Certified<'_>) -> Result<Read, Error> {
    let read = |sha256, content| Read { file: shown.to_owned(), sha256, content };
    let json = match receive(&dir.join("request.json"))? {
        Ok(json) => json,
        Err(finding) => return Ok(read(None, Err(finding))),
    };
    let sha256 = package::words_of_package(&json);
    Ok(read(Some(sha256), package(dir, shown, json, keys, certified)?))
}

type Package = Result<(Form, Inspected), Finding>;

fn package(
    dir: &Path,
    shown: &str,
    json: Vec<u8>,
    keys: &KeyPolicy,
    certified: &Certified<'_>,
) -> Result<Package, Error> {
    let Some(signature) = beside(dir, "request.sig")? else {
        let finding = file::PACKAGE_WHOLE.finding(format!("no {shown}/request.sig"), "request.json and request.sig");
        return Ok(Err(finding));
    };
    let renewal = beside(dir, "renewal.sig")?;
    let (signature, renewal) = match (signature, renewal.transpose()) {
        (Ok(signature), Ok(renewal)) => (signature, renewal),
        (Err(finding), _) | (_, Err(finding)) => return Ok(Err(finding)),
    };
    let request = match package::parse(&json) {
        Ok(request) => request,
        Err(error) => return Ok(Err(file::broken(&file::PACKAGE_FORM, &error, "request.json as it was made"))),
    };
    let mut inspected = match request::inspect(request.csr.as_bytes(), keys) {
        Ok(inspected) => inspected,
        Err(finding) => return Ok(Err(finding)),
    };
    if let Some(spki) = &inspected.spki
        && let Err(finding) = package::check_signature(&json, &signature, spki)
    {
        inspected.findings.push(finding);
    }
    // A key of another CA, or none of ours: its signature says nothing here.
    let mut renewed_by = request.previous.as_ref().and_then(certified);
    if let (Some(key), Some(signature)) = (&renewed_by, &renewal)
        && let Err(finding) = package::check_renewal(&json, &request, signature, key)
    {
        inspected.findings.push(finding);
    }
    if renewal.is_none() {
        renewed_by = None;
    }
    let travelled = Travelled { json, request, signature, renewal, renewed_by };
    Ok(Ok((Form::Package(Box::new(travelled)), inspected)))
}

/// A file beside `request.json`; `None` where there is none.
fn beside(dir: &Path, name: &str) -> Result<Option<Result<Vec<u8>, Finding>>, Error> {
    let path = dir.join(name);
    match path.symlink_metadata() {
        Ok(_) => receive(&path).map(Some),
        Err(_) => Ok(None),
    }
}

/// The bytes of a file, or the rule that it breaks by what it is.
fn receive(path: &Path) -> Result<Result<Vec<u8>, Finding>, Error> {
    match intake::receive(path, MAX_FILE) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(Unread::NotAFile(error)) => Ok(Err(file::broken(&file::KIND, &error, "a regular file"))),
        Err(Unread::TooLarge(error)) => Ok(Err(file::broken(&file::SIZE, &error, "a smaller file"))),
        Err(Unread::Failed(error)) => Err(error.truth("Nothing was signed.")),
    }
}
