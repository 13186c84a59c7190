//! JSON that is not as this log writes it: each object of each line with a key twice or one too many, and what
//! readers of JSON disagree about.

use super::{Files, files, line_of, whole};
use crate::support::tally::held;

/// Where each object of a line begins, outside texts.
fn objects(line: &str) -> Vec<usize> {
    let (mut found, mut quoted, mut escaped) = (Vec::new(), false, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '{' if !quoted => found.push(at),
            _ => {}
        }
    }
    found
}

/// The first member of the object that begins at a place: its key, and the member as it stands.
fn first_member(line: &str, object: usize) -> Option<(String, &str)> {
    let rest = &line[object + 1..];
    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<serde_json::Value>();
    let key = stream.next()?.ok()?.as_str()?.to_owned();
    let value = stream.byte_offset() + 1;
    let mut stream = serde_json::Deserializer::from_str(&rest[value..]).into_iter::<&serde_json::value::RawValue>();
    stream.next()?.ok()?;
    Some((key, &rest[..value + stream.byte_offset()]))
}

fn line(log: &Files, number: usize) -> String {
    String::from_utf8(log.lines()[number - 1].clone()).unwrap()
}

/// The same log with another line in the place of one.
fn replaced(log: &Files, number: usize, line: &str) -> Files {
    let mut lines = log.lines();
    lines[number - 1] = line.as_bytes().to_vec();
    log.with(&lines)
}

#[test]
fn a_key_that_stands_twice_is_named_in_each_object_of_each_line() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let mut tried = 0;
    for number in 1..=log.lines().len() {
        let text = line(&log, number);
        for object in objects(&text) {
            let Some((key, member)) = first_member(&text, object) else { continue };
            let twice = format!("{}{member},{}", &text[..=object], &text[object + 1..]);
            let twice = replaced(&log, number, &twice);
            let what = format!("line {number}: {key} twice, at {object}");
            twice.names(number, log.offset(number), &["entry.form", "plan.tbs"], &what);
            let said = twice.refused(&what);
            let named = [format!("duplicate field `{key}`"), format!("duplicate key `{key}`")];
            assert!(named.iter().any(|named| said.contains(named)), "{what}: {said}");
            tried += 1;
        }
    }
    held("keys that stand twice in a log", tried);
}

#[test]
fn a_field_that_is_unknown_is_named_in_each_object_of_each_line() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let mut tried = 0;
    for number in 1..=log.lines().len() {
        let text = line(&log, number);
        for object in objects(&text) {
            let more = replaced(&log, number, &format!("{}\"mood\":1,{}", &text[..=object], &text[object + 1..]));
            let what = format!("line {number}: an unknown field at {object}");
            // The attributes of a key and the plan are not the log's own form: what they hold is in their digest,
            // or breaks the chain.
            let own = !text[..object].ends_with("\"attributes\":") && !text[..object].contains("\"plan\":");
            if own {
                more.names(number, log.offset(number), &["entry.form"], &what);
                assert!(more.refused(&what).contains("unknown field `mood`"), "{what}: {}", more.refused(&what));
            } else {
                more.names(number, log.offset(number), super::OF_A_LINE, &what);
            }
            tried += 1;
        }
    }
    held("unknown fields in a log", tried);
}

