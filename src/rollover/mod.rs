//! Switching a running mesh to another root while traffic flows: every workload must at every moment trust
//! whatever any other workload presents.
//!
//! Owns the stages ([`stages`]), the proof that they overlap ([`proof`]), what is written of them ([`mod@write`],
//! [`record`]) and read again ([`mod@load`]), when each is due ([`dates`]), which one a live Secret is in
//! ([`place`]) and which workloads are not ready for the next ([`observe`]). Never talks to a cluster, never applies anything; a leaf that is made to try a stage never leaves
//! this process.

pub mod ca;
pub mod dates;
pub mod load;
pub mod observe;
mod path;
pub mod place;
pub mod proof;
pub mod record;
pub mod stages;
pub mod write;

pub use ca::{Ca, Files, Which};
pub use load::load;
pub use record::{Live, Record};
pub use stages::{Plan, Stage, Wanted, make};
