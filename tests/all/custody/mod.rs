//! Custody of the PIN: shares, the ceremonies that deal and use them, and the way without Anchorite.

mod attended;
pub mod change;
mod checking;
mod configuration;
mod entry;
mod rehearsal;
pub mod seats;
pub mod unattended;
mod without_anchorite;
