//! Randomness: bytes of the token and of the operating system, mixed, so that one weak source harms nothing.
//!
//! Serial numbers, ids and salts come from here; keys do not (the token, age and rcgen make their own).

use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::x509::build;
use rustix::rand::{GetRandomFlags, getrandom};
use zeroize::Zeroizing;

/// Separates these hashes from every other use of SHA-256 here.
const DOMAIN: &[u8] = b"anchorite/entropy/v1";

/// A source of random bytes that mixes what it is handed with what the operating system gives.
#[derive(Default)]
pub struct Entropy {
    /// Chained into every draw, so that draws differ even if both sources repeat themselves.
    state: Zeroizing<[u8; 32]>,
}

impl Entropy {
    /// A source; it draws from the operating system at each use.
    pub fn new() -> Self {
        Self::default()
    }

    /// `n` bytes of SHA-256 over the operating system's bytes and `token`, which may be empty where a
    /// token has no generator.
    ///
    /// # Errors
    /// [`Kind::Bug`]: the operating system gave none.
    pub fn bytes(&mut self, n: usize, token: &[u8]) -> Result<Vec<u8>, Error> {
        let mut os = Zeroizing::new([0u8; 32]);
        fill(&mut *os)?;
        let length = u64::try_from(token.len()).unwrap_or(u64::MAX).to_be_bytes();
        let seed = Zeroizing::new(Digest::of_parts(&[DOMAIN, &*self.state, &*os, &length, token]).0);
        self.state = Zeroizing::new(Digest::of_parts(&[DOMAIN, b"next", &*seed]).0);
        let mut out = Vec::with_capacity(n.next_multiple_of(32));
        for block in 0u64.. {
            if out.len() >= n {
                break;
            }
            out.extend_from_slice(&Digest::of_parts(&[DOMAIN, b"out", &block.to_be_bytes(), &*seed]).0);
        }
        out.truncate(n);
        Ok(out)
    }

    /// A certificate serial number ([`build::serial`]).
    ///
    /// # Errors
    /// [`Kind::Bug`]: the operating system gave no randomness.
    pub fn serial(&mut self, token: &[u8]) -> Result<Hex, Error> {
        let random = self.bytes(16, token)?;
        let random = random.try_into().map_err(|_| Error::new(Kind::Bug, "a draw of another length"))?;
        Ok(build::serial(random))
    }
}

fn fill(buffer: &mut [u8]) -> Result<(), Error> {
    let bug = |saw: String| Error::new(Kind::Bug, "the operating system gave no random bytes").saw(saw);
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match getrandom(rest, GetRandomFlags::empty()) {
            Ok(0) => return Err(bug("nothing".to_owned())),
            Ok(n) => filled += n,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(bug(errno.to_string())),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_sixteen_bytes_positive_and_of_full_length() {
        let mut entropy = Entropy::new();
        for _ in 0..256 {
            let serial = entropy.serial(b"token").unwrap();
            assert_eq!(serial.0.len(), 16);
            assert_eq!(serial.0[0] & 0xc0, 0x40);
        }
    }

    #[test]
    fn draws_of_any_length_differ() {
        let mut entropy = Entropy::new();
        for n in [0, 1, 31, 32, 33, 100] {
            assert_eq!(entropy.bytes(n, b"").unwrap().len(), n);
        }
        assert_ne!(entropy.bytes(32, b"same").unwrap(), entropy.bytes(32, b"same").unwrap());
    }
}
