//! Dealing and combining against another implementation, the frozen vectors, and what is caught at entry.

use super::*;
use crate::digest::Digest;
use crate::words;
use secrecy::ExposeSecret;
use std::collections::BTreeSet;

const SET: SetId = SetId([0x3f, 0x2a, 0x91, 0xc0]);

fn seed(byte: u8) -> Seed {
    Seed::new(Zeroizing::new(std::array::from_fn(|i| byte.wrapping_add(u8::try_from(i).unwrap()))))
}

fn dealt(threshold: u8, custodians: u8) -> Vec<Share> {
    deal(&seed(1), SET, threshold, custodians, Zeroizing::new([7; 32]))
}

fn copy(share: &Share) -> Share {
    Share::decode(&share.encode()).unwrap()
}

/// Multiplication in GF(2^8) by shifts, without a table.
fn times(mut a: u8, mut b: u8) -> u8 {
    let mut product = 0;
    while b != 0 {
        if b & 1 == 1 {
            product ^= a;
        }
        a = (a << 1) ^ if a & 0x80 == 0 { 0 } else { 0x1d };
        b >>= 1;
    }
    product
}

/// The inverse: a^254.
fn inverse(a: u8) -> u8 {
    (0..254).fold(1, |power, _| times(power, a))
}

/// Lagrange at a place, by that arithmetic.
fn interpolated(points: &[(u8, [u8; 32])], at: u8) -> [u8; 32] {
    let mut out = [0; 32];
    for (x, y) in points {
        let others = points.iter().map(|(other, _)| *other).filter(|other| other != x);
        let weight = others.fold(1, |w, other| times(w, times(at ^ other, inverse(x ^ other))));
        for (to, from) in out.iter_mut().zip(y) {
            *to ^= times(weight, *from);
        }
    }
    out
}

fn points(shares: &[&Share]) -> Vec<(u8, [u8; 32])> {
    shares.iter().map(|share| (share.index, *share.value)).collect()
}

/// Every choice of `count` of these shares.
fn choices(shares: &[Share], count: usize) -> Vec<Vec<&Share>> {
    let Some((first, rest)) = shares.split_first().filter(|_| count > 0) else {
        return if count == 0 { vec![Vec::new()] } else { Vec::new() };
    };
    let with = choices(rest, count - 1).into_iter().map(|others| [vec![first], others].concat());
    with.chain(choices(rest, count)).collect()
}

#[test]
fn any_m_of_n_give_the_seed_and_another_implementation_agrees() {
    for (threshold, custodians) in [(2, 2), (2, 3), (3, 5), (4, 4), (5, 9), (2, MOST)] {
        let shares = dealt(threshold, custodians);
        assert_eq!(shares.len(), usize::from(custodians));
        for chosen in choices(&shares, usize::from(threshold)) {
            let own: Vec<Share> = chosen.iter().map(|share| copy(share)).collect();
            assert_eq!(combine(&own).unwrap().bytes(), seed(1).bytes(), "{chosen:?}");
            assert_eq!(&interpolated(&points(&chosen), 0), seed(1).bytes(), "{chosen:?}");
        }
    }
}

#[test]
fn more_shares_than_needed_give_the_same() {
    assert_eq!(combine(&dealt(3, 5)).unwrap().bytes(), seed(1).bytes());
}

#[test]
fn fewer_than_m_shares_fit_every_seed() {
    for (threshold, custodians) in [(2, 3), (3, 5)] {
        let shares = dealt(threshold, custodians);
        for chosen in choices(&shares, usize::from(threshold) - 1) {
            // Whatever the seed were, a share that completes these to it exists: they say nothing about it.
            for other in [0u8, 1, 0x80, 0xff] {
                let mut known = points(&chosen);
                known.push((0, [other; 32]));
                let index = 200;
                let completing = Share { value: Zeroizing::new(interpolated(&known, index)), index, ..copy(chosen[0]) };
                let mut all: Vec<&Share> = chosen.clone();
                all.push(&completing);
                assert_eq!(interpolated(&points(&all), 0), [other; 32]);
            }
            let own: Vec<Share> = chosen.iter().map(|share| copy(share)).collect();
            let few = CombineFault::TooFew { have: own.len(), need: threshold };
            assert_eq!(combine(&own).unwrap_err(), few);
        }
    }
}

