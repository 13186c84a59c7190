//! `open`: the cluster's side, once its bundle is there.

use super::args::{Args, Open};
use super::log::fingerprint;
use super::mesh_crl;
use super::succession::{self, Succession};
use super::terminal::Terminal;
use crate::bundle::{self, Local, Opened, Opening, Receipt, RootPin, Unseal};
use crate::clock::Clock;
use crate::consumer::crl::{self, Row};
use crate::consumer::{self, Asked, CaFiles, Consumer, Form, Layout};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::finding::Severity;
use crate::request::package::RequestJson;
use crate::text;
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use jiff::Timestamp;
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
    /// Of ca-crl.pem, where --with-crl asked for one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crls: Vec<Row>,
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    renews: Option<Succession>,
}

/// `anchorite open BUNDLE --into DIR`
pub fn open(args: &Args, a: &Open, terminal: &mut Terminal) -> Result<(), Error> {
    open_bundle(args, a, terminal).map_err(|error| match error.truths() {
        [] => error.truth("Nothing was written."),
        _ => error,
    })
}

/// Everything that `open` checks of a bundle, with the receipt of the one before; nothing is written.
///
/// # Errors
/// As [`bundle::open`].
pub(super) fn check(args: &Args, a: &Open) -> Result<(Option<Receipt>, Opened), Error> {
    let files = bundle::load(&find_bundle(&a.bundle)?)?;
    let receipt_path = a.into.join("receipt.json");
    let receipt = match intake::is_there(&receipt_path)? {
        true => Some(Receipt::read(&intake::read(&receipt_path, MAX_FILE)?).map_err(|error| {
            error.hint(
                "it remembers what was opened here: bring it back from a copy; without it nothing older is noticed",
            )
        })?),
        false => None,
    };
    let pin = match (&a.root, &a.root_fingerprint) {
        (Some(path), _) => RootPin::Certificates(pem::decode_all(&intake::read(path, MAX_FILE)?, "CERTIFICATE")?),
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
    let accepted = a.accept_restore.as_ref().map(|id| id.trim().to_lowercase());
    let opened = bundle::open(&Opening {
        files: &files,
        unseal,
        local: local.as_ref(),
        pin,
        receipt: receipt.as_ref(),
        accept_restore: accepted.as_deref(),
        allow_older: a.allow_older,
        now: clock(args).now(),
    })?;
    Ok((receipt, opened))
}

fn open_bundle(args: &Args, a: &Open, terminal: &mut Terminal) -> Result<(), Error> {
    let (_, mut opened) = check(args, a)?;
    let rows = match a.with_crl {
        true => mesh_crl::add(&mut opened, a, clock(args).now())?,
        false => Vec::new(),
    };
    let items: Vec<deliver::Item<'_>> =
        opened.files.iter().map(|(name, bytes, mode)| (name.as_str(), bytes.as_slice(), *mode)).collect();
    let mut notes = opened.notes.clone();
    notes.extend(consumer_notes(&opened, &a.into, clock(args).now())?);
    let succession = succession::of(&a.into, &opened);
    place(&a.into, &items)?;
    for note in &notes {
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
            crls: rows,
            notes,
            renews: succession,
        });
    }
    let into = a.into.display();
    let written: Vec<String> = opened.files.iter().map(|(name, _, _)| format!("{into}/{name}")).collect();
    let [manifest, then] = next_steps(&text::shell(&into.to_string()), &opened.manifest.profile);
    // Only a key that was made at the authority is in the bundle.
    let keep = match opened.files.iter().any(|(name, _, _)| name == "ca-key.pem") {
        true => "destroy the identity when the Secret is in place: it opens the bundle, which holds the key",
        false => "keep the identity: the next renewal asks with it again",
    };
    let layout = Layout::of_profile(&opened.manifest.profile).unwrap_or(Layout::Istio);
    match succession.filter(|_| layout == Layout::Istio) {
        Some(succession) => {
            let word = text::shell(&into.to_string());
            succession.say(&word, &opened, &manifest, keep, &written, terminal);
        }
        None => {
            let create = match layout {
                Layout::Vault => manifest,
                _ => format!("{manifest} | kubectl create -f -"),
            };
            terminal.done(&written, &[&create, &then, keep]);
        }
    }
    terminal.line(&format!("root   sha256 {}", opened.receipt.root_fingerprint));
    if a.with_crl {
        mesh_crl::explain(&rows, clock(args).now(), terminal);
    }
    Ok(())
}

