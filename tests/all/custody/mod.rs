//! Custody of the PIN: shares, the ceremonies that deal and use them, and the way without Anchorite.

mod attended;
mod change;
mod checking;
mod configuration;
mod entry;
mod seats;
mod unattended;
mod without_anchorite;
