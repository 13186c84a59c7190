//! Anchorite keeps a root CA offline.

pub mod bundle;
pub mod digest;
pub mod error;
pub mod files;
pub mod finding;
pub mod key;
pub mod log;
pub mod name;
pub mod text;
pub mod token;
pub mod words;
pub mod x509;
