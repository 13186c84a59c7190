//! Requests: hostile bytes in, a verified request or a refusal with reasons out.
//!
//! Pure: never touches files, clock, token or log, and never decides what is issued (profiles do). A request's
//! original bytes are kept: proof of possession is checked on them, never on a re-encoding.
//! Sources: RFC 2986, RFC 7468, RFC 5280.

pub mod check;
pub mod file;
pub mod intake;
pub mod key;
pub mod package;
pub mod sheet;

pub use check::{KeyPolicy, rules};
pub use file::refusal;
pub use intake::{Inspected, VerifiedRequest, inspect};

#[cfg(test)]
mod tests;
