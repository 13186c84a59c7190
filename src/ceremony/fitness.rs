//! Whether a machine is fit for a ceremony of an authority: the checks of the machine, from [`host`], and those
//! that need the authority (its program, module, directory, token, media), as one list in one order; and
//! whether that list stops a ceremony.

use super::session::Folder;
use super::tokens::Tokens;
use crate::authority::config::CHECKS;
use crate::authority::{Config, State};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::files::medium::{self, Role};
use crate::host::{self, Check, Verdict};
use crate::log::record::{Preflight, PreflightCheck};
use crate::screen::Screen;
use crate::text;
use crate::token::KeyRole;
use crate::token::module::Seen;
use jiff::{Timestamp, ToSpan};
use std::path::PathBuf;

/// This program's own file, at the most, in bytes.
const MAX_BINARY: u64 = 1 << 30;
/// An authority that nobody used for so long, in days, or a clock that was set ahead.
const LONG_AGO: i64 = 400;

/// What is looked at beside the machine itself; what is not at hand is said to be unknown.
pub struct Examined<'a> {
    /// The clock.
    pub now: Timestamp,
    /// The configuration in force.
    pub config: Option<&'a Config>,
    /// The authority's directory.
    pub folder: Option<&'a Folder>,
    /// Its state, once it has a log.
    pub state: Option<&'a State>,
    /// Its tokens, or why their module could not be loaded.
    pub tokens: Option<Result<&'a mut dyn Tokens, Error>>,
    /// Where media are expected.
    pub media: Vec<(Role, PathBuf)>,
}

/// Looks at everything, in the order of [`CHECKS`].
pub fn examine(mut examined: Examined<'_>) -> Vec<Check> {
    let mut checks = host::checks(&host::gather(examined.now));
    checks.push(log_clock(&examined));
    checks.push(binary(examined.config));
    checks.push(module(&examined));
    checks.push(match examined.folder {
        Some(folder) => host::folder_check(host::look_at_folder(folder.path()).as_ref()),
        None => no_authority("filesystem"),
    });
    checks.push(token(&mut examined));
    checks.push(media(&examined));
    checks.sort_by_key(|check| CHECKS.iter().position(|name| *name == check.name));
    checks
}

fn no_authority(name: &'static str) -> Check {
    Check::unknown(name, "no authority is named (-C DIR)")
}

/// SHA-256 of the running program.
///
/// # Errors
/// [`Kind::Bug`], [`Kind::Medium`]: its file cannot be found or read.
pub fn own_binary() -> Result<Digest, Error> {
    let path = std::env::current_exe()
        .map_err(|error| Error::new(Kind::Bug, "the program does not know its own path").saw(error.to_string()))?;
    Ok(Digest::of(&intake::read(&path, MAX_BINARY)?))
}

fn log_clock(examined: &Examined<'_>) -> Check {
    const NAME: &str = "clock-log";
    if examined.folder.is_none() {
        return no_authority(NAME);
    }
    let now = examined.now;
    let Some(last) = examined.state.and_then(|state| state.last_time) else {
        return Check::pass(NAME, "the log has no entry yet");
    };
    let long_ago = now.checked_sub((LONG_AGO * 24).hours()).is_ok_and(|limit| last < limit);
    if now < last {
        return Check::fail(
            NAME,
            format!("{now} is before the last entry, {last}"),
            "Set the clock from a watch (date -u -s …)",
        );
    }
    if long_ago {
        return Check::warn(
            NAME,
            format!("the last entry is of {last}"),
            "Compare the clock with a watch: is it set ahead?",
        );
    }
    Check::pass(NAME, format!("after the last entry, {last}"))
}

fn compared(name: &'static str, setting: &str, pinned: Option<Digest>, seen: Digest, what: &str) -> Check {
    match pinned {
        None => Check::unknown(name, format!("no {setting} in authority.toml; it is {seen}")),
        Some(pinned) if pinned == seen => Check::pass(name, format!("{seen}, as in authority.toml")),
        Some(pinned) => {
            let remedy = format!("Take {what} from the supplies stick; there: sha256sum -c SHA256SUMS");
            Check::fail(name, format!("it is {seen}, wanted {pinned}"), remedy)
        }
    }
}

