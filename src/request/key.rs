//! The public key of a request, taken apart before any library imports it: weak keys are refused by name.
//!
//! Pure arithmetic on public numbers. Sources: RFC 3279, RFC 5480, RFC 8410, NIST SP 800-57.

use crate::error::Error;
use crate::x509::strict::{self, Element};

/// A key's parts as they stand in its SubjectPublicKeyInfo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parts {
    /// RSA: modulus and exponent, big-endian magnitudes.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// An elliptic curve key.
    Ec {
        /// The curve by its dotted object identifier; `None` for explicit or absent parameters.
        curve: Option<String>,
        /// The point.
        point: Vec<u8>,
    },
    /// Ed25519: 32 bytes.
    Ed25519(Vec<u8>),
    /// Another kind, by its dotted object identifier.
    Other(String),
    /// Not what its algorithm promises; a sentence says why.
    Malformed(String),
}

/// Takes a SubjectPublicKeyInfo apart.
pub fn parts(spki: &[u8]) -> Parts {
    take_apart(spki).unwrap_or_else(|error| Parts::Malformed(error.to_string()))
}

fn take_apart(spki: &[u8]) -> Result<Parts, Error> {
    let malformed = |why: &str| Ok(Parts::Malformed(why.to_owned()));
    let fields = strict::inside(&strict::only(spki)?, strict::SEQUENCE, "a public key")?;
    let [algorithm, bits] = fields.as_slice() else { return malformed("its parts are not algorithm and bits") };
    let algorithm = strict::inside(algorithm, strict::SEQUENCE, "a key's algorithm")?;
    let [0, key @ ..] = bits.content else { return malformed("its bits are not whole octets") };
    let Some((oid, parameters)) = algorithm.split_first() else { return malformed("it names no algorithm") };
    match dotted(oid.content).as_str() {
        "1.2.840.113549.1.1.1" => {
            if !matches!(parameters, [one] if one.whole == [0x05, 0x00]) {
                return malformed("the parameters of an RSA key are not NULL");
            }
            rsa(key)
        }
        "1.2.840.10045.2.1" => {
            let curve = match parameters {
                [one] if one.tag == strict::OBJECT_IDENTIFIER => Some(dotted(one.content)),
                _ => None,
            };
            Ok(Parts::Ec { curve, point: key.to_vec() })
        }
        "1.3.101.112" if !parameters.is_empty() => malformed("an Ed25519 key has parameters"),
        "1.3.101.112" if key.len() != 32 => malformed("an Ed25519 key is not 32 bytes"),
        "1.3.101.112" => Ok(Parts::Ed25519(key.to_vec())),
        other => Ok(Parts::Other(other.to_owned())),
    }
}

fn rsa(key: &[u8]) -> Result<Parts, Error> {
    strict::check(key)?;
    let numbers = strict::inside(&strict::only(key)?, strict::SEQUENCE, "an RSA key")?;
    match numbers.as_slice() {
        [modulus, exponent] => match (positive(modulus), positive(exponent)) {
            (Some(modulus), Some(exponent)) => Ok(Parts::Rsa { modulus, exponent }),
            _ => Ok(Parts::Malformed("a number of an RSA key is not positive".to_owned())),
        },
        _ => Ok(Parts::Malformed("an RSA key is not modulus and exponent".to_owned())),
    }
}

/// The magnitude of a positive INTEGER.
fn positive(element: &Element<'_>) -> Option<Vec<u8>> {
    match (element.tag, element.content) {
        (strict::INTEGER, [0, magnitude @ ..]) if !magnitude.is_empty() => Some(magnitude.to_vec()),
        (strict::INTEGER, [first @ 1..=0x7f, rest @ ..]) => Some([&[*first], rest].concat()),
        _ => None,
    }
}

