//! `open`: the cluster's side, once its bundle is there.

use super::args::{Args, Open};
use super::log::fingerprint;
use super::terminal::Terminal;
use crate::bundle::{self, Local, Opening, Receipt, RootPin, Unseal};
use crate::clock::Clock;
use crate::consumer::Layout;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::request::package::RequestJson;
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use secrecy::SecretString;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Files of the cluster's side, at the most, in bytes.
pub(super) const MAX_FILE: u64 = 1 << 20;
/// A payload that a stock age decrypted, at the most.
const MAX_DECRYPTED: u64 = 16 << 20;

/// The clock of the cluster's side: `--now` is free here.
pub(super) fn clock(args: &Args) -> Clock {
    args.now.map_or_else(Clock::system, Clock::given)
}

#[derive(Serialize)]
struct OpenedReport {
    directory: PathBuf,
    cluster: String,
    generation: u32,
    sequence: u64,
    root_fingerprint: Digest,
    not_after: String,
    notes: Vec<String>,
}

/// `anchorite open BUNDLE --into DIR`
pub fn open(args: &Args, a: &Open, terminal: &mut Terminal) -> Result<(), Error> {
    open_bundle(args, a, terminal).map_err(|error| match error.truths() {
        [] => error.truth("Nothing was written."),
        _ => error,
    })
}

fn open_bundle(args: &Args, a: &Open, terminal: &mut Terminal) -> Result<(), Error> {
    let files = bundle::load(&find_bundle(&a.bundle)?)?;
    let receipt_path = a.into.join("receipt.json");
    let receipt = match present(&receipt_path) {
        true => Some(Receipt::read(&intake::read(&receipt_path, MAX_FILE)?)?),
        false => None,
    };
    let pin = match (&a.root, &a.root_fingerprint) {
        (Some(path), _) => RootPin::Certificate(pem::decode_one(&intake::read(path, MAX_FILE)?, "CERTIFICATE")?),
        (None, Some(hex)) => RootPin::Fingerprint(fingerprint(hex)?),
        (None, None) => RootPin::Receipt,
    };
    let local = local(&a.into)?;
    let decrypted = a.decrypted.as_ref().map(|path| intake::read_private(path, MAX_DECRYPTED)).transpose()?;
    let identity_path = a.identity.clone().unwrap_or_else(|| a.into.join("identity.age"));
    let identities = match decrypted {
        Some(_) => None,
        None => Some(identities(&identity_path)?),
    };
    let unseal = match (&decrypted, &identities) {
        (Some(bytes), _) => Unseal::Decrypted(bytes),
        (None, Some(text)) => Unseal::Identities(text),
        (None, None) => return Err(Error::new(Kind::Bug, "nothing to open a bundle with")),
    };
    let opened = bundle::open(&Opening {
        files: &files,
        unseal,
        local: local.as_ref(),
        pin,
        receipt: receipt.as_ref(),
        allow_older: a.allow_older,
        now: clock(args).now(),
    })?;
    let items: Vec<deliver::Item<'_>> =
        opened.files.iter().map(|(name, bytes, mode)| (name.as_str(), bytes.as_slice(), *mode)).collect();
    place(&a.into, &items)?;
    for note in &opened.notes {
        terminal.talk(&format!("note: {note}"));
    }
    if terminal.wants_json() {
        return terminal.json(&OpenedReport {
            directory: a.into.clone(),
            cluster: opened.manifest.cluster.clone(),
            generation: opened.manifest.generation,
            sequence: opened.manifest.sequence,
            root_fingerprint: opened.receipt.root_fingerprint,
            not_after: opened.certificate.view.not_after.to_string(),
            notes: opened.notes.clone(),
        });
    }
    let into = a.into.display();
    let written: Vec<String> = opened.files.iter().map(|(name, _, _)| format!("{into}/{name}")).collect();
    terminal.done(
        &written,
        &[
            &next_step(&into.to_string(), &opened.manifest.profile),
            "keep the identity until the Secret is in place, then destroy it",
        ],
    );
    terminal.line(&format!("root   sha256 {}", opened.receipt.root_fingerprint));
    Ok(())
}

