//! What somebody gives to be looked at: the files of a directory, or a Secret as `kubectl get -o json` prints it.
//!
//! Decides which layout istiod would take of them, and says what it passes over. Reads no files itself.

use super::check::{CaFiles, Form};
use super::rule::Found;
use super::rules::{BOTH, KEY_MODE, SECRET_NAME, SELF_SIGNED, UNREAD};
use crate::digest::from_base64;
use crate::error::{Error, Kind};
use crate::text;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The files that istiod knows, key files included.
pub const NAMES: [&str; 8] =
    ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem", "ca-crl.pem", "tls.crt", "tls.key", "ca.crt"];
/// Those of them that are private.
pub const KEYS: [&str; 2] = ["ca-key.pem", "tls.key"];
/// What istiod writes beside in the Secret of its own CA, and reads in no layout; never a mistake.
const HARMLESS: [&str; 2] = ["key.pem", "istio-generated"];
/// The Secret that istiod reads.
pub const SECRET: &str = "cacerts";
/// The type of the Secret in which istiod keeps a CA of its own.
pub const OWN_CA: &str = "istio.io/ca-root";

/// Which Secret it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// Its type, which Kubernetes never changes; empty where the JSON has none.
    pub secret_type: String,
}

/// Files by name. Not `Debug`: one of them is a key.
#[derive(Default)]
pub struct Given {
    files: BTreeMap<String, Zeroizing<Vec<u8>>>,
    unread: Vec<String>,
    found: Vec<Found>,
    /// istiod made this CA: it is its own root, and the Secret's other files are empty.
    own_ca: bool,
    place: Option<Place>,
}

impl Given {
    /// Adds a file; one whose name istiod does not know is only mentioned.
    pub fn add(&mut self, name: &str, bytes: Zeroizing<Vec<u8>>) {
        if NAMES.contains(&name) {
            self.files.insert(name.to_owned(), bytes);
        } else if !HARMLESS.contains(&name) {
            self.unread.push(name.to_owned());
        }
    }

    /// Mentions a file that istiod does not read.
    pub fn pass_over(&mut self, name: &str) {
        self.unread.push(name.to_owned());
    }

    /// Says that others may read a key file; `mode` is its permission bits.
    pub fn exposed(&mut self, name: &str, mode: u32) {
        let hint = format!("chmod 600 {name}");
        self.found.push(KEY_MODE.found_with(format!("{name}: mode {mode:04o}"), "mode 0600", &hint));
    }

    /// Reads a Secret, JSON; values are base64, and none is in an error.
    ///
    /// # Errors
    /// [`Kind::Medium`]: not the JSON of one Secret.
    pub fn from_secret(json: &[u8]) -> Result<Self, Error> {
        let no_secret = |seen: String| {
            Error::new(Kind::Medium, "not a Secret as kubectl prints it")
                .saw(seen)
                .wanted("one object of kind Secret")
                .hint("kubectl get secret cacerts -n istio-system -o json")
        };
        // What the pipe has when kubectl said its error to the terminal.
        if json.trim_ascii().is_empty() {
            return Err(no_secret("nothing".to_owned()));
        }
        // serde_json's own errors can quote the value: only their place is said.
        let secret: Secret = serde_json::from_slice(json)
            .map_err(|error| no_secret(format!("line {}, column {}", error.line(), error.column())))?;
        if secret.kind != "Secret" {
            return Err(no_secret(format!("kind {}", text::ellipsis(&secret.kind, 40))));
        }
        let mut given = Self::default();
        for (name, value) in &secret.data {
            let bytes = from_base64(value.0.as_bytes()).map(Zeroizing::new);
            given.add(name, bytes.map_err(|_| no_secret(format!("{name} is not base64")))?);
        }
        let seen = format!("{} in {}", secret.metadata.name, secret.metadata.namespace);
        // A Secret keeps its type when a plugged-in CA takes the place of istiod's own in it.
        let chain = given.files.get("cert-chain.pem");
        if secret.kind_of_data == OWN_CA && chain.is_none_or(|bytes| bytes.trim_ascii().is_empty()) {
            given.own_ca = true;
            given.found.push(SELF_SIGNED.found(format!("{seen}, type {OWN_CA}"), "the Secret cacerts"));
        } else if secret.metadata.name != SECRET {
            given.found.push(SECRET_NAME.found(seen, format!("{SECRET} in istio-system")));
        }
        let Metadata { name, namespace } = secret.metadata;
        given.place = Some(Place { name, namespace, secret_type: secret.kind_of_data });
        Ok(given)
    }

    /// Which Secret this was read from; none where it was a directory.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The files as istiod takes them: tls.crt first, which decides (Istio 1.14 and newer).
    pub fn files(&self) -> CaFiles<'_> {
        let get = |name: &str| self.files.get(name).map(|bytes| bytes.as_slice());
        let form = if self.files.contains_key("tls.crt") { Form::Tls } else { Form::Four };
        let [cert, key, chain, root] = form.names();
        if self.own_ca {
            let ca = get(cert);
            return CaFiles { form, ca_cert: ca, ca_key: get(key), cert_chain: ca, root_cert: ca, crl: None };
        }
        CaFiles {
            form,
            ca_cert: get(cert),
            ca_key: get(key),
            cert_chain: get(chain),
            root_cert: get(root),
            crl: get("ca-crl.pem"),
        }
    }

    /// What is said of the whole before any file is looked at.
    pub fn found(&self) -> Vec<Found> {
        let mut found = self.found.clone();
        let four = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"];
        if self.files.contains_key("tls.crt")
            && let Some(other) = four.into_iter().find(|name| self.files.contains_key(*name))
        {
            found.push(BOTH.found(format!("tls.crt and {other}"), "one layout; tls.crt is what istiod takes"));
        }
        // Beside a whole layout other files are nobody's mistake.
        let files = self.files();
        let whole = [files.ca_cert, files.ca_key, files.cert_chain, files.root_cert].iter().all(Option::is_some);
        if !whole && !self.unread.is_empty() {
            found.push(UNREAD.found(self.unread.join(", "), "names that istiod reads"));
        }
        found
    }

    /// True where nothing was given that istiod reads.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

#[derive(Deserialize)]
struct Secret {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default, rename = "type")]
    kind_of_data: String,
    #[serde(default)]
    data: BTreeMap<String, Value>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
}

/// Base64 of what may be a key: wiped.
struct Value(Zeroizing<String>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(|text| Self(Zeroizing::new(text)))
    }
}
