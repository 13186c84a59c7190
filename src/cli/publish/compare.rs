//! A publication held against the log in it: every certificate, CRL and script is what the log says, byte for byte.
//! Pages and texts may be another version's: which of them differ is said, and is no fault.

use super::{contents, names};
use crate::audit::Report;
use crate::error::{Error, Kind};
use crate::files::intake;
use crate::screen::Screen;
use crate::text;
use serde::Serialize;
use std::path::Path;

/// What is data, by the end of its name: the log gives the same bytes in every version.
const DATA: [&str; 5] = [".pem", ".crl", ".der", ".csr", ".toml"];
/// The largest file that is looked at, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// A publication whose data are those of its log.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// How many files were compared.
    files: usize,
    /// Pages and texts that this version writes otherwise.
    otherwise: Vec<String>,
}

/// Compares a publication with the log in it, which verified; `None` where the directory is none.
///
/// # Errors
/// [`Kind::Verify`]: a certificate, CRL or script that is not the log's, or a file that is missing. [`Kind::Medium`].
pub fn compare(dir: &Path, report: &Report) -> Result<Option<Compared>, Error> {
    let log = dir.join("log");
    if !dir.join(super::SUMS).exists() || !log.join("entries.jsonl").exists() {
        return Ok(None);
    }
    let contents = contents::gather(&log, report, &names(dir, &[])?)?;
    let mut otherwise = Vec::new();
    for (name, file) in &contents.files {
        let path = dir.join(name);
        let error = |what: &str| {
            let error = Error::new(Kind::Verify, format!("a file of the publication {what}"));
            // A script's name is a whole digest, which has no room on a line.
            error
                .saw(text::ellipsis(name, 60))
                .hint("the log verifies: publish again from it, or take the publication from elsewhere")
        };
        if path.symlink_metadata().is_err() {
            return Err(error("is missing"));
        }
        if intake::digest(&path, MAX_FILE)? == file.sha256 {
            continue;
        }
        if DATA.iter().any(|end| name.ends_with(end)) {
            return Err(error("is not what the log says"));
        }
        otherwise.push(name.clone());
    }
    Ok(Some(Compared { files: contents.files.len(), otherwise }))
}

impl Compared {
    /// The same for people.
    pub fn screen(&self) -> Screen {
        let same = text::count(self.files.saturating_sub(self.otherwise.len()), "file");
        let screen = Screen::new().field("publication", format!("{same} as the log has them"));
        match self.otherwise.is_empty() {
            true => screen,
            false => screen.field("otherwise", self.otherwise.join(", ")).text(
                "Those pages and texts are not as this version writes them: another version did, or somebody changed \
                 them. Go by the log.",
            ),
        }
    }
}
