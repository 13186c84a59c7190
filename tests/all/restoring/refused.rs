//! What is no restore, and what a restore is not made of.

use super::*;

#[test]
fn the_newest_copy_needs_no_restore() {
    let world = lost();
    world.tool("sh", &["-c", "rm -rf copy && cp -a lost copy"]).ok();
    assert_text(
        &restore(&world, &[]).error(),
        "
        error: this copy is the newest: the same log goes on with it: saw … entries,
               wanted a copy that is older than the token remembers
        hint:  anchorite -C COPY status
        hint:  remove restored again, it is not needed
        Nothing was restored.
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn copies_of_the_lost_log_are_refused_once_the_token_remembers_the_restored_one() {
    let world = lost();
    restore(&world, &[]).ok();
    world.write("answers-export.toml", PARTICIPANTS);
    for dir in ["copy", "lost"] {
        let export = ["-C", dir, "--now", "2026-11-25T12:00:00Z", "export", "west", "--to", "medium"];
        let output = world.run(&[&export[..], &["--pin-file", "pin", "--answers", "answers-export.toml"]].concat());
        assert_text(
            &output.error(),
            "
            error: the token remembers another log: saw log …, wanted log …, … entries or
                   more
            hint:  this log was restored under another id since: go on with a copy of that
                   one
            Nothing was signed.
            exit 40
        ",
        );
    }
}

#[test]
fn a_restore_needs_a_directory_of_its_own() {
    let world = lost();
    world.write("restored/notes.txt", "mine");
    assert_text(
        &restore(&world, &[]).refusal(),
        "
        error: the new directory is not empty: saw restored/notes.txt, wanted a
               directory that does not exist, or an empty one
        hint:  name it: anchorite -C NEW-DIRECTORY restore --from COPY
        Nothing was restored.
        Nothing was signed.
        exit 30
    ",
    );
    std::fs::remove_file(world.path("restored/notes.txt")).unwrap();
    world.write("restored/authority.toml", configuration("test", "ecdsa-p384"));
    assert_text(
        &restore(&world, &[]).refusal(),
        "
        error: authority.toml here is not the one in force in the copy: saw
               restored/authority.toml
        hint:  a restored authority gets a directory of its own: -C NEW-DIRECTORY
        hint:  to change the configuration, restore first; the next ceremony adopts the
               change
        Nothing was restored.
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_checkpoint_a_crl_or_a_bundle_of_another_authority_is_refused() {
    let world = lost();
    let other = World::ready();
    let bundle = other.issued("west");
    other
        .run(&[
            "--now",
            SIGNING,
            "open",
            bundle.to_str().unwrap(),
            "--into",
            "clusters/west",
            "--root",
            "authority/public/root-cert.pem",
        ])
        .ok();
    let path = |name: &str| other.path(name).display().to_string();
    for (option, what, wanted) in [
        ("--checkpoint", path("authority/public/checkpoint"), "error: "),
        ("--crl", path("authority/public/root.crl"), "a CRL that no root of the log issued"),
        ("--bundle", path("clusters/west"), "a bundle of another log"),
        ("--bundle", path(bundle.to_str().unwrap()), "error: "),
    ] {
        let output = restore(&world, &[option, &what]);
        assert_eq!(output.code, Some(40), "{option} {what}: {}", output.stderr);
        let said = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(wanted) && said.contains("Nothing was restored."), "{said}");
        assert!(!world.path(NEW).join("log").exists());
    }
}

#[test]
fn a_copy_that_was_changed_is_not_restored_from() {
    let world = lost();
    let text = String::from_utf8(world.read("copy/log/entries.jsonl")).unwrap();
    world.write("copy/log/entries.jsonl", text.replacen("\"cluster\":\"west\"", "\"cluster\":\"vest\"", 1));
    world.write("answers-restore.toml", "");
    let command = [
        "-C",
        NEW,
        "--now",
        RESTORING,
        "restore",
        "--from",
        "copy",
        "--pin-file",
        "pin",
        "--answers",
        "answers-restore.toml",
    ];
    let output = world.run(&command);
    assert_eq!(output.code, Some(40), "{}", output.stderr);
    assert!(!world.path(NEW).exists());
}

#[test]
fn a_log_is_given_up_by_its_id_and_with_a_reason() {
    let world = lost();
    let log = log_id(&world, "copy");
    let command = [
        "-C",
        NEW,
        "--now",
        RESTORING,
        "restore",
        "--from",
        "copy",
        "--pin-file",
        "pin",
        "--answers",
        "answers-restore.toml",
    ];
    world.write("answers-restore.toml", answers(&world).replace(&log, "00000000"));
    let said = world.run(&command).error();
    assert!(said.contains("answers: [restore] log: this is not the id of the lost log"), "{said}");
    world.write("answers-restore.toml", answers(&world).replace("both sticks burnt", &"x".repeat(301)));
    let mut later = command;
    later[3] = "2026-11-25T09:10:00Z";
    let said = world.run(&later).error();
    assert!(said.contains("a log is not given up without a reason"), "{said}");
}
