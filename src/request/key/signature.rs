//! Signature values that are none, or that are written as no signer writes them: looked for before a library is
//! asked, so that a refusal can say what was tried.
//!
//! An ECDSA signature (r, s) has a twin (r, n - s) that verifies as well, and anyone can make it. That is no
//! fault of a request: requests are told apart by their key, never by their file's digest (`policy.key.again`,
//! `policy.key.elsewhere`). Sources: FIPS 186-5, RFC 8017 section 8.2.2, RFC 8032 section 5.1.7, SEC 1 appendix C.8.

use super::Parts;
use crate::x509::strict;
use num_bigint::BigUint;

/// What is wrong with a signature value, whatever was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A number that no signature has: a verifier that does not look takes it for any message.
    Degenerate(String),
    /// A form that no signer writes: another writing of a signature, which only a lenient verifier takes.
    Uncanonical(String),
}

/// Looks at a signature value as a request holds it; `None` where only verifying it can tell.
pub fn fault(parts: &Parts, signature: &[u8]) -> Option<Fault> {
    match parts {
        Parts::Ec { curve, .. } => ecdsa(order(curve.as_deref()?)?, signature),
        Parts::Rsa { modulus, .. } => rsa(modulus, signature),
        Parts::Ed25519(_) => ed25519(signature),
        Parts::Other(_) | Parts::Malformed(_) => None,
    }
}

/// The order of the base point of a curve, by its object identifier (SP 800-186 section 3.2.1).
fn order(curve: &str) -> Option<BigUint> {
    let hex: &[u8] = match curve {
        "1.2.840.10045.3.1.7" => b"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        "1.3.132.0.34" => {
            b"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
        "1.3.132.0.35" => {
            b"01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
        }
        _ => return None,
    };
    BigUint::parse_bytes(hex, 16)
}

/// Ecdsa-Sig-Value (RFC 5480 appendix A): r and s, each from 1 to the order less 1.
fn ecdsa(order: BigUint, signature: &[u8]) -> Option<Fault> {
    let Some([r, s]) = two_numbers(signature) else {
        return Some(Fault::Uncanonical("an ECDSA signature that is not two numbers in DER".to_owned()));
    };
    for (name, number) in [("r", r), ("s", s)] {
        let wrong = match number {
            None => "negative",
            Some(number) if number.bits() == 0 => "zero",
            Some(number) if number >= order => "not below the order of the curve",
            Some(_) => continue,
        };
        return Some(Fault::Degenerate(format!("{name} is {wrong}")));
    }
    None
}

/// The two INTEGERs of a SEQUENCE in strict DER; a negative one is `None`.
fn two_numbers(der: &[u8]) -> Option<[Option<BigUint>; 2]> {
    strict::check(der).ok()?;
    let fields = strict::inside(&strict::only(der).ok()?, strict::SEQUENCE, "an ECDSA signature").ok()?;
    let [r, s] = fields.as_slice() else { return None };
    if (r.tag, s.tag) != (strict::INTEGER, strict::INTEGER) {
        return None;
    }
    let number = |content: &[u8]| {
        let negative = content.first().is_some_and(|first| *first >= 0x80);
        (!negative).then(|| BigUint::from_bytes_be(content))
    };
    Some([number(r.content), number(s.content)])
}

/// As long as the modulus, below it, and not one of the numbers that are their own power.
fn rsa(modulus: &[u8], signature: &[u8]) -> Option<Fault> {
    if signature.len() != modulus.len() {
        let lengths = format!("{} bytes under a modulus of {}", signature.len(), modulus.len());
        return Some(Fault::Uncanonical(lengths));
    }
    let (modulus, signature) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(signature));
    if signature >= modulus {
        return Some(Fault::Uncanonical("a number not below the modulus".to_owned()));
    }
    let fixed = signature.bits() < 2 || signature + 1u8 == modulus;
    fixed.then(|| Fault::Degenerate("0, 1 or the modulus less 1".to_owned()))
}

/// R and S: 64 bytes, S below the order of the group, so that S plus the order is no second signature.
fn ed25519(signature: &[u8]) -> Option<Fault> {
    let Some(s) = signature.get(32..).filter(|_| signature.len() == 64) else {
        return Some(Fault::Uncanonical(format!("{} bytes instead of 64", signature.len())));
    };
    let order = (BigUint::from(1u8) << 252u8) + ED25519_ORDER_LOW;
    let above = BigUint::from_bytes_le(s) >= order;
    above.then(|| Fault::Uncanonical("S is not below the order of the group".to_owned()))
}

/// The order of the group of Edwards25519 less 2^252 (RFC 8032 section 5.1).
const ED25519_ORDER_LOW: u128 = 27_742_317_777_372_353_535_851_937_790_883_648_493;
