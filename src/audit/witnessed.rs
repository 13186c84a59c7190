//! Countersignatures in the log: each is of a checkpoint that was verified, by the key that its entry names.

use super::report::Stopwatch;
use crate::error::{Error, Kind};
use crate::log::note::{Checkpoint, SignedNote};
use crate::log::record::CheckpointWitnessed;

/// Checks an entry against the note of its size.
///
/// # Errors
/// [`Kind::Verify`]: the log has no such checkpoint, or the signature is not of it.
pub(super) fn check(
    witnessed: &CheckpointWitnessed,
    origin: &str,
    note: &[u8],
    watch: &mut Stopwatch<'_>,
) -> Result<(), Error> {
    let none = || {
        Error::new(Kind::Verify, "a countersignature of a checkpoint that this log does not have")
            .saw(format!("{} entries, root {}", witnessed.size, witnessed.root))
    };
    let kept = SignedNote::parse(note).and_then(|note| Checkpoint::parse(&note.body)).map_err(|_| none())?;
    let claimed = Checkpoint { origin: origin.to_owned(), size: witnessed.size, root: witnessed.root };
    if kept != claimed {
        return Err(none());
    }
    watch.check(|| witnessed.by.verify(&claimed.body(), &witnessed.cosignature()))
}
