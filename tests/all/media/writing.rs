//! Each call fails that reads or writes a medium, in each command that writes files of its own.

use super::faults::{self, Fault, can_inject};
use super::{copy, finished, is_clear, unfinished};
use crate::crash::instants::each;
use crate::support::{AUTHORITY, GENESIS, SIGNING, Tree, World, tally};
use std::sync::Mutex;

/// Tries every fault of a command on `media`: the error is clear, what lies there is the old state or the complete
/// new one (`complete` looks, and may be given another state than the run without faults left, since keys and ids are
/// random), and the next run completes it and leaves nothing unfinished.
fn every_fault(world: &World, arguments: &[&str], media: &[&str], complete: impl Fn(&World) -> bool + Sync) -> usize {
    let tree = |world: &World| -> Tree { media.iter().flat_map(|medium| finished(world.tree(medium))).collect() };
    let before = tree(world);
    let all = faults::of_run(&copy(world), arguments, media);
    let failures = Mutex::new(Vec::new());
    each(&all, |fault: &Fault| {
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let world = copy(world);
            let output = faults::fail(&world, arguments, fault);
            let after = tree(&world);
            if output.code == Some(0) {
                assert!(complete(&world), "{fault}: it says that all is well, and it is not\n{}", output.stderr);
                return;
            }
            is_clear(&output, 30, fault);
            let is_old = after == before;
            assert!(is_old || complete(&world), "{fault}: neither old nor new\n{}\n{:?}", output.error(), after.keys());
            let again = world.run(arguments);
            assert!(again.code == Some(0) || !is_old, "{fault}\n{}", again.error());
            assert!(complete(&world), "{fault}");
            let left: Vec<_> = media.iter().flat_map(|medium| unfinished(&world, medium)).collect();
            assert_eq!(left, [""; 0], "{fault}: left behind");
        }));
        if let Err(panic) = tried {
            let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            failures.lock().unwrap().push(text);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} did not hold:\n{}", failures.len(), all.len(), failures.join("\n\n"));
    all.len()
}

const REQUEST: [&str; 8] = ["--now", GENESIS, "request", "cluster1", "--key", "ecdsa-p256", "--into", "clusters"];

#[test]
fn a_request_is_written_whole_or_not_at_all_whatever_call_fails() {
    if !can_inject("a_request_is_written_whole_or_not_at_all_whatever_call_fails") {
        return;
    }
    let tried = every_fault(&World::new(), &REQUEST, &["clusters"], |world| {
        world.run(&["inspect", "request", "clusters/cluster1/request.json"]).code == Some(0)
            && ["ca-key.pem", "identity.age", "request.sig"].iter().all(|name| {
                std::fs::metadata(world.path(format!("clusters/cluster1/{name}"))).is_ok_and(|about| about.len() > 0)
            })
    });
    tally::held("failing calls of a request that is written", tried);
}

/// A world with a bundle of cluster1, and the arguments that open it.
fn issued() -> (World, String) {
    let world = World::ready();
    let bundle = world.issued("cluster1").display().to_string();
    (world, bundle)
}

fn opens(world: &World, into: &str) -> bool {
    // What is there is complete where the receipt, written with the rest, verifies what a manifest needs.
    super::there(world, &format!("{into}/receipt.json")) && world.run(&["manifest", into]).code == Some(0)
}

#[test]
fn a_bundle_is_opened_whole_or_not_at_all_whatever_call_fails() {
    if !can_inject("a_bundle_is_opened_whole_or_not_at_all_whatever_call_fails") {
        return;
    }
    let (world, bundle) = issued();
    let root = "authority/public/root-cert.pem";
    let open = ["--now", SIGNING, "open", &bundle, "--into", "clusters/cluster1", "--root", root];
    let tried = every_fault(&world, &open, &["clusters", "medium"], |world| opens(world, "clusters/cluster1"));
    tally::held("failing calls of a bundle that is opened into the directory of its request", tried);
}

