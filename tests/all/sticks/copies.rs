//! Copies of the authority on its own sticks: byte for byte, never over another history, mended when interrupted.

use super::{assert_copy, authority_stick, name_sticks, short_id};
use crate::present::have;
use crate::seat::{Seat, approves_from, founded, introduces};
use crate::support::{AUTHORITY, ENTRIES, PIN, SIGN, World, assert_text};
use std::process::Command;

const COPY: [&str; 4] = ["-C", AUTHORITY, "medium", "copy"];

/// A founded test authority with two sticks, each with its copy.
fn copied() -> World {
    let world = World::configured("test", "ecdsa-p256");
    for dir in ["a", "b"] {
        authority_stick(&world, dir, dir);
    }
    name_sticks(&world, &["a", "b"]);
    world.found().ok();
    world
}

/// A request of a cluster on a stick that has no other, and its answers.
fn ask(world: &World, cluster: &str) {
    std::fs::remove_dir_all(world.path("requests")).unwrap();
    let sha256 = world.request(cluster);
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
}

fn cp(world: &World, from: &str, to: &str) {
    let status = Command::new("cp").arg("-a").arg(world.path(from)).arg(world.path(to)).status().unwrap();
    assert!(status.success());
}

/// `sign` on another directory than the authority's usual one.
fn sign_on(dir: &str) -> [&str; 13] {
    let mut sign = SIGN;
    sign[1] = dir;
    sign
}

#[test]
fn closing_a_session_copies_the_authority_to_its_sticks_byte_for_byte() {
    let world = copied();
    assert_copy(&world, "a");
    assert_copy(&world, "b");
    ask(&world, "cluster1");
    let said = world.run(&SIGN).ok().stderr;
    assert!(said.contains(&format!("wrote  {} \"a\"  in a", short_id(&world, "a"))), "{said}");
    for stick in ["a", "b"] {
        assert_copy(&world, stick);
        world.run(&["log", "verify", stick, "--at-rest", "--root", "authority/public/root-cert.pem"]).ok();
    }
    assert!(!world.path("a/local.toml").exists(), "what is a machine's own stays on it");
}

#[test]
fn a_copy_continues_the_log_and_the_older_original_signs_nothing() {
    let world = copied();
    ask(&world, "cluster1");
    world.run(&sign_on("a")).ok();
    world.run(&["log", "verify", "a", "--at-rest"]).ok();
    ask(&world, "cluster2");
    world.refused(
        &SIGN,
        "
        error: this log is older than the token remembers: saw … entries, wanted at
               least … entries
        hint:  this is an older copy of the authority: insert the stick that was written
               last
        hint:  where no newer copy is left: anchorite -C NEW-DIRECTORY restore --from
               THIS-COPY
        Nothing was signed.
        exit 40
    ",
    );
    // The other stick is brought up to date from the newer one, and the original refuses to go over it.
    world.run(&["-C", "a", "medium", "copy", "b"]).ok();
    world.refused(
        &COPY,
        "
        error: the authority medium … \"a\": a/log is newer than the log of this
               authority: saw … entries
        hint:  this authority is the older copy: go on with the newer one, -C with its
               directory
        The newer copy was left as it is.
        exit 30
    ",
    );
}

#[test]
fn the_stick_that_the_authority_is_on_counts_and_is_not_copied_to_itself() {
    let world = copied();
    world.write("a/local.toml", "[media]\nauthority = [\"a\", \"b\"]\n");
    ask(&world, "cluster1");
    let said = world.run(&sign_on("a")).ok().stderr;
    assert!(said.contains("\"a\"  holds the authority itself") && said.contains("\"b\"  in b"), "{said}");
    assert_eq!(world.read("a/log/entries.jsonl"), world.read("b/log/entries.jsonl"));
    assert!(!world.path("b/local.toml").exists());
}

#[test]
fn another_history_and_another_log_are_refused_by_name_and_never_written_over() {
    let world = copied();
    cp(&world, "a", "fork");
    cp(&world, "token/tokens", "tokens-before");
    ask(&world, "cluster1");
    world.run(&sign_on("fork")).ok();
    // A clone of the token goes on with the other copy: two histories.
    std::fs::remove_dir_all(world.path("token/tokens")).unwrap();
    cp(&world, "tokens-before", "token/tokens");
    name_sticks(&world, &[]);
    ask(&world, "cluster2");
    world.run(&SIGN).ok();
    let before = world.tree("fork");
    let copy = [&COPY[..], &["fork"]].concat();
    world.refused(
        &copy,
        "
        error: the authority medium … \"a\": fork/log holds another history of this log:
               saw another entry …
        hint:  two copies were used apart; keep both, and see which of them the token's
               guard accepts
        It was left as it is.
        exit 30
    ",
    );
    assert_eq!(world.tree("fork"), before);

    // A log of another authority of the same name.
    let other = World::ready();
    world.write("fork/log/entries.jsonl", other.read(ENTRIES));
    std::fs::remove_dir_all(world.path("fork/log/checkpoints")).unwrap();
    world.refused(
        &copy,
        "
        error: the authority medium … \"a\": fork/log holds another log
        hint:  it is of another authority: use another medium
        It was left as it is.
        exit 30
    ",
    );
}

