//! One line of the log: a header and typed data, in printable ASCII.
//!
//! Bytes are hashed as they stand; nothing is canonicalised. What is read must be exactly what this
//! version writes: an unknown field, a duplicate key, a `v` or type it does not know are refused by name.

use super::record::Record;
use crate::digest::Digest;
use crate::error::{Error, Kind};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::ser::{CharEscape, Formatter};
use serde_json::value::RawValue;
use std::io;
use std::sync::Arc;

/// The format version of a line.
pub const VERSION: u8 = 1;
/// The longest line, in bytes, line end included.
pub const MAX_LINE: usize = 1 << 20;

/// The fields of a line as they stand, borrowed from its bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'a> {
    /// Format version.
    pub v: u8,
    /// Position, from 0.
    pub seq: u64,
    /// Leaf hash of the previous line in hex; 64 zeros in the first.
    pub prev: &'a str,
    /// Log id, 16 bytes in hex.
    pub log: &'a str,
    /// Session id.
    pub session: &'a str,
    /// The offline clock's claim, RFC 3339 in UTC, whole seconds.
    pub time: &'a str,
    /// `confirmed`, `system` or `given`.
    pub time_source: &'a str,
    /// Role ids.
    #[serde(borrow)]
    pub actors: Vec<&'a str>,
    /// The record's type.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The record's data as it stands.
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// What every line of one act shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Log id, 32 hex digits.
    pub log: String,
    /// Session id, 16 hex digits.
    pub session: String,
    /// The time claimed, whole seconds.
    pub time: jiff::Timestamp,
    /// `confirmed`, `system` or `given`.
    pub time_source: String,
    /// Role ids, in the order of the script.
    pub actors: Vec<String>,
}

/// A line that was read: its header, position and typed record.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Position, from 0.
    pub seq: u64,
    /// What the lines of its act share.
    pub header: Arc<Header>,
    /// What it says.
    pub record: Record,
}

/// The header of the line that was read before. Entries come in acts, whose lines are the same, byte for byte, from
/// `prev`'s last quote to `type`'s value.
#[derive(Debug, Clone, Default)]
pub struct LastHeader(Option<(String, Arc<Header>)>);

/// Reads a line without its `\n`: the leaf hash that it says the line before it has, and its entry.
///
/// # Errors
/// As [`parse_line`] and [`Line::entry`]; `prev` is not 64 lower-case hex digits.
pub fn read_line(line: &[u8], last: &mut LastHeader) -> Result<(Digest, Entry), Error> {
    let text = printable(line)?;
    if let Some(read) = last.0.as_ref().and_then(|(shared, header)| read_headed_alike(text, shared, header)) {
        return Ok(read);
    }
    // Whatever is wrong with a line, or unusual, is seen and said here.
    let parsed = parse_text(text)?;
    let prev = previous(parsed.prev).ok_or_else(|| {
        let error = Error::new(Kind::Verify, "a line's prev is not in form").saw(parsed.prev);
        error.wanted("64 lower-case hex digits")
    })?;
    let entry = parsed.entry()?;
    last.0 = Some((parsed.shared()?, Arc::clone(&entry.header)));
    Ok((prev, entry))
}

/// Reads a line that is written as this version writes it and headed as the line before it, which is nearly every
/// line: what it shares with that one is compared, not parsed again. `None` for any other line.
fn read_headed_alike(text: &str, shared: &str, header: &Arc<Header>) -> Option<(Digest, Entry)> {
    let rest = text.strip_prefix("{\"v\":1,\"seq\":")?;
    let (digits, rest) = rest.split_once(',')?;
    // A number that JSON would not have begins with a zero or a sign.
    let canonical = digits == "0" || digits.starts_with(|first: char| matches!(first, '1'..='9'));
    let seq = digits.parse().ok().filter(|_| canonical)?;
    let (prev, rest) = rest.strip_prefix("\"prev\":\"")?.split_at_checked(64)?;
    let (kind, rest) = rest.strip_prefix(shared)?.split_once('"')?;
    let data = rest.strip_prefix(",\"data\":")?.strip_suffix('}')?;
    let record = Record::parse(kind, data).ok()?;
    Some((previous(prev)?, Entry { seq, header: Arc::clone(header), record }))
}

fn previous(hex: &str) -> Option<Digest> {
    let mut prev = Digest([0; 32]);
    (hex.len() == 64 && HEXLOWER.decode_mut(hex.as_bytes(), &mut prev.0).is_ok()).then_some(prev)
}

/// Parses the fields of a line without its `\n`.
///
/// # Errors
/// [`Kind::Verify`]: not printable ASCII, not JSON, a duplicate, missing or unknown field, another `v`.
pub fn parse_line(line: &[u8]) -> Result<Line<'_>, Error> {
    parse_text(printable(line)?)
}

fn printable(line: &[u8]) -> Result<&str, Error> {
    // Looks at every byte whatever it is: a loop without an exit is vectorised.
    if !line.iter().fold(true, |printable, byte| printable & matches!(byte, 0x20..=0x7e)) {
        let byte = line.iter().find(|byte| !matches!(byte, 0x20..=0x7e)).copied().unwrap_or_default();
        return Err(
            Error::new(Kind::Verify, "a line holds a byte that is not printable ASCII").saw(format!("0x{byte:02x}"))
        );
    }
    Ok(std::str::from_utf8(line).unwrap_or_default())
}

