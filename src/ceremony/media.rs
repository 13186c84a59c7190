//! What can be known of the sticks before a token is unlocked: a wrong or missing medium is found while
//! nothing has happened yet.

use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::files::medium::{self, Role};
use std::path::Path;

/// Checks the medium with requests.
///
/// # Errors
/// [`Kind::Medium`]: absent, or of another role.
pub fn check_requests(dir: &Path) -> Result<(), Error> {
    medium::expect(dir, Role::Requests).map(|_| ())
}

/// Checks the medium for bundles; an empty directory will become one.
///
/// # Errors
/// [`Kind::Medium`]: absent, of another role or authority, or unmarked and not empty.
pub fn check_exports(dir: &Path, authority: &str) -> Result<(), Error> {
    medium::fit_for(dir, Role::Exports, authority)?;
    deliver::check_writable(dir)
}

/// Finds a full medium before anything is signed.
///
/// # Errors
/// [`Kind::Medium`].
pub fn check_room_for(dir: &Path, bundles: usize) -> Result<(), Error> {
    // A bundle is five files and a directory, some 32 KiB.
    let bundles = u64::try_from(bundles).unwrap_or(u64::MAX);
    deliver::check_room(dir, bundles.saturating_mul(32 * 1024), bundles.saturating_mul(6))
}

/// The error of a command that would write bundles and was told no medium.
pub fn no_exports() -> Error {
    Error::new(Kind::Usage, "no medium for the bundles was named")
        .hint("name it: --to DIR, or in local.toml: [media] exports = \"DIR\"")
        .truth("Nothing was signed.")
}
