//! Switching a running mesh to another root while traffic flows: every workload must at every moment trust
//! whatever any other workload presents.
//!
//! Owns the stages ([`stages`]), what is written of them ([`record`]) and when each is due ([`dates`]). Never talks to a cluster, never
//! applies anything, never makes a certificate that leaves this process. How Istio's parts reload is measured;
//! each fact is named where it decides something.

pub mod ca;
pub mod dates;
mod path;
pub mod record;
pub mod stages;
pub mod write;

pub use ca::{Ca, Files, Which};
pub use record::{Live, Record};
pub use stages::{Plan, Stage, Wanted, make};
