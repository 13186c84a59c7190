//! Sticks and the marker file that says which one is plugged in: role, authority, an id.
//!
//! Each step names the medium it wants and refuses another, saying which one it sees. Never here: what is
//! on a medium beyond its marker. Source: the design's bundle format, type `anchorite/medium/v1`.

use super::{deliver, intake};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::format;
use crate::text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The marker's file name.
pub const MARKER: &str = "anchorite-medium.json";
/// The marker's type.
const TYPE: &str = "anchorite/medium/v1";
/// The longest marker, in bytes.
const MAX_MARKER: u64 = 4096;
/// The most entries a medium may hold at its top.
const MAX_ENTRIES: usize = 4096;
/// The length of a medium's id, in bytes.
const ID_LEN: usize = 8;
/// The longest label, in characters: one line of a sticker.
const MAX_LABEL: usize = 32;

/// What a medium is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Software, scripts and stationery, into the ceremony.
    Supplies,
    /// Requests of clusters, into the ceremony.
    Requests,
    /// Bundles and public files, out of the ceremony.
    Exports,
    /// A copy of the authority itself.
    Authority,
}

impl Role {
    /// The name in markers, on labels and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Supplies => "supplies",
            Role::Requests => "requests",
            Role::Exports => "exports",
            Role::Authority => "authority",
        }
    }
    /// The name with its article.
    const fn a(self) -> &'static str {
        match self {
            Role::Supplies => "a supplies medium",
            Role::Requests => "a requests medium",
            Role::Exports => "an exports medium",
            Role::Authority => "an authority medium",
        }
    }
    const ALL: [Role; 4] = [Role::Supplies, Role::Requests, Role::Exports, Role::Authority];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Role {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|role| role.name() == s).ok_or_else(|| {
            Error::new(Kind::Usage, "no such role of a medium")
                .saw(format!("\"{s}\""))
                .wanted(Self::ALL.map(Role::name).join(", "))
        })
    }
}

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Medium {
    #[serde(rename = "type")]
    kind: String,
    /// What the medium is for.
    pub role: Role,
    /// The authority it belongs to, by name; absent where any may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// What people call it ("A", "safe in Berlin"); two sticks of one role are told apart by the id all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its own id, 8 random bytes.
    pub id: Hex,
    /// When it was prepared.
    pub created: Timestamp,
}

impl Medium {
    /// The id as people compare it, on the sticker and on every screen: the first half of it, `1a2b-3c4d`.
    pub fn short_id(&self) -> String {
        let hex: String = self.id.to_string().chars().take(ID_LEN).collect();
        let (first, last) = hex.split_at_checked(ID_LEN / 2).unwrap_or((&hex, ""));
        format!("{first}-{last}")
    }

    /// `1a2b-3c4d`, and what people call it.
    pub fn called(&self) -> String {
        match &self.label {
            Some(label) => format!("{} \"{}\"", self.short_id(), text::escape(label)),
            None => self.short_id(),
        }
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.a())?;
        if let Some(authority) = &self.authority {
            write!(f, " of {}", text::escape(authority))?;
        }
        write!(f, ", id {}", self.called())
    }
}

/// What a new marker says beside its role.
#[derive(Debug, Clone)]
pub struct Marking<'a> {
    /// The authority it belongs to; `None`: any may use it.
    pub authority: Option<&'a str>,
    /// What people call it.
    pub label: Option<&'a str>,
    /// 8 random bytes.
    pub id: Hex,
    /// Now.
    pub created: Timestamp,
}

/// Marks a directory as a medium; what else lies in it stays.
///
/// # Errors
/// [`Kind::Medium`]: absent, no directory, marked already, or as [`deliver::write_new`]. [`Kind::Usage`]: a label
/// that no sticker can show. [`Kind::Bug`]: an id of another length.
pub fn prepare(dir: &Path, role: Role, marking: Marking<'_>) -> Result<Medium, Error> {
    let Marking { authority, label, id, created } = marking;
    if id.0.len() != ID_LEN {
        return Err(Error::new(Kind::Bug, "a medium's id has 8 bytes").saw(format!("{} bytes", id.0.len())));
    }
    if let Some(label) = label.filter(|label| !is_label(label)) {
        return Err(Error::new(Kind::Usage, "this cannot be the label of a medium")
            .saw(label)
            .wanted(format!("1 to {MAX_LABEL} printable characters")));
    }
    if let Some(there) = marker(dir)? {
        return Err(Error::new(Kind::Medium, format!("{} is marked already", text::path(dir)))
            .saw(there.to_string())
            .hint(format!("remove {MARKER} from it if it shall become {}", role.a())));
    }
    let (authority, label) = (authority.map(Into::into), label.map(Into::into));
    let medium = Medium { kind: TYPE.into(), role, authority, label, id, created };
    let mut json = serde_json::to_vec_pretty(&medium)
        .map_err(|error| Error::new(Kind::Bug, "a marker cannot be written as JSON").saw(error.to_string()))?;
    json.push(b'\n');
    deliver::write_new(&dir.join(MARKER), &json, 0o644)?;
    Ok(medium)
}

