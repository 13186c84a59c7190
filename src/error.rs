//! What went wrong, in the four parts a person at a ceremony needs: what happened, what was seen,
//! what was wanted, what to do; and what is true now.
//!
//! The kind decides the exit code, in one table. Nothing here prints.

use crate::text;
use std::fmt;

/// The kind of a failure; each has one exit code, and the table in the README is this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command line, the configuration, an answers file, or the lack of a terminal.
    Usage,
    /// Policy refused what was asked; no person can overrule it.
    Refused,
    /// A person said no.
    Declined,
    /// The clock contradicts the log.
    Clock,
    /// The token or its module.
    Token,
    /// The token rejected the PIN: one try is spent.
    PinRejected,
    /// The token says that the next wrong PIN locks it, or that it is locked.
    PinFinal,
    /// A medium, a file, a directory or a lock.
    Medium,
    /// A log, a bundle or a certificate does not verify.
    Verify,
    /// A signature exists and a later step failed.
    AfterSigning,
    /// A defect of this program.
    Bug,
}

impl Kind {
    /// Every kind, in the order of its exit code.
    pub const ALL: [Kind; 11] = [
        Kind::Usage,
        Kind::Refused,
        Kind::Declined,
        Kind::Clock,
        Kind::Token,
        Kind::PinRejected,
        Kind::PinFinal,
        Kind::Medium,
        Kind::Verify,
        Kind::AfterSigning,
        Kind::Bug,
    ];

    /// The process exit code of this kind.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Usage => 2,
            Kind::Refused => 10,
            Kind::Declined => 11,
            Kind::Clock => 12,
            Kind::Token => 20,
            Kind::PinRejected => 21,
            Kind::PinFinal => 22,
            Kind::Medium => 30,
            Kind::Verify => 40,
            Kind::AfterSigning => 50,
            Kind::Bug => 70,
        }
    }

    /// What the exit code means, for the manual.
    pub const fn meaning(self) -> &'static str {
        match self {
            Kind::Usage => "usage, configuration, no terminal",
            Kind::Refused => "refused by policy",
            Kind::Declined => "declined by a person",
            Kind::Clock => "the clock contradicts the log",
            Kind::Token => "token or module",
            Kind::PinRejected => "PIN rejected",
            Kind::PinFinal => "PIN at its final try, or locked",
            Kind::Medium => "medium, file, directory, lock",
            Kind::Verify => "log or bundle does not verify",
            Kind::AfterSigning => "signed, but a later step failed",
            Kind::Bug => "a defect of this program",
        }
    }
}

/// A failure with everything a person needs to act on it.
///
/// All strings are escaped when they are set, so an error can hold what a hostile file said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    kind: Kind,
    what: String,
    seen: Option<String>,
    wanted: Option<String>,
    hints: Vec<String>,
    truth: Vec<String>,
}

impl Error {
    /// An error of `kind`; `what` is one sentence without its final full stop.
    pub fn new(kind: Kind, what: impl AsRef<str>) -> Self {
        Self { kind, what: text::escape(what.as_ref()), seen: None, wanted: None, hints: Vec::new(), truth: Vec::new() }
    }

    /// The value that was seen.
    pub fn saw(mut self, seen: impl AsRef<str>) -> Self {
        self.seen = Some(text::escape(seen.as_ref()));
        self
    }

    /// The value that was wanted.
    pub fn wanted(mut self, wanted: impl AsRef<str>) -> Self {
        self.wanted = Some(text::escape(wanted.as_ref()));
        self
    }

    /// What a person can do about it; more than one is allowed.
    pub fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hints.push(text::escape(hint.as_ref()));
        self
    }

    /// What is true now ("Nothing was signed."); more than one is allowed.
    pub fn truth(mut self, truth: impl AsRef<str>) -> Self {
        self.truth.push(text::escape(truth.as_ref()));
        self
    }

    /// Takes back what is no longer true: where something was signed before, "Nothing was signed." misleads.
    pub fn untrue(mut self, truth: &str) -> Self {
        self.truth.retain(|said| said != truth);
        self
    }

    /// The same failure under another kind: what was a medium's fault becomes, after a signature
    /// exists, [`Kind::AfterSigning`].
    pub fn into_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Puts the failure in the context of a larger act ("cannot open the log: …").
    pub fn within(mut self, context: impl AsRef<str>) -> Self {
        self.what = format!("{}: {}", text::escape(context.as_ref()), self.what);
        self
    }

    /// The kind, hence the exit code.
    pub fn kind(&self) -> Kind {
        self.kind
    }
    /// The sentence.
    pub fn what(&self) -> &str {
        &self.what
    }
    /// The value that was seen, escaped.
    pub fn seen(&self) -> Option<&str> {
        self.seen.as_deref()
    }
    /// The value that was wanted, escaped.
    pub fn wants(&self) -> Option<&str> {
        self.wanted.as_deref()
    }
    /// The hints, in the order in which they were given.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
    /// What is true now.
    pub fn truths(&self) -> &[String] {
        &self.truth
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let seen = self.seen.as_deref().map(|seen| if seen.is_empty() { "nothing" } else { seen });
        match (seen, &self.wanted) {
            (Some(seen), Some(wanted)) => write!(f, ": saw {seen}, wanted {wanted}"),
            (Some(seen), None) => write!(f, ": saw {seen}"),
            (None, Some(wanted)) => write!(f, ": wanted {wanted}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_exit_code() {
        let mut codes: Vec<u8> = Kind::ALL.iter().map(|k| k.exit_code()).collect();
        codes.dedup();
        assert_eq!(codes, [2, 10, 11, 12, 20, 21, 22, 30, 40, 50, 70]);
    }

    #[test]
    fn what_a_hostile_file_said_is_escaped() {
        let error = Error::new(Kind::Medium, "bad\u{1b}[2J").saw("\u{202e}x").wanted("y");
        assert_eq!(error.to_string(), "bad\\u{1b}[2J: saw \\u{202e}x, wanted y");
    }
}
