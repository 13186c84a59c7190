//! How a broken rule of the log's order is said.

use crate::error::{Error, Kind};

/// The error of a rule that an entry breaks.
pub fn broken(rule: &str, wanted: &str, seen: &str) -> Error {
    Error::new(Kind::Verify, format!("an entry breaks the rule {rule}")).saw(seen).wanted(wanted)
}

/// Checks a rule.
///
/// # Errors
/// [`Kind::Verify`].
pub fn expect(holds: bool, rule: &str, wanted: &str, seen: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(broken(rule, wanted, seen)) }
}
