//! The one call of cryptoki that is unsafe: C_Initialize with a string, which NSS and YubiHSM want; and that string,
//! with the directory of the token's files in its place.
//!
//! Owns the string for as long as the module may look at it. Sources: PKCS#11 v3.0 section 5.4 (`pReserved`); NSS,
//! "PKCS #11 Module Specs" (a value in quotes ends at the quote, a backslash escapes).
#![allow(unsafe_code)]

use crate::error::{Error, Kind};
use crate::token::hsm_profile::HsmProfile;
use crate::token::place::{self, Place};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::Error as Answer;
use std::ffi::CString;
use std::ptr::NonNull;

/// Where a profile's string names the directory of the token's files.
pub(super) const DIRECTORY: &str = "{directory}";

/// The string for the module of a profile, where it wants one.
///
/// # Errors
/// [`Kind::Token`]: it names the token's directory, and nothing says where that is, or it has a name that cannot stand
/// in the string.
pub(super) fn string(profile: &HsmProfile) -> Result<Option<CString>, Error> {
    let Some(with) = &profile.initialize_with else { return Ok(None) };
    let with = match with.contains(DIRECTORY) {
        true => with.replace(DIRECTORY, &directory(profile)?),
        false => with.clone(),
    };
    CString::new(with)
        .map(Some)
        .map_err(|_| Error::new(Kind::Usage, "initialize_with in the token's profile has a NUL"))
}

fn directory(profile: &HsmProfile) -> Result<String, Error> {
    let files = profile.files.as_ref();
    // One that is not there is named all the same: people mistype.
    let named = || files.and_then(|files| files.paths.first()).and_then(|path| place::home(path));
    let Some(directory) = files.and_then(Place::locate).map(|place| place.directory().to_owned()).or_else(named) else {
        let error = Error::new(Kind::Token, format!("nothing says where the files of {} are", profile.title))
            .hint("name a directory of their own: [token] directory = \"/…\" in local.toml");
        return Err(match files.and_then(|files| files.environment.as_deref()) {
            Some(variable) => {
                error.hint(format!("outside an authority: --directory /… of hsm probe, or export {variable}=/…"))
            }
            None => error,
        });
    };
    let shown = directory.display().to_string();
    if !directory.is_dir() {
        return Err(Error::new(Kind::Token, format!("the directory for the files of {} is not there", profile.title))
            .saw(&shown)
            .hint(format!("create it with: mkdir -m 700 {shown}")));
    }
    match directory.to_str() {
        Some(text) if !text.contains(['\'', '"', '\\']) => Ok(text.to_owned()),
        _ => Err(Error::new(Kind::Token, "a directory with this name cannot be told to the token's module")
            .saw(shown)
            .wanted("a name in UTF-8, without quotes and backslashes")),
    }
}

/// Initialises the module with a string in `pReserved`.
///
/// The string is leaked on purpose: a module may keep the pointer until it is finalised, and there is one
/// such call in a process.
pub(super) fn initialize(context: &Pkcs11, with: CString, flags: CInitializeFlags) -> Result<(), Answer> {
    let Some(pointer) = NonNull::new(with.into_raw()) else {
        return Err(Answer::InvalidValue);
    };
    // SAFETY: the pointer is to a NUL-terminated string that is never freed and never written by us.
    let arguments = unsafe { CInitializeArgs::new_with_reserved(flags, pointer.cast()) };
    context.initialize(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nss(directory: &std::path::Path) -> HsmProfile {
        HsmProfile::embedded("nss").unwrap().in_directory(directory).unwrap()
    }

    #[test]
    fn the_string_for_the_module_names_the_directory_that_was_chosen() {
        let place = tempfile::tempdir().unwrap();
        let string = string(&nss(place.path())).unwrap().unwrap();
        let named = format!("configDir='sql:{}'", place.path().display());
        assert!(string.to_str().unwrap().contains(&named), "{string:?}");
        assert_eq!(super::string(&HsmProfile::embedded("softhsm2").unwrap()).unwrap(), None);
    }

    #[test]
    fn a_directory_that_nobody_names_or_that_is_not_there_or_ends_the_string_early_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let error = |profile: &HsmProfile| string(profile).unwrap_err();
        let mut nowhere = nss(place.path());
        nowhere.files.as_mut().unwrap().paths = Vec::new();
        assert!(error(&nowhere).hints()[0].contains("[token] directory"));
        let absent = place.path().join("absent");
        assert!(error(&nss(&absent)).hints()[0].starts_with("create it with: mkdir -m 700 "));
        let quoted = place.path().join("it's");
        std::fs::create_dir(&quoted).unwrap();
        assert!(error(&nss(&quoted)).to_string().contains("without quotes"));
    }
}
