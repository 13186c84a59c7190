//! Facts about a family of tokens, as data: where its module is, the shape of its PIN, what it can do,
//! what it rejects, and how all this is known.
//!
//! A profile holds no code and decides nothing: what a token itself says always wins. Profiles are embedded
//! from `hsm-profiles/` or read from a text; reading is pure.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::text;
use crate::token::pin_shape::PinShape;
use crate::token::template;
use serde::{Deserialize, Serialize};

/// The profiles in the binary, by name.
const EMBEDDED: [(&str, &str); 2] = [
    ("softhsm2", include_str!("../../hsm-profiles/softhsm2.toml")),
    ("kryoptic", include_str!("../../hsm-profiles/kryoptic.toml")),
];

/// A family of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HsmProfile {
    /// The name in configuration: lower-case letters, digits and hyphens.
    pub name: String,
    /// The name on screens.
    pub title: String,
    /// Who makes it.
    pub vendor: String,
    /// Where its PKCS#11 module may be, most likely first.
    pub modules: Vec<String>,
    /// How one installs the module, for hints.
    pub install: String,
    /// What C_Initialize is given as `pReserved` (NSS, YubiHSM).
    #[serde(default)]
    pub initialize_with: Option<String>,
    /// Kinds of keys that it makes.
    pub algorithms: Vec<KeySpec>,
    /// Mechanisms known to work, by PKCS#11 name.
    pub mechanisms: Vec<String>,
    /// Template attributes that it rejects and that are left out from the start, by PKCS#11 name.
    #[serde(default)]
    pub rejects: Vec<String>,
    /// The most sessions that sign at once.
    pub sessions: usize,
    /// Who hashes where both can.
    pub hash: HashOn,
    /// Whether C_InitToken prepares it; else the vendor's tool does.
    pub initialize: bool,
    /// Whether its keys ask for the PIN at each signature (`CKA_ALWAYS_AUTHENTICATE`).
    #[serde(default)]
    pub reauthenticate: bool,
    /// Whether it keeps the guard.
    pub guard: GuardSupport,
    /// Ways to back its keys up.
    pub backup: Vec<BackupWay>,
    /// How its clone is made, a sentence or more each: read out before it is made.
    #[serde(default, rename = "clone")]
    pub clone_how: Vec<String>,
    /// What a person should know before choosing it.
    pub remarks: Vec<String>,
    /// How this is known.
    pub verified: Verified,
    /// The user PIN.
    pub user_pin: PinShape,
    /// The security officer's PIN.
    pub so_pin: PinShape,
    /// The files of a token that has no hardware.
    #[serde(default)]
    pub files: Option<TokenFiles>,
    /// Files and directories that its module writes to, beside those files: devices (`/dev/bus/usb`), the state
    /// and the locks of a vendor's daemon. The fence around the process allows these and no others.
    #[serde(default)]
    pub writes: Vec<String>,
}

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

impl HsmProfile {
    /// Reads a profile.
    ///
    /// # Errors
    /// [`Kind::Usage`] with line and column for what is not TOML, an unknown or missing field, an impossible value.
    pub fn parse(toml: &str) -> Result<Self, Error> {
        let profile: Self = toml::from_str(toml).map_err(|error| {
            let what = Error::new(Kind::Usage, "cannot read the token profile").saw(error.message());
            match error.span() {
                Some(span) => what.hint(position(toml, span.start)),
                None => what,
            }
        })?;
        profile.check()?;
        Ok(profile)
    }

