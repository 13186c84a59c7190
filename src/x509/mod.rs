//! X.509: public keys, algorithms, PEM, building, independent reading, keys made here, verification.
//!
//! What builds ([`build`], with x509-cert and der) never reads, and what reads ([`read`], with x509-parser)
//! never builds: the screen, the lint and the read-back after signing see bytes through another parser.
//! [`verify`] is the only signature verification of the program (aws-lc-rs). Source: RFC 5280.

pub mod algorithm;
pub mod attested;
pub mod build;
pub mod keygen;
pub mod pem;
pub mod read;
pub mod reason;
pub mod spki;
pub mod strict;
pub mod verify;

pub use algorithm::SignatureAlgorithm;
pub use keygen::LocalKey;
pub use reason::Reason;
pub use spki::Spki;

#[cfg(test)]
pub(crate) mod tests;
