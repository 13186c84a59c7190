//! Certificates of other authorities, read for diagnosis: what they say, however badly they say it.
//!
//! The readers beside this one refuse what this program would not issue; here RSA-1024, SHA-1, a negative
//! serial number or an extension out of form is a fact to be reported. Nothing read here is ever signed,
//! shown for approval or trusted: only [`consumer`](crate::consumer) looks at it. Source: RFC 5280 section 4.

use super::extension::{self, KEY_USAGES};
use super::view::{BasicConstraints, Extensions, KeyUsage, show_name};
use super::{name, timestamp, unreadable};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::x509::Spki;
use crate::x509::spki::modulus_bits;
use crate::x509::strict;
use jiff::Timestamp;
use rustls_pki_types::alg_id;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

/// A certificate of anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The whole certificate.
    pub der: Vec<u8>,
    /// The to-be-signed bytes, as they stand in it.
    pub tbs: Vec<u8>,
    /// Dotted object identifier of the outer signature algorithm.
    pub algorithm_oid: String,
    /// True where that algorithm's parameters are such as every verifier knows: for RSA-PSS, one hash for all
    /// and a salt of its length (RFC 4055 section 3.1); for others nothing is asked.
    pub known_parameters: bool,
    /// The signature's octets.
    pub signature: Vec<u8>,
    /// 1, 2 or 3.
    pub version: u32,
    /// The serial number's octets as encoded, sign included.
    pub serial: Hex,
    /// The issuer's Name, DER.
    pub issuer_der: Vec<u8>,
    /// The subject's Name, DER.
    pub subject_der: Vec<u8>,
    /// The issuer on one line, escaped.
    pub issuer: String,
    /// The subject on one line, escaped.
    pub subject: String,
    /// The beginning of validity.
    pub not_before: Timestamp,
    /// The end of validity, inclusive.
    pub not_after: Timestamp,
    /// The subject's public key.
    pub key: ForeignKey,
    /// The extensions that could be read.
    pub extensions: Extensions,
    /// Dotted object identifiers of extensions that could not.
    pub unreadable: Vec<String>,
}

/// A public key of any kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// The SubjectPublicKeyInfo, DER.
    pub der: Vec<u8>,
    /// The content of the subjectPublicKey BIT STRING.
    pub bits: Vec<u8>,
    /// Its kind, for people: `RSA-1024`, `ECDSA P-256`, a dotted identifier.
    pub title: String,
    /// The modulus' length in bits, for RSA.
    pub rsa_bits: Option<usize>,
    /// The key as the rest of this program knows it, where it does.
    pub spki: Option<Spki>,
}

impl Foreign {
    /// The subject is a CA by its basicConstraints.
    pub fn is_ca(&self) -> bool {
        self.extensions.basic_constraints.as_ref().is_some_and(|basic| basic.ca)
    }

    /// The path length that basicConstraints sets.
    pub fn path_len(&self) -> Option<u32> {
        self.extensions.basic_constraints.as_ref().and_then(|basic| basic.path_len)
    }

    /// keyUsage is there and lacks this bit, by the standard's name: without the extension every use is allowed.
    pub fn must_not(&self, usage: &str) -> bool {
        self.extensions.key_usage.as_ref().is_some_and(|usages| !usages.names.contains(&usage))
    }

    /// The serial number is below zero.
    pub fn has_negative_serial(&self) -> bool {
        self.serial.0.first().is_some_and(|first| *first >= 0x80)
    }

    /// Issuer and subject are the same bytes.
    pub fn is_self_issued(&self) -> bool {
        self.issuer_der == self.subject_der
    }
}

