//! What a bundle is made of: envelope, manifest, receipt, archive. What reads is written as it was read, and no archive
//! gives a name that could leave its directory.

use anchorite::bundle::manifest::write;
use anchorite::bundle::{Envelope, Manifest, Receipt, payload};
use anchorite::text;
use std::collections::BTreeSet;

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    if let Ok(envelope) = Envelope::read(bytes) {
        assert_eq!(write(&envelope).unwrap(), bytes);
    }
    if let Ok(manifest) = Manifest::read(bytes) {
        assert_eq!(write(&manifest).unwrap(), bytes);
    }
    if let Ok(receipt) = Receipt::read(bytes) {
        assert_eq!(write(&receipt).unwrap(), bytes);
    }
    match payload::unpack(bytes) {
        Ok(entries) => {
            let names: BTreeSet<&str> = entries.iter().map(|entry| entry.0.as_str()).collect();
            assert_eq!(names.len(), entries.len());
            assert!(names.into_iter().all(|name| payload::is_safe_name(name) && !name.contains('/') && name != ".."));
        }
        Err(error) => assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}"),
    }
}
