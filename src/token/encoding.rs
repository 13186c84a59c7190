//! What tokens say, in the form in which certificates carry it: public keys, ECDSA signatures, DigestInfo.
//!
//! Pure. Nothing here verifies: `x509::verify` does. Sources: PKCS#11 v3.0 sections 2.1 and 2.3, RFC 3279
//! section 2.2.3 (ECDSA-Sig-Value), RFC 5480, RFC 8017 section 9.2 (DigestInfo), RFC 8410, RFC 9881.

use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::x509::{SignatureAlgorithm, Spki};
use der::asn1::{BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{AnyRef, Decode, Encode, Sequence};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const ML_DSA_65: ObjectIdentifier = ObjectIdentifier::new_unwrap(SignatureAlgorithm::MlDsa65.oid());

#[derive(Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

#[derive(Sequence)]
struct DigestInfo<'a> {
    algorithm: spki::AlgorithmIdentifier<AnyRef<'a>>,
    digest: &'a OctetStringRef,
}

/// CKA_EC_PARAMS to ask for a curve, best first: the named curve's OID in DER; for Ed25519 the PrintableString
/// of PKCS#11 v3.0 section 2.3.10, then the OID of RFC 8410. None for a key on no curve.
pub(super) fn ec_params(spec: KeySpec) -> Vec<Vec<u8>> {
    let known: &[&[u8]] = match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 | KeySpec::MlDsa65 => &[],
        KeySpec::EcdsaP256 => &[b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"],
        KeySpec::EcdsaP384 => &[b"\x06\x05\x2b\x81\x04\x00\x22"],
        KeySpec::EcdsaP521 => &[b"\x06\x05\x2b\x81\x04\x00\x23"],
        KeySpec::Ed25519 => &[b"\x13\x0cedwards25519", b"\x06\x03\x2b\x65\x70"],
    };
    known.iter().map(|params| params.to_vec()).collect()
}

/// The kind of elliptic curve key with these CKA_EC_PARAMS.
fn spec_of_ec_params(params: &[u8]) -> Option<KeySpec> {
    [KeySpec::EcdsaP256, KeySpec::EcdsaP384, KeySpec::EcdsaP521, KeySpec::Ed25519]
        .into_iter()
        .find(|spec| ec_params(*spec).iter().any(|known| known == params))
}

/// The public key of CKA_MODULUS and CKA_PUBLIC_EXPONENT, big-endian.
///
/// # Errors
/// [`Kind::Token`] for what is no RSA key of a size that this program knows.
pub(super) fn rsa_spki(modulus: &[u8], exponent: &[u8]) -> Result<Spki, Error> {
    let key = || -> der::Result<Vec<u8>> {
        RsaPublicKey { modulus: UintRef::new(modulus)?, public_exponent: UintRef::new(exponent)? }.to_der()
    };
    assemble(RSA_ENCRYPTION, Some(AnyRef::NULL), &key().map_err(strange)?)
}

/// The public key of CKA_EC_PARAMS and CKA_EC_POINT, on a Weierstrass or Edwards curve; the point raw or, as
/// the standard has it, in an OCTET STRING.
///
/// # Errors
/// [`Kind::Token`] for a curve that this program does not know, or a point that is none.
pub(super) fn ec_spki(params: &[u8], point: &[u8]) -> Result<Spki, Error> {
    let unknown = || {
        Error::new(Kind::Token, "the token holds a key on a curve that is not known here")
            .saw(data_encoding::HEXLOWER.encode(params))
            .wanted("P-256, P-384, P-521 or Ed25519")
    };
    let spec = spec_of_ec_params(params).ok_or_else(unknown)?;
    let length = match spec {
        KeySpec::EcdsaP256 => 65,
        KeySpec::EcdsaP384 => 97,
        KeySpec::EcdsaP521 => 133,
        _ => 32,
    };
    // An uncompressed point begins with 04, which is also the tag of an OCTET STRING: only the length tells.
    let bits =
        if point.len() == length { point } else { <&OctetStringRef>::from_der(point).map_err(strange)?.as_bytes() };
    if bits.len() != length {
        return Err(Error::new(Kind::Token, "the token gave an elliptic curve point of a wrong length")
            .saw(format!("{} bytes", bits.len()))
            .wanted(format!("{length} bytes for {}", spec.title())));
    }
    match spec {
        KeySpec::Ed25519 => assemble(ED25519, None, bits),
        _ => assemble(EC_PUBLIC_KEY, Some(AnyRef::from_der(params).map_err(strange)?), bits),
    }
}