/// The manifest that the certificate's profile is for; Istio's where the profile is for several consumers.
fn next_step(into: &str, profile: &str) -> String {
    match Layout::of_profile(profile) {
        Some(Layout::Vault) => {
            format!("anchorite manifest {into} --layout vault | vault write pki/intermediate/set-signed certificate=-")
        }
        Some(Layout::Istio) | None => {
            format!("anchorite manifest {into} | kubectl create -f -   (replace, where it exists)")
        }
        Some(other) => {
            format!("anchorite manifest {into} --layout {other} | kubectl create -f -   (replace, where it exists)")
        }
    }
}

/// The bundle itself, or the only one on a medium.
fn find_bundle(path: &Path) -> Result<PathBuf, Error> {
    let none = || {
        Error::new(Kind::Medium, "there is no bundle here")
            .saw(path.display().to_string())
            .wanted("a directory with envelope.json")
            .hint("name the bundle's directory on the exports medium")
    };
    if !path.is_dir() {
        return Err(none());
    }
    if present(&path.join("envelope.json")) {
        return Ok(path.to_owned());
    }
    let found: Vec<PathBuf> = intake::list(path, 4096)?
        .into_iter()
        .filter(|f| present(&f.path.join("envelope.json")))
        .map(|f| f.path)
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(none()),
        several => Err(Error::new(Kind::Usage, "more than one bundle is here")
            .saw(several.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))
            .wanted("one, by its directory")
            .hint("the ceremony's last screen says which is whose")),
    }
}

/// True where something of that name is.
pub(super) fn present(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn identities(path: &Path) -> Result<SecretString, Error> {
    if !present(path) {
        return Err(Error::new(Kind::Medium, "there is no identity to open the bundle with")
            .saw(path.display().to_string())
            .wanted("the identity.age that `anchorite request` made")
            .hint("name it: --identity FILE")
            .hint("for a hardware recipient: age -d …, then --decrypted FILE")
            .truth("Nothing was written."));
    }
    secret_text(path)
}

/// A private file of text.
///
/// # Errors
/// [`Kind::Medium`]: absent, or others may read it; [`Kind::Usage`]: not text.
pub(super) fn secret_text(path: &Path) -> Result<SecretString, Error> {
    let bytes = intake::read_private(path, MAX_FILE)?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_| Error::new(Kind::Usage, format!("{} is not text", path.display())))?;
    Ok(SecretString::from(text.to_owned()))
}

/// What the cluster holds of its own request: the key, and `request.json` where it is there.
fn local(dir: &Path) -> Result<Option<Local>, Error> {
    let key_path = dir.join("ca-key.pem");
    if !present(&key_path) {
        return Ok(None);
    }
    let key = LocalKey::from_pem(&secret_text(&key_path)?)?;
    let json_path = dir.join("request.json");
    let (csr_sha256, cluster) = if present(&json_path) {
        let request: RequestJson = serde_json::from_slice(&intake::read(&json_path, MAX_FILE)?)
            .map_err(|error| Error::new(Kind::Medium, "request.json cannot be read").saw(error.to_string()))?;
        let der = pem::decode_one(request.csr.as_bytes(), "CERTIFICATE REQUEST")?;
        (Some(Digest::of(&der)), Some((request.cluster, request.environment)))
    } else {
        (None, None)
    };
    Ok(Some(Local { spki: key.spki().clone(), csr_sha256, cluster }))
}

/// All files at once: a new directory, or one exchanged for the old.
fn place(into: &Path, items: &[deliver::Item<'_>]) -> Result<(), Error> {
    if into.is_dir() {
        return deliver::exchange_directory(into, items).map(|_| ());
    }
    let name = into
        .file_name()
        .and_then(|n| n.to_str())
        .ok_or_else(|| Error::new(Kind::Usage, "--into needs a directory's name").saw(into.display().to_string()))?;
    let parent = into.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    deliver::write_directory(parent, name, items).map(|_| ())
}
