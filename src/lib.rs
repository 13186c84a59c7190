//! Anchorite keeps a root CA offline.

pub mod digest;
pub mod error;
pub mod finding;
pub mod key;
pub mod log;
pub mod name;
pub mod policy;
pub mod profile;
pub mod request;
pub mod text;
pub mod token;
pub mod words;
pub mod x509;
