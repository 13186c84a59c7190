//! Which commands stand behind the fences of [`host`], and where each of them writes.

use super::args::{CeremonyCommand, CheckpointCommand, Command, HsmCommand, RootCommand};
use super::room::Found;
use super::terminal::Terminal;
use crate::ceremony::tokens;
use crate::host;
use crate::token::hsm_profile::HsmProfile;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where systems mount sticks. A stick that is put in later is another file system, which a rule for the empty
/// directory below it does not cover: so these are allowed as a whole where a medium lies in one.
const AREAS: [&str; 3] = ["/media", "/run/media", "/mnt"];

/// True for commands of the offline machine: those that load a PKCS#11 module, write an authority's log
/// or are told a secret of it.
pub fn is_offline(command: &Command) -> bool {
    match command {
        Command::Root(root) => !matches!(root.command, RootCommand::Show { .. }),
        Command::Ceremony(ceremony) => match ceremony.command {
            CeremonyCommand::List
            | CeremonyCommand::Check { .. }
            | CeremonyCommand::Script(_)
            | CeremonyCommand::Answers(_)
            | CeremonyCommand::Record(_) => false,
            CeremonyCommand::Run(_) | CeremonyCommand::Rehearse(_) => true,
        },
        // Both have shares in memory.
        Command::Custody(_) => true,
        Command::KeyBackup(_) | Command::Decommission(_) => true,
        Command::Checkpoint(checkpoint) => matches!(checkpoint.command, CheckpointCommand::Take(_)),
        Command::Hsm(hsm) => matches!(hsm.command, HsmCommand::Probe(_) | HsmCommand::Check(_)),
        Command::Restore(_) => true,
        Command::Sign(_) | Command::Export(_) | Command::Retire(_) | Command::Preflight(_) => true,
        Command::Revoke(_) | Command::Crl(_) => true,
        Command::New(_)
        | Command::Config(_)
        | Command::Kit(_)
        | Command::Medium(_)
        | Command::Publish(_)
        | Command::Status(_)
        | Command::Request(_)
        | Command::Open(_)
        | Command::Manifest(_)
        | Command::Rollover(_)
        | Command::MeshCrl(_)
        | Command::Verify(_)
        | Command::Log(_)
        | Command::Inspect(_)
        | Command::Words(_)
        | Command::Completions(_)
        | Command::Man(_) => false,
    }
}

/// Allows writing to the authority, the media that are written to, and what the tokens' profiles and
/// `local.toml` name; nothing else, from here on.
pub fn raise(authority: Option<&Found>, profiles: &[&HsmProfile], media: &[PathBuf]) {
    let mut places: Vec<PathBuf> = profiles.iter().flat_map(|profile| tokens::places(profile)).collect();
    if let Some(found) = authority {
        places.push(found.folder.path().to_owned());
        places.extend(found.local.token.writes.iter().chain(&found.local.audit.token.writes).cloned());
    }
    places.extend(media.iter().map(|medium| around(medium)));
    host::fence_writes(&places);
}

/// What must be allowed so that a medium can be taken out and put in again.
fn around(medium: &Path) -> PathBuf {
    if let Some(area) = AREAS.iter().find(|area| medium.starts_with(area)) {
        return PathBuf::from(area);
    }
    let parent = medium.parent().filter(|parent| !parent.as_os_str().is_empty());
    let device = |path: &Path| path.metadata().ok().map(|about| about.dev());
    match parent {
        Some(parent) if device(parent) != device(medium) => parent.to_owned(),
        _ => medium.to_owned(),
    }
}

/// Names the fences that this machine could not put up, to the people who are about to rely on them.
pub fn warn(terminal: &mut Terminal) {
    for fence in host::fences() {
        if let Some(missing) = &fence.degraded {
            terminal.talk(&format!("Not contained ({}): {missing}.", fence.name));
        }
    }
}
