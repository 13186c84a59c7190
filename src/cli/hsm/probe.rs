//! `hsm probe`: what a token can and cannot do for a root CA; a profile of one that is not listed.

use super::report;
use crate::ceremony::people::{Compared, People, Secret, Stop};
use crate::cli::args::{Args, HsmProbe};
use crate::cli::room::profile_named;
use crate::cli::terminal::{Attended, Terminal};
use crate::cli::{args, fence};
use crate::clock::{self, Clock};
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::files::intake;
use crate::key::KeySpec;
use crate::plan::screen::utc;
use crate::screen::Screen;
use crate::token::hsm_profile::HsmProfile;
use crate::token::module::{self, Seen, Selection};
use crate::token::probe::Lengths;

use std::path::{Path, PathBuf};

/// `anchorite hsm probe`
pub fn probe(args: &Args, a: &HsmProbe, terminal: &mut Terminal) -> Result<(), Error> {
    let (mut profile, path) = chosen(a)?;
    if let Some(directory) = &a.directory {
        profile = profile.in_directory(directory)?;
    }
    profile.writes.extend(a.writes.iter().map(|path| whole(path).display().to_string()));
    let mut places: Vec<PathBuf> = Vec::new();
    if let Some(out) = &a.profile_out {
        if intake::is_there(out)? {
            return Err(Error::new(Kind::Medium, "the file for the profile exists already")
                .saw(out.display().to_string())
                .wanted("a new one")
                .truth("The token was not touched."));
        }
        let directory = out.parent().filter(|parent| !parent.as_os_str().is_empty());
        places.push(directory.unwrap_or(Path::new(".")).to_owned());
    }
    fence::raise(None, &[&profile], &places);
    let module = module::load(&path, &profile)?;
    let selection = a.serial.as_deref().map_or(Selection::Only, Selection::named);
    let mut lengths = Lengths { login: None, on_token: a.on_token };
    if a.login {
        let seen = module.select(&selection)?;
        if let (Some(spec), None) = (a.on_token, &a.pin_file) {
            consent(&seen, spec, terminal)?;
        }
        let why = Secret::Pin("probed");
        lengths.login = Some(super::login(&seen, &profile.user_pin, a.pin_file.as_deref(), &why, terminal)?);
    }
    let found = crate::token::probe(&module, &selection, lengths, &clock::monotonic)?;
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

/// A key in the token is people's to allow: its serial number is typed back.
fn consent(seen: &Seen, spec: KeySpec, terminal: &mut Terminal) -> Result<(), Error> {
    let serial = &seen.identity.serial;
    let screen = Screen::new()
        .field("token", &seen.identity.label)
        .field("serial", serial)
        .text(format!("One key, {}, is made in this token, tried and destroyed again.", spec.title()))
        .text("A token whose keys cannot be destroyed one by one keeps it: ask its vendor first.");
    let no = || Error::new(Kind::Declined, "no key is made in the token").truth("The token was not changed.");
    let mut people = Attended::open(terminal, None)?;
    people.show(&screen).map_err(Stop::into_error)?;
    loop {
        match people.type_back("on-token", "token's serial") {
            Ok(Compared::Typed(typed)) if typed.trim() == serial => return Ok(()),
            Ok(Compared::Typed(typed)) => {
                let other = Error::new(Kind::Declined, "this is not the token's serial").saw(typed).wanted(serial);
                people.help(&other).map_err(Stop::into_error)?;
            }
            Ok(_) | Err(Stop::Pause) => return Err(no()),
            Err(stop) => return Err(stop.into_error()),
        }
    }
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
        (None, Some(path)) => Ok((known_by(path)?, whole(path))),
        (None, None) => only_installed(),
    }
}

/// A path that says the same wherever the profile is read.
fn whole(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
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
    the_only(here)
}

fn the_only(mut here: Vec<(HsmProfile, PathBuf)>) -> Result<(HsmProfile, PathBuf), Error> {
    match here.len() {
        0 => Err(Error::new(Kind::Usage, "no module of a listed token is installed here")
            .wanted("--module FILE, the PKCS#11 module of the token")),
        1 => here.pop().ok_or_else(|| Error::new(Kind::Bug, "a module that was found is gone")),
        _ => Err(Error::new(Kind::Usage, "modules of more than one kind of token are installed here")
            .saw(here.iter().map(|(profile, _)| profile.name.as_str()).collect::<Vec<_>>().join(", "))
            .wanted("--profile with one of them, or --module FILE")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_token_is_meant_is_asked_where_it_is_not_plain() {
        let one = || (HsmProfile::embedded("softhsm2").unwrap(), PathBuf::from("/m.so"));
        assert_eq!(the_only(vec![one()]).unwrap().1, PathBuf::from("/m.so"));
        let none = the_only(Vec::new()).unwrap_err();
        assert_eq!(
            none.to_string(),
            "no module of a listed token is installed here: wanted --module FILE, the PKCS#11 module of the token"
        );
        let other = (HsmProfile::embedded("nss").unwrap(), PathBuf::from("/n.so"));
        assert_eq!(
            the_only(vec![one(), other]).unwrap_err().to_string(),
            "modules of more than one kind of token are installed here: saw softhsm2, nss, wanted --profile with one of \
             them, or --module FILE"
        );
    }

    #[test]
    fn a_module_is_known_by_the_name_of_its_file_wherever_it_lies() {
        assert_eq!(known_by(Path::new("/opt/x/libsofthsm2.so")).unwrap().name, "softhsm2");
        assert_eq!(known_by(Path::new("/opt/x/libours.so")).unwrap().name, HsmProfile::GENERIC);
    }
}
