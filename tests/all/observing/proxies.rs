//! What proxies hold, in the form in which istioctl, Envoy and ztunnel print it. The form is that of their
//! documentation and of their own tests (envoy.admin.v3.SecretsConfigDump; istioctl's and ztunnel's configdump);
//! the certificates are this test's.

use crate::support::World;
use crate::workload::Workload;
use data_encoding::BASE64;
use serde_json::{Value, json};

const SECRET: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
/// What istioctl and Envoy write in a key's place.
const REDACTED: &str = "W3JlZGFjdGVkXQ==";

/// `istioctl proxy-config secret POD -o json`: leaf and chain, and roots, in PEM.
pub fn istioctl(chain: &[u8], roots: &[u8]) -> Value {
    dump(&json!({ "trustedCa": { "inlineBytes": BASE64.encode(roots) } }), chain)
}

/// The same of a proxy with SPIFFE's validator: roots for each trust domain.
pub fn istioctl_with_domains(chain: &[u8], domains: &[(&str, &[u8])]) -> Value {
    let domains = domains
        .iter()
        .map(|(name, roots)| json!({ "name": name, "trustBundle": { "inlineBytes": BASE64.encode(roots) } }));
    dump(
        &json!({ "trustedCa": {}, "customValidatorConfig": {
            "name": "envoy.tls.cert_validator.spiffe",
            "typedConfig": {
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig",
                "trustDomains": domains.collect::<Vec<_>>(),
            },
        } }),
        chain,
    )
}

fn dump(context: &Value, chain: &[u8]) -> Value {
    let secret = |name: &str, of: &str, value: &Value| {
        json!({
            "name": name, "versionInfo": "1", "lastUpdated": "2026-11-21T09:30:52.262Z",
            "secret": { "@type": SECRET, "name": name, of: value },
        })
    };
    let certificate = json!({
        "certificateChain": { "inlineBytes": BASE64.encode(chain) }, "privateKey": { "inlineBytes": REDACTED },
    });
    json!({ "dynamicActiveSecrets": [
        secret("default", "tlsCertificate", &certificate),
        secret("ROOTCA", "validationContext", context),
        secret("kubernetes://shop-credential", "tlsCertificate", &json!({})),
    ] })
}

/// The same dump as Envoy's own `/config_dump` has it: in snake_case, among others.
pub fn config_dump(of: &Value) -> Value {
    fn snake(value: &Value) -> Value {
        match value {
            Value::Array(list) => list.iter().map(snake).collect(),
            Value::Object(fields) => {
                let named = |(name, value): (&String, &Value)| {
                    let name = name.chars().map(|c| match c.is_ascii_uppercase() && name != "ROOTCA" {
                        true => format!("_{}", c.to_ascii_lowercase()),
                        false => c.to_string(),
                    });
                    (name.collect::<String>(), snake(value))
                };
                Value::Object(fields.iter().map(named).collect())
            }
            other => other.clone(),
        }
    }
    let mut secrets = snake(of);
    secrets["@type"] = json!("type.googleapis.com/envoy.admin.v3.SecretsConfigDump");
    json!({ "configs": [{ "@type": "type.googleapis.com/envoy.admin.v3.BootstrapConfigDump" }, secrets] })
}

/// One of `istioctl ztunnel-config certificate -o json`; `roots` is none as older ones print it.
pub fn ztunnel(id: &str, chain: &[u8], roots: Option<&[u8]>) -> Value {
    let certificates = |pem: &[u8]| {
        let text = String::from_utf8(pem.to_vec()).unwrap();
        let each = text.split_inclusive("-----END CERTIFICATE-----\n").map(|pem| {
            json!({
                "pem": BASE64.encode(pem.as_bytes()), "serialNumber": "305554775863395697262503895661564044819",
                "validFrom": "2026-11-21T13:02:57Z", "expirationTime": "2026-11-22T13:04:57Z",
            })
        });
        each.collect::<Vec<_>>()
    };
    let mut entry = json!({ "identity": id, "state": "Available", "certChain": certificates(chain) });
    if let Some(roots) = roots {
        entry["rootCerts"] = certificates(roots).into();
    }
    entry
}

/// What a workload's proxy shows when it has the leaf of one CA's directory and the roots of another's.
pub struct Proxy {
    pub chain: Vec<u8>,
    pub roots: Vec<u8>,
}

impl Proxy {
    pub fn new(world: &World, id: &str, leaf: &str, roots: &str) -> Self {
        let held = Workload::as_istiod_does(world, leaf, id);
        Self { chain: world.read(&held.chain), roots: world.read(format!("{roots}/root-cert.pem")) }
    }

    /// As istioctl prints it.
    pub fn shown(&self) -> Value {
        istioctl(&self.chain, &self.roots)
    }
}
