//! Custody of a token's PINs by m of n people: the seed that the PINs are derived from, its shares, and the
//! words in which a custodian keeps one.
//!
//! Pure: randomness comes as bytes; nothing here reads, prints or logs. Every secret is wiped when it is
//! dropped, and no error holds a word of a share. The encoding, the words and the derivation are frozen:
//! `softhsm-test/share.py` does the same without this program.
//! Sources: Shamir, "How to share a secret" (1979); RFC 5869 (HKDF); the PGP word list ([`crate::words`]).

mod deal;
mod pin;
mod rows;
mod share;
#[cfg(test)]
mod tests;

pub use deal::{CombineFault, combine, deal};
pub use pin::{Kek, Owner, derive_kek, derive_pin};
pub use rows::{DATA, ROWS, RowFault, file_text, first_set, read_row, row_words, rows_of_file};
pub use share::{ENCODED, Share, ShareFault};

use crate::digest::Hex;
use zeroize::Zeroizing;

/// The most custodians of one set.
pub const MOST: u8 = 16;

/// Which shares belong together: 4 random bytes, in every share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetId(pub [u8; 4]);

impl SetId {
    /// The id as the log keeps it; `None` for bytes of another length.
    pub fn of_log(hex: &Hex) -> Option<Self> {
        hex.0.as_slice().try_into().ok().map(Self)
    }

    /// The id as the log keeps it.
    pub fn hex(self) -> Hex {
        Hex(self.0.to_vec())
    }
}

impl std::fmt::Display for SetId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.hex())
    }
}

/// The 256 bits that both PINs of a token are derived from, and the key that wraps its keys for a backup.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// A seed of random bytes.
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}
