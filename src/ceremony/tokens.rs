//! The tokens of a room: one PKCS#11 module for the root's token, and another where the audit key lives
//! elsewhere.

use crate::digest::Digest;
use crate::error::Error;
use crate::key::KeySpec;
use crate::token::hsm_profile::HsmProfile;
use crate::token::module::{self, Module, Seen, Selection};
use crate::token::unlock::Login;
use crate::token::{Identity, KeyRole, Token};
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
    fn list(&mut self, role: KeyRole) -> Result<Vec<Seen>, Error>;

    /// The initialised token with this serial number.
    ///
    /// # Errors
    /// [`Kind::Token`]: it is not here, with what is.
    fn find(&self, role: KeyRole, serial: &str) -> Result<Seen, Error>;

    /// Checks that the token in a slot, blank or not, says that it has what a kind of key needs.
    ///
    /// # Errors
    /// [`Kind::Token`] names what it lacks.
    fn check_kind(&self, role: KeyRole, slot: u64, spec: KeySpec) -> Result<(), Error>;

    /// Checks that the files of a token without hardware can be written and have room; so can their copies.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    fn check_files(&self, role: KeyRole) -> Result<(), Error>;

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
    fn unlock(
        &mut self,
        role: KeyRole,
        serial: &str,
        pin: &SecretString,
        final_try: bool,
    ) -> Result<Box<dyn Token>, Error>;
}

/// Tokens behind real PKCS#11 modules; file-backed ones are copied before each login.
pub struct Modules {
    root: Module,
    audit: Option<Module>,
}

impl Modules {
    /// Loads the root's module, and the audit key's where that is another. Copies of a file-backed token are
    /// kept beside its directory: never with the authority, whose sticks must not carry key material.
    ///
    /// # Errors
    /// [`Kind::Token`](crate::error::Kind::Token).
    pub fn load(
        root: (&HsmProfile, Option<&Path>),
        audit: Option<(&HsmProfile, Option<&Path>)>,
    ) -> Result<Self, Error> {
        let load = |(profile, named): (&HsmProfile, Option<&Path>)| {
            let path = named.map_or_else(|| module::find_module(profile), |named| Ok(named.to_owned()))?;
            let module = module::load(&path, profile)?;
            Ok::<Module, Error>(match module::token_directory(profile).and_then(|tokens| beside(&tokens)) {
                Some(snapshots) => module.with_snapshots(snapshots),
                None => module,
            })
        };
        let root_module = load(root)?;
        let audit = match audit {
            // One module is loaded once a process: two tokens behind it are two slots of it.
            Some((profile, named)) => {
                let path = named.map_or_else(|| module::find_module(profile), |named| Ok(named.to_owned()))?;
                if path == root_module.path() { None } else { Some(load((profile, Some(&path)))?) }
            }
            None => None,
        };
        Ok(Self { root: root_module, audit })
    }

    fn of(&self, role: KeyRole) -> &Module {
        match (role, &self.audit) {
            (KeyRole::Audit, Some(module)) => module,
            _ => &self.root,
        }
    }
}

impl Tokens for Modules {
    fn module(&self) -> (String, Digest) {
        (self.root.path().display().to_string(), self.root.sha256())
    }

    fn profile(&self, role: KeyRole) -> &HsmProfile {
        self.of(role).profile()
    }

    fn list(&mut self, role: KeyRole) -> Result<Vec<Seen>, Error> {
        self.of(role).identities()
    }

    fn find(&self, role: KeyRole, serial: &str) -> Result<Seen, Error> {
        self.of(role).select(&Selection::Serial(serial.to_owned()))
    }

    fn check_kind(&self, role: KeyRole, slot: u64, spec: KeySpec) -> Result<(), Error> {
        self.of(role).check_kind(&Selection::Slot(slot), spec)
    }

    fn check_files(&self, role: KeyRole) -> Result<(), Error> {
        self.of(role).check_files()
    }

    fn initialize(
        &mut self,
        role: KeyRole,
        slot: u64,
        label: &str,
        so_pin: &SecretString,
        pin: &SecretString,
    ) -> Result<Identity, Error> {
        Ok(self.of(role).initialize(&Selection::Slot(slot), so_pin, pin, label)?.identity)
    }

    fn unlock(
        &mut self,
        role: KeyRole,
        serial: &str,
        pin: &SecretString,
        final_try: bool,
    ) -> Result<Box<dyn Token>, Error> {
        let selection = Selection::Serial(serial.to_owned());
        let login = Login { pin: Some(pin.clone()), final_try };
        Ok(Box::new(self.of(role).unlock(&selection, login)?))
    }
}

/// Where a token's module and its copies write: the files of a token without hardware, the copies beside them,
/// and what the profile names. The directory of copies is made here, since what does not exist cannot be
/// allowed; where that fails, the check before the first login says why.
pub fn places(profile: &HsmProfile) -> Vec<PathBuf> {
    let mut places = module::named_places(profile);
    if let Some(tokens) = module::token_directory(profile) {
        if let Some(copies) = beside(&tokens).filter(|_| tokens.is_dir()) {
            module::prepare_copies(&copies);
            places.push(copies);
        }
        places.push(tokens);
    }
    places
}

/// `<directory>.snapshots`, on the same file system, so that unchanged files are links.
fn beside(tokens: &Path) -> Option<PathBuf> {
    let name = tokens.file_name()?.to_str()?;
    Some(tokens.with_file_name(format!("{name}.snapshots")))
}
