//! The table of impossible scripts: a change to one that can work, and every fault that is found, with its place.

mod form;
mod order;

use super::good::{GENESIS, SIGNING};
use anchorite::ceremony::script::{Script, ScriptKind};
use anchorite::ceremony::vocabulary::{Fact, VOCABULARY};

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

/// What the tables of kinds and activities say grows with them; the rows name it in braces.
fn filled(fault: &str) -> String {
    let names = |gives: Option<Fact>| {
        let all = VOCABULARY.iter().filter(|activity| gives.is_none_or(|fact| activity.gives.contains(&fact)));
        all.map(|activity| activity.name).collect::<Vec<_>>().join(", ")
    };
    let fault = fault.replace("{kinds}", &kinds()).replace("{activities}", &names(None));
    fault.replace("{plannable}", Fact::Plannable.says()).replace("{planners}", &names(Some(Fact::Plannable)))
}

/// The names of every kind of ceremony.
pub fn kinds() -> String {
    ScriptKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

#[test]
fn no_impossible_script_passes_and_each_fault_is_named_with_its_place() {
    for row in order::ROWS.iter().chain(form::ROWS) {
        let wanted: Vec<String> = row.faults.iter().map(|fault| filled(fault)).collect();
        assert_eq!(faults(row), wanted, "{:?}", row.changes);
    }
}