fn binary(config: Option<&Config>) -> Check {
    const NAME: &str = "binary";
    match (own_binary(), config) {
        (Err(error), _) => Check::unknown(NAME, error.to_string()),
        (Ok(seen), None) => Check::unknown(NAME, format!("no authority is named (-C DIR); it is {seen}")),
        (Ok(seen), Some(config)) => {
            compared(NAME, "binary_sha256", config.preflight.binary_sha256, seen, "the program")
        }
    }
}

fn module(examined: &Examined<'_>) -> Check {
    const NAME: &str = "module";
    match (&examined.tokens, examined.config) {
        (Some(Ok(tokens)), Some(config)) => {
            compared(NAME, "module_sha256", config.preflight.module_sha256, tokens.module().1, "the module")
        }
        (Some(Err(error)), _) => Check::fail(NAME, error.to_string(), remedy_of(error)),
        _ => no_authority(NAME),
    }
}

fn remedy_of(error: &Error) -> String {
    error.hints().first().cloned().unwrap_or_else(|| "See the error of any ceremony".to_owned())
}

/// The root's token, and the audit key's where that is another.
fn token(examined: &mut Examined<'_>) -> Check {
    const NAME: &str = "token";
    let (Some(Ok(tokens)), Some(config)) = (&mut examined.tokens, examined.config) else {
        return match examined.tokens {
            Some(_) => Check::unknown(NAME, "its module could not be loaded"),
            None => no_authority(NAME),
        };
    };
    let roles = [KeyRole::Root, KeyRole::Audit];
    let needed = if config.audit.is_some() { &roles[..] } else { &roles[..1] };
    let mut lines = Vec::new();
    for role in needed {
        let recorded = examined.state.and_then(|state| state.tokens.get(role.name()));
        let line = match recorded {
            Some(token) => match tokens.find(*role, &token.serial) {
                Ok(seen) => flags(&seen),
                Err(error) => Check::fail(NAME, error.to_string(), remedy_of(&error)),
            },
            None => match tokens.list(*role) {
                Ok(seen) => unrecorded(&seen),
                Err(error) => Check::fail(NAME, error.to_string(), remedy_of(&error)),
            },
        };
        lines.push(line);
    }
    let Some(worst) = lines.iter().max_by_key(|line| line.result).cloned() else { return no_authority(NAME) };
    let seen = lines.into_iter().map(|line| line.seen).collect::<Vec<_>>().join("; ");
    Check { seen, ..worst }
}

/// What a recorded token says of itself.
fn flags(seen: &Seen) -> Check {
    const NAME: &str = "token";
    let who = format!("{} (serial {})", seen.identity.label, seen.identity.serial);
    match &seen.pin {
        pin if pin.locked => {
            Check::fail(NAME, format!("{who}: its PIN is locked"), "The security officer sets a new PIN")
        }
        pin if pin.final_try => {
            Check::fail(NAME, format!("{who}: one PIN try is left"), "Be sure of the PIN; --final-try spends it")
        }
        pin if !pin.set => Check::fail(NAME, format!("{who}: it has no user PIN"), "Set one with its vendor's tool"),
        pin if pin.count_low => Check::warn(NAME, format!("{who}: a wrong PIN was tried"), "Find out who tried it"),
        pin if pin.to_be_changed => {
            Check::warn(NAME, format!("{who}: its PIN is to be changed"), "Change it with its vendor's tool")
        }
        _ if seen.write_protected => Check::fail(NAME, format!("{who}: write-protected"), "Take the protection off"),
        _ => Check::pass(NAME, who),
    }
}

/// Before genesis: any token will do, and none will not.
fn unrecorded(seen: &[Seen]) -> Check {
    const NAME: &str = "token";
    let blank = seen.iter().filter(|token| !token.initialized).count();
    let ready = seen.len() - blank;
    match (blank, ready) {
        (0, 0) => Check::fail(NAME, "the module sees no token", "Put the token in"),
        (0, ready) => Check::warn(
            NAME,
            format!("no blank token, {} already initialised", text::count(ready, "token")),
            "A genesis wants a blank one, or --token-serial",
        ),
        (blank, 0) => Check::pass(NAME, text::count(blank, "blank token")),
        (blank, ready) => Check::pass(NAME, format!("{}, {ready} initialised", text::count(blank, "blank token"))),
    }
}

