//! Reading certificates, CRLs and requests, with a parser that did not build them (x509-parser).
//!
//! Every input is first walked as strict DER, then parsed, then turned into plain [values](view). Trailing
//! bytes are refused everywhere. Nothing is judged here but form: what a certificate may say is the lint's.
//! Sources: RFC 5280, RFC 2986.

mod crl;
mod extension;
mod foreign;
mod name;
mod purpose;
mod request;
pub mod view;

pub use crl::{crl, tbs_crl};
pub use foreign::{Foreign, ForeignKey, foreign};
pub use name::name;
pub use purpose::{CLIENT_AUTH, SERVER_AUTH, purpose_name};
pub use request::{RequestInfo, request, tbs_request};
pub use view::{
    AlternativeNames, BasicConstraints, Certificate, CertificateView, Crl, CrlView, ExtendedKeyUsage, Extensions,
    KeyUsage, NameAttribute, NameConstraints, OtherExtension, Policies, RequestView, show_name,
};

use super::strict::{self, Element};
use super::{SignatureAlgorithm, Spki};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use jiff::Timestamp;
use x509_parser::certificate::TbsCertificate;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::AlgorithmIdentifier;

/// Reads a to-be-signed certificate, DER.
///
/// # Errors
/// [`Kind::Verify`]: not strict DER, not a TBSCertificate, a key of a kind that is not known, a negative serial.
pub fn tbs_certificate(der: &[u8]) -> Result<CertificateView, Error> {
    strict::check(der)?;
    let (rest, tbs) = TbsCertificate::from_der(der).map_err(|error| unreadable("certificate", &error))?;
    if !rest.is_empty() {
        return Err(Error::new(Kind::Verify, "bytes follow the certificate"));
    }
    let extensions = extension::extensions(tbs.extensions())?;
    if let Some(oid) = extensions.duplicates.first() {
        return Err(Error::new(Kind::Verify, "a certificate has an extension twice").saw(oid));
    }
    Ok(CertificateView {
        version: tbs.version.0.saturating_add(1),
        serial: serial(tbs.raw_serial())?,
        signature_oid: tbs.signature.algorithm.to_id_string(),
        issuer_der: tbs.issuer.as_raw().to_vec(),
        subject_der: tbs.subject.as_raw().to_vec(),
        issuer: name::attributes(&tbs.issuer)?,
        subject: name::attributes(&tbs.subject)?,
        not_before: timestamp(&tbs.validity.not_before)?,
        not_after: timestamp(&tbs.validity.not_after)?,
        time_types: [time_type(&tbs.validity.not_before), time_type(&tbs.validity.not_after)],
        spki_der: tbs.subject_pki.raw.to_vec(),
        spki: Spki::from_der(tbs.subject_pki.raw).map_err(|error| error.into_kind(Kind::Verify))?,
        unique_ids: tbs.issuer_uid.is_some() || tbs.subject_uid.is_some(),
        basic_constraints: extensions.basic_constraints,
        key_usage: extensions.key_usage,
        extended_key_usage: extensions.extended_key_usage,
        san: extensions.san,
        name_constraints: extensions.name_constraints,
        subject_key_id: extensions.subject_key_id,
        authority_key_id: extensions.authority_key_id,
        crl_urls: extensions.crl_urls,
        ca_issuers_urls: extensions.ca_issuers_urls,
        policies: extensions.policies,
        others: extensions.others,
        extensions: extensions.all,
    })
}

/// Reads a signed certificate, DER. The signature is not verified here: [`verify`](super::verify) does.
///
/// # Errors
/// [`Kind::Verify`]: as [`tbs_certificate`], or the inner and outer algorithm differ or are not accepted.
pub fn certificate(der: &[u8]) -> Result<Certificate, Error> {
    let signed = signed(der, "certificate")?;
    let view = tbs_certificate(signed.tbs)?;
    let algorithm = algorithm(&signed, &view.signature_oid)?;
    Ok(Certificate {
        der: der.to_vec(),
        tbs: signed.tbs.to_vec(),
        view,
        algorithm,
        signature: signed.signature.to_vec(),
    })
}

/// SEQUENCE { to-be-signed, AlgorithmIdentifier, BIT STRING }: certificates, CRLs and requests alike.
pub(super) struct Signed<'a> {
    tbs: &'a [u8],
    algorithm: Element<'a>,
    signature: &'a [u8],
}

