//! DER without leniency: one encoding per value, checked before any parser sees the bytes.
//!
//! Parsers of certificates accept much that is BER or nonsense; two of them then disagree about what was
//! signed. This walks tags and lengths and refuses whatever DER forbids, within bounds on depth. It knows
//! no certificate fields. Source: ITU-T X.690 sections 8, 10 and 11.

use crate::error::{Error, Kind};

/// The deepest nesting that is read; a certificate needs about ten.
pub const MAX_DEPTH: usize = 24;

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

/// Which rule of DER is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// A structure ends before its content does.
    CutShort,
    /// Bytes follow the structure.
    Trailing,
    /// A length that is indefinite, not minimal, or too long to be one.
    Length,
    /// A value, a tag or an order that has another encoding in DER, or none.
    Value,
    /// Nesting beyond [`MAX_DEPTH`].
    Depth,
}

/// What is broken, and the sentence about it.
#[derive(Debug)]
pub struct NotDer {
    /// The rule.
    pub breach: Breach,
    /// The sentence, of [`Kind::Verify`].
    pub error: Error,
}

impl From<NotDer> for Error {
    fn from(not_der: NotDer) -> Self {
        not_der.error
    }
}

impl NotDer {
    fn saw(mut self, seen: impl AsRef<str>) -> Self {
        self.error = self.error.saw(seen);
        self
    }
    fn wanted(mut self, wanted: impl AsRef<str>) -> Self {
        self.error = self.error.wanted(wanted);
        self
    }
}

/// Checks that the input is exactly one DER element, down to its leaves.
///
/// # Errors
/// [`Kind::Verify`] names the first rule that is broken.
pub fn check(der: &[u8]) -> Result<(), Error> {
    Ok(walk(der)?)
}

/// As [`check`], saying which rule is broken.
///
/// # Errors
/// The first rule that is broken.
pub fn walk(der: &[u8]) -> Result<(), NotDer> {
    let (element, rest) = next(der)?;
    if !rest.is_empty() {
        return Err(trailing(rest));
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
        (_, rest) => Err(trailing(rest).into()),
    }
}

/// The elements one after the other in `content`.
///
/// # Errors
/// [`Kind::Verify`]: a tag or a length that is not DER.
pub fn children(content: &[u8]) -> Result<Vec<Element<'_>>, Error> {
    Ok(elements(content)?)
}

fn elements(mut content: &[u8]) -> Result<Vec<Element<'_>>, NotDer> {
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
        return Err(value(format!("{name} has the wrong tag"))
            .saw(format!("0x{:02x}", element.tag))
            .wanted(format!("0x{tag:02x}"))
            .into());
    }
    children(element.content)
}

fn bad(breach: Breach, what: impl AsRef<str>) -> NotDer {
    NotDer { breach, error: Error::new(Kind::Verify, format!("not DER: {}", what.as_ref())) }
}

fn value(what: impl AsRef<str>) -> NotDer {
    bad(Breach::Value, what)
}

fn length(what: &str) -> NotDer {
    bad(Breach::Length, what)
}

fn cut_short() -> NotDer {
    bad(Breach::CutShort, "a structure is cut short")
}

fn trailing(rest: &[u8]) -> NotDer {
    bad(Breach::Trailing, "bytes follow the structure").saw(format!("{} bytes", rest.len())).wanted("none")
}

/// Splits the first element off.
fn next(input: &[u8]) -> Result<(Element<'_>, &[u8]), NotDer> {
    let (&tag, after_tag) = input.split_first().ok_or_else(cut_short)?;
    if tag & 0x1f == 0x1f {
        return Err(value("a tag number above 30"));
    }
    let (&first, after_length) = after_tag.split_first().ok_or_else(cut_short)?;
    let (length, after_length) =
        if first < 0x80 { (usize::from(first), after_length) } else { long_length(first, after_length)? };
    let (content, rest) = after_length.split_at_checked(length).ok_or_else(cut_short)?;
    let (whole, _) = input.split_at_checked(input.len() - rest.len()).ok_or_else(cut_short)?;
    Ok((Element { tag, content, whole }, rest))
}

