//! The fence around files: Landlock. Writing, making, removing and moving files is allowed beneath the places
//! that are named, and nowhere else, for this process and whatever threads it starts. Reading stays free.
//!
//! Where the kernel knows it, TCP is closed here a second time. Source: landlock(7).

use crate::text;
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is always written to: the terminal itself, and nothing.
const ALWAYS: [&str; 2] = ["/dev/tty", "/dev/null"];
/// The kernel's interface that is wanted: files with truncation (5.19 to 6.2), TCP (6.7). Later ones add
/// nothing that could write a file.
const WANTED: ABI = ABI::V4;

/// Allows writing beneath these places only.
pub(super) fn only(places: &[PathBuf]) -> Result<(), String> {
    let threads = threads();
    let status = restrict(places).map_err(|error| format!("Landlock: {error}"))?;
    whole(&status)?;
    match threads {
        1 => Ok(()),
        more => Err(format!("it does not hold {} that ran before it", text::count(more - 1, "thread"))),
    }
}

/// How many threads run: only the one that puts up the fence is held, and what it starts afterwards. One that was
/// joined is seen a moment longer (the log was read by several).
fn threads() -> usize {
    let count = || std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    for _ in 0..100 {
        if count() == 1 {
            return 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    count()
}

fn restrict(places: &[PathBuf]) -> Result<RestrictionStatus, RulesetError> {
    let access = AccessFs::from_write(WANTED);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(access)?
        .handle_access(AccessNet::from_all(WANTED))?
        .create()?;
    let always = ALWAYS.iter().map(Path::new);
    for place in places.iter().map(PathBuf::as_path).chain(always) {
        // What does not exist cannot be allowed; whoever wants to write there will say what is missing.
        let Ok(file) = PathFd::new(place) else { continue };
        // Rights about entries of directories make no sense for a file, and the kernel refuses them.
        let rights = if place.is_dir() { access } else { access & AccessFs::from_file(WANTED) };
        rules = rules.add_rule(PathBeneath::new(file, rights))?;
    }
    rules.restrict_self()
}

/// What the kernel did of what was asked.
fn whole(status: &RestrictionStatus) -> Result<(), String> {
    match (&status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => Ok(()),
        (_, LandlockStatus::NotImplemented) => Err("this kernel is without Landlock".to_owned()),
        (_, LandlockStatus::NotEnabled) => {
            Err("Landlock is not enabled in this kernel: boot with lsm=landlock,…".to_owned())
        }
        (RulesetStatus::PartiallyEnforced, _) => {
            Err("this kernel's Landlock is older than Linux 6.7: a part of it stands".to_owned())
        }
        (RulesetStatus::NotEnforced, _) => Err("this kernel's Landlock holds nothing of what was asked".to_owned()),
    }
}
