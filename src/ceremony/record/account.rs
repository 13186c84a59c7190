//! What a record says, as data: the object of `ceremony record --json`, and what its page is made of.
//!
//! Names of fields are stable. What a ceremony may have many of is [`Listed`]: made of the log when it is shown. Every
//! entry of the ceremony is in [`Session::acts`] or in [`Step::acts`], once; the rest are views of them. Strings are as
//! the log has them, unescaped.

use super::act::Act;
use super::listed::{Listed, Source};
use crate::digest::Digest;
use crate::error::Error;
use crate::text::{self, Sink};
use jiff::Timestamp;
use serde::Serialize;
use std::rc::Rc;

mod evidence;
pub use evidence::{Checkpoint, Countersigned, Verified};

/// The `type` of a record.
pub const TYPE: &str = "anchorite/record/v1";

/// What no ceremony proves, whatever its record says.
pub const CANNOT_PROVE: [&str; 4] = [
    "That the token was not used by other software: bags, device counters and the safe's log can.",
    "That two names were two people: the room saw who was there.",
    "That a clone of the token does not exist.",
    "That a time is right: the clock's word is all there is, checked against a watch where a step says so.",
];

/// The record of a ceremony.
#[derive(Serialize)]
pub struct Account {
    /// [`TYPE`].
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whose ceremony it was.
    pub authority: Authority,
    /// Which ceremony.
    pub ceremony: Ceremony,
    /// `complete`, `declined`, `abandoned`, `failed`, `paused`, or `interrupted` where no entry says how it ended.
    pub outcome: String,
    /// Why it did not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The time of its first entry.
    pub began: Timestamp,
    /// The time of its last entry.
    pub ended: Timestamp,
    /// Positions of its first and its last entry.
    pub entries: [u64; 2],
    /// The configuration at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Configuration>,
    /// Its sessions: a pause or a crash ends one.
    pub sessions: Vec<Session>,
    /// Who was there.
    pub participants: Vec<Participant>,
    /// What lay ready.
    pub materials: Vec<Material>,
    /// The script's steps, filled in.
    pub steps: Vec<Step>,
    /// What the root key was asked to sign.
    pub signatures: Listed<Signature>,
    /// What checks found.
    pub findings: Listed<Noticed>,
    /// How many of them are no mere information.
    #[serde(skip)]
    pub warned: usize,
    /// What was not as the script says, in people's words.
    pub deviations: Vec<Exception>,
    /// Steps that were left out.
    pub left_out: Vec<LeftOut>,
    /// What later ceremonies say of this one.
    pub afterwards: Listed<Act>,
    /// The checkpoint that covers its last entry; absent where there is none yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// What was verified to make this record.
    pub verified: Verified,
    /// What no ceremony proves.
    pub cannot_prove: &'static [&'static str],
    /// What its rows are made of.
    #[serde(skip)]
    pub(super) source: Rc<Source>,
}

impl Account {
    /// Writes it as JSON, indented, for people as for programs.
    ///
    /// # Errors
    /// Of `out`; [`Kind::Medium`](crate::error::Kind::Medium): the log cannot be read, or is another than it was. What
    /// went before was handed on.
    pub fn write_json(&self, out: &mut Sink<'_>) -> Result<(), Error> {
        self.source.explain(text::write_json(self, out))
    }
}

/// Whose ceremony it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Authority {
    /// The authority's name.
    pub name: String,
    /// `production`, `test` or `rehearsal`.
    pub kind: String,
    /// The checkpoints' origin.
    pub origin: String,
    /// The log's id.
    pub log: String,
}

/// Which ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ceremony {
    /// The id of its first session.
    pub id: String,
    /// The script's name.
    pub name: String,
    /// The script's title.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// SHA-256 of the script; absent where no session was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_sha256: Option<Digest>,
    /// Its words.
    pub script_words: Vec<&'static str>,
    /// Position of the entry that has the script's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script_entry: Option<u64>,
}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// SHA-256 of `authority.toml`.
    pub sha256: Digest,
    /// Position of the entry that has its text.
    pub entry: u64,
    /// How the root key is backed up.
    pub key_backup: &'static str,
    /// What that means when the token is lost.
    pub loss: &'static str,
}

