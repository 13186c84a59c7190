//! What must not leave the room is in no byte of a publication.

use super::*;
use crate::crash::instants;
use serde_json::Value;

/// The files with names of the authority: path, session, salts as bytes.
fn participants(world: &World) -> Vec<(String, String, Vec<Vec<u8>>)> {
    let all = names_in(world, "authority/records").into_iter().filter(|name| name.starts_with("participants-"));
    all.map(|name| {
        let path = format!("authority/records/{name}");
        let file: Value = serde_json::from_slice(&world.read(&path)).unwrap();
        let people = file["participants"].as_array().unwrap();
        let salt =
            |person: &Value| data_encoding::HEXLOWER.decode(person["salt"].as_str().unwrap().as_bytes()).unwrap();
        (path, file["session"].as_str().unwrap().to_owned(), people.iter().map(salt).collect())
    })
    .collect()
}

/// Whether a secret is in the bytes: as it is, in hex, in base64 at any of its three places.
fn betrays(bytes: &[u8], secret: &[u8]) -> bool {
    let hex = data_encoding::HEXLOWER.encode(secret);
    let whole_groups = |skip: usize| data_encoding::BASE64.encode(&secret[skip..skip + (secret.len() - skip) / 3 * 3]);
    let mut forms = vec![secret.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
    forms.extend((0..3).map(|skip| whole_groups(skip).into_bytes()));
    forms.iter().any(|form| holds(bytes, form))
}

#[test]
fn nobody_s_name_is_in_a_publication_unless_the_file_of_names_is() {
    let world = held();
    let files_of_names = participants(&world);
    assert_eq!(files_of_names.len(), 2);
    world.run(&PUBLISH).ok();
    let mut secrets: Vec<Vec<u8>> = files_of_names.iter().flat_map(|(_, _, salts)| salts.clone()).collect();
    assert_eq!(secrets.len(), 4);
    secrets.extend(PEOPLE.iter().map(|name| name.as_bytes().to_vec()));
    let surnames = PEOPLE.iter().map(|name| name.split(' ').next_back().unwrap().as_bytes().to_vec());
    secrets.extend(surnames);
    let mut searched = 0;
    for (path, bytes) in files(&world, "out") {
        for secret in &secrets {
            assert!(!betrays(&bytes, secret), "{} betrays {}", path.display(), String::from_utf8_lossy(secret));
        }
        searched += bytes.len();
    }
    tally::held("bytes of a publication searched for names and salts", searched);
    // With the file of one ceremony: its record has the names, the other has not.
    let (given, session, salts) = &files_of_names[0];
    let (other, of_other, _) = &files_of_names[1];
    let with_names = [&PUBLISH[..], &["--names", given.as_str()]].concat();
    assert!(world.run(&with_names).ok().stderr.contains("2: the files that open the log's commitments"));
    let file = format!("out/records/participants-{session}.json");
    assert_eq!(world.read(&file), world.read(given));
    let records = |session: &str| {
        let read = |end: &str| world.read(format!("out/records/record-{session}.{end}"));
        [read("html"), read("json")].concat()
    };
    assert!(PEOPLE.iter().all(|name| holds(&records(session), name.as_bytes())));
    assert!(salts.iter().all(|salt| !betrays(&records(session), salt)), "a record needs no salt");
    assert!(PEOPLE.iter().all(|name| !holds(&records(of_other), name.as_bytes())));
    // Names are where their file is: kept by the next publication, gone with the file.
    world.run(&PUBLISH).ok();
    assert!(holds(&records(session), PEOPLE[0].as_bytes()));
    std::fs::remove_file(world.path(&file)).unwrap();
    world.run(&PUBLISH).ok();
    assert!(!holds(&records(session), PEOPLE[0].as_bytes()));
    world.run(&[&PUBLISH[..], &["--names", given, other]].concat()).ok();
    assert!(holds(&records(of_other), PEOPLE[1].as_bytes()));
}

#[test]
fn a_publication_holds_what_it_should_and_nothing_of_the_machine() {
    let world = held();
    world.write("authority/local.toml", "[media]\nexports = \"/secret/place\"\n");
    world.run(&PUBLISH).ok();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit());
    let expected = |name: &str| match name.rsplit_once('/') {
        None => [
            "README.md",
            "SHA256SUMS",
            "audit-cert.pem",
            "check-log.py",
            "pgp-words.txt",
            "root-card.html",
            "root-card.txt",
            "root-cert.pem",
            "root.crl",
            "root.crl.der",
            "verify-with-stock-tools.sh",
        ]
        .contains(&name),
        Some(("log", file)) => ["entries.jsonl", "checkpoint"].contains(&file),
        Some(("log/checkpoints", size)) => is_number(size),
        Some(("log/audit", file)) => file == "1.pem",
        Some(("scripts", file)) => file.strip_suffix(".toml").is_some_and(|stem| is_hex(stem, 64)),
        Some(("records", file)) => {
            let stem = file.strip_suffix(".html").or(file.strip_suffix(".json"));
            stem.and_then(|stem| stem.strip_prefix("record-")).is_some_and(|id| is_hex(id, 16))
        }
        _ => false,
    };
    let strangers: Vec<String> = names_in(&world, "out").into_iter().filter(|name| !expected(name)).collect();
    assert_eq!(strangers, Vec::<String>::new());
    let here = world.path(".").canonicalize().unwrap().display().to_string();
    for (path, bytes) in files(&world, "out") {
        for never in [PIN, SO_PIN, "/secret/place", here.as_str(), "softhsm2.conf", "tokens.snapshots"] {
            assert!(!holds(&bytes, never.as_bytes()), "{never} is in {}", path.display());
        }
    }
    // A CRL and a certificate are those of public/, but for a clock.
    for name in ["root-cert.pem", "root.crl", "root.crl.der", "root-card.txt", "audit-cert.pem"] {
        assert_eq!(world.read(format!("out/{name}")), world.read(format!("authority/public/{name}")), "{name}");
    }
}

