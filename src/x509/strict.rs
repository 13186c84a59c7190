//! DER without leniency: one encoding per value, checked before any parser sees the bytes.
//!
//! Parsers of certificates accept much that is BER or nonsense; two of them then disagree about what was
//! signed. This walks tags and lengths and refuses whatever DER forbids, within bounds on depth. It knows
//! no certificate fields. Source: ITU-T X.690 sections 8, 10 and 11.

use crate::error::{Error, Kind};

/// The deepest nesting that is read; a certificate needs about ten.
const MAX_DEPTH: usize = 24;

/// One element: its tag, its content and the whole of it.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The content octets.
    pub content: &'a [u8],
    /// Identifier, length and content.
    pub whole: &'a [u8],
}

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u8 = 0x04;
/// OBJECT IDENTIFIER.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// SEQUENCE.
pub const SEQUENCE: u8 = 0x30;
/// SET.
pub const SET: u8 = 0x31;
/// Context-specific, constructed, number 0.
pub const CONTEXT_0: u8 = 0xa0;

/// Checks that the input is exactly one DER element, down to its leaves.
///
/// # Errors
/// [`Kind::Verify`] names the first rule that is broken.
pub fn check(der: &[u8]) -> Result<(), Error> {
    let (element, rest) = next(der)?;
    if !rest.is_empty() {
        return Err(bad("bytes follow the structure").saw(format!("{} bytes", rest.len())).wanted("none"));
    }
    check_element(&element, 0)
}

/// The only element of an input.
///
/// # Errors
/// [`Kind::Verify`]: not one element, or bytes follow it.
pub fn only(der: &[u8]) -> Result<Element<'_>, Error> {
    match next(der)? {
        (element, []) => Ok(element),
        (_, rest) => Err(bad("bytes follow the structure").saw(format!("{} bytes", rest.len())).wanted("none")),
    }
}

/// The elements one after the other in `content`.
///
/// # Errors
/// [`Kind::Verify`]: a tag or a length that is not DER.
pub fn children(mut content: &[u8]) -> Result<Vec<Element<'_>>, Error> {
    let mut found = Vec::new();
    while !content.is_empty() {
        let (element, rest) = next(content)?;
        found.push(element);
        content = rest;
    }
    Ok(found)
}

/// The elements inside a constructed element of the wanted tag.
///
/// # Errors
/// [`Kind::Verify`]: another tag, or content that is not DER.
pub fn inside<'a>(element: &Element<'a>, tag: u8, name: &str) -> Result<Vec<Element<'a>>, Error> {
    if element.tag != tag {
        return Err(bad(format!("{name} has the wrong tag"))
            .saw(format!("0x{:02x}", element.tag))
            .wanted(format!("0x{tag:02x}")));
    }
    children(element.content)
}

fn bad(what: impl AsRef<str>) -> Error {
    Error::new(Kind::Verify, format!("not DER: {}", what.as_ref()))
}

/// Splits the first element off.
fn next(input: &[u8]) -> Result<(Element<'_>, &[u8]), Error> {
    let cut = || bad("a structure is cut short");
    let (&tag, after_tag) = input.split_first().ok_or_else(cut)?;
    if tag & 0x1f == 0x1f {
        return Err(bad("a tag number above 30"));
    }
    let (&first, after_length) = after_tag.split_first().ok_or_else(cut)?;
    let (length, after_length) =
        if first < 0x80 { (usize::from(first), after_length) } else { long_length(first, after_length)? };
    let (content, rest) = after_length.split_at_checked(length).ok_or_else(cut)?;
    let (whole, _) = input.split_at_checked(input.len() - rest.len()).ok_or_else(cut)?;
    Ok((Element { tag, content, whole }, rest))
}

/// A length in the long form, which must be needed and minimal (X.690 section 10.1).
fn long_length(first: u8, input: &[u8]) -> Result<(usize, &[u8]), Error> {
    let octets = usize::from(first & 0x7f);
    match octets {
        0 => return Err(bad("an indefinite length")),
        1..=4 => {}
        _ => return Err(bad("a length of more than four octets")),
    }
    let (octets, rest) = input.split_at_checked(octets).ok_or_else(|| bad("a structure is cut short"))?;
    let value = octets.iter().fold(0u64, |value, octet| value << 8 | u64::from(*octet));
    if value < 0x80 || octets.first() == Some(&0) {
        return Err(bad("a length that is not minimal"));
    }
    let value = usize::try_from(value).map_err(|_| bad("a length beyond the machine"))?;
    Ok((value, rest))
}

fn check_element(element: &Element<'_>, depth: usize) -> Result<(), Error> {
    if depth >= MAX_DEPTH {
        return Err(bad("nested too deeply").wanted(format!("at most {MAX_DEPTH} levels")));
    }
    let constructed = element.tag & 0x20 != 0;
    if element.tag & 0xc0 == 0 {
        let must_be = matches!(element.tag & 0x1f, 0x10 | 0x11);
        if constructed != must_be {
            return Err(bad("a universal type in the wrong form").saw(format!("tag 0x{:02x}", element.tag)));
        }
        if !constructed {
            return check_primitive(element.tag, element.content);
        }
    }
    if !constructed {
        return Ok(());
    }
    let children = children(element.content)?;
    let pairs = children.iter().zip(children.iter().skip(1));
    if element.tag == SET && pairs.into_iter().any(|(a, b)| a.whole > b.whole) {
        return Err(bad("a SET that is not in order"));
    }
    children.iter().try_for_each(|child| check_element(child, depth + 1))
}

