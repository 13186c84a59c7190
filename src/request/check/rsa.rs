//! Checks of an RSA key's numbers.

use super::keys::allowed;
use super::{Check, Request, Seen, refuse, seen};
use crate::request::key::{self, Parts, rsa};
use num_bigint::BigUint;

/// What to do about a modulus that a broken generator made.
const BROKEN: &str = "the key is broken: make a new one with another tool; warn whoever uses keys of the same tool";

pub(super) static CHECKS: &[Check] = &[
    Check {
        rule: refuse(
            "request.key.rsa-size",
            "An RSA modulus has a length that the authority allows; 2048 bits only where it is listed.",
            "NIST SP 800-57 part 1 revision 5 section 5.6; authority.toml",
            "make a key of 3072 or 4096 bits, or one on P-256",
        ),
        look: size,
    },
    Check {
        rule: refuse(
            "request.key.rsa-exponent",
            "An RSA exponent is 65537.",
            "Bleichenbacher 2006 (exponent 3); Wiener 1990 (small private exponent)",
            "make a key with the usual exponent; every current tool does",
        ),
        look: exponent,
    },
    Check {
        rule: refuse("request.key.rsa-even", "An RSA modulus is odd.", "RFC 8017 section 3.1", BROKEN),
        look: even,
    },
    Check {
        rule: refuse(
            "request.key.small-factor",
            "An RSA modulus has no prime factor up to 65537.",
            "RFC 8017 section 3.1; CA/Browser Forum BR 6.1.6 (no factors smaller than 752)",
            "the key is broken, or a bit of it was flipped on its way: make the request again, and if that fails a new key",
        ),
        look: small_factor,
    },
    Check {
        rule: refuse(
            "request.key.rsa-power",
            "An RSA modulus is a product of two different primes, not a square or another power.",
            "RFC 8017 section 3.1; CA/Browser Forum BR 6.1.6 (not the power of a prime)",
            BROKEN,
        ),
        look: power,
    },
    Check {
        rule: refuse(
            "request.key.rsa-prime",
            "An RSA modulus is not itself prime.",
            "RFC 8017 section 3.1; Miller 1976, Rabin 1980",
            BROKEN,
        ),
        look: prime,
    },
    Check {
        rule: refuse(
            "request.key.close-primes",
            "The primes of an RSA modulus are not so close that Fermat's method finds them in 100 steps.",
            "CVE-2022-26320; CA/Browser Forum BR 6.1.1.3; FIPS 186-5 appendix A.1.3",
            "anyone can compute the private key: make a new one with another tool (Rambus' SafeZone library, in some \
             printers and devices, makes such keys), and replace every key that this one made",
        ),
        look: close_primes,
    },
    Check {
        rule: refuse(
            "request.key.roca",
            "An RSA modulus does not bear the mark of Infineon's broken generator.",
            "CVE-2017-15361; Nemec and others 2017, The Return of Coppersmith's Attack, section 3.2",
            "the private key can be computed: make a new one off that chip or token, or update its firmware first, and \
             replace every key that it made",
        ),
        look: roca,
    },
    Check {
        rule: refuse(
            "request.key.rsa-pattern",
            "An RSA modulus looks random: no byte 16 times in a row, 40 to 60 in 100 of its bits set.",
            "badkeys 2024 (repeated bytes, zero bytes in keys of faulty generators)",
            BROKEN,
        ),
        look: pattern,
    },
];

fn size(request: &Request<'_>) -> Vec<Seen> {
    let Parts::Rsa { modulus, .. } = &request.parts else { return Vec::new() };
    let bits = key::bit_length(modulus);
    if request.policy.keys.iter().any(|spec| spec.rsa_bits() == Some(bits)) {
        return Vec::new();
    }
    seen(format!("RSA of {bits} bits"), allowed(request, |spec| spec.rsa_bits().is_some()))
}

fn exponent(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Rsa { exponent, .. } if exponent.as_slice() != [1, 0, 1] => {
            let shown = match exponent.as_slice() {
                [_] | [_, _] | [_, _, _] => {
                    format!("exponent {}", exponent.iter().fold(0, |n, octet| n << 8 | u32::from(*octet)))
                }
                long => format!("an exponent of {} bits", key::bit_length(long)),
            };
            seen(shown, "exponent 65537")
        }
        _ => Vec::new(),
    }
}

fn even(request: &Request<'_>) -> Vec<Seen> {
    match &request.parts {
        Parts::Rsa { modulus, .. } if modulus.last().is_some_and(|last| last & 1 == 0) => {
            seen("an even modulus", "a product of two odd primes")
        }
        _ => Vec::new(),
    }
}

/// The modulus where it is worth looking into.
fn modulus(request: &Request<'_>) -> Option<BigUint> {
    match &request.parts {
        Parts::Rsa { modulus, .. } => rsa::modulus(modulus),
        _ => None,
    }
}

const TWO_PRIMES: &str = "a product of two large primes, drawn at random";

fn small_factor(request: &Request<'_>) -> Vec<Seen> {
    let found = modulus(request).and_then(|n| rsa::small_factor(&n));
    found.map_or_else(Vec::new, |factor| seen(format!("a modulus that {factor} divides"), TWO_PRIMES))
}

fn power(request: &Request<'_>) -> Vec<Seen> {
    let found = modulus(request).and_then(|n| rsa::power(&n));
    found.map_or_else(Vec::new, |exponent| {
        let which =
            if exponent == 2 { "a perfect square".to_owned() } else { format!("a perfect power of {exponent}") };
        seen(which, TWO_PRIMES)
    })
}

fn prime(request: &Request<'_>) -> Vec<Seen> {
    match modulus(request) {
        Some(n) if rsa::is_prime(&n) => seen("a prime modulus", TWO_PRIMES),
        _ => Vec::new(),
    }
}

fn close_primes(request: &Request<'_>) -> Vec<Seen> {
    let found = modulus(request).and_then(|n| rsa::close_primes(&n));
    found.map_or_else(Vec::new, |step| seen(format!("primes found in step {step} of Fermat's method"), TWO_PRIMES))
}

fn roca(request: &Request<'_>) -> Vec<Seen> {
    match modulus(request) {
        Some(n) if rsa::is_roca(&n) => seen("the mark of Infineon's generator (ROCA)", TWO_PRIMES),
        _ => Vec::new(),
    }
}

fn pattern(request: &Request<'_>) -> Vec<Seen> {
    let found = modulus(request).and_then(|n| rsa::pattern(&n));
    found.map_or_else(Vec::new, |what| seen(format!("a modulus with {what}"), TWO_PRIMES))
}
