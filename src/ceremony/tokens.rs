//! The tokens of a room: one PKCS#11 module for the root's token, and another where the audit key lives
//! elsewhere.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::token::{HsmProfile, Identity, KeyRole, Module, Selection, SlotInfo, Token};
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// What a ceremony asks of the machine's tokens before one is unlocked.
pub trait Tokens {
    /// The path and the SHA-256 of the root's module.
    fn module(&self) -> (String, Digest);

    /// The profile of the token of a role.
    fn profile(&self, role: KeyRole) -> &HsmProfile;

    /// Every token that can be seen.
    ///
    /// # Errors
    /// [`Kind::Token`].
    fn list(&mut self, role: KeyRole) -> Result<Vec<SlotInfo>, Error>;

    /// Initialises a blank token and sets both PINs.
    ///
    /// # Errors
    /// [`Kind::Token`]; the error says whether the token was changed.
    fn initialize(
        &mut self,
        role: KeyRole,
        slot: u64,
        label: &str,
        so_pin: &SecretString,
        pin: &SecretString,
    ) -> Result<Identity, Error>;

    /// Unlocks the token with this serial number; one try.
    ///
    /// # Errors
    /// [`Kind::Token`], [`Kind::PinRejected`], [`Kind::PinFinal`].
    fn unlock(&mut self, role: KeyRole, serial: &str, pin: &SecretString, final_try: bool)
    -> Result<Box<dyn Token>, Error>;
}

/// Tokens behind real PKCS#11 modules.
pub struct Modules {
    root: (Module, HsmProfile, PathBuf, Digest),
    audit: Option<(Module, HsmProfile)>,
    snapshots: PathBuf,
}

impl Modules {
    /// Tokens behind the root's module, whose file has this digest, and the audit key's if it is another;
    /// file-backed tokens are copied to `snapshots` before each login.
    pub fn new(
        root: (Module, HsmProfile, PathBuf, Digest),
        audit: Option<(Module, HsmProfile)>,
        snapshots: PathBuf,
    ) -> Self {
        Self { root, audit, snapshots }
    }

    fn of(&mut self, role: KeyRole) -> (&mut Module, &HsmProfile) {
        match (role, &mut self.audit) {
            (KeyRole::Audit, Some((module, profile))) => (module, profile),
            _ => (&mut self.root.0, &self.root.1),
        }
    }
}

impl Tokens for Modules {
    fn module(&self) -> (String, Digest) {
        (self.root.2.display().to_string(), self.root.3)
    }

    fn profile(&self, role: KeyRole) -> &HsmProfile {
        match (role, &self.audit) {
            (KeyRole::Audit, Some((_, profile))) => profile,
            _ => &self.root.1,
        }
    }

    fn list(&mut self, role: KeyRole) -> Result<Vec<SlotInfo>, Error> {
        self.of(role).0.slots()
    }

    fn initialize(
        &mut self,
        role: KeyRole,
        slot: u64,
        label: &str,
        so_pin: &SecretString,
        pin: &SecretString,
    ) -> Result<Identity, Error> {
        self.of(role).0.initialize(slot, label, so_pin, pin)
    }

    fn unlock(
        &mut self,
        role: KeyRole,
        serial: &str,
        pin: &SecretString,
        final_try: bool,
    ) -> Result<Box<dyn Token>, Error> {
        let snapshots = self.snapshots.clone();
        let (module, _) = self.of(role);
        let selection = Selection::Serial(serial.to_owned());
        Ok(Box::new(module.unlock(&selection, pin, final_try, Some(&snapshots))?))
    }
}

/// The module to load: the one that is named, else the first of the profile's search paths that exists.
///
/// # Errors
/// [`Kind::Token`] where none exists.
pub fn locate(named: Option<&Path>, profile: &HsmProfile) -> Result<PathBuf, Error> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    profile.modules.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
        Error::new(Kind::Token, format!("no PKCS#11 module of the profile {} is installed", profile.name))
            .wanted(profile.modules.join(", "))
            .hint("install it, or name it in local.toml: [token] module = \"/path/to/module.so\"")
            .truth("Nothing was signed.")
    })
}