/// The public key of an ML-DSA key's CKA_VALUE; its length says which parameter set it is of.
///
/// # Errors
/// [`Kind::Token`] for one of another length, or in a build without such keys.
pub(super) fn ml_dsa_spki(value: &[u8]) -> Result<Spki, Error> {
    assemble(ML_DSA_65, None, value)
}

fn assemble(oid: ObjectIdentifier, parameters: Option<AnyRef<'_>>, bits: &[u8]) -> Result<Spki, Error> {
    let der = || -> der::Result<Vec<u8>> {
        let algorithm = spki::AlgorithmIdentifier { oid, parameters };
        spki::SubjectPublicKeyInfo { algorithm, subject_public_key: BitStringRef::from_bytes(bits)? }.to_der()
    };
    Spki::from_der(&der().map_err(strange)?).map_err(|error| error.into_kind(Kind::Token))
}

fn strange(error: der::Error) -> Error {
    Error::new(Kind::Token, "the token gave a public key or signature that is malformed").saw(error.to_string())
}

/// The DER of an ECDSA signature that a token gave as r‖s, both of the same length, big-endian.
///
/// # Errors
/// [`Kind::Token`] for an empty or odd number of bytes.
pub(super) fn ecdsa_der(raw: &[u8]) -> Result<Vec<u8>, Error> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return Err(Error::new(Kind::Token, "the token gave an ECDSA signature of an impossible length")
            .saw(format!("{} bytes", raw.len()))
            .wanted("r and s of equal length"));
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    let value = || -> der::Result<Vec<u8>> { EcdsaSigValue { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der() };
    value().map_err(strange)
}

/// The hash of a message for the raw mechanisms; the message itself for Ed25519 and ML-DSA, which hash it inside.
pub(super) fn hash(algorithm: SignatureAlgorithm, message: &[u8]) -> Vec<u8> {
    match algorithm {
        SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::EcdsaSha256 => Sha256::digest(message).to_vec(),
        SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::EcdsaSha384 => Sha384::digest(message).to_vec(),
        SignatureAlgorithm::RsaSha512 | SignatureAlgorithm::EcdsaSha512 => Sha512::digest(message).to_vec(),
        SignatureAlgorithm::Ed25519 | SignatureAlgorithm::MlDsa65 => message.to_vec(),
    }
}

/// The DigestInfo of a message, which CKM_RSA_PKCS pads and signs.
///
/// # Errors
/// [`Kind::Bug`] for an algorithm that has none.
pub(super) fn digest_info(algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, Error> {
    let bug = || Error::new(Kind::Bug, "this algorithm has no DigestInfo").saw(algorithm.title());
    let oid = match algorithm {
        SignatureAlgorithm::RsaSha256 => "2.16.840.1.101.3.4.2.1",
        SignatureAlgorithm::RsaSha384 => "2.16.840.1.101.3.4.2.2",
        SignatureAlgorithm::RsaSha512 => "2.16.840.1.101.3.4.2.3",
        _ => return Err(bug()),
    };
    let digest = hash(algorithm, message);
    let der = || -> der::Result<Vec<u8>> {
        let algorithm = spki::AlgorithmIdentifier {
            oid: ObjectIdentifier::new(oid).map_err(der::Error::from)?,
            parameters: Some(AnyRef::NULL),
        };
        DigestInfo { algorithm, digest: OctetStringRef::new(&digest)? }.to_der()
    };
    der().map_err(|_| bug())
}

/// CKA_MODULUS and CKA_PUBLIC_EXPONENT of an RSA key, big-endian.
///
/// # Errors
/// [`Kind::Bug`] for another kind of key.
pub(super) fn rsa_parts(spki: &Spki) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let key = RsaPublicKey::from_der(spki.key_bits())
        .map_err(|error| Error::new(Kind::Bug, "an RSA key that does not parse").saw(error.to_string()))?;
    Ok((key.modulus.as_bytes().to_vec(), key.public_exponent.as_bytes().to_vec()))
}

