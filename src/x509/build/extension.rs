//! The extensions of our certificates and CRLs, each with its criticality.

use super::{CertificateTemplate, Error, Kind, Usage, cannot_encode};
use crate::digest::Hex;
use const_oid::AssociatedOid;
use const_oid::db::rfc5280::{ID_AD_CA_ISSUERS, ID_CE_INVALIDITY_DATE, ID_KP_CLIENT_AUTH, ID_KP_SERVER_AUTH};
use der::asn1::{Any, GeneralizedTime, Ia5String, ObjectIdentifier, OctetString, Uint};
use der::{DateTime, Encode, Tag};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::constraints::name::GeneralSubtree;
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints, CrlDistributionPoints,
    CrlNumber, CrlReason, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints, SubjectAltName, SubjectKeyIdentifier,
};

/// extKeyUsage documentSigning (RFC 9336).
const DOCUMENT_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36");

pub(super) fn of_certificate(template: &CertificateTemplate) -> Result<Vec<Extension>, Error> {
    let mut list = Vec::new();
    match &template.usage {
        Usage::Ca { path_len, .. } => {
            list.push(critical(&BasicConstraints { ca: true, path_len_constraint: *path_len })?);
            list.push(critical(&KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?);
        }
        Usage::Audit => {
            list.push(critical(&KeyUsage(KeyUsages::DigitalSignature.into()))?);
            list.push(critical(&ExtendedKeyUsage(vec![DOCUMENT_SIGNING]))?);
        }
        Usage::Workload { spiffe_id } => {
            list.push(critical(&KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyEncipherment))?);
            list.push(plain(&ExtendedKeyUsage(vec![ID_KP_SERVER_AUTH, ID_KP_CLIENT_AUTH]))?);
            let id = names(std::slice::from_ref(spiffe_id), GeneralName::UniformResourceIdentifier)?;
            list.push(critical(&SubjectAltName(id))?);
        }
    }
    list.push(plain(&SubjectKeyIdentifier(octets(&template.subject_key_id)?))?);
    if let Some(id) = &template.authority_key_id {
        list.push(authority_key_id(id)?);
    }
    if let Usage::Ca { dns_names, permitted_dns, excluded_dns, permitted_uris, crl_urls, ca_issuers_urls, .. } =
        &template.usage
    {
        if !dns_names.is_empty() {
            list.push(plain(&SubjectAltName(names(dns_names, GeneralName::DnsName)?))?);
        }
        let mut permitted = names(permitted_dns, GeneralName::DnsName)?;
        permitted.extend(names(permitted_uris, GeneralName::UniformResourceIdentifier)?);
        let excluded = names(excluded_dns, GeneralName::DnsName)?;
        if !permitted.is_empty() || !excluded.is_empty() {
            list.push(critical(&NameConstraints {
                permitted_subtrees: subtrees(permitted),
                excluded_subtrees: subtrees(excluded),
            })?);
        }
        if !crl_urls.is_empty() {
            list.push(plain(&CrlDistributionPoints(distribution_points(crl_urls)?))?);
        }
        if !ca_issuers_urls.is_empty() {
            let locations = names(ca_issuers_urls, GeneralName::UniformResourceIdentifier)?;
            let access = |access_location| AccessDescription { access_method: ID_AD_CA_ISSUERS, access_location };
            list.push(plain(&AuthorityInfoAccessSyntax(locations.into_iter().map(access).collect()))?);
        }
    }
    Ok(list)
}

pub(super) fn of_crl(issuer_key_id: &Hex, number: u64) -> Result<Vec<Extension>, Error> {
    let number = CrlNumber(Uint::new(&number.to_be_bytes()).map_err(cannot_encode)?);
    Ok(vec![authority_key_id(issuer_key_id)?, plain(&number)?])
}

/// The reason of a revocation; `unspecified` is written by leaving it out (RFC 5280 section 5.3.1).
pub(super) fn reason(code: u8) -> Result<Extension, Error> {
    if !matches!(code, 1..=6 | 8..=10) {
        return Err(Error::new(Kind::Bug, "a revocation reason that does not exist").saw(code.to_string()));
    }
    let value = Any::new(Tag::Enumerated, [code]).map_err(cannot_encode)?;
    extension(CrlReason::OID, &value, false)
}

/// Since when a key is known or suspected to be in other hands; always GeneralizedTime (RFC 5280 section 5.3.2).
pub(super) fn invalidity_date(from: DateTime) -> Result<Extension, Error> {
    extension(ID_CE_INVALIDITY_DATE, &GeneralizedTime::from_date_time(from), false)
}

fn authority_key_id(id: &Hex) -> Result<Extension, Error> {
    plain(&AuthorityKeyIdentifier { key_identifier: Some(octets(id)?), ..Default::default() })
}

fn critical<T: AssociatedOid + Encode>(value: &T) -> Result<Extension, Error> {
    extension(T::OID, value, true)
}

fn plain<T: AssociatedOid + Encode>(value: &T) -> Result<Extension, Error> {
    extension(T::OID, value, false)
}

fn extension(oid: ObjectIdentifier, value: &impl Encode, critical: bool) -> Result<Extension, Error> {
    let value = value.to_der().and_then(OctetString::new).map_err(cannot_encode)?;
    Ok(Extension { extn_id: oid, critical, extn_value: value })
}

fn octets(hex: &Hex) -> Result<OctetString, Error> {
    OctetString::new(hex.0.as_slice()).map_err(cannot_encode)
}

fn names(list: &[String], kind: fn(Ia5String) -> GeneralName) -> Result<Vec<GeneralName>, Error> {
    list.iter().map(|name| Ia5String::new(name).map(kind).map_err(cannot_encode)).collect()
}

fn subtrees(names: Vec<GeneralName>) -> Option<Vec<GeneralSubtree>> {
    let subtree = |base| GeneralSubtree { base, minimum: 0, maximum: None };
    (!names.is_empty()).then(|| names.into_iter().map(subtree).collect())
}

fn distribution_points(urls: &[String]) -> Result<Vec<DistributionPoint>, Error> {
    let point = |url: GeneralName| DistributionPoint {
        distribution_point: Some(DistributionPointName::FullName(vec![url])),
        reasons: None,
        crl_issuer: None,
    };
    Ok(names(urls, GeneralName::UniformResourceIdentifier)?.into_iter().map(point).collect())
}
