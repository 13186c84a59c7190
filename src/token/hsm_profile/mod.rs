//! Facts about a family of tokens, as data: where its module is, the shape of its PIN, what it can do,
//! what it rejects, and how all this is known.
//!
//! A profile holds no code and decides nothing: what a token itself says always wins. Profiles are embedded
//! from `hsm-profiles/` or read from a text; reading is pure.

mod check;
mod facts;

pub use facts::*;

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::text;
use crate::token::pin_shape::PinShape;
use crate::token::reserved;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The profile of a file in `hsm-profiles/`.
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../hsm-profiles/", $name, ".toml")))),*]
    };
}

/// The profiles in the binary, by name: those that run in this project's tests first.
const EMBEDDED: &[(&str, &str)] = embedded![
    "softhsm2",
    "kryoptic",
    "nss",
    "tpm2-pkcs11",
    "opencryptoki",
    "entrust-nshield",
    "nitrokey-hsm2",
    "thales-luna",
    "utimaco",
    "yubihsm2",
    "yubikey-piv",
];

/// What is assumed of a token that no profile lists.
const GENERIC: &str = include_str!("../../../hsm-profiles/generic.toml");

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
    /// What C_Initialize is given as `pReserved` (NSS, YubiHSM); `{directory}` in it is where the token's files are.
    #[serde(default)]
    pub initialize_with: Option<String>,
    /// Whether a user who is logged in makes keys in it, under ids of this program's choosing. Where not, only a root
    /// that was made with its vendor's tools can be taken over.
    #[serde(default = "yes")]
    pub makes_keys: bool,
    /// Kinds of keys that it holds.
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
    /// Whether its keys ask for the PIN at each signature. What a key itself says (`CKA_ALWAYS_AUTHENTICATE`) is heeded
    /// without this; it is for tokens whose keys say so only after they were made.
    #[serde(default)]
    pub reauthenticate: bool,
    /// Whether a key that was made takes up room in it until the user logs out, and there is room for few (a TPM: three
    /// objects at once). After each one the user is logged in again, with the PIN, which is kept for it.
    #[serde(default)]
    pub login_per_key: bool,
    /// Whether it keeps the guard.
    pub guard: GuardSupport,
    /// Whether keys and data objects can end with the session that made them. Where not, a trial before genesis makes
    /// its key in the token and destroys it again.
    #[serde(default = "yes")]
    pub session_objects: bool,
    /// Whether it hands a key out, wrapped under a key of the user's own, although the key is not extractable. Where a
    /// profile does not say so and a token does it, no key is made.
    #[serde(default)]
    pub hands_out: bool,
    /// Ways to back its keys up.
    pub backup: Vec<BackupWay>,
    /// How its clone is made, a sentence or more each: read out before it is made.
    #[serde(default, rename = "clone")]
    pub clone_how: Vec<String>,
    /// Who must be there for it to work, where its vendor's own quorum asks for more than one.
    #[serde(default)]
    pub quorum: Option<Quorum>,
    /// How it shows that a key was made in it and cannot leave.
    #[serde(default)]
    pub attestation: Option<Attestation>,
    /// How its module reaches it over TCP, which is closed to this program: a sentence each, with the way around.
    #[serde(default)]
    pub network: Vec<String>,
    /// What a person should know before choosing it.
    pub remarks: Vec<String>,
    /// How this is known.
    pub verified: Verified,
    /// The user PIN.
    pub user_pin: PinShape,
    /// The security officer's PIN.
    pub so_pin: PinShape,
    /// What opens it again after too many wrong PINs, a sentence, where that is not its security officer's to do.
    #[serde(default)]
    pub unlocking: Option<String>,
    /// The files of a token that has no hardware.
    #[serde(default)]
    pub files: Option<TokenFiles>,
    /// Files and directories that its module writes to, beside those files: devices (`/dev/bus/usb`), the state
    /// and the locks of a vendor's daemon. The fence around the process allows these and no others.
    #[serde(default)]
    pub writes: Vec<String>,
}

