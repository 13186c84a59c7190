//! A line headed as the one before it is read no other way than one that is parsed whole.

use super::*;
use crate::log::record::{StepDone, ValueRecorded};

fn header() -> Header {
    Header {
        log: "0a".repeat(16),
        session: "0123456789abcdef".to_owned(),
        time: "2026-11-21T09:30:00Z".parse().unwrap(),
        time_source: "given".to_owned(),
        actors: vec!["administrator".to_owned(), "witness".to_owned()],
    }
}

fn line(header: &Header, seq: u64) -> Vec<u8> {
    let record = ValueRecorded { step: "s".into(), name: "é \"n\"".into(), value: "v".into() };
    write_line(header, seq, &Digest::of(b"before"), &record.into()).unwrap()
}

/// A line of the same header was read before.
fn after_another() -> LastHeader {
    let mut last = LastHeader::default();
    read_line(&write_line(&header(), 6, &Digest::of(b""), &done().into()).unwrap(), &mut last).unwrap();
    last
}

fn done() -> StepDone {
    StepDone { step: "x".into(), activity: "confirm".into() }
}

#[test]
fn a_line_of_the_same_act_shares_the_header_of_the_line_before_it() {
    let mut last = LastHeader::default();
    let mut read = |header: &Header, seq| read_line(&line(header, seq), &mut last).unwrap().1;
    let (first, second) = (read(&header(), 7), read(&header(), 8));
    assert!(Arc::ptr_eq(&first.header, &second.header));
    let other = Header { time_source: "confirmed".to_owned(), ..header() };
    let third = read(&other, 9);
    assert_eq!((third.seq, &*third.header), (9, &other));
}

/// The line of an act that is compared with the one before it is judged no other way than one that is parsed whole.
#[test]
fn no_change_of_a_byte_is_read_otherwise_after_a_line_with_the_same_header() {
    let (good, before) = (line(&header(), 10), after_another());
    let mut changed = vec![good.clone()];
    for at in 0..=good.len() {
        let put = |byte: u8, from: usize| [&good[..at], &[byte], &good[from..]].concat();
        changed.extend(b" \"\\,{}0".map(|byte| put(byte, at)));
        if at < good.len() {
            changed.push([&good[..at], &good[at + 1..]].concat());
            changed.extend((0x1f..=0x80).map(|byte| put(byte, at + 1)));
        }
    }
    let mut read = 0;
    for line in &changed {
        let after = read_line(line, &mut before.clone());
        assert_eq!(after, read_line(line, &mut LastHeader::default()), "{}", String::from_utf8_lossy(line));
        read += usize::from(after.is_ok());
    }
    assert!((1000..changed.len() / 2).contains(&read), "{read} of {} were read", changed.len());
}

#[test]
fn a_header_in_another_order_or_twice_is_judged_whole() {
    let good = String::from_utf8(line(&header(), 10)).unwrap();
    let data = &good[good.find(",\"data\"").unwrap()..good.len() - 1];
    let kind = "\"type\":\"value.recorded\"";
    let bare = good.replace(data, "");
    for odd in [
        bare.replace(&format!(",{kind}"), &format!("{data},{kind}")),
        good.replace(data, &format!("{data}{data}")),
        good.replace(kind, &format!("{kind},{kind}")),
        good.replace("\"seq\":10", "\"seq\":010"),
        good.replace("\"seq\":10", "\"seq\":+10"),
        good.replace("\"seq\":10", "\"seq\":-0"),
        good.replace("\"seq\":10", "\"seq\":1e1"),
        good.replace("\"v\":1", "\"v\":2"),
        good.replace("value.recorded", "value\\u002erecorded"),
        good.replace("value.recorded", "value.unheard-of"),
        format!("{good} "),
        format!("{good}}}"),
    ] {
        assert_ne!(odd, good);
        let [after, alone] =
            [after_another(), LastHeader::default()].map(|mut last| read_line(odd.as_bytes(), &mut last));
        assert_eq!(after, alone, "{odd}");
    }
}
