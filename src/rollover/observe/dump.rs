//! What proxies say they hold: the JSON of `istioctl proxy-config secret`, of `istioctl ztunnel-config
//! certificate`, and of Envoy's and ztunnel's own `config_dump`, one document or several after each other.
//!
//! Reads and never judges. Names, states and certificates are other people's: they are bounded here and escaped
//! where they are shown. Private keys are never looked at; istioctl and Envoy redact them.
//! Sources: envoy.admin.v3.SecretsConfigDump; Istio 1.28, `istioctl/pkg/writer/ztunnel/configdump/api.go`.

use crate::digest::from_base64;
use crate::error::{Error, Kind};
use crate::text;
use crate::x509::pem;
use crate::x509::read::{self, Foreign};
use serde_json::Value;
use std::borrow::Cow;

/// Workloads in one file, at the most.
const MAX_WORKLOADS: usize = 20_000;
/// Certificates in a chain or a bundle, at the most.
const MAX_CERTIFICATES: usize = 64;
/// Columns of a name or a state that are kept.
const MAX_TEXT: usize = 200;
/// What Istio's agents call a workload's certificate.
const CERTIFICATE: &str = "default";
/// What they call its roots.
const ROOTS: &str = "ROOTCA";

/// A workload as its proxy shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// Its SPIFFE ID: its certificate's, or the identity under which ztunnel keeps it. Not escaped.
    pub id: Option<String>,
    /// Its certificate, then what it shows behind it; empty where there is none.
    pub chain: Vec<Foreign>,
    /// The roots that it trusts; none where the output does not say.
    pub bundles: Option<Vec<Bundle>>,
    /// What is missing, not yet there, or out of form; each a clause that begins with its subject.
    pub faults: Vec<String>,
}

/// Roots, and for whom they vouch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The SPIFFE trust domain; none where they vouch for every one. Not escaped.
    pub domain: Option<String>,
    /// In order, duplicates included.
    pub roots: Vec<Foreign>,
}

/// Reads one document after the other; each is a proxy's secrets or a list of ztunnel's certificates.
///
/// # Errors
/// [`Kind::Medium`]: nothing, no JSON, JSON of another kind, more workloads than 20,000. Errors say places, never
/// content.
pub fn read(json: &[u8]) -> Result<Vec<Workload>, Error> {
    let foreign = |seen: String| {
        Error::new(Kind::Medium, "not what istioctl prints of a proxy's secrets")
            .saw(seen)
            .wanted("the JSON of one proxy, or of several after each other")
            .hint("istioctl proxy-config secret POD.NAMESPACE -o json")
            .hint("ambient: istioctl ztunnel-config certificate -o json")
    };
    if json.trim_ascii().is_empty() {
        return Err(foreign("nothing".to_owned()));
    }
    let mut workloads = Vec::new();
    for (number, document) in serde_json::Deserializer::from_slice(json).into_iter::<Value>().enumerate() {
        // serde_json's own errors can quote what they read: only the place is said.
        let document =
            document.map_err(|error| foreign(format!("line {}, column {}", error.line(), error.column())))?;
        if !add(&document, &mut workloads) {
            return Err(foreign(format!("another kind of JSON as document {}", number + 1)));
        }
        if workloads.len() > MAX_WORKLOADS {
            return Err(
                Error::new(Kind::Medium, "too many workloads at once").wanted(format!("at most {MAX_WORKLOADS}"))
            );
        }
    }
    Ok(workloads)
}

/// False where the document is none of those that are known.
fn add(document: &Value, workloads: &mut Vec<Workload>) -> bool {
    // As ztunnel's own config_dump has it, or as istioctl takes it out of that.
    let list = document.as_array().or_else(|| at(document, "certificates").as_array());
    if let Some(list) = list {
        workloads.extend(list.iter().take(MAX_WORKLOADS + 1).map(of_ztunnel));
        return list.iter().all(|one| one.get("identity").is_some());
    }
    // What Go writes for a list that was never begun: a ztunnel without workloads.
    if document.is_null() {
        return true;
    }
    let Some(fields) = document.as_object() else { return false };
    // As Envoy's own config_dump has it, or as istioctl takes it out of that: {} is a proxy without any.
    let dumps = at(document, "configs").as_array().map_or(std::slice::from_ref(document), Vec::as_slice);
    let known = ["dynamicActiveSecrets", "dynamicWarmingSecrets", "staticSecrets"];
    if !fields.is_empty() && !dumps.iter().any(|dump| known.iter().any(|name| !at(dump, name).is_null())) {
        return false;
    }
    workloads.push(of_envoy(dumps));
    true
}

/// A field by its name in protobuf's JSON (`trustedCa`), or as Envoy itself spells it (`trusted_ca`).
fn at<'a>(value: &'a Value, name: &str) -> &'a Value {
    static NONE: Value = Value::Null;
    let snake = || {
        let mut snake = String::with_capacity(name.len() + 4);
        for letter in name.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    };
    value.get(name).or_else(|| value.get(snake())).unwrap_or(&NONE)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    at(value, name).as_array().map(Vec::as_slice).unwrap_or_default()
}

fn kept(value: &Value) -> Option<String> {
    value.as_str().map(|value| value.chars().take(MAX_TEXT).collect())
}

