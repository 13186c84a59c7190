//! Whether a machine is fit for a ceremony of an authority: the checks of the machine, from [`host`], and those
//! that need the authority (its program, module, directory, token, media), as one list in one order; and
//! whether that list stops a ceremony.

mod authority;

use super::session::Folder;
use super::tokens::Tokens;
use crate::authority::config::CHECKS;
use crate::authority::{Config, State};
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::files::medium::Role;
use crate::host::{self, Check, Verdict};
use crate::log::record::{Preflight, PreflightCheck};
use crate::screen::Screen;
use crate::text;
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::OnceLock;

/// A ceremony asks twice.
static OWN_BINARY: OnceLock<Result<Digest, Error>> = OnceLock::new();

/// This program's own file, at the most, in bytes.
const MAX_BINARY: u64 = 1 << 30;

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
    checks.push(authority::log_clock(&examined));
    checks.push(authority::binary(examined.config));
    checks.push(authority::module(&examined));
    checks.push(match examined.folder {
        Some(folder) => host::folder_check(host::look_at_folder(folder.path()).as_ref()),
        None => authority::no_authority("filesystem"),
    });
    checks.push(authority::token(&mut examined));
    checks.push(authority::media(&examined));
    checks.sort_by_key(|check| CHECKS.iter().position(|name| *name == check.name));
    checks
}

/// SHA-256 of the running program.
///
/// # Errors
/// [`Kind::Bug`], [`Kind::Medium`]: its file cannot be found or read.
pub fn own_binary() -> Result<Digest, Error> {
    OWN_BINARY.get_or_init(hash_own_binary).clone()
}

/// Begins to hash the running program beside whatever comes next: there is much of it, and a ceremony asks later.
pub fn begin_own_binary() {
    // Where no thread is to be had, it is hashed when it is asked for.
    let _ = std::thread::Builder::new().name("own-binary".to_owned()).spawn(|| OWN_BINARY.get_or_init(hash_own_binary));
}

fn hash_own_binary() -> Result<Digest, Error> {
    let path = std::env::current_exe()
        .map_err(|error| Error::new(Kind::Bug, "the program does not know its own path").saw(error.to_string()))?;
    intake::digest(&path, MAX_BINARY)
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
        seen: text::without_directories(&text::escape(&check.seen)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::WIDTH;

    fn named(checks: &[&Check]) -> Vec<&'static str> {
        checks.iter().map(|check| check.name).collect()
    }

    #[test]
    fn the_log_keeps_what_was_seen_without_where_sticks_are_mounted() {
        let seen = "the medium in /media/ada/STICK is for exports, cannot read /home/ada: it is gone";
        let Preflight { checks } = record(&[Check::fail("media", seen, "take it out")]);
        assert_eq!(checks[0].seen, "the medium in …/STICK is for exports, cannot read …: it is gone");
    }

    #[test]
    fn people_are_stopped_by_each_failure_and_pipelines_by_what_must_pass() {
        let checks = [
            Check::fail("interfaces", "up", "down"),
            Check::warn("ptrace-scope", "0", "2"),
            Check::unknown("clock-rtc", "none"),
            Check::pass("swap", "none"),
        ];
        let must = ["clock-rtc", "swap"].map(str::to_owned);
        assert_eq!(named(&hindrances(&checks, &[], true)), ["interfaces"]);
        assert_eq!(named(&hindrances(&checks, &must, true)), ["interfaces", "clock-rtc"]);
        assert_eq!(named(&hindrances(&checks, &[], false)), Vec::<&str>::new());
        assert_eq!(named(&hindrances(&checks, &must, false)), ["clock-rtc"]);
        assert!(judge(&checks, &[], false).is_ok());
        assert_eq!(judge(&checks, &must, true).unwrap_err().seen(), Some("interfaces, clock-rtc"));
    }

    #[test]
    fn what_is_wrong_comes_last_and_what_mends_several_is_said_once() {
        let checks = [
            Check::fail("interfaces", "eth0", "take the cable out"),
            Check::fail("addresses", "192.0.2.2", "take the cable out"),
            Check::pass("swap", "none"),
            Check::unknown("module", "no authority"),
            Check::unknown("token", "no authority"),
            Check::fail("binary", "\u{1b}[2J", "another"),
        ];
        assert_eq!(
            screen(&checks, false).render(),
            "Is this machine fit for a ceremony?                  1 pass · 2 unknown · 3 fail
  pass         swap
  unknown      module, token: no authority
  FAIL         interfaces: eth0
  FAIL         addresses: 192.0.2.2
               → take the cable out
  FAIL         binary: \\u{1b}[2J
               → another
"
        );
        assert!(screen(&checks, true).render().contains("  pass         swap: none\n"));
    }

    #[test]
    fn a_machine_as_it_should_be_fits_on_a_screen() {
        let checks: Vec<Check> = CHECKS.iter().map(|name| Check::pass(name, "seen")).collect();
        let text = screen(&checks, false).render();
        assert!(text.lines().count() <= 8, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
