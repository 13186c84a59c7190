//! Building the bytes that are signed: certificates, CRLs, names, and the structure around a signature.
//!
//! Templates hold every field; nothing is taken from a request and nothing is filled in here. Builders never
//! read what they built: [`read`](super::read) does. Source: RFC 5280 sections 4.1, 4.2 and 5.
//!
//! The structures are declared with `der` and filled with `x509-cert`'s extension types: `x509-cert`'s own
//! `TbsCertificate` has private fields and its builder wants a signer, where planning needs none.

mod extension;
mod name;

pub use name::name_der;

use super::{SignatureAlgorithm, Spki};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use der::asn1::{Any, AnyRef, BitStringRef, GeneralizedTime, ObjectIdentifier, SetOfVec, Uint, UtcTime};
use der::{DateTime, Decode, Encode, Sequence};
use jiff::Timestamp;
use spki::AlgorithmIdentifierOwned;
use std::time::Duration;
use x509_cert::ext::Extension;
use x509_cert::time::Time;

/// Everything that a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateTemplate {
    /// 16 bytes, as [`serial`] makes them of random ones.
    pub serial: Hex,
    /// The algorithm the issuer signs with.
    pub signature: SignatureAlgorithm,
    /// The issuer's Name, DER: the subject's bytes of the issuer's certificate.
    pub issuer: Vec<u8>,
    /// The beginning of validity; fractions of a second are dropped.
    pub not_before: Timestamp,
    /// The end of validity, inclusive; fractions of a second are dropped.
    pub not_after: Timestamp,
    /// The subject's Name, DER.
    pub subject: Vec<u8>,
    /// The subject's public key.
    pub spki: Spki,
    /// subjectKeyIdentifier.
    pub subject_key_id: Hex,
    /// authorityKeyIdentifier (keyIdentifier only), copied from the issuer's certificate; `None` in a root.
    pub authority_key_id: Option<Hex>,
    /// What the certificate is for.
    pub usage: Usage,
}

/// What a certificate is for: the extensions that follow from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Usage {
    /// A CA: critical basicConstraints, critical keyUsage keyCertSign and cRLSign, no extKeyUsage.
    Ca {
        /// pathLenConstraint.
        path_len: Option<u8>,
        /// subjectAltName dNSNames.
        dns_names: Vec<String>,
        /// nameConstraints, permitted dNSNames.
        permitted_dns: Vec<String>,
        /// nameConstraints, excluded dNSNames.
        excluded_dns: Vec<String>,
        /// nameConstraints, permitted uniformResourceIdentifiers.
        permitted_uris: Vec<String>,
        /// cRLDistributionPoints, one point each.
        crl_urls: Vec<String>,
        /// authorityInfoAccess, caIssuers.
        ca_issuers_urls: Vec<String>,
    },
    /// Signs checkpoints and envelopes: critical keyUsage digitalSignature, critical extKeyUsage documentSigning.
    Audit,
    /// A workload of a mesh: critical keyUsage digitalSignature and keyEncipherment, extKeyUsage serverAuth and
    /// clientAuth, one critical URI name. Made only to try a chain; no ceremony issues one.
    Workload {
        /// The SPIFFE ID.
        spiffe_id: String,
    },
}

impl Usage {
    /// A CA with nothing beyond its path length.
    pub const fn plain_ca(path_len: Option<u8>) -> Self {
        Usage::Ca {
            path_len,
            dns_names: Vec::new(),
            permitted_dns: Vec::new(),
            excluded_dns: Vec::new(),
            permitted_uris: Vec::new(),
            crl_urls: Vec::new(),
            ca_issuers_urls: Vec::new(),
        }
    }
}

/// Everything that a CRL says: full scope, no issuingDistributionPoint (NSS refuses a critical one).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlTemplate {
    /// The algorithm the issuer signs with.
    pub signature: SignatureAlgorithm,
    /// The issuer's Name, DER.
    pub issuer: Vec<u8>,
    /// thisUpdate; fractions of a second are dropped.
    pub this_update: Timestamp,
    /// nextUpdate; fractions of a second are dropped.
    pub next_update: Timestamp,
    /// authorityKeyIdentifier, copied from the issuer's certificate.
    pub authority_key_id: Hex,
    /// cRLNumber, strictly rising.
    pub number: u64,
    /// What is revoked; may be empty.
    pub revoked: Vec<RevokedCertificate>,
}

