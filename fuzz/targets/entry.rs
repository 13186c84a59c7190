//! Lines of a log: one that is read is written again as the same entry, and no log of any lines breaks the audit.

use anchorite::audit::{self, Options, RootPin};
use anchorite::log::Material;
use anchorite::log::entry::{LastHeader, write_line};
use anchorite::log::scan::examine;
use anchorite::text;
use std::time::Duration;

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match examine(0, line, &mut LastHeader::default()) {
        Ok(read) => {
            let again = write_line(&read.entry.header, read.entry.seq, &read.prev, &read.entry.record).unwrap();
            let again = examine(0, &again, &mut LastHeader::default()).unwrap();
            assert_eq!((again.entry, again.prev), (read.entry, read.prev));
        }
        Err(error) => assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}"),
    }
    let material = Material {
        entries: Box::new(bytes),
        newest: None,
        sizes: Vec::new(),
        checkpoint: Box::new(|_| Ok(Vec::new())),
        audit_certificates: Vec::new(),
    };
    let options = Options { root: RootPin::None, at_rest: false };
    if let Err(error) = audit::verify(material, &options, &|| Duration::ZERO) {
        assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}");
    }
}
