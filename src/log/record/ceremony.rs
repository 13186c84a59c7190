//! Records of a ceremony's course: preflight, steps left out, deviations, the clock, custody of the PIN.

use crate::digest::{Base64, Digest, Hex};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the preflight saw of the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preflight {
    /// A line for each check.
    pub checks: Vec<PreflightCheck>,
}

/// One check of the preflight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreflightCheck {
    /// Its name, stable: what `must_pass` lists.
    pub name: String,
    /// `pass`, `warn`, `fail`, or `unknown` where it could not be checked.
    pub result: String,
    /// What was seen, a sentence.
    pub seen: String,
}

/// A step of the script was left out; the deviation before it says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepSkipped {
    /// The step's id.
    pub step: String,
    /// Its activity.
    #[serde(rename = "do")]
    pub activity: String,
    /// Why.
    pub reason: String,
}

/// Something was not as the script says: what people wrote down when it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    /// The id of the step at which it happened.
    pub step: String,
    /// What was expected.
    pub expected: String,
    /// What happened.
    pub happened: String,
    /// What was decided.
    pub decided: String,
}

/// A person's watch was compared with the machine's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockSet {
    /// What the machine's clock showed.
    pub machine: Timestamp,
    /// What the watch showed.
    pub watch: Timestamp,
    /// True where entries before this one carry later times: the clock had been set ahead by mistake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

/// A seed of PINs was split among custodians; each share was read back before anything relied on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodySplit {
    /// The set's id, random.
    pub set: Hex,
    /// The token whose PINs come of it: `root`.
    pub role: String,
    /// How many shares give the seed.
    pub threshold: u8,
    /// A commitment to each share, by index from 1: SHA-256 of the encoded share.
    pub commitments: Vec<Digest>,
    /// What the user PIN is derived as.
    pub user: PinForm,
    /// What the security officer's PIN is derived as.
    pub so: PinForm,
    /// Shares sealed to custodians: the age file of each index that was not read out as words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealed: Vec<SealedShare>,
}

/// The characters and the length of a derived PIN: fixed with the set, so that a changed profile changes no PIN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinForm {
    /// `digits`, or `printable` (ASCII from `!` to `~`).
    pub alphabet: String,
    /// In characters.
    pub length: usize,
}

/// A share that was sealed to its custodian's age recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedShare {
    /// The share's index, from 1.
    pub index: u8,
    /// The recipient.
    pub recipient: String,
    /// SHA-256 of the age file.
    pub ciphertext_sha256: Digest,
    /// The age file.
    pub ciphertext: Base64,
}

/// Shares of a set were present. Never the shares themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodyShareUsed {
    /// The set's id.
    pub set: Hex,
    /// Indexes of the shares.
    pub indexes: Vec<u8>,
    /// `unlock` (the token accepted the set's user PIN), `initialize` or `change`.
    pub purpose: String,
}

/// A PIN of a token is about to be changed to the one of another set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinChanging {
    /// `root` or `audit`.
    pub role: String,
    /// `so` or `user`.
    pub which: String,
    /// The set whose PIN it will be.
    pub set: Hex,
}

/// A PIN of a token was changed, and the token accepts the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinChanged {
    /// `root` or `audit`.
    pub role: String,
    /// `so` or `user`.
    pub which: String,
    /// The set whose PIN it is now.
    pub set: Hex,
}