fn parse_text(text: &str) -> Result<Line<'_>, Error> {
    let parsed: Line<'_> = serde_json::from_str(text)
        .map_err(|error| Error::new(Kind::Verify, "a line is not an entry").saw(error.to_string()))?;
    if parsed.v != VERSION {
        return Err(Error::new(Kind::Verify, "written by a newer anchorite")
            .saw(format!("v {}", parsed.v))
            .wanted(format!("v {VERSION}"))
            .hint("use the version of anchorite that wrote this log, or a later one"));
    }
    Ok(parsed)
}

impl Line<'_> {
    /// The typed entry of these fields.
    ///
    /// # Errors
    /// [`Kind::Verify`]: a header field out of form, an unknown type, data of the wrong shape.
    pub fn entry(&self) -> Result<Entry, Error> {
        let header = Arc::new(Header {
            log: self.log.to_owned(),
            session: self.session.to_owned(),
            time: self.timestamp()?,
            time_source: self.time_source.to_owned(),
            actors: self.actors.iter().map(|a| (*a).to_owned()).collect(),
        });
        Ok(Entry { seq: self.seq, header, record: Record::parse(self.kind, self.data.get())? })
    }

    /// What stands between the values of `prev` and `type` where this version writes a line with this header.
    ///
    /// # Errors
    /// [`Kind::Bug`].
    fn shared(&self) -> Result<String, Error> {
        let mut shared = b"\"".to_vec();
        for (name, value) in
            [("log", self.log), ("session", self.session), ("time", self.time), ("time_source", self.time_source)]
        {
            shared.extend_from_slice(format!(",\"{name}\":").as_bytes());
            shared.extend(to_ascii_json(value)?);
        }
        shared.extend_from_slice(b",\"actors\":");
        shared.extend(to_ascii_json(&self.actors)?);
        shared.extend_from_slice(b",\"type\":\"");
        String::from_utf8(shared).map_err(|_| Error::new(Kind::Bug, "a header is not ASCII"))
    }

    /// The time, which must be written exactly as this program writes it.
    ///
    /// # Errors
    /// [`Kind::Verify`].
    pub fn timestamp(&self) -> Result<jiff::Timestamp, Error> {
        let parsed: Option<jiff::Timestamp> = self.time.parse().ok();
        parsed.filter(|t| t.to_string() == self.time).ok_or_else(|| {
            Error::new(Kind::Verify, "a line's time is not in form").saw(self.time).wanted("YYYY-MM-DDTHH:MM:SSZ")
        })
    }
}

/// Writes one line without its `\n`.
///
/// # Errors
/// [`Kind::Bug`] where the record cannot be written as JSON, [`Kind::Usage`] where it is over [`MAX_LINE`].
pub fn write_line(header: &Header, seq: u64, prev: &Digest, record: &Record) -> Result<Vec<u8>, Error> {
    let data = record.to_json()?;
    let line = Line {
        v: VERSION,
        seq,
        prev: &prev.hex(),
        log: &header.log,
        session: &header.session,
        time: &header.time.to_string(),
        time_source: &header.time_source,
        actors: header.actors.iter().map(String::as_str).collect(),
        kind: record.kind(),
        data: &data,
    };
    let line = to_ascii_json(&line)?;
    if line.len() >= MAX_LINE {
        return Err(Error::new(Kind::Usage, format!("an entry of type {} is too long for the log", record.kind()))
            .saw(format!("{} bytes", line.len()))
            .wanted(format!("fewer than {MAX_LINE} bytes")));
    }
    Ok(line)
}

/// JSON without white space, every non-ASCII character escaped, so that what is printed is what is hashed.
///
/// # Errors
/// [`Kind::Bug`]: a value of ours that JSON cannot hold.
pub fn to_ascii_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Ascii);
    value
        .serialize(&mut serializer)
        .map_err(|error| Error::new(Kind::Bug, "a value cannot be written as JSON").saw(error.to_string()))?;
    Ok(out)
}

/// serde_json's compact form with every character beyond printable ASCII escaped.
struct Ascii;

impl Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, w: &mut W, fragment: &str) -> io::Result<()> {
        // Nearly every one is plain, and certificates are long.
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return w.write_all(fragment.as_bytes());
        }
        let mut units = [0u16; 2];
        for c in fragment.chars() {
            if matches!(c, ' '..='~') {
                w.write_all(c.encode_utf8(&mut [0; 4]).as_bytes())?;
            } else {
                for unit in c.encode_utf16(&mut units) {
                    write!(w, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, w: &mut W, escape: CharEscape) -> io::Result<()> {
        let text = match escape {
            CharEscape::Quote => "\\\"".to_owned(),
            CharEscape::ReverseSolidus => "\\\\".to_owned(),
            CharEscape::Solidus => "\\/".to_owned(),
            CharEscape::Backspace => "\\b".to_owned(),
            CharEscape::FormFeed => "\\f".to_owned(),
            CharEscape::LineFeed => "\\n".to_owned(),
            CharEscape::CarriageReturn => "\\r".to_owned(),
            CharEscape::Tab => "\\t".to_owned(),
            CharEscape::AsciiControl(byte) => format!("\\u{byte:04x}"),
        };
        w.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
