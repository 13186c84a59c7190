//! Requests as they lie on a medium: packages and plain CSRs, each read once. What `inspect request` says of a
//! file and what `sign` does with it come from here.
//!
//! Whatever a requester can get wrong is a finding, so that people can strike it; an error is a medium that
//! fails.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake::{self, Found, Shape, Unread};
use crate::finding::Finding;
use crate::request::package::{self, RequestJson};
use crate::request::{self, Inspected, KeyPolicy, VerifiedRequest, file};
use crate::text;
use crate::x509::Spki;
use std::path::Path;

/// Files and directories on one stick, at the most.
const MAX_NAMES: usize = 20_000;
/// Requests on one stick, at the most.
const MAX_REQUESTS: usize = 10_000;
/// Those of them with an RSA key: each is compared with all the others.
const MAX_RSA: usize = 2_000;
/// A request file, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// A signature that travels with a package, at the most, in bytes.
const MAX_SIGNATURE: u64 = 4 * 1024;
/// All requests of one stick together, at the most, in bytes: they are kept in memory.
const MAX_TOTAL: usize = 32 << 20;

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
    /// The size of that file, in bytes; 0 where it was not read.
    size: usize,
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
/// [`Kind::Medium`] where the medium fails, or holds more than a session takes.
pub fn read_all(dir: &Path, keys: &KeyPolicy, certified: &Certified<'_>) -> Result<Vec<Read>, Error> {
    let mut all = Vec::new();
    let mut load = Load::default();
    let mut take = |read: Read| {
        load.add(dir, &read)?;
        all.push(read);
        Ok::<_, Error>(())
    };
    for found in intake::list(dir, MAX_NAMES)? {
        if found.shape == Shape::Directory && intake::is_there(&found.path.join("request.json"))? {
            take(travelled(&found.path, &found.shown, keys, certified)?)?;
        } else if is_request_name(&found) || holds_key(&found)? {
            take(read_csr(&found.path, &found.shown, keys)?)?;
        }
    }
    if intake::is_there(&dir.join("request.json"))? {
        take(travelled(dir, "request.json", keys, certified)?)?;
    }
    Ok(all)
}

/// What all requests of one stick come to.
#[derive(Default)]
struct Load {
    requests: usize,
    rsa: usize,
    bytes: usize,
}

impl Load {
    /// One more, where a session takes it.
    fn add(&mut self, dir: &Path, read: &Read) -> Result<(), Error> {
        let spki = read.content.as_ref().ok().and_then(|(_, request)| request.spki.as_ref());
        self.requests += 1;
        self.rsa += usize::from(spki.is_some_and(|spki| spki.spec().rsa_bits().is_some()));
        self.bytes = self.bytes.saturating_add(read.size);
        if self.requests > MAX_REQUESTS {
            return Err(too_much(dir, "too many requests", format!("at most {MAX_REQUESTS}")));
        }
        if self.rsa > MAX_RSA {
            return Err(too_much(dir, "too many requests with RSA keys", format!("at most {MAX_RSA}")));
        }
        if self.bytes > MAX_TOTAL {
            return Err(too_much(dir, "requests that are too large together", format!("at most {MAX_TOTAL} bytes")));
        }
        Ok(())
    }
}

fn too_much(dir: &Path, what: &str, wanted: String) -> Error {
    Error::new(Kind::Medium, format!("{} holds {what} for one session", text::path(dir)))
        .wanted(wanted)
        .hint("spread them over several sticks, a session each")
        .truth("Nothing was signed.")
}

/// A package on a stick, which must have left its key at home.
fn travelled(dir: &Path, shown: &str, keys: &KeyPolicy, certified: &Certified<'_>) -> Result<Read, Error> {
    let mut read = read_package(dir, shown, keys, certified)?;
    for name in KEYS {
        if intake::is_there(&dir.join(name))? {
            let seen = if shown == "request.json" { name.to_owned() } else { format!("{shown}/{name}") };
            read.content = Err(file::PRIVATE_KEY.finding(seen, "request.json and request.sig only"));
        }
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
/// [`Kind::Medium`] where the medium fails.
pub fn read_csr(path: &Path, shown: &str, keys: &KeyPolicy) -> Result<Read, Error> {
    let read = |sha256, size, content| Read { file: shown.to_owned(), sha256, size, content };
    Ok(match receive(path, MAX_FILE)? {
        Err(finding) => read(None, 0, Err(finding)),
        Ok(bytes) => {
            let inspected = request::inspect(&bytes, keys);
            read(Some(Digest::of(&bytes)), bytes.len(), inspected.map(|inspected| (Form::Csr, inspected)))
        }
    })
}

/// Reads a package in a directory.
///
/// # Errors
/// [`Kind::Medium`] where the medium fails, or where there is no `request.json`.
pub fn read_package(dir: &Path, shown: &str, keys: &KeyPolicy, certified: &Certified<'_>) -> Result<Read, Error> {
    let read = |sha256, size, content| Read { file: shown.to_owned(), sha256, size, content };
    let json = match receive(&dir.join("request.json"), MAX_FILE)? {
        Ok(json) => json,
        Err(finding) => return Ok(read(None, 0, Err(finding))),
    };
    let (sha256, size) = (package::words_of_package(&json), json.len());
    Ok(read(Some(sha256), size, package(dir, shown, json, keys, certified)?))
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
    if intake::is_there(&path)? { receive(&path, MAX_SIGNATURE).map(Some) } else { Ok(None) }
}

/// The bytes of a file, or the rule that it breaks by what it is.
fn receive(path: &Path, cap: u64) -> Result<Result<Vec<u8>, Finding>, Error> {
    match intake::receive(path, cap) {
        Ok(bytes) => Ok(Ok(bytes)),
        Err(Unread::NotAFile(error)) => Ok(Err(file::broken(&file::KIND, &error, "a regular file"))),
        Err(Unread::TooLarge(error)) => Ok(Err(file::broken(&file::SIZE, &error, "a smaller file"))),
        Err(Unread::Failed(error)) => Err(error.truth("Nothing was signed.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeySpec;
    use crate::name::DistinguishedName;
    use crate::x509::keygen::LocalKey;
    use crate::x509::pem;

    #[test]
    fn a_session_takes_ten_thousand_requests_and_two_thousand_with_rsa_keys() {
        let read = |spec| {
            let csr = LocalKey::generate(spec).unwrap().csr(&DistinguishedName::of_request("a")).unwrap();
            let csr = pem::encode("CERTIFICATE REQUEST", &csr);
            let inspected = request::inspect(csr.as_bytes(), &KeyPolicy { keys: KeySpec::ALL.to_vec() }).unwrap();
            Read { file: "a.csr".into(), sha256: None, size: 1_000, content: Ok((Form::Csr, inspected)) }
        };
        let (ec, rsa) = (read(KeySpec::EcdsaP256), read(KeySpec::Rsa2048));
        let dir = Path::new("stick");
        let mut load = Load::default();
        for _ in 0..2_000 {
            load.add(dir, &rsa).unwrap();
        }
        let says = |error: Error| format!("{error}; {}", error.hints().join("; "));
        assert_eq!(
            says(load.add(dir, &rsa).unwrap_err()),
            "stick holds too many requests with RSA keys for one session: wanted at most 2000; spread them over \
             several sticks, a session each"
        );
        let mut load = Load::default();
        for _ in 0..10_000 {
            load.add(dir, &ec).unwrap();
        }
        assert!(load.add(dir, &ec).unwrap_err().to_string().contains("too many requests for one session"));
    }
}
