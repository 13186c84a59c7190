//! The parts of a profile: each a fact about a family of tokens, in words that a profile's file uses.

use serde::{Deserialize, Serialize};

/// Who hashes what is signed, where the token offers both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashOn {
    /// The token (`CKM_SHA256_RSA_PKCS`).
    Token,
    /// This host, with the raw mechanism (`CKM_RSA_PKCS`).
    Host,
}

/// How a token keeps the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuardSupport {
    /// As a private data object, replaced by a new one each time.
    Replace,
    /// Not at all.
    None,
}

/// A way to back a key up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupWay {
    /// The vendor's own means, or a copied directory.
    Clone,
    /// Wrapped by a key from the custody seed.
    Wrapped,
}

/// How a profile is known to be true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verified {
    /// By whom or what.
    pub by: VerifiedBy,
    /// Versions, date and machine, or the document.
    pub source: String,
}

/// Who or what has verified a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VerifiedBy {
    /// It runs in this project's tests.
    Ci,
    /// Someone ran it.
    Hand,
    /// The vendor's documentation says so; nobody here ran it.
    Documentation,
}

impl VerifiedBy {
    /// The name in profiles and on screens.
    pub const fn name(self) -> &'static str {
        match self {
            VerifiedBy::Ci => "ci",
            VerifiedBy::Hand => "hand",
            VerifiedBy::Documentation => "documentation",
        }
    }
}

/// Where the files of a token without hardware are.
///
/// The environment variable, or the first of `paths` that exists, names the directory itself, or, where
/// `setting` is given, a configuration file with a line `setting = directory`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenFiles {
    /// The environment variable that comes first.
    #[serde(default)]
    pub environment: Option<String>,
    /// Where it is otherwise; `~` is the home directory.
    pub paths: Vec<String>,
    /// The name of the line in the configuration file.
    #[serde(default)]
    pub setting: Option<String>,
    /// The line names a database file, which is one whole token; there may be several, in one directory.
    #[serde(default)]
    pub database: bool,
}

/// A vendor's own quorum: the token does nothing until enough of its people have shown what they hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// How it works, a sentence each: printed in the script, shown before the PIN is asked, kept in the record.
    pub says: Vec<String>,
    /// What these people bring, an item each: printed among the script's materials.
    #[serde(default)]
    pub bring: Vec<String>,
}

/// A vendor's own evidence of where a key was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// What it is and who vouches for it, a sentence each.
    pub says: Vec<String>,
    /// How the labels begin of certificates that attest a key and have its CKA_ID. Others under that id do not: a
    /// root's own certificate is often put there.
    #[serde(default)]
    pub of_keys: Vec<String>,
    /// The labels of the device's own certificates: objects of class certificate or data.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The vendor's command that writes it into a file, where no object holds it, a line each.
    #[serde(default)]
    pub tool: Vec<String>,
}
