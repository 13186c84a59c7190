//! Killed while keys are wrapped, proved, locked, and made anew in another token: at each write to the log, the same
//! command goes on, and no key is left that can be wrapped once its file is proved.

use super::super::custody::unattended::with_shares;
use super::super::key_backup::BACKUP;
use super::super::key_backup::objects;
use super::super::key_backup::wrapped::{RESTORE, lose_token, promised, with_both, wrapped};
use super::super::support::tally;
use super::instants::Instant;
use super::*;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Every third instant, or all of them in full size; the last always.
fn share(all: Vec<Instant>) -> Vec<Instant> {
    let last = all.len() - 1;
    all.into_iter().enumerate().filter(|(at, _)| tally::full() || at % 3 == 0 || *at == last).map(|(_, i)| i).collect()
}

/// The attributes that the newest entries of a kind say of each key.
fn flags(world: &World, kind: &str) -> BTreeMap<String, (String, String)> {
    let entries = entries(world);
    let of = |entry: &&serde_json::Value| {
        let data = &entry["data"];
        let is = |name: &str| data["attributes"][name].as_str().unwrap().to_owned();
        (data["id"].as_str().unwrap().to_owned(), (is("CKA_EXTRACTABLE"), is("CKA_MODIFIABLE")))
    };
    of_type(&entries, kind).iter().map(of).collect()
}

/// The root's and the audit key's objects, which can be wrapped; no guard is among them.
fn open_keys(world: &World) -> Vec<PathBuf> {
    // CKA_WRAP_WITH_TRUSTED, as SoftHSM writes it.
    let trusted = 0x210_u64.to_be_bytes();
    let is_key = |path: &PathBuf| std::fs::read(path).unwrap().windows(8).any(|part| part == trusted);
    let open: Vec<PathBuf> = objects(world, "token/tokens").into_iter().filter(is_key).collect();
    assert_eq!(open.len(), 2);
    open
}

#[test]
fn a_wrapped_backup_killed_at_any_write_to_the_log_is_completed_by_the_same_command() {
    if !instants::can_trace("a_wrapped_backup_killed_at_any_write_to_the_log_is_completed_by_the_same_command") {
        return;
    }
    let world = promised("ecdsa-p256");
    let backup = with_both(&BACKUP);
    let backup: Vec<&str> = backup.iter().map(String::as_str).collect();
    let open = open_keys(&world);
    let all = instants::of_run(&copied(&world), &backup, &["authority/log/entries.jsonl"]);
    assert!(all.len() > 12, "{all:?}");
    let tried = share(all);
    instants::each(&tried, |at| {
        let world = copied(&world);
        instants::kill(&world, &backup, at);
        let verified = world.run(&["log", "verify", AUTHORITY]);
        assert_eq!(verified.code, Some(0), "{at}\n{}", verified.stderr);
        // A crash between the copy that cannot be wrapped and the end of the one that can leaves both.
        let begun = !of_type(&entries(&world), "key_backup.proved").is_empty();
        if begun && flags(&world, "key.locked").is_empty() {
            put_back(&world, &open);
        }
        let ended = flags(&world, "key.locked").len() == 2;
        let next = world.run(&backup);
        // Once the keys are locked there is nothing left to wrap.
        let done = ended && next.stderr.contains("every key was wrapped already");
        assert!(done || next.code == Some(0), "{at}\n{}", next.stderr);
        let locked = flags(&world, "key.locked");
        assert_eq!(locked.len(), 2, "{at}");
        assert!(locked.values().all(|flags| *flags == ("false".to_owned(), "false".to_owned())), "{at}: {locked:?}");
        assert_eq!(keys_in(&world, &open), 0, "{at}: a key that can be wrapped is left");
        world.run(&["log", "verify", AUTHORITY]).ok();
    });
    tally::held("instants of a wrapped key backup", tried.len());
}

#[test]
fn keys_that_are_made_anew_and_killed_at_any_write_to_the_log_are_made_by_the_same_command() {
    if !instants::can_trace("keys_that_are_made_anew_and_killed_at_any_write_to_the_log_are_made_by_the_same_command") {
        return;
    }
    let world = wrapped("ecdsa-p256");
    lose_token(&world);
    let restore = with_shares(&RESTORE);
    let restore: Vec<&str> = restore.iter().map(String::as_str).collect();
    let all = instants::of_run(&copied(&world), &restore, &["authority/log/entries.jsonl"]);
    assert!(all.len() > 8, "{all:?}");
    let tried = share(all);
    instants::each(&tried, |at| {
        let world = copied(&world);
        instants::kill(&world, &restore, at);
        let verified = world.run(&["log", "verify", AUTHORITY]);
        assert_eq!(verified.code, Some(0), "{at}\n{}", verified.stderr);
        let proved = of_type(&entries(&world), "key_backup.proved").len() == 2;
        let next = world.run(&restore);
        // Once the keys signed there is nothing left to make anew.
        let done = proved && next.stderr.contains("nothing needs to be restored");
        assert!(done || next.code == Some(0), "{at}\n{}", next.stderr);
        assert_eq!(flags(&world, "key.restored").len(), 2, "{at}");
        if !done {
            world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
        }
    });
    tally::held("instants of making keys anew", tried.len());
}

#[test]
fn a_copy_that_cannot_be_wrapped_is_durable_before_the_key_that_can_be_is_destroyed() {
    if !instants::can_trace("a_copy_that_cannot_be_wrapped_is_durable_before_the_key_that_can_be_is_destroyed") {
        return;
    }
    let world = promised("ecdsa-p256");
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let before: Vec<String> = objects(&world, "token/tokens").iter().map(name).collect();
    let open: Vec<String> = open_keys(&world).iter().map(name).collect();
    let backup = with_both(&BACKUP);
    let backup: Vec<&str> = backup.iter().map(String::as_str).collect();
    let copied = copied(&world);
    let all = instants::all_of_run(&copied, &backup);
    let after: Vec<String> = objects(&copied, "token/tokens").iter().map(name).collect();
    let writes = |at: &Instant, file: &String| ["write", "pwrite64", "writev"].iter().any(|call| at.is(call, file));
    for old in &open {
        let end = all.iter().position(|at| at.is("unlink", old)).expect("its end");
        // What is new in the token by then: the copy is the last of it that was written.
        let new = after.iter().filter(|file| !before.contains(file));
        let written = new.filter_map(|file| Some((all[..end].iter().rposition(|at| writes(at, file))?, file))).max();
        let (at, file) = written.expect("its copy");
        assert!(all[at..end].iter().any(|at| at.is("fsync", file)), "{old} ended before its copy {file} was durable");
    }
}

/// A copy whose local.toml names its own medium.
fn copied(world: &World) -> World {
    let copy = copy(world);
    let local = format!("[backup.token]\nwrapped = \"{}\"\n", copy.path("backup").display());
    copy.write("authority/local.toml", local);
    copy
}

/// How many of these objects are in the world's token.
fn keys_in(world: &World, objects: &[PathBuf]) -> usize {
    objects.iter().filter(|object| place(world, object).exists()).count()
}

fn place(world: &World, object: &Path) -> PathBuf {
    let token = object.parent().unwrap().file_name().unwrap();
    world.path("token/tokens").join(token).join(object.file_name().unwrap())
}

/// Objects of the token that are gone, as they were before the backup.
fn put_back(world: &World, before: &[PathBuf]) {
    for object in before {
        let place = place(world, object);
        if !place.exists() && place.parent().unwrap().exists() {
            std::fs::copy(object, &place).unwrap();
            std::fs::write(place.with_extension("lock"), "").unwrap();
        }
    }
}
