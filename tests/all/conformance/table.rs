//! The table of README.md ("Tokens"): each story compares its row with it, and `softhsm-test/conformance.sh` writes it
//! from the rows of its run. What modules that did not run here have in it stays.

use super::row::{Outcome, Row, rows};
use anchorite::key::KeySpec;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- written by softhsm-test/conformance.sh: begin -->\n";
const END: &str = "<!-- end -->\n";
const HEAD: &str = "| module | version | root key | hashed by | genesis | attributes | intermediates | guard | wrong PIN \
     | CRL | re-opened | OpenSSL | left out |\n\
     | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
/// The columns between `hashed by` and `left out`: the steps of a story.
const STEPS: usize = 8;

/// What the table says of one kind of root key on one module.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    module: String,
    version: String,
    key: String,
    /// `hashed by` and what follows.
    cells: Vec<String>,
}

impl Line {
    fn of(row: &Row) -> Self {
        let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "/");
        let mut cells = vec![row.hashed.clone()];
        cells.extend(row.steps.iter().map(|(_, outcome)| match outcome {
            Outcome::Held => "yes".to_owned(),
            Outcome::Not(why) => format!("none: {}", plain(why)),
            Outcome::Failed(why) => format!("**fails**: {}", plain(why)),
        }));
        cells.resize(1 + STEPS, "not reached".to_owned());
        cells.push(row.dropped.join(", "));
        Self { module: row.module.clone(), version: plain(&row.version), key: row.key.clone(), cells }
    }

    /// The lines of a line of the table, one for each kind of key; none of its head. A kind may be one that this build
    /// does not know.
    fn parse(text: &str) -> Vec<Self> {
        let all: Vec<&str> = text.trim().trim_matches('|').split('|').map(str::trim).collect();
        let [module, version, keys, cells @ ..] = all.as_slice() else { return Vec::new() };
        if ["root key", "---"].contains(keys) {
            return Vec::new();
        }
        keys.split(", ")
            .map(|key| Self {
                module: (*module).to_owned(),
                version: (*version).to_owned(),
                key: key.to_owned(),
                cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
            })
            .collect()
    }

    /// Modules by name, kinds of key as the program lists them.
    fn order(&self) -> (String, usize, &str) {
        let place = KeySpec::ALL.iter().position(|spec| spec.name() == self.key);
        (self.module.to_lowercase(), place.unwrap_or(usize::MAX), &self.cells[0])
    }
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The text before the table, the table, and what follows.
fn parts(text: &str) -> (&str, &str, &str) {
    let (before, rest) = text.split_once(BEGIN).expect("README.md has lost the beginning of its table of tokens");
    let (table, after) = rest.split_once(END).expect("README.md has lost the end of its table of tokens");
    (before, table, after)
}

fn lines(table: &str) -> Vec<Line> {
    table.lines().flat_map(Line::parse).collect()
}

/// The table: kinds of key of which the same was seen are one line.
fn render(mut lines: Vec<Line>) -> String {
    lines.sort_by(|one, other| one.order().cmp(&other.order()));
    let mut text = HEAD.to_owned();
    let mut done: Vec<(Line, Vec<String>)> = Vec::new();
    for line in lines {
        let same = |(first, _): &&mut (Line, Vec<String>)| {
            (&first.module, &first.version, &first.cells) == (&line.module, &line.version, &line.cells)
        };
        match done.iter_mut().find(same) {
            Some((_, keys)) => keys.push(line.key),
            None => done.push((line.clone(), vec![line.key])),
        }
    }
    for (line, keys) in done {
        let cells = line.cells.join(" | ");
        text += &format!("| {} | {} | {} | {cells} |\n", line.module, line.version, keys.join(", "));
    }
    text
}

/// True in the run that writes the table: its rows differ from what they replace.
fn writing() -> bool {
    std::env::var_os("ANCHORITE_TABLE").is_some_and(|what| what == "write")
}

/// Asserts that the table says of a story what it saw. The versions may be others.
#[track_caller]
pub fn says(row: &Row) {
    if writing() {
        return;
    }
    let seen = Line::of(row);
    let text = std::fs::read_to_string(readme()).unwrap();
    let said = lines(parts(&text).1);
    let said =
        said.iter().find(|line| (&line.module, &line.key, &line.cells[0]) == (&seen.module, &seen.key, &row.hashed));
    assert_eq!(
        said.map(|line| &line.cells),
        Some(&seen.cells),
        "README.md does not say of {} with {} what was seen: softhsm-test/conformance.sh writes its table anew",
        row.module,
        row.key
    );
    if let Some(other) = said.map(|line| &line.version).filter(|version| **version != seen.version) {
        println!("{}: this is {}; the table is of {other}", row.module, seen.version);
    }
}

#[test]
fn the_table_is_as_it_would_be_written() {
    let text = std::fs::read_to_string(readme()).unwrap();
    let (before, table, after) = parts(&text);
    let mut lines = lines(table);
    if writing() {
        let files = std::fs::read_dir(rows()).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        let seen: Vec<Line> = files.map(|file| Line::of(&serde_json::from_slice(&file).unwrap())).collect();
        let ran: BTreeSet<&str> = seen.iter().map(|line| line.module.as_str()).collect();
        lines.retain(|line| !ran.contains(line.module.as_str()));
        lines.extend(seen.iter().cloned());
        std::fs::write(readme(), format!("{before}{BEGIN}{}{END}{after}", render(lines))).unwrap();
        return;
    }
    assert_eq!(render(lines), table, "the table was changed by hand");
}

#[test]
fn a_failure_is_in_the_table_with_its_reason_and_what_it_kept_from_being_seen() {
    let row = |key: &str, outcome: Outcome| Row {
        module: "Some token".into(),
        version: "1.0".into(),
        key: key.into(),
        hashed: "host".into(),
        steps: vec![("genesis".into(), Outcome::Held), ("attributes".into(), outcome)],
        dropped: vec!["CKA_COPYABLE".into()],
    };
    let failed = || Outcome::Failed("a key | that\nleaves".into());
    let rows = [row("rsa-3072", failed()), row("ecdsa-p256", failed()), row("ed25519", Outcome::Held)];
    let table = render(rows.iter().map(Line::of).collect());
    let rest = " | not reached".repeat(6);
    let wanted = format!(
        "| Some token | 1.0 | rsa-3072, ecdsa-p256 | host | yes | **fails**: a key / that leaves{rest} | CKA_COPYABLE |\n\
         | Some token | 1.0 | ed25519 | host | yes | yes{rest} | CKA_COPYABLE |\n"
    );
    assert_eq!(table, format!("{HEAD}{wanted}"));
    assert_eq!(render(lines(&table)), table);
}
