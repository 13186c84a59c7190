//! Every bad input that the program promises to explain: the whole text that a person reads, the exit code,
//! and that nothing changed.

mod answers;
mod authority;
mod bundles;
mod configuration;
mod genesis;
mod leftovers;
mod log;
mod media;
mod people;
mod requests;
mod token;
