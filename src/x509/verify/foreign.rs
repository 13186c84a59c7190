//! Signatures of other authorities' certificates and CRLs, for diagnosis only: whatever aws-lc-rs can still
//! check, SHA-1 and RSA-1024 included. Never decides about anything of ours: [`signature`](super::signature) does.

use crate::x509::read::ForeignKey;
use crate::x509::{SignatureAlgorithm, verify};
use aws_lc_rs::signature as aws;

/// sha1WithRSAEncryption.
const RSA_SHA1: &str = "1.2.840.113549.1.1.5";
/// ecdsa-with-SHA1.
const ECDSA_SHA1: &str = "1.2.840.10045.4.1";

/// What is known of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// This key made it.
    Good,
    /// This key did not.
    Bad,
    /// No implementation here can tell (RSA below 1024 bits, SHA-224, PSS, another curve).
    Untold,
}

/// True for a signature algorithm that hashes with SHA-1.
pub fn is_sha1(algorithm_oid: &str) -> bool {
    matches!(algorithm_oid, RSA_SHA1 | ECDSA_SHA1 | "1.2.840.10040.4.3" | "1.3.14.3.2.29")
}

/// Checks a signature in certificate form under an algorithm's dotted object identifier.
pub fn foreign(key: &ForeignKey, algorithm_oid: &str, message: &[u8], signature: &[u8]) -> Checked {
    if let (Some(spki), Ok(algorithm)) = (&key.spki, SignatureAlgorithm::from_oid(algorithm_oid)) {
        return told(verify::signature(spki, algorithm, message, signature).is_ok());
    }
    let curve = key.title.as_str();
    let scheme: &'static dyn aws::VerificationAlgorithm = match (key.rsa_bits, algorithm_oid) {
        (Some(1024..), RSA_SHA1) => &aws::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Some(1024..), "1.2.840.113549.1.1.11") => &aws::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Some(2048..), "1.2.840.113549.1.1.12") => &aws::RSA_PKCS1_2048_8192_SHA384,
        (Some(1024..), "1.2.840.113549.1.1.13") => &aws::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (None, ECDSA_SHA1) if curve == "ECDSA P-256" => &aws::ECDSA_P256_SHA1_ASN1,
        (None, ECDSA_SHA1) if curve == "ECDSA P-521" => &aws::ECDSA_P521_SHA1_ASN1,
        _ => return Checked::Untold,
    };
    told(aws::UnparsedPublicKey::new(scheme, &key.bits).verify(message, signature).is_ok())
}

fn told(good: bool) -> Checked {
    if good { Checked::Good } else { Checked::Bad }
}
