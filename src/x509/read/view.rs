//! What was read, as plain values: screens, lint and checks look at these and never at parser types.
//!
//! Strings are as they stand in the structure; whoever shows one escapes it ([`show_name`] does).

use crate::digest::Hex;
use crate::name::show_value;
use crate::x509::{SignatureAlgorithm, Spki};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAttribute {
    /// The short label (`CN`), or the dotted object identifier of a type this program does not write.
    pub label: String,
    /// The value, unescaped; `#` and hex where it is no string.
    pub value: String,
    /// True where the value is text, false where it is hex.
    pub is_text: bool,
    /// `UTF8String`, `PrintableString`, …, or `tag 0x..`.
    pub string_type: String,
    /// The number of its RDN, from 0: two attributes of one RDN are a multi-valued RDN.
    pub rdn: usize,
}

/// A name on one line, `O=Example, CN=…`, escaped; equal to the
/// [`DistinguishedName`](crate::name::DistinguishedName)'s display for a name that this program built.
pub fn show_name(name: &[NameAttribute]) -> String {
    let mut shown = String::new();
    for (position, attribute) in name.iter().enumerate() {
        let before = position.checked_sub(1).and_then(|p| name.get(p));
        shown.push_str(match before {
            None => "",
            Some(before) if before.rdn == attribute.rdn => "+",
            Some(_) => ", ",
        });
        shown.push_str(&attribute.label);
        shown.push('=');
        shown.push_str(&match attribute.is_text {
            true => show_value(&attribute.value),
            false => attribute.value.clone(),
        });
    }
    shown
}

/// basicConstraints (RFC 5280 section 4.2.1.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicConstraints {
    /// The extension is critical.
    pub critical: bool,
    /// The subject is a CA.
    pub ca: bool,
    /// How many CA certificates may follow.
    pub path_len: Option<u32>,
}

/// keyUsage (RFC 5280 section 4.2.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUsage {
    /// The extension is critical.
    pub critical: bool,
    /// The standard's names of the bits that are set, in bit order.
    pub names: Vec<&'static str>,
}

/// extKeyUsage (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// The extension is critical.
    pub critical: bool,
    /// Dotted object identifiers, in order.
    pub purposes: Vec<String>,
}

/// subjectAltName (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AlternativeNames {
    /// The extension is critical.
    pub critical: bool,
    /// dNSName.
    pub dns: Vec<String>,
    /// uniformResourceIdentifier.
    pub uris: Vec<String>,
    /// rfc822Name.
    pub emails: Vec<String>,
    /// iPAddress, in the usual notation.
    pub ips: Vec<String>,
    /// Anything else, as `dirName:…`, `otherName:…`.
    pub others: Vec<String>,
}

impl AlternativeNames {
    /// Every name with its kind before it: `DNS:istiod.istio-system.svc`.
    pub fn all(&self) -> Vec<String> {
        let kinds = [("DNS:", &self.dns), ("URI:", &self.uris), ("email:", &self.emails), ("IP:", &self.ips)];
        let named = kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind}{name}")));
        named.chain(self.others.iter().cloned()).collect()
    }
}

/// nameConstraints (RFC 5280 section 4.2.1.10); each subtree as `DNS:svc`, `URI:cluster.local`, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameConstraints {
    /// The extension is critical.
    pub critical: bool,
    /// permittedSubtrees.
    pub permitted: Vec<String>,
    /// excludedSubtrees.
    pub excluded: Vec<String>,
}

/// certificatePolicies (RFC 5280 section 4.2.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// The extension is critical.
    pub critical: bool,
    /// Dotted object identifiers.
    pub oids: Vec<String>,
}

/// An extension that is not one of those above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherExtension {
    /// Dotted object identifier.
    pub oid: String,
    /// The extension is critical.
    pub critical: bool,
}

