//! The record of a revocation. That it stands on a CRL is another entry's: the outcome of that CRL.

use crate::digest::Hex;
use crate::log::strict::present;
use crate::x509::Reason;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// People revoked a certificate: every CRL of its issuer lists it from here on, until one that was issued after
/// its end has listed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateRevoked {
    /// Its serial number.
    pub serial: Hex,
    /// Why (RFC 5280 section 5.3.1); one that fits a CA.
    pub reason: Reason,
    /// The revocation date of its CRL entry.
    pub date: Timestamp,
    /// Since when its key is known or suspected to be in other hands, where people said so (RFC 5280 section 5.3.2).
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub invalid_from: Option<Timestamp>,
}
