//! The record of a root that a parent outside certified.

use crate::digest::Base64;
use serde::{Deserialize, Serialize};

/// People took the certificate that a parent issued for the root's name and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootCertified {
    /// The generation of the root.
    pub generation: u32,
    /// The parent's certificate of the root, DER.
    pub certificate: Base64,
    /// The parent's own certificates, each issued by the next; the last one is self-signed.
    pub parents: Vec<Base64>,
}

impl RootCertified {
    /// The certificate, then those above it, DER.
    pub fn path(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.certificate).chain(&self.parents).map(|der| der.0.as_slice())
    }
}