pub(super) fn signed<'a>(der: &'a [u8], what: &str) -> Result<Signed<'a>, Error> {
    strict::check(der)?;
    let wrong = || Error::new(Kind::Verify, format!("not a {what}"));
    let parts = strict::inside(&strict::only(der)?, strict::SEQUENCE, what).map_err(|_| wrong())?;
    let [tbs, algorithm, signature] = parts.as_slice() else { return Err(wrong()) };
    match (tbs.tag, algorithm.tag, signature.tag, signature.content) {
        (strict::SEQUENCE, strict::SEQUENCE, strict::BIT_STRING, [0, octets @ ..]) => {
            Ok(Signed { tbs: tbs.whole, algorithm: *algorithm, signature: octets })
        }
        _ => Err(wrong()),
    }
}

/// The algorithm of a certificate or CRL: the outer one is accepted, canonical, and the inner one.
fn algorithm(signed: &Signed<'_>, inner_oid: &str) -> Result<SignatureAlgorithm, Error> {
    let (oid, canonical) = algorithm_identifier(&signed.algorithm)?;
    let algorithm = SignatureAlgorithm::from_oid(&oid).map_err(|error| error.into_kind(Kind::Verify))?;
    if oid != inner_oid {
        return Err(Error::new(Kind::Verify, "the inner and the outer signature algorithm differ")
            .saw(oid)
            .wanted(inner_oid));
    }
    // The inner identifier is the first SEQUENCE in certificates and CRLs alike; its parameters count too.
    let inner = strict::children(strict::only(signed.tbs)?.content)?.into_iter().find(|e| e.tag == strict::SEQUENCE);
    let same = inner.is_some_and(|inner| inner.whole == signed.algorithm.whole);
    if !canonical || !same {
        return Err(Error::new(Kind::Verify, "a signature algorithm with the wrong parameters").saw(algorithm.title()));
    }
    Ok(algorithm)
}

/// The object identifier of an AlgorithmIdentifier, and whether its parameters are as the standard wants them.
pub(super) fn algorithm_identifier(element: &Element<'_>) -> Result<(String, bool), Error> {
    let (_, parsed) =
        AlgorithmIdentifier::from_der(element.whole).map_err(|error| unreadable("signature algorithm", &error))?;
    let oid = parsed.algorithm.to_id_string();
    let fields = strict::children(element.content)?;
    let parameters = fields.get(1..).unwrap_or_default();
    let null = SignatureAlgorithm::from_oid(&oid).is_ok_and(SignatureAlgorithm::has_null_parameters);
    // RFC 4055 section 5: NULL is written with RSA, and its absence must be accepted.
    let canonical = match parameters {
        [] => true,
        [one] => null && one.whole == [0x05, 0x00],
        _ => false,
    };
    Ok((oid, canonical))
}

/// A dotted object identifier.
pub(super) fn object_identifier(element: &Element<'_>) -> Result<String, Error> {
    use x509_parser::der_parser::oid::Oid;
    if element.tag != strict::OBJECT_IDENTIFIER {
        return Err(Error::new(Kind::Verify, "not an object identifier"));
    }
    Ok(Oid::new(element.content.into()).to_id_string())
}

pub(super) fn unreadable(what: &str, error: &impl std::fmt::Display) -> Error {
    Error::new(Kind::Verify, format!("not a {what}")).saw(error.to_string())
}

/// The magnitude of a serial number.
pub(super) fn serial(raw: &[u8]) -> Result<Hex, Error> {
    match raw {
        [0, magnitude @ ..] if !magnitude.is_empty() => Ok(Hex(magnitude.to_vec())),
        [first, ..] if *first >= 0x80 => {
            Err(Error::new(Kind::Verify, "a negative serial number").saw(Hex(raw.to_vec()).colons()))
        }
        _ => Ok(Hex(raw.to_vec())),
    }
}

pub(super) fn timestamp(time: &ASN1Time) -> Result<Timestamp, Error> {
    Timestamp::from_second(time.timestamp()).map_err(|_| Error::new(Kind::Verify, "a time out of range"))
}

pub(super) fn time_type(time: &ASN1Time) -> &'static str {
    if time.is_generalizedtime() { "GeneralizedTime" } else { "UTCTime" }
}