/// A length in the long form, which must be needed and minimal (X.690 section 10.1).
fn long_length(first: u8, input: &[u8]) -> Result<(usize, &[u8]), NotDer> {
    let octets = usize::from(first & 0x7f);
    match octets {
        0 => return Err(length("an indefinite length")),
        1..=4 => {}
        _ => return Err(length("a length of more than four octets")),
    }
    let (octets, rest) = input.split_at_checked(octets).ok_or_else(cut_short)?;
    let number = octets.iter().fold(0u64, |number, octet| number << 8 | u64::from(*octet));
    if number < 0x80 || octets.first() == Some(&0) {
        return Err(length("a length that is not minimal"));
    }
    let number = usize::try_from(number).map_err(|_| length("a length beyond the machine"))?;
    Ok((number, rest))
}

fn check_element(element: &Element<'_>, depth: usize) -> Result<(), NotDer> {
    if depth >= MAX_DEPTH {
        return Err(bad(Breach::Depth, "nested too deeply").wanted(format!("at most {MAX_DEPTH} levels")));
    }
    let constructed = element.tag & 0x20 != 0;
    if element.tag & 0xc0 == 0 {
        let must_be = matches!(element.tag & 0x1f, 0x10 | 0x11);
        if constructed != must_be {
            return Err(value("a universal type in the wrong form").saw(format!("tag 0x{:02x}", element.tag)));
        }
        if !constructed {
            return check_primitive(element.tag, element.content);
        }
    }
    if !constructed {
        return Ok(());
    }
    let children = elements(element.content)?;
    let pairs = children.iter().zip(children.iter().skip(1));
    if element.tag == SET && pairs.into_iter().any(|(a, b)| a.whole > b.whole) {
        return Err(value("a SET that is not in order"));
    }
    children.iter().try_for_each(|child| check_element(child, depth + 1))
}

/// The rules of one primitive value (X.690 sections 8.2 to 8.23 and 11).
fn check_primitive(tag: u8, content: &[u8]) -> Result<(), NotDer> {
    let first = content.first().copied();
    match tag {
        0x01 if !matches!(content, [0x00 | 0xff]) => Err(value("a BOOLEAN that is neither 00 nor ff")),
        0x02 | 0x0a if !is_minimal_integer(content) => Err(value("an INTEGER that is empty or not minimal")),
        0x03 if !is_bit_string(content) => Err(value("a BIT STRING with wrong unused bits")),
        0x05 if first.is_some() => Err(value("a NULL with content")),
        0x06 if !is_object_identifier(content) => Err(value("an OBJECT IDENTIFIER that is not one")),
        0x0c if std::str::from_utf8(content).is_err() => Err(value("a UTF8String that is not UTF-8")),
        0x12 if !content.iter().all(|b| b.is_ascii_digit() || *b == b' ') => {
            Err(value("a NumericString of other characters"))
        }
        0x13 if !content.iter().all(|b| is_printable_string(*b)) => Err(value("a PrintableString of other characters")),
        0x16 if !content.is_ascii() => Err(value("an IA5String that is not ASCII")),
        0x1a if !content.iter().all(|b| (0x20..0x7f).contains(b)) => Err(value("a VisibleString of other characters")),
        0x17 if !is_time(content, 13) => Err(value("a UTCTime that is not YYMMDDHHMMSSZ")),
        0x18 if !is_time(content, 15) => Err(value("a GeneralizedTime that is not YYYYMMDDHHMMSSZ")),
        0x1e if !content.len().is_multiple_of(2) => Err(value("a BMPString of odd length")),
        0x1c if !content.len().is_multiple_of(4) => Err(value("a UniversalString of odd length")),
        0x01..=0x06 | 0x0a | 0x0c | 0x12..=0x14 | 0x16..=0x18 | 0x1a | 0x1c | 0x1e => Ok(()),
        _ => Err(value("a type that certificates do not use").saw(format!("tag 0x{tag:02x}"))),
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
mod tests;