/// An object identifier's numbers with dots; a number above 64 bits is shown as such.
fn dotted(content: &[u8]) -> String {
    let mut numbers: Vec<String> = Vec::new();
    let mut value: Option<u64> = Some(0);
    for octet in content {
        value = value.and_then(|v| v.checked_mul(128)).map(|v| v | u64::from(octet & 0x7f));
        if octet & 0x80 != 0 {
            continue;
        }
        match (numbers.is_empty(), value) {
            (true, Some(v)) => {
                let first = (v / 40).min(2);
                numbers.extend([first.to_string(), (v - 40 * first).to_string()]);
            }
            (_, Some(v)) => numbers.push(v.to_string()),
            (_, None) => numbers.push("(large)".to_owned()),
        }
        value = Some(0);
    }
    numbers.join(".")
}

/// The length of a magnitude in bits.
pub fn bit_length(magnitude: &[u8]) -> usize {
    let Some(first) = magnitude.first() else { return 0 };
    magnitude.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0)
}

/// The smallest prime below 2,000 that divides a magnitude.
pub fn small_factor(magnitude: &[u8]) -> Option<u32> {
    (3..2_000u32).step_by(2).filter(|n| is_prime(*n)).find(|prime| remainder(magnitude, *prime) == 0)
}

fn is_prime(n: u32) -> bool {
    (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d))
}

fn remainder(magnitude: &[u8], divisor: u32) -> u32 {
    magnitude.iter().fold(0, |rest, octet| (rest << 8 | u32::from(*octet)) % divisor)
}

/// Encodings of Ed25519 points of small order: a signature under one of them verifies over any message.
///
/// The canonical ones and the non-canonical ones that a lenient decoder takes for them; the sign bit is ignored.
/// Source: Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020), table 5.
pub fn is_small_order(point: &[u8]) -> bool {
    let Ok(mut y) = <[u8; 32]>::try_from(point) else { return false };
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    let field = |low: u8| {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        bytes
    };
    let small = |low: u8| {
        let mut bytes = [0; 32];
        bytes[0] = low;
        bytes
    };
    // y = 0, 1, -1 (p-1), and the non-canonical p and p+1; then the two y of order 8.
    y == small(0)
        || y == small(1)
        || [0xec, 0xed, 0xee].into_iter().any(|low| y == field(low))
        || y == ORDER_8
        || y == ORDER_8_NEGATED
}

const ORDER_8: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac,
    0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];
const ORDER_8_NEGATED: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53,
    0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_factors_are_found_and_large_primes_are_not_accused() {
        assert_eq!(small_factor(&[0x0f, 0x00, 0x03]), Some(3));
        // 65537, a prime; and 1999 * 65537.
        assert_eq!(small_factor(&[0x01, 0x00, 0x01]), None);
        assert_eq!(small_factor(&(1_999u64 * 65_537).to_be_bytes()), Some(1_999));
        assert_eq!(bit_length(&[0x01, 0x00]), 9);
    }

    #[test]
    fn points_of_small_order_are_known_whatever_their_sign_bit() {
        let mut one = [0; 32];
        one[0] = 1;
        assert!(is_small_order(&one));
        one[31] = 0x80;
        assert!(is_small_order(&one));
        assert!(is_small_order(&ORDER_8));
        one[1] = 1;
        assert!(!is_small_order(&one));
        // The two of order 8 sum to the field's prime.
        let mut carry = 0u16;
        let sum: Vec<u8> = ORDER_8
            .iter()
            .zip(ORDER_8_NEGATED)
            .map(|(a, b)| {
                let total = u16::from(*a) + u16::from(b) + carry;
                carry = total >> 8;
                u8::try_from(total & 0xff).unwrap()
            })
            .collect();
        assert_eq!((sum[0], sum[31]), (0xed, 0x7f));
        assert!(sum[1..31].iter().all(|b| *b == 0xff));
    }

    #[test]
    fn object_identifiers_are_shown_with_dots() {
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), "1.2.840.10045.2.1");
        assert_eq!(dotted(&[0x88, 0x37, 0x03]), "2.999.3");
    }
}