/// Reads a certificate, DER. No signature is verified: [`verify::foreign`](crate::x509::verify::foreign) does.
///
/// # Errors
/// [`Kind::Verify`]: bytes that are no certificate, or more than one.
pub fn foreign(der: &[u8]) -> Result<Foreign, Error> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|error| unreadable("certificate", &error))?;
    if !rest.is_empty() {
        return Err(Error::new(Kind::Verify, "bytes follow the certificate"));
    }
    let tbs = &certificate.tbs_certificate;
    let (extensions, unreadable) = extensions(tbs.extensions());
    Ok(Foreign {
        der: der.to_vec(),
        tbs: tbs.as_ref().to_vec(),
        algorithm_oid: certificate.signature_algorithm.algorithm.to_id_string(),
        known_parameters: known_parameters(der),
        signature: certificate.signature_value.data.to_vec(),
        version: tbs.version.0.saturating_add(1),
        serial: Hex(tbs.raw_serial().to_vec()),
        issuer_der: tbs.issuer.as_raw().to_vec(),
        subject_der: tbs.subject.as_raw().to_vec(),
        issuer: shown(&tbs.issuer),
        subject: shown(&tbs.subject),
        not_before: timestamp(&tbs.validity.not_before)?,
        not_after: timestamp(&tbs.validity.not_after)?,
        key: key(&tbs.subject_pki),
        extensions,
        unreadable,
    })
}

/// The content of RSA-PSS' AlgorithmIdentifiers, as rustls lists them.
const PSS: [alg_id::AlgorithmIdentifier; 3] = [alg_id::RSA_PSS_SHA256, alg_id::RSA_PSS_SHA384, alg_id::RSA_PSS_SHA512];
/// id-RSASSA-PSS, DER.
const PSS_OID: [u8; 11] = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

fn known_parameters(der: &[u8]) -> bool {
    let parts = strict::only(der).and_then(|whole| strict::children(whole.content)).unwrap_or_default();
    let Some(algorithm) = parts.get(1) else { return false };
    !algorithm.content.starts_with(&PSS_OID) || PSS.iter().any(|known| known.as_ref() == algorithm.content)
}

fn shown(name: &X509Name<'_>) -> String {
    name::attributes(name).map_or_else(|_| "(a name out of form)".to_owned(), |attributes| show_name(&attributes))
}

fn key(info: &SubjectPublicKeyInfo<'_>) -> ForeignKey {
    let spki = Spki::from_der(info.raw).ok();
    let rsa_bits = match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => Some(modulus_bits(rsa.modulus)),
        _ => None,
    };
    let oid = info.algorithm.algorithm.to_id_string();
    let title = match (&spki, rsa_bits) {
        (Some(known), _) => known.spec().title().to_owned(),
        (None, Some(bits)) => format!("RSA-{bits}"),
        (None, None) => match info.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok()) {
            Some(curve) => format!("ECDSA on curve {}", curve.to_id_string()),
            None => format!("algorithm {oid}"),
        },
    };
    ForeignKey { der: info.raw.to_vec(), bits: info.subject_public_key.data.to_vec(), title, rsa_bits, spki }
}

/// What can be read of the extensions, and the identifiers of the others.
fn extensions(list: &[X509Extension<'_>]) -> (Extensions, Vec<String>) {
    let (mut found, mut unreadable) = (Extensions::default(), Vec::new());
    for extension in list {
        let oid = extension.oid.to_id_string();
        if extension::one(&mut found, extension, &oid).is_err() && !lenient(&mut found, extension) {
            unreadable.push(oid);
        }
    }
    (found, unreadable)
}

/// The two extensions that are often encoded against DER and understood by everybody: an explicit
/// `cA FALSE`, trailing zero bits of keyUsage.
fn lenient(found: &mut Extensions, extension: &X509Extension<'_>) -> bool {
    let critical = extension.critical;
    match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(value) => {
            found.basic_constraints =
                Some(BasicConstraints { critical, ca: value.ca, path_len: value.path_len_constraint });
        }
        ParsedExtension::KeyUsage(value) => {
            let set =
                |number: usize| value.flags.checked_shr(u32::try_from(number).unwrap_or(16)).unwrap_or(0) & 1 == 1;
            let names = KEY_USAGES.iter().enumerate().filter(|(number, _)| set(*number)).map(|(_, name)| *name);
            found.key_usage = Some(KeyUsage { critical, names: names.collect() });
        }
        _ => return false,
    }
    true
}