fn of_envoy(dumps: &[Value]) -> Workload {
    let mut workload = Workload::default();
    let secrets = |kind: &'static str| dumps.iter().flat_map(move |dump| list(dump, kind));
    let named = |name: &'static str| {
        let mut all = secrets("dynamicActiveSecrets").chain(secrets("staticSecrets"));
        all.find(|secret| secret_name(secret) == Some(name)).map(|secret| at(secret, "secret"))
    };
    for (name, what) in [(CERTIFICATE, "its certificate"), (ROOTS, "its roots")] {
        if secrets("dynamicWarmingSecrets").any(|secret| secret_name(secret) == Some(name)) {
            workload.faults.push(format!("{what}: Envoy still waits for the secret {name}"));
        } else if named(name).is_none() {
            workload.faults.push(format!("{what}: Envoy has no secret {name}"));
        }
    }
    if let Some(secret) = named(CERTIFICATE) {
        let chain = at(at(secret, "tlsCertificate"), "certificateChain");
        match certificates(chain) {
            Ok(chain) => workload.chain = chain,
            Err(why) => workload.faults.push(format!("its certificate: {why}")),
        }
    }
    if let Some(secret) = named(ROOTS) {
        match bundles(at(secret, "validationContext")) {
            Ok(bundles) => workload.bundles = Some(bundles),
            Err(why) => workload.faults.push(format!("its roots: {why}")),
        }
    }
    workload.id = spiffe_id(&workload.chain);
    workload
}

fn secret_name(secret: &Value) -> Option<&str> {
    secret.get("name").or_else(|| at(secret, "secret").get("name")).and_then(Value::as_str)
}

/// The roots of a validation context: one list, or with SPIFFE's validator one for each trust domain.
fn bundles(context: &Value) -> Result<Vec<Bundle>, String> {
    let domains = list(at(at(context, "customValidatorConfig"), "typedConfig"), "trustDomains");
    if domains.is_empty() {
        return Ok(vec![Bundle { domain: None, roots: certificates(at(context, "trustedCa"))? }]);
    }
    let bundle = |domain: &Value| {
        let roots = certificates(at(domain, "trustBundle"))?;
        Ok(Bundle { domain: kept(at(domain, "name")), roots })
    };
    domains.iter().take(MAX_CERTIFICATES).map(bundle).collect()
}

/// The certificates of a DataSource.
fn certificates(source: &Value) -> Result<Vec<Foreign>, String> {
    let pem: Cow<'_, [u8]> = match (at(source, "inlineBytes").as_str(), at(source, "inlineString").as_str()) {
        (Some(base64), _) => from_base64(base64.as_bytes()).map_err(|_| "not base64".to_owned())?.into(),
        (None, Some(text)) => text.as_bytes().into(),
        (None, None) if source.get("filename").is_some() => {
            return Err("in a file, which the output does not show".to_owned());
        }
        (None, None) => return Err("nothing in the output".to_owned()),
    };
    parse(&pem)
}

fn parse(pem: &[u8]) -> Result<Vec<Foreign>, String> {
    let blocks = pem::decode_all(&pem::without_text(pem), "CERTIFICATE").map_err(|error| error.to_string())?;
    if blocks.len() > MAX_CERTIFICATES {
        return Err(format!("{} in one, more than {MAX_CERTIFICATES}", text::count(blocks.len(), "certificate")));
    }
    blocks.iter().map(|der| read::foreign(der).map_err(|error| error.to_string())).collect()
}

/// One identity for which a ztunnel holds a certificate.
fn of_ztunnel(entry: &Value) -> Workload {
    let mut workload = Workload { id: kept(at(entry, "identity")), ..Workload::default() };
    let state = kept(at(entry, "state")).unwrap_or_default();
    if state != "Available" {
        workload.faults.push(format!("its certificate: ztunnel says {state}"));
        return workload;
    }
    let all = |name: &str| {
        let each = list(entry, name).iter().take(MAX_CERTIFICATES).map(|one| in_ztunnel(at(one, "pem")));
        each.collect::<Result<Vec<_>, _>>().map(|lists| lists.concat())
    };
    match all("certChain") {
        Ok(chain) => workload.chain = chain,
        Err(why) => workload.faults.push(format!("its certificate: {why}")),
    }
    // Older ones do not say them.
    if at(entry, "rootCerts").is_array() {
        match all("rootCerts") {
            Ok(roots) => workload.bundles = Some(vec![Bundle { domain: None, roots }]),
            Err(why) => workload.faults.push(format!("its roots: {why}")),
        }
    }
    workload
}

/// PEM, or base64 of PEM: ztunnel has written both.
fn in_ztunnel(pem: &Value) -> Result<Vec<Foreign>, String> {
    let text = pem.as_str().ok_or("nothing in the output")?;
    match from_base64(text.as_bytes()) {
        Ok(decoded) => parse(&decoded),
        Err(_) => parse(text.as_bytes()),
    }
}

fn spiffe_id(chain: &[Foreign]) -> Option<String> {
    let names = chain.first()?.extensions.san.as_ref()?;
    names.uris.iter().find(|uri| uri.starts_with("spiffe://")).map(|uri| uri.chars().take(MAX_TEXT).collect())
}
