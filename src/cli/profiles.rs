//! Token profiles: which one a configuration means, and `hsm profiles`: those that ship, a line each, or one in full.

use super::terminal::Terminal;
use crate::authority::config::TokenConfig;
use crate::authority::local::LocalToken;
use crate::ceremony::session::Folder;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::token::hsm_profile::{BackupWay, GuardSupport, HashOn, HsmProfile, VerifiedBy};
use serde::Serialize;
use std::path::Path;

/// The longest profile, in bytes.
const MAX_TEXT: u64 = 1 << 20;

#[derive(Serialize)]
struct Listed {
    name: String,
    title: String,
    algorithms: Vec<String>,
    verified: String,
    source: String,
}

/// `anchorite hsm profiles [NAME]`
pub fn profiles(name: Option<&str>, terminal: &mut Terminal) -> Result<(), Error> {
    if let Some(name) = name {
        let profile = profile_named(name)?;
        if terminal.wants_json() {
            return terminal.json(&profile);
        }
        return terminal.result_screen(&in_full(&profile));
    }
    let all = HsmProfile::names().map(HsmProfile::embedded).collect::<Result<Vec<_>, _>>()?;
    if terminal.wants_json() {
        return terminal.json(&all.iter().map(listed).collect::<Vec<_>>());
    }
    terminal.result_screen(&list(&all))
}

/// The profile of a configured token, with what this machine says of it.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`].
pub fn profile_here(folder: &Folder, token: &TokenConfig, local: &LocalToken) -> Result<HsmProfile, Error> {
    placed(profile_of(folder, token)?, local)
}

/// A profile with the directory that this machine names for its files.
///
/// # Errors
/// [`Kind::Usage`].
pub fn placed(profile: HsmProfile, local: &LocalToken) -> Result<HsmProfile, Error> {
    match &local.directory {
        Some(directory) => profile.in_directory(directory),
        None => Ok(profile),
    }
}

/// The profile of a configured token. Where `authority.toml` names a file, its path is from the authority's directory,
/// wherever the command is run.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`].
pub fn profile_of(folder: &Folder, token: &TokenConfig) -> Result<HsmProfile, Error> {
    Ok(profile_and_digest(folder, token)?.0)
}

/// The same, with the SHA-256 of its file; one that is in the binary has none of its own.
///
/// # Errors
/// As [`profile_of`].
pub fn profile_and_digest(folder: &Folder, token: &TokenConfig) -> Result<(HsmProfile, Option<Digest>), Error> {
    let name = &token.profile;
    if !is_path(name) {
        return Ok((HsmProfile::embedded(name)?, None));
    }
    let (profile, digest) = read(&folder.path().join(name)).map_err(|error| match error.kind() {
        Kind::Medium => {
            error.hint("[token] profile of authority.toml names it: a path is from the authority's directory")
        }
        _ => error,
    })?;
    Ok((profile, Some(digest)))
}

/// A profile by the name or path of an option.
///
/// # Errors
/// [`Kind::Usage`], [`Kind::Medium`].
pub fn profile_named(name: &str) -> Result<HsmProfile, Error> {
    if is_path(name) { Ok(read(Path::new(name))?.0) } else { HsmProfile::embedded(name) }
}

fn is_path(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}

fn read(path: &Path) -> Result<(HsmProfile, Digest), Error> {
    let bytes = intake::read(path, MAX_TEXT)?;
    let digest = Digest::of(&bytes);
    let text = String::from_utf8(bytes).map_err(|_| Error::new(Kind::Usage, "a profile is not UTF-8 text"))?;
    Ok((HsmProfile::parse(&text)?, digest))
}

fn listed(profile: &HsmProfile) -> Listed {
    Listed {
        name: profile.name.clone(),
        title: profile.title.clone(),
        algorithms: algorithms(profile),
        verified: profile.verified.by.name().to_owned(),
        source: profile.verified.source.clone(),
    }
}

fn algorithms(profile: &HsmProfile) -> Vec<String> {
    profile.algorithms.iter().map(|algorithm| algorithm.name().to_owned()).collect()
}

fn list(all: &[HsmProfile]) -> Screen {
    let mut screen = Screen::new().heading("Token profiles", "known by");
    for profile in all {
        screen = screen.heading(format!("  {:<16} {}", profile.name, profile.title), profile.verified.by.name());
    }
    let mut ways: Vec<VerifiedBy> = all.iter().map(|profile| profile.verified.by).collect();
    ways.dedup();
    screen = screen.blank();
    for by in ways {
        screen = screen.text(format!("{}: {}.", by.name(), says(by)));
    }
    screen.blank().text("One in full, with what people need on the day: anchorite hsm profiles NAME")
}

