//! From a command line to a room: the configuration, the module, the log and the people, in the order in
//! which they can fail without having changed anything.

use super::args::{Args, Attend};
use super::fence;
use super::profiles::{placed, profile_and_digest};
pub use super::profiles::{profile_here, profile_named, profile_of};
use super::terminal::{Attended, Terminal};
use crate::authority::config::{TokenConfig, place_of};
use crate::authority::local::LocalToken;
use crate::authority::state::Adopted;
use crate::authority::{AuthorityKind, Config, Local};
use crate::bundle::recipient;
use crate::ceremony::answers::{Answers, Pins, Printer};
use crate::ceremony::ending;
use crate::ceremony::fitness;
use crate::ceremony::people::{People, Signing, Stop, Unfinished};
use crate::ceremony::room::{Bench, Room, Wishes};
use crate::ceremony::runner;
use crate::ceremony::script::{Script, ScriptKind, pinned};
use crate::ceremony::session::{self, Folder, Opening};
use crate::ceremony::shares;
use crate::ceremony::tokens::{Modules, Tokens};
use crate::clock::Clock;
use crate::digest::Digest;
use crate::entropy::Entropy;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::plan::screen::Banner;
use crate::screen::Screen;
use crate::token::hsm_profile::HsmProfile;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Names the authority for commands that read, and for unattended ones.
const VARIABLE: &str = "ANCHORITE_AUTHORITY";
/// The longest answers file, in bytes: a batch of 20,000 requests has two answers for each.
const MAX_ANSWERS: u64 = 16 << 20;

/// An authority as a command finds it.
pub struct Found {
    /// Its directory.
    pub folder: Folder,
    /// `authority.toml`: parsed, text, digest.
    pub config: (Config, String, Digest),
    /// `local.toml`.
    pub local: Local,
    /// Its digest, where there is one.
    pub local_sha256: Option<Digest>,
}

/// The authority of `-C`, or of the current directory.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Usage`].
pub fn find(args: &Args) -> Result<Found, Error> {
    let found = found_in(folder(args))?;
    let config = &found.config;
    if args.authority.is_none() && std::env::var_os(VARIABLE).is_some() && !config.0.unattended {
        return Err(Error::new(Kind::Usage, format!("{VARIABLE} names no authority that people attend"))
            .hint("name it with -C DIR: what is typed is what everybody sees")
            .truth("Nothing was signed."));
    }
    Ok(found)
}

/// The authority in a directory.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Usage`].
pub fn found_in(folder: Folder) -> Result<Found, Error> {
    let config = folder.read_config()?;
    check_recipients(&config.0, &config.1)?;
    let (local, local_sha256) = if folder.local().exists() {
        let text = Folder::read_text(&folder.local())?;
        (Local::parse(&text)?, Some(Digest::of(text.as_bytes())))
    } else {
        (Local::default(), None)
    };
    Ok(Found { folder, config, local, local_sha256 })
}

/// The directory of `-C`, else of the environment, else the current one.
pub fn folder(args: &Args) -> Folder {
    let named = args.authority.clone().or_else(|| std::env::var_os(VARIABLE).map(PathBuf::from));
    Folder::new(named.unwrap_or_else(|| PathBuf::from(".")))
}

/// Recipients that could not be sealed to are found with the configuration, not in the ceremony.
fn check_recipients(config: &Config, text: &str) -> Result<(), Error> {
    let clusters = config.clusters.iter().map(|(name, cluster)| (format!("clusters.{name}"), &cluster.recipients));
    let custody = config.custody.iter().map(|custody| ("custody".to_owned(), &custody.recipients));
    for (table, recipients) in clusters.chain(custody) {
        for recipient in recipients {
            recipient::parse(recipient)
                .map_err(|error| error.into_kind(Kind::Usage).within(place_of(text, &table, "recipients")))?;
        }
    }
    Ok(())
}

/// A ceremony's outcome, for the last lines.
pub struct Held {
    /// What was written.
    pub written: Vec<String>,
    /// The clusters that got a certificate.
    pub issued: Vec<String>,
    /// Seconds from the start of signing to outcomes under a checkpoint.
    pub signing_seconds: f64,
}

/// Holds a ceremony.
///
/// # Errors
/// Those of the ceremony; before it begins nothing is changed.
pub fn hold(
    args: &Args,
    attend: &Attend,
    so_pin_file: Option<&Path>,
    script: Script,
    found: &Found,
    wishes: Wishes,
    terminal: &mut Terminal,
) -> Result<Held, Error> {
    hold_ceremony(args, attend, so_pin_file, script, found, wishes, Some(terminal)).map_err(|error| {
        let said = error.kind() == Kind::AfterSigning || error.truths().iter().any(|t| t.contains("signed"));
        if said { error } else { error.truth("Nothing was signed.") }
    })
}

/// Holds a ceremony that nobody attends and nobody looks at: what a rehearsal needs beforehand.
///
/// # Errors
/// As [`hold`].
pub fn hold_unseen(
    args: &Args,
    attend: &Attend,
    so_pin_file: Option<&Path>,
    script: Script,
    found: &Found,
    wishes: Wishes,
) -> Result<Held, Error> {
    hold_ceremony(args, attend, so_pin_file, script, found, wishes, None)
}

