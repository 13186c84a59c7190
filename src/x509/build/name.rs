//! Distinguished names as DER: one attribute per RDN, in the order given, with the standard's string types.

use super::{Encode, Error, Kind};
use crate::name::{Attribute, DistinguishedName};
use crate::text;
use crate::x509::strict::is_printable_string;
use der::Tag;
use der::asn1::{Any, ObjectIdentifier, SetOfVec};
use x509_cert::attr::AttributeTypeAndValue;

/// The DER of a Name: UTF8String, and PrintableString for country and serialNumber (RFC 5280 section 4.1.2.4).
///
/// # Errors
/// [`Kind::Usage`]: an empty name, an empty or over-long value, spaces at an end, a character that could
/// deceive, a country that is not two upper-case letters, a character outside PrintableString.
pub fn name_der(name: &DistinguishedName) -> Result<Vec<u8>, Error> {
    if name.0.is_empty() {
        return Err(Error::new(Kind::Usage, "a distinguished name without attributes"));
    }
    let rdns = name.0.iter().map(|(attribute, value)| rdn(*attribute, value)).collect::<Result<Vec<_>, Error>>()?;
    rdns.to_der().map_err(super::cannot_encode)
}

fn rdn(attribute: Attribute, value: &str) -> Result<SetOfVec<AttributeTypeAndValue>, Error> {
    check(attribute, value)?;
    let tag = if attribute.printable_only() { Tag::PrintableString } else { Tag::Utf8String };
    let oid = ObjectIdentifier::new(attribute.oid()).map_err(|_| Error::new(Kind::Bug, "a wrong object identifier"))?;
    let value = Any::new(tag, value.as_bytes()).map_err(super::cannot_encode)?;
    SetOfVec::try_from(vec![AttributeTypeAndValue { oid, value }]).map_err(super::cannot_encode)
}

fn check(attribute: Attribute, value: &str) -> Result<(), Error> {
    let wrong = |what: &str| Error::new(Kind::Usage, format!("{} {what}", attribute.label())).saw(value);
    let length = value.chars().count();
    if length == 0 || length > attribute.max_len() {
        return Err(wrong("is empty or too long").wanted(format!("1 to {} characters", attribute.max_len())));
    }
    if value.trim() != value {
        return Err(wrong("begins or ends with a space"));
    }
    if text::first_deceptive(value).is_some() {
        return Err(wrong("holds a character that is invisible or reorders text"));
    }
    if attribute.printable_only() && !value.bytes().all(is_printable_string) {
        return Err(wrong("holds a character outside PrintableString"));
    }
    if attribute == Attribute::Country && !(length == 2 && value.bytes().all(|b| b.is_ascii_uppercase())) {
        return Err(wrong("is not a country code").wanted("two upper-case letters"));
    }
    Ok(())
}
