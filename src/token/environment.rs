//! The environment variable by which a module without hardware finds its configuration, set for this process
//! where it runs against a token of its own. The one place that changes the environment.
//!
//! Never reads what the file says. Source: `std::env::set_var`, which is unsafe where other threads read the
//! environment meanwhile; softhsm2.conf(5).
#![allow(unsafe_code)]

use crate::error::{Error, Kind};
use crate::token::hsm_profile::HsmProfile;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

/// The name of a thread that reads no environment, and so need not have ended before it is changed.
pub const BYSTANDER: &str = "bystander";

/// Makes the module of this profile, which is loaded later, read this configuration (or look into this directory,
/// where the variable names one); gives what the variable said before, for [`put_back`]. A variable that says so
/// already is left alone.
///
/// # Errors
/// [`Kind::Token`]: the profile names no variable, or this process has more than one thread; the error says how to
/// set it from outside. Nothing was changed.
pub fn choose_configuration(profile: &HsmProfile, file: &Path) -> Result<Option<OsString>, Error> {
    let name = variable(profile)?;
    let before = std::env::var_os(name);
    if before.as_ref().is_none_or(|set| Path::new(set) != file) {
        change(name, Some(file.as_os_str()))?;
    }
    Ok(before)
}

/// Makes the module look again where it looked before [`choose_configuration`].
///
/// # Errors
/// As there.
pub fn put_back(profile: &HsmProfile, before: Option<&OsStr>) -> Result<(), Error> {
    change(variable(profile)?, before)
}

fn variable(profile: &HsmProfile) -> Result<&str, Error> {
    let name = profile.files.as_ref().and_then(|files| files.environment.as_deref());
    name.ok_or_else(|| Error::new(Kind::Token, "this token cannot be told where its files are").saw(&profile.name))
}

fn change(name: &str, value: Option<&OsStr>) -> Result<(), Error> {
    if !is_single_threaded() {
        let error = Error::new(Kind::Token, format!("{name} cannot be set from inside this program here"));
        return Err(match value {
            Some(value) => error.hint(format!(
                "set it outside and run the same command again: export {name}={}",
                value.to_string_lossy()
            )),
            None => error,
        });
    }
    // SAFETY: there is one thread, this one, and bystanders, so nothing reads or writes the environment meanwhile; the C
    // library reads it later, from modules that are not loaded yet.
    unsafe {
        match value {
            Some(value) => std::env::set_var(name, value),
            None => std::env::remove_var(name),
        }
    }
    Ok(())
}

/// True where the kernel says that this is the only thread, bystanders apart.
fn is_single_threaded() -> bool {
    // A thread that was joined may be on the kernel's list for a moment longer.
    (0..100).any(|_| {
        let alone = fs_err::read_dir("/proc/self/task").is_ok_and(|tasks| {
            let names = tasks.flatten().map(|task| fs_err::read_to_string(task.path().join("comm")));
            names.filter(|name| name.as_ref().map_or(true, |name| name.trim_end() != BYSTANDER)).count() == 1
        });
        if !alone {
            std::thread::sleep(Duration::from_millis(1));
        }
        alone
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_more_threads_is_told_to_set_it_outside() {
        // Tests run on threads of their own.
        let profile = HsmProfile::embedded("softhsm2").unwrap();
        let error = choose_configuration(&profile, Path::new("/nowhere/softhsm2.conf")).unwrap_err();
        assert!(error.hints().iter().any(|hint| hint.ends_with("export SOFTHSM2_CONF=/nowhere/softhsm2.conf")));
        assert_ne!(std::env::var_os("SOFTHSM2_CONF").as_deref(), Some("/nowhere/softhsm2.conf".as_ref()));
        let card = HsmProfile { files: None, ..profile };
        assert!(choose_configuration(&card, Path::new("/nowhere/softhsm2.conf")).is_err());
    }
}