/// The extensions of a certificate, or those that a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extensions {
    /// basicConstraints.
    pub basic_constraints: Option<BasicConstraints>,
    /// keyUsage.
    pub key_usage: Option<KeyUsage>,
    /// extKeyUsage.
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    /// subjectAltName.
    pub san: Option<AlternativeNames>,
    /// nameConstraints.
    pub name_constraints: Option<NameConstraints>,
    /// subjectKeyIdentifier.
    pub subject_key_id: Option<Hex>,
    /// authorityKeyIdentifier's keyIdentifier.
    pub authority_key_id: Option<Hex>,
    /// The authorityKeyIdentifier also names an issuer and a serial number.
    pub authority_key_id_has_issuer: bool,
    /// Full-name URIs of cRLDistributionPoints.
    pub crl_urls: Vec<String>,
    /// caIssuers URIs of authorityInfoAccess.
    pub ca_issuers_urls: Vec<String>,
    /// certificatePolicies.
    pub policies: Option<Policies>,
    /// Every other extension.
    pub others: Vec<OtherExtension>,
    /// Object identifiers that occur more than once.
    pub duplicates: Vec<String>,
    /// Every extension with its criticality, in order, those above included.
    pub all: Vec<OtherExtension>,
}

/// A to-be-signed certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateView {
    /// 1, 2 or 3.
    pub version: u32,
    /// The serial number's magnitude, big-endian, without the sign octet of DER. Never negative.
    pub serial: Hex,
    /// Dotted object identifier of the inner signature algorithm.
    pub signature_oid: String,
    /// The issuer's Name, DER.
    pub issuer_der: Vec<u8>,
    /// The subject's Name, DER.
    pub subject_der: Vec<u8>,
    /// The issuer.
    pub issuer: Vec<NameAttribute>,
    /// The subject.
    pub subject: Vec<NameAttribute>,
    /// The beginning of validity.
    pub not_before: Timestamp,
    /// The end of validity, inclusive.
    pub not_after: Timestamp,
    /// `UTCTime` or `GeneralizedTime`, for notBefore and notAfter.
    pub time_types: [&'static str; 2],
    /// The SubjectPublicKeyInfo, DER.
    pub spki_der: Vec<u8>,
    /// The subject's public key.
    pub spki: Spki,
    /// The subject's or issuer's unique identifier is present (RFC 5280 forbids it).
    pub unique_ids: bool,
    /// basicConstraints.
    pub basic_constraints: Option<BasicConstraints>,
    /// keyUsage.
    pub key_usage: Option<KeyUsage>,
    /// extKeyUsage.
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    /// subjectAltName.
    pub san: Option<AlternativeNames>,
    /// nameConstraints.
    pub name_constraints: Option<NameConstraints>,
    /// subjectKeyIdentifier.
    pub subject_key_id: Option<Hex>,
    /// authorityKeyIdentifier's keyIdentifier.
    pub authority_key_id: Option<Hex>,
    /// Full-name URIs of cRLDistributionPoints.
    pub crl_urls: Vec<String>,
    /// caIssuers URIs of authorityInfoAccess.
    pub ca_issuers_urls: Vec<String>,
    /// certificatePolicies.
    pub policies: Option<Policies>,
    /// Every other extension.
    pub others: Vec<OtherExtension>,
    /// Every extension with its criticality, in order.
    pub extensions: Vec<OtherExtension>,
}

impl CertificateView {
    /// The subject is a CA by its basicConstraints.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints.as_ref().is_some_and(|b| b.ca)
    }

    /// The path length that basicConstraints sets.
    pub fn path_len(&self) -> Option<u32> {
        self.basic_constraints.as_ref().and_then(|b| b.path_len)
    }

    /// The DNS names of subjectAltName.
    pub fn dns_names(&self) -> &[String] {
        self.san.as_ref().map(|san| san.dns.as_slice()).unwrap_or_default()
    }

    /// True where keyUsage has this bit, by the standard's name.
    pub fn may(&self, usage: &str) -> bool {
        self.key_usage.as_ref().is_some_and(|k| k.names.contains(&usage))
    }

    /// Issuer and subject are the same bytes.
    pub fn is_self_issued(&self) -> bool {
        self.issuer_der == self.subject_der
    }
}

