//! A session that signs and cannot deliver: what was signed is said, and `export` delivers it later from the log
//! alone, here or from an authority stick on another machine.

use super::faults::{self, Fault, can_inject};
use super::{copy, is_clear, unfinished};
use crate::crash::instants::each;
use crate::support::{AUTHORITY, Output, PARTICIPANTS, SIGN, World, assert_text, tally, with_mounts};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROOT: &str = "authority/public/root-cert.pem";

/// A world whose next `sign` issues to cluster1.
fn ready() -> World {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world.write("answers-export.toml", PARTICIPANTS);
    world
}

/// `export` of what was not delivered, by the authority in a directory.
fn export(world: &World, authority: &str, to: &str) -> Output {
    let media = ["--to", to, "--pin-file", "pin", "--answers", "answers-export.toml"];
    world.run(&[&["-C", authority, "--now", "2026-11-21T11:00:00Z", "export"][..], &media].concat())
}

/// Each bundle in a directory is whole, and one of them opens.
fn delivered(world: &World, medium: &str, at: &dyn std::fmt::Display) {
    let mut opened = 0;
    for entry in std::fs::read_dir(world.path(medium)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let bundle = format!("{medium}/{name}");
        if !name.starts_with('.') && world.path(&bundle).is_dir() {
            let open = ["--now", "2026-11-21T12:00:00Z", "open", &bundle, "--into", "clusters/cluster1"];
            let output = world.run(&[&open[..], &["--root", ROOT, "--allow-older"]].concat());
            assert_eq!(output.code, Some(0), "{at}\n{}", output.stderr);
            opened += 1;
        }
    }
    assert_ne!(opened, 0, "{at}: there is no bundle on {medium}");
}

/// What is said where certificates exist: exit code 50, each serial number.
fn says_signed(world: &World, output: &Output, at: &dyn std::fmt::Display) {
    is_clear(output, 50, at);
    let text: String = output.error().split_whitespace().collect::<Vec<_>>().join(" ");
    let entries = crate::crash::entries(world);
    let serials =
        entries.iter().filter(|entry| entry["type"] == "sign.intent" && entry["data"]["cluster"] == "cluster1");
    let mut named = 0;
    for serial in serials.filter_map(|entry| entry["data"]["serial"].as_str()) {
        let colons = serial.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned());
        let colons = colons.collect::<Vec<_>>().join(":");
        assert!(text.contains(&format!("Serial {colons} WAS signed; treat it as issued.")), "{at}\n{text}");
        named += 1;
    }
    assert_eq!(named, 1, "{at}");
    assert!(!text.contains("Nothing was signed"), "{at}\n{text}");
}

#[test]
fn a_session_whose_export_fails_at_any_call_says_what_was_signed_and_export_delivers_it() {
    if !can_inject("a_session_whose_export_fails_at_any_call_says_what_was_signed_and_export_delivers_it") {
        return;
    }
    let world = ready();
    let places = ["medium", "authority/issued", "authority/public"];
    let mut all = faults::of_run(&copy(&world), &SIGN, &places);
    if !tally::full() {
        // The authority's own files are written in one way: every eighth of their calls.
        let mut nth = 0;
        all.retain(|fault| {
            nth += 1;
            fault.to_string().contains("medium") || nth % 8 == 0
        });
    }
    let (after, before) = (AtomicUsize::new(0), AtomicUsize::new(0));
    each(&all, |fault: &Fault| {
        let world = copy(&world);
        let output = faults::fail(&world, &SIGN, fault);
        let issued = crate::crash::entries(&world).iter().any(|entry| {
            entry["type"] == "sign.outcome"
                && entry["data"]["status"] == "ok"
                && entry["data"]["intent"].as_u64() > Some(40)
        });
        match output.code {
            Some(0) => {}
            Some(50) => {
                says_signed(&world, &output, fault);
                let exported = export(&world, AUTHORITY, "medium");
                assert_eq!(exported.code, Some(0), "{fault}\n{}", exported.stderr);
                after.fetch_add(1, Ordering::Relaxed);
            }
            _ => {
                is_clear(&output, 30, fault);
                assert!(!issued, "{fault}: signed, and not said\n{}", output.error());
                assert!(output.error().contains("Nothing was signed."), "{fault}\n{}", output.error());
                world.run(&SIGN).ok();
                before.fetch_add(1, Ordering::Relaxed);
            }
        }
        delivered(&world, "medium", fault);
        assert_eq!(unfinished(&world, "medium"), [""; 0], "{fault}");
        let verified = world.run(&["log", "verify", AUTHORITY, "--at-rest", "--root", ROOT]);
        assert_eq!(verified.code, Some(0), "{fault}\n{}", verified.stderr);
    });
    let (after, before) = (after.into_inner(), before.into_inner());
    assert!(after > 10 && before > 0, "both sides of the signature were tried: {before} before, {after} after");
    tally::held("failing calls on media and public files of a signing session", all.len());
}

/// A session that finds its exports stick full only after it signed, and the sticks with the authority's copies.
fn undelivered() -> Option<World> {
    if !can_inject("undelivered") {
        return None;
    }
    let world = ready();
    for (dir, label) in [("a", "A"), ("b", "B")] {
        std::fs::create_dir(world.path(dir)).unwrap();
        world.run(&["-C", AUTHORITY, "medium", "prepare", "--role", "authority", "--label", label, dir]).ok();
    }
    world.write("authority/local.toml", "[media]\nauthority = [\"a\", \"b\"]\n");
    let all = faults::every(&copy(&world), &SIGN, &["medium"], false);
    let mut payload = all.iter().filter(|fault| fault.call == "write" && fault.to_string().contains("payload.age"));
    let output = faults::fail(&world, &SIGN, payload.next_back().unwrap());
    assert_text(
        &output.error(),
        "
        error: cannot write medium/…/payload.age: the
               medium is full
        hint:  make room or use another medium, and run the same command again
        hint:  the log has each outcome; make bundles of what was issued with: anchorite
               export
        Nothing was put in place; the unfinished copy was removed.
        Serial … WAS signed; treat it as issued.
        exit 50
    ",
    );
    assert_eq!(world.bundles().len(), 0);
    Some(world)
}

