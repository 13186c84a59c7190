//! Sticks and the marker file that says which one is plugged in: role, authority, an id.
//!
//! Each step names the medium it wants and refuses another, saying which one it sees. Never here: what is
//! on a medium beyond its marker. Source: the design's bundle format, type `anchorite/medium/v1`.

use super::{deliver, intake};
use crate::digest::Hex;
use crate::error::{Error, Kind};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// Its own id, 8 random bytes.
    pub id: Hex,
    /// When it was prepared.
    pub created: Timestamp,
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.a())?;
        if let Some(authority) = &self.authority {
            write!(f, " of {}", crate::text::escape(authority))?;
        }
        write!(f, ", id {}", self.id)
    }
}

/// Marks an empty or unmarked directory as a medium; `id` is 8 random bytes.
///
/// # Errors
/// [`Kind::Medium`]: absent, no directory, marked already, or as [`deliver::write_new`].
/// [`Kind::Bug`]: an id of another length.
pub fn prepare(dir: &Path, role: Role, authority: Option<&str>, id: Hex, created: Timestamp) -> Result<Medium, Error> {
    if id.0.len() != ID_LEN {
        return Err(Error::new(Kind::Bug, "a medium's id has 8 bytes").saw(format!("{} bytes", id.0.len())));
    }
    if let Some(there) = marker(dir)? {
        return Err(Error::new(Kind::Medium, format!("{} is marked already", dir.display()))
            .saw(there.to_string())
            .hint(format!("remove {MARKER} from it if it shall become {}", role.a())));
    }
    let medium = Medium { kind: TYPE.into(), role, authority: authority.map(Into::into), id, created };
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
        Error::new(Kind::Medium, format!("{} is not a medium of anchorite", dir.display()))
            .saw(format!("no {MARKER}"))
            .hint(format!("anchorite medium prepare --role exports {}", dir.display()))
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
            Err(Error::new(Kind::Medium, format!("{} is another medium than the one wanted", dir.display()))
                .saw(medium.to_string())
                .wanted(role.a())
                .hint(format!("plug in the {role} medium, or name its directory")))
        }
        None if role == Role::Requests => Ok(None),
        None => Err(Error::new(Kind::Medium, format!("{} is not marked as {}", dir.display(), role.a()))
            .saw(format!("files, and no {MARKER}"))
            .hint(format!("anchorite medium prepare --role {role} {}", dir.display()))),
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
    match existing(dir, role, authority)? {
        Some(medium) => Ok(medium),
        None => prepare(dir, role, Some(authority), id, created),
    }
}

/// Checks that [`expect_or_prepare`] will take the medium; changes nothing.
///
/// # Errors
/// [`Kind::Medium`] as there.
pub fn fit_for(dir: &Path, role: Role, authority: &str) -> Result<(), Error> {
    existing(dir, role, authority).map(|_| ())
}

/// The medium of this role and authority; `None` for an empty directory, which can become one.
fn existing(dir: &Path, role: Role, authority: &str) -> Result<Option<Medium>, Error> {
    if marker(dir)?.is_none() && intake::list(dir, MAX_ENTRIES)?.is_empty() {
        return Ok(None);
    }
    let medium = expect(dir, role)?.map_or_else(|| recognise(dir), Ok)?;
    match &medium.authority {
        Some(other) if other != authority => {
            Err(Error::new(Kind::Medium, format!("{} is a medium of another authority", dir.display()))
                .saw(medium.to_string())
                .wanted(format!("{} of {authority}", role.a())))
        }
        _ => Ok(Some(medium)),
    }
}

/// The marker, where there is one.
fn marker(dir: &Path) -> Result<Option<Medium>, Error> {
    let absent = |what: &str| {
        Error::new(Kind::Medium, format!("{} {what}", dir.display())).hint("is the medium plugged in and mounted?")
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
        Error::new(Kind::Medium, format!("the marker {} does not read", path.display()))
            .saw(seen)
            .hint("prepare the medium again after removing the marker")
    };
    let medium: Medium = serde_json::from_slice(&intake::read(&path, MAX_MARKER)?).map_err(|e| bad(e.to_string()))?;
    if medium.kind != TYPE {
        return Err(bad(format!("type {}", medium.kind)));
    }
    if medium.id.0.len() != ID_LEN {
        return Err(bad(format!("id {}", medium.id)));
    }
    Ok(Some(medium))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> Hex {
        Hex(vec![1, 2, 3, 4, 5, 6, 7, 8])
    }
    fn at() -> Timestamp {
        "2026-11-21T09:30:00Z".parse().unwrap()
    }

    #[test]
    fn a_prepared_medium_is_recognised_and_another_role_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        prepare(dir.path(), Role::Exports, Some("Example Mesh Root"), id(), at()).unwrap();
        assert_eq!(recognise(dir.path()).unwrap().role, Role::Exports);
        assert!(expect(dir.path(), Role::Exports).unwrap().is_some());
        let error = expect(dir.path(), Role::Requests).unwrap_err();
        assert_eq!(error.seen(), Some("an exports medium of Example Mesh Root, id 0102030405060708"));
        assert_eq!(error.wants(), Some("a requests medium"));
        let again = prepare(dir.path(), Role::Requests, None, id(), at()).unwrap_err();
        assert!(again.what().contains("marked already"));
    }

    #[test]
    fn an_unmarked_directory_is_accepted_for_requests_only() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.csr"), b"x").unwrap();
        assert_eq!(expect(dir.path(), Role::Requests), Ok(None));
        let error = expect(dir.path(), Role::Exports).unwrap_err();
        assert!(error.hints()[0].starts_with("anchorite medium prepare --role exports "));
        assert!(expect_or_prepare(dir.path(), Role::Exports, "A", id(), at()).is_err());
        assert!(!dir.path().join(MARKER).exists());
    }

    #[test]
    fn an_empty_directory_becomes_the_medium_that_is_wanted_and_stays_it() {
        let dir = tempfile::tempdir().unwrap();
        let medium = expect_or_prepare(dir.path(), Role::Exports, "A", id(), at()).unwrap();
        let other = Hex(vec![9; 8]);
        assert_eq!(expect_or_prepare(dir.path(), Role::Exports, "A", other.clone(), at()), Ok(medium));
        let error = expect_or_prepare(dir.path(), Role::Exports, "B", other, at()).unwrap_err();
        assert!(error.what().contains("another authority"));
    }

    #[test]
    fn a_missing_directory_a_file_and_a_bad_marker_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(recognise(&dir.path().join("none")).unwrap_err().what().contains("is not there"));
        std::fs::write(dir.path().join("f"), b"").unwrap();
        assert!(recognise(&dir.path().join("f")).unwrap_err().what().contains("is not a directory"));
        for bad in [
            "{}",
            "{\"type\":\"anchorite/medium/v2\",\"role\":\"exports\",\"id\":\"0102030405060708\",\"created\":\"2026-11-21T09:30:00Z\"}",
        ] {
            std::fs::write(dir.path().join(MARKER), bad).unwrap();
            assert!(recognise(dir.path()).unwrap_err().what().contains("does not read"));
        }
    }
}
