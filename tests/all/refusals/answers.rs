//! Answers that do not fit what is asked: found before the root key signs, never after.

use crate::support::{AUTHORITY, PARTICIPANTS, SIGN, World};

/// A world with one request, and the answers that would sign it.
fn ready() -> (World, String) {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    let answers = world.signing_answers(&[&sha256], &[]);
    (world, answers)
}

#[test]
fn a_missing_answer_is_named() {
    let (world, answers) = ready();
    world.write("answers.toml", &answers[..answers.find("[review]").unwrap()]);
    world.stopped(
        &SIGN,
        "
        error: answers: [review] has no answer for
               sha256:…
        hint:  add it under [review]
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers.toml", PARTICIPANTS);
    world.stopped(
        &SIGN,
        "
        error: answers: [requests] has no answer for
               sha256:…
        hint:  add it under [requests]
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers.toml", "");
    world.refused(
        &SIGN,
        "
        error: answers: [participants] has no answer for administrator
        hint:  add it under [participants]
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn an_answer_that_nobody_asks_for_stops_before_the_signature() {
    let (world, answers) = ready();
    let stray = format!("{answers}\"sha256:{}\" = \"approve\"\n", "0".repeat(64));
    world.write("answers.toml", stray);
    world.stopped(
        &SIGN,
        "
        error: answers: [review]
               sha256:…
               answers nothing that is asked
        hint:  take it out; the digest of a request is printed by: anchorite words FILE
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers.toml", format!("{answers}[reviews]\n\"offline:cluster9\" = \"approve\"\n"));
    world.refused(
        &SIGN,
        "
        error: answers: [reviews] offline:cluster9 answers nothing that is asked
        hint:  take it out; what is asked is printed by: anchorite ceremony answers
               SCRIPT
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers.toml", answers.replace("witness =", "auditor = [\"Eve\"]\nwitness ="));
    world.refused(
        &SIGN,
        "
        error: answers: [participants] auditor answers nothing that is asked
        hint:  take it out; what is asked is printed by: anchorite ceremony answers
               SCRIPT
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers.toml", &answers);
    world.run(&SIGN).ok();
}

#[test]
fn answers_that_are_out_of_form_are_refused_with_their_place() {
    let (world, answers) = ready();
    world.write("answers.toml", "[participants\n");
    world.refused(
        &SIGN,
        "
        error: answers, line 1, column 14: unclosed table: wanted ]
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers.toml", answers.replace("words = \"same\"", "word = \"same\""));
    world.stopped(
        &SIGN,
        r#"
        error: answers: [requests]
               sha256:…
               is out of form: saw unknown field "word", expected one of "cluster",
               "environment", "trust_domain", "recipients", "words", "strike"
        Nothing was signed.
        exit 2
    "#,
    );
    world.write("answers.toml", answers.replace("words = \"same\"", "words = \"different\""));
    world.stopped(
        &SIGN,
        "
        error: declined: the words of cluster1 differ from the sheet
        Nothing was signed.
        exit 11
    ",
    );
    world.write("answers.toml", answers.replace("= \"approve\"", "= \"yes\""));
    world.stopped(
        &SIGN,
        r#"
        error: answers: [review]
               sha256:…
               is out of form: saw yes, wanted "approve", { approve = "reason" } or {
               decline = "reason" }
        Nothing was signed.
        exit 2
    "#,
    );
    world.write("answers.toml", answers.replace("= \"approve\"", "= { decline = \"too early\" }"));
    world.stopped(
        &SIGN,
        "
        error: declined: no plan was approved
        Nothing was signed.
        exit 11
    ",
    );
    world.write("answers.toml", answers.replace("[\"Ada\"]", "[\"Wim\"]"));
    world.refused(
        &SIGN,
        "
        error: witness: the same person is already the administrator: saw Wim
        hint:  [roles] may_overlap = true in authority.toml allows one person several
               roles
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn an_answers_file_that_is_missing_is_named() {
    let (world, _) = ready();
    world.refused(
        &SIGN,
        "
        error: cannot read answers.toml: there is no such file or directory
        hint:  it holds what stands for people, in a table for each step of the ceremony
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn an_export_with_a_stray_answer_writes_no_bundle() {
    let world = World::ready();
    world.issued("cluster1");
    world.write("answers.toml", format!("{PARTICIPANTS}[review]\n\"offline:cluster1\" = \"approve\"\n"));
    let export = [
        "-C",
        AUTHORITY,
        "--now",
        "2026-11-21T10:30:00Z",
        "export",
        "cluster1",
        "--to",
        "medium",
        "--pin-file",
        "pin",
        "--answers",
        "answers.toml",
    ];
    world.refused(
        &export,
        "
        error: answers: [review] offline:cluster1 answers nothing that is asked
        hint:  take it out; what is asked is printed by: anchorite ceremony answers
               SCRIPT
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn answers_are_looked_up_under_the_ids_of_the_script_that_runs() {
    let (world, answers) = ready();
    let script = include_str!("../../../ceremony/intermediate-signing.toml");
    world.write(
        "own.toml",
        script.replace("id = \"requests\"", "id = \"stick\"").replace("id = \"review\"", "id = \"plans\""),
    );
    world.write("answers.toml", answers.replace("[requests.", "[stick.").replace("[review]", "[plans]"));
    world.run(&[&SIGN[..], &["--script", "own.toml"]].concat()).ok();
    assert_eq!(world.bundles().len(), 1);
}
