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

#[cfg(test)]
mod tests {
    use super::*;

    const P256: &str = "1.2.840.10045.3.1.7";
    const CURVES: [&str; 3] = [P256, "1.3.132.0.34", "1.3.132.0.35"];

    fn curve(oid: &str) -> Parts {
        Parts::Ec { curve: Some(oid.to_owned()), point: Vec::new() }
    }

    /// DER of two INTEGERs, negative ones as their bytes say.
    fn pair(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |content: &[u8]| {
            let positive = content.first().is_some_and(|first| *first >= 0x80);
            let content = if positive { [&[0], content].concat() } else { content.to_vec() };
            [&[2, u8::try_from(content.len()).unwrap()], content.as_slice()].concat()
        };
        let both = [integer(r), integer(s)].concat();
        let header = match u8::try_from(both.len()).unwrap() {
            length @ 0..=0x7f => vec![0x30, length],
            length => vec![0x30, 0x81, length],
        };
        [header, both].concat()
    }

    fn degenerate(what: &str) -> Option<Fault> {
        Some(Fault::Degenerate(what.to_owned()))
    }

    #[test]
    fn ecdsa_numbers_are_from_one_to_the_order_less_one() {
        for oid in CURVES {
            let order = order(oid).unwrap();
            let last = (&order - 1u8).to_bytes_be();
            let order = order.to_bytes_be();
            let key = curve(oid);
            assert_eq!(fault(&key, &pair(&[1], &last)), None);
            assert_eq!(fault(&key, &pair(&last, &[1])), None);
            assert_eq!(fault(&key, &pair(&[0], &[0])), degenerate("r is zero"));
            assert_eq!(fault(&key, &pair(&[1], &[0])), degenerate("s is zero"));
            assert_eq!(fault(&key, &pair(&order, &[1])), degenerate("r is not below the order of the curve"));
            assert_eq!(fault(&key, &pair(&[1], &order)), degenerate("s is not below the order of the curve"));
        }
        assert_eq!(fault(&curve(P256), &[0x30, 6, 2, 1, 0xff, 2, 1, 1]), degenerate("r is negative"));
        assert_eq!(fault(&curve("1.3.132.0.10"), &pair(&[0], &[0])), None, "another rule refuses the curve");
    }

    #[test]
    fn what_is_not_two_numbers_in_der_is_not_canonical() {
        let good = pair(&[1], &[1]);
        let long = [&[0x30, 0x81], &good[1..]].concat();
        let three = [&[0x30, 9], &good[2..], &[2, 1, 1]].concat();
        let padded = vec![0x30, 7, 2, 2, 0, 1, 2, 1, 1];
        let trailing = [&good[..], &[0]].concat();
        let others = vec![0x30, 6, 4, 1, 1, 4, 1, 1];
        for der in [Vec::new(), long, three, padded, trailing, others] {
            assert!(matches!(fault(&curve(P256), &der), Some(Fault::Uncanonical(_))), "{der:02x?}");
        }
    }

    #[test]
    fn rsa_signatures_are_as_long_as_the_modulus_below_it_and_no_fixed_number() {
        let key = Parts::Rsa { modulus: vec![0xc0, 0x01], exponent: vec![1, 0, 1] };
        assert_eq!(fault(&key, &[0x12, 0x34]), None);
        assert_eq!(fault(&key, &[0xbf, 0xff]), None);
        for longer in [&[0x12][..], &[0, 0x12, 0x34], &[0xc0, 0x01], &[0xff, 0xff]] {
            assert!(matches!(fault(&key, longer), Some(Fault::Uncanonical(_))), "{longer:02x?}");
        }
        for fixed in [[0, 0], [0, 1], [0xc0, 0]] {
            assert_eq!(fault(&key, &fixed), degenerate("0, 1 or the modulus less 1"));
        }
    }

    #[test]
    fn an_ed25519_signature_plus_the_order_is_not_canonical() {
        let key = Parts::Ed25519(vec![0; 32]);
        let order = (BigUint::from(1u8) << 252u8) + ED25519_ORDER_LOW;
        let with = |s: &BigUint| [vec![7; 32], s.to_bytes_le()].concat();
        assert_eq!(fault(&key, &with(&(&order - 1u8))), None);
        assert!(matches!(fault(&key, &with(&order)), Some(Fault::Uncanonical(_))));
        assert!(matches!(fault(&key, &[7; 63]), Some(Fault::Uncanonical(_))));
    }
}