/// Prints nothing.
struct Unseen;

impl Printer for Unseen {
    fn print(&mut self, _: &Screen) {}
    fn working(&mut self, _: usize, _: usize, _: &str) {}
    fn signing(&mut self, _: Signing) {}
}

fn hold_ceremony(
    args: &Args,
    attend: &Attend,
    so_pin_file: Option<&Path>,
    script: Script,
    found: &Found,
    wishes: Wishes,
    terminal: Option<&mut Terminal>,
) -> Result<Held, Error> {
    let adopted = adopted(found, script.kind)?;
    let config = &adopted.0;
    if config.kind != AuthorityKind::Rehearsal {
        // A rehearsal is there to try a script before it is pinned.
        pinned::check(&config.ceremonies, &script)?;
    }
    shares::check_script(&script, config)?;
    let clock = clock(args, config)?;
    let unattended = check_unattended(attend, so_pin_file, config)?;
    let pins = Pins {
        pin: read_pin(attend.pin_file.as_deref())?,
        so_pin: read_pin(so_pin_file)?,
        audit_pin: read_pin(attend.audit_pin_file.as_deref())?,
        shares: attend.shares.clone(),
    };
    let mut profiles = BTreeMap::new();
    let mut profile = |token: &TokenConfig, local: &LocalToken| {
        let (profile, digest) = profile_and_digest(&found.folder, token)?;
        profiles.extend(digest.map(|digest| (token.profile.clone(), digest)));
        placed(profile, local)
    };
    let root_profile = profile(&config.token, &found.local.token)?;
    let audit_profile =
        config.audit.as_ref().map(|audit| profile(&audit.token, &found.local.audit.token)).transpose()?;
    let token_profiles: Vec<&HsmProfile> = std::iter::once(&root_profile).chain(&audit_profile).collect();
    let mut media: Vec<PathBuf> = wishes.exports.iter().chain(&found.local.media.authority).cloned().collect();
    if let Some(dir) = attend.shares.as_ref().filter(|_| shares::deals(&script)) {
        // What is to be written to must be there before the fence goes up.
        deliver::create_directory(dir)?;
        media.push(dir.clone());
    }
    let copies = found.local.backup.token.iter();
    media.extend(copies.flat_map(|copy| copy.directory.iter().chain(&copy.wrapped)).cloned());
    fence::raise(Some(found), &token_profiles, &media);
    // Behind the fence, as everything that reads and writes.
    fitness::begin_own_binary();
    let mut tokens = Modules::load(
        (&root_profile, found.local.token.module.as_deref()),
        audit_profile.as_ref().map(|p| (p, found.local.audit.token.module.as_deref())),
        found.local.backup.token.clone(),
    )
    .map_err(|error| error.truth("Nothing was signed."))?;
    if let Some(path) = unattended {
        let text = Folder::read_long_text(path, MAX_ANSWERS)
            .map_err(|error| error.hint("it holds what stands for people, in a table for each step of the ceremony"))?;
        let mut unseen = Unseen;
        let printer: &mut dyn Printer = match terminal {
            Some(terminal) => terminal,
            None => &mut unseen,
        };
        let mut answers = Answers::parse(&text, pins, printer)?;
        drop(text);
        return run(found, &adopted, script, clock, (&mut tokens, &profiles), &mut answers, wishes);
    }
    let Some(terminal) = terminal else {
        return Err(Error::new(Kind::Bug, "a ceremony that nobody looks at has no answers"));
    };
    fence::warn(terminal);
    let banner = Banner { name: config.name.clone(), kind: config.kind.name().to_owned() };
    let mut people = Attended::open(terminal, Some(banner))?;
    let held = run(found, &adopted, script, clock, (&mut tokens, &profiles), &mut people, wishes)?;
    people.ends()?;
    Ok(held)
}

/// The configuration in force: the one that the log adopted. What the file says counts only once a ceremony
/// has adopted it, so that what people reviewed is what is executed.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Verify`]; [`Kind::Usage`] for a file that changed during a genesis.
pub fn adopted(found: &Found, ceremony: ScriptKind) -> Result<(Config, (String, Digest)), Error> {
    let (file, text, file_sha256) = &found.config;
    let Some(Adopted { sha256, text, .. }) = found.folder.read_adopted()? else {
        return Ok((file.clone(), (text.clone(), *file_sha256)));
    };
    if (ceremony == ScriptKind::Genesis || ceremony.takes_over()) && sha256 != *file_sha256 {
        // Nothing was made under the earlier configuration: people mend it and begin anew.
        if found.folder.set_aside_beginning()? {
            return Ok((file.clone(), (found.config.1.clone(), *file_sha256)));
        }
        return Err(Error::new(Kind::Usage, "authority.toml has changed since this genesis began")
            .saw(format!("sha256 {file_sha256}"))
            .wanted(format!("sha256 {sha256}"))
            .hint("put the file back as it was; the log holds its text: anchorite log show --json")
            .truth("Nothing was signed."));
    }
    Ok((Config::parse(&text)?, (text, sha256)))
}

