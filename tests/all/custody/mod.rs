//! Custody of the PIN: shares, the ceremonies that deal and use them, and the way without Anchorite.

mod attended;
mod configuration;
mod seats;
mod unattended;
mod without_anchorite;
