//! A PKCS#11 module: loading it, what tokens it sees, choosing one.
//!
//! PKCS#11 state is the process's: one [`Module`] at a time, and it is finalised when the last token opened
//! through it is dropped. Never logs in: `unlock` and `initialize` do. Source: PKCS#11 v3.0 sections 5.4 to 5.6.

use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::text;
use crate::token::hsm_profile::HsmProfile;
use crate::token::place::{self, Place};
use crate::token::raw::Raw;
use crate::token::seen::{self, describe, list, list_slots};
pub use crate::token::seen::{PinState, Seen};
use crate::token::{directory, fault, reach, reserved};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Answer, RvError};
use cryptoki::slot::Slot;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A loaded and initialised PKCS#11 module.
#[derive(Debug, Clone)]
pub struct Module {
    pub(super) library: Arc<Library>,
    pub(super) profile: Arc<HsmProfile>,
    pub(super) snapshots: Option<PathBuf>,
    path: PathBuf,
    sha256: Digest,
    description: String,
    /// It locks nothing: one thread at a time calls it.
    pub(super) alone: bool,
}

/// The module's context, and the functions that it does not call; finalised when it is dropped, which cryptoki leaves
/// to us.
#[derive(Debug)]
pub(super) struct Library(pub(super) Pkcs11, pub(super) Raw);

impl Drop for Library {
    fn drop(&mut self) {
        // Nothing can be done about a module that does not end well, and a signature may have been made.
        let _ = self.0.clone().finalize();
    }
}

/// How a token is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// By its serial number, as people name it.
    Serial(String),
    /// As the log recorded it: by its serial number, whatever became of its label (OpenSC renames them); a token
    /// without a number of its own (none, or zeros: NSS, tpm2-pkcs11) by its label too.
    Recorded {
        /// The serial number.
        serial: String,
        /// The label.
        label: String,
    },
    /// By its label: a last resort, for tokens without serial numbers.
    Label(String),
    /// The only initialised token.
    Only,
    /// By its slot, for a blank token, which has neither serial number nor label.
    Slot(u64),
}

impl Selection {
    /// What people name a token by: its serial number, or `label:` and its label.
    pub fn named(text: &str) -> Self {
        match text.strip_prefix("label:") {
            Some(label) => Selection::Label(label.to_owned()),
            None => Selection::Serial(text.to_owned()),
        }
    }
}

/// The module of a profile: the first of its search paths that exists.
///
/// # Errors
/// [`Kind::Token`] with the paths and how to install it.
pub fn find_module(profile: &HsmProfile) -> Result<PathBuf, Error> {
    profile.modules.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
        Error::new(Kind::Token, format!("the PKCS#11 module of {} is not installed", profile.title))
            .saw("none of the profile's paths exists")
            .wanted(profile.modules.join(", "))
            .hint(&profile.install)
    })
}

/// Where the files of a token without hardware are, where that is configured.
pub fn token_files(profile: &HsmProfile) -> Option<Place> {
    profile.files.as_ref().and_then(Place::locate)
}

/// The files and directories that a profile's module writes to beside the token's own.
pub fn named_places(profile: &HsmProfile) -> Vec<PathBuf> {
    profile.writes.iter().filter_map(|path| place::home(path)).collect()
}

/// Makes the directory for copies of a token's files, where it can be made.
pub fn prepare_copies(kept_in: &Path) {
    // Nothing is lost without it yet: `check_files` looks again before a PIN is tried.
    let _ = directory::create_private(kept_in);
}

