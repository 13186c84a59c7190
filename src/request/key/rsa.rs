//! What makes an RSA modulus weak, looked for in the public number alone: factors that anyone can find, and
//! the marks of generators that are known to be broken.
//!
//! Every function here is bounded: moduli above [`MOST_BITS`] are none of its business (their size refuses
//! them), and the dearest check is one modular exponentiation. No factor is ever returned whole: a finding
//! must not publish the key that it warns of.

use super::bit_length;
use crate::x509::Spki;
use num_bigint::BigUint;
use num_integer::Integer;
use std::sync::LazyLock;

/// The longest modulus that is looked into, in bits: the longest that any configuration can allow.
pub const MOST_BITS: usize = 4_096;
/// Primes up to here are tried as factors.
const SMALL: u32 = 65_537;
/// Steps of Fermat's method.
///
/// The number that CA/Browser Forum BR 6.1.1.3 asks of public CAs. A step costs one square root of about half
/// the modulus; a hundred find primes up to about 28 fourth roots of the modulus apart, and primes drawn at
/// random are that close less than once in 2^700 keys of 3072 bits. The primes of CVE-2022-26320 are found in the
/// first steps.
const FERMAT_STEPS: u32 = 100;
/// Moduli that are compared with another at once.
const BLOCK: usize = 32;
/// Equal bytes in a row that no random modulus has: about once in 2^111 keys of 4096 bits.
const RUN: usize = 16;

/// A modulus for the checks of this module; `None` where it is even or longer than [`MOST_BITS`], for which
/// other rules refuse it.
pub fn modulus(magnitude: &[u8]) -> Option<BigUint> {
    let odd = magnitude.last().is_some_and(|last| last & 1 == 1);
    (odd && bit_length(magnitude) <= MOST_BITS).then(|| BigUint::from_bytes_be(magnitude))
}

/// The smallest odd prime up to 65,537 that divides a number.
pub fn small_factor(n: &BigUint) -> Option<u32> {
    PRIMES.iter().copied().filter(|prime| *prime > 2).find(|prime| remainder(n, *prime) == 0)
}

static PRIMES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut primes: Vec<u32> = Vec::new();
    for n in 2..=SMALL {
        if primes.iter().take_while(|p| *p * *p <= n).all(|p| !n.is_multiple_of(*p)) {
            primes.push(n);
        }
    }
    primes
});

fn remainder(n: &BigUint, divisor: u32) -> u32 {
    u32::try_from(n % divisor).unwrap_or(0)
}

/// The exponent 2, 3, 5 or 7 of which a number is a perfect power: its root is no secret.
pub fn power(n: &BigUint) -> Option<u32> {
    [2, 3, 5, 7].into_iter().find(|exponent| n.nth_root(*exponent).pow(*exponent) == *n)
}

/// Whether an odd number is prime, by Miller and Rabin's test with the first twelve primes as bases.
///
/// Fixed bases are enough here: a prime passes with every base, so none is missed. The other error, a composite
/// that was made to pass with these bases, would refuse a key that nobody makes by chance. A composite is nearly
/// always found by the first base, so a good key costs one exponentiation.
pub fn is_prime(n: &BigUint) -> bool {
    let one = BigUint::from(1u8);
    if *n <= one {
        return false;
    }
    if let Some(factor) = small_factor(n) {
        return *n == BigUint::from(factor);
    }
    let minus_one = n - &one;
    let twos = minus_one.trailing_zeros().unwrap_or(0);
    let odd = &minus_one >> twos;
    PRIMES.iter().take(12).all(|base| {
        let mut power = BigUint::from(*base).modpow(&odd, n);
        let mut squarings = 1;
        while power != one && power != minus_one && squarings < twos {
            power = &power * &power % n;
            squarings += 1;
        }
        power == minus_one || (power == one && squarings == 1)
    })
}

/// The step, from 1, at which Fermat's method splits an odd number; `None` after a hundred steps, and for a
/// square, which [`power`] names.
pub fn close_primes(n: &BigUint) -> Option<u32> {
    let root = n.sqrt();
    if &root * &root == *n {
        return None;
    }
    (1..=FERMAT_STEPS).find(|step| {
        let mean = &root + *step;
        let squared = &mean * &mean - n;
        let half = squared.sqrt();
        &half * &half == squared
    })
}

