//! RSA keys with a flaw that was put there, and requests that they sign: proof of possession verifies, so the
//! flaw is all there is to refuse. Everything follows from a seed, so a run makes the files of the last run.

use anchorite::digest::Digest;
use anchorite::request::key::rsa::is_prime;
use num_bigint::BigUint;

/// A public key with the exponent that signs for it.
pub struct WeakKey {
    pub modulus: BigUint,
    pub public: BigUint,
    pub private: BigUint,
}

/// A number of exactly so many bits, both of its two highest set, as generators do.
pub fn number(seed: &str, bits: u32) -> BigUint {
    let blocks = (0..bits.div_ceil(256)).flat_map(|i| Digest::of(format!("{seed} {i}").as_bytes()).0);
    let bytes: Vec<u8> = blocks.take(usize::try_from(bits.div_ceil(8)).unwrap()).collect();
    let excess = bits.div_ceil(8) * 8 - bits;
    let mut number = BigUint::from_bytes_be(&bytes) >> excess;
    number.set_bit(u64::from(bits - 1), true);
    number.set_bit(u64::from(bits - 2), true);
    number
}

/// The first prime from a number on that a key with exponent 65537 may have.
pub fn prime_from(mut number: BigUint) -> BigUint {
    number.set_bit(0, true);
    while !is_prime(&number) || &number % 65_537u32 == BigUint::from(1u8) {
        number += 2u8;
    }
    number
}

pub fn prime(seed: &str, bits: u32) -> BigUint {
    prime_from(number(seed, bits))
}

/// A key of these primes, each as often as it is listed, with exponent 65537.
pub fn key(primes: &[&BigUint]) -> WeakKey {
    let one = BigUint::from(1u8);
    let mut order = one.clone();
    for (position, prime) in primes.iter().enumerate() {
        let repeated = primes[..position].contains(prime);
        order *= if repeated { (*prime).clone() } else { *prime - 1u8 };
    }
    let public = BigUint::from(65_537u32);
    let private = public.modinv(&order).unwrap();
    WeakKey { modulus: primes.iter().fold(one, |product, prime| product * *prime), public, private }
}

/// A sound key, but for a private exponent that is too short (Wiener).
pub fn with_short_private_exponent(bits: u32) -> WeakKey {
    let (p, q) = (prime("wiener p", bits / 2), prime("wiener q", bits / 2));
    let order = (&p - 1u8) * (&q - 1u8);
    let private = prime("wiener d", 256);
    WeakKey { modulus: p * q, public: private.modinv(&order).unwrap(), private }
}

/// A prime as Infineon's library made them (Nemec and others 2017, section 2.2): `k * M + (65537^a mod M)`, `M` the
/// product of the first 126 primes, for moduli of 1984 to 3936 bits.
pub fn roca_prime(seed: &str, bits: u32) -> BigUint {
    let primes = (2u32..).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0));
    let product: BigUint = primes.take(126).map(BigUint::from).product();
    let residue = BigUint::from(65_537u32).modpow(&number(&format!("{seed} a"), 64), &product);
    let mut candidate = number(seed, bits) / &product * &product + residue;
    while !is_prime(&candidate) {
        candidate += &product;
    }
    candidate
}

/// A key whose modulus begins as `wanted` does, through half of its length.
pub fn beginning_as(wanted: &BigUint, seed: &str) -> WeakKey {
    let p = prime(seed, u32::try_from(wanted.bits()).unwrap() / 2);
    let q = prime_from(wanted / &p);
    key(&[&p, &q])
}

/// A prime of 1536 bits in pieces of 128, of which all but the highest have only their low 20 bits set: what a generator
/// makes that mistakes the length of its words.
pub fn gapped_prime(seed: &str) -> BigUint {
    let pieces = (0..11u32).map(|i| number(&format!("{seed} {i}"), 20) << (128 * i));
    prime_from(pieces.sum::<BigUint>() + (number(seed, 128) << 1_408u32))
}

/// A PKCS#10 request, DER: subject CN=weak, no attributes, signed with SHA-256.
pub fn request(key: &WeakKey) -> Vec<u8> {
    let name = tlv(0x30, &[tlv(0x31, &[tlv(0x30, &[vec![6, 3, 0x55, 4, 3], tlv(0x0c, &[b"weak".to_vec()])])])]);
    let numbers = tlv(0x30, &[integer(&key.modulus), integer(&key.public)]);
    let rsa = tlv(0x30, &[oid(1), vec![5, 0]]);
    let spki = tlv(0x30, &[rsa, bits(&numbers)]);
    let info = tlv(0x30, &[integer(&BigUint::ZERO), name, spki, tlv(0xa0, &[])]);
    let signature = sign(key, &info);
    tlv(0x30, &[info, tlv(0x30, &[oid(11), vec![5, 0]]), bits(&signature)])
}

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2.1).
fn sign(key: &WeakKey, message: &[u8]) -> Vec<u8> {
    let length = usize::try_from(key.modulus.bits().div_ceil(8)).unwrap();
    let sha256 = [&[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1][..], &[5, 0]].concat();
    let info = tlv(0x30, &[tlv(0x30, &[sha256]), tlv(0x04, &[Digest::of(message).0.to_vec()])]);
    let padding = vec![0xff; length - info.len() - 3];
    let padded = [&[0, 1][..], &padding, &[0], &info].concat();
    let signature = BigUint::from_bytes_be(&padded).modpow(&key.private, &key.modulus).to_bytes_be();
    [vec![0; length - signature.len()], signature].concat()
}

/// 1.2.840.113549.1.1 and one more.
fn oid(last: u8) -> Vec<u8> {
    vec![6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last]
}

pub fn integer(number: &BigUint) -> Vec<u8> {
    let magnitude = number.to_bytes_be();
    let sign = if magnitude[0] >= 0x80 { vec![0] } else { Vec::new() };
    tlv(0x02, &[sign, magnitude])
}

pub fn bits(content: &[u8]) -> Vec<u8> {
    tlv(0x03, &[vec![0], content.to_vec()])
}

pub fn tlv(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..=0x7f => vec![u8::try_from(short).unwrap()],
        medium @ 0x80..=0xff => vec![0x81, u8::try_from(medium).unwrap()],
        long => [&[0x82][..], &u16::try_from(long).unwrap().to_be_bytes()].concat(),
    };
    [vec![tag], length, content].concat()
}
