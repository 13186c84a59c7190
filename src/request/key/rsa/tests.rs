//! Each mark is found where it is, and not one step beside it.

use super::*;
use crate::key::KeySpec;
use crate::x509::keygen::LocalKey;
use proptest::prelude::*;

fn big(number: u64) -> BigUint {
    BigUint::from(number)
}

/// 2 to the power of `exponent`, less 1: for these exponents a prime of Mersenne's.
fn mersenne(exponent: u32) -> BigUint {
    (big(1) << exponent) - 1u8
}

#[test]
fn small_factors_are_found_up_to_the_last_and_large_primes_are_not_accused() {
    assert_eq!(small_factor(&(big(3) * mersenne(521))), Some(3));
    assert_eq!(small_factor(&(big(65_537) * mersenne(521))), Some(65_537));
    // 65539 is the next prime.
    assert_eq!(small_factor(&(big(65_539) * mersenne(521))), None);
    assert_eq!(small_factor(&mersenne(521)), None);
    assert_eq!(PRIMES.len(), 6_543);
}

#[test]
fn even_and_too_long_moduli_are_left_to_other_rules() {
    assert!(modulus(&[0x10]).is_none());
    assert!(modulus(&[]).is_none());
    assert!(modulus(&[0xff; 512]).is_some());
    assert!(modulus(&[&[1][..], &[0xff; 512]].concat()).is_none());
}

#[test]
fn powers_are_found_and_their_neighbours_are_not() {
    let prime = mersenne(521);
    for exponent in [2, 3, 5, 7] {
        assert_eq!(power(&prime.pow(exponent)), Some(exponent));
        assert_eq!(power(&(prime.pow(exponent) + 2u8)), None);
    }
    assert_eq!(power(&(mersenne(521) * mersenne(607))), None);
}

#[test]
fn primes_are_told_from_what_looks_like_them() {
    for exponent in [13, 61, 127, 521, 607, 1_279] {
        assert!(is_prime(&mersenne(exponent)), "{exponent}");
    }
    assert!(is_prime(&big(3)) && is_prime(&big(65_537)) && is_prime(&big(4_294_967_291)));
    assert!(!is_prime(&big(0)) && !is_prime(&big(1)) && !is_prime(&big(561)));
    // The least strong pseudoprimes to the first 4, 7 and 9 primes as bases (Jaeschke 1993; Zhang 2001).
    for composite in [3_215_031_751, 341_550_071_728_321, 3_825_123_056_546_413_051] {
        assert!(!is_prime(&big(composite)), "{composite}");
    }
    assert!(!is_prime(&(mersenne(521) * mersenne(607))));
    assert!(!is_prime(&mersenne(523)));
}

#[test]
fn close_primes_are_found_to_the_hundredth_step_and_no_further() {
    // With a mean of 2^300 and half a difference of b, Fermat's method takes about b^2 / 2^301 steps.
    let mean = big(1) << 300u32;
    let distance = |steps: u32| (big(u64::from(steps)) << 301u32).sqrt() - 1u8;
    let product = |steps: u32| {
        let mut half = distance(steps);
        half.set_bit(0, true);
        &mean * &mean - &half * &half
    };
    for steps in [1, 2, 57, 99, 100] {
        assert_eq!(close_primes(&product(steps)), Some(steps));
    }
    assert_eq!(close_primes(&product(101)), None);
    assert_eq!(close_primes(&(mersenne(521) * mersenne(607))), None);
    assert_eq!(close_primes(&(mersenne(521).pow(2))), None, "a square is another rule's");
}

/// The product of the first 39 primes.
fn product() -> BigUint {
    PRIMES.iter().take(39).map(|prime| BigUint::from(*prime)).product()
}

#[test]
fn a_power_of_65537_bears_the_mark_and_one_strange_residue_takes_it_away() {
    let marked = BigUint::from(SMALL).modpow(&(mersenne(127)), &product()) + product() * mersenne(1_279);
    assert!(is_roca(&marked));
    // Other than the power modulo one prime alone: modulo 11 no power of 65537 at all; modulo 167 a power, but of another
    // exponent than modulo the rest.
    for (prime, times) in [(11u32, 2u32), (167, SMALL)] {
        let others = product() / prime;
        let inverse = (&others % prime).modinv(&BigUint::from(prime)).unwrap();
        let residue = &marked % prime;
        let shift = (&residue * times + prime * 2u32 - &residue) * inverse % prime;
        let strange = &marked + others * shift;
        assert_eq!(&strange % prime, residue * times % prime);
        let powers = PRIMES.iter().take(39).filter(|p| logarithm(remainder(&strange, **p), **p).is_some());
        assert_eq!(powers.count(), if prime == 11 { 38 } else { 39 });
        assert!(!is_roca(&strange), "{prime}");
    }
    assert!(!is_roca(&mersenne(521)));
}

