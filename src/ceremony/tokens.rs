//! The tokens of a room: one PKCS#11 module for the root's token, and another where the audit key lives
//! elsewhere.

use crate::authority::local::LocalCopy;
use crate::authority::state::TokenRecord;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::text;
use crate::token::hsm_profile::HsmProfile;
use crate::token::module::{self, Module, Seen, Selection};
use crate::token::unlock::Login;
use crate::token::{Identity, KeyId, KeyRole, Place, Token, backup, environment};
use crate::x509::Spki;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What a ceremony asks of the machine's tokens before one is unlocked.
pub trait Tokens {
    /// The path and the SHA-256 of the root's module.
    fn module(&self) -> (String, Digest);

    /// The profile of the token of a role.
    fn profile(&self, role: KeyRole) -> &HsmProfile;

    /// True where the audit key's token is behind a module of its own: the same serial number is another token there.
    fn audit_apart(&self) -> bool;

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

    /// The public half of a key as the token with this serial number shows it without a login; `None` where it shows
    /// none.
    ///
    /// # Errors
    /// [`Kind::Token`].
    fn public_half(&self, role: KeyRole, serial: &str, id: &KeyId) -> Result<Option<Spki>, Error>;

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

    /// Takes note of what the log says of its tokens: by a label, the last resort, one without a serial number of its
    /// own is told from another.
    fn recall(&mut self, tokens: &BTreeMap<String, TokenRecord>);

    /// Initialises a blank token and sets both PINs; `None` for PINs that are typed on its own keys.
    ///
    /// # Errors
    /// [`Kind::Token`]; the error says whether the token was changed.
    fn initialize(
        &mut self,
        role: KeyRole,
        slot: u64,
        label: &str,
        so_pin: Option<&SecretString>,
        pin: Option<&SecretString>,
    ) -> Result<Identity, Error>;

    /// Unlocks the token with this serial number; one try. `None` for a PIN that is typed on its own keys.
    ///
    /// # Errors
    /// [`Kind::Token`], [`Kind::PinRejected`], [`Kind::PinFinal`]; [`Kind::Declined`]: it was not typed there.
    fn unlock(
        &mut self,
        role: KeyRole,
        serial: &str,
        pin: Option<&SecretString>,
        final_try: bool,
    ) -> Result<Box<dyn Token>, Error>;

    /// Where the copy of the root's token is on this machine; `None` where local.toml says nothing of one.
    fn backup(&self) -> Option<&LocalCopy>;

    /// Copies the files of the root's token to the directory of the backup.
    ///
    /// # Errors
    /// [`Kind::Usage`]: the token has no files, or no directory is named. [`Kind::Medium`].
    fn copy_files(&mut self, serial: &str) -> Result<(), Error>;

    /// Speaks to the root's own token, or to its copy, from here on. Every token must be closed before: the module is
    /// finalised.
    ///
    /// # Errors
    /// [`Kind::Usage`]: no backup is named. [`Kind::Medium`], [`Kind::Token`]: it cannot be reached.
    fn turn_to(&mut self, side: Side) -> Result<(), Error>;
}

/// Which of the two tokens with the root key is spoken to: they may share a reader, a slot or a serial number, so
/// never both at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The authority's own.
    Own,
    /// The copy that `[backup.token]` of local.toml names.
    Backup,
}

/// A module to load.
struct Source {
    profile: HsmProfile,
    path: PathBuf,
}

