//! `authority.toml` and `local.toml`: what parses can be planned with, and no plan of it is a defect.

use anchorite::authority::{Config, Local, State};
use anchorite::digest::{Digest, Hex};
use anchorite::error::{Error, Kind};
use anchorite::plan::make::{self, Accepted, Context, Issuer};
use anchorite::plan::{ForCluster, TbsView};
use anchorite::request::{self, KeyPolicy};
use anchorite::text;
use anchorite::x509::Spki;
use jiff::Timestamp;
use std::sync::{Arc, LazyLock};

static ROOT: LazyLock<Spki> = LazyLock::new(|| key(include_bytes!("../seeds/request/p384.csr")));
static OTHER: LazyLock<Spki> = LazyLock::new(|| key(include_bytes!("../seeds/request/p256.csr")));

fn key(csr: &[u8]) -> Spki {
    request::inspect(csr, &KeyPolicy::default()).unwrap().spki.unwrap()
}

/// The plan, unless configuration or policy forbids it: a defect is what is looked for.
fn made<T>(plan: Result<T, Error>) -> Option<T> {
    match plan {
        Ok(plan) => Some(plan),
        Err(error) => {
            assert_ne!(error.kind(), Kind::Bug, "{error}");
            None
        }
    }
}

fn plan_everything(config: &Config, text: &str) {
    let context = Context {
        config,
        config_sha256: Config::digest(text),
        session: "00000000",
        now: Timestamp::from_second(1_795_253_400).unwrap(),
    };
    let serial = || Hex(vec![0x4b; 16]);
    let Some(root) = made(make::root(context, &ROOT, 1, serial())) else { return };
    let Ok(TbsView::Certificate(view)) = root.view() else { panic!("a root plan is no certificate") };
    let issuer = Issuer { generation: 1, spki: ROOT.clone(), view: Arc::new(*view) };
    made(make::audit(context, &issuer, &OTHER, 1, serial()));
    made(make::crl(context, &issuer, &State::default()));
    let named = config.clusters.keys().take(3).map(String::as_str);
    for name in named.chain(["cluster1"]) {
        let cluster = ForCluster {
            name: name.to_owned(),
            environment: "prod".to_owned(),
            trust_domain: "cluster.local".to_owned(),
            generation: 1,
            recipients: Vec::new(),
            key_origin: "cluster".to_owned(),
            request_sha256: Digest::of(b"request"),
            spki_sha256: OTHER.sha256(),
            enrols: true,
            changes: Vec::new(),
            replaces: None,
        };
        let accepted = Accepted {
            cluster,
            spki: OTHER.clone(),
            reviewed: "sha256:00".to_owned(),
            asked: Vec::new(),
            findings: Vec::new(),
        };
        made(make::intermediate(context, &issuer, &accepted, serial()));
    }
}

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    let Ok(source) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Local::parse(source) {
        assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}");
    }
    match Config::parse(source) {
        Ok(config) => plan_everything(&config, source),
        Err(error) => assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}"),
    }
}
