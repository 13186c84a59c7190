//! PEM (RFC 7468): written in one form, read strictly.
//!
//! Readers differ on what they skip; here nothing is skipped but printable text outside of the one block, so
//! that a file cannot hold one thing for this program and another for the next.

use crate::digest::from_base64;
use crate::error::{Error, Kind};
use data_encoding::BASE64;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Wraps DER as one PEM block: lines of 64 columns, a newline at the end.
pub fn encode(label: &str, der: &[u8]) -> String {
    wrap(label, &BASE64.encode(der))
}

/// As [`encode`], for a private key: every copy that is made on the way is wiped.
pub(super) fn encode_secret(label: &str, der: &[u8]) -> SecretString {
    let base64 = Zeroizing::new(BASE64.encode(der));
    SecretString::from(wrap(label, &base64))
}

/// The block around base64, in a string of exactly its size: it never moves while it grows.
fn wrap(label: &str, base64: &str) -> String {
    let lines = base64.len().div_ceil(64);
    let boundaries = 2 * label.len() + BEGIN.len() + END.len() + 2 * DASHES.len() + 2;
    let mut pem = String::with_capacity(boundaries + base64.len() + lines);
    for part in [BEGIN, label, DASHES, "\n"] {
        pem.push_str(part);
    }
    let mut rest = base64;
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    for part in [END, label, DASHES, "\n"] {
        pem.push_str(part);
    }
    pem
}

/// The DER of the only block in a file, which must have this label.
///
/// CRLF line ends and printable ASCII text around the block are allowed; a second block of any label is not.
///
/// # Errors
/// [`Kind::Medium`]: no such block, another block, text that is not printable ASCII, base64 that is not canonical.
pub fn decode_one(bytes: &[u8], label: &str) -> Result<Vec<u8>, Error> {
    let mut blocks = blocks(bytes)?;
    let private = blocks.iter().find(|block| block.label.contains("PRIVATE KEY") && block.label != label);
    if let Some(private) = private {
        return Err(Error::new(Kind::Medium, "the file holds a private key")
            .saw(&private.label)
            .wanted(label)
            .hint("treat this key as compromised: it has travelled; make a new key and a new request"));
    }
    match (blocks.pop(), blocks.len()) {
        (Some(block), 0) if block.label == label => Ok(block.der.to_vec()),
        (Some(block), 0) => Err(Error::new(Kind::Medium, "another kind of PEM block").saw(&block.label).wanted(label)),
        (Some(_), before) => Err(Error::new(Kind::Medium, "more than one PEM block in the file")
            .saw(format!("{} blocks", before + 1))
            .wanted(format!("one block, {label}"))),
        (None, _) => Err(missing(bytes, label)),
    }
}

/// The DER of every block in a file, all of which must have this label; at least one.
///
/// # Errors
/// [`Kind::Medium`]: as [`decode_one`], or two blocks glued together without a newline.
pub fn decode_all(bytes: &[u8], label: &str) -> Result<Vec<Vec<u8>>, Error> {
    let blocks = blocks(bytes)?;
    if blocks.is_empty() {
        return Err(missing(bytes, label));
    }
    blocks
        .into_iter()
        .map(|block| {
            if block.label == label {
                Ok(block.der.to_vec())
            } else {
                Err(Error::new(Kind::Medium, "another kind of PEM block").saw(&block.label).wanted(label))
            }
        })
        .collect()
}

/// A file without the lines outside of its blocks: the text that consumers pass over, in whatever encoding.
///
/// Lines that hold a boundary stay, so that a boundary inside of a line is still refused by the readers here.
pub fn without_text(bytes: &[u8]) -> Vec<u8> {
    let holds = |line: &[u8]| line.windows(DASHES.len()).any(|five| five == DASHES.as_bytes());
    let mut kept = Vec::with_capacity(bytes.len());
    let mut inside = false;
    // DER has no lines.
    if bytes.first() == Some(&0x30) {
        return bytes.to_vec();
    }
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let boundary = holds(line);
        if inside || boundary {
            kept.extend_from_slice(line.trim_ascii_end());
            kept.push(b'\n');
        }
        if boundary {
            inside = line.starts_with(BEGIN.as_bytes());
        }
    }
    kept
}