#[test]
fn what_becomes_public_with_a_log_is_said_on_the_screen() {
    let world = held();
    let said = world.run(&PUBLISH).ok().stderr;
    let screen = said.split("wrote ").next().unwrap();
    assert_text(
        screen,
        "With the log these become public:
        settings     1 text of authority.toml
        clusters     cluster1
        tokens       World Mesh Root …
        modules      /…
        machine      …
        lines of preflights
        typed        16 entries of values, deviations and reasons
        names        none: people are shown by their roles
        Read them before others do: anchorite log show, and the pages in records/.",
    );
    let json = world.run(&["-C", AUTHORITY, "publish", "--to", "out", "--json"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["clusters"][0], json["names"].as_u64(), json["left_out"].as_u64()),
        (&"cluster1".into(), Some(0), Some(0))
    );
    assert_eq!(json["words"].as_array().unwrap().len(), 8);
}

#[test]
fn a_log_does_not_say_where_this_machine_keeps_its_files_whatever_failed() {
    // A stick, named by its whole path, that is full when the bundle is written: the session ends with that.
    const NAME: &str = "a_log_does_not_say_where_this_machine_keeps_its_files_whatever_failed";
    if !instants::can_trace(NAME) {
        return;
    }
    let world = World::ready();
    let package = world.request("west");
    world.write("answers.toml", world.signing_answers(&[&package], &[]));
    std::fs::create_dir(world.path("anna b")).unwrap();
    std::fs::rename(world.path("medium"), world.path("anna b/medium")).unwrap();
    let here = world.path(".").canonicalize().unwrap().display().to_string();
    let (from, to) = (format!("{here}/requests"), format!("{here}/anna b/medium"));
    let pin_and_answers = ["--pin-file", "pin", "--answers", "answers.toml"];
    let sign = ["-C", AUTHORITY, "--now", SIGNING, "sign", "--from", &from, "--to", &to];
    let sign = [&sign[..], &pin_and_answers].concat();
    let trial = crate::crash::copy(&world);
    let trial_here = trial.path(".").canonicalize().unwrap().display().to_string();
    let moved: Vec<String> = sign.iter().map(|argument| argument.replace(&here, &trial_here)).collect();
    let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
    let all = instants::of_run(&trial, &moved, &["medium/"]);
    let made = all.iter().find(|at| at.is("mkdir", "medium/") || at.is("mkdirat", "medium/")).unwrap();
    let failed = instants::fail(&world, &sign, made);
    assert_eq!(failed.code, Some(50), "{}", failed.stderr);
    // People are told all of it, and the log what it is called.
    assert!(failed.stderr.contains("$WORLD/anna"), "{}", failed.stderr);
    let log = world.read(ENTRIES);
    for secret in [here.as_str(), "anna", "b/medium"] {
        assert!(!holds(&log, secret.as_bytes()), "{}", String::from_utf8_lossy(&log));
    }
    let mut lines = std::str::from_utf8(&log).unwrap().lines();
    assert!(lines.any(|line| line.contains("\"session.closed\"") && line.contains("\\u2026/medium")));

    // Files that a restore read.
    let world = crate::restoring::lost();
    let here = world.path(".").canonicalize().unwrap().display().to_string();
    let (checkpoint, crl) = (format!("{here}/lost/log/checkpoint"), format!("{here}/lost/public/root.crl"));
    let bundle = format!("{here}/clusters/east");
    crate::restoring::restore(&world, &["--checkpoint", &checkpoint, "--crl", &crl, "--bundle", &bundle]).ok();
    let log = world.read(format!("{}/log/entries.jsonl", crate::restoring::NEW));
    assert!(holds(&log, b"\\u2026/root.crl") && holds(&log, b"\\u2026/checkpoint"));
    assert!(!holds(&log, here.as_bytes()), "{}", String::from_utf8_lossy(&log));
}
