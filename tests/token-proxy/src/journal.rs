//! The count of calls and the file in which each stands; the crate's head says how.

use crate::{misused, setting};
use cryptoki_sys::CK_RV;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A call that was counted.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its number over all calls, from 1.
    pub number: u64,
    /// The function.
    pub function: &'static str,
    /// The how manieth call of it, from 1.
    pub nth: u64,
}

/// Counts a call.
pub fn count(function: &'static str) -> Call {
    static COUNTS: Mutex<(u64, BTreeMap<&'static str, u64>)> = Mutex::new((0, BTreeMap::new()));
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    counts.0 += 1;
    let number = counts.0;
    let nth = counts.1.entry(function).or_insert(0);
    *nth += 1;
    Call { number, function, nth: *nth }
}

/// Writes a call down; `result` is `None` for one that does not return, `gave` is how many bytes it gave back.
pub fn write(call: Call, result: Option<CK_RV>, gave: Option<usize>, fault: Option<&str>) {
    let result = result.map_or_else(|| "-".to_owned(), |code| format!("{code:#x}"));
    let fault = fault.map(|fault| format!(" {fault}")).unwrap_or_default();
    let gave = gave.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
    let line = format!("{} {} {} {result} {gave}{fault}\n", call.number, call.function, call.nth);
    // One write of a short line to a file that is appended to: lines of two threads do not mix.
    if let Err(error) = file().write_all(line.as_bytes()) {
        misused(&format!("the journal: {error}"));
    }
}

fn file() -> &'static File {
    static FILE: OnceLock<File> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = setting("ANCHORITE_PROXY_JOURNAL");
        let opened = OpenOptions::new().append(true).create(true).open(&path);
        opened.unwrap_or_else(|error| misused(&format!("the journal {path}: {error}")))
    })
}
