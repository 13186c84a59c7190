//! Keys whose private half was published: in a standard's examples, in a project's samples and tests, or because
//! it is the first number anyone would try.
//!
//! The table is `known-keys.txt`: one key a line, the first 16 bytes of the SHA-256 of its SubjectPublicKeyInfo
//! in hex, then where its private key stands. Half a digest is enough: who finds another key with the same half
//! has only had it refused. `softhsm-test/known-keys.py` makes lines from files of private keys.
//!
//! Left out, because they need megabytes: the keys of Debian's broken generator (CVE-2008-0166) and the private
//! keys found in firmware and public repositories at large. badkeys (PyPI) has such lists for a machine that is
//! online.

use crate::digest::{Digest, Hex};

const TABLE: &str = include_str!("known-keys.txt");
/// Bytes of a digest that the table holds.
const KEPT: usize = 16;

/// Where the private half of a public key was published, by its SubjectPublicKeyInfo in DER.
pub fn published(spki: &[u8]) -> Option<&'static str> {
    let digest = Hex(Digest::of(spki).0.iter().take(KEPT).copied().collect()).to_string();
    rows().find(|(known, _)| **known == *digest).map(|(_, at)| at)
}

/// The lines of the table: half a digest in hex, and where the private key stands.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '))
}
