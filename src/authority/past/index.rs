//! The `index.txt` of `openssl ca`: a line for each certificate, tab-separated. Strict: a line that is not
//! understood is an error with its number, because what is passed over would be revoked by nobody.
//!
//! Source: openssl-ca(1) and apps/ca.c of OpenSSL 3.0: status, end of validity, revocation, serial number, file name,
//! subject.

use crate::digest::Hex;
use crate::error::{Error, Kind};
use crate::log::record::PastRevocation;
use crate::text;
use crate::x509::Reason;
use jiff::Timestamp;
use jiff::civil::DateTime;

/// A line of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// The certificate's serial number.
    pub serial: Hex,
    /// Its subject as OpenSSL writes it, escaped.
    pub subject: String,
    /// The end of validity.
    pub not_after: Timestamp,
    /// That it was revoked.
    pub revoked: Option<PastRevocation>,
}

/// Reads an index; `name` is the file's, for errors.
///
/// # Errors
/// [`Kind::Usage`] with the number of the line that is not understood.
pub fn parse(name: &str, text: &str) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let read = parse_line(number, line);
        lines.push(read.map_err(|error| error.into_kind(Kind::Usage).within(format!("{name} line {number}")))?);
    }
    Ok(lines)
}

fn parse_line(number: usize, line: &str) -> Result<Line, Error> {
    let wrong =
        |what: &str, seen: &str, wanted: &str| Error::new(Kind::Usage, what).saw(text::escape(seen)).wanted(wanted);
    let fields: Vec<&str> = line.split('\t').collect();
    let [status, ends, revoked, serial, _, subject] = fields.as_slice() else {
        return Err(wrong(
            "not a line of an index",
            &text::count(fields.len(), "field"),
            "6, with a tab between each two",
        )
        .hint("it is the index.txt that openssl ca keeps, as it is"));
    };
    let revoked = match (*status, *revoked) {
        ("V" | "E", "") => None,
        ("R", when) if !when.is_empty() => Some(revocation(when)?),
        ("V" | "E", when) => {
            return Err(wrong("a certificate that is not revoked has a date of revocation", when, "nothing"));
        }
        ("R", _) => return Err(wrong("a revoked certificate has no date of revocation", "nothing", "a date")),
        (other, _) => return Err(wrong("a status that openssl ca does not write", other, "V, R or E")),
    };
    let serial = Hex::parse(&serial.to_ascii_lowercase())
        .map_err(|_| wrong("a serial number is not hexadecimal", serial, "pairs of hex digits"))?;
    let serial = magnitude(serial);
    if serial.0.is_empty() {
        return Err(wrong("a serial number is zero", "00", "a positive number"));
    }
    Ok(Line { number, serial, subject: text::escape(subject), not_after: time(ends)?, revoked })
}

