//! A copy of the files of a token without hardware, in a directory of its own: `tokens/`, and beside it the
//! configuration by which the module finds it there.
//!
//! Never writes into the token's own directory. Source: softhsm2.conf(5); a copied directory is a clone (measured
//! with SoftHSM 2.6.1).

use crate::error::{Error, Kind};
use crate::text;
use crate::token::directory;
use crate::token::hsm_profile::{HsmProfile, TokenFiles};
use crate::token::place::{self, Place};
use fs_err as fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Where the copy's token files are, in its directory.
const TOKENS: &str = "tokens";

/// The longest configuration of a module, in bytes.
const MAX_CONFIGURATION: u64 = 64 * 1024;

fn files_of(profile: &HsmProfile) -> Result<&TokenFiles, Error> {
    profile.files.as_ref().filter(|files| files.environment.is_some()).ok_or_else(|| {
        Error::new(Kind::Usage, "a token of this kind has no files that could be copied")
            .saw(&profile.name)
            .hint("leave [backup.token] directory out of local.toml; its vendor's means clone it")
    })
}

fn medium(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Medium, format!("{what} {}", text::path(path))).saw(error.to_string())
}

/// Copies the files of a token into `to/tokens/`, in place of an earlier copy of the same token: written beside it,
/// made durable, read back, then put in place. What is in `to` belongs to its owner alone.
///
/// # Errors
/// [`Kind::Usage`]: the token has no files. [`Kind::Medium`]: `to` is absent, or cannot be written, or the copy does
/// not read back: an earlier copy is as it was.
pub fn copy(profile: &HsmProfile, serial: &str, to: &Path) -> Result<(), Error> {
    files_of(profile)?;
    let from =
        super::token_files(profile).ok_or_else(|| Error::new(Kind::Token, "the token's own directory is not known"))?;
    let own = from.own(serial);
    if own.is_empty() {
        return Err(Error::new(Kind::Token, "the token's files are not where its module keeps them").saw(serial));
    }
    check_place(to, from.directory())?;
    let tokens = to.join(TOKENS);
    let partial = to.join(".partial");
    let work = || -> std::io::Result<()> {
        directory::create_private(to)?;
        directory::create_private(&tokens)?;
        remove(&partial)?;
        directory::create_private(&partial)?;
        for entry in &own {
            let copy = partial.join(entry.file_name().unwrap_or_default());
            directory::copy_tree(entry, &copy, None)?;
            if !same_tree(entry, &copy)? {
                return Err(std::io::Error::other("the copy does not read back as it was written"));
            }
        }
        put_in_place(&from, &partial, &tokens)?;
        directory::fsync(&tokens)?;
        remove(&partial)?;
        directory::fsync(to)
    };
    work().map_err(|error| medium("cannot copy the token's files to", to, &error).truth("The token was not changed."))
}

/// Moves what was copied to where the copy is, in place of an earlier one.
fn put_in_place(from: &Place, partial: &Path, tokens: &Path) -> std::io::Result<()> {
    // A journal of the earlier copy would be played into the new one.
    for earlier in from.elsewhere(tokens) {
        remove(&earlier)?;
    }
    for entry in fs::read_dir(partial)? {
        let name = entry?.file_name();
        remove(&tokens.join(&name))?;
        fs::rename(partial.join(&name), tokens.join(name))?;
    }
    Ok(())
}

/// Removes a file or a directory; one that is not there is no error.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// A place for a copy: there already, since its medium must be, and no part of the token's own directory.
///
/// # Errors
/// [`Kind::Medium`], [`Kind::Usage`].
fn check_place(to: &Path, own: &Path) -> Result<(), Error> {
    let real = |path: &Path| path.canonicalize().map_err(|error| medium("cannot look at", path, &error));
    if !to.is_dir() {
        return Err(Error::new(Kind::Medium, "the place for the key backup is not there")
            .saw(text::path(to))
            .hint(format!("put its medium in; on a new one: mkdir -m 700 {}", text::path(to))));
    }
    let (place, own) = (real(to)?, real(own)?);
    if place.starts_with(&own) || own.starts_with(&place) {
        return Err(Error::new(Kind::Usage, "a copy in the token's own directory is no backup")
            .saw(text::path(&place))
            .wanted("a directory on a medium of its own"));
    }
    Ok(())
}

fn same_tree(one: &Path, other: &Path) -> std::io::Result<bool> {
    if fs::symlink_metadata(one)?.is_dir() {
        for entry in fs::read_dir(one)? {
            let name = entry?.file_name();
            if !same_tree(&one.join(&name), &other.join(&name))? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    Ok(fs::read(one)? == fs::read(other)?)
}

/// What the module's environment variable must say for it to find the copy: the configuration that is written beside
/// the copy (the one of now, with another directory), or the directory itself.
///
/// # Errors
/// [`Kind::Usage`]: the token has no files. [`Kind::Medium`]: there is no copy, or its place cannot be written.
pub fn configuration(profile: &HsmProfile, at: &Path) -> Result<PathBuf, Error> {
    let files = files_of(profile)?;
    let tokens = at.join(TOKENS);
    let tokens = tokens.canonicalize().map_err(|error| {
        medium("there is no copy of the token in", at, &error)
            .hint("put the medium of the key backup in; `anchorite key-backup` makes a copy")
    })?;
    let Some(setting) = &files.setting else { return Ok(tokens) };
    let now = place::named(files).and_then(|path| {
        let short = fs::symlink_metadata(&path).is_ok_and(|about| about.len() <= MAX_CONFIGURATION);
        fs::read_to_string(path).ok().filter(|_| short)
    });
    let text = place::moved(&now.unwrap_or_default(), files, setting, &tokens);
    let path = tokens.with_file_name("module.conf");
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| medium("cannot write", &path, &error))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_without_files_has_none_to_copy() {
        let card = HsmProfile { files: None, ..HsmProfile::embedded("softhsm2").unwrap() };
        let error = copy(&card, "01", Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().starts_with("a token of this kind has no files"), "{error}");
    }

    #[test]
    fn a_copy_is_never_made_where_the_token_is() {
        let place = tempfile::tempdir().unwrap();
        let own = place.path().join("tokens");
        std::fs::create_dir_all(own.join("inside")).unwrap();
        for to in [own.clone(), own.join("inside"), place.path().to_owned()] {
            assert_eq!(check_place(&to, &own).unwrap_err().kind(), Kind::Usage, "{}", to.display());
        }
        std::fs::create_dir(place.path().join("backup")).unwrap();
        assert!(check_place(&place.path().join("backup"), &own).is_ok());
        assert_eq!(check_place(&place.path().join("absent"), &own).unwrap_err().kind(), Kind::Medium);
    }
}