/// The measured faults of other crates: a coefficient that is never zero (RUSTSEC-2024-0398) or always odd would
/// let a share say something about the seed.
#[test]
fn each_value_of_a_share_s_byte_is_as_likely_as_another() {
    let mut seen = [0u32; 256];
    let rounds = 1_600u32;
    for round in 0..rounds {
        let random = Zeroizing::new(Digest::of(&round.to_be_bytes()).0);
        let shares = deal(&seed(1), SET, 2, 2, random);
        for byte in shares[0].value.iter().zip(seed(1).bytes()) {
            // With a threshold of two, the share at 1 less the seed is the coefficient itself.
            seen[usize::from(byte.0 ^ byte.1)] += 1;
        }
    }
    let expected = f64::from(rounds * 32) / 256.0;
    let chi: f64 = seen.iter().map(|n| (f64::from(*n) - expected).powi(2) / expected).sum();
    // 255 degrees of freedom: above 370 in fewer than one of a million sets of draws, and the draws are fixed.
    assert!(chi < 370.0, "{chi}");
    assert!(seen[0] > 0);
}

#[test]
fn shares_that_do_not_belong_together_are_told_apart() {
    let shares = dealt(2, 3);
    let other = deal(&seed(9), SetId([1, 2, 3, 4]), 2, 3, Zeroizing::new([8; 32]));
    let wrong = |shares: &[&Share]| {
        let own: Vec<Share> = shares.iter().map(|share| copy(share)).collect();
        combine(&own).unwrap_err().says()
    };
    assert_eq!(wrong(&[&shares[0], &shares[0]]), "share 1 is there twice");
    assert_eq!(wrong(&[&shares[0], &other[1]]), "a share is of another set, 01020304");
    assert_eq!(wrong(&[&shares[0]]), "1 of 2 shares give nothing");
    assert_eq!(wrong(&[]), "0 of 2 shares give nothing");
    let lying = Share { threshold: 3, ..copy(&shares[1]) };
    assert_eq!(wrong(&[&shares[0], &lying]), "the shares say different thresholds");
}

#[test]
fn another_set_s_shares_never_give_this_seed_even_under_its_id() {
    let other = deal(&seed(9), SET, 2, 3, Zeroizing::new([8; 32]));
    let mixed = [copy(&dealt(2, 3)[0]), copy(&other[1])];
    let seed_of = combine(&mixed).unwrap();
    assert_ne!(seed_of.bytes(), seed(1).bytes());
    assert_ne!(seed_of.bytes(), seed(9).bytes());
}

