//! Extensions, of certificates, CRLs and requests: each parsed whole, or the structure is refused.

use super::name;
use super::purpose::{policy_name, purpose_name};
use super::view::{
    AlternativeNames, BasicConstraints, CertificateView, ExtendedKeyUsage, Extensions, KeyUsage, NameConstraints,
    OtherExtension, Policies, show_name,
};
use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::text;
use crate::x509::strict;
use data_encoding::HEXLOWER;
use std::net::{Ipv4Addr, Ipv6Addr};
use x509_parser::extensions::{DistributionPointName, GeneralName, GeneralSubtree, ParsedExtension, X509Extension};

/// The bits of keyUsage by number (RFC 5280 section 4.2.1.3).
pub(super) const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// Reads a list of extensions.
///
/// # Errors
/// [`Kind::Verify`] names the extension that is not what its object identifier promises.
pub(super) fn extensions(list: &[X509Extension<'_>]) -> Result<Extensions, Error> {
    let mut found = Extensions::default();
    for extension in list {
        let oid = extension.oid.to_id_string();
        if found.all.iter().any(|e| e.oid == oid) && !found.duplicates.contains(&oid) {
            found.duplicates.push(oid.clone());
        }
        found.all.push(OtherExtension { oid: oid.clone(), critical: extension.critical });
        one(&mut found, extension, &oid).map_err(|error| error.within(format!("extension {oid}")))?;
    }
    Ok(found)
}

/// Reads one extension into what was found so far; where it is refused, nothing was added.
pub(super) fn one(found: &mut Extensions, extension: &X509Extension<'_>, oid: &str) -> Result<(), Error> {
    let critical = extension.critical;
    let other = OtherExtension { oid: oid.to_owned(), critical };
    strict::check(extension.value)?;
    match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(value) => {
            canonical_basic_constraints(extension.value, value.ca, value.path_len_constraint)?;
            found.basic_constraints =
                Some(BasicConstraints { critical, ca: value.ca, path_len: value.path_len_constraint });
        }
        ParsedExtension::KeyUsage(_) => {
            found.key_usage = Some(KeyUsage { critical, names: key_usages(extension.value)? });
        }
        ParsedExtension::ExtendedKeyUsage(_) => {
            found.extended_key_usage = Some(ExtendedKeyUsage { critical, purposes: purposes(extension.value)? });
        }
        ParsedExtension::SubjectAlternativeName(value) => {
            let mut names = AlternativeNames { critical, ..Default::default() };
            value.general_names.iter().try_for_each(|general| alternative_name(&mut names, general))?;
            found.san = Some(names);
        }
        ParsedExtension::NameConstraints(value) => {
            found.name_constraints = Some(NameConstraints {
                critical,
                permitted: subtrees(value.permitted_subtrees.as_deref())?,
                excluded: subtrees(value.excluded_subtrees.as_deref())?,
            });
        }
        ParsedExtension::SubjectKeyIdentifier(value) => found.subject_key_id = Some(Hex(value.0.to_vec())),
        ParsedExtension::AuthorityKeyIdentifier(value) => {
            found.authority_key_id = value.key_identifier.as_ref().map(|id| Hex(id.0.to_vec()));
            found.authority_key_id_has_issuer =
                value.authority_cert_issuer.is_some() || value.authority_cert_serial.is_some();
        }
        ParsedExtension::CRLDistributionPoints(value) => {
            for point in &value.points {
                if let Some(DistributionPointName::FullName(names)) = &point.distribution_point {
                    found.crl_urls.extend(names.iter().filter_map(uri));
                }
            }
        }
        ParsedExtension::AuthorityInfoAccess(value) => {
            let issuers = value.accessdescs.iter().filter(|d| d.access_method.to_id_string() == CA_ISSUERS);
            found.ca_issuers_urls.extend(issuers.filter_map(|d| uri(&d.access_location)));
        }
        ParsedExtension::CertificatePolicies(value) => {
            let oids = value.iter().map(|policy| policy.policy_id.to_id_string()).collect();
            found.policies = Some(Policies { critical, oids });
        }
        ParsedExtension::ParseError { .. } => return Err(Error::new(Kind::Verify, "its value does not parse")),
        _ => found.others.push(other),
    }
    Ok(())
}