/// One revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number's magnitude.
    pub serial: Hex,
    /// When it was revoked.
    pub date: Timestamp,
    /// The reason code of RFC 5280 section 5.3.1: 1 to 6 or 8 to 10; `None` for unspecified.
    pub reason: Option<u8>,
    /// Since when its key is known or suspected to be in other hands, where that is before `date`.
    pub invalid_from: Option<Timestamp>,
}

/// A serial number of 16 random bytes: positive, never shortened by DER, 126 bits of entropy.
pub fn serial(mut random: [u8; 16]) -> Hex {
    if let Some(first) = random.first_mut() {
        *first = *first & 0x7f | 0x40;
    }
    Hex(random.to_vec())
}

/// The DER of a TBSCertificate, version 3.
///
/// # Errors
/// [`Kind::Bug`]: a field that DER cannot hold (a name that is not DER, a host name that is not ASCII, a
/// serial number that is empty, long or begins with a zero). Nothing was signed.
pub fn certificate_tbs(template: &CertificateTemplate) -> Result<Vec<u8>, Error> {
    if template.not_before >= template.not_after {
        return Err(Error::new(Kind::Bug, "a certificate would end before it begins"));
    }
    TbsCertificate {
        version: 2,
        serial: integer(&template.serial)?,
        signature: algorithm_identifier(template.signature)?,
        issuer: any(&template.issuer)?,
        validity: Validity { not_before: time(template.not_before)?, not_after: time(template.not_after)? },
        subject: any(&template.subject)?,
        spki: any(template.spki.der())?,
        extensions: extension::of_certificate(template)?,
    }
    .to_der()
    .map_err(cannot_encode)
}

/// The DER of a TBSCertList, version 2; an empty list of revoked certificates is left out.
///
/// # Errors
/// [`Kind::Bug`]: as [`certificate_tbs`], or a reason code that does not exist. Nothing was signed.
pub fn crl_tbs(template: &CrlTemplate) -> Result<Vec<u8>, Error> {
    if template.this_update >= template.next_update {
        return Err(Error::new(Kind::Bug, "a CRL would end before it begins"));
    }
    let revoked = template.revoked.iter().map(revoked).collect::<Result<Vec<_>, Error>>()?;
    TbsCertList {
        version: 1,
        signature: algorithm_identifier(template.signature)?,
        issuer: any(&template.issuer)?,
        this_update: time(template.this_update)?,
        next_update: time(template.next_update)?,
        revoked: (!revoked.is_empty()).then_some(revoked),
        extensions: extension::of_crl(&template.authority_key_id, template.number)?,
    }
    .to_der()
    .map_err(cannot_encode)
}

/// The DER of a CertificationRequestInfo (RFC 2986 section 4.1) for the subject, key and extensions of a certificate:
/// whoever certifies it knows by them which key identifier to write.
///
/// # Errors
/// [`Kind::Bug`]: as [`certificate_tbs`]. Nothing was signed.
pub fn request_tbs(template: &CertificateTemplate) -> Result<Vec<u8>, Error> {
    let set = |der: Vec<u8>| SetOfVec::try_from([Any::from_der(&der)?]);
    let one = |der: Result<Vec<u8>, der::Error>| der.and_then(set).map_err(cannot_encode);
    let values = one(extension::of_certificate(template)?.to_der())?;
    let attribute = Attribute { oid: EXTENSION_REQUEST, values }.to_der();
    CertificationRequestInfo {
        version: 0,
        subject: any(&template.subject)?,
        spki: any(template.spki.der())?,
        attributes: one(attribute)?,
    }
    .to_der()
    .map_err(cannot_encode)
}

/// SEQUENCE { to-be-signed, AlgorithmIdentifier, BIT STRING }: a certificate, a CRL or a request.
///
/// # Errors
/// [`Kind::Bug`]: the to-be-signed bytes are not DER.
pub fn assemble(tbs: &[u8], algorithm: SignatureAlgorithm, signature: &[u8]) -> Result<Vec<u8>, Error> {
    Signed {
        tbs: any(tbs)?,
        algorithm: algorithm_identifier(algorithm)?,
        signature: BitStringRef::from_bytes(signature).map_err(cannot_encode)?,
    }
    .to_der()
    .map_err(cannot_encode)
}