/// Frozen: a share that was written down is read by every later version.
#[test]
fn the_encoding_and_the_words_are_frozen() {
    let share = &dealt(2, 3)[1];
    insta::assert_snapshot!(data_encoding::HEXLOWER.encode(share.encode().as_ref()), @"013f2a91c00202b9c2f55cd12c70be24ff44fb507d70d1783a1e5723c3c445bb090677ce45ce8badc79531bad0");
    insta::assert_snapshot!(file_text(share).as_str(), @r#"
# anchorite share 2 of set 3f2a91c0; any 2 of the set open the token
1 absurd customer brickyard miracle slowdown candidate
2 accrue aftermath sentence repellent vapor molasses
3 escape scavenger burbank hesitate skydive proximate
4 bluebird yucatan crumpled wichita drumbeat hazardous
5 klaxon hesitate stairway indigo cleanup businessman
6 berserk eskimo blowtorch replica snowslide penetrate
7 crusade publisher algol amulet involve bottomless
8 spyglass detector spyglass medusa ringbolt integrate
9 soybean montana chatter puberty stagnate enterprise
"#);
}

/// Frozen: a token's PIN is derived again by every later version.
#[test]
fn the_derivation_is_frozen() {
    let pin = |owner, characters: std::ops::RangeInclusive<char>, length| {
        derive_pin(&seed(1), SET, owner, characters, length).unwrap().expose_secret().to_owned()
    };
    let all = [
        pin(Owner::User, '!'..='~', 40),
        pin(Owner::So, '!'..='~', 40),
        pin(Owner::User, '0'..='9', 40),
        pin(Owner::So, '0'..='9', 8),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
)Zx-*#71{eqx+xi(6xBb30:Rn:sh34qo;\nI(MO|
55L<D8~h-9@<1Q&7ph/3'm=~X+P}_*5WIH4p3z$Q
6070048402023154780381793933005426730510
63363113
"#);
    // A longer one begins with the shorter: the low digits come first.
    assert!(pin(Owner::So, '0'..='9', 40).starts_with(&all[3]));
}

#[test]
fn another_seed_set_or_owner_gives_another_pin() {
    let pin = |seed: Seed, set, owner| derive_pin(&seed, set, owner, '!'..='~', 40).unwrap().expose_secret().to_owned();
    let pins = BTreeSet::from([
        pin(seed(1), SET, Owner::User),
        pin(seed(1), SET, Owner::So),
        pin(seed(2), SET, Owner::User),
        pin(seed(1), SetId([0; 4]), Owner::User),
    ]);
    assert_eq!(pins.len(), 4);
}

fn typed(share: &Share, row: usize) -> String {
    row_words(share, row).join(" ")
}

fn read_back(share: &Share) -> Share {
    let mut all = Vec::new();
    for row in 1..=ROWS {
        let set = (row > 1).then_some(share.set);
        let Ok(data) = read_row(&typed(share, row), row, set) else { panic!("row {row}") };
        all.extend_from_slice(data.as_ref());
    }
    Share::decode(&all.try_into().unwrap()).unwrap()
}

#[test]
fn a_share_is_read_back_from_its_words() {
    for share in dealt(3, 5) {
        let read = read_back(&share);
        assert_eq!(read.encode(), share.encode());
        assert_eq!(read.commitment(), share.commitment());
        let text = file_text(&share);
        let rows = rows_of_file(&text).unwrap();
        assert_eq!(rows.as_slice(), (1..=ROWS).map(|row| typed(&share, row)).collect::<Vec<_>>());
    }
}

#[test]
fn the_beginnings_of_words_are_enough_and_case_does_not_matter() {
    let share = &dealt(2, 3)[0];
    let short: Vec<String> = row_words(share, 3)
        .into_iter()
        .enumerate()
        .map(|(place, word)| {
            let long_enough = |n: &usize| words::complete(place, &word[..*n]).is_some();
            word[..(3..=word.len()).find(long_enough).unwrap()].to_uppercase()
        })
        .collect();
    let read = read_row(&format!("  {} ", short.join("   ")), 3, Some(SET));
    assert!(read.is_ok_and(|data| *data == share.encode()[10..15]));
}

fn says(typed: &str, row: usize) -> String {
    match read_row(typed, row, (row > 1).then_some(SET)) {
        Ok(_) => "accepted".to_owned(),
        Err(fault) => fault.says(row),
    }
}

#[test]
fn a_slip_in_a_row_is_named_by_its_place() {
    let share = &dealt(2, 3)[0];
    let row = typed(share, 4);
    let words: Vec<&str> = row.split(' ').collect();
    let with = |place: usize, word: &str| {
        let mut changed = words.clone();
        changed[place - 1] = word;
        changed.join(" ")
    };
    assert_eq!(says(&row, 4), "accepted");
    assert_eq!(says(&words[..5].join(" "), 4), "Row 4 has six words; 5 were typed.");
    assert_eq!(says(&with(3, "xylophone"), 4), "Word 3 of row 4 is in no list.");
    assert_eq!(says(&with(1, "algoll"), 4), "Word 1 of row 4 is in no list. The nearest is \"algol\".");
    assert_eq!(says(&with(1, "s"), 4), "Word 1 of row 4 is the beginning of more than one word: type more of it.");
    let swapped = format!("{} {} {}", words[1], words[0], words[2..].join(" "));
    assert_eq!(
        says(&swapped, 4),
        "Word 1 of row 4 is of the other list: a word of two syllables belongs there. Were two words swapped, or \
         one left out?"
    );
    let wrong = if words[2] == "acme" { "adult" } else { "acme" };
    let refused = "Row 4 does not fit its check word: a word is wrong, or it is another row, or of another sheet.";
    assert_eq!(says(&with(3, wrong), 4), refused);
    // Two rows swapped: each is caught where it is typed.
    assert_eq!(says(&typed(share, 5), 4), refused);
    // The same row of the sheet of another set.
    let other = deal(&seed(1), SetId([9; 4]), 2, 3, Zeroizing::new([7; 32]));
    assert_eq!(says(&typed(&other[0], 4), 4), refused);
}

#[test]
fn every_wrong_byte_of_an_encoding_is_refused() {
    let share = &dealt(2, 3)[0];
    for at in 0..ENCODED {
        let mut bytes = *share.encode();
        bytes[at] ^= 1;
        assert!(Share::decode(&bytes).is_err(), "byte {at}");
    }
    let mut newer = *share.encode();
    newer[0] = 2;
    let fault = Share::decode(&newer).unwrap_err();
    assert_eq!(fault.says(), "it is of version 2, and this program knows version 1");
}

#[test]
fn nothing_of_a_share_is_in_its_debug_output() {
    let share = &dealt(2, 3)[0];
    let shown = format!("{share:?} {:?}", seed(1));
    assert_eq!(shown, "Share(1 of set 3f2a91c0) Seed(…)");
}

#[test]
fn a_file_with_rows_missing_or_out_of_order_is_no_share() {
    let text = file_text(&dealt(2, 3)[0]);
    assert!(rows_of_file(&text.replacen("\n2 ", "\n3 ", 1)).is_none());
    let without_last = text.trim_end().rsplit_once('\n').unwrap().0;
    assert!(rows_of_file(without_last).is_none());
    assert!(rows_of_file("").is_none());
}

proptest::proptest! {
    #[test]
    fn whatever_is_typed_or_lies_in_a_file_is_answered(typed in "\\PC{0,80}", row in 0usize..20, text in "[\\PC\n]{0,300}") {
        let _ = read_row(&typed, row, Some(SET)).map_err(|fault| fault.says(row));
        let _ = read_row(&typed, row, None);
        let _ = rows_of_file(&text);
    }

    #[test]
    fn every_share_of_any_seed_reads_back_and_two_of_three_give_it(bytes: [u8; 32], random: [u8; 32], set: [u8; 4]) {
        let seed = Seed::new(Zeroizing::new(bytes));
        let shares = deal(&seed, SetId(set), 2, 3, Zeroizing::new(random));
        let read: Vec<Share> = shares.iter().skip(1).map(read_back).collect();
        let whole = combine(&read).unwrap();
        proptest::prop_assert_eq!(whole.bytes(), &bytes);
    }
}

#[test]
fn the_key_that_wraps_keys_is_frozen() {
    let kek = derive_kek(&seed(0), SET).unwrap();
    // The same by hand: openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:000102… -kdfopt hexsalt:3f2a91c0
    // -kdfopt info:anchorite/kek/v1 HKDF
    let expected = "4c733a7c99c0c74006001bedbee25a48f6b50fc04ecdf39f3b6ac1a41bf42666";
    assert_eq!(data_encoding::HEXLOWER.encode(kek.bytes().as_ref()), expected);
    assert_eq!(format!("{kek:?}"), "Kek(…)");
}
