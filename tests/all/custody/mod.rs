//! Custody of the PIN: shares, the ceremonies that deal and use them, and the way without Anchorite.

mod attended;
pub mod change;
mod checking;
mod configuration;
mod entry;
mod interrupted;
mod rehearsal;
mod sealed;
pub mod seats;
mod sheets;
pub mod unattended;
mod without_anchorite;