fn media(examined: &Examined<'_>) -> Check {
    const NAME: &str = "media";
    let Some(config) = examined.config else { return no_authority(NAME) };
    if examined.media.is_empty() {
        return Check::unknown(NAME, "local.toml names no media");
    }
    let (mut here, mut wrong, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    for (role, dir) in &examined.media {
        if !dir.is_dir() {
            absent.push(format!("no {role} at {}", dir.display()));
            continue;
        }
        match medium::expect(dir, *role) {
            Ok(Some(medium)) if medium.authority.as_ref().is_some_and(|name| *name != config.name) => {
                wrong.push(format!("{}: {medium}", dir.display()));
            }
            Ok(_) => here.push(role.name()),
            Err(error) => wrong.push(error.to_string()),
        }
    }
    match (wrong.as_slice(), absent.as_slice()) {
        ([], []) => Check::pass(NAME, here.join(", ")),
        ([], absent) => Check::warn(NAME, absent.join("; "), "Put it in when the script asks for it"),
        (wrong, _) => Check::fail(NAME, wrong.join("; "), "Take it out; each stick has its role on its label"),
    }
}

/// The checks that stop a ceremony: where people attend, every failure and whatever must pass and did not;
/// where nobody does, only the latter.
pub fn hindrances<'c>(checks: &'c [Check], must_pass: &[String], attended: bool) -> Vec<&'c Check> {
    let must = |check: &Check| must_pass.iter().any(|name| name == check.name) && check.result != Verdict::Pass;
    checks.iter().filter(|check| must(check) || (attended && check.result == Verdict::Fail)).collect()
}

/// The refusal for the checks that stop a ceremony; `Ok` where there are none.
///
/// # Errors
/// [`Kind::Refused`] names them.
pub fn judge(checks: &[Check], must_pass: &[String], attended: bool) -> Result<(), Error> {
    let hindrances = hindrances(checks, must_pass, attended);
    if hindrances.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = hindrances.iter().map(|check| check.name).collect();
    Err(Error::new(Kind::Refused, "this machine is not fit for a ceremony")
        .saw(names.join(", "))
        .hint("the lines above say what was seen and what to do"))
}

/// What the log keeps of the checks.
pub fn record(checks: &[Check]) -> Preflight {
    let check = |check: &Check| PreflightCheck {
        name: check.name.to_owned(),
        result: check.result.name().to_owned(),
        seen: text::escape(&check.seen),
    };
    Preflight { checks: checks.iter().map(check).collect() }
}

/// The checks for 80 columns: what passed in one paragraph (or, with `all`, line by line), then what did not,
/// the worst last, where people look.
pub fn screen(checks: &[Check], all: bool) -> Screen {
    let of = |verdict: Verdict| checks.iter().filter(move |check| check.result == verdict);
    let words = [Verdict::Pass, Verdict::Unknown, Verdict::Warn, Verdict::Fail];
    let tally: Vec<String> = words
        .iter()
        .map(|v| (of(*v).count(), v))
        .filter(|(n, _)| *n > 0)
        .map(|(n, v)| format!("{n} {}", v.name()))
        .collect();
    let mut screen = Screen::new().heading("Is this machine fit for a ceremony?", tally.join(" · "));
    if all {
        for check in of(Verdict::Pass) {
            screen = screen.field("pass", format!("{}: {}", check.name, check.seen));
        }
    } else {
        let passed: Vec<&str> = of(Verdict::Pass).map(|check| check.name).collect();
        screen = screen.field("pass", passed.join(", "));
    }
    for (verdict, label) in [(Verdict::Unknown, "unknown"), (Verdict::Warn, "warn"), (Verdict::Fail, "FAIL")] {
        let checks: Vec<&Check> = of(verdict).collect();
        for same in checks.chunk_by(|a, b| a.seen == b.seen) {
            let names: Vec<&str> = same.iter().map(|check| check.name).collect();
            let Some(last) = same.last() else { continue };
            screen = screen.field(label, format!("{}: {}", names.join(", "), last.seen));
            // What mends the next one too is said after that.
            let next = checks.iter().skip_while(|check| check.name != last.name).nth(1);
            if let Some(remedy) = last.remedy.as_ref().filter(|_| next.is_none_or(|next| next.remedy != last.remedy)) {
                screen = screen.field("", format!("→ {remedy}"));
            }
        }
    }
    screen
}
