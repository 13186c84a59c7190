//! An authority: the configuration that people review, and the state that is a fold of the log.
//!
//! Pure. There is no database: [`State`] is what the entries say, and every rule about their order is in
//! [`State::apply`], so a log that verifies is a log that the program itself could have written.

pub mod calendar;
pub mod config;
pub mod inventory;
pub mod listing;
pub mod local;
pub mod past;
mod rules;
pub mod state;
mod template;

pub use config::{AuthorityKind, Config};
pub use local::Local;
pub use state::State;
pub use template::{config_template, local_template};
