//! A request package: `request.json`, a NUL, `request.sig`. What parses is well formed in every name, and a
//! signature counts only over the bytes that were read.

use anchorite::name::{check_label, check_trust_domain};
use anchorite::request::{self, KeyPolicy, package};
use anchorite::text;

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let json = parts.next().unwrap_or_default();
    let signature = parts.next().unwrap_or_default();
    let package = match package::parse(json) {
        Ok(package) => package,
        Err(error) => return assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}"),
    };
    check_label("cluster name", &package.cluster).unwrap();
    check_label("environment", &package.environment).unwrap();
    check_trust_domain(&package.trust_domain).unwrap();
    package::check_recipients(&package.recipients).unwrap();
    let Ok(inspected) = request::inspect(package.csr.as_bytes(), &KeyPolicy::default()) else { return };
    let Some(spki) = &inspected.spki else { return };
    let _ = package::check_renewal(json, &package, signature, spki);
    if package::check_signature(json, signature, spki).is_ok() {
        let mut other = json.to_vec();
        other.push(b' ');
        assert!(package::check_signature(&other, signature, spki).is_err());
    }
}
