//! `request`: a new intermediate key and its request on the cluster's side, or those of a renewal.
//!
//! A directory belongs to one key and is never written over: the first is `NAME`, those of renewals are
//! `NAME.2`, `NAME.3`. No cluster's name has a dot, so none of them can be another cluster's.

use super::args::{Args, Request};
use super::cluster::{MAX_FILE, clock, secret_text};
use super::previous::{self, PreviousKey};
use super::terminal::Terminal;
use crate::bundle::recipient;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::key::KeySpec;
use crate::name::{DistinguishedName, check_label};
use crate::request::package::{self, RequestJson};
use crate::request::sheet::{Sheet, more, sheet};
use crate::text;
use crate::words;
use crate::x509::keygen::LocalKey;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Requested {
    directory: PathBuf,
    cluster: String,
    environment: String,
    trust_domain: String,
    sha256: Digest,
    words: Vec<&'static str>,
    recipients: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Digest>,
}

/// `anchorite request NAME`
pub fn request(args: &Args, a: &Request, terminal: &mut Terminal) -> Result<(), Error> {
    check_label("a cluster name", &a.name)?;
    let named: Option<KeySpec> = a.key.as_deref().map(str::parse).transpose()?;
    for text in &a.recipient {
        recipient::parse(text)?;
    }
    let now = clock(args).now();
    let parent = a.into.clone().unwrap_or_else(|| PathBuf::from("."));
    let previous = match a.renew {
        true => Some(previous::find(&a.name, &parent, a.previous.as_deref(), terminal)?),
        false => None,
    };
    let key = match &a.use_key {
        Some(path) => LocalKey::from_pem(&secret_text(path)?)?,
        None => LocalKey::generate(named.unwrap_or_else(|| kind_of_before(previous.as_ref())))?,
    };
    if previous.as_ref().is_some_and(|previous| previous.key.spki() == key.spki()) {
        return Err(Error::new(Kind::Usage, "a renewal brings a new key, and this is the previous one")
            .saw(format!("spki {}", key.spki().sha256().short()))
            .hint("leave --use-key out: a key is made"));
    }
    let csr = key.csr(&DistinguishedName::of_request(&a.name))?;
    let (identity, own) = identity(a, previous.as_ref(), now)?;
    let before = previous.as_ref().and_then(|previous| previous.request.as_ref());
    let mut recipients = match (a.recipient.is_empty(), &previous) {
        (true, Some(previous)) => previous.recipients(a.identity.is_some())?,
        _ => a.recipient.clone(),
    };
    recipients.extend(own);
    recipients.sort();
    recipients.dedup();
    let or = |given: &Option<String>, before: Option<&String>, default: &str| {
        given.clone().or_else(|| before.cloned()).unwrap_or_else(|| default.to_owned())
    };
    let json = RequestJson {
        kind: package::TYPE.to_owned(),
        cluster: a.name.clone(),
        environment: or(&a.environment, before.map(|b| &b.environment), "prod"),
        trust_domain: or(&a.trust_domain, before.map(|b| &b.trust_domain), "cluster.local"),
        csr: String::new(),
        recipients: recipients.clone(),
        previous: None,
        created: now,
    };
    let about = json.clone();
    let files = package::make_package(json, &csr, &key, previous.as_ref().map(|previous| &previous.key))?;
    let pem = key.to_pkcs8_pem()?;
    let mut items: Vec<deliver::Item<'_>> = vec![
        ("ca-key.pem", pem.expose_secret().as_bytes(), 0o600),
        ("identity.age", identity.expose_secret().as_bytes(), 0o600),
        ("request.json", &files.json, 0o644),
        ("request.sig", &files.signature, 0o644),
    ];
    if let Some(signature) = &files.renewal_signature {
        items.push(("renewal.sig", signature, 0o644));
    }
    // What was seen of the authority's log, and which root: the new bundle must follow it.
    let receipt = previous.as_ref().and_then(|previous| previous.dir.as_ref()).map(|dir| dir.join("receipt.json"));
    let receipt = match receipt {
        Some(path) if intake::is_there(&path)? => Some(intake::read(&path, MAX_FILE)?),
        _ => None,
    };
    if let Some(receipt) = &receipt {
        items.push(("receipt.json", receipt, 0o644));
    }
    let name = match &previous {
        Some(_) => next_directory(&parent, &a.name)?,
        None => a.name.clone(),
    };
    let written = deliver::write_directory(&parent, &name, &items)?;
    let sha256 = package::words_of_package(&files.json);
    let renews = previous.as_ref().map(|previous| previous.key.spki().sha256());
    if terminal.wants_json() {
        return terminal.json(&Requested {
            directory: written.path,
            cluster: about.cluster,
            environment: about.environment,
            trust_domain: about.trust_domain,
            sha256,
            words: words::words(&sha256.0),
            recipients,
            previous: renews,
        });
    }
    terminal.result_screen(&sheet(&Sheet {
        cluster: &about.cluster,
        environment: &about.environment,
        more: more(&about, key.spki().spec(), renews.as_ref()),
        sha256,
    }))?;
    say_next(&written.path, &a.name, previous.as_ref(), receipt.is_some(), terminal);
    Ok(())
}

