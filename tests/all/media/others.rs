//! Each call fails that writes a kit, a publication, a backup of the keys, a restored log: many files, or a ceremony
//! around them. What has a name is whole, a list of what is there is never of what is not, and the same command
//! completes it.

use super::faults::{self, Fault, can_inject};
use super::{finished, is_clear, unfinished};
use crate::crash::instants::each;
use crate::support::{AUTHORITY, Output, Tree, World, configuration, tally};
use crate::{key_backup, publishing, restoring};
use std::sync::Mutex;

/// So many faults of a command are tried, spread over its run; in the large size, all.
const SHARE: usize = 6;

/// What a command writes, and what is true of it.
struct Writer<'w> {
    arguments: &'w [&'w str],
    /// Where it writes.
    media: &'w [&'w str],
    /// A copy of the world before it.
    copied: &'w (dyn Fn() -> World + Sync),
    /// After a fault: what is there is old or new.
    honest: &'w (dyn Fn(&World, &Fault) + Sync),
    /// Once the same command ran again, with what it said: all is there.
    whole: &'w (dyn Fn(&World, &Output, &Fault) + Sync),
}

/// Tries the faults of a writer, some of them or all.
fn fails(writer: &Writer<'_>) -> usize {
    let all = faults::of_run(&(writer.copied)(), writer.arguments, writer.media);
    let changes: Vec<Fault> = all.into_iter().filter(|fault| tally::full() || fault.changes()).collect();
    let every = if tally::full() { 1 } else { changes.len().div_ceil(SHARE) };
    let tried: Vec<Fault> = changes.into_iter().skip(every / 2).step_by(every).collect();
    let failures = Mutex::new(Vec::new());
    each(&tried, |fault| {
        let held = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let world = (writer.copied)();
            let mut output = faults::fail(&world, writer.arguments, fault);
            if output.code != Some(0) {
                // Where a signature is in the log, that is said first.
                let after_signing = output.code == Some(50) && output.stderr.contains("WAS signed");
                is_clear(&output, if after_signing { 50 } else { 30 }, fault);
                (writer.honest)(&world, fault);
                output = world.run(writer.arguments);
            }
            (writer.whole)(&world, &output, fault);
            let left: Vec<_> = writer.media.iter().flat_map(|medium| unfinished(&world, medium)).collect();
            assert_eq!(left, [""; 0], "{fault}: left behind");
        }));
        if let Err(panic) = held {
            failures.lock().unwrap().push(panic.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} did not hold:\n{}", failures.len(), tried.len(), failures.join("\n\n"));
    tried.len()
}

/// True where the list in a directory is of what is there.
fn checks(world: &World, dir: &str) -> bool {
    let mut check = std::process::Command::new("sha256sum");
    check.args(["--strict", "--status", "-c", "SHA256SUMS"]).current_dir(world.path(dir));
    check.status().unwrap().success()
}

/// Each file is as it was in one of these trees.
#[track_caller]
fn is_of(world: &World, medium: &str, trees: &[&Tree], fault: &Fault) {
    for (path, now) in finished(world.tree(medium)) {
        let marker = path.ends_with("anchorite-medium.json");
        let known = trees.iter().any(|tree| tree.get(&path) == Some(&now));
        assert!(known || marker || world.path(&path).is_dir(), "{fault}: {} is there by half", path.display());
    }
}

#[test]
fn a_kit_is_whole_or_has_no_list_whatever_call_fails_and_is_completed() {
    if !can_inject("a_kit_is_whole_or_has_no_list_whatever_call_fails_and_is_completed") {
        return;
    }
    let world = World::new();
    world.configure(&configuration("test", "ecdsa-p256"));
    std::fs::create_dir(world.path("supplies")).unwrap();
    let arguments = ["-C", AUTHORITY, "kit", "supplies", "--label", "S1"];
    let good = super::copy(&world);
    good.run(&arguments).ok();
    let good = good.tree("supplies");
    let tried = fails(&Writer {
        arguments: &arguments,
        media: &["supplies"],
        copied: &|| super::copy(&world),
        honest: &|world, fault| {
            is_of(world, "supplies", &[&good], fault);
            let listed = super::there(world, "supplies/SHA256SUMS");
            assert!(!listed || checks(world, "supplies"), "{fault}: a list of what is not there");
        },
        whole: &|world, again, fault| {
            assert_eq!(again.code, Some(0), "{fault}\n{}", again.error());
            assert!(checks(world, "supplies"), "{fault}");
        },
    });
    tally::held("failing calls of a kit that is written", tried);
}

