//! The public key of a request, taken apart before any library imports it: weak keys are refused by name.
//!
//! Pure arithmetic on public numbers, bounded in time whatever they are: [`rsa`] moduli and what they share,
//! points of [`curve`]s, [`signature`] values, and keys whose private half was [published](known).
//! Sources: RFC 3279, RFC 5480, RFC 8410, NIST SP 800-57.

pub mod curve;
pub mod known;
pub mod rsa;
pub mod signature;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_in_bits() {
        assert_eq!([&[][..], &[0x01], &[0xff], &[0x01, 0x00]].map(bit_length), [0, 1, 8, 9]);
    }

    #[test]
    fn object_identifiers_are_shown_with_dots() {
        assert_eq!(dotted(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), "1.2.840.10045.2.1");
        assert_eq!(dotted(&[0x88, 0x37, 0x03]), "2.999.3");
    }
}
