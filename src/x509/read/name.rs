//! Names as they stand in a structure: every attribute with its string type, decoded and not escaped.

use super::view::NameAttribute;
use crate::error::{Error, Kind};
use crate::name::Attribute;
use crate::x509::strict;
use data_encoding::HEXLOWER;
use x509_parser::x509::X509Name;

/// The attributes of a name, in order.
///
/// # Errors
/// [`Kind::Verify`]: an RDN without attributes.
pub(super) fn attributes(name: &X509Name<'_>) -> Result<Vec<NameAttribute>, Error> {
    // The parser passes over an empty RDN, which the standard forbids (SET SIZE (1..MAX)).
    let rdns = strict::children(strict::only(name.as_raw())?.content)?;
    if rdns.iter().any(|rdn| rdn.content.is_empty()) {
        return Err(Error::new(Kind::Verify, "a name with an empty part"));
    }
    let mut found = Vec::new();
    for (rdn, set) in name.iter().enumerate() {
        for attribute in set.iter() {
            let oid = attribute.attr_type().to_id_string();
            let known = Attribute::ALL.into_iter().find(|a| a.oid() == oid);
            let value = attribute.attr_value();
            let tag = value.tag().0;
            let text = decode(tag, value.data);
            found.push(NameAttribute {
                label: known.map_or(oid, |a| a.label().to_owned()),
                is_text: text.is_some(),
                value: text.unwrap_or_else(|| format!("#{}", HEXLOWER.encode(value.data))),
                string_type: string_type(tag),
                rdn,
            });
        }
    }
    Ok(found)
}

fn string_type(tag: u32) -> String {
    let known = match tag {
        12 => "UTF8String",
        18 => "NumericString",
        19 => "PrintableString",
        20 => "TeletexString",
        22 => "IA5String",
        26 => "VisibleString",
        28 => "UniversalString",
        30 => "BMPString",
        other => return format!("tag {other}"),
    };
    known.to_owned()
}

/// The text of a string type; `None` where the value is no string or holds no text.
pub(super) fn decode(tag: u32, content: &[u8]) -> Option<String> {
    match tag {
        12 | 18 | 19 | 22 | 26 => std::str::from_utf8(content).ok().map(str::to_owned),
        // T.61 as everybody reads it: Latin-1.
        20 => Some(content.iter().copied().map(char::from).collect()),
        28 => content
            .chunks(4)
            .map(|four| <[u8; 4]>::try_from(four).ok().and_then(|four| char::from_u32(u32::from_be_bytes(four))))
            .collect(),
        30 => {
            let units: Option<Vec<u16>> =
                content.chunks(2).map(|two| <[u8; 2]>::try_from(two).ok().map(u16::from_be_bytes)).collect();
            String::from_utf16(&units?).ok()
        }
        _ => None,
    }
}

/// Reads a Name; the whole input must be one.
///
/// # Errors
/// [`Kind::Verify`]: not a Name.
pub fn name(der: &[u8]) -> Result<Vec<NameAttribute>, Error> {
    use x509_parser::prelude::FromDer;
    strict::check(der)?;
    match X509Name::from_der(der) {
        Ok(([], name)) => attributes(&name),
        _ => Err(Error::new(Kind::Verify, "not a distinguished name")),
    }
}