/// DER omits a default: `cA FALSE` is written by leaving it out, and a path length needs `cA TRUE`.
fn canonical_basic_constraints(der: &[u8], ca: bool, path_len: Option<u32>) -> Result<(), Error> {
    let fields = strict::inside(&strict::only(der)?, strict::SEQUENCE, "basicConstraints")?;
    let wanted = usize::from(ca) + usize::from(path_len.is_some());
    if fields.len() != wanted {
        return Err(Error::new(Kind::Verify, "basicConstraints that are not canonical DER"));
    }
    Ok(())
}

/// The names of the bits; trailing zero bits are not DER (X.690 section 11.2.2).
fn key_usages(der: &[u8]) -> Result<Vec<&'static str>, Error> {
    let bits = strict::only(der)?;
    let wrong = || Error::new(Kind::Verify, "a keyUsage that is not a canonical BIT STRING");
    let (unused, octets) = bits.content.split_first().ok_or_else(wrong)?;
    if octets.last().is_some_and(|last| last.trailing_zeros() != u32::from(*unused)) {
        return Err(wrong());
    }
    let set = |number: usize| octets.get(number / 8).is_some_and(|octet| octet & (0x80 >> (number % 8)) != 0);
    if (KEY_USAGES.len()..octets.len() * 8).any(set) {
        return Err(wrong());
    }
    Ok(KEY_USAGES.iter().enumerate().filter(|(number, _)| set(*number)).map(|(_, name)| *name).collect())
}

/// The purposes in order, which the parser does not keep.
fn purposes(der: &[u8]) -> Result<Vec<String>, Error> {
    let list = strict::inside(&strict::only(der)?, strict::SEQUENCE, "extKeyUsage")?;
    let purposes: Result<Vec<String>, Error> = list.iter().map(super::object_identifier).collect();
    purposes.and_then(|purposes| match purposes.len() {
        0 => Err(Error::new(Kind::Verify, "no purpose in it")),
        _ => Ok(purposes),
    })
}

fn uri(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        _ => None,
    }
}

fn alternative_name(names: &mut AlternativeNames, general: &GeneralName<'_>) -> Result<(), Error> {
    match general {
        GeneralName::DNSName(name) => names.dns.push(ascii(name)?),
        GeneralName::URI(uri) => names.uris.push(ascii(uri)?),
        GeneralName::RFC822Name(email) => names.emails.push(ascii(email)?),
        GeneralName::IPAddress(octets) => names.ips.push(
            address(octets).ok_or_else(|| Error::new(Kind::Verify, "an IP address that is neither 4 nor 16 octets"))?,
        ),
        other => names.others.push(other_name(other)?),
    }
    Ok(())
}

/// GeneralName's strings are IA5String under an implicit tag, which the strict walk cannot see.
fn ascii(s: &str) -> Result<String, Error> {
    if !s.is_ascii() {
        return Err(Error::new(Kind::Verify, "a name that is not ASCII").saw(s));
    }
    Ok(s.to_owned())
}

fn other_name(general: &GeneralName<'_>) -> Result<String, Error> {
    Ok(match general {
        GeneralName::DirectoryName(name) => format!("dirName:{}", show_name(&name::attributes(name)?)),
        GeneralName::OtherName(oid, _) => format!("otherName:{}", oid.to_id_string()),
        GeneralName::RegisteredID(oid) => format!("registeredID:{}", oid.to_id_string()),
        GeneralName::X400Address(_) => "x400Address".to_owned(),
        GeneralName::EDIPartyName(_) => "ediPartyName".to_owned(),
        _ => return Err(Error::new(Kind::Verify, "a name that is not one")),
    })
}

