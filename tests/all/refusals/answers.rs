//! Answers that do not fit what is asked: found before the root key signs, never after.

use crate::support::{PARTICIPANTS, SIGN, World};

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
    world.stopped(&SIGN, "?");
    world.write("answers.toml", PARTICIPANTS);
    world.stopped(&SIGN, "?");
    world.write("answers.toml", "");
    world.refused(&SIGN, "?");
}

#[test]
fn an_answer_that_nobody_asks_for_stops_before_the_signature() {
    let (world, answers) = ready();
    let stray = format!("{answers}\"sha256:{}\" = \"approve\"\n", "0".repeat(64));
    world.write("answers.toml", stray);
    world.stopped(&SIGN, "?");
    world.write("answers.toml", format!("{answers}[reviews]\n\"offline:cluster9\" = \"approve\"\n"));
    world.refused(&SIGN, "?");
    world.write("answers.toml", answers.replace("witness =", "auditor = [\"Eve\"]\nwitness ="));
    world.refused(&SIGN, "?");
    world.write("answers.toml", &answers);
    world.run(&SIGN).ok();
}

#[test]
fn answers_that_are_out_of_form_are_refused_with_their_place() {
    let (world, answers) = ready();
    world.write("answers.toml", "[participants\n");
    world.refused(&SIGN, "?");
    world.write("answers.toml", answers.replace("words = \"same\"", "word = \"same\""));
    world.stopped(&SIGN, "?");
    world.write("answers.toml", answers.replace("words = \"same\"", "words = \"different\""));
    world.stopped(&SIGN, "?");
    world.write("answers.toml", answers.replace("= \"approve\"", "= \"yes\""));
    world.stopped(&SIGN, "?");
    world.write("answers.toml", answers.replace("= \"approve\"", "= { decline = \"too early\" }"));
    world.stopped(&SIGN, "?");
    world.write("answers.toml", answers.replace("[\"Ada\"]", "[\"Wim\"]"));
    world.refused(&SIGN, "?");
}

#[test]
fn an_answers_file_that_is_missing_is_named() {
    let (world, _) = ready();
    world.refused(&SIGN, "?");
}
