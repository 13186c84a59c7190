//! The countersigner's side of `checkpoint`: a key, and for each log the newest tree that was countersigned. What makes a
//! countersignature mean anything is that this memory never goes back; so it is written before a signature leaves.

use super::cluster;
use super::terminal::Terminal;
use crate::digest::{Base64, Digest, Hex};
use crate::error::{Error, Kind};
use crate::files::{deliver, intake, own};
use crate::format;
use crate::key::KeySpec;
use crate::log::VerifierKey;
use crate::log::cosignature::{Cosignature, message};
use crate::log::note::{Checkpoint, MAX_NOTE, SignedNote};
use crate::log::submission::Submission;
use crate::text;
use crate::x509::keygen::LocalKey;
use crate::x509::read;
use crate::x509::verify::{self, Purpose};
use crate::x509::{Spki, pem};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The countersigner's private key, PEM, mode 0600.
const KEY_FILE: &str = "countersigner-key.pem";
/// The same key's public half, as authority.toml names it.
const PUBLIC_FILE: &str = "countersigner.pub";
/// What the file that remembers a log says that it is.
const TYPE: &str = "anchorite/countersigned/v1";
/// A file of certificates, or of what is remembered, at the most, in bytes.
const MAX_FILE: u64 = 64 * 1024;

/// What is remembered of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Remembered {
    #[serde(rename = "type")]
    kind: String,
    origin: String,
    /// SubjectPublicKeyInfo of the audit key that signs the log's checkpoints.
    signer: Base64,
    size: u64,
    root: Digest,
}

/// `anchorite checkpoint key`
pub fn key(name: &str, into: &Path, terminal: &mut Terminal) -> Result<(), Error> {
    if let Some(there) = if into.is_dir() { own::first_name(into)? } else { None } {
        return Err(Error::new(Kind::Medium, "the countersigner's directory is not empty")
            .saw(into.join(there).display().to_string())
            .wanted("a directory that does not exist, or an empty one")
            .truth("Nothing was written."));
    }
    let key = LocalKey::generate(KeySpec::Ed25519)?;
    let public = VerifierKey::new(name, key.spki())?;
    deliver::create_directory(into)?;
    let path = into.join(KEY_FILE);
    deliver::write_new(&path, key.to_pkcs8_pem()?.expose_secret().as_bytes(), 0o600)?;
    let public_path = into.join(PUBLIC_FILE);
    deliver::write_new(&public_path, format!("{public}\n").as_bytes(), 0o644)?;
    terminal.done(
        &[path.display().to_string(), public_path.display().to_string()],
        &[
            "give the line below to the authority's people, by a way that they can trust:",
            "  [countersigners] keys = [\"…\"] in their authority.toml",
            "back up the directory as a whole: a memory that went back vouches for nothing",
        ],
    );
    terminal.result(&format!("{public}\n"))
}

/// `anchorite checkpoint countersign`: `trusted` is the audit certificate and the root that it leads to.
pub fn countersign(
    request: &Path,
    state: &Path,
    trusted: Option<(&Path, &Path)>,
    now: Timestamp,
    terminal: &mut Terminal,
) -> Result<(), Error> {
    let note = check_and_sign(request, state, trusted, now, terminal)
        .map_err(|error| error.truth("Nothing was countersigned."))?;
    terminal.document(note.as_bytes())
}

