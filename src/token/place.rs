//! Where the files of a token without hardware are: a directory with an entry for each token (SoftHSM), or a database
//! file for each (Kryoptic).
//!
//! Never reads what those files mean, never writes. Sources: softhsm2.conf(5); Kryoptic's `config.rs` (`dbargs`);
//! sqlite.org/tempfiles.html (what lies beside a database).

use crate::token::hsm_profile::TokenFiles;
use fs_err as fs;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The files of the tokens of one module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    directory: PathBuf,
    /// The names of the databases in it; none where each token is an entry of its own.
    databases: Vec<OsString>,
}

impl Place {
    /// Every token's files below one directory.
    pub(super) fn directory_of_tokens(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), databases: Vec::new() }
    }

    /// The place that the environment or the profile's paths name; `None` where neither names one.
    pub(super) fn locate(files: &TokenFiles) -> Option<Self> {
        let path = named(files)?;
        let Some(setting) = &files.setting else { return Some(Self::directory_of_tokens(path)) };
        let text = fs::read_to_string(path).ok()?;
        let values = settings_in(&text, setting);
        if !files.database {
            return values.last().map(Self::directory_of_tokens);
        }
        // The first one's directory counts: the fence opens one directory, and the profile says so.
        let directory = Path::new(values.first()?).parent()?;
        let here = values.iter().map(Path::new).filter(|path| path.parent() == Some(directory));
        let databases = here.filter_map(|path| path.file_name().map(OsString::from)).collect();
        Some(Self { directory: directory.to_owned(), databases })
    }

    /// The directory that the module writes in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// True where a token's files are known by its serial number.
    pub(super) fn names_tokens(&self) -> bool {
        self.databases.is_empty()
    }

    /// What belongs to one token: the entry whose name, hyphens aside, ends with the serial number, else the whole
    /// directory. A database does not say whose it is: all of them, with the journals beside them.
    pub(super) fn part_of(&self, serial: &str) -> Vec<PathBuf> {
        match self.own(serial) {
            own if own.is_empty() && self.databases.is_empty() => vec![self.directory.clone()],
            own => own,
        }
    }

    /// As [`part_of`](Self::part_of), where there is such an entry, or a database; else nothing.
    pub(super) fn own(&self, serial: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Vec::new() };
        let paths = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
        if self.databases.is_empty() {
            return paths.filter(|path| is_named_after(path, serial)).take(1).collect();
        }
        let mut files: Vec<PathBuf> = paths.filter(|path| self.is_of_database(path)).collect();
        files.sort();
        files
    }

    /// The databases and journals of the same names in another directory; none where tokens are entries.
    pub(super) fn elsewhere(&self, directory: &Path) -> Vec<PathBuf> {
        let there = Self { directory: directory.to_owned(), databases: self.databases.clone() };
        if self.databases.is_empty() { Vec::new() } else { there.own("") }
    }

    /// A database, or a journal of one: SQLite names it after the database, with a hyphen.
    fn is_of_database(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().map(|name| name.as_encoded_bytes()) else { return false };
        let mut all = self.databases.iter().map(|database| database.as_encoded_bytes());
        all.any(|database| name.strip_prefix(database).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"-")))
    }
}

fn is_named_after(path: &Path, serial: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    !serial.is_empty() && name.is_some_and(|name| name.replace('-', "").ends_with(serial))
}

/// The directory, or the configuration file, that is named: by the environment, else by the profile.
pub(super) fn named(files: &TokenFiles) -> Option<PathBuf> {
    let said = files.environment.as_ref().and_then(std::env::var_os).filter(|value| !value.is_empty());
    said.map(PathBuf::from).or_else(|| files.paths.iter().filter_map(|path| home(path)).find(|path| path.exists()))
}

/// A path in which `~` is the home directory; `None` where there is none.
pub(super) fn home(path: &str) -> Option<PathBuf> {
    match path.strip_prefix("~/") {
        Some(rest) => Some(PathBuf::from(std::env::var_os("HOME")?).join(rest)),
        None => Some(PathBuf::from(path)),
    }
}

