//! Dealing a seed to custodians, and putting it together again.
//!
//! The field is GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), as blahaj has it; each byte of
//! the seed is the constant of a polynomial of its own, and every other coefficient is a random byte, zero
//! included: fewer shares than the threshold fit every seed equally well.

use super::{Seed, SetId, Share};
use crate::digest::Digest;
use blahaj::Sharks;
use rand_core::{Infallible, TryCryptoRng, TryRng};
use zeroize::Zeroizing;

/// Deals a seed: shares 1 to `custodians`, any `threshold` of which give it again. `random` is drawn for this alone.
pub fn deal(seed: &Seed, set: SetId, threshold: u8, custodians: u8, random: Zeroizing<[u8; 32]>) -> Vec<Share> {
    let mut stream = Stream { key: random, block: 0, rest: Zeroizing::new(Vec::new()) };
    let dealer = Sharks(threshold).dealer_rng(seed.bytes(), &mut stream);
    let dealt = (1..=custodians).zip(dealer);
    dealt
        .map(|(index, point)| {
            let mut value = Zeroizing::new([0; 32]);
            for (to, from) in value.iter_mut().zip(&point.y) {
                *to = from.0;
            }
            Share { set, threshold, index, value }
        })
        .collect()
}

/// Why shares do not give a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CombineFault {
    /// The same share twice, by its index.
    Duplicate(u8),
    /// A share of another set.
    OtherSet(SetId),
    /// Shares that say different thresholds.
    Threshold,
    /// Fewer than the threshold.
    TooFew {
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: u8,
    },
}

impl CombineFault {
    /// The fault, a sentence.
    pub fn says(self) -> String {
        match self {
            CombineFault::Duplicate(index) => format!("share {index} is there twice"),
            CombineFault::OtherSet(set) => format!("a share is of another set, {set}"),
            CombineFault::Threshold => "the shares say different thresholds".to_owned(),
            CombineFault::TooFew { have, need } => format!("{have} of {need} shares give nothing"),
        }
    }
}

/// Puts the seed together.
///
/// # Errors
/// [`CombineFault`].
pub fn combine(shares: &[Share]) -> Result<Seed, CombineFault> {
    let none = CombineFault::TooFew { have: 0, need: 2 };
    let first = shares.first().ok_or(none)?;
    for (place, share) in shares.iter().enumerate() {
        if share.set != first.set {
            return Err(CombineFault::OtherSet(share.set));
        }
        if share.threshold != first.threshold {
            return Err(CombineFault::Threshold);
        }
        if shares.iter().take(place).any(|before| before.index == share.index) {
            return Err(CombineFault::Duplicate(share.index));
        }
    }
    let few = CombineFault::TooFew { have: shares.len(), need: first.threshold };
    if shares.len() < usize::from(first.threshold) {
        return Err(few);
    }
    let points: Vec<blahaj::Share> = shares.iter().map(point).collect::<Option<_>>().ok_or(few)?;
    let whole = Zeroizing::new(Sharks(first.threshold).recover(&points).map_err(|_| few)?);
    let mut seed = Zeroizing::new([0; 32]);
    for (to, from) in seed.iter_mut().zip(whole.iter()) {
        *to = *from;
    }
    Ok(Seed::new(seed))
}

fn point(share: &Share) -> Option<blahaj::Share> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(33));
    bytes.push(share.index);
    bytes.extend_from_slice(share.value.as_ref());
    blahaj::Share::try_from(bytes.as_slice()).ok()
}

/// Random numbers for the coefficients: SHA-256 of a random key and a counter.
struct Stream {
    key: Zeroizing<[u8; 32]>,
    block: u64,
    rest: Zeroizing<Vec<u8>>,
}

impl Stream {
    fn next(&mut self) -> u8 {
        if self.rest.is_empty() {
            let block = Digest::of_parts(&[b"anchorite/deal/v1", self.key.as_ref(), &self.block.to_be_bytes()]);
            self.rest = Zeroizing::new(block.0.to_vec());
            self.block += 1;
        }
        self.rest.pop().unwrap_or_default()
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_be_bytes(std::array::from_fn(|_| self.next())))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_be_bytes(std::array::from_fn(|_| self.next())))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill_with(|| self.next());
        Ok(())
    }
}

impl TryCryptoRng for Stream {}
