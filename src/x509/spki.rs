//! Public keys as SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), DER, exactly as they were read.

use crate::digest::{Digest, Hex};
use crate::error::{Error, Kind};
use crate::key::{self, KeySpec};
use crate::x509::SignatureAlgorithm;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

/// id-ml-dsa-65 (RFC 9881 section 4), for keys as for signatures: no parameters, the key raw.
const ML_DSA_65: &str = SignatureAlgorithm::MlDsa65.oid();
/// The length of its public key in bytes (FIPS 204 table 2).
const ML_DSA_65_LEN: usize = 1952;

/// A public key of a kind that this program knows, with its DER.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spki {
    der: Vec<u8>,
    spec: KeySpec,
    bits: Vec<u8>,
}

impl Spki {
    /// Reads a SubjectPublicKeyInfo; the whole input must be one.
    ///
    /// # Errors
    /// [`Kind::Refused`]: not one DER structure, a kind or size of key that is not known, explicit curve parameters.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let unknown = |seen: String| {
            Error::new(Kind::Refused, "a public key of a kind that is not accepted")
                .saw(seen)
                .wanted("RSA of 2048, 3072 or 4096 bits, ECDSA on a named curve P-256, P-384 or P-521, or Ed25519")
        };
        let (rest, info) = SubjectPublicKeyInfo::from_der(der)
            .map_err(|error| Error::new(Kind::Refused, "a public key is not DER").saw(error.to_string()))?;
        if !rest.is_empty() {
            return Err(Error::new(Kind::Refused, "bytes follow a public key").saw(format!("{} bytes", rest.len())));
        }
        if info.raw != der {
            // The parser stops after the BIT STRING: one key would have as many digests as there are tails.
            return Err(Error::new(Kind::Refused, "bytes follow the key inside a public key's SEQUENCE")
                .saw(format!("{} bytes", der.len().saturating_sub(info.raw.len()))));
        }
        let oid = info.algorithm.algorithm.to_id_string();
        let bits = info.subject_public_key.data.to_vec();
        let spec = match oid.as_str() {
            "1.2.840.113549.1.1.1" => match info.parsed() {
                Ok(x509_parser::public_key::PublicKey::RSA(rsa)) => match modulus_bits(rsa.modulus) {
                    2048 => KeySpec::Rsa2048,
                    3072 => KeySpec::Rsa3072,
                    4096 => KeySpec::Rsa4096,
                    other => return Err(unknown(format!("RSA of {other} bits"))),
                },
                _ => return Err(unknown("an RSA key that does not parse".into())),
            },
            "1.2.840.10045.2.1" => {
                let curve = info.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok()).map(|o| o.to_id_string());
                match curve.as_deref() {
                    Some("1.2.840.10045.3.1.7") => KeySpec::EcdsaP256,
                    Some("1.3.132.0.34") => KeySpec::EcdsaP384,
                    Some("1.3.132.0.35") => KeySpec::EcdsaP521,
                    Some(other) => return Err(unknown(format!("an elliptic curve key on {other}"))),
                    None => return Err(unknown("an elliptic curve key with explicit parameters".into())),
                }
            }
            "1.3.101.112" => KeySpec::Ed25519,
            ML_DSA_65 if !KeySpec::MlDsa65.is_in_this_build() => {
                return Err(unknown(format!("algorithm {ML_DSA_65}")).hint(key::NOT_IN_THIS_BUILD));
            }
            ML_DSA_65 if info.algorithm.parameters.is_some() => {
                return Err(unknown("an ML-DSA-65 key with parameters".into()));
            }
            ML_DSA_65 if bits.len() != ML_DSA_65_LEN => {
                return Err(unknown(format!("an ML-DSA-65 key of {} bytes", bits.len())));
            }
            ML_DSA_65 => KeySpec::MlDsa65,
            other => return Err(unknown(format!("algorithm {other}"))),
        };
        Ok(Self { der: der.to_vec(), spec, bits })
    }

    /// The DER of the whole structure.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The kind of key.
    pub fn spec(&self) -> KeySpec {
        self.spec
    }

    /// The content of the subjectPublicKey BIT STRING: an EC point, an RSAPublicKey, 32 bytes of Ed25519,
    /// 1952 of ML-DSA-65.
    pub fn key_bits(&self) -> &[u8] {
        &self.bits
    }

    /// SHA-256 of the DER: the fingerprint people compare.
    pub fn sha256(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// The subject key identifier of RFC 7093 section 2 method 1: the leftmost 160 bits of the SHA-256
    /// of the BIT STRING's content.
    pub fn key_identifier(&self) -> Hex {
        Hex(Digest::of(&self.bits).0.iter().take(20).copied().collect())
    }
}

/// The length of a big-endian modulus in bits.
pub(super) fn modulus_bits(modulus: &[u8]) -> usize {
    let trimmed: Vec<u8> = modulus.iter().copied().skip_while(|b| *b == 0).collect();
    let Some(first) = trimmed.first() else { return 0 };
    let leading = usize::try_from(first.leading_zeros()).unwrap_or(0);
    trimmed.len() * 8 - leading
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::LocalKey;

    #[test]
    fn bytes_after_the_key_inside_its_sequence_are_refused() {
        let mut der = LocalKey::generate(KeySpec::EcdsaP256).unwrap().spki().der().to_vec();
        der.extend([5, 0]);
        der[1] += 2;
        let error = Spki::from_der(&der).unwrap_err();
        assert_eq!(error.to_string(), "bytes follow the key inside a public key's SEQUENCE: saw 2 bytes");
    }
}
