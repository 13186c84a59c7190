//! What is due as an iCalendar file, which any calendar imports.
//!
//! The day on which something must be begun is a whole day, because people plan days; the moment by which it must be
//! done is a time in UTC, because certificates end at a second. The same state gives the same bytes, and an event
//! keeps its UID over generations, so a later import moves it. Source: RFC 5545.

use super::{Due, date};
use crate::text;
use jiff::Timestamp;

/// Octets of a line, without its CRLF (RFC 5545 section 3.1).
const LINE: usize = 75;

/// Whose calendar it is.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    /// The name that people read.
    pub name: &'a str,
    /// What tells its events from those of others: a log's id, a certificate's digest.
    pub id: &'a str,
    /// When what it says was last changed.
    pub changed: Timestamp,
    /// Rises with each change.
    pub revision: u64,
}

/// The file: CRLF line ends, folded lines, UTF-8.
pub fn write(calendar: &Calendar<'_>, due: &[Due]) -> String {
    let mut out = String::new();
    for (name, value) in [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//anchorite//status//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("X-WR-CALNAME", &escaped(calendar.name)),
    ] {
        line(&mut out, &format!("{name}:{value}"));
    }
    for due in due {
        // What is due since a moment has one date; what has a lead has two.
        if due.begin < due.by {
            event(&mut out, calendar, due, Which::Begin);
        }
        event(&mut out, calendar, due, Which::Done);
    }
    line(&mut out, "END:VCALENDAR");
    out
}

/// Which of the two dates.
#[derive(Clone, Copy)]
enum Which {
    Begin,
    Done,
}

fn event(out: &mut String, calendar: &Calendar<'_>, due: &Due, which: Which) {
    let (part, start, verb, alarms): (&str, String, &str, &[&str]) = match which {
        Which::Begin => {
            let day = date(due.begin).replace('-', "");
            ("begin", format!("DTSTART;VALUE=DATE:{day}"), "begin", &["-P7D", "P0D"])
        }
        Which::Done => ("done", format!("DTSTART:{}", utc(due.by)), "must be done", &["-P14D", "-P3D"]),
    };
    let summary = escaped(&format!("{}: {verb}: {}", calendar.name, due.what));
    let words = format!("{}.\n\nHow: {}\n\nBegin by {}, done by {}.", due.why, due.how, date(due.begin), due.by);
    line(out, "BEGIN:VEVENT");
    line(out, &format!("UID:{}.{part}@{}.anchorite", due.id, calendar.id));
    line(out, &format!("DTSTAMP:{}", utc(calendar.changed)));
    line(out, &format!("SEQUENCE:{}", calendar.revision));
    line(out, &start);
    line(out, &format!("SUMMARY:{summary}"));
    line(out, &format!("DESCRIPTION:{}", escaped(&words)));
    line(out, "TRANSP:TRANSPARENT");
    for trigger in alarms {
        line(out, "BEGIN:VALARM");
        line(out, "ACTION:DISPLAY");
        line(out, &format!("DESCRIPTION:{summary}"));
        line(out, &format!("TRIGGER:{trigger}"));
        line(out, "END:VALARM");
    }
    line(out, "END:VEVENT");
}

/// `20271121T092459Z`
fn utc(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string().replace(['-', ':'], "")
}

/// TEXT (RFC 5545 section 3.3.11); what could deceive is shown, not obeyed.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in text::escape_lines(value).chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out
}

/// Folds a content line: what follows the first line begins with a space, and no character is torn.
fn line(out: &mut String, content: &str) {
    let mut used = 0;
    for c in content.chars() {
        if used + c.len_utf8() > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::calendar::Task;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due(what: &str) -> Due {
        let (begin, by) = (at("2027-09-21T09:24:59Z"), at("2027-11-20T09:24:59.5Z"));
        let text = |text: &str| text.to_owned();
        let task = Task { id: text("root"), begin, by, what: text(what), why: text("it ends"), how: text("a; b, c") };
        task.at(at("2026-11-21T10:00:00Z"))
    }

    fn write_one(name: &str, what: &str) -> String {
        let calendar = Calendar { name, id: "0a1b", changed: at("2026-11-21T10:00:00Z"), revision: 41 };
        write(&calendar, &[due(what)])
    }

    #[test]
    fn one_thing_is_two_events_which_keep_their_names() {
        let text = write_one("Mesh", "replace the root");
        let wanted = "BEGIN:VEVENT\r\nUID:root.begin@0a1b.anchorite\r\nDTSTAMP:20261121T100000Z\r\nSEQUENCE:41\r\n\
             DTSTART;VALUE=DATE:20270921\r\nSUMMARY:Mesh: begin: replace the root\r\n";
        assert!(text.contains(wanted), "{text}");
        assert!(text.contains("UID:root.done@0a1b.anchorite\r\n"), "{text}");
        assert!(text.contains("DTSTART:20271120T092459Z\r\n"), "{text}");
        assert!(text.contains("How: a\\; b\\, c\\n\\n"), "{text}");
        assert_eq!(text.matches("BEGIN:VALARM").count(), 4);
    }

    #[test]
    fn no_line_is_longer_than_75_octets_no_character_is_torn_and_nothing_is_lost() {
        let what = "Ä€𝄞,".repeat(60);
        let text = write_one("Büro; \"A\\B\"\u{202e}", &what);
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        for line in text.split("\r\n") {
            assert!(line.len() <= LINE && !line.contains(['\r', '\n']), "{line}");
        }
        let whole = text.replace("\r\n ", "");
        assert!(whole.contains(&what.replace(',', "\\,")), "{whole}");
        assert!(whole.contains("X-WR-CALNAME:Büro\\; \"A\\\\B\"\\\\u{202e}\r\n"), "{whole}");
    }
}
