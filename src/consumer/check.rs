//! Would a mesh work with these four files? The rules are a table; each finding is one rule that fired.
//!
//! Measured with istiod's own verification functions (Istio 1.32 development), Envoy 1.40 and rustls-webpki
//! with ztunnel's policy.

use crate::digest::Digest;
use crate::finding::{Finding, Rule, Severity};
use crate::x509::keygen::LocalKey;
use crate::x509::pem;
use crate::x509::read::{self, Certificate, CertificateView, show_name};
use crate::x509::verify::{self as x509, Purpose};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

const MEASURED: &str = "measured: istiod (Istio 1.32 development), Envoy 1.40, rustls-webpki with ztunnel's policy";
/// extKeyUsage serverAuth and clientAuth: both or none.
const PEER_USES: [&str; 2] = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $says:literal, $hint:literal;)*) => {
        $(static $name: Rule = Rule { id: $id, severity: Severity::$severity, says: $says, source: MEASURED, hint: $hint };)*
        /// Every rule of this table.
        pub static RULES: &[&Rule] = &[$(&$name,)*];
    };
}

rules! {
    UNREADABLE = "consumer.pem.unreadable", Refuse,
        "each file holds PEM blocks of its kind, each on lines of its own",
        "open the bundle again; two blocks glued without a newline are refused by istiod";
    NEWLINE = "consumer.pem.final-newline", Refuse,
        "each file ends with a newline",
        "add it: consumers join these files, and blocks glued together are refused";
    NOT_CA = "consumer.certificate.not-a-ca", Refuse,
        "the intermediate is a CA that may sign certificates",
        "an end-entity certificate, or one without keyCertSign: istiod may start, workloads are rejected";
    EKU = "consumer.certificate.extended-key-usage", Refuse,
        "a CA has no extended key usage, or serverAuth and clientAuth both",
        "Envoy and ztunnel reject anyExtendedKeyUsage and a lone serverAuth";
    URI = "consumer.certificate.uri-constraint", Warn,
        "no URI name constraint where ztunnel is used",
        "ztunnel rejects every URI constraint; sidecars accept it";
    POLICIES = "consumer.certificate.critical-policies", Refuse,
        "certificatePolicies are not critical",
        "ztunnel rejects critical policies";
    EARLY = "consumer.certificate.not-yet-valid", Warn,
        "the intermediate is valid already",
        "istiod refuses it until then; check the clocks";
    EXPIRED = "consumer.certificate.expired", Refuse,
        "the intermediate is still valid",
        "make a renewal: anchorite request NAME --renew";
    FIRST = "consumer.chain.first", Refuse,
        "cert-chain.pem begins with the intermediate of ca-cert.pem",
        "with any other file istiod starts and workloads are rejected";
    PATH = "consumer.chain.path", Refuse,
        "the intermediate leads to a root of root-cert.pem through cert-chain.pem",
        "the chain lacks an issuer, or the root is another authority's";
    NOT_ROOT = "consumer.root.not-self-signed", Refuse,
        "root-cert.pem holds self-signed roots only",
        "intermediates belong into cert-chain.pem";
    ROOT_TWICE = "consumer.root.twice", Warn,
        "root-cert.pem holds each root once",
        "it works; outside of a rollover's second stage it is a mistake";
    ROOT_PATH = "consumer.root.path-length", Refuse,
        "a root has no path length, or room for its intermediates",
        "istiod starts and peers written in Go fail";
    SAME_NAME = "consumer.root.same-name", Refuse,
        "CAs of the same name have key identifiers",
        "Envoy takes the wrong one and fails with BAD_SIGNATURE";
    KEY_FORM = "consumer.key.unusable", Refuse,
        "ca-key.pem is one unencrypted private key in PEM",
        "PKCS#8, PKCS#1 or SEC1, without EC PARAMETERS before it";
    KEY_OTHER = "consumer.key.other", Refuse,
        "ca-key.pem is the key of ca-cert.pem",
        "this certificate answers another request: open the bundle where the key was made";
}

/// The files of one cluster, as they stand on disk.
#[derive(Clone, Copy)]
pub struct CaFiles<'a> {
    /// `ca-cert.pem`: the intermediate.
    pub ca_cert: &'a [u8],
    /// `ca-key.pem`, where it is at hand.
    pub ca_key: Option<&'a SecretString>,
    /// `cert-chain.pem`: the intermediate, then the rest of its chain.
    pub cert_chain: &'a [u8],
    /// `root-cert.pem`: all current roots.
    pub root_cert: &'a [u8],
}

