//! A log that was altered.

use crate::support::{AUTHORITY, ENTRIES, SIGN, SIGNING, World, assert_text};

const VERIFY: [&str; 5] = ["log", "verify", AUTHORITY, "--root", "authority/public/root-cert.pem"];

#[test]
fn a_log_altered_in_any_byte_is_refused_with_line_offset_and_rule() {
    let world = World::ready();
    world.run(&VERIFY).ok();
    let whole = world.read(ENTRIES);
    let step = whole.len() / 40;
    for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        for bit in [0x01, 0x20] {
            let mut altered = whole.clone();
            altered[at] ^= bit;
            world.write(ENTRIES, &altered);
            let output = world.run(&VERIFY);
            assert_eq!(output.code, Some(40), "byte {at} ^ {bit}: {}", output.refusal());
            let line = whole[..at].iter().filter(|byte| **byte == b'\n').count();
            let named: Option<usize> = output
                .stderr
                .split_once("line ")
                .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
            // The fault shows on its own line, or on the next, whose `prev` no longer fits.
            assert!(
                named.is_some_and(|named| named == line + 1 || named == line + 2),
                "byte {at}, line {}: {}",
                line + 1,
                output.stderr
            );
        }
    }
}

#[test]
fn a_log_that_was_altered_is_explained() {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let whole = String::from_utf8(world.read(ENTRIES)).unwrap();
    world.write(ENTRIES, whole.replacen("\"kind\":\"test\"", "\"kind\":\"best\"", 1));
    world.refused(
        &VERIFY,
        "
        error: line 1 (byte 0, rule chain.prev): an entry was changed: the next one
               carries another leaf hash: saw leaf hash
               …, wanted
               leaf hash
               …
        hint:  keep it as it is, as evidence, and compare it with another copy and with
               the paper
        exit 40
    ",
    );
    world.refused(
        &["-C", AUTHORITY, "--now", SIGNING, "status"],
        "
        error: the log: line 2 (byte …, rule chain.prev): an entry does not follow the
               one before it: saw
               …, wanted
               …
        hint:  `anchorite log verify` checks the whole log
        exit 40
    ",
    );
    world.refused(
        &SIGN,
        "
        error: the log: line 2 (byte …, rule chain.prev): an entry does not follow the
               one before it: saw
               …, wanted
               …
        hint:  `anchorite log verify` checks the whole log
        exit 40
    ",
    );
    let mut lines: Vec<&str> = whole.lines().collect();
    lines.swap(3, 4);
    world.write(ENTRIES, lines.join("\n") + "\n");
    world.refused(
        &VERIFY,
        "
        error: line 4 (byte …, rule chain.seq): an entry is out of its place: saw 4,
               wanted 3
        hint:  keep it as it is, as evidence, and compare it with another copy and with
               the paper
        exit 40
    ",
    );
    let lines: Vec<&str> = whole.lines().collect();
    world.write(ENTRIES, lines[..lines.len() - 3].join("\n") + "\n");
    world.refused(
        &VERIFY,
        "
        error: line 42 (byte …, rule checkpoint.missing): entries are missing at the
               end of the log: saw 41 entries, wanted 44 entries, which a checkpoint
               covers
        hint:  keep it as it is, as evidence, and compare it with another copy and with
               the paper
        exit 40
    ",
    );
    world.refused(
        &SIGN,
        "
        error: entries are missing at the end of the log: saw 41 entries, wanted 44
               entries, which the checkpoint covers
        hint:  `anchorite log verify` checks the whole log
        exit 40
    ",
    );
    world.refused(
        &["-C", AUTHORITY, "--now", SIGNING, "status"],
        "
        error: entries are missing at the end of the log: saw 41 entries, wanted 44
               entries, which the checkpoint covers
        hint:  `anchorite log verify` checks the whole log
        exit 40
    ",
    );
}

#[test]
fn a_log_under_another_root_is_refused() {
    let world = World::ready();
    let stranger = World::ready();
    world.write("stranger.pem", stranger.read("authority/public/root-cert.pem"));
    world.refused(
        &["log", "verify", AUTHORITY, "--root", "stranger.pem"],
        "
        error: the log (rule root.pin): the log is not of the pinned root: saw
               …, wanted
               …
        hint:  keep it as it is, as evidence, and compare it with another copy and with
               the paper
        exit 40
    ",
    );
}

#[test]
fn an_older_copy_of_the_log_is_noticed_by_the_token() {
    let world = World::ready();
    world.tool("cp", &["-r", "authority", "older"]).ok();
    world.issued("cluster1");
    world.tool("rm", &["-r", "authority"]).ok();
    world.tool("mv", &["older", "authority"]).ok();
    let mut later = SIGN;
    later[3] = "2026-11-22T10:00:00Z";
    let before = world.everything();
    let output = world.run(&later);
    assert_text(
        &output.error(),
        "
        error: this log is older than the token remembers: saw 44 entries, wanted at
               least 75 entries
        hint:  this is an older copy of the authority: insert the stick that was written
               last
        hint:  where no newer copy is left: anchorite -C NEW-DIRECTORY restore --from
               THIS-COPY
        Nothing was signed.
        exit 40
    ",
    );
    assert_eq!(world.everything(), before);
}