/// A session: what one process did.
#[derive(Debug, Serialize)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its number, from 1.
    pub number: usize,
    /// `complete`, `declined`, `abandoned`, `failed`, `paused`, or `interrupted` where no entry says how it ended.
    pub outcome: String,
    /// The time of its first entry.
    pub began: Timestamp,
    /// The time of its last entry.
    pub ended: Timestamp,
    /// Where its times come from: `system`, `confirmed`, `given`.
    pub time_sources: Vec<String>,
    /// Its entries that are of no step: its beginning and its end.
    pub acts: Listed<Act>,
}

/// Somebody who was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Participant {
    /// The role, numbered where several have it.
    pub role: String,
    /// The name, where the file of names opens the commitment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The log's commitment: SHA-256 of salt and name.
    pub commitment: String,
    /// `opened`, `not at hand`, `left out`, or `refused`: a file of names was there and does not open the commitment.
    pub names: &'static str,
    /// Position of its entry.
    pub entry: u64,
    /// What was said at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_off: Option<Filled>,
}

/// Something that people typed, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filled {
    /// What was typed.
    pub value: String,
    /// Position of its entry.
    pub entry: u64,
    /// When.
    pub time: Timestamp,
    /// Who, by role.
    pub by: Vec<String>,
}

/// Something that lay ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Material {
    /// What it is.
    pub item: String,
    /// That it was here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticked: Option<Filled>,
    /// Its values.
    pub values: Vec<Value>,
}

/// A value of the script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// What was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Filled>,
    /// The earlier value that it must equal, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<String>,
    /// What that was when this ceremony began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Whether the two are the same, as the step compares them; absent where there is nothing to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
}

/// An item of a step that people tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it says.
    pub item: String,
    /// That it was ticked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticked: Option<Filled>,
}

/// A step, filled in.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its number, as on paper.
    pub number: usize,
    /// Its id.
    pub id: String,
    /// Its activity's name.
    #[serde(rename = "do")]
    pub activity: String,
    /// What it does.
    pub title: String,
    /// Who acts.
    pub by: String,
    /// How long it takes, as planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u32>,
    /// What people should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What is read out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What is ticked.
    pub items: Vec<Item>,
    /// What is written down.
    pub values: Vec<Value>,
    /// `done`, `left out` or `not done`.
    pub state: &'static str,
    /// When it was done or left out: several times where a later process did it again.
    pub finished: Vec<Filled>,
    /// The entries of this step, in order.
    pub acts: Listed<Act>,
}

/// What became of an intent of the root key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// `root`, `audit`, `intermediate`, `cross` or `crl`.
    pub what: String,
    /// What it is, in words.
    pub says: String,
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The certificate's serial number, with colons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The CRL's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crl_number: Option<u64>,
    /// The end of validity, or a CRL's nextUpdate.
    pub not_after: Timestamp,
    /// The subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// SHA-256 of the DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// `ok`, `failed`, `unknown`, or `open` where nothing says what became of it.
    pub status: String,
    /// Position of the intent.
    pub intent: u64,
    /// Position of the outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<u64>,
}

/// A finding, and what people said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Noticed {
    /// What it is about.
    pub about: String,
    /// The rule's id.
    pub rule: String,
    /// `info`, `warn` or `refuse`.
    pub weight: String,
    /// What was seen.
    pub seen: String,
    /// What was wanted.
    pub wanted: String,
    /// The reason that people typed when they approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Position of the entry that has it.
    pub entry: u64,
}

/// A deviation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The step's number; absent where the script has no such step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The step's id.
    pub step: String,
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// What was decided.
    pub decided: String,
    /// When.
    pub time: Timestamp,
    /// Position of its entry.
    pub entry: u64,
}

/// A step that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The step's number; absent where the script has no such step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The step's id.
    pub step: String,
    /// Why.
    pub reason: String,
    /// When.
    pub time: Timestamp,
    /// Position of its entry.
    pub entry: u64,
}
