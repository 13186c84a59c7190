//! The log: a tamper-evident, signed record that is also the CA's only state. Pure: lines in, facts out.
//!
//! A line is printable ASCII JSON ([`entry`]); what it may say is [`record`]; lines are chained by leaf hash
//! ([`chain`]) and committed to by an RFC 6962 tree ([`merkle`]) whose head is a C2SP checkpoint ([`note`]), which
//! others may countersign ([`cosignature`], [`submission`]); [`proof`] makes and checks inclusion and consistency;
//! [`rotation`] is what a log is handed on by; [`scan`] streams the lines of a log of any size; [`material`] is what an
//! audit reads; `strict` is what a JSON reader would let pass.

pub mod chain;
pub mod cosignature;
pub mod entry;
pub mod material;
pub mod merkle;
pub mod note;
pub mod proof;
pub mod record;
pub mod rotation;
pub mod scan;
mod strict;
pub mod submission;

pub use cosignature::VerifierKey;
pub use entry::{Entry, Header, MAX_LINE};
pub use material::Material;
pub use record::Record;
pub use strict::unique_keys;