/// What it means that a profile is known so.
fn says(by: VerifiedBy) -> &'static str {
    match by {
        VerifiedBy::Ci => "this project's tests run on it",
        VerifiedBy::Hand => "somebody ran it, with the versions and on the day that its source names",
        VerifiedBy::Documentation => {
            "its vendor's documents say so; nobody here ran it: `hsm probe` before it is relied on"
        }
    }
}

/// Everything that a profile says. What it leaves out is said too.
fn in_full(profile: &HsmProfile) -> Screen {
    let by = profile.verified.by;
    let mut screen = Screen::new()
        .heading(format!("{} · {}", profile.name, profile.title), format!("known by: {}", by.name()))
        .field("known", says(by))
        .field("source", &profile.verified.source)
        .field("vendor", &profile.vendor)
        .field("module", profile.modules.join(" "))
        .field("install", &profile.install);
    if let Some(with) = &profile.initialize_with {
        screen = screen.field("started with", with);
    }
    let pin = &profile.user_pin;
    screen = screen
        .field("keys", algorithms(profile).join(", "))
        .field("made by", if profile.makes_keys { "the user" } else { "its vendor's tools only" })
        .field("hash", if profile.hash == HashOn::Token { "on the token, where it can" } else { "on this machine" })
        .field("sessions", profile.sessions.to_string())
        .field(
            "prepared by",
            if profile.initialize { "this program, or its vendor's tool" } else { "its vendor's tool" },
        )
        .field("PIN", format!("{}; {}", pin.says(), pin.cost()))
        .field("SO PIN", if profile.so_pin.max == 0 { "empty".into() } else { profile.so_pin.says() })
        .field("each time", if profile.reauthenticate { "the PIN at each signature" } else { "the PIN at the login" })
        .field("guard", if profile.guard == GuardSupport::Replace { "it remembers the log" } else { "none" })
        .field("backup", backup(profile));
    if !profile.session_objects {
        screen = screen.field("trial", "before genesis a key is made in it and destroyed again");
    }
    screen = sentences(screen, "clone", &profile.clone_how);
    if let Some(quorum) = &profile.quorum {
        screen = sentences(screen, "quorum", &quorum.says);
        screen = sentences(screen, "bring", &quorum.bring);
    }
    match &profile.attestation {
        Some(attestation) => {
            screen = sentences(screen, "attestation", &attestation.says);
            for line in &attestation.tool {
                screen = screen.verbatim(format!("               {line}"));
            }
        }
        None => screen = screen.field("attestation", "none is known"),
    }
    screen = sentences(screen, "network", &profile.network);
    if !profile.writes.is_empty() {
        screen = screen.field("writes to", profile.writes.join(" "));
    }
    sentences(screen, "remarks", &profile.remarks)
}

fn backup(profile: &HsmProfile) -> String {
    let way = |way: &BackupWay| match way {
        BackupWay::Clone => "clone",
        BackupWay::Wrapped => "wrapped",
    };
    let ways: Vec<&str> = profile.backup.iter().map(way).collect();
    if ways.is_empty() { "none: a key in it cannot be copied".to_owned() } else { ways.join(", ") }
}

/// A label at the first sentence, the others below it.
fn sentences(mut screen: Screen, label: &str, all: &[String]) -> Screen {
    for (place, sentence) in all.iter().enumerate() {
        screen = screen.field(if place == 0 { label } else { "" }, sentence);
    }
    screen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_a_line_each_and_every_profile_fits_eighty_columns() {
        let all: Vec<HsmProfile> = HsmProfile::names().map(|name| HsmProfile::embedded(name).unwrap()).collect();
        let shown = list(&all).render();
        for profile in &all {
            let line = shown.lines().find(|line| line.contains(&profile.name)).unwrap();
            assert!(line.contains(&profile.title) && line.ends_with(profile.verified.by.name()), "{line}");
            for line in in_full(profile).render().lines().filter(|line| !line.starts_with("               ")) {
                assert!(line.chars().count() <= 80, "{}: {line}", profile.name);
            }
        }
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    }

    #[test]
    fn a_profile_in_full_says_quorum_attestation_network_and_what_is_not_known() {
        let shown = |name| in_full(&HsmProfile::embedded(name).unwrap()).render();
        let luna = shown("thales-luna");
        for part in ["quorum", "bring", "attestation", "cmu getpkc", "1792", "documentation"] {
            assert!(luna.contains(part), "{part} in {luna}");
        }
        assert!(shown("utimaco").contains("none is known"));
        assert!(shown("yubikey-piv").contains("its vendor's tools only"));
        assert!(shown("yubihsm2").contains("cannot be copied"));
    }
}