/// Holds the files against every rule; without a finding of weight refuse, istiod starts and a mesh works.
pub fn check(files: &CaFiles<'_>, now: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let named = [
        ("ca-cert.pem", files.ca_cert),
        ("cert-chain.pem", files.cert_chain),
        ("root-cert.pem", files.root_cert),
        ("ca-key.pem", files.ca_key.map_or(&b"\n"[..], |key| key.expose_secret().as_bytes())),
    ];
    for (name, bytes) in named {
        if !bytes.ends_with(b"\n") {
            findings.push(NEWLINE.finding(name, "a newline at the end"));
        }
    }
    let mut read_all = |name: &str, bytes: &[u8]| {
        let blocks = pem::decode_all(bytes, "CERTIFICATE");
        let read = blocks.and_then(|blocks| blocks.iter().map(|der| read::certificate(der)).collect());
        read.unwrap_or_else(|error| {
            findings.push(UNREADABLE.finding(format!("{name}: {error}"), "certificates in PEM"));
            Vec::new()
        })
    };
    let own = read_all("ca-cert.pem", files.ca_cert);
    let chain = read_all("cert-chain.pem", files.cert_chain);
    let roots = read_all("root-cert.pem", files.root_cert);
    let [certificate] = own.as_slice() else {
        if !own.is_empty() {
            findings.push(UNREADABLE.finding(format!("ca-cert.pem: {} certificates", own.len()), "one"));
        }
        return findings;
    };
    check_certificate(&certificate.view, now, &mut findings);
    check_chain(certificate, &chain, &roots, now, &mut findings);
    check_roots(&roots, &mut findings);
    if let Some(key) = files.ca_key {
        check_key(key, certificate, &mut findings);
    }
    findings
}

fn check_certificate(view: &CertificateView, now: Timestamp, findings: &mut Vec<Finding>) {
    if !view.is_ca() || !view.may("keyCertSign") {
        findings.push(NOT_CA.finding(show_name(&view.subject), "CA:TRUE and keyCertSign"));
    }
    if let Some(eku) = &view.extended_key_usage
        && !PEER_USES.iter().all(|both| eku.purposes.iter().any(|there| there == both))
    {
        findings.push(EKU.finding(eku.purposes.join(", "), "none, or serverAuth and clientAuth"));
    }
    if let Some(constraints) = &view.name_constraints {
        let mut uris = constraints.permitted.iter().chain(&constraints.excluded).filter(|c| c.starts_with("URI:"));
        if let Some(uri) = uris.next() {
            findings.push(URI.finding(uri, "no URI constraint"));
        }
    }
    if view.policies.as_ref().is_some_and(|policies| policies.critical) {
        findings.push(POLICIES.finding("critical certificatePolicies", "none, or not critical"));
    }
    if now < view.not_before {
        findings.push(EARLY.finding(format!("valid from {}", view.not_before), format!("valid at {now}")));
    }
    if now > view.not_after {
        findings.push(EXPIRED.finding(format!("expired {}", view.not_after), format!("valid at {now}")));
    }
}

fn check_chain(
    certificate: &Certificate,
    chain: &[Certificate],
    roots: &[Certificate],
    now: Timestamp,
    findings: &mut Vec<Finding>,
) {
    if let Some(first) = chain.first().filter(|first| first.der != certificate.der) {
        findings.push(FIRST.finding(show_name(&first.view.subject), show_name(&certificate.view.subject)));
    }
    if chain.is_empty() || roots.is_empty() {
        return;
    }
    // Its own times are rules of their own; here the path is asked for.
    let at = now.clamp(certificate.view.not_before, certificate.view.not_after);
    if let Err(error) = x509::chain(certificate, chain, roots, at, Purpose::Authority) {
        findings.push(PATH.finding(error.to_string(), "a path to a root of root-cert.pem"));
    }
}

fn check_roots(roots: &[Certificate], findings: &mut Vec<Finding>) {
    for (position, root) in roots.iter().enumerate() {
        let shown = || format!("{}, sha256 {}", show_name(&root.view.subject), Digest::of(&root.der).short());
        if x509::issued_by(root, root).is_err() {
            findings.push(NOT_ROOT.finding(shown(), "a certificate issued by itself"));
        }
        if root.view.path_len() == Some(0) {
            findings.push(ROOT_PATH.finding("pathlen 0", "none"));
        }
        for before in roots.iter().take(position) {
            if before.der == root.der {
                findings.push(ROOT_TWICE.finding(shown(), "once"));
            } else if before.view.subject_der == root.view.subject_der
                && (before.view.subject_key_id.is_none() || root.view.subject_key_id.is_none())
            {
                findings.push(SAME_NAME.finding(shown(), "a subject key identifier in each"));
            }
        }
    }
}

fn check_key(key: &SecretString, certificate: &Certificate, findings: &mut Vec<Finding>) {
    match LocalKey::from_pem(key) {
        Err(error) => findings.push(KEY_FORM.finding(error.to_string(), "one private key that istiod reads")),
        Ok(key) if *key.spki() != certificate.view.spki => {
            findings.push(KEY_OTHER.finding(
                format!("spki sha256 {}", key.spki().sha256().short()),
                format!("spki sha256 {}", certificate.view.spki.sha256().short()),
            ));
        }
        Ok(_) => {}
    }
}
