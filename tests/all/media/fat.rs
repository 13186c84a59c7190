//! A stick as shops sell it: exFAT, which has no modes, no links, no exchange, ignores case, and here is served by a
//! program in user space, which cannot rename without replacing either.

use super::{copy, is_clear};
use crate::present::have;
use crate::support::{AUTHORITY, Output, SIGN, World, with_mounts};

/// The start of a command whose `medium` is an exFAT stick of 64 MiB, which goes with it; what was on it is in `seen`.
/// `None`, said loudly, where there is none.
fn stick() -> Option<Vec<String>> {
    if !["mkfs.exfat", "mount.exfat-fuse", "losetup"].iter().all(|tool| have(tool)) {
        return None;
    }
    let mounts = "truncate -s 64M stick.img && { [ -e formatted ] || mkfs.exfat stick.img; } >/dev/null && touch formatted && \
        L=$(losetup -f --show stick.img) && mount.exfat-fuse $L medium >/dev/null 2>&1 && losetup -d $L";
    let through = with_mounts(mounts)?;
    let then = "\"$0\" \"$@\"; code=$?; rm -rf seen; cp -r medium seen; umount medium; exit $code";
    let through: Vec<String> = through.into_iter().chain(["sh", "-c", then].map(str::to_owned)).collect();
    // A loop device or FUSE may be missing where a namespace is not.
    let trial = World::new();
    if trial.run_through(&through, &["--version"]).code != Some(0) {
        eprintln!("SKIPPED: no exFAT stick can be mounted here: NOTHING WAS TRIED ON ONE");
        return None;
    }
    Some(through)
}

fn on(world: &World, through: &[String], arguments: &[&str]) -> Output {
    world.run_through(through, arguments)
}

#[test]
fn an_exfat_stick_carries_marker_bundle_and_copy_and_the_copy_continues_the_log() {
    let Some(through) = stick() else { return };
    let world = World::ready();
    // Marked, once; the same name in other letters is the same name.
    on(&world, &through, &["medium", "prepare", "--role", "exports", "--label", "A", "medium"]).ok();
    let again = on(&world, &through, &["medium", "prepare", "--role", "exports", "--label", "A", "medium"]);
    is_clear(&again, 30, &"marked twice");
    assert!(again.error().contains("is marked already"), "{}", again.error());
    // Signed for, and the bundle opens from what the stick holds.
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    on(&world, &through, &SIGN).ok();
    let bundle =
        std::fs::read_dir(world.path("seen")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let bundle = bundle.into_iter().find(|name| name.len() == 32).expect("a bundle on the stick");
    let open =
        ["open", &format!("seen/{bundle}"), "--into", "clusters/cluster1", "--root", "authority/public/root-cert.pem"];
    world.run(&[&["--now", "2026-11-21T12:00:00Z"][..], &open].concat()).ok();
    let left: Vec<_> = super::unfinished(&world, "seen");
    assert_eq!(left, [""; 0]);

    // A key is not kept where everybody can read it.
    let request = ["--now", "2026-11-21T10:00:00Z", "request", "west", "--key", "ecdsa-p256", "--into", "medium"];
    let output = on(&world, &through, &request);
    crate::support::assert_text(
        &output.error(),
        "
        error: the file system of medium/west/ca-key.pem cannot keep a file private: saw
               mode 0777, wanted mode 0600
        hint:  keys are written to a file system with permissions, not to a FAT stick
        Nothing was put in place; the unfinished copy was removed.
        exit 30
    ",
    );

    // An authority stick: copied to, verified, and gone on with.
    let world = copy(&world);
    std::fs::remove_file(world.path("formatted")).unwrap();
    on(&world, &through, &["-C", AUTHORITY, "medium", "prepare", "--role", "authority", "--label", "A", "medium"]).ok();
    on(&world, &through, &["-C", AUTHORITY, "medium", "copy", "medium"]).ok();
    on(&world, &through, &["log", "verify", "medium", "--at-rest", "--root", "authority/public/root-cert.pem"]).ok();
    std::fs::remove_dir_all(world.path("requests/cluster1")).unwrap();
    let sha256 = world.request("east");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    std::fs::create_dir(world.path("out")).unwrap();
    let mut sign = SIGN;
    (sign[1], sign[8]) = ("medium", "out");
    on(&world, &through, &sign).ok();
    on(&world, &through, &["log", "verify", "medium", "--at-rest", "--root", "authority/public/root-cert.pem"]).ok();
    assert!(world.read("seen/log/entries.jsonl").starts_with(&world.read("authority/log/entries.jsonl")));
}