#[test]
fn a_copy_that_was_interrupted_says_so_opens_nowhere_and_is_completed() {
    if !have("strace") {
        return;
    }
    for (how, code) in [("error=EIO", Some(30)), ("signal=KILL", None)] {
        let world = copied();
        ask(&world, "cluster1");
        world.run(&sign_on("a")).ok();
        let inject = format!("inject=pwrite64:{how}:when=1");
        let through = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-e", &inject];
        let cut_off = world.run_through(&through, &["-C", "a", "medium", "copy", "b"]);
        if code.is_some() {
            assert_text(
                &cut_off.error(),
                "
                error: the authority medium … \"b\": cannot write b/log/entries.jsonl: saw
                       Input/output error (os error 5)
                hint:  the medium was pulled or is failing: plug it in again, or use another
                exit 30
            ",
            );
        }
        assert_ne!(cut_off.code, Some(0));
        world.refused(
            &["-C", "b", "status"],
            "
            error: this copy of the authority is not finished: saw b/COPY-NOT-FINISHED.txt
            hint:  the medium was pulled, or full, while it was written: go on with another
                   copy
            hint:  that one completes this: anchorite -C THE-OTHER medium copy THIS
            exit 30
        ",
        );
        // Nor as a log, whoever takes the note away: its newest checkpoint covers entries that it lacks.
        let verdict = world.run(&["log", "verify", "b"]);
        assert_eq!(verdict.code, Some(40), "{}", verdict.stderr);
        world.run(&["-C", "a", "medium", "copy", "b"]).ok();
        assert_eq!(world.read("a/log/entries.jsonl"), world.read("b/log/entries.jsonl"));
        assert!(!world.path("b/COPY-NOT-FINISHED.txt").exists());
        world.run(&["log", "verify", "b", "--at-rest"]).ok();
    }
}

#[test]
fn a_session_whose_copy_cannot_be_written_is_closed_and_its_copy_made_later() {
    let world = copied();
    ask(&world, "cluster1");
    std::fs::rename(world.path("b"), world.path("pocket")).unwrap();
    // Without the step that looks for the sticks before, it is found when they are written.
    let script = include_str!("../../../ceremony/intermediate-signing.toml");
    let (before, rest) = script.split_once("[[step]]\nid = \"copies\"").unwrap();
    let (_, after) = rest.split_once("[[step]]").unwrap();
    world.write("signing.toml", format!("{before}[[step]]{after}"));
    let output = world.run(&[&SIGN[..], &["--script", "signing.toml"]].concat());
    assert_text(
        &output.error(),
        "
        error: b is not there
        hint:  is the medium plugged in and mounted?
        hint:  the log has each outcome; make bundles of what was issued with: anchorite
               export
        The session is closed, and the log is whole in the authority's directory.
        Serial … WAS signed; treat it as issued.
        exit 50
    ",
    );
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    std::fs::rename(world.path("pocket"), world.path("b")).unwrap();
    let said = world.run(&COPY).ok().stderr;
    assert!(said.contains("safe to take the media out"), "{said}");
    assert_copy(&world, "a");
    assert_copy(&world, "b");
}

#[test]
fn a_session_that_was_declined_is_copied_too_since_the_guard_moved_on() {
    let world = copied();
    ask(&world, "cluster1");
    let answers = String::from_utf8(world.read("answers.toml")).unwrap();
    world.write("answers.toml", answers.replace("\"approve\"", "{ decline = \"not today\" }"));
    let output = world.run(&SIGN);
    assert_eq!(output.code, Some(11), "{}", output.stderr);
    for stick in ["a", "b"] {
        assert_eq!(world.read(format!("{stick}/log/entries.jsonl")), world.read(ENTRIES));
        world.run(&["log", "verify", stick, "--at-rest"]).ok();
    }
    ask(&world, "cluster2");
    world.run(&sign_on("b")).ok();
}

#[test]
fn two_names_for_one_stick_are_one_copy() {
    let world = copied();
    std::os::unix::fs::symlink("a", world.path("also-a")).unwrap();
    name_sticks(&world, &["a", "also-a"]);
    ask(&world, "cluster1");
    let output = world.run(&SIGN);
    assert_eq!(output.code, Some(50));
    assert!(output.stderr.contains("also-a is the same medium as a"), "{}", output.stderr);
}

#[test]
fn a_production_authority_with_one_stick_is_told_so_in_the_log() {
    let world = founded();
    authority_stick(&world, "a", "A");
    name_sticks(&world, &["a", "b"]);
    world.request("cluster1");
    let sheet = world.run(&["words", "requests/cluster1/request.json"]).ok().stdout;
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves_from(&mut seat, &sheet);
    let question = "Enter: look again; without: go on without it; no: other ways: ";
    let shown = seat.answers(question, "wihtout");
    assert!(shown.contains("Not yet: b is not there."), "{shown}");
    let shown = seat.answers(question, "without");
    assert!(shown.contains("Please press Enter, or type one of these words."), "{shown}");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let warning = "1 authority medium is here; a production authority wants 2 at least";
    assert!(shown.replace("\n               ", " ").contains(warning), "{shown}");
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.contains(&format!("\"name\":\"warning\",\"value\":\"{warning}\"")), "the record shows it");
    assert!(log.contains("\"name\":\"authority medium\""), "the record says which was there");
    assert_eq!(world.read("a/log/entries.jsonl"), world.read(ENTRIES));
}
