//! Strings that would repaint, reorder or imitate: none of them reaches a terminal, wherever it comes from.

use super::requests::{der, pem, with_file};
use crate::support::{AUTHORITY, GENESIS, Output, PLAIN_CSR, SIGN, World};
use anchorite::text::is_deceptive;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Erases the screen, turns text around, hides, imitates a space, and a C1 control that some terminals obey.
const HOSTILE: &str = "x\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\u{a0}\u{feff}\u{2066}\u{7f}";

/// Nothing that was printed is anything but what it looks like.
#[track_caller]
fn plain(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let found = text.chars().find(|c| *c != '\n' && is_deceptive(*c));
        assert_eq!(found, None, "{text:?}");
    }
}

/// The same string as JSON or TOML writes it: the characters are in the value, not in the file.
fn quoted(text: &str) -> String {
    let escape = |c: char| match u32::from(c) {
        code if is_deceptive(c) => format!("\\u{code:04x}"),
        _ => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[test]
fn every_string_of_a_package_is_escaped_wherever_it_is_shown() {
    let world = World::ready();
    world.request("cluster1");
    let json = String::from_utf8(world.read("requests/cluster1/request.json")).unwrap();
    let recipient = json.split('"').find(|part| part.starts_with("age1")).unwrap();
    for (from, to) in [
        ("\"cluster1\"", format!("\"{}\"", quoted(HOSTILE))),
        ("\"prod\"", format!("\"{}\"", quoted(HOSTILE))),
        ("\"cluster.local\"", format!("\"{}\"", quoted(HOSTILE))),
        ("anchorite/request/v1", quoted(HOSTILE)),
        ("-----BEGIN ", format!("{}-----BEGIN ", quoted(HOSTILE))),
        ("CERTIFICATE REQUEST-----\\n", format!("{}-----\\n", quoted(HOSTILE))),
        (recipient, quoted(HOSTILE)),
        ("\"trust_domain\"", format!("\"{}\"", quoted(HOSTILE))),
        // Not even JSON: the characters themselves.
        ("\"environment\"", format!("\"{HOSTILE}\"")),
    ] {
        let altered = json.replace(from, &to);
        assert_ne!(altered, json, "{from}");
        world.write("requests/cluster1/request.json", &altered);
        let sha256 = world.sha256("requests/cluster1/request.json");
        world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
        for arguments in [
            &SIGN[..],
            &["inspect", "request", "requests/cluster1"],
            &["--json", "inspect", "request", "requests/cluster1"],
        ] {
            let output = world.run(arguments);
            assert!(matches!(output.code, Some(10 | 30)), "{from}: {output:?}");
            plain(&output);
        }
    }
    for arguments in
        [&["log", "show", AUTHORITY][..], &["-C", AUTHORITY, "status"], &["log", "verify", AUTHORITY, "--at-rest"]]
    {
        plain(&world.run(arguments).ok());
    }
}

#[test]
fn names_of_files_are_escaped_on_screen_in_the_log_and_afterwards() {
    let world = World::ready();
    let names: [&[u8]; 4] =
        [b"a\x1b]0;title\x07.csr", "b\u{202e}rsc.csr".as_bytes(), b"c\xff\xfe.csr", b"d\nexit 0\n.csr"];
    let shown =
        ["a\\u{1b}]0;title\\u{7}.csr", "b\\u{202e}rsc.csr", "c\\u{fffd}\\u{fffd}.csr", "d\\u{a}exit 0\\u{a}.csr"];
    let mut answers = world.signing_answers(&[&world.request("cluster1")], &[]);
    for (number, name) in names.iter().enumerate() {
        std::fs::write(world.path("requests").join(OsStr::from_bytes(name)), format!("no {number}\n")).unwrap();
        let sha256 = anchorite::digest::Digest::of(format!("no {number}\n").as_bytes());
        answers += &format!("[requests.\"sha256:{sha256}\"]\nstrike = \"{}\"\n", quoted(HOSTILE));
    }
    let signed = world.sign(&answers).ok();
    plain(&signed);
    let flowing = signed.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in shown {
        assert!(flowing.contains(&format!("{name} is refused")), "{name}: {}", signed.stderr);
    }
    for arguments in
        [&["log", "show", AUTHORITY][..], &["-C", AUTHORITY, "status"], &["log", "verify", AUTHORITY, "--at-rest"]]
    {
        plain(&world.run(arguments).ok());
    }
    for name in names {
        let path = std::path::Path::new("requests").join(OsStr::from_bytes(name));
        let mut command = world.command(&["inspect", "request"]);
        let output = command.arg(path).output().unwrap();
        assert_eq!(output.status.code(), Some(30));
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(!text.chars().any(|c| c != '\n' && is_deceptive(c)), "{text:?}");
    }
}

/// A request that `openssl` made for a subject and extensions, as PEM.
fn made(world: &World, subject: &str, extension: &str) -> String {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem"];
    let arguments = ["req", "-new", "-utf8", "-subj", subject, "-addext", extension, "-out", "made.csr"];
    world.tool("openssl", &[&arguments[..], &key[..]].concat()).ok();
    String::from_utf8(world.read("made.csr")).unwrap()
}

#[test]
fn a_subject_with_a_character_of_any_deceptive_class_is_refused() {
    let world = World::new();
    for (class, value, seen) in [
        ("control", "a\u{8}b", "U+0008"),
        ("C1", "a\u{9b}31mb", "U+009B"),
        ("bidirectional", "a\u{2067}b", "U+2067"),
        ("zero width", "a\u{200d}b", "U+200D"),
        ("space of another width", "a\u{2003}b", "U+2003"),
        ("no-break space", "a\u{a0}b", "U+00A0"),
        ("blank letter", "a\u{3164}b", "U+3164"),
        ("empty braille", "a\u{2800}b", "U+2800"),
        ("tag", "a\u{e0061}b", "U+E0061"),
        ("noncharacter", "a\u{fdd0}b", "U+FDD0"),
        ("private use", "a\u{e000}b", "U+E000"),
        ("annotation", "a\u{fff9}b", "U+FFF9"),
        ("unassigned", "a\u{50000}b", "U+50000"),
        ("a mark alone", "\u{338}b", "U+0338"),
        ("only marks", "\u{301}\u{302}", "U+0301"),
        ("a heap of marks", "a\u{301}\u{301}\u{301}\u{301}\u{301}", "U+0301"),
        ("a space at the end", "a ", "a space at character 2"),
        ("two spaces", "a  b", "a space at character 3"),
    ] {
        made(&world, &format!("/CN={value}"), "basicConstraints=CA:TRUE");
        let output = world.run(&["inspect", "request", "made.csr"]);
        plain(&output);
        assert_eq!(output.code, Some(10), "{class}: {output:?}");
        let flowing = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flowing.contains(&format!("rule request.subject.deceptive: saw CN: {seen}")), "{class}: {flowing}");
    }
    for value in ["Žižkov", "東京", "Ελλάδα", "e\u{301}", "plain"] {
        made(&world, &format!("/CN={value}"), "basicConstraints=CA:TRUE");
        plain(&world.run(&["inspect", "request", "made.csr"]).ok());
    }
}

#[test]
fn names_that_are_asked_for_are_refused_when_they_deceive_and_never_shown_raw() {
    let world = World::new();
    let asked = "subjectAltName=DNS:AAAA.example,URI:http://AAAA/,email:AAAA@b.example";
    let pem_file = made(&world, "/CN=cluster2", asked);
    let mut bytes = der(&pem_file);
    // The signature is wrong afterwards, which is another rule: this one is found all the same.
    while let Some(at) = bytes.windows(4).position(|four| four == b"AAAA") {
        bytes[at..at + 4].copy_from_slice(b"\x1b[2J");
    }
    world.write("made.csr", pem(&bytes));
    for arguments in [&["inspect", "request", "made.csr"][..], &["--json", "inspect", "request", "made.csr"]] {
        let output = world.run(arguments);
        plain(&output);
        assert_eq!(output.code, Some(10), "{output:?}");
        assert!(
            output.stdout.contains("request.asks.deceptive") && output.stdout.contains("1b}[2J"),
            "{}",
            output.stdout
        );
    }
}

#[test]
fn what_configuration_and_answers_say_is_escaped_in_errors() {
    let world = World::ready();
    let good = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    for bad in [
        format!("{good}\n\"{}\" = 1\n", quoted(HOSTILE)),
        good.replace("World Mesh Root\"", &format!("{}\"", quoted(HOSTILE))),
        good.replace("ecdsa-p256", &quoted(HOSTILE)),
        format!("{good}\n[clusters.\"{}\"]\ntrust_domain = \"x\"\nenvironment = \"y\"\n", quoted(HOSTILE)),
        format!("{good}\n[clusters.a]\ntrust_domain = \"{}\"\nenvironment = \"y\"\n", quoted(HOSTILE)),
        format!("{good}\n{HOSTILE}"),
    ] {
        world.write("other/authority.toml", bad);
        let output = world.run(&["-C", "other", "config", "check"]);
        assert_eq!(output.code, Some(2), "{output:?}");
        plain(&output);
    }
    let sha256 = world.plain_request("cluster2");
    for answers in [
        format!(
            "[requests.\"sha256:{sha256}\"]\ncluster = \"{}\"\nenvironment = \"e\"\ntrust_domain = \"t\"\nrecipients = []\n",
            quoted(HOSTILE)
        ),
        format!("\"{}\" = 1\n", quoted(HOSTILE)),
        HOSTILE.to_owned(),
    ] {
        let output = world.sign(&format!("{}{answers}", crate::support::PARTICIPANTS));
        assert_eq!(output.code, Some(2), "{output:?}");
        plain(&output);
    }
}

#[test]
fn a_configured_trust_domain_is_one() {
    let world = World::configured("test", "ecdsa-p256");
    let good = String::from_utf8(world.read("authority/authority.toml")).unwrap();
    world.configure(&format!("{good}[clusters.cluster1]\ntrust_domain = \"Example.org\"\n"));
    world.refused(
        &["-C", AUTHORITY, "config", "check"],
        r#"
        error: authority.toml, line 19, column 1: [clusters.cluster1] trust_domain: not
               a trust domain: saw Example.org, wanted 1 to 255 of a-z, 0-9, ".", "-"
               and "_", for example cluster.local
        exit 2
    "#,
    );
}

#[test]
fn a_hostile_file_is_shown_raw_by_no_reading_command() {
    let world = World::new();
    world.write("hostile.pem", format!("-----BEGIN {HOSTILE}-----\nAAAA\n-----END {HOSTILE}-----\n"));
    world.write("hostile.csr", PLAIN_CSR.replace("MI", HOSTILE));
    world.write("hostile/log/entries.jsonl", format!("{{\"v\":1,\"{HOSTILE}\":\"{HOSTILE}\"}}\n"));
    world.write("hostile/log/checkpoint", format!("{HOSTILE}\n1\nAAAA\n\n\u{2014} {HOSTILE} AAAA\n"));
    world.write("hostile/authority.toml", HOSTILE);
    world.write("hostile/envelope.json", format!("{{\"{}\":1}}", quoted(HOSTILE)));
    world.write("hostile/anchorite-medium.json", format!("{{\"type\":\"{}\"}}", quoted(HOSTILE)));
    for arguments in [
        &["inspect", "request", "hostile.pem"][..],
        &["inspect", "request", "hostile.csr"],
        &["inspect", "certificate", "hostile.pem"],
        &["inspect", "crl", "hostile.pem"],
        &["inspect", "checkpoint", "hostile/log/checkpoint"],
        &["inspect", "bundle", "hostile"],
        &["log", "show", "hostile"],
        &["--json", "log", "show", "hostile"],
        &["log", "verify", "hostile"],
        &["-C", "hostile", "status"],
        &["-C", "hostile", "config", "check"],
        &["medium", "show", "hostile"],
        &["verify", "hostile"],
        &["--now", GENESIS, "request", HOSTILE],
        &[HOSTILE],
    ] {
        let output = world.run(arguments);
        assert!(!matches!(output.code, Some(0 | 70) | None), "{arguments:?}: {output:?}");
        plain(&output);
    }
}

#[test]
fn terminal_escapes_in_a_subject_reach_no_terminal() {
    let world = World::ready();
    let subject = "/CN=cluster2\u{1b}[2J\u{1b}[31mAPPROVED\u{202e}";
    world
        .tool(
            "openssl",
            &[
                "req",
                "-new",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-utf8",
                "-keyout",
                "key.pem",
                "-subj",
                subject,
                "-out",
                "requests/cluster2.csr",
            ],
        )
        .ok();
    let sha256 = world.sha256("requests/cluster2.csr");
    world.write("answers.toml", world.signing_answers(&[], &[("cluster2", &sha256)]));
    let shown = world.run(&["inspect", "request", "requests/cluster2.csr"]);
    let signed = world.run(&SIGN);
    for text in [&shown.stdout, &shown.stderr, &signed.stdout, &signed.stderr] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text:?}");
    }
    assert!(shown.stdout.contains("cluster2\\u{1b}[2J\\u{1b}[31mAPPROVED\\u{202e}"), "{}", shown.stdout);
    // Another rule than proof of possession refuses it: the reader hides nothing of such a name.
    assert_eq!(shown.code, signed.code, "{signed:?}");
}

#[test]
fn terminal_escapes_in_a_file_name_reach_no_terminal() {
    let world = with_file("a\u{1b}[2J.csr", "no");
    let output = world.run(&SIGN);
    assert!(!output.stderr.contains('\u{1b}'));
    crate::support::assert_text(
        &output.error(),
        r#"
        error: a\u{1b}[2J.csr is refused by the rule request.pem.label: saw no PEM
               block, wanted -----BEGIN CERTIFICATE REQUEST-----
        hint:  is it the right file? ask for the certificate request
        hint:  the others can be signed without it: strike it, or take it off the stick
        Nothing was signed.
        exit 30
    "#,
    );
}
