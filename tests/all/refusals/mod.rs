//! Every bad input that the program promises to explain: the whole text that a person reads, the exit code,
//! and that nothing changed.

mod answers;
mod authority;
mod batch;
mod bundles;
mod characters;
mod cluster_settings;
mod configuration;
mod files;
mod genesis;
mod keys;
mod leftovers;
mod log;
mod media;
mod people;
mod pins;
mod renewals;
mod requests;
mod settings;
mod token;