/// How the manifest is printed that the certificate's profile is for, and what follows; Istio's where the profile is for several consumers.
fn next_steps(into: &str, profile: &str) -> [String; 2] {
    let layout = Layout::of_profile(profile).unwrap_or(Layout::Istio);
    let chosen = if layout == Layout::Istio { String::new() } else { format!(" --layout {layout}") };
    match layout {
        Layout::Vault => [
            format!("anchorite manifest {into}{chosen} > chain.pem"),
            "vault write pki/intermediate/set-signed certificate=@chain.pem".to_owned(),
        ],
        _ => {
            [format!("anchorite manifest {into}{chosen}"), "(kubectl replace -f - where the Secret exists)".to_owned()]
        }
    }
}

/// What the certificate's consumer would say of these files, with the key where it is here.
///
/// The files verified: what is found now is worth knowing before they are applied, and stops nothing.
fn consumer_notes(opened: &Opened, into: &Path, now: Timestamp) -> Result<Vec<String>, Error> {
    let get =
        |wanted: &str| opened.files.iter().find(|(name, _, _)| name == wanted).map(|(_, bytes, _)| bytes.as_slice());
    let own_key = into.join("ca-key.pem");
    let kept = match get("ca-key.pem").is_none() && intake::is_there(&own_key)? {
        true => Some(intake::read_private(&own_key, MAX_FILE)?),
        false => None,
    };
    let crl_path = into.join(crl::FILE);
    let old_crls = match intake::is_there(&crl_path)? {
        true => Some(intake::read(&crl_path, MAX_FILE)?),
        false => None,
    };
    let files = CaFiles {
        form: Form::Four,
        ca_cert: get("ca-cert.pem"),
        ca_key: get("ca-key.pem").or(kept.as_ref().map(|bytes| bytes.as_slice())),
        cert_chain: get("cert-chain.pem"),
        root_cert: get("root-cert.pem"),
        crl: get(crl::FILE).or(old_crls.as_deref()),
    };
    let layout = Layout::of_profile(&opened.manifest.profile).unwrap_or(Layout::Istio);
    // A key that is elsewhere (in Vault, behind a hardware recipient) is not missing.
    let asked = layout.consumers().iter().copied().filter(|c| files.ca_key.is_some() || *c != Consumer::Istiod);
    let found = consumer::check(&files, &Asked::of(&asked.collect::<Vec<_>>(), now))?.found;
    let told = found.iter().filter(|found| found.finding.severity > Severity::Info);
    Ok(told.map(|found| format!("{}: {}; {}", found.finding.id, found.finding.observed, found.then)).collect())
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
    if intake::is_there(&path.join("envelope.json"))? {
        return Ok(path.to_owned());
    }
    let mut found: Vec<PathBuf> = Vec::new();
    for one in intake::list(path, 4096)? {
        if intake::is_there(&one.path.join("envelope.json"))? {
            found.push(one.path);
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(none()),
        several => Err(Error::new(Kind::Usage, "more than one bundle is here")
            .saw(several.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", "))
            .wanted("one, by its directory")
            .hint("the ceremony's last screen says which is whose")),
    }
}

fn identities(path: &Path) -> Result<SecretString, Error> {
    if !intake::is_there(path)? {
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
    if !intake::is_there(&key_path)? {
        return Ok(None);
    }
    let key = LocalKey::from_pem(&secret_text(&key_path)?)?;
    let json_path = dir.join("request.json");
    let (csr_sha256, cluster) = if intake::is_there(&json_path)? {
        let request: RequestJson = serde_json::from_slice(&intake::read(&json_path, MAX_FILE)?)
            .map_err(|error| Error::new(Kind::Medium, "request.json cannot be read").saw(error.to_string()))?;
        let der = pem::decode_one(request.csr.as_bytes(), "CERTIFICATE REQUEST")?;
        (Some(Digest::of(&der)), Some([request.cluster, request.environment, request.trust_domain]))
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
