//! A record on stdout cannot be taken back: where the log changes while it is written, that is said.

use crate::large_log::generate;
use crate::support::BINARY;
use std::io::Read;
use std::process::{Command, Stdio};

#[test]
fn a_record_on_stdout_that_is_cut_off_says_so_and_fails() {
    let directory = tempfile::TempDir::new().unwrap();
    drop(generate(directory.path(), 2_000).unwrap());
    let log = directory.path().join("log/entries.jsonl");
    let whole = std::fs::read(&log).unwrap();
    for options in [&["ceremony", "record"][..], &["--json", "ceremony", "record"]] {
        std::fs::write(&log, &whole).unwrap();
        let mut command = Command::new(BINARY);
        command.args(["-C", "."]).args(options).current_dir(directory.path());
        let mut writing = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = writing.stdout.take().unwrap();
        // It writes, and waits for whoever reads: a pipe has room for a part of the record.
        let mut written = vec![0; 1];
        stdout.read_exact(&mut written).unwrap();
        let mut changed = whole.clone();
        let late = changed.len() - 2_000;
        changed[late] ^= 1;
        std::fs::write(&log, &changed).unwrap();
        stdout.read_to_end(&mut written).unwrap();
        let ended = writing.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(30), "{said}");
        assert!(said.contains("changed on the medium since it was verified"), "{said}");
        assert!(said.ends_with("What came out on stdout is CUT OFF: throw it away.\n"), "{said}");
        // It is, and no reader of HTML or JSON takes it for whole.
        let written = String::from_utf8(written).unwrap();
        assert!(written.len() > 10_000 && !written.contains("</html>"), "{}", written.len());
        assert!(serde_json::from_str::<serde_json::Value>(&written).is_err());
    }
}