/// Whether a modulus bears the mark of Infineon's library (ROCA, CVE-2017-15361): it is a power of 65537 modulo
/// the product of the first 39 primes.
///
/// Each prime that this library made is `k * M + (65537^a mod M)`, `M` being a product of the first primes: at
/// least 39 of them, more for longer keys. So the modulus is a power of 65537 modulo each of them, all with one
/// exponent, which is what is looked for. A random number passes about once in 2^154.
/// Source: Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack" (2017), sections 2.3, 3.2.
pub fn is_roca(n: &BigUint) -> bool {
    let mut exponents: Vec<(u32, u32)> = Vec::new();
    for prime in PRIMES.iter().take(39) {
        let Some(found) = logarithm(remainder(n, *prime), *prime) else { return false };
        exponents.push(found);
    }
    // The exponents modulo two orders are one exponent where they agree modulo what the orders share.
    exponents.iter().all(|(a, of)| exponents.iter().all(|(b, other)| a.abs_diff(*b).is_multiple_of(of.gcd(other))))
}

/// The exponent with which 65537 gives `wanted` modulo `prime`, and the order of 65537 there.
fn logarithm(wanted: u32, prime: u32) -> Option<(u32, u32)> {
    let generator = SMALL % prime;
    let mut power = 1 % prime;
    let (mut found, mut order) = (None, 0);
    loop {
        if power == wanted && found.is_none() {
            found = Some(order);
        }
        order += 1;
        power = power * generator % prime;
        if power == 1 % prime {
            return found.map(|exponent| (exponent, order));
        }
    }
}

/// What a random modulus does not look like: sixteen equal bytes in a row, or fewer than 40 or more than 60 in a
/// hundred of its bits set.
pub fn pattern(n: &BigUint) -> Option<String> {
    let bytes = n.to_bytes_be();
    let run = bytes.windows(RUN).find(|run| run.iter().all(|byte| run.first() == Some(byte)));
    if let Some(byte) = run.and_then(|run| run.first()) {
        return Some(format!("the byte {byte:02x} {RUN} times in a row"));
    }
    let share = n.count_ones().saturating_mul(100).checked_div(n.bits())?;
    (!(40..=60).contains(&share)).then(|| format!("{share} of 100 bits set"))
}

/// RSA moduli by whose they are, to be compared with another: two that share a prime are both broken.
///
/// Source: Heninger, Durumeric, Wustrow, Halderman, "Mining Your Ps and Qs" (2012); Lenstra and others, "Ron
/// was wrong, Whit is right" (2012).
#[derive(Debug, Clone, Default)]
pub struct Moduli {
    known: Vec<(String, BigUint)>,
    /// The product of each [`BLOCK`] of them: reducing one product is cheaper than multiplying and reducing one by one.
    products: Vec<BigUint>,
}

impl Moduli {
    /// Adds a key under the name of its holder; a key that is not RSA, or too weak to be looked into, is left out.
    pub fn add(&mut self, holder: &str, spki: &Spki) {
        if let Some(modulus) = of(spki)
            && !self.known.iter().any(|(_, known)| *known == modulus)
        {
            self.push(holder, modulus);
        }
    }

    fn push(&mut self, holder: &str, modulus: BigUint) {
        match self.products.last_mut().filter(|_| !self.known.len().is_multiple_of(BLOCK)) {
            Some(product) => *product *= &modulus,
            None => self.products.push(modulus.clone()),
        }
        self.known.push((holder.to_owned(), modulus));
    }

    /// The holder of another modulus with which a key shares a prime. The key's own modulus is not another.
    pub fn sharing(&self, spki: &Spki) -> Option<&str> {
        self.sharing_with(&of(spki)?)
    }

    fn sharing_with(&self, modulus: &BigUint) -> Option<&str> {
        let one = BigUint::from(1u8);
        // One greatest common divisor for all.
        if self.product_of_others(modulus).gcd(modulus) == one {
            return None;
        }
        let mut others = self.known.iter().filter(|(_, other)| other != modulus);
        others.find(|(_, other)| other.gcd(modulus) > one).map(|(holder, _)| holder.as_str())
    }

    /// The product of all but this modulus, kept short by it.
    fn product_of_others(&self, modulus: &BigUint) -> BigUint {
        self.known.chunks(BLOCK).zip(&self.products).fold(BigUint::from(1u8), |product, (block, of_block)| {
            match of_block % modulus {
                // Its own is among them.
                rest if rest == BigUint::from(0u8) => {
                    let others = block.iter().filter(|(_, other)| other != modulus);
                    others.fold(product, |product, (_, other)| product * other % modulus)
                }
                rest => product * rest % modulus,
            }
        })
    }
}

fn of(spki: &Spki) -> Option<BigUint> {
    match super::parts(spki.der()) {
        super::Parts::Rsa { modulus: magnitude, .. } => modulus(&magnitude),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
