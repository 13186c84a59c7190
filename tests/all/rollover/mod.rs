//! `anchorite rollover plan` and `check`: a mesh moves from an old root to `root`, by files made with openssl.

mod checking;
mod live;
mod planning;
mod refusals;
mod runbook;

use crate::cacerts::pki::{CA, INTERMEDIATE, P256, Pki};
use crate::support::{Output, World};
use data_encoding::BASE64;
use serde_json::{Value, json};

/// A mesh whose CA is in `current/`, under `old-root`, and whose next one is in `good/`, under `root`.
pub struct Switch {
    pub pki: Pki,
}

impl Switch {
    pub fn new() -> Self {
        let pki = Pki::new();
        pki.root("old-root", "/O=Old/CN=Root CA", P256, CA, &[]);
        pki.issue("current", "/O=Old/CN=Intermediate CA/L=good", "old-root", INTERMEDIATE, &[]);
        pki.arrange("current", &["old-root"]);
        Self { pki }
    }

    pub fn world(&self) -> &World {
        &self.pki.world
    }

    /// `rollover plan` from `current` to `good`, into `switch`.
    pub fn plan(&self, more: &[&str]) -> Output {
        self.world().run(&[&PLAN[..], more].concat())
    }

    /// The same, which is refused with this text, and nothing was written.
    #[track_caller]
    pub fn refused(&self, text: &str) {
        self.world().refused(&PLAN, text);
    }

    pub fn check(&self, more: &[&str]) -> Output {
        self.world().run(&[&["rollover", "check", "switch"], more].concat())
    }

    pub fn text(&self, path: &str) -> String {
        String::from_utf8(self.world().read(path)).unwrap()
    }

    pub fn record(&self, out: &str) -> Value {
        serde_json::from_slice(&self.world().read(format!("{out}/plan.json"))).unwrap()
    }

    /// The files of a directory as kubectl prints a Secret: `name.json`.
    pub fn secret(&self, file: &str, name: &str, kind: &str, data: &[(&str, &str)]) {
        let data: serde_json::Map<String, Value> = data
            .iter()
            .map(|(key, path)| ((*key).to_owned(), Value::String(BASE64.encode(&self.world().read(path)))))
            .collect();
        let metadata = json!({ "name": name, "namespace": "istio-system", "resourceVersion": "7" });
        let secret = json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": data });
        self.world().write(file, secret.to_string());
    }

    /// The four files of a directory as the Secret cacerts.
    pub fn live(&self, file: &str, dir: &str, kind: &str) {
        let paths = FOUR.map(|name| format!("{dir}/{name}"));
        let data: Vec<(&str, &str)> = FOUR.into_iter().zip(paths.iter().map(String::as_str)).collect();
        self.secret(file, "cacerts", kind, &data);
    }
}

pub const FOUR: [&str; 4] = ["ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"];
/// The command of most tests.
pub const PLAN: [&str; 8] = ["rollover", "plan", "--current", "current", "--next", "good", "--out", "switch"];
