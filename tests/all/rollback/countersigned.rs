//! Checkpoints that somebody elsewhere countersigns: the way there and back, what is refused on it, by whom it can be
//! judged, and what people see of it.

use super::*;
use crate::seat::{Seat, founded_as, introduces};
use serde_json::Value;

const COUNTERSIGNING: &str = "2026-11-21T13:00:00Z";
const TAKING: &str = "2026-11-21T14:00:00Z";
const ROOT: [&str; 4] = ["--signer", "authority/public/audit-cert.pem", "--root", "authority/public/root-cert.pem"];

/// A countersigner in a directory; its public key.
fn countersigner(world: &World, dir: &str) -> String {
    let made = world.run(&["checkpoint", "key", &format!("{dir}.example/w1"), "--into", dir]).ok();
    made.stdout.trim().to_owned()
}

/// The authority's configuration with countersigners.
fn naming(kind: &str, keys: &[&str]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    format!("{}\n[countersigners]\nkeys = [{}]\n", configuration(kind, "ecdsa-p256"), keys.join(", "))
}

/// A founded authority that names the countersigner `site`.
fn named() -> World {
    let world = World::new();
    let key = countersigner(&world, "site");
    world.configure(&naming("test", &[&key]));
    world.found().ok();
    world
}

/// What is to be countersigned, in the file `request`.
fn export(world: &World, arguments: &[&str]) -> String {
    let printed = world.run(&[&["-C", AUTHORITY, "checkpoint", "export"], arguments].concat()).ok().stdout;
    world.write("request", &printed);
    printed
}

/// Countersigns `request`; where it went well, the note is in `note`.
fn countersign(world: &World, site: &str, arguments: &[&str]) -> Output {
    let first = ["--now", COUNTERSIGNING, "checkpoint", "countersign", "request", "--state", site];
    let output = world.run(&[&first, arguments].concat());
    if output.code == Some(0) {
        world.write("note", &output.stdout);
    }
    output
}

const TAKE: [&str; 10] =
    ["-C", AUTHORITY, "--now", TAKING, "checkpoint", "take", "note", "--pin-file", "pin", "--answers"];

fn take(world: &World, arguments: &[&str]) -> Output {
    world.write("answers-take.toml", PARTICIPANTS);
    world.run(&[&TAKE[..], &["answers-take.toml"], arguments].concat())
}

fn status(world: &World, now: &str) -> Value {
    let output = world.run(&["--json", "-C", AUTHORITY, "--now", now, "status"]).ok();
    serde_json::from_str(&output.stdout).unwrap()
}

fn size(world: &World) -> u64 {
    world.read(ENTRIES).iter().filter(|byte| **byte == b'\n').count().try_into().unwrap()
}