/// Loads and initialises a module.
///
/// # Errors
/// [`Kind::Token`]: no such file, another machine's, not a PKCS#11 module, one that needs the network, already in
/// use by this process, or it refuses to start.
pub fn load(path: &Path, profile: &HsmProfile) -> Result<Module, Error> {
    let shown = path.display().to_string();
    let bytes = fs_err::read(path).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let what = if missing { "there is no PKCS#11 module at this path" } else { "cannot read the PKCS#11 module" };
        Error::new(Kind::Token, what)
            .saw(if missing { shown.clone() } else { error.to_string() })
            .hint("the path is that of [token] module in local.toml, or of --module")
            .hint(&profile.install)
    })?;
    same_machine(&bytes, &shown, profile)?;
    reach::check(profile, path)?;
    let with = reserved::string(profile)?;
    let not_a_module = |detail: String| {
        Error::new(Kind::Token, format!("{shown} cannot be loaded as a PKCS#11 module"))
            .saw(detail)
            .hint("give the path of the module itself, for example /usr/lib/softhsm/libsofthsm2.so")
    };
    // A bare name would be looked for in the system's directories: another file than the one that was read.
    let here = if path.components().count() == 1 { Path::new(".").join(path) } else { path.to_owned() };
    let unusable = |answer: Answer| match answer {
        Answer::MissingSymbol(symbol) => not_a_module(format!("it has no {symbol}")),
        Answer::LibraryLoading(error) => not_a_module(error.to_string()),
        other => not_a_module(fault::name(&other)),
    };
    let context = Pkcs11::new(&here).map_err(unusable)?;
    let raw = Raw::of(&here).map_err(unusable)?;
    let start = |flags: CInitializeFlags| match with.clone() {
        None => context.initialize(CInitializeArgs::new(flags)),
        Some(with) => reserved::initialize(&context, with, flags),
    };
    let mut alone = false;
    let started = start(CInitializeFlags::OS_LOCKING_OK).or_else(|answer| match answer {
        // It locks nothing: one thread at a time may call it, then.
        Answer::Pkcs11(RvError::CantLock, _) => {
            alone = true;
            start(CInitializeFlags::empty())
        }
        other => Err(other),
    });
    started.map_err(|answer| does_not_start(&shown, &answer, profile))?;
    let library = Arc::new(Library(context, raw));
    let description = match library.0.get_library_info() {
        Ok(info) => [info.manufacturer_id(), info.library_description(), &info.library_version().to_string()]
            .map(str::trim)
            .join(" "),
        Err(answer) => return Err(fault::refused("the module does not say who it is", &answer)),
    };
    Ok(Module {
        library,
        profile: Arc::new(profile.clone()),
        snapshots: None,
        path: path.to_owned(),
        sha256: Digest::of(&bytes),
        description,
        alone,
    })
}

/// Compares the module's ELF header with that of this program: class, byte order and machine.
fn same_machine(module: &[u8], shown: &str, profile: &HsmProfile) -> Result<(), Error> {
    let header = |bytes: &[u8]| Some((bytes.get(..6)?.to_vec(), bytes.get(18..20)?.to_vec()));
    let own = || {
        use std::io::Read as _;
        let mut start = [0; 20];
        std::fs::File::open(std::env::current_exe().ok()?).ok()?.read_exact(&mut start).ok()?;
        header(&start)
    };
    let Some(own) = own() else { return Ok(()) };
    let error = Error::new(Kind::Token, format!("{shown} cannot be loaded as a PKCS#11 module")).hint(&profile.install);
    match header(module) {
        Some(theirs) if theirs == own => Ok(()),
        Some(theirs) if theirs.0.starts_with(b"\x7fELF") => {
            Err(error.saw("a library for another kind of processor").wanted(std::env::consts::ARCH))
        }
        _ => Err(error.saw("not a shared library").wanted("a shared library for this machine")),
    }
}

fn does_not_start(shown: &str, answer: &Answer, profile: &HsmProfile) -> Error {
    let error = fault::refused(&format!("the PKCS#11 module {shown} does not start"), answer);
    if matches!(answer, Answer::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) {
        return error.hint("this process uses it already");
    }
    let devices = named_places(profile).into_iter().filter(|place| place.starts_with("/dev"));
    let missing = devices.into_iter().find(|place| !place.exists());
    let error = match missing {
        Some(place) => error.hint(format!("it works through {}, which is not here", text::path(&place))),
        None => error,
    };
    let Some(files) = &profile.files else { return error };
    if files.database && matches!(answer, Answer::Pkcs11(RvError::UserPinNotInitialized, _)) {
        // Kryoptic 1.5.4, where it was killed while it began with a new database, or made a token blank.
        let begun =
            "its database was begun and not completed: a token was never prepared in it, or was to be made blank";
        return error.hint(begun).hint("move the database aside: the module makes a new one, with a blank token");
    }
    let named = files.environment.as_deref().unwrap_or("its configuration");
    match Place::locate(files).map(|place| place.directory().to_owned()) {
        Some(directory) if directory.is_dir() => error
            .hint(format!("its token directory is {}; is it readable and writable for you?", text::path(&directory))),
        Some(directory) => error.hint(format!(
            "its token directory {} does not exist: create it with mkdir -m 700",
            text::path(&directory)
        )),
        None => error.hint(format!("{named} must name a configuration with the token directory")),
    }
}

