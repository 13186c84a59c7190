//! The directory of an authority, and the beginning of a session in it.

use super::copies;
use super::journal::Journal;
use super::known::Known;
use super::progress;
use super::recovery::Interrupted;
use super::script::{Script, Step};
use super::steps::confirm_clock;
use super::tokens::Tokens;
use crate::authority::state::{Adopted, Course};
use crate::authority::{Config, State};
use crate::clock::Clock;
use crate::digest::{Digest, Hex};
use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::log::note;
use crate::log::record::{ConfigAdopted, Genesis, ScriptAdopted, SessionOpened, ValueRecorded};
use crate::store;
use crate::text;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The longest configuration or script, in bytes: both stand whole in one entry of the log.
const MAX_TEXT: u64 = 256 * 1024;

/// An authority's directory.
#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
    known: Known,
}

impl Folder {
    /// The folder at a path; nothing is looked at yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), known: Known::default() }
    }

    /// The path itself.
    pub fn path(&self) -> &Path {
        &self.dir
    }
    /// `authority.toml`.
    pub fn config(&self) -> PathBuf {
        self.dir.join("authority.toml")
    }
    /// `local.toml`.
    pub fn local(&self) -> PathBuf {
        self.dir.join("local.toml")
    }
    /// `log/`.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }
    /// `issued/`.
    pub fn issued(&self) -> PathBuf {
        self.dir.join("issued")
    }
    /// `public/`.
    pub fn public(&self) -> PathBuf {
        self.dir.join("public")
    }
    /// `records/`.
    pub fn records(&self) -> PathBuf {
        self.dir.join("records")
    }
    /// Reads a text file of the authority.
    ///
    /// # Errors
    /// [`Kind::Medium`] where it is missing, [`Kind::Usage`] where it is not UTF-8.
    pub fn read_text(path: &Path) -> Result<String, Error> {
        Self::read_long_text(path, MAX_TEXT)
    }

    /// Reads a text file of at most `max` bytes.
    ///
    /// # Errors
    /// As [`Folder::read_text`].
    pub fn read_long_text(path: &Path, max: u64) -> Result<String, Error> {
        let bytes = intake::read(path, max)?;
        String::from_utf8(bytes).map_err(|_| {
            Error::new(Kind::Usage, format!("{} is not UTF-8 text", text::path(path))).hint("save it as UTF-8")
        })
    }

    /// Reads and validates the configuration.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Usage`].
    pub fn read_config(&self) -> Result<(Config, String, Digest), Error> {
        self.check_present()?;
        if !self.config().exists() {
            return Err(Error::new(Kind::Medium, "this directory is not an authority: it has no authority.toml")
                .saw(text::path(&self.dir))
                .hint("name the authority with -C DIR, or make one with: anchorite new DIR"));
        }
        let text = Self::read_text(&self.config())?;
        let config = Config::parse(&text)?;
        let digest = Config::digest(&text);
        Ok((config, text, digest))
    }

    fn check_present(&self) -> Result<(), Error> {
        if self.dir.join(copies::UNFINISHED).symlink_metadata().is_ok() {
            return Err(Error::new(Kind::Medium, "this copy of the authority is not finished")
                .saw(text::path(&self.dir.join(copies::UNFINISHED)))
                .hint("the medium was pulled, or full, while it was written: go on with another copy")
                .hint("that one completes this: anchorite -C THE-OTHER medium copy THIS"));
        }
        if self.dir.is_dir() {
            return Ok(());
        }
        Err(Error::new(Kind::Medium, "there is no authority here")
            .saw(text::path(&self.dir))
            .wanted("a directory with authority.toml")
            .hint("name it with -C DIR, or make one with: anchorite new DIR"))
    }

    /// True once genesis began: a first line that a crash tore does not count.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    pub fn has_log(&self) -> Result<bool, Error> {
        Ok(store::begun(&self.log())?.0)
    }

    /// The configuration in force, from the log; `None` before genesis.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Verify`].
    pub fn read_adopted(&self) -> Result<Option<Adopted>, Error> {
        if !self.has_log()? {
            return Ok(None);
        }
        self.known.ask(&self.log(), |read, state| {
            state.config(read.checkpoint().map_or(0, |checkpoint| checkpoint.size)).cloned()
        })
    }

    /// Sets the log of a genesis aside that began and made nothing: no token was touched, no key intended. It
    /// is kept beside the place where the next one begins. False where it made something.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Verify`].
    pub fn set_aside_beginning(&self) -> Result<bool, Error> {
        let (state, _) = self.read_state()?;
        let Some(id) = state.log.filter(|_| state.tokens.is_empty() && state.keys.is_empty()) else {
            return Ok(false);
        };
        store::set_aside(&self.log(), &self.dir.join(format!("log.begun-{id}")))?;
        Ok(true)
    }

    /// The state of the log, read without a lock; with what a reading command should say first.
    ///
    /// # Errors
    /// [`Kind::Medium`], [`Kind::Verify`].
    pub fn read_state(&self) -> Result<(State, Option<Interrupted>), Error> {
        self.check_present()?;
        if !self.has_log()? {
            return Err(Error::new(Kind::Medium, "this authority has no log yet")
                .saw(text::path(&self.dir))
                .hint("its root is made by: anchorite root create"));
        }
        self.known.ask(&self.log(), |read, state| (state.clone(), Interrupted::find(state, read)))
    }
}

