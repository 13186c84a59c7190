//! Signature algorithms: one for each kind of key, with its exact AlgorithmIdentifier.

use crate::error::{Error, Kind};
use crate::key::KeySpec;

/// A signature algorithm that certificates and statements of this program use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureAlgorithm {
    /// sha256WithRSAEncryption, PKCS#1 v1.5 (RFC 4055 section 5).
    RsaSha256,
    /// sha384WithRSAEncryption: verified in requests, not issued.
    RsaSha384,
    /// sha512WithRSAEncryption: verified in requests, not issued.
    RsaSha512,
    /// ecdsa-with-SHA256 (RFC 5758 section 3.2).
    EcdsaSha256,
    /// ecdsa-with-SHA384.
    EcdsaSha384,
    /// ecdsa-with-SHA512.
    EcdsaSha512,
    /// Ed25519 (RFC 8410).
    Ed25519,
}

impl SignatureAlgorithm {
    /// All.
    pub const ALL: [SignatureAlgorithm; 7] = [
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::RsaSha384,
        SignatureAlgorithm::RsaSha512,
        SignatureAlgorithm::EcdsaSha256,
        SignatureAlgorithm::EcdsaSha384,
        SignatureAlgorithm::EcdsaSha512,
        SignatureAlgorithm::Ed25519,
    ];

    /// The algorithm that a key of this kind issues with. RSA stays with SHA-256 whatever its size:
    /// Linkerd refuses anything else.
    pub const fn of(spec: KeySpec) -> Self {
        match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => SignatureAlgorithm::RsaSha256,
            KeySpec::EcdsaP256 => SignatureAlgorithm::EcdsaSha256,
            KeySpec::EcdsaP384 => SignatureAlgorithm::EcdsaSha384,
            KeySpec::EcdsaP521 => SignatureAlgorithm::EcdsaSha512,
            KeySpec::Ed25519 => SignatureAlgorithm::Ed25519,
        }
    }

    /// True where keys of this kind make signatures of this algorithm.
    pub const fn fits(self, spec: KeySpec) -> bool {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512, Ed25519, RsaSha256, RsaSha384, RsaSha512};
        match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => matches!(self, RsaSha256 | RsaSha384 | RsaSha512),
            KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521 => {
                matches!(self, EcdsaSha256 | EcdsaSha384 | EcdsaSha512)
            }
            KeySpec::Ed25519 => matches!(self, Ed25519),
        }
    }

    /// The object identifier, dotted.
    pub const fn oid(self) -> &'static str {
        match self {
            SignatureAlgorithm::RsaSha256 => "1.2.840.113549.1.1.11",
            SignatureAlgorithm::RsaSha384 => "1.2.840.113549.1.1.12",
            SignatureAlgorithm::RsaSha512 => "1.2.840.113549.1.1.13",
            SignatureAlgorithm::EcdsaSha256 => "1.2.840.10045.4.3.2",
            SignatureAlgorithm::EcdsaSha384 => "1.2.840.10045.4.3.3",
            SignatureAlgorithm::EcdsaSha512 => "1.2.840.10045.4.3.4",
            SignatureAlgorithm::Ed25519 => "1.3.101.112",
        }
    }

    /// The name on screens.
    pub const fn title(self) -> &'static str {
        match self {
            SignatureAlgorithm::RsaSha256 => "RSA with SHA-256",
            SignatureAlgorithm::RsaSha384 => "RSA with SHA-384",
            SignatureAlgorithm::RsaSha512 => "RSA with SHA-512",
            SignatureAlgorithm::EcdsaSha256 => "ECDSA with SHA-256",
            SignatureAlgorithm::EcdsaSha384 => "ECDSA with SHA-384",
            SignatureAlgorithm::EcdsaSha512 => "ECDSA with SHA-512",
            SignatureAlgorithm::Ed25519 => "Ed25519",
        }
    }

    /// True where the parameters are an explicit NULL (RSA); absent elsewhere (RFC 4055, 5758, 8410).
    pub const fn has_null_parameters(self) -> bool {
        matches!(self, SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::RsaSha512)
    }

    /// The algorithm of a dotted object identifier.
    ///
    /// # Errors
    /// [`Kind::Refused`] names an algorithm that this program does not accept.
    pub fn from_oid(oid: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|a| a.oid() == oid).ok_or_else(|| {
            Error::new(Kind::Refused, "a signature algorithm that is not accepted")
                .saw(oid)
                .wanted("RSA, ECDSA or Ed25519 with SHA-256 or better")
        })
    }
}