#[test]
fn a_run_of_sixteen_bytes_is_a_pattern_and_one_of_fifteen_is_not() {
    let with_run = |length: usize| {
        let noise = |seed: u8| crate::digest::Digest::of(&[seed]).0;
        let bytes = [&noise(1)[..], &noise(2), &vec![0x5a; length], &noise(3), &noise(4)].concat();
        pattern(&BigUint::from_bytes_be(&bytes))
    };
    assert_eq!(with_run(16).as_deref(), Some("the byte 5a 16 times in a row"));
    assert_eq!(with_run(15), None);
}

#[test]
fn a_share_of_set_bits_between_forty_and_sixty_is_no_pattern() {
    // Ones at the given places of each hundred bits.
    let with_share = |share: u64| {
        let mut n = BigUint::ZERO;
        for bit in (0..3_000).filter(|bit| bit * 37 % 100 < share) {
            n.set_bit(bit, true);
        }
        n.set_bit(2_999, true);
        pattern(&n)
    };
    assert_eq!(with_share(39).as_deref(), Some("39 of 100 bits set"));
    assert_eq!(with_share(61).as_deref(), Some("61 of 100 bits set"));
    assert_eq!([40, 50, 60].map(with_share), [None, None, None]);
}

#[test]
fn a_shared_prime_is_found_among_many_and_the_same_modulus_is_not_another() {
    let keys: Vec<_> = (0..3).map(|_| LocalKey::generate(KeySpec::Rsa2048).unwrap()).collect();
    let mut moduli = Moduli::default();
    for (name, key) in ["a", "b", "c"].into_iter().zip(&keys) {
        moduli.add(name, key.spki());
        moduli.add("again", key.spki());
    }
    moduli.add("curve", LocalKey::generate(KeySpec::EcdsaP256).unwrap().spki());
    assert_eq!(moduli.known.len(), 3);
    for key in &keys {
        assert_eq!(moduli.sharing(key.spki()), None);
    }
    // A multiple of the second's modulus shares both its primes with it.
    let second = of(keys[1].spki()).unwrap();
    moduli.push("d", second * 3u8);
    assert_eq!(moduli.sharing(keys[1].spki()), Some("d"));
    assert_eq!(moduli.sharing(keys[0].spki()), None);
}

#[test]
fn whoever_shares_a_prime_is_named_in_whichever_block_of_many_they_are() {
    let primes: Vec<u64> = (1 << 30..).filter(|n| is_prime(&big(*n))).take(4 * BLOCK).collect();
    let alone = |n: usize| big(primes[2 * n]) * primes[2 * n + 1];
    // Neighbours in a block, in two blocks, and one whose two primes are in two others of one block.
    for (a, b, c) in [(0, 1, 2), (3, BLOCK, BLOCK + 1), (BLOCK + 5, 4, 5), (7, BLOCK + 1, BLOCK + 9)] {
        let mut all: Vec<BigUint> = (0..2 * BLOCK).map(alone).collect();
        all[a] = big(primes[2 * b]) * primes[2 * c];
        let mut moduli = Moduli::default();
        all.iter().enumerate().for_each(|(n, modulus)| moduli.push(&n.to_string(), modulus.clone()));
        for (n, modulus) in all.iter().enumerate() {
            let others = all.iter().enumerate().filter(|(_, other)| *other != modulus);
            let shared = others.filter(|(_, other)| other.gcd(modulus) > big(1)).map(|(n, _)| n.to_string()).next();
            assert_eq!(moduli.sharing_with(modulus), shared.as_deref(), "{n}");
            assert_eq!(shared.is_some(), [a, b, c].contains(&n), "{n}");
        }
    }
}

/// What one greatest common divisor for all costs against a division for each; run by hand.
#[test]
#[ignore = "a measurement"]
fn blocks_of_moduli_are_cheaper_than_one_after_the_other() {
    use aws_lc_rs::rand::fill;
    let random = || {
        let mut bytes = [0u8; 512];
        fill(&mut bytes).unwrap();
        bytes[0] |= 0x80;
        bytes[511] |= 1;
        BigUint::from_bytes_be(&bytes)
    };
    let all: Vec<BigUint> = (0..600).map(|_| random()).collect();
    let began = std::time::Instant::now();
    let mut moduli = Moduli::default();
    all.iter().for_each(|modulus| moduli.push("x", modulus.clone()));
    let in_blocks: Vec<BigUint> = all.iter().map(|modulus| moduli.product_of_others(modulus)).collect();
    let blocks = began.elapsed();
    let began = std::time::Instant::now();
    let one_by_one = all.iter().map(|modulus| {
        let others = all.iter().filter(|other| *other != modulus);
        others.fold(big(1), |product, other| product * other % modulus)
    });
    assert!(one_by_one.eq(in_blocks));
    println!("blocks {blocks:?}, one by one {:?}", began.elapsed());
}

proptest! {
    #[test]
    fn no_number_is_too_odd_for_any_check(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Some(n) = modulus(&bytes) {
            let _ = (small_factor(&n), power(&n), is_prime(&n), close_primes(&n), is_roca(&n), pattern(&n));
        }
    }

    #[test]
    fn what_is_prime_has_no_factor(n in 3u64..1_000_000) {
        let divisible = (2..n).take_while(|d| d * d <= n).any(|d| n % d == 0);
        prop_assert_eq!(is_prime(&big(n)), !divisible);
    }
}
