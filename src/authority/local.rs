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
}

/// `[audit]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAudit {
    /// `[audit.token]`.
    #[serde(default)]
    pub token: LocalToken,
}

/// `[media]`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalMedia {
    /// Where the stick with requests is mounted.
    pub requests: Option<PathBuf>,
    /// Where the stick for exports is mounted.
    pub exports: Option<PathBuf>,
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
    toml::from_str(source).map_err(|error| {
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
            Some((what, wanted)) => (what.to_owned(), Some(wanted.replace('`', ""))),
            None => (message.clone(), None),
        };
        let mut found = Error::new(Kind::Usage, format!("{file}{place}: {}", what.replace('`', "\"")));
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        if let Some(typed) = message.split('`').nth(1)
            && (message.starts_with("unknown field") || message.starts_with("unknown variant"))
            && let Some(near) = text::nearest(typed, known)
        {
            found = found.hint(format!("did you mean \"{near}\"?"));
        }
        match wanted {
            Some(wanted) => found.wanted(wanted),
            None => found,
        }
    })
}