fn check_and_sign(
    request: &Path,
    dir: &Path,
    trusted: Option<(&Path, &Path)>,
    now: Timestamp,
    terminal: &mut Terminal,
) -> Result<String, Error> {
    let (key, public) = identity(dir)?;
    let cap = u64::try_from(MAX_NOTE).unwrap_or(u64::MAX);
    let submission = Submission::parse(&intake::read(request, cap)?)?;
    let origin = Checkpoint::parse(&SignedNote::parse(&submission.note)?.body)?.origin;
    let path = dir.join(file_of(&origin)?);
    // Two at once could each find the older tree and countersign two that do not fit together.
    let _alone = own::lock(dir)?;
    let before = remembered(&path, &origin)?;
    let signer = match (trusted, &before) {
        (Some((signer, root)), _) => audit_key(signer, Some(root), now)?,
        (None, Some(before)) => Spki::from_der(&before.signer.0)?,
        (None, None) => {
            return Err(Error::new(Kind::Usage, "nothing was countersigned of this log yet")
                .saw(&origin)
                .wanted("--signer audit-cert.pem --root root-cert.pem, the first time")
                .hint("public/ of the authority has both; the root is compared with its card")
                .hint(
                    "where an older log of this authority was countersigned: it was restored, so ask its people why",
                ));
        }
    };
    let seen = before.as_ref().map(|before| (before.size, before.root));
    let checkpoint = submission.verify(&signer, seen).map_err(|error| match (trusted, &before) {
        (None, Some(_)) if error.what().contains("is not signed by the audit key") => {
            error.hint("the audit key changes with another root: name its certificate again, --signer FILE --root FILE")
        }
        _ => error,
    })?;
    let after = Remembered {
        kind: TYPE.to_owned(),
        origin,
        signer: Base64(signer.der().to_vec()),
        size: checkpoint.size,
        root: checkpoint.root,
    };
    let json = serde_json::to_vec_pretty(&after).map_err(|error| Error::new(Kind::Bug, error.to_string()))?;
    deliver::replace(&path, &[&json[..], b"\n"].concat(), 0o600)?;
    let body = checkpoint.body();
    let time = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let signature = key.sign(message(&body, time).as_bytes())?;
    let cosignature = Cosignature { time, signature };
    public.verify(&body, &cosignature)?;
    let from = before.map_or("for the first time".to_owned(), |before| format!("from {} entries on", before.size));
    terminal.talk(&format!(
        "{}: {} entries, {from}; root {}",
        text::escape(&checkpoint.origin),
        checkpoint.size,
        checkpoint.root
    ));
    Ok(format!("{}{}", submission.note, public.line(&cosignature)))
}

/// The key and its name.
fn identity(dir: &Path) -> Result<(LocalKey, VerifierKey), Error> {
    let path = dir.join(KEY_FILE);
    if !intake::is_there(&path)? {
        return Err(Error::new(Kind::Medium, "there is no countersigner's key here")
            .saw(path.display().to_string())
            .hint("make one: anchorite checkpoint key NAME --into DIR"));
    }
    let key = LocalKey::from_pem(&cluster::secret_text(&path)?)?;
    let line = intake::read(&dir.join(PUBLIC_FILE), MAX_FILE)?;
    let public: VerifierKey = String::from_utf8_lossy(&line).trim_end().parse()?;
    if VerifierKey::new(public.name(), key.spki())? != public {
        return Err(Error::new(Kind::Medium, "the countersigner's key and its public half do not belong together")
            .saw(dir.display().to_string()));
    }
    Ok((key, public))
}

/// The file that remembers a log: its id is the last part of the origin, and nothing else becomes a name.
fn file_of(origin: &str) -> Result<String, Error> {
    let id = origin.rsplit('/').next().unwrap_or_default();
    match Hex::parse(id).is_ok_and(|id| id.0.len() == 16) {
        true => Ok(format!("{id}.json")),
        false => Err(Error::new(Kind::Verify, "a checkpoint of a log that anchorite does not keep").saw(origin)),
    }
}

fn remembered(path: &Path, origin: &str) -> Result<Option<Remembered>, Error> {
    if !intake::is_there(path)? {
        return Ok(None);
    }
    let bad = |saw: String| {
        Error::new(Kind::Verify, "what was remembered of this log cannot be read")
            .saw(saw)
            .hint("restore it from its copy: without it, nobody knows what was countersigned")
    };
    let bytes = intake::read(path, MAX_FILE)?;
    format::check(Kind::Verify, &path.display().to_string(), &bytes, TYPE)?;
    let read: Remembered =
        serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()).within(path.display().to_string()))?;
    if read.origin != origin {
        return Err(bad(read.origin).wanted(origin));
    }
    Ok(Some(read))
}

/// The audit key of a certificate that leads to a root which came another way; where no root is named, of a certificate
/// that says that it is one.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`].
pub fn audit_key(signer: &Path, root: Option<&Path>, now: Timestamp) -> Result<Spki, Error> {
    let certificates = |path: &Path| -> Result<Vec<read::Certificate>, Error> {
        let ders = pem::decode_all(&intake::read(path, MAX_FILE)?, "CERTIFICATE")?;
        ders.iter().map(|der| read::certificate(der)).collect()
    };
    let (signers, roots) = (certificates(signer)?, root.map(certificates).transpose()?);
    let mut last = Error::new(Kind::Verify, "the file holds no certificate");
    for one in &signers {
        let roots = roots.as_deref().unwrap_or(std::slice::from_ref(one));
        match verify::chain(one, &[], roots, now, Purpose::DocumentSigning) {
            Ok(_) => return Ok(one.view.spki.clone()),
            Err(error) => last = error,
        }
    }
    Err(last.within(signer.display().to_string()).hint("compare the root with its card"))
}
