//! PKCS#10 requests (RFC 2986): attributes are walked here, because the parser keeps only what it knows.

use super::extension::{asked, extensions};
use super::view::{Extensions, NameAttribute, RequestView};
use super::{algorithm_identifier, name, object_identifier, signed};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::text;
use crate::x509::strict::{self, Element};
use x509_parser::cri_attributes::ExtensionRequest;
use x509_parser::prelude::FromDer;

/// extensionRequest (RFC 2985 section 5.4.2).
const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
/// The same under Microsoft's arc.
const MICROSOFT_EXTENSION_REQUEST: &str = "1.3.6.1.4.1.311.2.1.14";
/// challengePassword (RFC 2985 section 5.4.1).
const CHALLENGE_PASSWORD: &str = "1.2.840.113549.1.9.7";

/// Reads a PKCS#10 request, DER. Its signature is not verified here.
///
/// The key's SubjectPublicKeyInfo is kept as it stands: whether it is a key is judged later, so that a
/// refusal can say what kind it is.
///
/// # Errors
/// [`Kind::Medium`]: not strict DER, not a CertificationRequest of version 1, an attribute or a requested
/// extension that does not parse.
pub fn request(der: &[u8]) -> Result<RequestView, Error> {
    read(der).map_err(|error| error.into_kind(Kind::Medium))
}

/// What a request is signed over, as far as one of this program's own is judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// The subject.
    pub subject: Vec<NameAttribute>,
    /// The subject's Name, DER.
    pub subject_der: Vec<u8>,
    /// The SubjectPublicKeyInfo, DER.
    pub spki_der: Vec<u8>,
    /// Attributes by dotted object identifier.
    pub attributes: Vec<String>,
    /// The key identifier that is asked for.
    pub subject_key_id: Option<Hex>,
    /// What it asks for, one thing a string, escaped.
    pub asked: Vec<String>,
}

/// Reads a CertificationRequestInfo, DER.
///
/// # Errors
/// [`Kind::Verify`]: not strict DER, or not one of version 1.
pub fn tbs_request(der: &[u8]) -> Result<RequestInfo, Error> {
    strict::check(der)?;
    read_info(der).map_err(|error| error.into_kind(Kind::Verify))
}

fn read_info(der: &[u8]) -> Result<RequestInfo, Error> {
    let ([subject, spki], attributes) = info(der)?;
    let found = attributes.iter().map(attribute).collect::<Result<Vec<_>, Error>>()?;
    let requested = found.iter().find(|(oid, _)| oid == EXTENSION_REQUEST);
    let extensions = requested.map(|(_, values)| requested_extensions(values)).transpose()?.unwrap_or_default();
    Ok(RequestInfo {
        subject: name::name(subject.whole)?,
        subject_der: subject.whole.to_vec(),
        spki_der: spki.whole.to_vec(),
        attributes: found.into_iter().map(|(oid, _)| oid).collect(),
        asked: asked(&extensions),
        subject_key_id: extensions.subject_key_id,
    })
}

