//! The guard in the token: an older copy of the authority, or another history of it, signs nothing.

use super::support::{AUTHORITY, SIGN, World};
use std::process::Command;

/// Puts a copy of the authority's directory where it was.
fn restore(world: &World, from: &str) {
    std::fs::remove_dir_all(world.path(AUTHORITY)).unwrap();
    copy(world, from, AUTHORITY);
}

fn copy(world: &World, from: &str, to: &str) {
    let status = Command::new("cp").arg("-a").arg(world.path(from)).arg(world.path(to)).status().unwrap();
    assert!(status.success());
}

/// Answers for a new request of a cluster, put on a stick that has no other.
fn ask(world: &World, cluster: &str) {
    std::fs::remove_dir_all(world.path("requests")).unwrap();
    let sha256 = world.request(cluster);
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
}

#[test]
fn an_older_copy_of_the_authority_signs_nothing() {
    let world = World::ready();
    copy(&world, AUTHORITY, "older");
    ask(&world, "cluster1");
    world.run(&SIGN).ok();
    restore(&world, "older");
    ask(&world, "cluster2");
    world.refused(
        &SIGN,
        "
        error: this log is older than the token remembers: saw 44 entries, wanted at
               least 75 entries
        hint:  this is an older copy of the authority: insert the stick that was written
               last
        Nothing was signed.
        exit 40
        ",
    );
    // A log by itself has no way to know: the evidence is in the token.
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn another_history_of_the_authority_signs_nothing_even_when_it_is_longer() {
    let world = World::ready();
    copy(&world, AUTHORITY, "older");
    copy(&world, "token/tokens", "tokens-before");
    ask(&world, "cluster1");
    world.run(&SIGN).ok();
    copy(&world, AUTHORITY, "true");
    copy(&world, "token/tokens", "tokens-after");

    // A clone of the token, made before, signs two sessions of another history.
    restore(&world, "older");
    replace_tokens(&world, "tokens-before");
    for cluster in ["cluster2", "cluster3"] {
        ask(&world, cluster);
        world.run(&SIGN).ok();
    }
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();

    replace_tokens(&world, "tokens-after");
    ask(&world, "cluster4");
    world.refused(
        &SIGN,
        "
        error: this log is not the one the token remembers: it was changed or forked:
               saw root …
               at 75 entries, wanted root
               …
        Nothing was signed.
        exit 40
        ",
    );
    // The true history goes on.
    restore(&world, "true");
    world.run(&SIGN).ok();
}

fn replace_tokens(world: &World, from: &str) {
    std::fs::remove_dir_all(world.path("token/tokens")).unwrap();
    copy(world, from, "token/tokens");
}