#[test]
fn what_readers_of_json_disagree_about_is_refused_by_name() {
    let (directory, _fixture) = whole();
    let log = files(&directory);
    let of = |kind: &str| line_of(&log, kind);
    let cases: &[(&str, &str, &str, &str)] = &[
        ("key.intent", "{\"v\":1,", "{\"v\":2,", "written by a newer anchorite: saw v 2, wanted v 1"),
        ("key.intent", "{\"v\":1,", "{\"v\":0,", "written by a newer anchorite: saw v 0"),
        ("key.intent", "{\"v\":1,", "{\"v\":256,", "invalid value: integer `256`"),
        ("key.intent", "{\"v\":1,", "{\"v\":1.0,", "invalid type: floating point `1.0`"),
        ("key.intent", "{\"v\":1,", "{\"v\":1e0,", "invalid type: floating point `1.0`"),
        ("key.intent", "{\"v\":1,", "{\"v\":-1,", "invalid value: integer `-1`"),
        ("key.intent", "{\"v\":1,", "{\"v\":01,", "invalid number"),
        ("key.intent", "{\"v\":1,", "{\"v\":\"1\",", "invalid type: string"),
        ("key.intent", "{\"v\":1,", "{\"v\":true,", "invalid type: boolean"),
        ("key.intent", "\"v\":1,", "", "missing field `v`"),
        ("key.intent", "\"type\":\"key.intent\"", "\"type\":\"key.sung\"", "saw an entry of type key.sung"),
        ("key.intent", "\"generation\":1", "\"generation\":1.5", "invalid type: floating point `1.5`"),
        ("key.intent", "\"generation\":1", "\"generation\":NaN", "expected"),
        ("key.intent", "\"generation\":1", "\"generation\":4294967296", "invalid value: integer"),
        ("key.intent", "\"generation\":1", "\"generation\":null", "invalid type: null"),
        ("key.intent", "\"role\":\"audit\",", "", "missing field `role`"),
        ("key.intent", "\"role\":\"audit\"", "\"role\":\"a\u{fffd}\"", "a byte that is not printable ASCII: saw 0xef"),
        ("key.intent", "\"role\":\"audit\"", "\"role\":\"a\tb\"", "a byte that is not printable ASCII: saw 0x09"),
        ("key.intent", "\"role\":\"audit\"", "\"role\":\"a\0b\"", "a byte that is not printable ASCII: saw 0x00"),
        ("key.intent", "\"role\":\"audit\"", "\"role\":\"\\ud800\"", "unexpected end of hex escape"),
        ("key.intent", "\"role\":\"audit\"", "\"role\":'audit'", "expected value"),
        ("key.intent", "\"spec\":\"ecdsa-p256\"", "\"spec\":\"ecdsa-p999\"", "is out of form: saw"),
        ("key.intent", "}}\n", "}}\r\n", "a byte that is not printable ASCII: saw 0x0d"),
        ("key.intent", "}}\n", "}}{}\n", "trailing characters"),
        ("key.intent", "}}\n", "},}\n", "trailing comma"),
        ("key.intent", "}}\n", "}\n", "EOF while parsing"),
        ("key.intent", "Z\",", ".000Z\",", "time is not in form"),
        ("key.intent", "Z\",", "+00:00\",", "time is not in form"),
        ("key.intent", "\"prev\":\"", "\"prev\":\"A", "prev is not in form"),
        ("session.closed", "\"outcome\":", "\"reason\":null,\"outcome\":", "invalid type: null"),
        ("sign.outcome", "\"status\":", "\"reason\":null,\"status\":", "invalid type: null"),
        ("recovered", "\"found\":", "\"torn_sha256\":null,\"found\":", "invalid type: null"),
        ("sign.outcome", "\"der\":\"", "\"der\":\"=", "is out of form: saw"),
    ];
    for (kind, from, to, says) in cases {
        let number = of(kind);
        let text = line(&log, number);
        assert!(text.contains(from), "{from} in {text}");
        // The last in the line, which is the line's end where that is meant.
        let changed = replaced(&log, number, &text.replacen(from, to, 1));
        let what = format!("{kind}: {from:?} -> {to:?}");
        changed.names(number, log.offset(number), &["entry.form"], &what);
        let said = changed.refused(&what);
        assert!(said.contains(says), "{what}: {said}");
    }
    // What two readers see alike is still other bytes than those that were signed.
    let alike: &[(&str, &str)] = &[("{\"v\":1,", "{\"v\": 1,"), ("{\"v\":1,", " {\"v\":1,"), ("}}\n", "}} \n")];
    for (from, to) in alike {
        let number = of("key.intent");
        let changed = replaced(&log, number, &line(&log, number).replacen(from, to, 1));
        changed.names(number, log.offset(number), &["chain.prev"], "white space");
    }
    // An empty line, and a mark of the byte order before the first.
    let mut lines = log.lines();
    lines.insert(4, b"\n".to_vec());
    log.with(&lines).names(5, log.offset(5), &["entry.form"], "an empty line");
    let mut marked = log.clone();
    marked.entries = [b"\xef\xbb\xbf", &log.entries[..]].concat();
    marked.names(1, 0, &["entry.form"], "a byte order mark");
    held("lines that JSON readers disagree about", cases.len() + alike.len() + 2);
}