/// The rules of one primitive value (X.690 sections 8.2 to 8.23 and 11).
fn check_primitive(tag: u8, content: &[u8]) -> Result<(), Error> {
    let first = content.first().copied();
    match tag {
        0x01 if !matches!(content, [0x00 | 0xff]) => Err(bad("a BOOLEAN that is neither 00 nor ff")),
        0x02 | 0x0a if !is_minimal_integer(content) => Err(bad("an INTEGER that is empty or not minimal")),
        0x03 if !is_bit_string(content) => Err(bad("a BIT STRING with wrong unused bits")),
        0x05 if first.is_some() => Err(bad("a NULL with content")),
        0x06 if !is_object_identifier(content) => Err(bad("an OBJECT IDENTIFIER that is not one")),
        0x0c if std::str::from_utf8(content).is_err() => Err(bad("a UTF8String that is not UTF-8")),
        0x12 if !content.iter().all(|b| b.is_ascii_digit() || *b == b' ') => {
            Err(bad("a NumericString of other characters"))
        }
        0x13 if !content.iter().all(|b| is_printable_string(*b)) => Err(bad("a PrintableString of other characters")),
        0x16 if !content.is_ascii() => Err(bad("an IA5String that is not ASCII")),
        0x1a if !content.iter().all(|b| (0x20..0x7f).contains(b)) => Err(bad("a VisibleString of other characters")),
        0x17 if !is_time(content, 13) => Err(bad("a UTCTime that is not YYMMDDHHMMSSZ")),
        0x18 if !is_time(content, 15) => Err(bad("a GeneralizedTime that is not YYYYMMDDHHMMSSZ")),
        0x1e if !content.len().is_multiple_of(2) => Err(bad("a BMPString of odd length")),
        0x1c if !content.len().is_multiple_of(4) => Err(bad("a UniversalString of odd length")),
        0x01..=0x06 | 0x0a | 0x0c | 0x12..=0x14 | 0x16..=0x18 | 0x1a | 0x1c | 0x1e => Ok(()),
        _ => Err(bad("a type that certificates do not use").saw(format!("tag 0x{tag:02x}"))),
    }
}

fn is_minimal_integer(content: &[u8]) -> bool {
    match content {
        [] => false,
        [_] => true,
        [0x00, second, ..] => *second >= 0x80,
        [0xff, second, ..] => *second < 0x80,
        _ => true,
    }
}

fn is_bit_string(content: &[u8]) -> bool {
    match content {
        [0] => true,
        [unused @ 0..=7, .., last] => last.trailing_zeros() >= u32::from(*unused),
        _ => false,
    }
}

fn is_object_identifier(content: &[u8]) -> bool {
    // Each number ends with an octet below 0x80 and does not begin with 0x80.
    let mut begins = true;
    for octet in content {
        if begins && *octet == 0x80 {
            return false;
        }
        begins = *octet < 0x80;
    }
    begins && !content.is_empty()
}

/// The characters of PrintableString (X.680 section 41.4).
pub fn is_printable_string(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b)
}

fn is_time(content: &[u8], length: usize) -> bool {
    content.len() == length && content.last() == Some(&b'Z') && content.iter().rev().skip(1).all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_der_forbids_is_refused() {
        let cases: [(&[u8], &str); 18] = [
            (&[], "cut short"),
            (&[0x30], "cut short"),
            (&[0x30, 0x02, 0x05], "cut short"),
            (&[0x30, 0x80, 0x00, 0x00], "indefinite"),
            (&[0x30, 0x81, 0x02, 0x05, 0x00], "not minimal"),
            (&[0x30, 0x82, 0x00, 0x80], "not minimal"),
            (&[0x30, 0x85, 1, 1, 1, 1, 1], "four octets"),
            (&[0x05, 0x00, 0x00], "follow"),
            (&[0x1f, 0x81, 0x00], "above 30"),
            (&[0x01, 0x01, 0x01], "BOOLEAN"),
            (&[0x02, 0x02, 0x00, 0x01], "INTEGER"),
            (&[0x02, 0x02, 0xff, 0x80], "INTEGER"),
            (&[0x03, 0x02, 0x01, 0x01], "BIT STRING"),
            (&[0x06, 0x02, 0x80, 0x01], "OBJECT"),
            (&[0x0c, 0x02, 0xc3, 0x28], "UTF-8"),
            (&[0x13, 0x01, b'*'], "PrintableString"),
            (&[0x24, 0x02, 0x04, 0x00], "wrong form"),
            (&[0x31, 0x06, 0x02, 0x01, 0x02, 0x02, 0x01, 0x01], "order"),
        ];
        for (der, want) in cases {
            let error = check(der).unwrap_err().to_string();
            assert!(error.contains(want), "{der:02x?}: {error}");
        }
        check(&[0x31, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x02]).unwrap();
        check(&[0x03, 0x02, 0x01, 0x06]).unwrap();
    }

    #[test]
    fn deep_nesting_is_refused_before_it_costs_a_stack() {
        let mut der = vec![0x30, 0x00];
        for _ in 0..40 {
            let length = u8::try_from(der.len()).unwrap();
            der.splice(0..0, [0x30, length]);
        }
        assert!(check(&der).unwrap_err().to_string().contains("nested too deeply"));
    }

    proptest! {
        #[test]
        fn no_input_panics(der in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&der);
        }
    }
}
