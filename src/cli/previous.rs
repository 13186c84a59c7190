//! The key that a renewal renews: in the directory that `open` filled, in a file, or in the Secret that the
//! mesh runs with. Read only; nothing of it is ever written anywhere.

use super::cluster::{MAX_FILE, secret_text};
use super::terminal::Terminal;
use crate::bundle::recipient;
use crate::consumer::given::Given;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::name::Attribute;
use crate::request::package::{self, RequestJson};
use crate::text;
use crate::x509::keygen::LocalKey;
use crate::x509::{pem, read};
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// The highest number of a cluster's directories.
pub const MOST: u32 = 99;
/// How a Secret is piped in.
const PIPE: &str = "kubectl -n istio-system get secret cacerts -o json | anchorite request NAME --renew --previous -";

/// The previous key, and what is known of its request.
pub struct PreviousKey {
    /// The key.
    pub key: LocalKey,
    /// The directory it was found in, where it was one.
    pub dir: Option<PathBuf>,
    /// The request that it was certified for, where that is at hand.
    pub request: Option<RequestJson>,
    /// The identity that opened its bundle, where it was not destroyed.
    pub identity: Option<SecretString>,
}

impl PreviousKey {
    /// The recipients of before; `replaced` where another identity takes the place of the one of before.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the identity of before cannot be read.
    pub fn recipients(&self, replaced: bool) -> Result<Vec<String>, Error> {
        let own = self.identity.as_ref().map(recipient::recipients_of).transpose()?;
        let all: &[String] = self.request.as_ref().map_or(&[], |request| &request.recipients);
        Ok(match (own, all) {
            (Some(own), all) => all.iter().filter(|one| !replaced || !own.contains(one)).cloned().collect(),
            // The only one is the identity's, which was destroyed.
            (None, [_]) => Vec::new(),
            (None, all) => all.to_vec(),
        })
    }
}

/// Finds the previous key of a cluster; `named` is what `--previous` says.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`]: no key, one that cannot be read, one of another cluster. Errors never show
/// content. Nothing was written.
pub fn find(cluster: &str, parent: &Path, named: Option<&Path>, terminal: &Terminal) -> Result<PreviousKey, Error> {
    let found = match named {
        Some(path) if path.as_os_str() == "-" => piped(cluster, terminal),
        Some(path) if path.is_dir() => in_directory(cluster, path),
        Some(path) => in_file(cluster, path),
        None => match newest(parent, cluster)? {
            Some(dir) => in_directory(cluster, &dir),
            None => Err(no_key(parent, cluster)),
        },
    };
    found.map_err(|error| error.truth("Nothing was written."))
}

/// The newest of a cluster's directories whose bundle was opened; before the first bundle, none.
fn newest(parent: &Path, cluster: &str) -> Result<Option<PathBuf>, Error> {
    let renewals = (2..=MOST).rev().map(|number| format!("{cluster}.{number}"));
    for dir in renewals.chain([cluster.to_owned()]).map(|name| parent.join(name)) {
        if intake::is_there(&dir.join("ca-key.pem"))? && intake::is_there(&dir.join("ca-cert.pem"))? {
            return Ok(Some(dir));
        }
    }
    Ok(None)
}

fn no_key(parent: &Path, cluster: &str) -> Error {
    let dir = parent.join(cluster);
    Error::new(Kind::Medium, format!("there is no key of {cluster} to renew"))
        .saw(match intake::is_there(&dir.join("ca-key.pem")).unwrap_or(false) {
            true => format!("{}, whose bundle was never opened", dir.display()),
            false => format!("no {}", dir.join("ca-key.pem").display()),
        })
        .wanted("a directory that `anchorite open` filled")
        .hint(format!("the key is in the cluster too: {}", PIPE.replace("NAME", cluster)))
        .hint(format!("if the key is lost: anchorite request {cluster}, in another directory; the words settle it"))
}

