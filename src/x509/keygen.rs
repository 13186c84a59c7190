//! Keys made or read outside of a token: a cluster's intermediate key, a key made offline for a cluster.
//!
//! Never issues: nothing here knows the root. Keys are aws-lc's, CSRs are rcgen's; a private key leaves only
//! as PKCS#8 in a secret type. Sources: RFC 5208, RFC 5915, RFC 8017, RFC 2986.

use super::{SignatureAlgorithm, Spki, pem, strict, verify};
use crate::error::{Error, Kind};
use crate::key::KeySpec;
use crate::name::{Attribute, DistinguishedName};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaKeyPair};
use aws_lc_rs::signature::{ML_DSA_65_SIGNING, PqdsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use zeroize::Zeroizing;

/// A key pair in this process's memory.
pub struct LocalKey {
    pair: Pair,
    spki: Spki,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalKey({} {})", self.spki.spec(), self.spki.sha256().short())
    }
}

impl LocalKey {
    /// Makes a new key with the library's random generator.
    ///
    /// # Errors
    /// [`Kind::Bug`] when the library cannot make one.
    pub fn generate(spec: KeySpec) -> Result<Self, Error> {
        let failed = |_| Error::new(Kind::Bug, "a key could not be generated").saw(spec.title());
        let pair = match (rsa_size(spec), curve(spec)) {
            (Some(size), _) => Pair::Rsa(RsaKeyPair::generate(size).map_err(failed)?),
            (None, Some(curve)) => Pair::Ecdsa(EcdsaKeyPair::generate(curve).map_err(failed)?),
            (None, None) if spec == KeySpec::MlDsa65 => {
                Pair::MlDsa(PqdsaKeyPair::generate(&ML_DSA_65_SIGNING).map_err(failed)?)
            }
            (None, None) => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        };
        Self::of(pair)
    }

    /// Reads a private key: one PEM block of PKCS#8, SEC1 (`EC PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Kind::Medium`]: encrypted, `EC PARAMETERS` before the key, DER, more than one block, a kind of key
    /// that is not known. No part of the key is in the error.
    pub fn from_pem(text: &SecretString) -> Result<Self, Error> {
        let text = text.expose_secret().as_bytes();
        if text.first() == Some(&0x30) {
            return Err(Error::new(Kind::Medium, "a private key in DER")
                .wanted("PEM")
                .hint("convert it: openssl pkcs8 -topk8 -nocrypt -inform DER -in KEY.der -out KEY.pem"));
        }
        let mut blocks = pem::secret_blocks(text)?;
        if blocks.iter().any(|block| block.label == "EC PARAMETERS") {
            return Err(Error::new(Kind::Medium, "EC PARAMETERS stand beside the private key")
                .wanted("one block, which istiod reads")
                .hint("write it again: openssl pkcs8 -topk8 -nocrypt -in KEY.pem -out KEY2.pem"));
        }
        let pem::Block { label, der } = match (blocks.pop(), blocks.len()) {
            (Some(block), 0) => block,
            (Some(_), before) => {
                return Err(Error::new(Kind::Medium, "more than one PEM block in a private key file")
                    .saw(format!("{} blocks", before + 1)));
            }
            (None, _) => return Err(Error::new(Kind::Medium, "no PEM block in a private key file")),
        };
        Self::of(match label.as_str() {
            "PRIVATE KEY" => pkcs8(&der)?,
            "EC PRIVATE KEY" => sec1(&der)?,
            "RSA PRIVATE KEY" => Pair::Rsa(RsaKeyPair::from_der(&der).map_err(|_| unusable("PKCS#1"))?),
            "ENCRYPTED PRIVATE KEY" => {
                return Err(Error::new(Kind::Medium, "an encrypted private key")
                    .wanted("a key that istiod can read, in the clear, mode 0600")
                    .hint("decrypt it: openssl pkcs8 -in KEY.pem -out KEY2.pem"));
            }
            other => return Err(Error::new(Kind::Medium, "not a private key").saw(other)),
        })
    }

