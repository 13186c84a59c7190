//! `local.toml`: what differs between machines. It is not reviewed; its digest is logged.

use crate::error::{Error, Kind};
use crate::text;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// `local.toml`, parsed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// The root's token on this machine.
    #[serde(default)]
    pub token: LocalToken,
    /// The audit key's token on this machine.
    #[serde(default)]
    pub audit: LocalAudit,
    /// Where the copy of the root's token is.
    #[serde(default)]
    pub backup: LocalBackup,
    /// Where sticks are mounted.
    #[serde(default)]
    pub media: LocalMedia,
}

/// `[token]` and `[audit.token]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalToken {
    /// The PKCS#11 module; left out, the first of the profile's search paths that exists.
    pub module: Option<PathBuf>,
    /// Where the files of a token without hardware are, for a module that is told so when it starts (NSS).
    pub directory: Option<PathBuf>,
    /// Files and directories that the module writes to, beside those that its profile names: a daemon's state,
    /// a lock, a log. The fence lets it write nowhere else.
    #[serde(default)]
    pub writes: Vec<PathBuf>,
}

/// `[audit]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAudit {
    /// `[audit.token]`.
    #[serde(default)]
    pub token: LocalToken,
}

/// `[backup]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalBackup {
    /// `[backup.token]`; left out, no backup is at hand on this machine.
    pub token: Option<LocalCopy>,
}

/// `[backup.token]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalCopy {
    /// The PKCS#11 module; left out, that of the root's token.
    pub module: Option<PathBuf>,
    /// The serial number; left out, the only token there.
    pub serial: Option<String>,
    /// For a token without hardware: a directory of its own, on its own medium, that holds the copy of its files.
    pub directory: Option<PathBuf>,
    /// For `mode = "wrapped"`: the directory, on its own medium, for the file of wrapped keys. The rest of the table is
    /// then about the second token, on which that file is proved.
    pub wrapped: Option<PathBuf>,
}

/// `[media]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalMedia {
    /// Where the stick with requests is mounted.
    pub requests: Option<PathBuf>,
    /// Where the stick for exports is mounted.
    pub exports: Option<PathBuf>,
    /// Where the sticks that hold copies of the authority are mounted.
    #[serde(default)]
    pub authority: Vec<PathBuf>,
}

impl Local {
    /// Parses `local.toml`.
    ///
    /// # Errors
    /// [`Kind::Usage`] with line and column.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse_toml("local.toml", text)
    }
}

/// Parses TOML strictly, turning the parser's error into one with line, column and the nearest known name.
///
/// # Errors
/// [`Kind::Usage`].
pub fn parse_toml<T: DeserializeOwned>(file: &str, source: &str) -> Result<T, Error> {
    toml::from_str(source).map_err(|error| explained(file, source, &error))
}

fn explained(file: &str, source: &str, error: &toml::de::Error) -> Error {
    let place = match error.span() {
        Some(span) => {
            let before = source.get(..span.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            format!(", line {line}, column {column}")
        }
        None => String::new(),
    };
    let message = error.message().trim().replace('\n', " ");
    let (what, wanted) = match message.split_once(", expected ") {
        Some((what, wanted)) => (what, Some(in_words(&wanted.replace('`', "")))),
        None => (message.as_str(), None),
    };
    let mut found = Error::new(Kind::Usage, format!("{file}{place}: {}", what.replace('`', "\"")));
    // The parser does not always say what its message is about.
    let about = error.span().and_then(|span| source.get(span)).filter(|text| !text.is_empty() && !text.contains('\n'));
    if let Some(about) = about.filter(|_| !what.contains(['`', '"']) && !what.contains(": saw ")) {
        found = found.saw(about);
    }
    if let Some(wanted) = wanted {
        found = found.wanted(wanted);
    }
    match hint(&message) {
        Some(hint) => found.hint(hint),
        None => found,
    }
}

/// What a person can do about a message of the parser, or of a type of ours.
fn hint(message: &str) -> Option<String> {
    if message.starts_with("invalid boolean") {
        return Some("a text stands in quotation marks".to_owned());
    }
    if message.starts_with("missing field") {
        return Some("`anchorite new` writes a file with every setting, to compare with".to_owned());
    }
    let near = if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let mut quoted = message.split('`').skip(1).step_by(2);
        text::nearest(quoted.next()?, quoted)
    } else {
        let (typed, names) = message.split_once(": saw \"")?.1.split_once("\", wanted ")?;
        text::nearest(typed, names.split(", "))
    };
    near.map(|near| format!("did you mean \"{near}\"?"))
}

/// Rust's names of types, as people say them.
fn in_words(wanted: &str) -> String {
    match wanted {
        "u32" | "usize" => "a whole number".to_owned(),
        other => other.to_owned(),
    }
}