#[test]
fn a_medium_is_marked_or_not_whatever_call_fails() {
    if !can_inject("a_medium_is_marked_or_not_whatever_call_fails") {
        return;
    }
    let prepare = ["medium", "prepare", "--role", "exports", "--label", "A", "medium"];
    let tried = every_fault(&World::new(), &prepare, &["medium"], |world| {
        world.run(&["medium", "show", "medium"]).code == Some(0)
    });
    tally::held("failing calls of a medium that is marked", tried);
}

#[test]
fn what_a_medium_wrote_wrongly_of_a_copied_log_is_taken_back_and_never_looks_like_another_log() {
    if !can_inject("what_a_medium_wrote_wrongly_of_a_copied_log_is_taken_back_and_never_looks_like_another_log") {
        return;
    }
    let world = World::ready();
    std::fs::create_dir(world.path("b")).unwrap();
    world.run(&["-C", AUTHORITY, "medium", "prepare", "--role", "authority", "--label", "B", "b"]).ok();
    let mut tried = 0;
    for (writing, dir) in
        [(["-C", AUTHORITY, "medium", "copy", "b"], "b"), (["-C", AUTHORITY, "publish", "--to", "out"], "out")]
    {
        let entries = format!("{dir}/log/entries.jsonl");
        let mut lies = faults::every(&copy(&world), &writing, &[entries.as_str()], true);
        lies.retain(|fault| matches!(fault.how, faults::How::Lies));
        each(&lies, |fault: &Fault| {
            let world = copy(&world);
            let output = faults::fail(&world, &writing, fault);
            assert_eq!(output.code, Some(30), "{fault}");
            let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
            let wrong = "/log does not read back as it was written hint: the medium is failing: use another";
            assert!(said.contains(&format!("{dir}{wrong}")), "{fault}\n{said}");
            world.run(&writing).ok();
        });
        assert_ne!(lies.len(), 0, "{dir}");
        tried += lies.len();
    }
    tally::held("writes of a copied log that were not what was meant", tried);
}

#[test]
fn a_copy_of_the_authority_that_fails_at_any_call_opens_nowhere_or_is_whole_and_is_completed() {
    if !can_inject("a_copy_of_the_authority_that_fails_at_any_call_opens_nowhere_or_is_whole_and_is_completed") {
        return;
    }
    let world = World::ready();
    std::fs::create_dir(world.path("b")).unwrap();
    let prepare = ["-C", AUTHORITY, "medium", "prepare", "--role", "authority", "--label", "B", "b"];
    world.run(&prepare).ok();
    let copying = ["-C", AUTHORITY, "medium", "copy", "b"];
    let verify = ["log", "verify", "b", "--at-rest", "--root", "authority/public/root-cert.pem"];
    let mut all = faults::of_run(&copy(&world), &copying, &["b"]);
    let every = if tally::full() { 1 } else { all.len().div_ceil(36) };
    let mut nth = 0;
    all.retain(|_| {
        nth += 1;
        nth % every == 0
    });
    each(&all, |fault: &Fault| {
        let world = copy(&world);
        let output = faults::fail(&world, &copying, fault);
        if output.code != Some(0) {
            is_clear(&output, 30, fault);
            let opens = world.run(&verify).code == Some(0);
            let marked = super::there(&world, "b/COPY-NOT-FINISHED.txt");
            assert!(marked || opens || !super::there(&world, "b/log/entries.jsonl"), "{fault}\n{}", output.error());
            world.run(&copying).ok();
        }
        let verified = world.run(&verify);
        assert_eq!(verified.code, Some(0), "{fault}\n{}", verified.error());
        assert!(!super::there(&world, "b/COPY-NOT-FINISHED.txt"), "{fault}");
        if fault.call == "unlink" {
            // What could not be taken away is by the next one.
            world.run(&copying).ok();
        }
        assert_eq!(unfinished(&world, "b"), [""; 0], "{fault}");
        for part in ["public", "issued"] {
            let of = |root: &str| -> Vec<Vec<u8>> {
                world.tree(&format!("{root}/{part}")).into_values().map(|(_, bytes)| bytes).collect()
            };
            assert!(of(AUTHORITY) == of("b"), "{fault}: {part} of the copy differs");
        }
    });
    tally::held("failing calls of a copy of the authority", all.len());
}