#[test]
fn a_publication_has_old_and_new_files_and_none_by_half_whatever_call_fails_and_is_completed() {
    if !can_inject("a_publication_has_old_and_new_files_and_none_by_half_whatever_call_fails_and_is_completed") {
        return;
    }
    let world = publishing::held();
    world.run(&publishing::PUBLISH).ok();
    let old = world.tree("out");
    publishing::sign(&world, "cluster2");
    let good = super::copy(&world);
    good.run(&publishing::PUBLISH).ok();
    let new = good.tree("out");
    let tried = fails(&Writer {
        arguments: &publishing::PUBLISH,
        media: &["out"],
        copied: &|| super::copy(&world),
        honest: &|world, fault| {
            // The log grows at its end: it may be anything between the two.
            let mut now = finished(world.tree("out"));
            let entries = std::path::Path::new("out/log/entries.jsonl");
            // Where the log's files are written before they get their names.
            now.remove(std::path::Path::new("out/log/new"));
            let (_, bytes) = now.remove(entries).unwrap();
            assert!(bytes.starts_with(&old[entries].1) && new[entries].1.starts_with(&bytes), "{fault}");
            for (path, file) in now {
                let known = [&old, &new].iter().any(|tree| tree.get(&path) == Some(&file));
                assert!(known || world.path(&path).is_dir(), "{fault}: {} is there by half", path.display());
            }
        },
        whole: &|world, again, fault| {
            assert_eq!(again.code, Some(0), "{fault}\n{}", again.error());
            if fault.call == "unlink" {
                // What could not be taken away is by the next one.
                world.run(&publishing::PUBLISH).ok();
            }
            assert!(checks(world, "out") && world.tree("out") == new, "{fault}");
        },
    });
    tally::held("failing calls of a publication that grows", tried);
}

/// A copy of a world, whose local.toml names the copy's own medium.
fn copied(world: &World, setting: &str) -> World {
    let copy = super::copy(world);
    copy.write("authority/local.toml", format!("[backup.token]\n{setting} = \"{}\"\n", copy.path("backup").display()));
    copy
}

/// How often a type of entry stands in the log.
fn count(world: &World, kind: &str) -> usize {
    crate::crash::entries(world).iter().filter(|entry| entry["type"] == kind).count()
}

#[test]
fn a_copy_of_the_token_that_fails_at_any_call_is_made_by_the_same_command() {
    if !can_inject("a_copy_of_the_token_that_fails_at_any_call_is_made_by_the_same_command") {
        return;
    }
    let world = key_backup::promised();
    let tried = fails(&Writer {
        arguments: &key_backup::BACKUP,
        media: &["backup"],
        copied: &|| copied(&world, "directory"),
        honest: &|world, fault| {
            assert_eq!(count(world, "key_backup.proved"), 0, "{fault}: proved, and it failed");
            world.run(&["log", "verify", AUTHORITY]).ok();
        },
        whole: &|world, again, fault| {
            assert_eq!(again.code, Some(0), "{fault}\n{}", again.error());
            assert!(count(world, "key_backup.proved") > 0, "{fault}");
            world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
        },
    });
    tally::held("failing calls of a token that is copied", tried);
}

#[test]
fn a_file_of_wrapped_keys_is_whole_or_absent_whatever_call_fails() {
    if !can_inject("a_file_of_wrapped_keys_is_whole_or_absent_whatever_call_fails") {
        return;
    }
    let world = key_backup::wrapped::promised("ecdsa-p256");
    let arguments = key_backup::wrapped::with_both(&key_backup::BACKUP);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tried = fails(&Writer {
        arguments: &arguments,
        media: &["backup"],
        copied: &|| copied(&world, "wrapped"),
        honest: &|world, fault| {
            for (path, (_, bytes)) in finished(world.tree("backup")) {
                let whole = serde_json::from_slice::<serde_json::Value>(&bytes).is_ok();
                assert!(whole || world.path(&path).is_dir(), "{fault}: {} is there by half", path.display());
            }
            assert_eq!(count(world, "key.locked"), 0, "{fault}: locked, and it failed");
            world.run(&["log", "verify", AUTHORITY]).ok();
        },
        whole: &|world, again, fault| {
            assert_eq!(again.code, Some(0), "{fault}\n{}", again.error());
            assert_eq!(count(world, "key.locked"), 2, "{fault}");
            world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
        },
    });
    tally::held("failing calls of a file of wrapped keys", tried);
}

#[test]
fn a_log_that_is_restored_is_completed_by_the_same_command_whatever_call_fails() {
    if !can_inject("a_log_that_is_restored_is_completed_by_the_same_command_whatever_call_fails") {
        return;
    }
    let world = restoring::lost();
    world.write("answers-restore.toml", restoring::answers(&world));
    let first = ["-C", restoring::NEW, "--now", restoring::RESTORING, "restore", "--from", "copy"];
    let last = ["--checkpoint", "lost/log/checkpoint", "--pin-file", "pin", "--answers", "answers-restore.toml"];
    let tried = fails(&Writer {
        arguments: &[&first[..], &last].concat(),
        media: &[restoring::NEW],
        copied: &|| super::copy(&world),
        honest: &|world, fault| {
            if super::there(world, "restored/log/entries.jsonl")
                && world.read("restored/log/entries.jsonl").contains(&b'\n')
            {
                let verified = world.run(&["log", "verify", restoring::NEW]);
                assert_eq!(verified.code, Some(0), "{fault}\n{}", verified.error());
            }
        },
        whole: &|world, again, fault| {
            let done = again.code == Some(2) && again.stderr.contains("another log is here already");
            assert!(done || again.code == Some(0), "{fault}\n{}", again.error());
            let root = "restored/public/root-cert.pem";
            world.run(&["log", "verify", restoring::NEW, "--at-rest", "--root", root]).ok();
        },
    });
    tally::held("failing calls of a log that is restored", tried);
}