fn in_directory(cluster: &str, dir: &Path) -> Result<PreviousKey, Error> {
    let key_path = dir.join("ca-key.pem");
    if !intake::is_there(&key_path)? {
        return Err(Error::new(Kind::Medium, "there is no key in this directory")
            .saw(dir.display().to_string())
            .wanted(format!("{}", key_path.display()))
            .hint(format!("the key is in the cluster too: {}", PIPE.replace("NAME", cluster))));
    }
    let key =
        LocalKey::from_pem(&secret_text(&key_path)?).map_err(|error| error.within(key_path.display().to_string()))?;
    let json_path = dir.join("request.json");
    let request = match intake::is_there(&json_path)? {
        true => Some(package::parse(&intake::read(&json_path, MAX_FILE)?)?),
        false => None,
    };
    if let Some(request) = &request
        && request.cluster != cluster
    {
        return Err(other_cluster(&request.cluster, cluster));
    }
    let certificate_path = dir.join("ca-cert.pem");
    if intake::is_there(&certificate_path)? {
        check_certificate(cluster, &key, &intake::read(&certificate_path, MAX_FILE)?)?;
    }
    let identity = dir.join("identity.age");
    let identity = match intake::is_there(&identity)? {
        true => Some(secret_text(&identity)?),
        false => None,
    };
    Ok(PreviousKey { key, dir: Some(dir.to_owned()), request, identity })
}

fn in_file(cluster: &str, path: &Path) -> Result<PreviousKey, Error> {
    let bytes = intake::read_private(path, MAX_FILE)?;
    in_bytes(cluster, &bytes).map_err(|error| error.within(path.display().to_string()))
}

fn piped(cluster: &str, terminal: &Terminal) -> Result<PreviousKey, Error> {
    let bytes = terminal.piped(MAX_FILE, &PIPE.replace("NAME", cluster))?;
    in_bytes(cluster, &bytes).map_err(|error| error.within("stdin"))
}

/// A key in PEM, or a Secret.
fn in_bytes(cluster: &str, bytes: &[u8]) -> Result<PreviousKey, Error> {
    let key = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start().starts_with("-----BEGIN") => LocalKey::from_pem(&SecretString::from(text))?,
        _ => in_secret(cluster, bytes)?,
    };
    Ok(PreviousKey { key, dir: None, request: None, identity: None })
}

/// The key of a Secret, of whichever layout istiod would take.
fn in_secret(cluster: &str, json: &[u8]) -> Result<LocalKey, Error> {
    let given = Given::from_secret(json).map_err(|error| error.hint("a key in PEM can be given as well"))?;
    let files = given.files();
    let [certificate, key, ..] = files.form.names();
    let Some(pem) = files.ca_key else {
        return Err(Error::new(Kind::Medium, "the Secret holds no CA key")
            .saw(format!("no {key}"))
            .wanted("ca-key.pem or tls.key")
            .hint(
                "istiod that signs by itself keeps its key in istio-ca-secret: that one is no intermediate of ours",
            ));
    };
    let pem = std::str::from_utf8(pem).map_err(|_| Error::new(Kind::Medium, format!("{key} is not text")))?;
    let local = LocalKey::from_pem(&SecretString::from(pem)).map_err(|error| error.within(key))?;
    if let Some(bytes) = files.ca_cert {
        check_certificate(cluster, &local, bytes).map_err(|error| error.within(certificate))?;
    }
    Ok(local)
}

/// The certificate beside the key is the key's, and of this cluster.
fn check_certificate(cluster: &str, key: &LocalKey, pem_text: &[u8]) -> Result<(), Error> {
    let all = pem::decode_all(pem_text, "CERTIFICATE")?;
    let Some(der) = all.first() else { return Ok(()) };
    let view = read::certificate(der)?.view;
    if view.spki != *key.spki() {
        return Err(Error::new(Kind::Medium, "the certificate beside the key is another key's")
            .saw(format!("spki {}", view.spki.sha256().short()))
            .wanted(format!("spki {}", key.spki().sha256().short())));
    }
    let locality = view.subject.iter().find(|attribute| attribute.label == Attribute::Locality.label());
    match locality {
        Some(seen) if seen.value != cluster => Err(other_cluster(&seen.value, cluster)),
        _ => Ok(()),
    }
}

fn other_cluster(seen: &str, wanted: &str) -> Error {
    Error::new(Kind::Usage, "the previous key is of another cluster")
        .saw(seen)
        .wanted(wanted)
        .hint(format!("renew that one: anchorite request {} --renew", text::shell(seen)))
        .hint(format!("clusters are never renamed: a new one begins with anchorite request {wanted}"))
}
