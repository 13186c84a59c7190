//! Where a bundle is opened into: what is refused before anything is written, and what a good bundle writes, and when.

use super::{Cluster, OPEN, place};
use crate::support::{World, tally, with_mounts};
use std::os::unix::fs::symlink;

/// A world with an honest bundle.
fn ready(cluster: &Cluster) -> World {
    let world = cluster.world();
    Cluster::put(&world, &cluster.bundle().files);
    world
}

#[test]
fn a_good_bundle_is_written_to_one_temporary_directory_and_only_after_everything_was_read() {
    let cluster = Cluster::new();
    let world = ready(&cluster);
    let run = place::run(&world, &OPEN);
    run.output.ok();
    let Some(first) = run.calls.iter().position(|call| run.changes.contains(call)) else { return };
    let inputs = ["bundle/", "root-cert.pem\"", "identity.age", "request.json", "receipt.json"];
    for input in inputs {
        assert!(
            run.calls[..first].iter().any(|call| call.contains(input)),
            "{input} was not read before {}",
            run.calls[first]
        );
    }
    let late: Vec<_> = run.calls[first..].iter().filter(|call| call.contains("bundle/")).collect();
    assert!(late.is_empty(), "the bundle was read again after the first write: {late:?}");
    let elsewhere: Vec<_> = run.changes.iter().filter(|call| !call.contains("clusters/.anchorite-")).collect();
    assert!(
        elsewhere.iter().all(|call| call.starts_with("fsync(") && call.contains("<clusters>")),
        "written elsewhere: {elsewhere:?}"
    );
    let renames: Vec<_> = run.changes.iter().filter(|call| call.starts_with("rename")).collect();
    assert!(
        renames
            .last()
            .is_some_and(|call| call.contains("\"clusters/cluster1\"") || call.contains("/clusters/cluster1\"")),
        "{renames:?}"
    );
    tally::held("changes of an opening, all in one place and after the last check", run.changes.len());
}

/// Opens, refused; nothing changed but what `apart` says.
#[track_caller]
fn refused(world: &World, through: &[String], text: &str) {
    world.refused_through(through, &OPEN, text);
}

#[test]
fn a_target_that_cannot_be_replaced_whole_is_refused_and_left_as_it_is() {
    let cluster = Cluster::new();
    let mut tried = 0;
    type Placed = fn(&World);
    let cases: [(Placed, &str); 4] = [
        (
            |world| std::fs::create_dir(world.path("clusters/cluster1/old")).unwrap(),
            "
            error: $WORLD/clusters/cluster1 holds what cannot be carried over: old: saw a
                   directory, a link or a device, wanted regular files only
            hint:  move it away first
            Nothing was written.
            exit 30
            ",
        ),
        (
            |world| symlink("/etc/passwd", world.path("clusters/cluster1/notes")).unwrap(),
            "
            error: $WORLD/clusters/cluster1 holds what cannot be carried over: notes: saw a
                   directory, a link or a device, wanted regular files only
            hint:  move it away first
            Nothing was written.
            exit 30
            ",
        ),
        (
            |world| {
                for n in 0..300 {
                    world.write(format!("clusters/cluster1/{n}.txt"), "");
                }
            },
            "
            error: $WORLD/clusters/cluster1 holds what cannot be carried over: …: saw too
                   many files, wanted regular files only
            hint:  move it away first
            Nothing was written.
            exit 30
            ",
        ),
        (
            |world| {
                let huge = std::fs::File::create(world.path("clusters/cluster1/huge")).unwrap();
                huge.set_len(20 << 20).unwrap();
            },
            "
            error: $WORLD/clusters/cluster1/huge is too large: saw 20971520 bytes, wanted at
                   most 16777216 bytes
            Nothing was written.
            exit 30
            ",
        ),
    ];
    for (change, text) in cases {
        let world = ready(&cluster);
        change(&world);
        refused(&world, &[], text);
        tried += 1;
    }
    let mounted = [
        (
            "mount --bind clusters/cluster1 clusters/cluster1",
            "
            error: $WORLD/clusters/cluster1 is a mount point, which cannot be exchanged
                   whole: wanted a directory inside a file system, or a new one
            hint:  open into a directory in it: --into $WORLD/clusters/cluster1/NAME, with
                   the key and request there
            Nothing was written.
            exit 30
            ",
        ),
        (
            "mount --bind clusters clusters && mount -o remount,bind,ro clusters",
            "
            error: cannot write to $WORLD/clusters: the medium is read-only
            hint:  remount it for writing, or slide its write protection off
            Nothing was written.
            exit 30
            ",
        ),
    ];
    for (mounts, text) in mounted {
        let Some(through) = with_mounts(mounts) else { break };
        let world = ready(&cluster);
        refused(&world, &through, text);
        tried += 1;
    }
    if crate::present::have("strace") {
        for error in ["EINVAL", "ENOSYS", "EOPNOTSUPP"] {
            let world = ready(&cluster);
            let inject = format!("inject=renameat2:error={error}");
            let through =
                ["strace", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", &inject].map(String::from);
            let before = world.everything();
            let output = world.run_through(&through, &OPEN);
            let text = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(text.contains("cannot exchange two directories"), "{text}");
            assert!(text.contains("Nothing was written.") && output.code == Some(30), "{text}");
            assert_eq!(world.everything(), before);
            tried += 1;
        }
    }
    tally::held("targets that cannot be replaced whole", tried);
}

#[test]
fn a_target_that_is_a_link_is_the_directory_that_it_leads_to() {
    let cluster = Cluster::new();
    let world = ready(&cluster);
    std::fs::rename(world.path("clusters/cluster1"), world.path("real")).unwrap();
    symlink("../real", world.path("clusters/cluster1")).unwrap();
    world.run(&OPEN).ok();
    assert!(world.path("clusters/cluster1").is_symlink());
    assert!(world.path("real/receipt.json").is_file());
    // One that leads nowhere is in the way of a new directory.
    let world = ready(&cluster);
    symlink("nowhere", world.path("clusters/new")).unwrap();
    let mut open = OPEN.map(str::to_owned).to_vec();
    open[5] = "clusters/new".to_owned();
    open.extend(["--identity", "clusters/cluster1/identity.age"].map(str::to_owned));
    world.refused(
        &open,
        "
        error: clusters/new is already there, and is not the same
        hint:  nothing is ever overwritten: move it away, or write to another directory
        clusters/new is as it was.
        exit 30
    ",
    );
}
