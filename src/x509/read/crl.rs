//! Certificate revocation lists (RFC 5280 section 5).

use super::view::{Crl, CrlView, OtherExtension};
use super::{algorithm, extension, name, serial, signed, time_type, timestamp, unreadable};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::x509::{Reason, strict};
use jiff::Timestamp;
use std::collections::BTreeMap;
use x509_parser::extensions::{ParsedExtension, X509Extension};
use x509_parser::prelude::FromDer;
use x509_parser::revocation_list::{RevokedCertificate, TbsCertList};

/// Reads a to-be-signed CRL, DER.
///
/// # Errors
/// [`Kind::Verify`]: not strict DER, not a TBSCertList, no nextUpdate, a number above 64 bits.
pub fn tbs_crl(der: &[u8]) -> Result<CrlView, Error> {
    strict::check(der)?;
    let (rest, tbs) = TbsCertList::from_der(der).map_err(|error| unreadable("CRL", &error))?;
    if !rest.is_empty() {
        return Err(Error::new(Kind::Verify, "bytes follow the CRL"));
    }
    let next_update = tbs.next_update.ok_or_else(|| Error::new(Kind::Verify, "a CRL without nextUpdate"))?;
    let mut number = None;
    for extension in tbs.extensions() {
        if let ParsedExtension::CRLNumber(value) = extension.parsed_extension() {
            let value = u64::try_from(value).map_err(|_| Error::new(Kind::Verify, "a CRL number above 64 bits"))?;
            number = Some(value);
        }
    }
    let extensions = extension::extensions(tbs.extensions())?;
    if let Some(oid) = extensions.duplicates.first() {
        return Err(Error::new(Kind::Verify, "a CRL has an extension twice").saw(oid));
    }
    let mut revoked = Vec::with_capacity(tbs.revoked_certificates.len());
    let mut entry_others = Vec::new();
    let mut invalidity = BTreeMap::new();
    for entry in &tbs.revoked_certificates {
        revoked.push(revoked_certificate(entry, &mut entry_others, &mut invalidity)?);
    }
    Ok(CrlView {
        version: tbs.version.as_ref().map_or(1, |version| version.0.saturating_add(1)),
        signature_oid: tbs.signature.algorithm.to_id_string(),
        issuer_der: tbs.issuer.as_raw().to_vec(),
        issuer: name::attributes(&tbs.issuer)?,
        this_update: timestamp(&tbs.this_update)?,
        next_update: timestamp(&next_update)?,
        time_types: [time_type(&tbs.this_update), time_type(&next_update)],
        number,
        authority_key_id: extensions.authority_key_id,
        revoked,
        invalidity,
        entry_others,
        others: extensions.others.into_iter().filter(|other| other.oid != CRL_NUMBER).collect(),
        extensions: extensions.all,
    })
}

const CRL_NUMBER: &str = "2.5.29.20";

/// Reads a signed CRL, DER. The signature is not verified here: [`verify`](crate::x509::verify) does.
///
/// # Errors
/// [`Kind::Verify`]: as [`tbs_crl`], or the inner and outer algorithm differ or are not accepted.
pub fn crl(der: &[u8]) -> Result<Crl, Error> {
    let signed = signed(der, "CRL")?;
    let view = tbs_crl(signed.tbs)?;
    let algorithm = algorithm(&signed, &view.signature_oid)?;
    Ok(Crl { der: der.to_vec(), tbs: signed.tbs.to_vec(), view, algorithm, signature: signed.signature.to_vec() })
}

fn revoked_certificate(
    entry: &RevokedCertificate<'_>,
    others: &mut Vec<OtherExtension>,
    invalidity: &mut BTreeMap<Hex, Timestamp>,
) -> Result<(Hex, Timestamp, Option<String>), Error> {
    let (mut reason, mut invalid_from) = (None, None);
    for extension in entry.extensions() {
        strict::check(extension.value)?;
        match extension.parsed_extension() {
            // Neither may be critical: who does not know it must be able to read on.
            _ if extension.critical => others.push(other(extension)),
            ParsedExtension::ReasonCode(code) => reason = Some(reason_name(code.0)?.to_owned()),
            ParsedExtension::InvalidityDate(date) => invalid_from = Some(timestamp(date)?),
            ParsedExtension::ParseError { .. } => {
                return Err(Error::new(Kind::Verify, "a CRL entry's extension does not parse"));
            }
            _ => others.push(other(extension)),
        }
    }
    let serial = serial(entry.raw_serial())?;
    if let Some(date) = invalid_from {
        invalidity.insert(serial.clone(), date);
    }
    Ok((serial, timestamp(&entry.revocation_date)?, reason))
}

fn other(extension: &X509Extension<'_>) -> OtherExtension {
    OtherExtension { oid: extension.oid.to_id_string(), critical: extension.critical }
}

fn reason_name(code: u8) -> Result<&'static str, Error> {
    let unknown = || Error::new(Kind::Verify, "a revocation reason that does not exist").saw(code.to_string());
    Reason::of_code(code).map(Reason::name).ok_or_else(unknown)
}
