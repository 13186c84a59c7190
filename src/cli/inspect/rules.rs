//! `inspect rules`: every rule of the program with its weight and its source, by area.

use crate::cli::terminal::Terminal;
use crate::consumer;
use crate::error::Error;
use crate::finding::{Rule, Severity};
use crate::policy;
use crate::screen::Screen;
use crate::text;
use serde::Serialize;

/// The areas, by the first part of a rule's id, and what each is about.
const AREAS: [(&str, &str); 6] = [
    ("request", "what a request must be"),
    ("policy", "what the configuration and the log allow"),
    ("adoption", "what a root that exists already must be"),
    ("certificate", "what is signed: RFC 5280 and the profiles"),
    ("crl", "revocation lists"),
    ("consumer", "what a mesh accepts (anchorite inspect cacerts)"),
];

#[derive(Serialize)]
struct Row {
    id: &'static str,
    area: &'static str,
    severity: Severity,
    says: &'static str,
    source: &'static str,
    hint: &'static str,
}

/// Prints the table.
///
/// # Errors
/// Those of the terminal.
pub fn run(terminal: &mut Terminal) -> Result<(), Error> {
    if terminal.wants_json() {
        let row = |(area, r): (&'static str, &'static Rule)| Row {
            id: r.id,
            area,
            severity: r.severity,
            says: r.says,
            source: r.source,
            hint: r.hint,
        };
        let rows = AREAS.into_iter().flat_map(|(area, _)| of(area).map(move |rule| row((area, rule))));
        return terminal.json(&rows.collect::<Vec<Row>>());
    }
    terminal.result_screen(&screen())
}

/// Every rule of the program.
fn all() -> impl Iterator<Item = &'static Rule> {
    policy::rules().chain(consumer::RULES.iter().copied())
}

fn of(area: &'static str) -> impl Iterator<Item = &'static Rule> {
    all().filter(move |rule| rule.id.split('.').next() == Some(area))
}

fn screen() -> Screen {
    let weights = "refuse: nobody can overrule it. warn: people may go on, with a reason that the log keeps. \
                   info: shown.";
    let mut screen = Screen::new().text(weights);
    for (area, about) in AREAS {
        screen = screen.blank().heading(format!("{area}: {about}"), text::count(of(area).count(), "rule"));
        for rule in of(area) {
            screen = screen
                .blank()
                .heading(format!("  {}", rule.id), rule.severity.to_string())
                .field("  says", rule.says)
                .field("  source", rule.source)
                .field("  to do", rule.hint);
        }
    }
    screen
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_of_the_program_has_its_own_id_an_area_a_source_and_a_hint() {
        let ids: BTreeSet<&str> = all().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), all().count());
        assert_eq!(AREAS.into_iter().map(|(area, _)| of(area).count()).sum::<usize>(), ids.len());
        for rule in all() {
            assert!(rule.source.len() > 5 && rule.hint.len() > 5 && rule.says.len() > 5, "{}", rule.id);
            let lower = rule.id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
            assert!(lower, "{}", rule.id);
        }
    }

    #[test]
    fn the_table_fits_a_terminal() {
        let table = screen().render();
        assert!(table.lines().all(|line| line.chars().count() <= crate::screen::WIDTH), "{table}");
        assert!(all().all(|rule| table.contains(rule.id)));
    }
}
