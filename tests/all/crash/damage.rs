//! The token itself loses what it wrote: SoftHSM never syncs, and rewrites its files in place at each login. The copy
//! that is made before each login brings it back.

use super::super::support::{SIGN, tally};
use super::cuts::losses;
use super::disk::Files;
use super::recording::{self, Recording};
use super::*;
use std::collections::HashSet;
use std::path::PathBuf;

/// A founded world with a request, its token used once so that a copy of its files has the keys.
fn used() -> World {
    let world = World::ready();
    let package = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&package], &[]));
    world.secret("pin", "87654321");
    assert_eq!(world.run(&SIGN).code, Some(21));
    world.secret("pin", super::super::support::PIN);
    world
}

/// The directory of the world's only token.
fn token(world: &World) -> PathBuf {
    std::fs::read_dir(world.path("token/tokens")).unwrap().next().unwrap().unwrap().path()
}

/// Does what the error's hint says.
fn put_back(world: &World) {
    let copies = world.path("token/tokens.snapshots");
    let newest = names(&copies, "").into_iter().max().expect("a copy of the token's files");
    std::fs::rename(token(world), world.path("token/aside")).unwrap();
    let command = format!("cp -a {}/* {}/", copies.join(newest).display(), world.path("token/tokens").display());
    assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
}

#[test]
fn a_token_that_lost_a_file_is_named_damaged_and_its_newest_copy_brings_it_back() {
    let world = used();
    let name = token(&world).file_name().unwrap().to_string_lossy().into_owned();
    let serial: String = name.replace('-', "").chars().rev().take(16).collect::<Vec<_>>().into_iter().rev().collect();
    let newest = names(&world.path("token/tokens.snapshots"), "").into_iter().max().unwrap();
    std::fs::write(token(&world).join("token.object"), "").unwrap();
    let output = world.run(&SIGN);
    assert_eq!(output.code, Some(20), "{}", output.stderr);
    let error = output.error().replace(&name, "FILES").replace(&newest, "COPY").replace(&serial, "SERIAL");
    let told = error.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        told,
        "error: the token is damaged: its files are there and it is not: saw $WORLD/token/tokens/FILES, wanted the \
         token with serial number SERIAL hint: do not initialise it: that destroys the key hint: move \
         $WORLD/token/tokens/FILES aside and put the newest copy in its place: cp -a \
         $WORLD/token/tokens.snapshots/COPY/* $WORLD/token/tokens/ Nothing was signed. exit 20"
    );
    // Its name says whose files they are, whatever other token is there.
    let other = ["--init-token", "--free", "--label", "Other", "--so-pin", "87654321", "--pin", "12345678"];
    let aside = copy(&world);
    aside.tool("softhsm2-util", &other).ok();
    let said = aside.run(&SIGN).stderr;
    assert!(said.contains("the token is damaged"), "{said}");
    put_back(&world);
    world.run(&SIGN).ok();
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

#[test]
fn a_key_file_that_is_empty_is_found_before_the_pin_is_tried_however_often_it_is() {
    let world = used();
    let mut objects = names(&token(&world), ".object");
    objects.retain(|name| name != "token.object");
    for object in &objects {
        let world = copy(&world);
        let copies = world.tree("token/tokens.snapshots");
        std::fs::write(token(&world).join(object), "").unwrap();
        for _ in 0..5 {
            let output = world.run(&SIGN);
            assert_eq!(output.code, Some(20), "{object}\n{}", output.stderr);
            assert!(output.stderr.contains("the token is damaged"), "{object}\n{}", output.stderr);
            assert!(output.stderr.contains("No try was spent."), "{object}\n{}", output.stderr);
        }
        assert_eq!(world.tree("token/tokens.snapshots"), copies, "copies of the whole token are kept");
        put_back(&world);
        world.run(&SIGN).ok();
    }
    tally::held("files of a token, lost", objects.len());
}

#[test]
fn a_token_that_lost_the_locks_of_its_objects_signs_on() {
    // SoftHSM 2.6.1 destroys an object whose lock is gone, and says that it failed.
    let world = used();
    let locks = names(&token(&world), ".lock");
    for lock in &locks {
        let world = copy(&world);
        std::fs::remove_file(token(&world).join(lock)).unwrap();
        world.run(&SIGN).ok();
        world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
        assert_eq!(objects(&world), 5, "{lock}: more than one guard");
    }
    tally::held("locks of a token's objects, lost", locks.len());
}

/// What a power cut may take from the token alone, while everything of ours is durable.
fn cuts_of_the_token(ceremony: &Ceremony, test: &str) {
    if !instants::can_trace(test) {
        return;
    }
    let recording = Recording::of(ceremony);
    let (mut tried, mut seen, mut different) = (0, HashSet::new(), Vec::new());
    recording.each(|disk, _, shown| {
        for loss in losses(disk, &["token/tokens"]) {
            tried += 1;
            let found = disk.after(&loss);
            if seen.insert(recording::digest(&found)) {
                different.push((format!("power cut at instant {shown}, the token with {loss:?}"), found));
            }
        }
    });
    let share = if tally::full() { 1 } else { different.len().div_ceil(24).max(1) };
    let some: Vec<(String, Files)> = different.iter().step_by(share).cloned().collect();
    instants::each(&some, |(at, files)| {
        let world = recording::world_of(files);
        holds(&world, at);
        let first = world.run(ceremony.arguments);
        let world = recording::world_of(files);
        if first.code == Some(20) {
            assert!(first.stderr.contains("the token is damaged"), "{at}\n{}", first.stderr);
            put_back(&world);
        }
        (ceremony.goes_on)(&world, at);
    });
    println!("{} different disks, {} of them gone on with", different.len(), some.len());
    tally::held(&format!("power cuts in {}, each with another loss of the token's", ceremony.name), tried);
}

#[test]
fn a_genesis_goes_on_whatever_a_power_cut_takes_from_the_token() {
    cuts_of_the_token(&genesis::WITH_REMAINS, "a_genesis_goes_on_whatever_a_power_cut_takes_from_the_token");
}

#[test]
fn a_signing_session_goes_on_whatever_a_power_cut_takes_from_the_token() {
    cuts_of_the_token(&signing::SIGNING_TWO, "a_signing_session_goes_on_whatever_a_power_cut_takes_from_the_token");
}
