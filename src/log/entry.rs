//! One line of the log: a header and typed data, in printable ASCII.
//!
//! Bytes are hashed as they stand; nothing is canonicalised. What is read must be exactly what this
//! version writes: an unknown field, a duplicate key, a `v` or type it does not know are refused by name.

use super::record::Record;
use crate::digest::Digest;
use crate::error::{Error, Kind};
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

/// The header of the line that was read before, with its time as it stood.
#[derive(Debug, Default)]
pub struct LastHeader(Option<(String, Arc<Header>)>);

/// Parses the fields of a line without its `\n`.
///
/// # Errors
/// [`Kind::Verify`]: not printable ASCII, not JSON, a duplicate, missing or unknown field, another `v`.
pub fn parse_line(line: &[u8]) -> Result<Line<'_>, Error> {
    // Looks at every byte whatever it is: a loop without an exit is vectorised.
    if !line.iter().fold(true, |printable, byte| printable & matches!(byte, 0x20..=0x7e)) {
        let byte = line.iter().find(|byte| !matches!(byte, 0x20..=0x7e)).copied().unwrap_or_default();
        return Err(
            Error::new(Kind::Verify, "a line holds a byte that is not printable ASCII").saw(format!("0x{byte:02x}"))
        );
    }
    let text = std::str::from_utf8(line).unwrap_or_default();
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
        self.entry_under(&mut LastHeader::default())
    }

    /// The typed entry of these fields, sharing the last header where it is the same: entries come in acts.
    ///
    /// # Errors
    /// As [`Line::entry`].
    pub fn entry_under(&self, last: &mut LastHeader) -> Result<Entry, Error> {
        let header = match &last.0 {
            Some((time, header)) if time == self.time && self.is_headed(header) => Arc::clone(header),
            _ => {
                let header = Arc::new(Header {
                    log: self.log.to_owned(),
                    session: self.session.to_owned(),
                    time: self.timestamp()?,
                    time_source: self.time_source.to_owned(),
                    actors: self.actors.iter().map(|a| (*a).to_owned()).collect(),
                });
                last.0 = Some((self.time.to_owned(), Arc::clone(&header)));
                header
            }
        };
        Ok(Entry { seq: self.seq, header, record: Record::parse(self.kind, self.data)? })
    }

    /// True where these fields but the time are that header's.
    fn is_headed(&self, header: &Header) -> bool {
        self.session == header.session
            && self.log == header.log
            && self.time_source == header.time_source
            && self.actors.iter().eq(&header.actors)
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