#[test]
fn what_a_full_stick_kept_from_its_cluster_is_exported_on_another_machine_from_a_copy_alone() {
    let Some(world) = undelivered() else { return };
    // The laptop is wiped, and the other sticks are lost with it: the token, one copy and a new stick are left.
    std::fs::rename(world.path(ROOT), world.path("root-cert.pem")).unwrap();
    for gone in [AUTHORITY, "medium", "requests", "a"] {
        std::fs::remove_dir_all(world.path(gone)).unwrap();
    }
    std::fs::create_dir(world.path("new-stick")).unwrap();
    let status = world.run(&["-C", "b", "status"]).ok().stdout;
    let status = status.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(status.contains("anchorite export cluster1"), "{status}");
    export(&world, "b", "new-stick").ok();
    world.write(ROOT, world.read("root-cert.pem"));
    delivered(&world, "new-stick", &"from a copy");
    world.run(&["log", "verify", "b", "--at-rest", "--root", ROOT]).ok();
}

#[test]
fn a_stick_that_is_smaller_than_its_bundles_by_any_block_gets_all_or_nothing() {
    let world = ready();
    let mut sizes = Vec::new();
    for kib in (8..=72).step_by(if tally::full() { 4 } else { 16 }) {
        let Some(tiny) = with_mounts(&format!("mount -t tmpfs -o size={kib}k tiny medium")) else { return };
        let world = copy(&world);
        // What is on the tmpfs when the program has ended is copied out, as its mount ends with it.
        let output = {
            let script = "\"$0\" \"$@\"; code=$?; cp -a medium/. seen; exit $code";
            let through: Vec<&str> = tiny.iter().map(String::as_str).chain(["sh", "-c", script]).collect();
            std::fs::create_dir_all(world.path("seen")).unwrap();
            world.run_through(&through, &SIGN)
        };
        let bundles = std::fs::read_dir(world.path("seen"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().join("envelope.json").exists());
        match output.code {
            Some(0) => assert_eq!(bundles.count(), 1, "{kib} KiB\n{}\n{:?}", output.stderr, world.tree("seen").keys()),
            Some(code) => {
                assert_eq!(bundles.count(), 0, "{kib} KiB");
                is_clear(&output, code, &format!("{kib} KiB"));
                assert!(code == 30 || code == 50, "{}", output.error());
                assert_eq!(unfinished(&world, "seen"), [""; 0], "{kib} KiB");
                export_or_sign(&world, code);
            }
            None => panic!("{}", output.stderr),
        }
        sizes.push(output.code);
    }
    assert!(sizes.contains(&Some(0)) && sizes.contains(&Some(30)), "{sizes:?}");
    tally::held("sizes of an exports stick", sizes.len());
}

/// The same with room for it: another session, or what is left of this one.
fn export_or_sign(world: &World, code: i32) {
    match code {
        50 => export(world, AUTHORITY, "medium").ok(),
        _ => world.run(&SIGN).ok(),
    };
    delivered(world, "medium", &"with room");
}

/// The stick is gone, and in its place is the empty directory that it was mounted on, from some call on.
#[test]
fn a_stick_that_is_pulled_at_any_write_leaves_nothing_on_the_disk_below_its_mount_point() {
    if !can_inject("a_stick_that_is_pulled_at_any_write_leaves_nothing_on_the_disk_below_its_mount_point") {
        return;
    }
    let world = ready();
    world.run(&["medium", "prepare", "--role", "exports", "--label", "out", "medium"]).ok();
    let all = faults::every(&copy(&world), &SIGN, &["medium"], false);
    let changing = |fault: &&Fault| ["write", "fsync", "mkdir", "rename", "renameat2"].contains(&fault.call.as_str());
    let moments: Vec<Fault> = all.iter().filter(changing).cloned().collect();
    each(&moments, |moment: &Fault| {
        let world = copy(&world);
        let output = faults::at(&world, &SIGN, moment, || {
            std::fs::rename(world.path("medium"), world.path("pocket")).unwrap();
            std::fs::create_dir(world.path("medium")).unwrap();
        });
        let below: Vec<_> = std::fs::read_dir(world.path("medium")).unwrap().collect();
        assert!(below.is_empty(), "{moment}: {below:?} is on the disk\n{}", output.stderr);
        match output.code {
            Some(50) => says_signed(&world, &output, moment),
            Some(30) => assert!(output.error().contains("Nothing was signed."), "{moment}\n{}", output.error()),
            // The last look was over when it was pulled.
            code => assert_eq!(code, Some(0), "{moment}\n{}", output.error()),
        }
        std::fs::remove_dir(world.path("medium")).unwrap();
        std::fs::rename(world.path("pocket"), world.path("medium")).unwrap();
        match output.code {
            Some(0) => {}
            Some(code) => export_or_sign(&world, code),
            None => panic!("{}", output.stderr),
        }
        delivered(&world, "medium", moment);
        assert_eq!(unfinished(&world, "medium"), [""; 0], "{moment}");
    });
    assert!(Path::new(&world.path("medium")).exists());
    tally::held("moments at which an exports stick was pulled", moments.len());
}