/// A signed certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The whole certificate.
    pub der: Vec<u8>,
    /// The to-be-signed bytes, as they stand in it.
    pub tbs: Vec<u8>,
    /// What they say.
    pub view: CertificateView,
    /// The signature's algorithm; inner and outer agree.
    pub algorithm: SignatureAlgorithm,
    /// The signature's octets.
    pub signature: Vec<u8>,
}

/// A to-be-signed CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlView {
    /// 1 or 2.
    pub version: u32,
    /// Dotted object identifier of the inner signature algorithm.
    pub signature_oid: String,
    /// The issuer's Name, DER.
    pub issuer_der: Vec<u8>,
    /// The issuer.
    pub issuer: Vec<NameAttribute>,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due at the latest.
    pub next_update: Timestamp,
    /// `UTCTime` or `GeneralizedTime`, for thisUpdate and nextUpdate.
    pub time_types: [&'static str; 2],
    /// cRLNumber.
    pub number: Option<u64>,
    /// authorityKeyIdentifier's keyIdentifier.
    pub authority_key_id: Option<Hex>,
    /// Serial number (magnitude), date, and the reason's name in RFC 5280 section 5.3.1.
    pub revoked: Vec<(Hex, Timestamp, Option<String>)>,
    /// invalidityDate of the entries that have one, by serial number.
    pub invalidity: BTreeMap<Hex, Timestamp>,
    /// Entry extensions other than the reason code and the invalidity date.
    pub entry_others: Vec<OtherExtension>,
    /// Every other extension (an issuingDistributionPoint among them).
    pub others: Vec<OtherExtension>,
    /// Every extension with its criticality, in order.
    pub extensions: Vec<OtherExtension>,
}

impl CrlView {
    /// True where it lists its issuer's own certificates and all of them: no issuingDistributionPoint, no delta, no
    /// unknown critical extension, and in its entries none that matters (an indirect one's certificateIssuer).
    pub fn is_whole(&self) -> bool {
        const CHANGES: [&str; 2] = ["2.5.29.27", "2.5.29.28"];
        const OF_ENTRIES: &str = "2.5.29.29";
        let whole = self.others.iter().all(|other| !other.critical && !CHANGES.contains(&other.oid.as_str()));
        whole && self.entry_others.iter().all(|other| !other.critical && other.oid != OF_ENTRIES)
    }
}

/// A signed CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// The whole CRL.
    pub der: Vec<u8>,
    /// The to-be-signed bytes, as they stand in it.
    pub tbs: Vec<u8>,
    /// What they say.
    pub view: CrlView,
    /// The signature's algorithm; inner and outer agree.
    pub algorithm: SignatureAlgorithm,
    /// The signature's octets.
    pub signature: Vec<u8>,
}

/// A PKCS#10 request (RFC 2986).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestView {
    /// The CertificationRequestInfo, exactly the bytes that were signed.
    pub info: Vec<u8>,
    /// The subject's Name, DER.
    pub subject_der: Vec<u8>,
    /// The subject that is asked for.
    pub subject: Vec<NameAttribute>,
    /// The SubjectPublicKeyInfo, DER.
    pub spki_der: Vec<u8>,
    /// Dotted object identifier of the signature algorithm.
    pub algorithm_oid: String,
    /// The algorithm's parameters are as its standard wants them: NULL for RSA, absent elsewhere.
    pub algorithm_parameters_ok: bool,
    /// The signature's octets.
    pub signature: Vec<u8>,
    /// The extensions that are asked for.
    pub extensions: Extensions,
    /// Attributes by dotted object identifier, in order, duplicates included.
    pub attributes: Vec<String>,
    /// Attributes that occur more than once, dotted; the two forms of extensionRequest count as one.
    pub duplicate_attributes: Vec<String>,
    /// What it asks for, one thing a string, escaped: `pathlen:5`, `keyUsage digitalSignature`.
    pub asked: Vec<String>,
}