impl Module {
    /// The same module, which keeps copies of a file-backed token's files here before each login.
    pub fn with_snapshots(mut self, kept_in: impl Into<PathBuf>) -> Self {
        self.snapshots = Some(kept_in.into());
        self
    }

    /// The same module, ended and begun again: what it kept of the tokens, and its slots, are gone. No token of it is
    /// open.
    ///
    /// # Errors
    /// Those of [`load`]; it is not loaded any more.
    pub fn again(self) -> Result<Self, Error> {
        let Self { library, profile, snapshots, path, .. } = self;
        drop(library);
        Ok(Self { snapshots, ..load(&path, &profile)? })
    }

    /// Where the module was loaded from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the module's file as it was read just before it was loaded.
    pub fn sha256(&self) -> Digest {
        self.sha256
    }

    /// `manufacturer description version` of the library.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The profile that it was loaded with.
    pub fn profile(&self) -> &HsmProfile {
        &self.profile
    }

    /// Every token that can be read; slots without a token, with one that cannot be read or with what keeps no keys are
    /// passed over.
    ///
    /// # Errors
    /// [`Kind::Token`] when the module does not list its slots.
    pub fn identities(&self) -> Result<Vec<Seen>, Error> {
        Ok(self.survey()?.0)
    }

    /// The tokens that can be read, and a line for each slot that holds one that cannot.
    fn survey(&self) -> Result<(Vec<Seen>, Vec<String>), Error> {
        let context = &self.library.0;
        let slots =
            context.get_slots_with_token().map_err(|a| fault::refused("the module does not list its slots", &a))?;
        let (mut tokens, mut unreadable) = (Vec::new(), Vec::new());
        for slot in slots {
            match self.library.1.token_info(slot) {
                Ok(info) if seen::keeps_nothing(&info) => {}
                Ok(info) => tokens.push(Seen::read(slot.id(), &info, &self.description)),
                Err(answer) => unreadable.push(format!("slot {slot} does not say who it is: {}", fault::name(&answer))),
            }
        }
        Ok((tokens, unreadable))
    }

    pub(super) fn look(&self, slot: Slot) -> Result<Seen, Answer> {
        self.library.1.token_info(slot).map(|info| Seen::read(slot.id(), &info, &self.description))
    }

