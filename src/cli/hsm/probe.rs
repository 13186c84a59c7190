//! `hsm probe`: what a token can and cannot do for a root CA; a profile of one that is not listed.

use super::report;
use crate::ceremony::people::Secret;
use crate::cli::args::{Args, HsmProbe};
use crate::cli::room::profile_named;
use crate::cli::terminal::Terminal;
use crate::cli::{args, fence};
use crate::clock::{self, Clock};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::files::intake;
use crate::plan::screen::utc;
use crate::token::hsm_profile::HsmProfile;
use crate::token::module::{self, Selection};

use std::path::{Path, PathBuf};

/// `anchorite hsm probe`
pub fn probe(args: &Args, a: &HsmProbe, terminal: &mut Terminal) -> Result<(), Error> {
    let (mut profile, path) = chosen(a)?;
    if let Some(directory) = &a.directory {
        profile = profile.in_directory(directory)?;
    }
    profile.writes.extend(a.writes.iter().map(|path| path.display().to_string()));
    let mut places: Vec<PathBuf> = Vec::new();
    if let Some(out) = &a.profile_out {
        if intake::is_there(out)? {
            return Err(Error::new(Kind::Medium, "the file for the profile exists already")
                .saw(out.display().to_string())
                .wanted("a new one")
                .truth("The token was not touched."));
        }
        places.push(out.clone());
    }
    fence::raise(None, &[&profile], &places);
    let module = module::load(&path, &profile)?;
    let selection = a.serial.as_deref().map_or(Selection::Only, Selection::named);
    let login = match a.login {
        false => None,
        true => {
            let seen = module.select(&selection)?;
            let why = Secret::Pin("probed");
            Some(super::login(&seen, &profile.user_pin, a.pin_file.as_deref(), &why, terminal)?)
        }
    };
    let found = crate::token::probe(&module, &selection, login, &clock::monotonic)?;
    if let Some(out) = &a.profile_out {
        let now = args.now.map_or_else(Clock::system, Clock::given).now();
        let how = format!("found by `anchorite hsm probe` {} on {}", args::VERSION, utc(now));
        deliver::write_new(out, found.to_profile(&profile, &how)?.as_bytes(), 0o644)?;
    }
    if terminal.wants_json() {
        return terminal.json(&found);
    }
    terminal.result_screen(&report::screen(&found, &profile, a.login))?;
    if let Some(out) = &a.profile_out {
        let out = out.display().to_string();
        let again = format!("anchorite hsm probe --profile {out} --login    says that it agrees");
        terminal.done(&[out], &["complete what says FILL IN, name it in authority.toml, and:", &again]);
    }
    Ok(())
}

/// The profile to compare with and the module: as they were named; else the profile that knows a module of that name,
/// else the one profile whose module is here.
fn chosen(a: &HsmProbe) -> Result<(HsmProfile, PathBuf), Error> {
    match (&a.profile, &a.module) {
        (Some(name), module) => {
            let profile = profile_named(name)?;
            let path = module.clone().map_or_else(|| module::find_module(&profile), Ok)?;
            Ok((profile, path))
        }
        (None, Some(path)) => Ok((known_by(path)?, path.clone())),
        (None, None) => only_installed(),
    }
}

/// The profile of a module by the name of its file; one that no profile lists is tried as what it is: unknown.
fn known_by(path: &Path) -> Result<HsmProfile, Error> {
    for name in HsmProfile::names() {
        let profile = HsmProfile::embedded(name)?;
        if profile.modules.iter().any(|known| Path::new(known).file_name() == path.file_name()) {
            return Ok(profile);
        }
    }
    HsmProfile::generic()
}

fn only_installed() -> Result<(HsmProfile, PathBuf), Error> {
    let mut here = Vec::new();
    for name in HsmProfile::names() {
        let profile = HsmProfile::embedded(name)?;
        here.extend(module::find_module(&profile).ok().map(|path| (profile, path)));
    }
    match here.len() {
        0 => Err(Error::new(Kind::Usage, "no module of a listed token is installed here")
            .wanted("--module FILE, the PKCS#11 module of the token")),
        1 => here.pop().ok_or_else(|| Error::new(Kind::Bug, "a module that was found is gone")),
        _ => Err(Error::new(Kind::Usage, "modules of more than one kind of token are installed here")
            .saw(here.iter().map(|(profile, _)| profile.name.as_str()).collect::<Vec<_>>().join(", "))
            .wanted("--profile with one of them, or --module FILE")),
    }
}
