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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_line_of_the_table_is_half_a_digest_and_a_place_and_none_is_there_twice() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(rows().count(), lines.count());
        let digests: BTreeSet<&str> = rows().map(|(digest, _)| digest).collect();
        assert_eq!(digests.len(), rows().count());
        for (digest, at) in rows() {
            assert_eq!(Hex::parse(digest).unwrap().0.len(), KEPT, "{digest}");
            assert!(at.len() > 3 && at.is_ascii(), "{digest}");
        }
    }

    #[test]
    fn the_first_test_key_of_rfc_8032_is_known_and_its_neighbour_is_not() {
        // Public half of the secret key 9d61…7f60 (RFC 8032 section 7.1, test 1), after the header of RFC 8410.
        let key = "302a300506032b6570032100d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let mut spki = Hex::parse(key).unwrap().0;
        assert_eq!(published(&spki), Some("RFC 8032 section 7.1 (Ed25519), RFC 8037 appendix A"));
        *spki.last_mut().unwrap() ^= 1;
        assert_eq!(published(&spki), None);
    }
}
