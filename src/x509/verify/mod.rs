//! The only signature verification of the program, by aws-lc-rs: another implementation than any token's.
//!
//! Never parses: it takes bytes, a key and an algorithm, or certificates that [`read`](super::read) parsed.
//! Sources: RFC 4055, 5480, 5758, 8410, 9881; FIPS 186-5; RFC 5280 section 6.

mod foreign;
mod parent;
mod path;

pub use foreign::{Checked, foreign, is_sha1};
pub use parent::{asks_as_itself, check_parent, check_parent_at, parent_path};
pub use path::{DOCUMENT_SIGNING, Purpose, chain, crl_issued_by, issued_by};

use super::{SignatureAlgorithm, Spki};
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use aws_lc_rs::signature as aws;

/// Verifies a signature in certificate form (PKCS#1 v1.5, DER ECDSA, raw Ed25519 and ML-DSA) over `message`.
///
/// The algorithm must belong to the key's family. An elliptic curve key must be an uncompressed point, which
/// aws-lc-rs checks to be on its curve.
///
/// # Errors
/// [`Kind::Verify`]: the algorithm does not fit the key, or the signature is not this key's over these bytes.
pub fn signature(spki: &Spki, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> Result<(), Error> {
    let scheme = scheme(spki.spec(), algorithm).ok_or_else(|| {
        Error::new(Kind::Verify, "a signature algorithm that does not fit the key")
            .saw(algorithm.title())
            .wanted(format!("an algorithm of {} keys", spki.spec().title()))
    })?;
    if is_elliptic(spki.spec()) && spki.key_bits().first() != Some(&0x04) {
        return Err(Error::new(Kind::Verify, "an elliptic curve key that is not an uncompressed point"));
    }
    aws::UnparsedPublicKey::new(scheme, spki.key_bits()).verify(message, signature).map_err(|_| {
        Error::new(Kind::Verify, "a signature does not verify").wanted(format!(
            "{} by the key {}",
            algorithm.title(),
            spki.sha256().short()
        ))
    })
}

/// Checks that a public key is one: a point on its curve, an RSA key that the library can import.
///
/// # Errors
/// [`Kind::Verify`] when aws-lc-rs cannot import it.
pub fn importable(spki: &Spki) -> Result<(), Error> {
    let scheme = scheme(spki.spec(), SignatureAlgorithm::of(spki.spec()))
        .ok_or_else(|| Error::new(Kind::Bug, "a kind of key without a verification algorithm"))?;
    if is_elliptic(spki.spec()) && spki.key_bits().first() != Some(&0x04) {
        return Err(Error::new(Kind::Verify, "an elliptic curve key that is not an uncompressed point"));
    }
    aws::ParsedPublicKey::new(scheme, spki.key_bits())
        .map(|_| ())
        .map_err(|_| Error::new(Kind::Verify, "a public key that cannot be used").saw(spki.spec().title()))
}

fn is_elliptic(spec: KeySpec) -> bool {
    matches!(spec, KeySpec::EcdsaP256 | KeySpec::EcdsaP384 | KeySpec::EcdsaP521)
}

/// The verification of a kind of key under an algorithm; `None` where they do not fit.
fn scheme(spec: KeySpec, algorithm: SignatureAlgorithm) -> Option<&'static dyn aws::VerificationAlgorithm> {
    use KeySpec::{EcdsaP256, EcdsaP384, EcdsaP521, Rsa2048, Rsa3072, Rsa4096};
    use SignatureAlgorithm::{EcdsaSha256, EcdsaSha384, EcdsaSha512, Ed25519, RsaSha256, RsaSha384, RsaSha512};
    Some(match (spec, algorithm) {
        (Rsa2048 | Rsa3072 | Rsa4096, RsaSha256) => &aws::RSA_PKCS1_2048_8192_SHA256,
        (Rsa2048 | Rsa3072 | Rsa4096, RsaSha384) => &aws::RSA_PKCS1_2048_8192_SHA384,
        (Rsa2048 | Rsa3072 | Rsa4096, RsaSha512) => &aws::RSA_PKCS1_2048_8192_SHA512,
        (EcdsaP256, EcdsaSha256) => &aws::ECDSA_P256_SHA256_ASN1,
        (EcdsaP256, EcdsaSha384) => &aws::ECDSA_P256_SHA384_ASN1,
        (EcdsaP256, EcdsaSha512) => &aws::ECDSA_P256_SHA512_ASN1,
        (EcdsaP384, EcdsaSha256) => &aws::ECDSA_P384_SHA256_ASN1,
        (EcdsaP384, EcdsaSha384) => &aws::ECDSA_P384_SHA384_ASN1,
        (EcdsaP384, EcdsaSha512) => &aws::ECDSA_P384_SHA512_ASN1,
        (EcdsaP521, EcdsaSha256) => &aws::ECDSA_P521_SHA256_ASN1,
        (EcdsaP521, EcdsaSha384) => &aws::ECDSA_P521_SHA384_ASN1,
        (EcdsaP521, EcdsaSha512) => &aws::ECDSA_P521_SHA512_ASN1,
        (KeySpec::Ed25519, Ed25519) => &aws::ED25519,
        (KeySpec::MlDsa65, SignatureAlgorithm::MlDsa65) => &aws::ML_DSA_65,
        _ => return None,
    })
}