/// The labels of the blocks in a file, in order.
///
/// # Errors
/// [`Kind::Medium`]: as [`decode_one`].
pub fn labels(bytes: &[u8]) -> Result<Vec<String>, Error> {
    Ok(blocks(bytes)?.into_iter().map(|block| block.label).collect())
}

/// The blocks of a private key file, wiped when dropped.
pub(super) fn secret_blocks(bytes: &[u8]) -> Result<Vec<Block>, Error> {
    blocks(bytes)
}

/// One block; its content is wiped when it is dropped.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Zeroizing<Vec<u8>>,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

fn missing(bytes: &[u8], label: &str) -> Error {
    let error = Error::new(Kind::Medium, "no PEM block in the file").wanted(format!("{BEGIN}{label}{DASHES}"));
    if is_der(bytes) {
        return error.saw("DER").hint(format!(
            "convert it: openssl {} -inform DER -in FILE -out FILE.pem",
            if label.contains("REQUEST") { "req" } else { "x509" }
        ));
    }
    error
}

/// True for what begins as a SEQUENCE and not as text: after its tag, which is the digit 0, no text has a length
/// octet.
pub fn is_der(bytes: &[u8]) -> bool {
    matches!(bytes, [0x30, length, ..] if !matches!(length, b'\n' | b'\r' | b'\t' | 0x20..=0x7e))
}

/// Splits a file into its blocks; refuses whatever is neither a block nor printable text around it.
fn blocks(bytes: &[u8]) -> Result<Vec<Block>, Error> {
    if is_der(bytes) {
        return Ok(Vec::new());
    }
    let text = printable(bytes)?;
    let mut blocks = Vec::new();
    let mut open: Option<(String, Zeroizing<String>)> = None;
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let at = |what: &str| Error::new(Kind::Medium, format!("line {}: {what}", number + 1));
        match &mut open {
            None => {
                if let Some(label) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES)) {
                    if label.is_empty() || label.contains(DASHES) {
                        return Err(at("a PEM label that is not one").saw(line));
                    }
                    open = Some((label.to_owned(), Zeroizing::new(String::with_capacity(text.len()))));
                } else if line.contains(BEGIN.trim_end()) || line.contains(END.trim_end()) {
                    return Err(at("a PEM boundary that is not on a line of its own")
                        .hint("two blocks glued together need a newline between them"));
                }
            }
            Some((label, base64)) => {
                if line.starts_with(DASHES) {
                    let end = line.strip_prefix(END).and_then(|rest| rest.strip_suffix(DASHES));
                    if end != Some(label.as_str()) {
                        return Err(at("a PEM block does not end as it began").wanted(format!("{END}{label}{DASHES}")));
                    }
                    blocks.push(Block { label: label.clone(), der: decode(base64).map_err(|()| bad_base64(label))? });
                    open = None;
                } else if line.contains(':') {
                    return Err(at("a PEM block with headers")
                        .hint("an encrypted or annotated block; write it again without them"));
                } else {
                    base64.push_str(line.trim_end_matches([' ', '\t']));
                }
            }
        }
    }
    match open {
        Some((label, _)) => Err(Error::new(Kind::Medium, "a PEM block without an end").saw(label)),
        None => Ok(blocks),
    }
}

fn bad_base64(label: &str) -> Error {
    Error::new(Kind::Medium, format!("the base64 of {label} is not canonical"))
}

fn decode(base64: &str) -> Result<Zeroizing<Vec<u8>>, ()> {
    match from_base64(base64.as_bytes()) {
        Ok(der) if !der.is_empty() => Ok(Zeroizing::new(der)),
        _ => Err(()),
    }
}