/// What a session begins with.
pub struct Opening<'a> {
    /// The authority's directory.
    pub folder: &'a Folder,
    /// Its configuration, text and digest.
    pub config: &'a (Config, String, Digest),
    /// The script.
    pub script: &'a Script,
    /// The tokens.
    pub tokens: &'a dyn Tokens,
    /// SHA-256 of the running binary.
    pub binary_sha256: Digest,
    /// SHA-256 of `local.toml`.
    pub local_sha256: Option<Digest>,
    /// SHA-256 of each token profile that is a file, by the name that the configuration gives it.
    pub profiles: &'a BTreeMap<String, Digest>,
    /// SHA-256 of the answers file.
    pub answers_sha256: Option<Digest>,
    /// The clock.
    pub clock: Clock,
    /// The session in which the ceremony began that this one goes on with.
    pub resumes: Option<String>,
}

/// The ceremony of this script that began and did not end.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`].
pub fn unfinished(folder: &Folder, script: &Script) -> Result<Option<Course>, Error> {
    if !folder.has_log()? {
        return Ok(None);
    }
    let course = folder.known.ask(&folder.log(), |_, state| state.course.clone())?;
    Ok(course.filter(|course| course.script_sha256 == script.sha256 && !course.done.is_empty()))
}

/// Opens the log (or prepares its first entries) and records the beginning of a session.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`], [`Kind::Clock`] for a clock behind the log. Nothing is written.
pub fn begin(opening: Opening<'_>, entropy: &mut Entropy) -> Result<(Journal, Option<Interrupted>), Error> {
    let session = Hex(entropy.bytes(8, &[])?).to_string();
    let actors: Vec<String> = opening.script.roles.iter().map(|(role, _)| role.clone()).collect();
    let (began, torn) = store::begun(&opening.folder.log())?;
    let (mut journal, interrupted) = if began {
        let (opened, state) = opening.folder.known.open(&opening.folder.log())?;
        if !may_set_clock(&opening, &state) {
            check_clock(&opening.clock, &state)?;
        }
        let interrupted = Interrupted::find(&state, &opened.log);
        (Journal::continuing(opened.log, state, opening.clock, session, actors), interrupted)
    } else {
        deliver::check_writable(opening.folder.path())?;
        let log_id = Hex(entropy.bytes(16, &[])?);
        let journal = Journal::beginning(opening.folder.log(), log_id.clone(), opening.clock, session, actors);
        let interrupted = torn.as_ref().map(Interrupted::before_genesis);
        (begin_log(journal, &opening, &log_id)?, interrupted)
    };
    let (module, module_sha256) = opening.tokens.module();
    if !journal.state().knows_script(&opening.script.sha256) {
        let script = ScriptAdopted {
            name: opening.script.name.clone(),
            sha256: opening.script.sha256,
            text: opening.script.text.clone(),
        };
        journal.append(vec![script.into()])?;
    }
    let opened = SessionOpened {
        ceremony: opening.script.name.clone(),
        script_sha256: opening.script.sha256,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        binary_sha256: opening.binary_sha256,
        module: text::escape(&module),
        module_sha256,
        local_sha256: opening.local_sha256,
        unattended: opening.answers_sha256.is_some(),
        answers_sha256: opening.answers_sha256,
        resumes: opening.resumes.clone(),
    };
    journal.append(vec![opened.into()])?;
    // The configuration names such a file and does not hold it: what it said on the day is in the record.
    for (name, sha256) in opening.profiles {
        let value =
            ValueRecorded { step: "token profile".to_owned(), name: text::escape(name), value: sha256.to_string() };
        journal.append(vec![value.into()])?;
    }
    Ok((journal, interrupted))
}

fn begin_log(mut journal: Journal, opening: &Opening<'_>, log_id: &Hex) -> Result<Journal, Error> {
    let (config, text, sha256) = opening.config;
    let genesis = Genesis {
        name: config.name.clone(),
        kind: config.kind.name().to_owned(),
        origin: note::origin(&config.name, log_id),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let adopted = ConfigAdopted { sha256: *sha256, text: text.clone() };
    journal.append(vec![genesis.into(), adopted.into()])?;
    Ok(journal)
}

/// True where the ceremony that begins compares the clock with a watch before anything is signed: there a
/// clock that is behind the log can be told from a log that is ahead of the time.
fn may_set_clock(opening: &Opening<'_>, state: &State) -> bool {
    let course = state.course.as_ref().filter(|course| opening.resumes.as_ref() == Some(&course.id));
    let to_do = progress::to_do(&opening.script.steps, course);
    let compares = |(step, to_do): (&Step, bool)| to_do && step.activity == confirm_clock::ACTIVITY.name;
    opening.answers_sha256.is_none() && opening.script.steps.iter().zip(to_do).any(compares)
}

fn check_clock(clock: &Clock, state: &State) -> Result<(), Error> {
    let now = clock.now();
    match state.last_time {
        Some(last) if now < last => Err(confirm_clock::behind(now, last)),
        _ => Ok(()),
    }
}