const fn yes() -> bool {
    true
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

    /// The same, for a token whose files are in a directory of its own, which its module is told.
    ///
    /// # Errors
    /// [`Kind::Usage`]: its module cannot be told.
    pub fn in_directory(mut self, directory: &Path) -> Result<Self, Error> {
        if !self.initialize_with.as_ref().is_some_and(|with| with.contains(reserved::DIRECTORY)) {
            let error = Error::new(Kind::Usage, format!("the module of {} is not told a directory", self.title))
                .saw("[token] directory in local.toml")
                .hint("leave it out of local.toml");
            let variable = self.files.as_ref().and_then(|files| files.environment.as_deref());
            return Err(match variable {
                Some(variable) => error.hint(format!("its module looks where the environment's {variable} says")),
                None => error,
            });
        }
        let path = directory.display().to_string();
        self.files = Some(TokenFiles { environment: None, paths: vec![path], setting: None, database: false });
        Ok(self)
    }

    /// The name of [`generic`](Self::generic).
    pub const GENERIC: &str = "generic";

    /// What is assumed of a token that no profile lists: nothing. A probe begins from it; no authority is
    /// configured with it.
    ///
    /// # Errors
    /// [`Kind::Bug`].
    pub fn generic() -> Result<Self, Error> {
        Self::parse(GENERIC).map_err(|error| error.into_kind(Kind::Bug))
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
    fn every_embedded_profile_says_what_people_need_on_the_day() {
        for name in HsmProfile::names() {
            let profile = HsmProfile::embedded(name).unwrap();
            assert!(!profile.modules.is_empty() && profile.modules.iter().all(|path| path.starts_with('/')), "{name}");
            assert!(profile.remarks.len() >= 3, "{name}: remarks");
            assert!(!profile.algorithms.is_empty(), "{name}");
            // Unlocked by a PIN that is checked before a try is spent; at least what a person can type.
            assert!(profile.user_pin.max >= 6, "{name}");
            assert_eq!(profile.backup.contains(&BackupWay::Clone), !profile.clone_how.is_empty(), "{name}: clone");
            // Without it a key is wrapped in no way that this program knows (Kryoptic has none).
            let wraps = profile.mechanisms.iter().any(|mechanism| mechanism == "CKM_AES_KEY_WRAP_PAD");
            assert!(wraps || !profile.backup.contains(&BackupWay::Wrapped), "{name}: wrapped");
            assert!(profile.writes.iter().all(|path| path.starts_with(['/', '~'])), "{name}: writes");
            if let Some(attestation) = &profile.attestation {
                let found =
                    !attestation.of_keys.is_empty() || !attestation.labels.is_empty() || !attestation.tool.is_empty();
                assert!(found && !attestation.says.is_empty(), "{name}: attestation");
            }
            assert!(profile.quorum.is_none_or(|quorum| !quorum.says.is_empty()), "{name}: quorum");
            // Where this project runs it, versions; where it does not, the document.
            let runs_here = profile.verified.by == VerifiedBy::Ci;
            assert!(profile.verified.source.contains(|c: char| c.is_ascii_digit()), "{name}: no version or date");
            assert!(runs_here || profile.verified.source.len() > 40, "{name}: name the document and its section");
        }
    }

    #[test]
    fn a_kind_of_key_has_the_mechanisms_for_it() {
        let error = HsmProfile::parse(&SOFTHSM.replace("\"CKM_ECDSA\", ", "")).unwrap_err();
        assert!(error.to_string().contains("ecdsa-p256") && error.to_string().contains("CKM_ECDSA"), "{error}");
        let error = HsmProfile::parse(&SOFTHSM.replace("\"CKM_ECDSA\"", "\"CKM_ECSDA\"")).unwrap_err();
        assert!(error.to_string().contains("CKM_ECSDA"), "{error}");
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
            ("source = \"softhsm2", "source = \"\" #"),
            ("title = \"SoftHSM 2\"", "title = \"Soft\\u001b[2JHSM\""),
            ("[files]", "[attestation]\nsays = [\"x\"]\nlabels = [\"\"]\n[files]"),
        ] {
            assert!(HsmProfile::parse(&SOFTHSM.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
