//! Anchorite keeps a root CA offline.

pub mod bundle;
pub mod clock;
pub mod consumer;
pub mod digest;
pub mod entropy;
pub mod error;
pub mod files;
pub mod finding;
pub mod key;
pub mod log;
pub mod name;
pub mod store;
pub mod text;
pub mod token;
pub mod words;
pub mod x509;
