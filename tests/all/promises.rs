//! The tables of promises in SECURITY.md: each has a mechanism, a test that is there, and a figure.

use crate::source;

/// The heading that the table stands under.
const HEADING: &str = "\n## Promises and their tests\n";

/// The head of each table.
const HEAD: [&str; 4] = ["promise", "mechanism", "test", "figure"];

/// The rows of the tables: promise, mechanism, tests, figure.
fn rows() -> Vec<[String; 4]> {
    let text = include_str!("../../SECURITY.md");
    let section = text.split_once(HEADING).expect("the section").1;
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<[String; 4]> = section.lines().filter(|line| line.starts_with('|')).map(cells).collect();
    let heads = rows.iter().filter(|row| **row == HEAD.map(str::to_owned)).count();
    assert_eq!(heads, section.matches("\n| --- | --- | --- | --- |").count(), "a table without its head");
    assert_ne!(heads, 0);
    let is_row = |row: &[String; 4]| !row[0].starts_with("---") && *row != HEAD.map(str::to_owned);
    rows.into_iter().filter(is_row).collect()
}

/// The cells of a row; `\|` is part of a cell.
fn cells(line: &str) -> [String; 4] {
    let inner = line.trim().trim_start_matches('|').trim_end_matches('|').replace("\\|", "\u{1}");
    let cells: Vec<String> = inner.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
    cells.try_into().unwrap_or_else(|_| panic!("four cells are wanted in: {line}"))
}

/// The tests that a cell names: `module::test`, each in backticks.
fn tests_of(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Whether a test of this name is in a file of its module, below `tests/all/` or `src/`.
fn exists(name: &str, files: &[(String, String)]) -> bool {
    let Some((module, test)) = name.rsplit_once("::") else { return false };
    let path = module.replace("::", "/");
    let is_of = |file: &str| [format!("{path}.rs"), format!("{path}/mod.rs")].contains(&file.to_owned());
    // A unit test stands in `tests`, inside the file or beside it.
    let outer = path.strip_suffix("/tests").map(|outer| [format!("{outer}.rs"), format!("{outer}/mod.rs")]);
    let holds = |text: &str| text.contains(&format!("fn {test}("));
    files
        .iter()
        .any(|(file, text)| (is_of(file) || outer.as_ref().is_some_and(|outer| outer.contains(file))) && holds(text))
}

fn files() -> Vec<(String, String)> {
    let all =
        source::tests().into_iter().filter_map(|(path, text)| Some((path.strip_prefix("all/")?.to_owned(), text)));
    all.chain(source::everything()).collect()
}

#[test]
fn every_promise_has_a_mechanism_a_test_that_is_there_and_a_figure() {
    let (rows, files) = (rows(), files());
    assert!(rows.len() >= 60, "{} promises", rows.len());
    for row in &rows {
        assert!(row.iter().all(|cell| !cell.is_empty()), "an empty cell: {row:?}");
        let tests = tests_of(&row[2]);
        assert!(!tests.is_empty(), "no test is named: {row:?}");
        for test in tests {
            assert!(exists(test, &files), "there is no test {test}: {row:?}");
        }
    }
    let promises: std::collections::BTreeSet<&String> = rows.iter().map(|row| &row[0]).collect();
    assert_eq!(promises.len(), rows.len(), "a promise stands twice");
}

#[test]
fn every_quirk_of_a_token_has_a_test_that_is_there() {
    let section = include_str!("../../SECURITY.md").split_once("\n## Quirks of tokens and their tests\n").unwrap().1;
    let lines = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with('|')).skip(2);
    let (files, mut quirks) = (files(), 0);
    for line in lines {
        let tests = tests_of(line.trim_end_matches(" |").rsplit(" | ").next().unwrap());
        assert!(!tests.is_empty() && tests.iter().all(|test| exists(test, &files)), "{line}");
        quirks += 1;
    }
    assert!(quirks >= 50, "{quirks}");
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    let files = files();
    assert!(exists("promises::a_test_that_is_not_there_is_noticed", &files));
    assert!(exists("words::tests::the_words_of_icann_s_example", &files));
    assert!(!exists("promises::a_test_that_nobody_wrote", &files));
    assert!(!exists("words::a_test_that_is_not_there_is_noticed", &files));
    assert!(!exists("a_test_that_is_not_there_is_noticed", &files));
    assert_eq!(tests_of("`a::b`, and `c::d`"), ["a::b", "c::d"]);
    assert_eq!(cells("| a | b \\| c | d | e |"), ["a", "b | c", "d", "e"]);
}