    /// The key as PKCS#8 version 1, PEM (`PRIVATE KEY`).
    ///
    /// # Errors
    /// [`Kind::Bug`] when the library cannot encode it.
    pub fn to_pkcs8_pem(&self) -> Result<SecretString, Error> {
        let der: Result<Zeroizing<Vec<u8>>, _> = match &self.pair {
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ecdsa(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
            Pair::MlDsa(pair) => pair.to_pkcs8v1().map(|der| Zeroizing::new(der.as_ref().to_vec())),
        };
        let der = der.map_err(|_| Error::new(Kind::Bug, "a private key could not be encoded"))?;
        Ok(pem::encode_secret("PRIVATE KEY", &der))
    }

    /// The public half.
    pub fn spki(&self) -> &Spki {
        &self.spki
    }

    /// Signs in certificate form, with [`SignatureAlgorithm::of`] this kind of key.
    ///
    /// # Errors
    /// [`Kind::Bug`] when the library cannot sign; nothing was signed.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::new(Kind::Bug, "a local key could not sign").truth("Nothing was signed.");
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&aws::RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => pair.sign(&random, message).map(|s| s.as_ref().to_vec()).map_err(failed),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::MlDsa(pair) => {
                let mut signature = vec![0; ML_DSA_65_SIGNING.signature_len()];
                let length = pair.sign(message, &mut signature).map_err(failed)?;
                signature.truncate(length);
                Ok(signature)
            }
        }
    }

    /// A PKCS#10 request for a subject, DER, signed by this key; it asks for no extensions.
    ///
    /// # Errors
    /// [`Kind::Usage`]: an attribute twice, a value that its string type cannot hold, a kind of key that no
    /// intermediate has.
    pub fn csr(&self, subject: &DistinguishedName) -> Result<Vec<u8>, Error> {
        let algorithm = rcgen_algorithm(self.spki.spec()).ok_or_else(|| {
            Error::new(Kind::Usage, "an intermediate's key is never of this kind")
                .saw(self.spki.spec().title())
                .wanted("RSA, ECDSA or Ed25519")
        })?;
        let cannot = |error: rcgen::Error| Error::new(Kind::Usage, "the request cannot be made").saw(error.to_string());
        let mut name = rcgen::DistinguishedName::new();
        for (attribute, value) in &subject.0 {
            let kind = name_type(*attribute);
            if name.get(&kind).is_some() {
                return Err(
                    Error::new(Kind::Usage, "a request's subject names an attribute twice").saw(attribute.label())
                );
            }
            if attribute.printable_only() {
                let value = rcgen::string::PrintableString::try_from(value.as_str()).map_err(cannot)?;
                name.push(kind, rcgen::DnValue::PrintableString(value));
            } else {
                name.push(kind, value.as_str());
            }
        }
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = name;
        params
            .serialize_request(&Requester { key: self, algorithm })
            .map(|request| request.der().to_vec())
            .map_err(cannot)
    }

    fn of(pair: Pair) -> Result<Self, Error> {
        let der: Result<PublicKeyX509Der<'_>, _> = match &pair {
            Pair::Rsa(pair) => pair.public_key().as_der(),
            Pair::Ecdsa(pair) => pair.public_key().as_der(),
            Pair::Ed25519(pair) => pair.public_key().as_der(),
            Pair::MlDsa(pair) => pair.public_key().as_der(),
        };
        let der = der.map_err(|_| Error::new(Kind::Bug, "a public key could not be encoded"))?;
        let spki = Spki::from_der(der.as_ref()).map_err(|error| error.into_kind(Kind::Medium))?;
        let key = Self { pair, spki };
        // A key file whose halves do not belong together is found here and not in a mesh.
        let probe = b"anchorite: do the halves of this key belong together?";
        verify::signature(&key.spki, SignatureAlgorithm::of(key.spki.spec()), probe, &key.sign(probe)?)
            .map_err(|error| error.into_kind(Kind::Medium).within("a private key does not match its public half"))?;
        Ok(key)
    }
}

