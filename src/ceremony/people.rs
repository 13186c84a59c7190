//! People, as the engine sees them: a terminal, or an answers file for an authority that is unattended.
//!
//! The engine decides what is right; people only reply. So a typed word is compared here in the engine, and
//! a prepared answer counts only where the authority says that it may.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::plan::MadePlan;
use crate::screen::Screen;
use secrecy::SecretString;

/// Why a ceremony stopped before its end.
#[derive(Debug)]
pub enum Stop {
    /// A person said no.
    Declined(String),
    /// Something failed.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl Stop {
    /// The stop as an error with its kind.
    pub fn into_error(self) -> Error {
        match self {
            Stop::Failed(error) => error,
            Stop::Declined(why) => Error::new(Kind::Declined, format!("declined: {why}")),
        }
    }
}

/// A reply that stands for having compared something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// What was typed, for the engine to compare.
    Typed(String),
    /// Compared beforehand, says an answers file.
    Beforehand,
    /// It is not the same.
    Differs(String),
}

/// A reply about one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Words typed from the screen.
    Words {
        /// Words 1 and 2.
        administrator: String,
        /// Words 3 and 4.
        witness: String,
        /// A reason, where one was asked for.
        reason: Option<String>,
    },
    /// Reviewed beforehand, says an answers file: what was reviewed, and a reason.
    Beforehand {
        /// `sha256:…` or `offline:…`.
        reviewed: String,
        /// A reason, where one is needed.
        reason: Option<String>,
    },
    /// Declined.
    Decline(Option<String>),
}

/// A reply about the retirement of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retirement {
    /// The cluster's name as each of them typed it, and why.
    Typed {
        /// By the administrator.
        administrator: String,
        /// By the witness.
        witness: String,
        /// Why.
        reason: String,
    },
    /// Decided beforehand, says an answers file.
    Beforehand {
        /// Why.
        reason: String,
    },
    /// It is not retired.
    No,
}

/// Whom a plain CSR is for, and who may open what comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Cluster name.
    pub cluster: String,
    /// Environment.
    pub environment: String,
    /// SPIFFE trust domain.
    pub trust_domain: String,
    /// age recipients.
    pub recipients: Vec<String>,
}

/// A plain CSR that needs an assignment, with what is known of clusters for suggestions.
pub struct Unassigned<'a> {
    /// The file's name, escaped.
    pub file: &'a str,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Looks up what configuration and log already fix of a cluster.
    pub known: &'a dyn Fn(&str) -> Option<Assignment>,
}

/// A way on beside mending what is wrong: a word to type, and what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// The word.
    pub word: &'static str,
    /// What it means ("go on without it").
    pub says: &'static str,
}

/// What people say when something was wrong with a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It is mended: look again.
    Same,
    /// They took the way that was offered.
    Otherwise,
}

/// Which secret is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// The user PIN of the token of a role.
    Pin(&'static str),
    /// A user PIN to be set.
    NewPin(&'static str),
    /// A security officer PIN to be set.
    NewSoPin(&'static str),
}

/// Who is asked.
pub trait People {
    /// The digest of the answers file, where one stands for people.
    fn unattended(&self) -> Option<Digest>;

    /// Shows a screen.
    ///
    /// # Errors
    /// [`Stop`] when the terminal is gone.
    fn show(&mut self, screen: &Screen) -> Result<(), Stop>;

    /// The step that begins now: number, of, title, who acts.
    ///
    /// # Errors
    /// [`Stop`] when the terminal is gone.
    fn step(&mut self, number: usize, of: usize, says: &str, by: &str) -> Result<(), Stop>;

    /// Something that went wrong and can be mended by answering again.
    ///
    /// # Errors
    /// [`Stop`] when the terminal is gone.
    fn help(&mut self, error: &Error) -> Result<(), Stop>;

    /// A medium that is not as it must be: people plug in the right one and say so, or take the way that is offered.
    ///
    /// # Errors
    /// [`Stop`]: nobody is there to mend it, or they stop.
    fn wait_for(&mut self, step: &str, what: &Error, offer: Option<&Offer>) -> Result<Again, Stop>;

    /// The names of the people of a role.
    ///
    /// # Errors
    /// [`Stop`].
    fn names(&mut self, step: &str, role: &str, count: usize) -> Result<Vec<String>, Stop>;

    /// Something typed back from the screen before an irreversible act.
    ///
    /// # Errors
    /// [`Stop`].
    fn type_back(&mut self, step: &str, what: &str) -> Result<Compared, Stop>;

    /// Whom a plain CSR is for.
    ///
    /// # Errors
    /// [`Stop`].
    fn assign(&mut self, step: &str, csr: &Unassigned<'_>) -> Result<Assignment, Stop>;

    /// Whether a refused request is struck so that the others can go on; the reason if so.
    ///
    /// # Errors
    /// [`Stop`].
    fn strike(&mut self, step: &str, file: &str, sha256: Option<Digest>) -> Result<Option<String>, Stop>;

    /// Words of a request, at these positions (from 1), from the sheet.
    ///
    /// # Errors
    /// [`Stop`].
    fn request_words(&mut self, step: &str, request: Digest, positions: &[usize]) -> Result<Compared, Stop>;

    /// What people decide on a plan whose screen was shown.
    ///
    /// # Errors
    /// [`Stop`].
    fn decide(&mut self, step: &str, made: &MadePlan) -> Result<Verdict, Stop>;

    /// Whether a cluster is retired; its name is typed twice, and a reason.
    ///
    /// # Errors
    /// [`Stop`].
    fn retire(&mut self, step: &str, cluster: &str) -> Result<Retirement, Stop>;

    /// Whether a changed configuration is adopted; its words 1 to 4 are typed.
    ///
    /// # Errors
    /// [`Stop`].
    fn adopt(&mut self, step: &str, sha256: Digest) -> Result<Compared, Stop>;

    /// A question that is not asked, by this step or by any, because the log says that it was answered before.
    fn answered_before(&mut self, step: Option<&str>, key: &str);

    /// Everything was asked, but for the steps that are named: what was prepared beside it is a mistake.
    ///
    /// # Errors
    /// [`Stop`] where an answer stands for a question that nobody asked.
    fn asked_all(&mut self, later: &[&str]) -> Result<(), Stop>;

    /// A secret; the screen says what is asked and what a wrong try costs.
    ///
    /// # Errors
    /// [`Stop`].
    fn secret(&mut self, which: &Secret, screen: &Screen) -> Result<SecretString, Stop>;

    /// Work that takes time: done, of, what.
    fn working(&mut self, done: usize, of: usize, what: &str);
}