    /// The token of a selection.
    ///
    /// # Errors
    /// [`Kind::Token`]: none or more than one matches (the error lists what is there), or the recorded token
    /// looks damaged (the error names its newest copy).
    pub fn select(&self, selection: &Selection) -> Result<Seen, Error> {
        let (tokens, unreadable) = self.survey()?;
        let matches = |seen: &&Seen| match selection {
            Selection::Serial(serial) => seen.initialized && seen.identity.serial == *serial,
            Selection::Recorded { serial, label } => {
                seen.initialized
                    && seen.identity.serial == *serial
                    && (seen::has_number(serial) || seen.identity.label == *label)
            }
            Selection::Label(label) => seen.initialized && seen.identity.label == *label,
            Selection::Only => seen.initialized,
            Selection::Slot(slot) => seen.slot == *slot,
        };
        let found: Vec<&Seen> = tokens.iter().filter(matches).collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(self.absent(selection, &tokens, &unreadable)),
            several => {
                let what = match selection {
                    Selection::Label(label) => format!("{} tokens have the label \"{label}\"", several.len()),
                    Selection::Serial(serial) | Selection::Recorded { serial, .. } if seen::has_number(serial) => {
                        format!("{} tokens have the serial number {serial}", several.len())
                    }
                    Selection::Serial(_) => format!("{} tokens have no serial number", several.len()),
                    Selection::Recorded { label, .. } => {
                        format!("{} tokens have no serial number and the label \"{label}\"", several.len())
                    }
                    _ => format!("there are {} tokens", several.len()),
                };
                let there = match selection {
                    Selection::Only => list(several.iter().copied()),
                    _ => list_slots(several.iter().copied()),
                };
                let error = Error::new(Kind::Token, what).saw(there).wanted("exactly one");
                Err(match selection {
                    Selection::Serial(serial) if !seen::has_number(serial) => {
                        error.hint("name it by its label: label:NAME")
                    }
                    Selection::Serial(_) | Selection::Recorded { .. } => {
                        error.hint("take all but one out: one may be a clone")
                    }
                    _ => error.hint("name the token by its serial number"),
                })
            }
        }
    }

    fn absent(&self, selection: &Selection, tokens: &[Seen], unreadable: &[String]) -> Error {
        let mut there: Vec<String> = tokens.iter().filter(|seen| seen.initialized).map(describe).collect();
        there.extend_from_slice(unreadable);
        let there = if there.is_empty() { "no initialised token".to_owned() } else { there.join("; ") };
        let wanted = match selection {
            Selection::Serial(serial) => format!("the token with serial number {serial}"),
            Selection::Recorded { serial, label } => match seen::has_number(serial) {
                true => format!("the token with serial number {serial}"),
                false => format!("the token without a serial number whose label is \"{label}\""),
            },
            Selection::Label(label) => format!("the token with the label \"{label}\""),
            Selection::Only => "one initialised token".into(),
            Selection::Slot(slot) => format!("a token in slot {slot}"),
        };
        if let Selection::Serial(serial) | Selection::Recorded { serial, .. } = selection {
            let copy = self.snapshots.as_deref().and_then(|kept_in| directory::newest(kept_in, serial));
            let own = |place: &Place| (place.own(serial), place.names_tokens());
            let (own, named) = token_files(&self.profile).as_ref().map(own).unwrap_or_default();
            // An entry that is named after the token was it. A database that was it is known by its copy, and holds no
            // other token now.
            let emptied = copy.is_some() && tokens.iter().all(|seen| !seen.initialized);
            if let ([files, ..], []) = (own.as_slice(), unreadable)
                && (named || emptied)
            {
                let error = directory::damaged(files, files, copy.as_deref()).wanted(&wanted);
                return match named {
                    true => error,
                    false => error.hint("where its medium was not in, its module has made this empty one: put it in"),
                };
            }
            if let Some(copy) = copy {
                return Error::new(Kind::Token, "the token is not there").saw(there).wanted(wanted).hint(format!(
                    "its newest copy is {}; is the module looking at the right token directory?",
                    text::path(&copy)
                ));
            }
        }
        let error =
            Error::new(Kind::Token, "the token is not there").saw(there).wanted(wanted).hint("put it in and try again");
        // What is reached over the network is not found here, and its module does not say why.
        self.profile.network.iter().fold(error, |error, sentence| error.hint(sentence))
    }
}

/// cryptoki's slot of a token that was seen.
pub(super) fn slot_of(seen: &Seen) -> Result<Slot, Error> {
    Slot::try_from(seen.slot).map_err(|answer| fault::refused("an impossible slot number", &answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cryptoki::context::Function;

    #[test]
    fn a_module_that_works_through_a_device_which_is_not_here_names_it() {
        let tpm = HsmProfile::embedded("tpm2-pkcs11").unwrap();
        let tpm = HsmProfile { writes: vec!["/dev/no-such-tpm".into()], ..tpm };
        let error = does_not_start("m.so", &Answer::Pkcs11(RvError::GeneralError, Function::Initialize), &tpm);
        assert_eq!(error.hints().first().unwrap(), "it works through /dev/no-such-tpm, which is not here");
    }
}
