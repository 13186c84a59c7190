//! What a publication says of itself: how it is checked with stock tools, and the words of the paper.

use crate::audit::Report;
use crate::authority::State;
use crate::digest::Digest;
use crate::{text, words};
use std::collections::BTreeMap;

const README: &str = include_str!("README.md");
/// Begins what is left out where nobody's name is public.
const NAMES: &str = "<!-- names -->\n";

/// `README.md`.
pub fn readme(
    state: &State,
    report: &Report,
    scripts: &BTreeMap<Digest, (String, String)>,
    with_names: bool,
) -> String {
    let scripts: String =
        scripts.iter().map(|(sha256, (name, _))| format!("- `{sha256}.toml`: {}\n", plain(name))).collect();
    let roots: String =
        report.roots.iter().enumerate().map(|(i, sha256)| format!("root {}  sha256 {sha256}\n", i + 1)).collect();
    let uncovered = state.uncovered().map(|says| format!("\n**{}**\n", plain(&says))).unwrap_or_default();
    let ended = state.ended().map(|at| format!("\n**Ended {at}: its keys are destroyed.**\n")).unwrap_or_default();
    let (with, without) = (with_names, !with_names);
    let parts = README.split(NAMES).enumerate();
    let text: String =
        parts.filter(|(at, _)| (*at != 1 || with) && (*at != 2 || without)).map(|(_, part)| part).collect();
    text.replace("@AUTHORITY@", &plain(&state.name))
        .replace("@KIND@", &plain(&state.kind))
        .replace("@ORIGIN@", &plain(&state.origin))
        .replace("@SIZE@", &report.size.to_string())
        .replace("@WORDS@", &words::words(report.root.0.get(..8).unwrap_or_default()).join(" "))
        .replace("@ROOTS@", roots.trim_end())
        .replace("@UNCOVERED@\n", &(uncovered + &ended))
        .replace("@SCRIPTS@\n", &scripts)
}

/// On one line, and nothing that Markdown or a terminal would take for more than text.
fn plain(value: &str) -> String {
    let marks = |c: char| "\\`*_{}[]<>()#+!|~&".contains(c);
    text::escape(value).chars().flat_map(|c| marks(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The list of words: a byte in hex, its word at positions 1, 3, 5…, and at positions 2, 4, 6….
pub fn word_list() -> String {
    let rows = words::EVEN.iter().zip(&words::ODD).enumerate();
    rows.map(|(byte, (even, odd))| format!("{byte:02x} {even} {odd}\n")).collect()
}