/// The values of the lines `setting = value`, in order; `#` begins a comment.
fn settings_in<'a>(configuration: &'a str, setting: &str) -> Vec<&'a str> {
    configuration.lines().filter_map(|line| value_of(line, setting)).collect()
}

/// The value of a line, if it is one of this setting.
fn value_of<'a>(line: &'a str, setting: &str) -> Option<&'a str> {
    let line = line.split_once('#').map_or(line, |(before, _)| before);
    let (name, value) = line.split_once('=')?;
    (name.trim() == setting).then(|| value.trim().trim_matches('"'))
}

/// A configuration whose tokens lie in another directory: each line of the setting names what it named, there. Lines
/// stay where they are, and a value in quotes stays in quotes. One without such a line gets it at its end.
pub(super) fn moved(configuration: &str, files: &TokenFiles, setting: &str, to: &Path) -> String {
    let mut found = false;
    let mut line = |line: &str| {
        let Some(value) = value_of(line, setting) else { return format!("{line}\n") };
        found = true;
        let name = files.database.then(|| Path::new(value).file_name()).flatten();
        let there = name.map_or_else(|| to.to_owned(), |name| to.join(name));
        match line.contains('"') {
            true => format!("{setting} = {:?}\n", there.display().to_string()),
            false => format!("{setting} = {}\n", there.display()),
        }
    };
    let text: String = configuration.lines().map(&mut line).collect();
    if found { text } else { format!("{text}{setting} = {}\n", to.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_read_from_a_softhsm_configuration() {
        let text = "# directories.tokendir = /no\n directories.tokendir = /a b/tokens # here\nlog.level = ERROR\n";
        assert_eq!(settings_in(text, "directories.tokendir"), ["/a b/tokens"]);
        assert_eq!(settings_in(text, "tokendir"), [""; 0]);
    }

    fn kryoptic(configuration: &Path) -> TokenFiles {
        TokenFiles {
            environment: None,
            paths: vec![configuration.display().to_string()],
            setting: Some("dbargs".into()),
            database: true,
        }
    }

    #[test]
    fn a_database_is_found_with_the_journals_beside_it_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let slot = |n: u8, file: PathBuf| format!("[[slots]]\nslot = {n}\ndbargs = {:?}\n", file.display().to_string());
        let text = slot(1, path("one.sql")) + &slot(2, path("two.sql")) + &slot(3, "/elsewhere/three.sql".into());
        fs::write(path("token.conf"), text).unwrap();
        for name in ["one.sql", "one.sql-journal", "one.sqlite", "two.sql", "one.sql.bak", "other"] {
            fs::write(path(name), "x").unwrap();
        }
        let found = Place::locate(&kryoptic(&path("token.conf"))).unwrap();
        assert_eq!(found.directory(), place.path());
        let all = [path("one.sql"), path("one.sql-journal"), path("two.sql")];
        assert_eq!(found.part_of("d2d8e9354b7818c2"), all);
        // Before the first token there is no file, and the directory is no token.
        let empty = tempfile::tempdir().unwrap();
        fs::write(empty.path().join("token.conf"), slot(1, empty.path().join("one.sql"))).unwrap();
        let none = Place::locate(&kryoptic(&empty.path().join("token.conf"))).unwrap();
        assert!(none.part_of("d2d8e9354b7818c2").is_empty());
    }

    #[test]
    fn a_moved_configuration_says_the_same_of_files_elsewhere() {
        let softhsm = TokenFiles { environment: None, paths: vec![], setting: None, database: false };
        let text = "log.level = ERROR\ndirectories.tokendir = /a/tokens\nobjectstore.backend = file\n";
        let there = moved(text, &softhsm, "directories.tokendir", Path::new("/b/tokens"));
        assert_eq!(there, text.replace("/a/", "/b/"));
        assert_eq!(moved("", &softhsm, "directories.tokendir", Path::new("/b")), "directories.tokendir = /b\n");
        let text = "[[slots]]\ndbargs = \"/a/one.sql\"\nslot = 1\n\n[[slots]]\ndbargs = \"/a/two.sql\"\n";
        let there = moved(text, &kryoptic(Path::new("/a/token.conf")), "dbargs", Path::new("/b/tokens"));
        assert_eq!(there, text.replace("/a/", "/b/tokens/"));
    }
}