/// Subject and key of a CertificationRequestInfo, and its attributes.
fn info(der: &[u8]) -> Result<([Element<'_>; 2], Vec<Element<'_>>), Error> {
    let wrong = |what: &str| Error::new(Kind::Medium, format!("not a certificate request: {what}"));
    let info = strict::inside(&strict::only(der)?, strict::SEQUENCE, "CertificationRequestInfo")?;
    let [version, subject, spki, attributes] = info.as_slice() else {
        return Err(wrong("its parts are not version, subject, key and attributes"));
    };
    if version.whole != [strict::INTEGER, 1, 0] {
        return Err(wrong("its version is not 1 (the number 0)"));
    }
    if spki.tag != strict::SEQUENCE {
        return Err(wrong("no public key"));
    }
    Ok(([*subject, *spki], strict::inside(attributes, strict::CONTEXT_0, "attributes")?))
}

fn read(der: &[u8]) -> Result<RequestView, Error> {
    let signed = signed(der, "certificate request")?;
    let ([subject, spki], attributes) = info(signed.tbs)?;
    let found = attributes.iter().map(attribute).collect::<Result<Vec<_>, Error>>()?;
    let mut requested = None;
    for (oid, value) in &found {
        if is_extension_request(oid) && requested.is_none() {
            requested = Some(requested_extensions(value)?);
        }
        if oid == CHALLENGE_PASSWORD {
            challenge_password(value)?;
        }
    }
    let extensions = requested.unwrap_or_default();
    let attributes: Vec<String> = found.into_iter().map(|(oid, _)| oid).collect();
    let (algorithm_oid, algorithm_parameters_ok) = algorithm_identifier(&signed.algorithm)?;
    let mut asks = asked(&extensions);
    asks.extend(attributes.iter().filter(|oid| !is_extension_request(oid)).map(|oid| match oid.as_str() {
        CHALLENGE_PASSWORD => "challengePassword".to_owned(),
        other => format!("attribute {}", text::escape(other)),
    }));
    Ok(RequestView {
        info: signed.tbs.to_vec(),
        subject_der: subject.whole.to_vec(),
        subject: name::name(subject.whole)?,
        spki_der: spki.whole.to_vec(),
        algorithm_oid,
        algorithm_parameters_ok,
        signature: signed.signature.to_vec(),
        extensions,
        duplicate_attributes: duplicates(&attributes),
        attributes,
        asked: asks,
    })
}

fn is_extension_request(oid: &str) -> bool {
    matches!(oid, EXTENSION_REQUEST | MICROSOFT_EXTENSION_REQUEST)
}

/// Attribute ::= SEQUENCE { type, SET SIZE (1..MAX) OF value }: its type and its values.
fn attribute<'a>(element: &Element<'a>) -> Result<(String, Vec<Element<'a>>), Error> {
    let wrong = || Error::new(Kind::Medium, "an attribute of the request is not one");
    let parts = strict::inside(element, strict::SEQUENCE, "attribute")?;
    let [oid, values] = parts.as_slice() else { return Err(wrong()) };
    let oid = object_identifier(oid)?;
    let values = strict::inside(values, strict::SET, "attribute values")?;
    if values.is_empty() {
        return Err(Error::new(Kind::Medium, "an attribute of the request without a value").saw(oid));
    }
    Ok((oid, values))
}

fn requested_extensions(values: &[Element<'_>]) -> Result<Extensions, Error> {
    let wrong = || Error::new(Kind::Medium, "the requested extensions do not parse");
    let [value] = values else {
        return Err(Error::new(Kind::Medium, "an extensionRequest with several values"));
    };
    if value.tag != strict::SEQUENCE || value.content.is_empty() {
        return Err(wrong());
    }
    for extension in strict::children(value.content)? {
        canonical_extension(&extension)?;
    }
    match ExtensionRequest::from_der(value.whole) {
        Ok(([], request)) => extensions(&request.extensions),
        _ => Err(wrong()),
    }
}

/// Extension ::= SEQUENCE { OID, BOOLEAN DEFAULT FALSE, OCTET STRING }: no more, no less, no written default.
fn canonical_extension(element: &Element<'_>) -> Result<(), Error> {
    let parts = strict::inside(element, strict::SEQUENCE, "extension")?;
    let tags: Vec<u8> = parts.iter().map(|part| part.tag).collect();
    let canonical = match tags.as_slice() {
        [strict::OBJECT_IDENTIFIER, strict::OCTET_STRING] => true,
        [strict::OBJECT_IDENTIFIER, strict::BOOLEAN, strict::OCTET_STRING] => {
            parts.get(1).is_some_and(|critical| critical.content == [0xff])
        }
        _ => false,
    };
    if canonical { Ok(()) } else { Err(Error::new(Kind::Medium, "a requested extension that is not canonical DER")) }
}

/// challengePassword is a DirectoryString, one of it; it is not kept.
fn challenge_password(values: &[Element<'_>]) -> Result<(), Error> {
    match values {
        [one] if matches!(one.tag, 0x0c | 0x13 | 0x14 | 0x16 | 0x1c | 0x1e) => Ok(()),
        _ => Err(Error::new(Kind::Medium, "a challengePassword that is not one string")),
    }
}

/// Attribute types that occur more than once; the two forms of extensionRequest are one.
fn duplicates(attributes: &[String]) -> Vec<String> {
    let canonical = |oid: &String| match oid.as_str() {
        MICROSOFT_EXTENSION_REQUEST => EXTENSION_REQUEST.to_owned(),
        other => other.to_owned(),
    };
    let mut seen = Vec::new();
    let mut twice = Vec::new();
    for oid in attributes.iter().map(canonical) {
        if seen.contains(&oid) && !twice.contains(&oid) {
            twice.push(oid.clone());
        }
        seen.push(oid);
    }
    twice
}