fn run(
    found: &Found,
    adopted: &(Config, (String, Digest)),
    script: Script,
    clock: Clock,
    (tokens, profiles): (&mut Modules, &BTreeMap<String, Digest>),
    people: &mut dyn People,
    wishes: Wishes,
) -> Result<Held, Error> {
    let stick = wishes.requests.clone().or_else(|| found.local.media.requests.clone());
    let wishes = Wishes { stick, authority: found.local.media.authority.clone(), ..wishes };
    let mut entropy = Entropy::new();
    if let Some(opening) = wishes.opening.as_ref().filter(|_| people.unattended().is_none()) {
        people.show(opening).map_err(Stop::into_error)?;
        people.answer("", "", "everybody", "press Enter to begin").map_err(Stop::into_error)?;
    }
    let resumes = resumes(found, &script, people)?;
    let opening = Opening {
        folder: &found.folder,
        config: &found.config,
        script: &script,
        tokens,
        binary_sha256: fitness::own_binary()?,
        local_sha256: found.local_sha256,
        profiles,
        answers_sha256: people.unattended(),
        clock,
        resumes,
    };
    let (journal, interrupted) = session::begin(opening, &mut entropy)?;
    tokens.recall(&journal.state().tokens);
    if script.kind != ScriptKind::Decommission {
        ending::check_alive(journal.state())?;
    }
    let (config, config_adopted) = adopted.clone();
    let (_, text, file_sha256) = found.config.clone();
    let mut room = Room {
        people,
        tokens,
        journal,
        folder: found.folder.clone(),
        config,
        config_adopted,
        config_file: (text, file_sha256),
        entropy,
        script,
        wishes,
        noted: Vec::new(),
        participants: None,
    };
    let mut bench = Bench { interrupted, ..Bench::default() };
    runner::run(&mut room, &mut bench)?;
    let issued = bench.issued.into_iter().filter_map(|issued| issued.intent.cluster).collect();
    Ok(Held { written: bench.written, issued, signing_seconds: bench.signing.as_secs_f64() })
}

/// The first session of a ceremony that did not end, where people go on with it.
fn resumes(found: &Found, script: &Script, people: &mut dyn People) -> Result<Option<String>, Error> {
    let Some(course) = session::unfinished(&found.folder, script)? else { return Ok(None) };
    let number = |step: &str| script.steps.iter().position(|s| s.id == step).map(|index| index + 1);
    let done = course.done.iter().filter_map(|done| Some((number(&done.step)?, done.clone()))).collect();
    let next = script.steps.iter().position(|step| !course.has(&step.id)).map_or(script.steps.len(), |index| index + 1);
    let unfinished = Unfinished { title: &script.title, since: course.since, done, next, of: script.steps.len() };
    Ok(people.goes_on(&unfinished).map_err(Stop::into_error)?.then_some(course.id))
}

/// The clock: `--now` only where nobody attends, so that no ceremony of people claims a time that was typed.
///
/// # Errors
/// [`Kind::Usage`].
pub fn clock(args: &Args, config: &Config) -> Result<Clock, Error> {
    match args.now {
        None => Ok(Clock::system()),
        Some(now) if config.unattended => Ok(Clock::given(now)),
        Some(now) => Err(Error::new(Kind::Usage, "--now replaces the clock only of an unattended authority")
            .saw(now.to_string())
            .hint("set the machine's clock from the master clock of the room")
            .truth("Nothing was signed.")),
    }
}

/// The answers file, where one may stand for people.
fn check_unattended<'a>(
    attend: &'a Attend,
    so_pin_file: Option<&Path>,
    config: &Config,
) -> Result<Option<&'a Path>, Error> {
    let pin_files = [
        ("--pin-file", attend.pin_file.is_some()),
        ("--so-pin-file", so_pin_file.is_some()),
        ("--audit-pin-file", attend.audit_pin_file.is_some()),
        ("--shares", attend.shares.is_some()),
    ];
    let pin_file = pin_files.iter().find(|(_, given)| *given).map(|(option, _)| *option);
    let refuse = |option: &str| {
        Err(Error::new(Kind::Usage, format!("{option} is only for an unattended authority"))
            .saw(match config.kind {
                AuthorityKind::Production => "kind = \"production\"".to_owned(),
                kind => format!("kind = \"{}\", unattended = false", kind.name()),
            })
            .wanted("kind = \"test\" or \"rehearsal\", and unattended = true")
            .hint("leave it out: the ceremony asks people at the terminal")
            .truth("Nothing was signed."))
    };
    match (&attend.answers, config.unattended) {
        (Some(_), false) => refuse("--answers"),
        (answers, unattended) => match pin_file {
            Some(option) if !unattended => refuse(option),
            _ => Ok(answers.as_deref()),
        },
    }
}

fn read_pin(path: Option<&Path>) -> Result<Option<SecretString>, Error> {
    path.map(|path| {
        intake::read_secret(path).map_err(|error| match error.hints() {
            [] => error.hint("a PIN file holds the PIN alone, mode 0600"),
            _ => error,
        })
    })
    .transpose()
}
