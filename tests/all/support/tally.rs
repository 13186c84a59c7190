//! What the fault tests tried: counted, printed, and kept for the table at the end of a CI run.
//!
//! A count is said only after everything that it counts has held, so the table never shows a failure as tried.
//! `softhsm-test/faults.sh` runs the same tests in their large size.

use std::path::Path;

/// True where the large size was asked for (`ANCHORITE_FAULTS=full`): everything, however long it takes.
pub fn full() -> bool {
    std::env::var_os("ANCHORITE_FAULTS").is_some_and(|size| size == "full")
}

/// Says how many were tried and that all held: `what` is the plural of what was tried, as in "instants of a genesis".
///
/// The line goes to stdout, and into a file named after `what` in the build's directory for tests, from which
/// `.ci/run` prints its table.
#[track_caller]
pub fn held(what: &str, tried: usize) {
    assert_ne!(tried, 0, "{what}: nothing was tried");
    let line = format!("{tried:>8}  {what}: all held\n");
    print!("{line}");
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("held");
    std::fs::create_dir_all(&dir).unwrap();
    let name: String = what.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    std::fs::write(dir.join(name), line).unwrap();
}
