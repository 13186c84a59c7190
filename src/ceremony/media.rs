//! Which stick is here: what can be known of them before a token is unlocked, and how a wrong, full or pulled one
//! is mended during a ceremony. A stick that was met is told by its id from another in its place.

use super::people::{Again, Offer, Stop};
use super::room::Room;
use crate::error::{Error, Kind};
use crate::files::deliver;
use crate::files::medium::{self, Medium, Role};
use std::path::Path;

/// The sticks that this ceremony has met.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Met {
    /// With requests; `None` where it bears no marker.
    pub requests: Option<Medium>,
    /// For bundles; `None` while it is an empty directory.
    pub exports: Option<Medium>,
}

/// What is wrong with a stick, and the way on beside mending it.
#[derive(Debug)]
pub struct Wrong {
    /// What is wrong; people can mend it where its kind is [`Kind::Medium`].
    pub error: Error,
    /// The other way on.
    pub offer: Option<Offer>,
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Wrong { error, offer: None }
    }
}

/// Does what needs a stick until it goes well: what is wrong is shown, and people plug in the right one and say so,
/// or take the way that is offered (then `act` is told so). `act` leaves nothing half done.
///
/// # Errors
/// [`Stop`]: what no stick can mend, nobody to mend it, or people who stop.
pub fn until_right<T>(
    room: &mut Room<'_>,
    step: &str,
    mut act: impl FnMut(&mut Room<'_>, Again) -> Result<T, Wrong>,
) -> Result<T, Stop> {
    let mut again = Again::Same;
    loop {
        match act(room, again) {
            Ok(done) => return Ok(done),
            Err(wrong) if wrong.error.kind() == Kind::Medium => {
                again = room.people.wait_for(step, &wrong.error, wrong.offer.as_ref())?;
            }
            Err(wrong) => return Err(wrong.error.into()),
        }
    }
}

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