/// A serial number as the rest of this program has it: without leading zeros.
fn magnitude(serial: Hex) -> Hex {
    Hex(serial.0.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// `date`, `date,reason`, `date,keyTime,time`, `date,CAkeyTime,time`.
fn revocation(text: &str) -> Result<PastRevocation, Error> {
    let fields: Vec<&str> = text.split(',').collect();
    let date = time(fields.first().copied().unwrap_or_default())?;
    let (reason, invalid_from) = match fields.get(1..).unwrap_or_default() {
        [] => (Reason::Unspecified, None),
        ["keyTime", since] => (Reason::KeyCompromise, Some(time(since)?)),
        ["CAkeyTime", since] => (Reason::CaCompromise, Some(time(since)?)),
        ["holdInstruction", ..] => (reason(Reason::CertificateHold.name())?, None),
        [name] => (reason(name)?, None),
        _ => return Err(Error::new(Kind::Usage, "a revocation is out of form").saw(text::escape(text))),
    };
    Ok(PastRevocation { date, reason, invalid_from })
}

/// A reason as OpenSSL writes it: as RFC 5280 section 5.3.1 does, but for capitals.
fn reason(name: &str) -> Result<Reason, Error> {
    Reason::parse(name).map_err(|error| {
        error.hint("a certificate on hold is revoked or released first, with the tool that put it there")
    })
}

/// `YYMMDDHHMMSSZ` (years 1950 to 2049) or `YYYYMMDDHHMMSSZ`.
fn time(text: &str) -> Result<Timestamp, Error> {
    let wrong = || {
        Error::new(Kind::Usage, "a time is out of form")
            .saw(text::escape(text))
            .wanted("YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ")
    };
    let digits = text.strip_suffix('Z').filter(|d| d.bytes().all(|b| b.is_ascii_digit())).ok_or_else(wrong)?;
    let full = match digits.len() {
        12 if digits < "50" => format!("20{digits}"),
        12 => format!("19{digits}"),
        14 => digits.to_owned(),
        _ => return Err(wrong()),
    };
    let civil = DateTime::strptime("%Y%m%d%H%M%S", &full).map_err(|_| wrong())?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_is_read() {
        let text = "V\t301121093000Z\t\t1000\tunknown\t/O=World/CN=a\n\
                    # a comment\n\n\
                    R\t20551121093000Z\t260102030405Z,CACompromise\t00FF\tunknown\t/CN=b\n\
                    E\t200101000000Z\t\t03\tunknown\t/CN=c\n\
                    R\t301121093000Z\t260102030405Z,keyTime,20260101000000Z\t04\tunknown\t/CN=d\n\
                    R\t301121093000Z\t260102030405Z\t05\tunknown\t/CN=e\n";
        let lines = parse("index.txt", text).unwrap();
        let shown: Vec<(String, String)> =
            lines.iter().map(|l| (l.serial.to_string(), l.not_after.to_string())).collect();
        let wanted = [
            ("1000", "2030-11-21T09:30:00Z"),
            ("ff", "2055-11-21T09:30:00Z"),
            ("03", "2020-01-01T00:00:00Z"),
            ("04", "2030-11-21T09:30:00Z"),
            ("05", "2030-11-21T09:30:00Z"),
        ];
        assert_eq!(shown, wanted.map(|(serial, end)| (serial.to_owned(), end.to_owned())));
        let reasons: Vec<Option<&str>> = lines.iter().map(|l| Some(l.revoked.as_ref()?.reason.name())).collect();
        assert_eq!(reasons, [None, Some("cACompromise"), None, Some("keyCompromise"), Some("unspecified")]);
        assert_eq!(lines[3].revoked.as_ref().unwrap().invalid_from.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(lines[4].number, 7);
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_line() {
        for (line, wanted) in [
            ("V\t301121093000Z\t\t01\tunknown", "index.txt line 2: not a line of an index: saw 5 fields"),
            ("X\t301121093000Z\t\t01\tunknown\t/CN=a", "a status that openssl ca does not write: saw X"),
            ("V\t301121093000Z\t260101000000Z\t01\tunknown\t/CN=a", "is not revoked has a date of revocation"),
            ("R\t301121093000Z\t\t01\tunknown\t/CN=a", "a revoked certificate has no date of revocation"),
            ("V\t301321093000Z\t\t01\tunknown\t/CN=a", "a time is out of form: saw 301321093000Z"),
            ("V\t3011210930Z\t\t01\tunknown\t/CN=a", "a time is out of form"),
            ("V\t301121093000Z\t\txx\tunknown\t/CN=a", "a serial number is not hexadecimal: saw xx"),
            ("V\t301121093000Z\t\t00\tunknown\t/CN=a", "a serial number is zero"),
            ("R\t301121093000Z\t260101000000Z,certificateHold\t01\tunknown\t/CN=a", "saw certificateHold"),
            ("R\t301121093000Z\t260101000000Z,holdInstruction,1.2\t01\tunknown\t/CN=a", "saw certificateHold"),
        ] {
            let text = format!("V\t301121093000Z\t\t09\tunknown\t/CN=fine\n{line}\n");
            let error = parse("index.txt", &text).unwrap_err();
            assert_eq!(error.kind(), Kind::Usage);
            let shown = error.to_string();
            assert!(shown.starts_with("index.txt line 2: ") && shown.contains(wanted), "{shown}");
        }
    }
}