/// CKA_EC_PARAMS and CKA_EC_POINT of a key on a curve, the point in an OCTET STRING as the standard has it.
///
/// # Errors
/// [`Kind::Bug`] for a key on no curve.
pub(super) fn ec_parts(spki: &Spki) -> Result<(Vec<u8>, Vec<u8>), Error> {
    let bug = || Error::new(Kind::Bug, "a key on no curve").saw(spki.spec().title());
    let params = ec_params(spki.spec()).into_iter().next().ok_or_else(bug)?;
    let point = OctetStringRef::new(spki.key_bits()).and_then(|point| point.to_der()).map_err(|_| bug())?;
    Ok((params, point))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(s: &str) -> Vec<u8> {
        data_encoding::HEXLOWER.decode(s.as_bytes()).unwrap()
    }

    #[test]
    fn integers_of_an_ecdsa_signature_are_minimal_and_positive() {
        // r begins with a zero byte to drop, s with a high bit that needs one.
        assert_eq!(ecdsa_der(&hex("0001ff02")).unwrap(), hex("3008020101020300ff02"));
        assert_eq!(ecdsa_der(&hex("00008000")).unwrap(), hex("30080201000203008000"));
        assert!(ecdsa_der(&[1, 2, 3]).is_err());
        assert!(ecdsa_der(&[]).is_err());
    }

    #[test]
    fn a_digest_info_begins_as_rfc_8017_says() {
        let info = digest_info(SignatureAlgorithm::RsaSha256, b"abc").unwrap();
        assert_eq!(info[..19], hex("3031300d060960864801650304020105000420")[..]);
        let info = digest_info(SignatureAlgorithm::RsaSha512, b"abc").unwrap();
        assert_eq!(info[..19], hex("3051300d060960864801650304020305000440")[..]);
        assert!(digest_info(SignatureAlgorithm::Ed25519, b"abc").is_err());
    }

    /// The base point of P-256 (SEC 2), uncompressed.
    const POINT: &str = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                         4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

    #[test]
    fn a_point_is_the_same_key_raw_and_in_an_octet_string() {
        let params = &ec_params(KeySpec::EcdsaP256)[0];
        let raw = ec_spki(params, &hex(POINT)).unwrap();
        assert_eq!(raw.spec(), KeySpec::EcdsaP256);
        let wrapped = [hex("0441"), hex(POINT)].concat();
        assert_eq!(ec_spki(params, &wrapped).unwrap(), raw);
        assert!(ec_spki(params, &hex(POINT)[1..]).is_err());
        assert!(ec_spki(&ec_params(KeySpec::EcdsaP384)[0], &hex(POINT)).is_err());
    }

    #[test]
    fn an_ed25519_key_has_the_spki_of_rfc_8410_however_its_curve_is_named() {
        // RFC 8410 section 10.1.
        let point = hex("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
        let expected = [hex("302a300506032b6570032100"), point.clone()].concat();
        for params in ec_params(KeySpec::Ed25519) {
            assert_eq!(ec_spki(&params, &point).unwrap().der(), expected);
        }
    }

    #[test]
    fn an_unknown_curve_is_refused() {
        // secp256k1
        assert!(ec_spki(&hex("06052b8104000a"), &hex(POINT)).is_err());
    }

    #[test]
    fn an_rsa_modulus_with_and_without_a_leading_zero_is_the_same_key() {
        let mut modulus = vec![0xc5; 384];
        let plain = rsa_spki(&modulus, &[1, 0, 1]).unwrap();
        modulus.insert(0, 0);
        assert_eq!(rsa_spki(&modulus, &[0, 1, 0, 1]).unwrap(), plain);
        assert_eq!(plain.spec(), KeySpec::Rsa3072);
        assert!(rsa_spki(&[0xc5; 100], &[1, 0, 1]).is_err());
    }

    #[test]
    fn a_public_key_goes_into_attributes_and_comes_out_the_same() {
        let curve = ec_spki(&ec_params(KeySpec::EcdsaP256)[0], &hex(POINT)).unwrap();
        let (params, point) = ec_parts(&curve).unwrap();
        assert_eq!(ec_spki(&params, &point).unwrap(), curve);
        let rsa = rsa_spki(&[0xc5; 384], &[1, 0, 1]).unwrap();
        let (modulus, exponent) = rsa_parts(&rsa).unwrap();
        assert_eq!(rsa_spki(&modulus, &exponent).unwrap(), rsa);
        assert!(rsa_parts(&curve).is_err() && ec_parts(&rsa).is_err());
    }

    proptest! {
        #[test]
        fn whatever_a_token_answers_nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ecdsa_der(&bytes);
            let _ = ec_spki(&bytes, &bytes);
            for params in ec_params(KeySpec::EcdsaP256) {
                let _ = ec_spki(&params, &bytes);
            }
            let _ = rsa_spki(&bytes, &bytes);
        }
    }
}
