//! Checks of a request's key, whatever its kind; those of RSA numbers are beside.

use super::{Check, Request, Seen, refuse, seen};
use crate::key::KeySpec;
use crate::request::key::{Parts, curve, known};
use crate::x509::{SignatureAlgorithm, verify};

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: refuse(
            "request.key.kind",
            "The key is RSA, ECDSA or Ed25519, and well formed.",
            "RFC 3279; RFC 5480; RFC 8410",
            "make a key of an allowed kind: anchorite request NAME makes ECDSA P-384",
        ),
        look: kind,
    },
    Check {
        rule: refuse(
            "request.key.curve",
            "An elliptic curve key is on a named curve that the authority allows.",
            "RFC 5480 section 2.1.1; CVE-2020-0601; authority.toml",
            "make a key on an allowed curve, named and not spelled out",
        ),
        look: named_curve,
    },
    Check {
        rule: refuse(
            "request.key.point",
            "An elliptic curve key is an uncompressed point on its curve, and not of small order.",
            "RFC 5480 section 2.2; SP 800-56A revision 3 section 5.6.2.3",
            "the key is broken or in an unusual form: write it uncompressed, or make a new one",
        ),
        look: point,
    },
    Check {
        rule: refuse(
            "request.key.not-allowed",
            "An Ed25519 key is allowed only where the authority lists it.",
            "authority.toml",
            "make a key of an allowed kind, or have the authority's configuration list this one",
        ),
        look: ed25519,
    },
    Check {
        rule: refuse(
            "request.key.published",
            "The private key was never published: in a standard's examples, in samples or tests, or as a number that \
             anyone tries first.",
            "RFC 9500; CA/Browser Forum BR 6.1.1.3 (known weak private keys); src/request/key/known-keys.txt",
            "make a new key, and look where else this one is in use: anyone can act as its holder there",
        ),
        look: published,
    },
];

fn kind(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Other(oid) if oid == SignatureAlgorithm::MlDsa65.oid() => {
            seen("ML-DSA-65, which only an experimental root has", "RSA, ECDSA or Ed25519")
        }
        Parts::Other(oid) => seen(format!("algorithm {oid}"), "RSA, ECDSA or Ed25519"),
        Parts::Malformed(why) => seen(why, "a well-formed public key"),
        _ => Vec::new(),
    }
}

pub(super) fn allowed(request: &Request<'_>, wanted: impl Fn(KeySpec) -> bool) -> String {
    let names: Vec<&str> = request.policy.keys.iter().filter(|spec| wanted(**spec)).map(|spec| spec.title()).collect();
    if names.is_empty() { "none of this kind".to_owned() } else { names.join(", ") }
}

fn named_curve(request: &Request<'_>) -> Vec<Seen> {
    let Parts::Ec { curve, .. } = &request.parts else { return Vec::new() };
    let elliptic = |spec: KeySpec| matches!(spec, KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521);
    let spec = match curve.as_deref() {
        Some("1.2.840.10045.3.1.7") => Some(KeySpec::EcdsaP256),
        Some("1.3.132.0.34") => Some(KeySpec::EcdsaP384),
        Some("1.3.132.0.35") => Some(KeySpec::EcdsaP521),
        _ => None,
    };
    if spec.is_some_and(|spec| request.policy.keys.contains(&spec)) {
        return Vec::new();
    }
    let observed = match (spec, curve) {
        (Some(spec), _) => spec.title().to_owned(),
        (None, Some(oid)) => format!("curve {oid}"),
        (None, None) => "explicit or absent curve parameters".to_owned(),
    };
    seen(observed, allowed(request, elliptic))
}

fn point(request: &Request<'_>) -> Vec<Seen> {
    match (&request.parts, request.spki) {
        (Parts::Ec { point, .. }, _) if point.first() != Some(&0x04) => {
            let form = match point.first() {
                Some(0x02 | 0x03) => "a compressed point",
                Some(0x06 | 0x07) => "a hybrid point",
                Some(0x00) => "the point at infinity",
                _ => "no point",
            };
            seen(form, "an uncompressed point")
        }
        (Parts::Ed25519(point), _) if curve::is_small_order(point) => {
            seen("a point of small order", "a point of prime order")
        }
        (Parts::Ec { .. } | Parts::Ed25519(_), Some(spki)) if verify::importable(spki).is_err() => {
            seen("a point that is not on its curve", "a point on its curve")
        }
        _ => Vec::new(),
    }
}

fn ed25519(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Ed25519(_) if !request.policy.keys.contains(&KeySpec::Ed25519) => {
            seen(KeySpec::Ed25519.title(), allowed(request, |_| true))
        }
        _ => Vec::new(),
    }
}

fn published(request: &Request<'_>) -> Vec<Seen> {
    let at = known::published(&request.view.spki_der);
    at.map_or_else(Vec::new, |at| seen(format!("a key whose private half is public: {at}"), "a key of its own"))
}
