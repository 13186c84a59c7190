//! The directory of a rehearsal: what lies where in it, and the marker that says what it is and how far it got.

use crate::ceremony::script::Script;
use crate::ceremony::session::Folder;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use crate::files::{deliver, intake};
use crate::text;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The marker's file name.
const MARKER: &str = "rehearsal.json";
/// The marker's type.
const TYPE: &str = "anchorite/rehearsal/v1";
/// The longest marker, in bytes.
const MAX_MARKER: u64 = 4096;
/// Names that are looked at in a directory that may be in use.
const MAX_NAMES: usize = 4096;

/// How far a rehearsal got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// What the script needs is being made.
    Preparing,
    /// Everything is there; people go on, or begin.
    Prepared,
    /// It is over.
    Ended,
}

/// What a rehearsal's directory says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    #[serde(rename = "type")]
    kind: String,
    /// The script's name.
    pub script: String,
    /// SHA-256 of the script: that of the real ceremony's paper.
    pub script_sha256: Digest,
    /// How far it got.
    pub stage: Stage,
}

/// A rehearsal's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    dir: PathBuf,
}

impl Place {
    /// The place at a path; nothing is looked at yet.
    pub fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The path itself.
    pub fn path(&self) -> &Path {
        &self.dir
    }
    /// The throwaway authority.
    pub fn authority(&self) -> Folder {
        Folder::new(self.dir.join("authority"))
    }
    /// Where the authority is once it is lost: a drill goes on from a copy.
    pub fn lost(&self) -> PathBuf {
        self.dir.join("lost")
    }
    /// The authority's own sticks: closing a session copies it to each.
    pub fn sticks(&self) -> [PathBuf; 2] {
        ["stick-1", "stick-2"].map(|name| self.dir.join(name))
    }
    /// The first of them, as an authority.
    pub fn copy(&self) -> Folder {
        Folder::new(self.dir.join("stick-1"))
    }
    /// The stick with requests.
    pub fn requests(&self) -> PathBuf {
        self.dir.join("requests")
    }
    /// The stick for bundles.
    pub fn exports(&self) -> PathBuf {
        self.dir.join("exports")
    }
    /// The clusters' side: their throwaway keys.
    pub fn clusters(&self) -> PathBuf {
        self.dir.join("clusters")
    }
    /// Sheets of words that the clusters' engineers would read out.
    pub fn sheets(&self) -> PathBuf {
        self.dir.join("sheets")
    }
    /// The token's configuration.
    pub fn token_configuration(&self) -> PathBuf {
        self.dir.join("token/softhsm2.conf")
    }
    /// The token's files.
    pub fn token_files(&self) -> PathBuf {
        self.dir.join("token/tokens")
    }
    /// The medium for a copy of the token's files.
    pub fn backup(&self) -> PathBuf {
        self.dir.join("key-backup")
    }
    /// The script on paper, for this authority.
    pub fn paper(&self) -> PathBuf {
        self.dir.join("paper.html")
    }
    /// A PIN: `user`, `so`, `audit`.
    pub fn pin(&self, which: &str) -> PathBuf {
        self.dir.join("pins").join(which)
    }
    /// Shares of the token's PINs, one a file: what the custodians would hold.
    pub fn shares(&self) -> PathBuf {
        self.dir.join("shares")
    }
    /// Answers that stand for people: of what is made beforehand, or of the rehearsal.
    pub fn answers(&self, ceremony: &str) -> PathBuf {
        self.dir.join("answers").join(format!("{ceremony}.toml"))
    }

    /// What the directory says of itself; `None` where no rehearsal began in it.
    ///
    /// # Errors
    /// [`Kind::Medium`]: a marker that does not read.
    pub fn marker(&self) -> Result<Option<Marker>, Error> {
        let path = self.dir.join(MARKER);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        let marker: Option<Marker> = serde_json::from_slice(&intake::read(&path, MAX_MARKER)?).ok();
        match marker.filter(|marker| marker.kind == TYPE) {
            Some(marker) => Ok(Some(marker)),
            None => Err(Error::new(Kind::Medium, "the marker of this rehearsal does not read")
                .saw(path.display().to_string())
                .hint(self.throw_away())),
        }
    }

    /// Writes how far the rehearsal got.
    ///
    /// # Errors
    /// [`Kind::Medium`].
    pub fn mark(&self, script: &Script, stage: Stage) -> Result<(), Error> {
        let (script, script_sha256) = (script.name.clone(), script.sha256);
        let marker = Marker { kind: TYPE.to_owned(), script, script_sha256, stage };
        let mut json = serde_json::to_vec_pretty(&marker)
            .map_err(|error| Error::new(Kind::Bug, "a marker cannot be written as JSON").saw(error.to_string()))?;
        json.push(b'\n');
        deliver::replace(&self.dir.join(MARKER), &json, 0o644)
    }

    /// Checks that a rehearsal of this script can go on here: it was prepared, and it did not end.
    ///
    /// # Errors
    /// [`Kind::Usage`] says which rehearsal is here.
    pub fn check_goes_on(&self, marker: &Marker, script: &Script) -> Result<(), Error> {
        let here = self.dir.display();
        let error = match marker.stage {
            _ if marker.script_sha256 != script.sha256 => {
                Error::new(Kind::Usage, "a rehearsal of another script is here")
                    .saw(format!("{}, sha256 {}…", marker.script, marker.script_sha256.short()))
                    .wanted(format!("{}, sha256 {}…", script.name, script.sha256.short()))
            }
            Stage::Preparing => Error::new(Kind::Usage, "a rehearsal that was never prepared to its end is here"),
            Stage::Ended => Error::new(Kind::Usage, "a rehearsal that has ended is here"),
            Stage::Prepared => return Ok(()),
        };
        let error = if error.seen().is_some() { error } else { error.saw(here.to_string()) };
        Err(error.hint(self.throw_away()).hint("or name another place: --into DIR"))
    }

    /// Checks that a rehearsal can be made here: the directory is absent or empty, and in no authority.
    ///
    /// # Errors
    /// [`Kind::Medium`] says what is there. Nothing was touched.
    pub fn check_free(&self) -> Result<(), Error> {
        let holds_authority = |dir: &Path| dir.join("authority.toml").exists() || dir.join("log").exists();
        let refuse = |what: &str, dir: &Path| {
            Err(Error::new(Kind::Medium, what)
                .saw(dir.display().to_string())
                .wanted("an absent or empty directory that is in no authority")
                .hint("name one: --into DIR")
                .truth("Nothing was touched."))
        };
        if holds_authority(&self.dir) {
            return refuse("an authority is here: a rehearsal has a place of its own", &self.dir);
        }
        let there = self.dir.symlink_metadata().is_ok();
        if there && !(self.dir.is_dir() && intake::list(&self.dir, MAX_NAMES)?.is_empty()) {
            return refuse("the place of a rehearsal is not free", &self.dir);
        }
        let outer = self.dir.parent().filter(|outer| !outer.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let outer = outer.canonicalize().map_err(|error| {
            Error::new(Kind::Medium, "a rehearsal cannot be made here").saw(format!("{}: {error}", outer.display()))
        })?;
        match outer.ancestors().find(|dir| holds_authority(dir)) {
            Some(dir) => refuse("a rehearsal in the directory of an authority could be taken for it", dir),
            None => Ok(()),
        }
    }

    /// How it is thrown away.
    pub fn throw_away(&self) -> String {
        format!("throw it away: rm -r {}", text::shell(&self.dir.display().to_string()))
    }
}