fn address(octets: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(octets).ok().map(|o| Ipv4Addr::from(o).to_string());
    v4.or_else(|| <[u8; 16]>::try_from(octets).ok().map(|o| Ipv6Addr::from(o).to_string()))
}

fn subtrees(list: Option<&[GeneralSubtree<'_>]>) -> Result<Vec<String>, Error> {
    list.unwrap_or_default()
        .iter()
        .map(|subtree| match &subtree.base {
            GeneralName::DNSName(name) => Ok(format!("DNS:{}", ascii(name)?)),
            GeneralName::URI(uri) => Ok(format!("URI:{}", ascii(uri)?)),
            GeneralName::RFC822Name(email) => Ok(format!("email:{}", ascii(email)?)),
            GeneralName::IPAddress(octets) => {
                let half = octets.len() / 2;
                let (net, mask) = octets.split_at_checked(half).unwrap_or_default();
                match (address(net), address(mask)) {
                    (Some(net), Some(mask)) => Ok(format!("IP:{net}/{mask}")),
                    _ => Ok(format!("IP:{}", HEXLOWER.encode(octets))),
                }
            }
            other => other_name(other),
        })
        .collect()
}

/// What extensions ask for, one thing a string, escaped.
pub(super) fn asked(extensions: &Extensions) -> Vec<String> {
    let mut asked = Vec::new();
    if let Some(basic) = &extensions.basic_constraints {
        asked.push(if basic.ca { "CA:TRUE".to_owned() } else { "CA:FALSE".to_owned() });
        asked.extend(basic.path_len.map(|n| format!("pathlen:{n}")));
    }
    if let Some(usage) = &extensions.key_usage {
        asked.extend(usage.names.iter().map(|name| format!("keyUsage {name}")));
    }
    if let Some(usage) = &extensions.extended_key_usage {
        asked.extend(usage.purposes.iter().map(|oid| format!("extendedKeyUsage {}", purpose_name(oid))));
    }
    if let Some(san) = &extensions.san {
        asked.extend(san.all().iter().map(|name| format!("SAN {name}")));
    }
    if let Some(constraints) = &extensions.name_constraints {
        asked.extend(constraints.permitted.iter().map(|name| format!("nameConstraints permitted {name}")));
        asked.extend(constraints.excluded.iter().map(|name| format!("nameConstraints excluded {name}")));
    }
    asked.extend(extensions.subject_key_id.iter().map(|id| format!("subjectKeyIdentifier {id}")));
    if extensions.authority_key_id.is_some() || extensions.authority_key_id_has_issuer {
        let id = extensions.authority_key_id.as_ref().map(Hex::to_string).unwrap_or_default();
        asked.push(format!("authorityKeyIdentifier {id}").trim_end().to_owned());
    }
    asked.extend(extensions.crl_urls.iter().map(|url| format!("CRL distribution point {url}")));
    asked.extend(extensions.ca_issuers_urls.iter().map(|url| format!("caIssuers {url}")));
    if let Some(policies) = &extensions.policies {
        asked.extend(policies.oids.iter().map(|oid| format!("certificate policy {}", policy_name(oid))));
    }
    asked.extend(extensions.others.iter().map(|other| format!("extension {}", other.oid)));
    asked.iter().map(|thing| text::escape(thing)).collect()
}

impl CertificateView {
    /// What its extensions say, in the words in which [`RequestView::asked`](super::RequestView::asked) says what
    /// a request asks for: what is in both was asked for and given.
    pub fn given(&self) -> Vec<String> {
        asked(&Extensions {
            basic_constraints: self.basic_constraints.clone(),
            key_usage: self.key_usage.clone(),
            extended_key_usage: self.extended_key_usage.clone(),
            san: self.san.clone(),
            name_constraints: self.name_constraints.clone(),
            subject_key_id: self.subject_key_id.clone(),
            authority_key_id: self.authority_key_id.clone(),
            crl_urls: self.crl_urls.clone(),
            ca_issuers_urls: self.ca_issuers_urls.clone(),
            policies: self.policies.clone(),
            ..Extensions::default()
        })
    }
}