/// Tokens behind real PKCS#11 modules; file-backed ones are copied before each login.
pub struct Modules {
    root: Source,
    /// `None` only where it could not be loaded again.
    loaded: Option<Module>,
    identity: (String, Digest),
    audit: Option<Module>,
    backup: Option<LocalCopy>,
    side: Side,
    /// What the variable of a file-backed token's module said before the copy was turned to.
    before: Option<OsString>,
    /// The authority's own tokens, as the log has them.
    known: Vec<(String, String)>,
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
        backup: Option<LocalCopy>,
    ) -> Result<Self, Error> {
        let root = Source::new(root)?;
        let loaded = root.load(&root.path)?;
        let audit = match audit.map(Source::new).transpose()? {
            // One module is loaded once a process: two tokens behind it are two slots of it.
            Some(audit) if audit.path != root.path => Some(audit.load(&audit.path)?),
            Some(audit) => one_directory(&root.profile, &audit.profile).map(|()| None)?,
            None => None,
        };
        let identity = (loaded.path().display().to_string(), loaded.sha256());
        Ok(Self {
            root,
            loaded: Some(loaded),
            identity,
            audit,
            backup,
            side: Side::Own,
            before: None,
            known: Vec::new(),
        })
    }

    fn of(&self, role: KeyRole) -> Result<&Module, Error> {
        match (role, &self.audit, &self.loaded) {
            (KeyRole::Audit, Some(module), _) | (_, _, Some(module)) => Ok(module),
            _ => {
                Err(Error::new(Kind::Token, "the root's module is not loaded any more").hint("start the command again"))
            }
        }
    }

    /// How a token of this serial number is chosen. A copy may have any label.
    fn selection(&self, serial: &str) -> Selection {
        let own = self.known.iter().find(|(known, _)| known == serial).filter(|_| self.side == Side::Own);
        match own {
            Some((_, label)) => Selection::Recorded { serial: serial.to_owned(), label: label.clone() },
            None => Selection::named(serial),
        }
    }

    /// Begins with a module again: one with little room kept some for the security officer who was logged in.
    fn begin_again(&mut self, role: KeyRole) -> Result<(), Error> {
        let place = match (role, &self.audit) {
            (KeyRole::Audit, Some(_)) => &mut self.audit,
            _ => &mut self.loaded,
        };
        *place = place.take().map(Module::again).transpose()?;
        Ok(())
    }

    fn copy(&self) -> Result<&LocalCopy, Error> {
        self.backup.as_ref().ok_or_else(no_place)
    }

    fn turn(&mut self, side: Side) -> Result<(), Error> {
        let module = match side {
            Side::Own => {
                if self.copy()?.directory.is_some() {
                    environment::put_back(&self.root.profile, self.before.as_deref())?;
                }
                self.root.path.clone()
            }
            Side::Backup => {
                let copy = self.copy()?;
                if let Some(directory) = &copy.directory {
                    let file = backup::configuration(&self.root.profile, directory)?;
                    let before = environment::choose_configuration(&self.root.profile, &file)?;
                    self.before = before;
                }
                self.copy()?.module.clone().unwrap_or_else(|| self.root.path.clone())
            }
        };
        self.side = side;
        // Finalised before it is loaded again: a module reads its configuration when it starts.
        self.loaded = None;
        self.loaded = Some(self.root.load(&module)?);
        Ok(())
    }
}

/// One module is told one directory.
fn one_directory(root: &HsmProfile, audit: &HsmProfile) -> Result<(), Error> {
    let (root, audit) = (module::token_files(root), module::token_files(audit));
    if root == audit {
        return Ok(());
    }
    let shown = |at: Option<Place>| at.map_or_else(|| "none".to_owned(), |at| text::path(at.directory()));
    Err(Error::new(Kind::Usage, "the root's token and the audit key's have one module and two directories")
        .saw(format!("{} and {}", shown(root), shown(audit)))
        .wanted("the same in [token] and [audit.token] of local.toml")
        .hint("one module keeps one directory; both keys can be in it, without [audit.token]"))
}

/// Nobody said where the copy is.
pub fn no_place() -> Error {
    Error::new(Kind::Usage, "local.toml names no key backup")
        .wanted("[backup.token]")
        .hint("for SoftHSM: directory = \"/media/backup/token\", on a medium of its own")
        .hint("for others: the serial number of the second token, where more than one is there")
}

impl Source {
    fn new((profile, named): (&HsmProfile, Option<&Path>)) -> Result<Self, Error> {
        let path = named.map_or_else(|| module::find_module(profile), |named| Ok(named.to_owned()))?;
        Ok(Self { profile: profile.clone(), path })
    }

