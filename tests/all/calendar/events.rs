//! The calendar file, read by a stock parser: Python's `icalendar` from PyPI.

use super::{running, status};
use crate::present::from_pypi;
use crate::support::*;
use serde_json::Value;

/// Prints every event as JSON: what a calendar application sees of the file.
const READER: &str = "
import icalendar, json, sys
text = open(sys.argv[1], 'rb').read()
calendar = icalendar.Calendar.from_ical(text)
assert not calendar.errors, calendar.errors
events = []
for e in calendar.walk('VEVENT'):
    assert not e.errors, e.errors
    start = e['DTSTART'].dt
    alarms = [str(a['TRIGGER'].dt) for a in e.walk('VALARM')]
    events.append({'uid': str(e['UID']), 'start': start.isoformat(), 'summary': str(e['SUMMARY']),
                   'description': str(e['DESCRIPTION']), 'alarms': alarms, 'stamp': e['DTSTAMP'].dt.isoformat(),
                   'sequence': int(e['SEQUENCE'])})
print(json.dumps({'name': str(calendar['X-WR-CALNAME']), 'events': events}))
";

/// What a stock parser reads of a file; `None`, said loudly, where there is none here.
fn read(world: &World, file: &str) -> Option<Value> {
    let python = from_pypi("icalendar")?.parent()?.join("python");
    let json = world.tool(python.to_str()?, &["-c", READER, file]).ok().stdout;
    Some(serde_json::from_str(&json).unwrap())
}

#[test]
fn a_stock_parser_reads_the_calendar() {
    let world = running();
    let said = status(&world, "2026-12-01T10:00:00Z", &["--ics", "mesh.ics"]).ok();
    assert_eq!(said.stdout, "");
    assert_eq!(
        said.stderr,
        "wrote  mesh.ics\nnext   import it into a calendar of its own: the next import moves the events\n"
    );
    let Some(calendar) = read(&world, "mesh.ics") else { return };
    assert_eq!(calendar["name"], "World Mesh Root");
    let events = calendar["events"].as_array().unwrap();
    let starts: Vec<(&str, &str)> = events
        .iter()
        .map(|e| (e["uid"].as_str().unwrap().split('@').next().unwrap(), e["start"].as_str().unwrap()))
        .collect();
    assert_eq!(
        starts,
        [
            ("crl.1.begin", "2027-04-20"),
            ("crl.1.done", "2027-05-20T09:24:59+00:00"),
            ("intermediate.west.begin", "2027-09-21"),
            ("intermediate.west.done", "2027-11-20T09:54:59+00:00"),
            ("drill.begin", "2027-10-22"),
            ("drill.done", "2027-11-21T09:25:00+00:00"),
            ("root.begin", "2035-11-19"),
            ("root.done", "2036-11-18T09:24:59+00:00"),
        ]
    );
    assert_eq!(events[3]["summary"], "World Mesh Root: must be done: renew the intermediate of west");
    assert!(events[3]["description"].as_str().unwrap().contains("\n\nHow: on the cluster's side: anchorite request"));
    assert_eq!(events[3]["alarms"], serde_json::json!(["-14 days, 0:00:00", "-3 days, 0:00:00"]));
}

#[test]
fn the_same_log_gives_the_same_file_and_a_later_import_moves_the_events() {
    let world = running();
    let ics = |now: &str| status(&world, now, &["--ics", "-"]).ok().stdout;
    let first = ics("2026-12-01T10:00:00Z");
    assert_eq!(ics("2027-03-01T10:00:00Z"), first, "the day on which one asks is not in it");
    world.write("first.ics", &first);
    let bundle = world.issued("east");
    assert!(bundle.exists() || world.path(&bundle).exists());
    world.write("second.ics", ics("2027-03-01T10:00:00Z"));
    let (Some(first), Some(second)) = (read(&world, "first.ics"), read(&world, "second.ics")) else { return };
    let of = |calendar: &Value, uid: &str| {
        let events = calendar["events"].as_array().unwrap().clone();
        events.into_iter().find(|e| e["uid"].as_str().unwrap().starts_with(uid))
    };
    let (before, after) = (of(&first, "crl.1.begin").unwrap(), of(&second, "crl.1.begin").unwrap());
    assert_eq!(before["uid"], after["uid"]);
    assert!(before["sequence"].as_i64() < after["sequence"].as_i64());
    assert!(of(&first, "intermediate.east").is_none() && of(&second, "intermediate.east").is_some());
}

#[test]
fn names_with_every_character_that_means_something_there_arrive_whole() {
    let world = World::new();
    let name = "Mesh; \\\"A\\\", \\\\B: 100 % sure, and long enough to be folded ÄÖ€";
    world.configure(
        &configuration("test", "ecdsa-p256").replace("name = \"World Mesh Root\"", &format!("name = \"{name}\"")),
    );
    let reviewed = world.sha256("authority/authority.toml");
    let label = "[initialize]\nlabel = 'Mesh; \"A\", \\B: 100 % sure, and l'\n";
    world.write("answers-root.toml", format!("{PARTICIPANTS}{label}[review]\n\"sha256:{reviewed}\" = \"approve\"\n"));
    world.run(&CREATE).ok();
    status(&world, GENESIS, &["--ics", "mesh.ics"]).ok();
    let bytes = world.read("mesh.ics");
    assert!(bytes.split(|b| *b == b'\n').all(|line| line.len() <= 76), "a line is longer than 75 octets");
    let Some(calendar) = read(&world, "mesh.ics") else { return };
    let name = "Mesh; \"A\", \\B: 100 % sure, and long enough to be folded ÄÖ€";
    assert_eq!(calendar["events"][0]["summary"], format!("{name}: begin: issue the CRL after number 1"));
}

#[test]
fn a_calendar_that_cannot_be_written_is_named() {
    let world = running();
    world.refused(
        &["-C", AUTHORITY, "--now", SIGNING, "status", "--ics", "nowhere/mesh.ics"],
        "
        error: cannot write nowhere/mesh.ics: there is no such file or directory
        exit 30
    ",
    );
    world.refused(
        &["-C", AUTHORITY, "--now", SIGNING, "--json", "status", "--ics", "-"],
        "
        error: --json and --ics - both want stdout
        hint:  write the calendar to a file: --ics FILE
        exit 2
    ",
    );
}
