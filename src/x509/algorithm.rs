//! Signature algorithms: one for each kind of key, with its exact AlgorithmIdentifier.

use crate::error::{Error, Kind};
use crate::key::{self, KeySpec};

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
    /// ML-DSA-65 with an empty context, not pre-hashed (RFC 9881): an experiment, see [`KeySpec::MlDsa65`].
    MlDsa65,
}

impl SignatureAlgorithm {
    /// All of this build.
    pub const ALL: &[SignatureAlgorithm] = &[
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::RsaSha384,
        SignatureAlgorithm::RsaSha512,
        SignatureAlgorithm::EcdsaSha256,
        SignatureAlgorithm::EcdsaSha384,
        SignatureAlgorithm::EcdsaSha512,
        SignatureAlgorithm::Ed25519,
        #[cfg(any(feature = "ml-dsa", test))]
        SignatureAlgorithm::MlDsa65,
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
            KeySpec::MlDsa65 => SignatureAlgorithm::MlDsa65,
        }
    }

    /// True where keys of this kind make signatures of this algorithm.
    pub const fn fits(self, spec: KeySpec) -> bool {
        use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512, RsaSha256, RsaSha384, RsaSha512};
        match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => matches!(self, RsaSha256 | RsaSha384 | RsaSha512),
            KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521 => {
                matches!(self, EcdsaSha256 | EcdsaSha384 | EcdsaSha512)
            }
            KeySpec::Ed25519 => matches!(self, SignatureAlgorithm::Ed25519),
            KeySpec::MlDsa65 => matches!(self, SignatureAlgorithm::MlDsa65),
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
            SignatureAlgorithm::MlDsa65 => "2.16.840.1.101.3.4.3.18",
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
            SignatureAlgorithm::MlDsa65 => KeySpec::MlDsa65.title(),
        }
    }

    /// True where the parameters are an explicit NULL (RSA); absent elsewhere (RFC 4055, 5758, 8410, 9881).
    pub const fn has_null_parameters(self) -> bool {
        matches!(self, SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::RsaSha512)
    }

    /// The algorithm of a dotted object identifier.
    ///
    /// # Errors
    /// [`Kind::Refused`] names an algorithm that this program does not accept.
    pub fn from_oid(oid: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|a| a.oid() == oid).ok_or_else(|| {
            let error = Error::new(Kind::Refused, "a signature algorithm that is not accepted")
                .saw(oid)
                .wanted("RSA, ECDSA or Ed25519 with SHA-256 or better");
            if oid == Self::MlDsa65.oid() { error.hint(key::NOT_IN_THIS_BUILD) } else { error }
        })
    }
}
