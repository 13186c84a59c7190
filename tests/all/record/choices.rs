//! Which ceremony, which log, whose names: what `ceremony record` is asked for, and what it says where it cannot.

use super::{acts, entries, json};
use crate::seat::Seat;
use crate::support::{AUTHORITY, ENTRIES, World};
use serde_json::Value;

/// The ids of the sessions of a log, in order.
fn sessions(world: &World) -> Vec<String> {
    let opened = entries(world, ENTRIES).into_iter().filter(|entry| entry["type"] == "session.opened");
    opened.map(|entry| entry["session"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_ceremony_of_a_log_has_its_record_and_together_they_say_every_entry() {
    let world = World::ready();
    world.issued("cluster1");
    let [genesis, signing] = <[String; 2]>::try_from(sessions(&world)).unwrap();
    let latest = json(&world, &["-C", AUTHORITY]);
    assert_eq!(latest["ceremony"]["id"], signing);
    assert_eq!(latest, json(&world, &["-C", AUTHORITY, "--session", &signing[..6]]));
    let first = json(&world, &["-C", AUTHORITY, "--session", &genesis]);
    assert_eq!(first["ceremony"]["name"], "root-genesis");
    // Its own closing checkpoint, not the newest.
    assert_eq!(first["checkpoint"]["size"].as_u64().unwrap(), first["entries"][1].as_u64().unwrap() + 1);
    assert_eq!(first["checkpoint"]["closing"], true);
    let mut said: Vec<u64> =
        [&first, &latest].iter().flat_map(|r| acts(r)).map(|act| act["entry"].as_u64().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, (0..u64::try_from(entries(&world, ENTRIES).len()).unwrap()).collect::<Vec<_>>());
    // What the token said of the keys is in the record of their birth.
    let text = first.to_string();
    for said in ["CKA_SENSITIVE", "CKA_EXTRACTABLE", "an answers file stood for people", "the root certificate"] {
        assert!(text.contains(said), "{said}");
    }
    let html = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    assert!(html.contains("class=\"mark\" aria-hidden=\"true\">TEST<"));
}

#[test]
fn names_are_in_a_record_only_where_their_file_opens_the_log_s_commitments() {
    let world = World::ready();
    let [session] = <[String; 1]>::try_from(sessions(&world)).unwrap();
    let names = format!("authority/records/participants-{session}.json");
    let of = |options: &[&str]| {
        let record = json(&world, &[&["-C", AUTHORITY], options].concat());
        let people = record["participants"].as_array().unwrap().clone();
        people.iter().map(|p| (p["name"].clone(), p["names"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let alone = |names: &str| vec![(Value::Null, names.to_owned()), (Value::Null, names.to_owned())];
    assert_eq!(of(&[]), [("Ada".into(), "opened".to_owned()), ("Wim".into(), "opened".to_owned())]);
    assert_eq!(of(&["--without-names"]), alone("left out"));

    let file = String::from_utf8(world.read(&names)).unwrap();
    world.write(&names, file.replace("\"Wim\"", "\"Mallory\""));
    assert_eq!(of(&[]), [("Ada".into(), "opened".to_owned()), (Value::Null, "refused".to_owned())]);
    let html = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    assert!(html.contains("THE FILE OF NAMES DOES NOT OPEN THE COMMITMENT") && !html.contains("Mallory"));
    world.write(&names, "{}");
    assert_eq!(of(&[]), alone("refused"));
    std::fs::remove_file(world.path(&names)).unwrap();
    assert_eq!(of(&[]), alone("not at hand"));

    // From the lines alone: no names, no checkpoint, and it says so.
    world.write("elsewhere/entries.jsonl", world.read(ENTRIES));
    let record = json(&world, &["elsewhere/entries.jsonl"]);
    assert_eq!(record["checkpoint"], Value::Null);
    assert!(
        record["verified"]["was_not"].to_string().contains("There is no checkpoint beside these lines"),
        "{record}"
    );
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let world = World::ready();
    let [session] = <[String; 1]>::try_from(sessions(&world)).unwrap();
    let run = |arguments: &[&str]| world.run(arguments).error().replace(&session, "SESSION");
    insta::assert_snapshot!(run(&["-C", AUTHORITY, "ceremony", "record", "--session", "ffff"]), @r"
    error: this log has no such session: saw ffff, wanted SESSION
           (root-genesis, 2026-11-21T09:30:00Z)
    hint:  every session is listed by: anchorite log show
    exit 2
    ");
    insta::assert_snapshot!(run(&["ceremony", "record", "nowhere"]), @r"
    error: there is no log here: saw nowhere, wanted an authority, its log/, or a
           directory with entries.jsonl
    exit 30
    ");
    insta::assert_snapshot!(run(&["ceremony", "record", "medium"]), @r"
    error: cannot open medium/entries.jsonl: saw No such file or directory (os error
           2)
    hint:  is the medium mounted, and is this the authority's directory?
    exit 30
    ");

    let wrote = world.run(&["-C", AUTHORITY, "ceremony", "record", "-o", "record.html"]).ok().stderr;
    insta::assert_snapshot!(wrote, @r"
    wrote  record.html  (Root genesis: complete; log consistent, NOT authenticated)
    next   print it from a browser, and have it signed by those who were there
    ");
    world.write("record.html", "mine");
    insta::assert_snapshot!(run(&["-C", AUTHORITY, "ceremony", "record", "-o", "record.html"]), @r"
    error: record.html is already there, and is not the same
    hint:  nothing is ever overwritten: move it away, or write to another directory
    record.html is as it was.
    exit 30
    ");
    assert_eq!(world.read("record.html"), b"mine");

    let (shown, code) = Seat::at(&world, &["-C", AUTHORITY, "ceremony", "record"]).ends();
    insta::assert_snapshot!(format!("{shown}exit {code}"), @r"
    error: a record is a page of HTML, and stdout is a terminal: wanted a file or a
           pipe
    hint:  write it to a file: anchorite ceremony record -o record.html
    exit 2
    ");

    // A log that does not verify has no record, whatever of it is still in order.
    let lines = String::from_utf8(world.read(ENTRIES)).unwrap();
    world.write(ENTRIES, lines.replacen("World Mesh Root", "World Mesh Rook", 1));
    let refused = run(&["-C", AUTHORITY, "ceremony", "record"]);
    assert!(refused.starts_with("error: line 1 (byte 0, rule genesis.origin)"), "{refused}");
    assert!(refused.contains("keep it as it is, as evidence") && refused.ends_with("exit 40\n"), "{refused}");
    assert!(world.run(&["-C", AUTHORITY, "--json", "ceremony", "record"]).stdout.is_empty());
}
