//! A share as it is typed or lies in a file: every slip has an answer, and what reads is written as it was read.

use anchorite::custody::{self, ENCODED, Share};

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    if let Ok(Ok(share)) = <&[u8; ENCODED]>::try_from(bytes).map(Share::decode) {
        assert_eq!(share.encode().as_slice(), bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(rows) = custody::rows_of_file(text) else { return };
    let mut encoded = Vec::new();
    let mut set = None;
    for (number, row) in (1..).zip(rows.iter()) {
        match custody::read_row(row, number, set) {
            Ok(data) => {
                set = set.or_else(|| Some(custody::first_set(&data)));
                encoded.extend_from_slice(data.as_ref());
            }
            Err(fault) => {
                assert!(!fault.says(number).is_empty());
                return;
            }
        }
    }
    if let Ok(Ok(share)) = <&[u8; ENCODED]>::try_from(encoded.as_slice()).map(Share::decode) {
        assert_eq!(share.encode().as_slice(), encoded.as_slice());
    }
}