/// TBSCertificate (RFC 5280 section 4.1), the optional unique identifiers left out for good.
#[derive(Sequence)]
struct TbsCertificate<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    version: u8,
    serial: Uint,
    signature: AlgorithmIdentifierOwned,
    issuer: AnyRef<'a>,
    validity: Validity,
    subject: AnyRef<'a>,
    spki: AnyRef<'a>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Validity {
    not_before: Time,
    not_after: Time,
}

/// TBSCertList (RFC 5280 section 5.1.2).
#[derive(Sequence)]
struct TbsCertList<'a> {
    version: u8,
    signature: AlgorithmIdentifierOwned,
    issuer: AnyRef<'a>,
    this_update: Time,
    next_update: Time,
    revoked: Option<Vec<Revoked>>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    extensions: Vec<Extension>,
}

#[derive(Sequence)]
struct Revoked {
    serial: Uint,
    date: Time,
    extensions: Option<Vec<Extension>>,
}

/// extensionRequest (RFC 2985 section 5.4.2).
const EXTENSION_REQUEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");

#[derive(Sequence)]
struct CertificationRequestInfo<'a> {
    version: u8,
    subject: AnyRef<'a>,
    spki: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    attributes: SetOfVec<Any>,
}

#[derive(Sequence)]
struct Attribute {
    oid: ObjectIdentifier,
    values: SetOfVec<Any>,
}

#[derive(Sequence)]
struct Signed<'a> {
    tbs: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitStringRef<'a>,
}

fn revoked(entry: &RevokedCertificate) -> Result<Revoked, Error> {
    let mut extensions = Vec::new();
    if let Some(code) = entry.reason {
        extensions.push(extension::reason(code)?);
    }
    if let Some(from) = entry.invalid_from {
        extensions.push(extension::invalidity_date(date_time(from)?)?);
    }
    let extensions = (!extensions.is_empty()).then_some(extensions);
    Ok(Revoked { serial: integer(&entry.serial)?, date: time(entry.date)?, extensions })
}

/// A serial number's INTEGER: 1 to 20 octets, and not one that DER would shorten.
fn integer(serial: &Hex) -> Result<Uint, Error> {
    match serial.0.as_slice() {
        [first, ..] if *first != 0 && serial.0.len() <= 20 => Uint::new(&serial.0).map_err(cannot_encode),
        _ => Err(Error::new(Kind::Bug, "a serial number that DER would change")
            .saw(serial.colons())
            .wanted("1 to 20 bytes, the first not zero")),
    }
}

/// UTCTime to 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5).
fn time(at: Timestamp) -> Result<Time, Error> {
    let at = date_time(at)?;
    if at.year() <= 2049 {
        UtcTime::from_date_time(at).map(Time::from).map_err(cannot_encode)
    } else {
        Ok(Time::from(GeneralizedTime::from_date_time(at)))
    }
}

fn date_time(at: Timestamp) -> Result<DateTime, Error> {
    let seconds = u64::try_from(at.as_second()).map_err(|_| Error::new(Kind::Bug, "a time before 1970"))?;
    DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(cannot_encode)
}

fn algorithm_identifier(algorithm: SignatureAlgorithm) -> Result<AlgorithmIdentifierOwned, Error> {
    let oid = ObjectIdentifier::new(algorithm.oid()).map_err(|_| Error::new(Kind::Bug, "a wrong object identifier"))?;
    let parameters = algorithm.has_null_parameters().then(|| Any::from(AnyRef::NULL));
    Ok(AlgorithmIdentifierOwned { oid, parameters })
}

fn any(der: &[u8]) -> Result<AnyRef<'_>, Error> {
    AnyRef::try_from(der).map_err(cannot_encode)
}

fn cannot_encode(error: der::Error) -> Error {
    Error::new(Kind::Bug, "a certificate or CRL cannot be encoded").saw(error.to_string()).truth("Nothing was signed.")
}
