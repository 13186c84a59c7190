//! Anchorite keeps a root CA offline.

pub mod audit;
pub mod authority;
pub mod bundle;
pub mod ceremony;
pub mod cli;
pub mod clock;
pub mod consumer;
pub mod digest;
pub mod entropy;
pub mod error;
pub mod execute;
pub mod files;
pub mod finding;
pub mod key;
pub mod log;
pub mod name;
pub mod plan;
pub mod policy;
pub mod profile;
pub mod request;
pub mod screen;
pub mod store;
pub mod text;
pub mod token;
pub mod words;
pub mod x509;