/// The medium that is plugged in at a directory.
///
/// # Errors
/// [`Kind::Medium`]: absent, no directory, unmarked, or a marker that does not read.
pub fn recognise(dir: &Path) -> Result<Medium, Error> {
    marker(dir)?.ok_or_else(|| {
        Error::new(Kind::Medium, format!("{} is not a medium of anchorite", text::path(dir)))
            .saw(format!("no {MARKER}"))
            .hint(format!("anchorite medium prepare --role exports {}", text::path(dir)))
    })
}

/// The medium at a directory, which must have this role. A directory without marker passes as a requests
/// medium only (`None`): requests are hostile whatever stick they come on.
///
/// # Errors
/// [`Kind::Medium`]: absent, no directory, another role (the error says which), or unmarked.
pub fn expect(dir: &Path, role: Role) -> Result<Option<Medium>, Error> {
    match marker(dir)? {
        Some(medium) if medium.role == role => Ok(Some(medium)),
        Some(medium) => {
            Err(Error::new(Kind::Medium, format!("{} is another medium than the one wanted", text::path(dir)))
                .saw(medium.to_string())
                .wanted(role.a())
                .hint(format!("plug in the {role} medium, or name its directory")))
        }
        None if role == Role::Requests => Ok(None),
        None => Err(Error::new(Kind::Medium, format!("{} is not marked as {}", text::path(dir), role.a()))
            .saw(format!("files, and no {MARKER}"))
            .hint(format!("anchorite medium prepare --role {role} {}", text::path(dir)))),
    }
}

/// As [`expect`] for a medium that is written to: an empty directory becomes a medium of this role, and
/// one of another authority is refused. `id` is 8 random bytes, used only for a new marker.
///
/// # Errors
/// [`Kind::Medium`] as [`expect`] and [`prepare`].
pub fn expect_or_prepare(
    dir: &Path,
    role: Role,
    authority: &str,
    id: Hex,
    created: Timestamp,
) -> Result<Medium, Error> {
    match fit_for(dir, role, authority)? {
        Some(medium) => Ok(medium),
        None => prepare(dir, role, Marking { authority: Some(authority), label: None, id, created }),
    }
}

/// What [`expect_or_prepare`] will take: the medium of this role and authority, or `None` for an empty directory,
/// which becomes one. Changes nothing.
///
/// # Errors
/// [`Kind::Medium`] as there.
pub fn fit_for(dir: &Path, role: Role, authority: &str) -> Result<Option<Medium>, Error> {
    if marker(dir)?.is_none() && intake::list(dir, MAX_ENTRIES)?.is_empty() {
        return Ok(None);
    }
    of_authority(dir, role, authority).map(Some)
}

/// The medium at a directory, which must have this role and belong to this authority, or to none.
///
/// # Errors
/// [`Kind::Medium`] as [`expect`], or a medium of another authority.
pub fn of_authority(dir: &Path, role: Role, authority: &str) -> Result<Medium, Error> {
    let medium = expect(dir, role)?.map_or_else(|| recognise(dir), Ok)?;
    match &medium.authority {
        Some(other) if other != authority => {
            Err(Error::new(Kind::Medium, format!("{} is a medium of another authority", text::path(dir)))
                .saw(medium.to_string())
                .wanted(format!("{} of {authority}", role.a())))
        }
        _ => Ok(medium),
    }
}

/// The very medium that was at a directory before: another one of the same role and authority is noticed.
///
/// # Errors
/// [`Kind::Medium`] as [`recognise`], or another id.
pub fn the_same(dir: &Path, before: &Medium) -> Result<(), Error> {
    let medium = recognise(dir)?;
    if medium.id == before.id {
        return Ok(());
    }
    Err(Error::new(Kind::Medium, format!("{} is not the medium that was there before", text::path(dir)))
        .saw(medium.to_string())
        .wanted(before.to_string())
        .hint(format!("plug in the one whose sticker says {}", before.short_id())))
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.chars().count())
        && text::first_deceptive(label).is_none()
        && text::first_doubtful_space(label).is_none()
}

/// The marker, where there is one.
fn marker(dir: &Path) -> Result<Option<Medium>, Error> {
    let absent = |what: &str| {
        Error::new(Kind::Medium, format!("{} {what}", text::path(dir))).hint("is the medium plugged in and mounted?")
    };
    match std::fs::metadata(dir) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Err(absent("is not a directory")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(absent("is not there")),
        Err(error) => return Err(super::fault::fault("cannot read", dir, &error)),
    }
    let path = dir.join(MARKER);
    match std::fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(super::fault::fault("cannot read", &path, &error)),
        Ok(_) => {}
    }
    let bad = |seen: String| {
        Error::new(Kind::Medium, format!("the marker {} does not read", text::path(&path)))
            .saw(seen)
            .hint("prepare the medium again after removing the marker")
    };
    let json = intake::read(&path, MAX_MARKER)?;
    format::check(Kind::Medium, &format!("the marker {}", text::path(&path)), &json, TYPE)?;
    let medium: Medium = serde_json::from_slice(&json).map_err(|error| bad(error.to_string()))?;
    if medium.id.0.len() != ID_LEN {
        return Err(bad(format!("id {}", medium.id)));
    }
    if let Some(label) = medium.label.as_deref().filter(|label| !is_label(label)) {
        return Err(bad(format!("label {label}")));
    }
    Ok(Some(medium))
}

#[cfg(test)]
mod tests;