    fn load(&self, path: &Path) -> Result<Module, Error> {
        let module = module::load(path, &self.profile)?;
        Ok(match module::token_files(&self.profile).and_then(|files| beside(files.directory())) {
            Some(snapshots) => module.with_snapshots(snapshots),
            None => module,
        })
    }
}

impl Tokens for Modules {
    fn module(&self) -> (String, Digest) {
        self.identity.clone()
    }

    fn profile(&self, role: KeyRole) -> &HsmProfile {
        match (role, &self.audit) {
            (KeyRole::Audit, Some(module)) => module.profile(),
            _ => &self.root.profile,
        }
    }

    fn audit_apart(&self) -> bool {
        self.audit.is_some()
    }

    fn list(&mut self, role: KeyRole) -> Result<Vec<Seen>, Error> {
        self.of(role)?.identities()
    }

    fn find(&self, role: KeyRole, serial: &str) -> Result<Seen, Error> {
        self.of(role)?.select(&self.selection(serial))
    }

    fn public_half(&self, role: KeyRole, serial: &str, id: &KeyId) -> Result<Option<Spki>, Error> {
        self.of(role)?.public_half(&self.selection(serial), id)
    }

    fn check_kind(&self, role: KeyRole, slot: u64, spec: KeySpec) -> Result<(), Error> {
        self.of(role)?.check_kind(&Selection::Slot(slot), spec)
    }

    fn check_files(&self, role: KeyRole) -> Result<(), Error> {
        self.of(role)?.check_files()
    }

    fn recall(&mut self, tokens: &BTreeMap<String, TokenRecord>) {
        self.known = tokens.values().map(|token| (token.serial.clone(), token.label.clone())).collect();
    }

    fn initialize(
        &mut self,
        role: KeyRole,
        slot: u64,
        label: &str,
        so_pin: Option<&SecretString>,
        pin: Option<&SecretString>,
    ) -> Result<Identity, Error> {
        let module = self.of(role)?;
        let fresh = module.profile().login_per_key;
        let identity = module.initialize(&Selection::Slot(slot), so_pin, pin, label)?.identity;
        // From here on it is meant by its label too, where it has no serial number of its own.
        self.known.insert(0, (identity.serial.clone(), identity.label.clone()));
        if fresh {
            self.begin_again(role)?;
        }
        Ok(identity)
    }

    fn unlock(
        &mut self,
        role: KeyRole,
        serial: &str,
        pin: Option<&SecretString>,
        final_try: bool,
    ) -> Result<Box<dyn Token>, Error> {
        let selection = self.selection(serial);
        let login = Login { pin: pin.cloned(), final_try };
        Ok(Box::new(self.of(role)?.unlock(&selection, login)?))
    }

    fn backup(&self) -> Option<&LocalCopy> {
        self.backup.as_ref()
    }

    fn copy_files(&mut self, serial: &str) -> Result<(), Error> {
        match &self.copy()?.directory {
            Some(directory) => backup::copy(&self.root.profile, serial, directory),
            None => Err(no_place()),
        }
    }

    fn turn_to(&mut self, side: Side) -> Result<(), Error> {
        if side == self.side && self.loaded.is_some() { Ok(()) } else { self.turn(side) }
    }
}

/// Where a token's module and its copies write: the files of a token without hardware, the copies beside them,
/// and what the profile names. The directory of copies is made here, since what does not exist cannot be
/// allowed; where that fails, the check before the first login says why.
pub fn places(profile: &HsmProfile) -> Vec<PathBuf> {
    let mut places = module::named_places(profile);
    if let Some(files) = module::token_files(profile) {
        let tokens = files.directory();
        if let Some(copies) = beside(tokens).filter(|_| tokens.is_dir()) {
            module::prepare_copies(&copies);
            places.push(copies);
        }
        places.push(tokens.to_owned());
    }
    places
}

/// `<directory>.snapshots`, on the same file system, so that unchanged files are links.
fn beside(tokens: &Path) -> Option<PathBuf> {
    let name = tokens.file_name()?.to_str()?;
    Some(tokens.with_file_name(format!("{name}.snapshots")))
}
