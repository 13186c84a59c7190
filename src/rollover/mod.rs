//! Switching a running mesh to another root while traffic flows: every workload must at every moment trust
//! whatever any other workload presents.
//!
//! Owns the stages ([`stages`]), the proof that they overlap ([`proof`]), what is written of them ([`mod@write`],
//! [`record`], [`mod@runbook`]) and read again ([`mod@load`]), when each is due ([`dates`]) and which one a live Secret is in
//! ([`place`]). Never talks to a cluster, never applies anything; a leaf that is made to try a stage never leaves
//! this process.
//!
//! [`observe`] says which workloads are not ready for the next stage, from what their proxies hold.

pub mod ca;
pub mod dates;
pub mod load;
pub mod observe;
mod path;
pub mod place;
pub mod proof;
pub mod record;
pub mod runbook;
pub mod stages;
pub mod write;

pub use ca::{Ca, Files, Which};
pub use load::load;
pub use record::{Live, Record};
pub use stages::{Plan, Stage, Wanted, make};