/// A key that signs its own request, with rcgen's name for how it does.
struct Requester<'a> {
    key: &'a LocalKey,
    algorithm: &'static rcgen::SignatureAlgorithm,
}

impl rcgen::PublicKeyData for Requester<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.spki.key_bits()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        self.algorithm
    }
}

impl rcgen::SigningKey for Requester<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.key.sign(message).map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// How a kind of key signs requests; `None` for one that makes none.
fn rcgen_algorithm(spec: KeySpec) -> Option<&'static rcgen::SignatureAlgorithm> {
    Some(match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        KeySpec::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeySpec::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeySpec::EcdsaP521 => &rcgen::PKCS_ECDSA_P521_SHA512,
        KeySpec::Ed25519 => &rcgen::PKCS_ED25519,
        KeySpec::MlDsa65 => return None,
    })
}

fn rsa_size(spec: KeySpec) -> Option<KeySize> {
    match spec {
        KeySpec::Rsa2048 => Some(KeySize::Rsa2048),
        KeySpec::Rsa3072 => Some(KeySize::Rsa3072),
        KeySpec::Rsa4096 => Some(KeySize::Rsa4096),
        _ => None,
    }
}

fn curve(spec: KeySpec) -> Option<&'static EcdsaSigningAlgorithm> {
    match spec {
        KeySpec::EcdsaP256 => Some(&aws::ECDSA_P256_SHA256_ASN1_SIGNING),
        KeySpec::EcdsaP384 => Some(&aws::ECDSA_P384_SHA384_ASN1_SIGNING),
        KeySpec::EcdsaP521 => Some(&aws::ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => None,
    }
}

fn name_type(attribute: Attribute) -> rcgen::DnType {
    match attribute {
        Attribute::Country => rcgen::DnType::CountryName,
        Attribute::State => rcgen::DnType::StateOrProvinceName,
        Attribute::Locality => rcgen::DnType::LocalityName,
        Attribute::Organization => rcgen::DnType::OrganizationName,
        Attribute::OrganizationalUnit => rcgen::DnType::OrganizationalUnitName,
        Attribute::CommonName => rcgen::DnType::CommonName,
        Attribute::SerialNumber => rcgen::DnType::CustomDnType(vec![2, 5, 4, 5]),
    }
}

fn unusable(form: &str) -> Error {
    Error::new(Kind::Medium, "a private key that cannot be used")
        .saw(form)
        .wanted("RSA of 2048, 3072 or 4096 bits, ECDSA P-256, P-384 or P-521, or Ed25519, in PKCS#8, SEC1 or PKCS#1")
}

