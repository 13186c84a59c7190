//! What the fault tests tried: counted, printed, and kept for the table at the end of a CI run.
//!
//! A count is said only after everything that it counts has held, so the table never shows a failure as tried.
//! `softhsm-test/faults.sh` runs the same tests in their large size.

use std::path::Path;

/// True where the large size was asked for (`ANCHORITE_FAULTS=full`): everything, however long it takes; or of what is
/// tens of thousands a part (`full:2/8`).
pub fn full() -> bool {
    size().is_some()
}

/// In large size the part that was asked for, of a matrix of faults; two parts have none in common.
pub fn part<T>(all: Vec<T>) -> Vec<T> {
    let (part, of) = size().unwrap_or((1, 1));
    all.into_iter().enumerate().filter(|(index, _)| index % of == part - 1).map(|(_, one)| one).collect()
}

/// The part and the number of parts of the large size, where that was asked for.
fn size() -> Option<(usize, usize)> {
    let size = std::env::var("ANCHORITE_FAULTS").ok()?;
    let part = size.strip_prefix("full").unwrap_or_else(|| panic!("ANCHORITE_FAULTS={size}: wanted full, or full:2/8"));
    let Some(part) = part.strip_prefix(':') else { return Some((1, 1)) };
    let (part, of) = part.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?))).unwrap();
    assert!((1..=of).contains(&part), "ANCHORITE_FAULTS={size}: there is no such part");
    Some((part, of))
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
