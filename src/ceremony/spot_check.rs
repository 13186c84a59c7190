//! Words of a paper, asked at random positions: what the screen does not show can only be read from the paper.
//! Reading along becomes habit; answering does not.

use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::text;
use crate::words;

/// How many words are asked.
pub const ASKED: usize = 3;

/// Distinct random positions from 1 to `of` (at most 256), rising.
///
/// # Errors
/// [`Kind::Bug`] where fewer words exist than are asked; those of the source of randomness.
pub fn positions(entropy: &mut Entropy, of: usize) -> Result<Vec<usize>, Error> {
    if !(ASKED..=256).contains(&of) {
        return Err(Error::new(Kind::Bug, "more words are asked than a paper has").saw(of.to_string()));
    }
    let mut positions: Vec<usize> = Vec::new();
    while positions.len() < ASKED {
        for byte in entropy.bytes(8, &[])? {
            let position = usize::from(byte) % of + 1;
            if positions.len() < ASKED && !positions.contains(&position) {
                positions.push(position);
            }
        }
    }
    positions.sort_unstable();
    Ok(positions)
}

/// Compares typed words with those of `bytes` at these positions; each is of the list of its own place, so
/// that a swap is seen.
///
/// # Errors
/// [`Kind::Declined`]: another number of words, or a word that is not the paper's.
pub fn compare(typed: &str, positions: &[usize], bytes: &[u8]) -> Result<(), Error> {
    let typed: Vec<&str> = typed.split_whitespace().collect();
    if typed.len() != positions.len() {
        return Err(Error::new(Kind::Declined, "not the number of words that was asked for")
            .saw(text::count(typed.len(), "word"))
            .wanted(positions.len().to_string()));
    }
    typed.iter().zip(positions).try_for_each(|(typed, position)| words::compare(typed, bytes, position - 1, 1))
}

/// Positions as they stand in a question: `7, 12, 29`.
pub fn says(positions: &[usize]) -> String {
    positions.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_distinct_rising_and_of_the_paper() {
        let mut entropy = Entropy::new();
        for of in [3, 8, 32] {
            let positions = positions(&mut entropy, of).unwrap();
            assert!(positions.is_sorted_by(|a, b| a < b) && positions.len() == ASKED, "{positions:?}");
            assert!(positions.iter().all(|p| (1..=of).contains(p)), "{positions:?}");
        }
        assert!(super::positions(&mut entropy, 2).is_err());
    }

    #[test]
    fn each_word_is_compared_at_its_own_place() {
        let bytes: Vec<u8> = (0..32).collect();
        let word = |position: usize| words::word(position - 1, bytes[position - 1]);
        let asked = [2, 7, 32];
        let right = asked.map(word).join(" ");
        assert!(compare(&right.to_uppercase(), &asked, &bytes).is_ok());
        let swapped = [7, 2, 32].map(word).join(" ");
        assert!(compare(&swapped, &asked, &bytes).is_err());
        assert_eq!(
            compare("one", &asked, &bytes).unwrap_err().to_string(),
            "not the number of words that was asked for: saw 1 word, wanted 3"
        );
    }
}
