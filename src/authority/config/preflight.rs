//! `[preflight]`: what a machine must be for this authority's ceremonies.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use serde::Deserialize;

/// The checks of a preflight, by name, in the order in which people read them.
pub const CHECKS: [&str; 26] = [
    "interfaces",
    "addresses",
    "routes",
    "radios",
    "bluetooth",
    "swap",
    "core-dumps",
    "hibernation",
    "ptrace-scope",
    "clock-rtc",
    "clock-log",
    "timezone",
    "entropy",
    "binary",
    "module",
    "filesystem",
    "token",
    "media",
    "virtual-machine",
    "users",
    "fence-descriptors",
    "fence-dumps",
    "fence-memory",
    "fence-privileges",
    "fence-network",
    "fence-writes",
];

/// `[preflight]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreflightConfig {
    /// Checks that must end with "pass": neither a warning nor "unknown" will do. Where nobody attends, these
    /// and no others count.
    #[serde(default)]
    pub must_pass: Vec<String>,
    /// SHA-256 of the program that is to run.
    pub binary_sha256: Option<Digest>,
    /// SHA-256 of the root's PKCS#11 module.
    pub module_sha256: Option<Digest>,
}

impl PreflightConfig {
    /// Checks what types cannot say; the caller adds the place.
    ///
    /// # Errors
    /// [`Kind::Usage`]: a check that does not exist, or twice the same.
    pub(super) fn validate(&self) -> Result<(), Error> {
        for (at, name) in self.must_pass.iter().enumerate() {
            if !CHECKS.contains(&name.as_str()) {
                let error = Error::new(Kind::Usage, "no such check").saw(name);
                return Err(match text::nearest(name, CHECKS) {
                    Some(near) => error.hint(format!("did you mean \"{near}\"?")),
                    None => error.wanted(CHECKS.join(", ")),
                });
            }
            if self.must_pass.iter().skip(at + 1).any(|other| other == name) {
                return Err(Error::new(Kind::Usage, "the same check twice").saw(name));
            }
        }
        Ok(())
    }
}