/// The file as text of printable ASCII, tabs, and line ends LF or CRLF.
fn printable(bytes: &[u8]) -> Result<&str, Error> {
    let allowed = |b: u8, next: Option<&u8>| match b {
        b'\n' | b'\t' | 0x20..=0x7e => true,
        b'\r' => next == Some(&b'\n'),
        _ => false,
    };
    let mut following = bytes.iter().skip(1);
    for (position, byte) in bytes.iter().enumerate() {
        if !allowed(*byte, following.next()) {
            return Err(Error::new(Kind::Medium, "not a PEM file: a character that is not printable ASCII")
                .saw(format!("byte 0x{byte:02x} at {position}"))
                .wanted("PEM, with LF or CRLF line ends"));
        }
    }
    std::str::from_utf8(bytes).map_err(|_| Error::new(Kind::Medium, "not a PEM file"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LABEL: &str = "CERTIFICATE REQUEST";

    fn refused(text: &str, want: &str) {
        let error = decode_one(text.as_bytes(), LABEL).unwrap_err();
        assert!(format!("{error} {:?}", error.hints()).contains(want), "{error}");
        assert_eq!(error.kind(), Kind::Medium);
    }

    #[test]
    fn a_block_with_text_around_it_and_crlf_is_read() {
        let pem = format!("Subject: x\r\n{}after\n", encode(LABEL, &[7; 100]).replace('\n', "\r\n"));
        assert_eq!(decode_one(pem.as_bytes(), LABEL).unwrap(), vec![7; 100]);
    }

    #[test]
    fn text_that_begins_with_the_digit_of_a_sequence_is_text() {
        let pem = format!("0 days left\n{}", encode(LABEL, &[7; 100]));
        assert_eq!(decode_one(pem.as_bytes(), LABEL).unwrap(), vec![7; 100]);
        assert!(is_der(&[0x30, 0x82, 1]) && is_der(&[0x30, 3]) && !is_der(b"0") && !is_der(b"0\n"));
    }

    #[test]
    fn everything_that_another_reader_may_see_differently_is_refused() {
        let one = encode(LABEL, &[7; 100]);
        refused(&format!("{one}{one}"), "more than one PEM block");
        refused(&format!("{one}{}", encode("PRIVATE KEY", &[1])), "compromised");
        refused(&one.replace("-----END", "-----BEGIN"), "does not end");
        refused(&format!("{}{one}", one.trim_end()), "does not end as it began");
        refused(&one.replace("wcH", "*cH"), "base64");
        refused(&one.replace('\n', "\r"), "0x0d");
        refused(&one.to_lowercase(), "no PEM block");
        refused(&one.replace("REQUEST-----\n", "REQUEST-----\nProc-Type: 4,ENCRYPTED\n"), "headers");
        refused(&encode("CERTIFICATE", &[1]), "another kind");
        refused("\u{1b}]52;c;\u{7}", "0x1b");
        refused("0\u{1}", "openssl req -inform DER");
        refused(&one[..one.len() - 30], "without an end");
        refused(&format!("-----BEGIN {LABEL}-----\nAB==\n-----END {LABEL}-----\n"), "base64");
    }

    #[test]
    fn glued_blocks_are_refused_and_separate_ones_are_read_in_order() {
        let (a, b) = (encode("CERTIFICATE", &[1; 5]), encode("CERTIFICATE", &[2; 5]));
        assert_eq!(decode_all(format!("{a}\n{b}").as_bytes(), "CERTIFICATE").unwrap(), [[1; 5], [2; 5]]);
        assert!(decode_all(format!("{}{b}", a.trim_end()).as_bytes(), "CERTIFICATE").is_err());
        assert!(decode_all(b"", "CERTIFICATE").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(der in proptest::collection::vec(any::<u8>(), 1..300)) {
            let pem = encode(LABEL, &der);
            prop_assert!(pem.lines().all(|line| line.len() <= 64));
            prop_assert_eq!(decode_one(pem.as_bytes(), LABEL).unwrap(), der);
        }
    }
}