/// The identity that opens the bundle, as a file, and its recipients: the one that was named, the one of before
/// where it is still there, else a new one.
///
/// A renewal keeps its identity, so that a changed recipient on the plan's screen is worth asking about.
fn identity(a: &Request, previous: Option<&PreviousKey>, now: Timestamp) -> Result<(SecretString, Vec<String>), Error> {
    let kept = match &a.identity {
        Some(path) => Some(secret_text(path)?),
        None => previous.and_then(|previous| previous.identity.clone()),
    };
    if let Some(text) = kept {
        let own = recipient::recipients_of(&text)?;
        return Ok((text, own));
    }
    let (secret, own) = recipient::generate_identity();
    Ok((recipient::identity_file(&secret, &own, now, &format!("bundles of {}", a.name)), vec![own]))
}

/// The kind of the key before; without one, what every mesh can use.
fn kind_of_before(previous: Option<&PreviousKey>) -> KeySpec {
    previous.map_or(KeySpec::EcdsaP384, |previous| previous.key.spki().spec())
}

/// The next free directory of a cluster: `NAME.2`, `NAME.3`, …
fn next_directory(parent: &Path, cluster: &str) -> Result<String, Error> {
    for name in (2..=previous::MOST).map(|number| format!("{cluster}.{number}")) {
        if !intake::is_there(&parent.join(&name))? {
            return Ok(name);
        }
    }
    Err(Error::new(Kind::Medium, "there is no free directory for another renewal")
        .saw(format!("{cluster}.2 to {cluster}.{}", previous::MOST))
        .hint("move the directories of keys that are no longer used away"))
}

/// What was written, and the exact commands that follow.
fn say_next(path: &Path, cluster: &str, previous: Option<&PreviousKey>, pinned: bool, terminal: &mut Terminal) {
    let shown = |path: &Path| path.strip_prefix(".").unwrap_or(path).display().to_string();
    let word = text::shell(&shown(path));
    let path = shown(path);
    let mut written = vec![
        format!("{path}/ca-key.pem     stays here, mode 0600"),
        format!("{path}/identity.age   stays here, mode 0600"),
        format!("{path}/request.json   travels"),
        format!("{path}/request.sig    travels"),
    ];
    let mut travel = "request.json and request.sig";
    if let Some(previous) = previous {
        written.push(format!("{path}/renewal.sig    travels"));
        travel = "request.json, request.sig and renewal.sig";
        if let Some(dir) = &previous.dir {
            written.push(format!("nothing in {}: its key stays in use until the new bundle is open", shown(dir)));
        }
    }
    let pin = if pinned { "" } else { " --root-fingerprint HEX" };
    terminal.done(
        &written,
        &[
            &format!("print the sheet: anchorite words {word}/request.json | lp"),
            "dictate it to the witness, who calls you",
            &format!("copy {travel} of {path}"),
            &format!("to the requests medium, into {cluster}/"),
            "when the bundle is back:",
            &format!("anchorite open BUNDLE --into {word}{pin}"),
        ],
    );
}
