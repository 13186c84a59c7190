//! Ceremonies: a script is checked, then run step by step by one engine. There is no other path to the
//! root key.
//!
//! [`script`] reads a script, [`vocabulary`] says what its steps need and give, [`runner`] runs it in a
//! [`room::Room`] with [`people`], who are a terminal or an answers file. What the steps do is in
//! `steps`, a file each; what must be true before anything irreversible, in [`precondition`].

pub mod answers;
pub mod attestation;
pub mod backups;
pub mod copies;
pub mod ending;
pub mod fitness;
pub mod inbound;
pub mod journal;
mod known;
pub mod media;
pub mod paper;
pub mod people;
pub mod planning;
pub mod precondition;
pub mod progress;
pub mod record;
pub mod recovery;
pub mod rehearsal;
pub mod room;
pub mod runner;
pub mod script;
pub mod session;
pub mod shares;
mod spot_check;
mod steps;
pub mod succession;
pub mod takeover;
pub mod token_check;
pub mod tokens;
pub mod vocabulary;
pub mod wrapped;

pub use steps::destroy_keys::check_generation;
pub use steps::import_requests::is_settled;
pub use steps::key_backup;
pub use steps::publish::{audit_files, public_files};
pub use steps::restore_key;
pub use steps::take_certificate::check as check_certified;
pub use steps::witness_checkpoint::{newer as newer_countersignatures, read as read_countersigned};
