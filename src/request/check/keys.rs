//! Checks of a request's key, its hash and its proof of possession.

use super::{Request, Seen, seen};
use crate::key::KeySpec;
use crate::request::key::{self, Parts};
use crate::x509::{SignatureAlgorithm, verify};

pub(super) fn kind(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Other(oid) => seen(format!("algorithm {oid}"), "RSA, ECDSA or Ed25519"),
        Parts::Malformed(why) => seen(why, "a well-formed public key"),
        _ => Vec::new(),
    }
}

fn allowed(request: &Request<'_>, wanted: impl Fn(KeySpec) -> bool) -> String {
    let names: Vec<&str> = request.policy.keys.iter().filter(|spec| wanted(**spec)).map(|spec| spec.title()).collect();
    if names.is_empty() { "none of this kind".to_owned() } else { names.join(", ") }
}

pub(super) fn rsa_size(request: &Request<'_>) -> Vec<Seen> {
    let Parts::Rsa { modulus, .. } = &request.parts else { return Vec::new() };
    let bits = key::bit_length(modulus);
    if request.policy.keys.iter().any(|spec| spec.rsa_bits() == Some(bits)) {
        return Vec::new();
    }
    seen(format!("RSA of {bits} bits"), allowed(request, |spec| spec.rsa_bits().is_some()))
}

pub(super) fn rsa_exponent(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Rsa { exponent, .. } if exponent.as_slice() != [1, 0, 1] => {
            let shown = match exponent.as_slice() {
                [_] | [_, _] | [_, _, _] => exponent.iter().fold(0, |n, octet| n << 8 | u32::from(*octet)).to_string(),
                long => format!("a number of {} bits", key::bit_length(long)),
            };
            seen(format!("exponent {shown}"), "65537")
        }
        _ => Vec::new(),
    }
}

pub(super) fn rsa_even(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Rsa { modulus, .. } if modulus.last().is_some_and(|last| last & 1 == 0) => {
            seen("an even modulus", "a product of two odd primes")
        }
        _ => Vec::new(),
    }
}

pub(super) fn small_factor(request: &Request<'_>) -> Vec<Seen> {
    let Parts::Rsa { modulus, .. } = &request.parts else { return Vec::new() };
    let factor = key::small_factor(modulus);
    factor.map_or_else(Vec::new, |factor| {
        seen(format!("a modulus that {factor} divides"), "a product of two large primes")
    })
}

pub(super) fn curve(request: &Request<'_>) -> Vec<Seen> {
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

pub(super) fn point(request: &Request<'_>) -> Vec<Seen> {
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
        (Parts::Ed25519(point), _) if key::is_small_order(point) => {
            seen("a point of small order", "a point of prime order")
        }
        (Parts::Ec { .. } | Parts::Ed25519(_), Some(spki)) if verify::importable(spki).is_err() => {
            seen("a point that is not on its curve", "a point on its curve")
        }
        _ => Vec::new(),
    }
}

pub(super) fn ed25519(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Ed25519(_) if !request.policy.keys.contains(&KeySpec::Ed25519) => {
            seen(KeySpec::Ed25519.title(), allowed(request, |_| true))
        }
        _ => Vec::new(),
    }
}

pub(super) fn hash(request: &Request<'_>) -> Vec<Seen> {
    let oid = request.view.algorithm_oid.as_str();
    if SignatureAlgorithm::from_oid(oid).is_ok() {
        return Vec::new();
    }
    let weak = match oid {
        "1.2.840.113549.1.1.4" => "RSA with MD5",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "RSA with SHA-1",
        "1.2.840.113549.1.1.14" => "RSA with SHA-224",
        "1.2.840.10045.4.1" => "ECDSA with SHA-1",
        "1.2.840.10045.4.3.1" => "ECDSA with SHA-224",
        other => return seen(format!("algorithm {other}"), "RSA (PKCS#1 v1.5), ECDSA or Ed25519"),
    };
    seen(weak, "SHA-256 or better")
}

pub(super) fn parameters(request: &Request<'_>) -> Vec<Seen> {
    let known = SignatureAlgorithm::from_oid(&request.view.algorithm_oid).is_ok();
    if known && !request.view.algorithm_parameters_ok {
        return seen("other parameters", "NULL for RSA, none otherwise");
    }
    Vec::new()
}

pub(super) fn proof_of_possession(request: &Request<'_>) -> Vec<Seen> {
    let wanted = "a signature by the request's own key";
    let Some(spki) = request.spki else { return seen("a key that no signature can be checked with", wanted) };
    let Ok(algorithm) = SignatureAlgorithm::from_oid(&request.view.algorithm_oid) else {
        return seen("an algorithm that is not checked", wanted);
    };
    match verify::signature(spki, algorithm, &request.view.info, &request.view.signature) {
        Ok(()) => Vec::new(),
        Err(error) => seen(error.what(), wanted),
    }
}