/// PKCS#8: SEQUENCE { version, AlgorithmIdentifier { kind, curve }, OCTET STRING, … }.
fn pkcs8(der: &[u8]) -> Result<Pair, Error> {
    let bad = || unusable("PKCS#8");
    let parts = strict::only(der).and_then(|e| strict::inside(&e, strict::SEQUENCE, "PKCS#8")).map_err(|_| bad())?;
    let algorithm = parts.get(1).ok_or_else(bad)?;
    let algorithm = strict::inside(algorithm, strict::SEQUENCE, "algorithm").map_err(|_| bad())?;
    match algorithm.first().map(|oid| oid.content) {
        Some(RSA) => RsaKeyPair::from_pkcs8(der).map(Pair::Rsa).map_err(|_| bad()),
        Some(EC) => {
            let curve = algorithm.get(1).and_then(|oid| curve_of(oid.content)).ok_or_else(bad)?;
            EcdsaKeyPair::from_private_key_der(curve, der).map(Pair::Ecdsa).map_err(|_| bad())
        }
        Some(ED25519) => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

/// SEC1: SEQUENCE { 1, OCTET STRING, [0] curve, [1] public key }.
fn sec1(der: &[u8]) -> Result<Pair, Error> {
    let bad = || unusable("SEC1");
    let parts = strict::only(der).and_then(|e| strict::inside(&e, strict::SEQUENCE, "SEC1")).map_err(|_| bad())?;
    let curve = parts.iter().find(|part| part.tag == strict::CONTEXT_0).ok_or_else(bad)?;
    let curve = strict::only(curve.content).map_err(|_| bad())?;
    let curve = curve_of(curve.content).ok_or_else(bad)?;
    EcdsaKeyPair::from_private_key_der(curve, der).map(Pair::Ecdsa).map_err(|_| bad())
}

/// rsaEncryption, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1.
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// id-Ed25519, 1.3.101.112.
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

fn curve_of(oid: &[u8]) -> Option<&'static EcdsaSigningAlgorithm> {
    let spec = match oid {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] => KeySpec::EcdsaP256,
        [0x2b, 0x81, 0x04, 0x00, 0x22] => KeySpec::EcdsaP384,
        [0x2b, 0x81, 0x04, 0x00, 0x23] => KeySpec::EcdsaP521,
        _ => return None,
    };
    curve(spec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::read;

    #[test]
    fn every_kind_of_key_signs_a_request_that_verifies_and_survives_its_pem() {
        let subject = DistinguishedName::default()
            .with(Attribute::Organization, "Example")
            .with(Attribute::CommonName, "Intermediate CA")
            .with(Attribute::SerialNumber, "1");
        for spec in [KeySpec::Rsa2048, KeySpec::EcdsaP256, KeySpec::EcdsaP384, KeySpec::EcdsaP521, KeySpec::Ed25519] {
            let key = LocalKey::generate(spec).unwrap();
            assert_eq!(key.spki().spec(), spec);
            let again = LocalKey::from_pem(&key.to_pkcs8_pem().unwrap()).unwrap();
            assert_eq!(again.spki(), key.spki());
            let request = read::request(&again.csr(&subject).unwrap()).unwrap();
            assert_eq!(read::show_name(&request.subject), subject.to_string());
            assert_eq!(request.spki_der, key.spki().der());
            assert!(request.algorithm_parameters_ok);
            assert_eq!(request.asked, Vec::<String>::new());
            let algorithm = SignatureAlgorithm::from_oid(&request.algorithm_oid).unwrap();
            verify::signature(key.spki(), algorithm, &request.info, &request.signature).unwrap();
            let mut other = request.info.clone();
            *other.last_mut().unwrap() ^= 1;
            assert!(verify::signature(key.spki(), algorithm, &other, &request.signature).is_err());
        }
    }

    #[test]
    fn keys_that_a_mesh_cannot_read_are_refused_with_a_remedy() {
        let key = LocalKey::generate(KeySpec::EcdsaP256).unwrap();
        let pem = key.to_pkcs8_pem().unwrap().expose_secret().to_owned();
        let refused = |text: String, want: &str| {
            let error = LocalKey::from_pem(&SecretString::from(text)).unwrap_err();
            assert!(error.to_string().contains(want), "{error}");
            assert_eq!(error.kind(), Kind::Medium);
        };
        refused(pem.replace("PRIVATE", "ENCRYPTED PRIVATE"), "encrypted");
        refused(format!("{}{pem}", pem::encode("EC PARAMETERS", &[6, 1, 1])), "EC PARAMETERS");
        refused(format!("{pem}{pem}"), "more than one");
        refused("0\u{2}".to_owned(), "DER");
        refused(pem.replace("PRIVATE KEY", "CERTIFICATE"), "not a private key");
        assert!(!format!("{key:?}").contains(pem.lines().nth(1).unwrap()));
    }
}
