//! The table of impossible scripts: a change to one that can work, and every fault that is found, with its place.

mod form;
mod order;

use super::good::{GENESIS, SIGNING};
use anchorite::ceremony::script::Script;

/// A change, from what to what; the faults are printed as `ceremony check` prints them.
struct Row {
    good: &'static str,
    changes: &'static [(&'static str, &'static str)],
    faults: &'static [&'static str],
}

const fn signing(changes: &'static [(&'static str, &'static str)], faults: &'static [&'static str]) -> Row {
    Row { good: SIGNING, changes, faults }
}

const fn genesis(changes: &'static [(&'static str, &'static str)], faults: &'static [&'static str]) -> Row {
    Row { good: GENESIS, changes, faults }
}

fn faults(row: &Row) -> Vec<String> {
    let source = row.changes.iter().fold(row.good.to_owned(), |source, (from, to)| {
        assert!(source.contains(from), "{from:?} is not in the good script");
        source.replace(from, to)
    });
    let faults = Script::find_faults("x", &source).expect_err("it can work");
    faults
        .into_iter()
        .map(|fault| {
            let error = fault.error("x.toml");
            let hints: Vec<String> = error.hints().iter().map(|hint| format!(" | {hint}")).collect();
            format!("{error}{}", hints.concat())
        })
        .collect()
}

#[test]
fn no_impossible_script_passes_and_each_fault_is_named_with_its_place() {
    for row in order::ROWS.iter().chain(form::ROWS) {
        assert_eq!(faults(row), row.faults, "{:?}", row.changes);
    }
}