    /// The profile in the binary with this name.
    ///
    /// # Errors
    /// [`Kind::Usage`] names those that exist.
    pub fn embedded(name: &str) -> Result<Self, Error> {
        match EMBEDDED.iter().find(|(known, _)| *known == name) {
            Some((_, toml)) => Self::parse(toml),
            None => {
                let error = Error::new(Kind::Usage, "no such token profile")
                    .saw(format!("\"{name}\""))
                    .wanted(format!("{}, or the path of a profile", Self::names().collect::<Vec<_>>().join(", ")));
                Err(match text::nearest(name, Self::names()) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error,
                })
            }
        }
    }

    /// The names of the profiles in the binary.
    pub fn names() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// The profile as TOML that [`parse`](Self::parse) reads back as the same.
    pub fn to_toml(&self) -> String {
        // JSON's strings, numbers, booleans and arrays of them are TOML's too; only objects need their own form.
        let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(self) else { return String::new() };
        let (mut values, mut tables) = (String::new(), String::new());
        let line = |name: &str, value: &serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            value => format!("{name} = {value}\n"),
        };
        for (name, value) in &fields {
            match value {
                serde_json::Value::Object(table) => {
                    tables.push_str(&format!("\n[{name}]\n"));
                    tables.extend(table.iter().map(|(name, value)| line(name, value)));
                }
                value => values.push_str(&line(name, value)),
            }
        }
        values + &tables
    }

    /// What no type can say: lengths in order, names that exist.
    fn check(&self) -> Result<(), Error> {
        let wrong = |what: &str, saw: String| Err(Error::new(Kind::Usage, what).saw(saw));
        if self.name.is_empty() || !self.name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-')) {
            return wrong("a profile's name is lower-case letters, digits and hyphens", self.name.clone());
        }
        if self.sessions == 0 {
            return wrong("a token signs with at least one session", "sessions = 0".into());
        }
        for (name, pin) in [("user_pin", &self.user_pin), ("so_pin", &self.so_pin)] {
            if pin.min > pin.max {
                return wrong(
                    "a PIN's least length is above its greatest",
                    format!("{name}: {} > {}", pin.min, pin.max),
                );
            }
            if pin.tries.is_some() && !pin.locks {
                return wrong("a PIN that never locks has no number of tries", name.into());
            }
        }
        match self.rejects.iter().find(|name| !template::OPTIONAL.contains(&name.as_str())) {
            Some(name) => Err(Error::new(Kind::Usage, "an attribute that no key can do without")
                .saw(name)
                .wanted(template::OPTIONAL.join(", "))),
            None => Ok(()),
        }
    }
}

/// `line 3, column 7` of a byte offset.
fn position(text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOFTHSM: &str = EMBEDDED[0].1;

    #[test]
    fn every_embedded_profile_reads_and_has_the_name_of_its_file() {
        for name in HsmProfile::names() {
            assert_eq!(HsmProfile::embedded(name).unwrap().name, name);
        }
    }

    #[test]
    fn a_profile_is_written_as_it_reads() {
        for name in HsmProfile::names() {
            let profile = HsmProfile::embedded(name).unwrap();
            assert_eq!(HsmProfile::parse(&profile.to_toml()).unwrap(), profile);
        }
    }

    #[test]
    fn a_mistyped_field_is_refused_with_its_place() {
        let error = HsmProfile::parse(&SOFTHSM.replace("sessions =", "sesions =")).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage);
        assert!(error.to_string().contains("sesions"), "{error}");
        assert!(error.hints()[0].starts_with("line 2"), "{:?}", error.hints());
    }

    #[test]
    fn a_mistyped_profile_name_is_answered_with_the_nearest() {
        assert!(HsmProfile::embedded("softhsm").unwrap_err().hints()[0].contains("softhsm2"));
    }

    #[test]
    fn a_profile_cannot_say_that_a_key_is_made_without_being_sensitive() {
        let error = HsmProfile::parse(&SOFTHSM.replace("rejects = []", "rejects = [\"CKA_SENSITIVE\"]")).unwrap_err();
        assert!(error.to_string().contains("CKA_SENSITIVE"), "{error}");
        assert!(HsmProfile::parse(&SOFTHSM.replace("rejects = []", "rejects = [\"CKA_COPYABLE\"]")).is_ok());
    }

    #[test]
    fn impossible_values_are_refused() {
        for (from, to) in [
            ("sessions = 64", "sessions = 0"),
            ("min = 4", "min = 400"),
            ("locks = false", "locks = false\ntries = 3"),
            ("name = \"softhsm2\"", "name = \"../x\""),
        ] {
            assert!(HsmProfile::parse(&SOFTHSM.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
