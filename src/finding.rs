//! Findings: what a check saw, as data. A rule is stated once, in a table; a finding is one rule that fired.

use crate::text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Shown; nothing follows from it.
    Info,
    /// People may go on, with a typed reason that the log keeps.
    Warn,
    /// Nobody can overrule it.
    Refuse,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Info => "info",
            Severity::Warn => "warn",
            Severity::Refuse => "refuse",
        })
    }
}

/// A rule: its stable id, weight, source and remedy.
#[derive(Debug)]
pub struct Rule {
    /// Stable, lower case, `area.what`, for example `request.proof-of-possession`.
    pub id: &'static str,
    /// The weight of its findings.
    pub severity: Severity,
    /// What the rule says, one sentence.
    pub says: &'static str,
    /// The RFC section, CVE, paper or measured fact behind it.
    pub source: &'static str,
    /// What the requester or the administrator can do.
    pub hint: &'static str,
}

impl Rule {
    /// The finding of this rule for what was observed; both strings are escaped.
    pub fn finding(&self, observed: impl AsRef<str>, expected: impl AsRef<str>) -> Finding {
        Finding {
            id: self.id.to_owned(),
            severity: self.severity,
            observed: text::escape(observed.as_ref()),
            expected: text::escape(expected.as_ref()),
            source: self.source.to_owned(),
            hint: self.hint.to_owned(),
        }
    }
}

/// One rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The rule's id.
    pub id: String,
    /// Its weight.
    pub severity: Severity,
    /// What was seen, escaped.
    pub observed: String,
    /// What was wanted, escaped.
    pub expected: String,
    /// Where the rule comes from.
    pub source: String,
    /// What to do.
    pub hint: String,
}

/// The heaviest weight among findings.
pub fn worst(findings: &[Finding]) -> Option<Severity> {
    findings.iter().map(|f| f.severity).max()
}

/// `0 refuse · 0 warn · 1 info`
pub fn tally(findings: &[Finding]) -> String {
    let of = |severity| findings.iter().filter(|f| f.severity == severity).count();
    format!("{} refuse · {} warn · {} info", of(Severity::Refuse), of(Severity::Warn), of(Severity::Info))
}