#[test]
fn a_checkpoint_goes_out_comes_back_countersigned_and_everybody_sees_it() {
    let world = named();
    let founded = size(&world);
    let due = status(&world, TAKING);
    assert_eq!(due["uncountersigned"], serde_json::json!([founded]));
    let what = due["due"].as_array().unwrap().iter().find(|due| due["id"] == "countersign").unwrap();
    assert_eq!(what["by"], "2026-12-21T09:30:00Z");
    let late = world.run(&["-C", AUTHORITY, "--now", "2026-12-30T09:00:00Z", "status", "--check"]);
    assert_eq!(late.code, Some(10), "{}", late.stderr);
    assert!(late.stderr.contains("countersigned elsewhere") && late.stderr.contains("LATE"), "{}", late.stderr);

    assert!(export(&world, &[]).starts_with("old 0\n\nanchorite/world-mesh-root/"));
    countersign(&world, "site", &ROOT).ok();
    let before = world.intents();
    let taken = take(&world, &[]).ok();
    assert_eq!(world.intents(), before, "the root key was used");
    assert!(taken.stderr.contains("Somebody elsewhere has seen this log"), "{}", taken.stderr);
    assert!(taken.stderr.lines().all(|line| line.chars().count() <= 80), "{}", taken.stderr);

    // The session that took it back asks for no other: it would never end.
    let after = status(&world, TAKING);
    assert_eq!(after["uncountersigned"], Value::Null);
    assert_eq!(after["countersigned"][0]["size"], founded);
    assert!(!after["due"].to_string().contains("countersign"));
    let seen = format!("{founded} entries by site.example/w1, {COUNTERSIGNING}");
    let verified = world.run(&["log", "verify", AUTHORITY, "--root", ROOT[3], "--at-rest"]).ok().stdout;
    assert!(verified.contains(&seen), "{verified}");
    let shown = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(shown.contains(&format!("checkpoint.witnessed {founded} entries by site.example/w1")), "{shown}");

    // The record of the ceremony whose end was countersigned says so from then on, with the line to check.
    let line = String::from_utf8(world.read("note")).unwrap().lines().last().unwrap().to_owned();
    let entries = String::from_utf8(world.read(ENTRIES)).unwrap();
    let first: Value = serde_json::from_str(entries.lines().next().unwrap()).unwrap();
    let record = ["--json", "-C", AUTHORITY, "ceremony", "record", "--session", first["session"].as_str().unwrap()];
    let genesis: Value = serde_json::from_str(&world.run(&record).ok().stdout).unwrap();
    assert_eq!(genesis["checkpoint"]["countersigned"][0]["line"], line);
    let page = world.run(&record[1..]).ok().stdout;
    assert!(page.contains("Countersigned elsewhere") && page.contains("this very checkpoint"), "{page}");
    let own: Value = serde_json::from_str(&world.run(&record[..5]).ok().stdout).unwrap();
    assert!(own["checkpoint"]["countersigned"].is_null(), "of the session that took it: {own}");

    // It goes on from there: the proof begins where the countersigner is, and a session later there is more to see.
    let sha256 = world.request("cluster1");
    let mut sign = SIGN;
    sign[3] = "2026-11-22T10:00:00Z";
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.run(&sign).ok();
    assert!(export(&world, &[]).starts_with(&format!("old {founded}\n")));
    let again = countersign(&world, "site", &[]).ok();
    let said = again.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains(&format!("from {founded} entries on")), "{said}");
    assert!(again.stdout.contains(line.split(' ').nth(1).unwrap()));
    let waits = status(&world, "2026-11-22T11:00:00Z");
    assert_eq!(waits["uncountersigned"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_not_a_countersignature_of_this_log_is_not_taken() {
    let world = named();
    export(&world, &[]);
    countersign(&world, "site", &ROOT).ok();
    let good = String::from_utf8(world.read("note")).unwrap();
    let refused = |note: &str, code: i32, said: &str| {
        world.write("note", note);
        let output = take(&world, &[]);
        let text = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.code, Some(code), "{text}");
        assert!(text.contains(said) && text.contains("Nothing was changed."), "{said}: {text}");
        assert!(!String::from_utf8(world.read(ENTRIES)).unwrap().contains("checkpoint.witnessed"));
    };
    let own = String::from_utf8(world.read("authority/log/checkpoint")).unwrap();
    let last = good.lines().last().unwrap();
    let mut tried = 0;
    // Each character of the line: another name or id is nobody's, anything else does not verify.
    for at in last.char_indices().map(|(at, _)| at).filter(|at| *at > 3) {
        let mut line = last.to_owned();
        let other = if line[at..].starts_with('A') { "B" } else { "A" };
        line.replace_range(at..=at, other);
        world.write("note", format!("{own}{line}\n"));
        let output = take(&world, &[]);
        assert!([Some(10), Some(40)].contains(&output.code), "{line}: {}", output.stderr);
        tried += 1;
    }
    refused(&own, 10, "no countersigner that authority.toml names signed this checkpoint: saw only the log's own");
    refused(&good.replacen("\n44\n", "\n43\n", 1), 40, "a checkpoint that this log does not have");
    refused("nothing of a note\n", 40, "a signed note has no blank line");
    // A stranger's; one whose clock is wrong; one of another log.
    countersigner(&world, "stranger");
    countersign(&world, "stranger", &ROOT).ok();
    let stranger = String::from_utf8(world.read("note")).unwrap();
    refused(&stranger, 10, "saw stranger.example/w1, wanted site.example/w1");
    for time in ["2026-11-19T09:00:00Z", "2026-11-23T09:00:00Z"] {
        let wrong = ["--now", time, "checkpoint", "countersign", "request", "--state", "site"];
        let output = world.run(&wrong).ok().stdout;
        refused(&output, 12, "the countersignature of site.example/w1 has a time that cannot be");
    }
    let other = named();
    export(&other, &[]);
    countersign(&other, "site", &ROOT).ok();
    refused(&String::from_utf8(other.read("note")).unwrap(), 40, "a checkpoint of another log");
    tried += 7;
    // And the good one is taken, once.
    world.write("note", &good);
    take(&world, &[]).ok();
    let again = take(&world, &[]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("the log has these countersignatures already"), "{}", again.stderr);
    let settled = take(&world, &["--if-needed"]).ok();
    assert!(settled.stderr.contains("nothing was changed"), "{}", settled.stderr);
    tally::held("countersignatures that are none of this log", tried);
}

#[test]
fn a_countersigner_never_signs_what_does_not_extend_what_it_saw() {
    let world = named();
    copy(&world, AUTHORITY, "older");
    copy(&world, "token/tokens", "tokens-before");
    let first = export(&world, &[]);
    let unknown = countersign(&world, "site", &[]);
    assert_text(
        &unknown.refusal(),
        "
        error: nothing was countersigned of this log yet: saw
               anchorite/world-mesh-root/…, wanted
               --signer audit-cert.pem --root root-cert.pem, the first time
        hint:  public/ of the authority has both; the root is compared with its card
        hint:  where an older log of this authority was countersigned: it was restored,
               so ask its people why
        Nothing was countersigned.
        exit 2
    ",
    );
    countersign(&world, "site", &ROOT).ok();
    world.issued("cluster1");
    let seen = size(&world);
    // From the wrong size: the countersigner says which it wants.
    export(&world, &["--old", "0"]);
    let from_nothing = countersign(&world, "site", &[]).refusal();
    assert!(from_nothing.contains("anchorite checkpoint export --old 44"), "{from_nothing}");
    export(&world, &["--old", "44"]);
    countersign(&world, "site", &[]).ok();
    // The older checkpoint again.
    world.write("request", &first);
    assert_text(
        &countersign(&world, "site", &[]).refusal(),
        "
        error: this checkpoint is older than one that was countersigned here: saw 44
               entries, wanted … or more
        hint:  an older copy of the authority may be in use: ask its people which log
               they go on with
        Nothing was countersigned.
        exit 40
    ",
    );
    // Another history of the same authority, signed by its own audit key in a clone of the token.
    put_back(&world, "older", AUTHORITY);
    put_back(&world, "tokens-before", "token/tokens");
    std::fs::remove_dir_all(world.path("requests/cluster1")).unwrap();
    for (cluster, time) in [("cluster2", "2026-11-21T10:10:00Z"), ("cluster3", "2026-11-21T10:20:00Z")] {
        let sha256 = world.request(cluster);
        world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
        let mut sign = SIGN;
        sign[3] = time;
        world.run(&sign).ok();
        std::fs::remove_dir_all(world.path(format!("requests/{cluster}"))).unwrap();
    }
    assert!(size(&world) > seen);
    export(&world, &["--old", &seen.to_string()]);
    assert_text(
        &countersign(&world, "site", &[]).refusal(),
        "
        error: this checkpoint is not of the log that was countersigned here before: a
               consistency proof from 75 to 105 does not verify: saw old root
               …, wanted
               old root …
        hint:  keep both: two histories of one log are signed, which only its audit key
               can do
        hint:  tell everybody who relies on this root, before its own people
        Nothing was countersigned.
        exit 40
    ",
    );
    // The root of another authority vouches for no log of this one.
    let other = World::ready();
    let root = other.path("authority/public/root-cert.pem").display().to_string();
    let wrong = countersign(&world, "site", &["--signer", ROOT[1], "--root", &root]);
    assert_eq!(wrong.code, Some(40), "{}", wrong.stderr);
    tally::held("checkpoints that a countersigner refuses", 5);
}

#[test]
fn a_memory_that_cannot_be_read_vouches_for_nothing() {
    let world = named();
    export(&world, &[]);
    countersign(&world, "site", &ROOT).ok();
    let id = world.path("site").read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let file = format!("site/{}", id.into_iter().find(|name| name.ends_with(".json")).unwrap());
    let memory = String::from_utf8(world.read(&file)).unwrap();
    let after = |from: &str, to: &str| {
        assert!(memory.contains(from), "{memory}");
        world.write(&file, memory.replacen(from, to, 1));
        countersign(&world, "site", &[]).refusal()
    };
    assert_text(
        &after("countersigned/v1", "countersigned/v2"),
        "
        error: …json was written by a newer anchorite: saw anchorite/countersigned/v2,
               wanted anchorite/countersigned/v1
        hint:  use the version of anchorite that wrote it, or a later one
        Nothing was countersigned.
        exit 40
    ",
    );
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let elsewhere = words(after("world-mesh-root", "other-mesh-root"));
    assert!(elsewhere.contains("what was remembered of this log cannot be read: saw"), "{elsewhere}");
    assert!(elsewhere.contains("hint: restore it from its copy: without it, nobody knows"), "{elsewhere}");
    let damaged = words(after("\"size\"", "\"sizes\""));
    assert!(damaged.contains("what was remembered of this log cannot be read: saw unknown field"), "{damaged}");
    world.write(&file, &memory);
    countersign(&world, "site", &[]).ok();
}

#[test]
fn openssl_alone_countersigns_and_judges_a_countersignature() {
    let world = World::new();
    // A countersigner who has nothing of ours: a key, its id, and later the line.
    let make = r#"
        openssl genpkey -algorithm ed25519 -out w.pem
        openssl pkey -in w.pem -pubout -outform DER | tail -c 32 > w.raw
        name=openssl.example/w1
        { printf '%s\n\004' "$name"; cat w.raw; } | sha256sum | head -c 8 > w.id
        printf '%s+%s+%s' "$name" "$(cat w.id)" "$({ printf '\004'; cat w.raw; } | base64 -w0)" > w.vkey
    "#;
    world.tool("bash", &["-euc", make]).ok();
    let vkey = String::from_utf8(world.read("w.vkey")).unwrap();
    let own = countersigner(&world, "site");
    world.configure(&naming("test", &[&vkey, &own]));
    world.found().ok();
    let sign = r#"
        time=1795266000
        sed '/^$/,$d' authority/log/checkpoint > body
        { printf 'cosignature/v1\ntime %s\n' $time; cat body; } > message
        openssl pkeyutl -sign -rawin -inkey w.pem -in message -out w.sig
        { xxd -r -p w.id; printf '%016x' $time | xxd -r -p; cat w.sig; } | base64 -w0 > w.blob
        { cat authority/log/checkpoint; printf '\342\200\224 openssl.example/w1 %s\n' "$(cat w.blob)"; } > note
    "#;
    let sign = sign.replace(
        "xxd -r -p w.id",
        "python3 -c 'import sys;sys.stdout.buffer.write(bytes.fromhex(open(\"w.id\").read()))'",
    );
    let sign = sign.replace(
        "printf '%016x' $time | xxd -r -p",
        "python3 -c \"import sys;sys.stdout.buffer.write(int($time).to_bytes(8))\"",
    );
    world.tool("bash", &["-euc", &sign]).ok();
    let theirs = world.read("note");
    // And ours, judged by openssl.
    export(&world, &[]);
    countersign(&world, "site", &ROOT).ok();
    let judge = r#"
        grep -F '— site.example/w1 ' note | cut -d' ' -f3 | base64 -d > blob
        { printf 'cosignature/v1\ntime %s\n' "$(python3 -c 'print(int.from_bytes(open("blob","rb").read()[4:12]))')"
          sed '/^$/,$d' note; } > message
        tail -c 64 blob > sig
        openssl pkey -in site/countersigner-key.pem -pubout -out site.pub
        openssl pkeyutl -verify -rawin -pubin -inkey site.pub -in message -sigfile sig
    "#;
    let judged = world.tool("bash", &["-euc", judge]).ok().stdout;
    assert!(judged.contains("Signature Verified Successfully"), "{judged}");
    // Both lines in one note, brought back together.
    let ours = String::from_utf8(world.read("note")).unwrap();
    world.write("note", [&theirs[..], ours.lines().last().unwrap().as_bytes(), b"\n"].concat());
    take(&world, &[]).ok();
    assert_eq!(status(&world, TAKING)["countersigned"].as_array().unwrap().len(), 2);
    world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", ROOT[3]]).ok();
}

#[test]
fn a_countersigner_of_a_running_authority_is_adopted_in_the_ceremony_that_takes_its_signature() {
    let world = World::ready();
    let key = countersigner(&world, "site");
    export(&world, &[]);
    countersign(&world, "site", &ROOT).ok();
    let output = take(&world, &[]);
    assert_eq!(output.code, Some(10));
    assert!(output.stderr.contains("wanted [countersigners] keys in"), "{}", output.stderr);
    world.configure(&naming("test", &[&key]));
    let sha256 = world.sha256("authority/authority.toml");
    world.write("answers-adopt.toml", format!("{PARTICIPANTS}[config]\n\"sha256:{sha256}\" = \"adopt\"\n"));
    world.run(&[&TAKE[..], &["answers-adopt.toml"]].concat()).ok();
    world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", ROOT[3]]).ok();
}

#[test]
fn people_take_a_countersigned_checkpoint_back_at_the_terminal() {
    let trial = World::new();
    let key = countersigner(&trial, "site");
    let world = founded_as(&naming("production", &[&key]));
    copy(&world, trial.path("site").to_str().unwrap(), "site");
    export(&world, &[]);
    // The clock of a production authority is the machine's.
    let first = ["checkpoint", "countersign", "request", "--state", "site"];
    let note = world.run(&[&first[..], &ROOT].concat()).ok().stdout;
    world.write("note", note);
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "checkpoint", "take", "note"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Somebody elsewhere has seen this log"), "{shown}");
    world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", ROOT[3]]).ok();
}
