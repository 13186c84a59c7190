//! People, as the engine sees them: a terminal, or an answers file for an authority that is unattended.
//!
//! The engine decides what is right; people only reply. So a typed word is compared here in the engine, and
//! a prepared answer counts only where the authority says that it may.

mod replies;

pub use crate::execute::Signing;
pub use replies::{Assignment, Retirement, Revoking};

use super::vocabulary::Ways;
use crate::authority::state::DoneStep;
use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::plan::MadePlan;
use crate::plan::screen::Banner;
use crate::screen::Screen;
use crate::x509::Reason;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Why a ceremony stopped before its end.
#[derive(Debug)]
pub enum Stop {
    /// People pause: the same command goes on at the step that is not done.
    Pause,
    /// People give the ceremony up, and why.
    Abandon(String),
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
            Stop::Pause => Error::new(Kind::Declined, "the ceremony is paused")
                .hint("the same command goes on at the first step that is not done"),
            Stop::Abandon(why) => Error::new(Kind::Declined, format!("the ceremony was abandoned: {why}")),
        }
    }
}

/// A step as it begins: what every screen of it says.
#[derive(Debug, Clone)]
pub struct StepView<'a> {
    /// The authority's name and kind.
    pub banner: Banner,
    /// Its number, as on paper, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Its id in the script.
    pub id: &'a str,
    /// What it does.
    pub says: &'a str,
    /// Who acts.
    pub by: &'a str,
    /// How long it takes, as planned.
    pub minutes: Option<u32>,
    /// What people should know.
    pub note: Option<&'a str>,
    /// What comes after it.
    pub next: Option<&'a str>,
}

/// Where a ceremony that did not end stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished<'a> {
    /// The script's title.
    pub title: &'a str,
    /// When it began.
    pub since: jiff::Timestamp,
    /// Steps that are done, with their numbers on paper, or left out.
    pub done: Vec<(usize, DoneStep)>,
    /// The number of the first step that is not done.
    pub next: usize,
    /// How many steps there are.
    pub of: usize,
}

/// A deviation as people write it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// What was decided.
    pub decided: String,
}

/// What people choose where a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Try the step again.
    Retry,
    /// Leave it out, and why.
    Skip(String),
    /// Pause here.
    Pause,
    /// Give the ceremony up, and why.
    Abandon(String),
    /// Nobody is there to choose: it ends with the error.
    End,
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

/// A plain CSR that needs an assignment, with what is known of clusters for suggestions.
pub struct Unassigned<'a> {
    /// The file's name, escaped.
    pub file: &'a str,
    /// SHA-256 of the file.
    pub sha256: Digest,
    /// Looks up what configuration and log already fix of a cluster.
    pub known: &'a dyn Fn(&str) -> Option<Assignment>,
}

/// One custodian's turn at the screen: nobody else looks, and nothing of it stays there.
#[derive(Debug, Clone)]
pub struct Turn<'a> {
    /// Whose turn it is: `Custodian 2 of 3`.
    pub whose: String,
    /// The set of the share.
    pub set: &'a Hex,
    /// The share's index, where it is dealt; one that is entered says it itself.
    pub index: Option<u8>,
    /// What they will do, a sentence or two.
    pub says: String,
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
    /// The security officer's PIN of the token of a role.
    SoPin(&'static str),
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

    /// Whether a ceremony that did not end goes on; false begins it anew.
    ///
    /// # Errors
    /// [`Stop`].
    fn goes_on(&mut self, unfinished: &Unfinished<'_>) -> Result<bool, Stop>;

    /// The step that begins now.
    ///
    /// # Errors
    /// [`Stop`] when the terminal is gone.
    fn step(&mut self, view: &StepView<'_>) -> Result<(), Stop>;

    /// What to do about a step that failed; `ways` are those that this step has beside a pause and the end.
    ///
    /// # Errors
    /// [`Stop`].
    fn choose(&mut self, error: &Error, ways: Ways) -> Result<Way, Stop>;

    /// Deviations that people wrote down since this was asked last, in order.
    fn deviations(&mut self) -> Vec<Noted>;

    /// One line that the person of a role types; `key` names it in an answers file.
    ///
    /// # Errors
    /// [`Stop`].
    fn answer(&mut self, step: &str, key: &str, by: &str, question: &str) -> Result<String, Stop>;

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

    /// What is on the screen was copied to the paper: people say so before anything else is shown.
    ///
    /// # Errors
    /// [`Stop`] when the terminal is gone.
    fn copied(&mut self) -> Result<(), Stop>;

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

    /// Whether a certificate is revoked for a reason; its name is typed twice.
    ///
    /// # Errors
    /// [`Stop`].
    fn revoke(&mut self, step: &str, name: &str, reason: Reason) -> Result<Revoking, Stop>;

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

    /// Secrets that are typed on a token's own keys, which this program never sees: the screen says so. The token asks for
    /// them next.
    ///
    /// # Errors
    /// [`Stop`]: one was given here all the same.
    fn types_on_token(&mut self, which: &[Secret], screen: &Screen) -> Result<(), Stop>;

    /// How far the use of the root key has come, for the last words of a program that a module takes down with it.
    fn signing(&mut self, stage: Signing);

    /// A custodian comes to the screen alone, which is cleared.
    ///
    /// # Errors
    /// [`Stop`].
    fn share_turn(&mut self, turn: &Turn<'_>) -> Result<(), Stop>;

    /// Shows the share of this turn until it is written down: the words of its rows.
    ///
    /// # Errors
    /// [`Stop`].
    fn share_shown(&mut self, rows: &[Zeroizing<String>]) -> Result<(), Stop>;

    /// One row of the share of this turn, as it is typed; `trouble` says what was wrong with the one before, and is
    /// for the custodian's eyes only.
    ///
    /// # Errors
    /// [`Stop`].
    fn share_row(&mut self, row: usize, trouble: Option<&str>) -> Result<Zeroizing<String>, Stop>;

    /// The turn is over: the screen is cleared for the others.
    fn share_done(&mut self);

    /// Work that takes time: done, of, what.
    fn working(&mut self, done: usize, of: usize, what: &str);
}
