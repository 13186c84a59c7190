//! What other programs wrote, and a plan that came back: `index.txt` of `openssl ca`, the JSON of `istioctl`,
//! `plan.json`. Each is read or refused, in plain words.

use anchorite::authority::past::index;
use anchorite::error::Error;
use anchorite::rollover::Record;
use anchorite::rollover::observe::dump;
use anchorite::text;

fn plain<T>(result: Result<T, Error>) -> Option<T> {
    result.map_err(|error| assert!(text::first_deceptive(&error.to_string()).is_none(), "{error}")).ok()
}

/// Tries these bytes.
pub fn run(bytes: &[u8]) {
    plain(dump::read(bytes));
    if let Some(record) = plain(Record::read(bytes)) {
        let written = record.write().unwrap();
        assert_eq!(Record::read(&written).unwrap().write().unwrap(), written);
    }
    let Ok(lines) = std::str::from_utf8(bytes) else { return };
    for line in plain(index::parse("index.txt", lines)).unwrap_or_default() {
        assert!(text::first_deceptive(&line.subject).is_none(), "{line:?}");
    }
}
