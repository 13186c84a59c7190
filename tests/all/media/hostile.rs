//! A stick with requests from somebody who wants to harm: what is no file, what is too much, what lies about its name,
//! what changes while it is read. It is refused in words, in bounded time and memory, and nothing else is read.

use super::{copy, faults, is_clear};
use crate::crash::instants::each;
use crate::support::{Output, PLAIN_CSR, SIGN, World, assert_text, differences, tally};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// A founded world whose stick has one good request, and answers for it.
fn ready() -> World {
    let world = World::ready();
    let sha256 = world.plain_request("good");
    world.write("answers.toml", world.signing_answers(&[], &[("good", &sha256)]));
    world
}

/// `sign` in 1 GiB of address space at most, which is refused; nothing was signed, and no bundle was written.
#[track_caller]
fn refused(world: &World, code: i32) -> Output {
    let before = world.tree("requests");
    let intents = world.intents();
    let output = world.run_through(&["prlimit", "--as=1073741824", "timeout", "-s", "KILL", "60"], &SIGN);
    is_clear(&output, code, &"a hostile stick");
    let text = output.refusal();
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "unescaped: {text:?}");
    assert!(text.contains("Nothing was signed."), "{text}");
    assert_eq!(world.intents(), intents, "the root key was used");
    assert_eq!(differences(&before, &world.tree("requests")), Vec::<PathBuf>::new());
    assert_eq!(world.bundles().len(), 0);
    output
}

#[test]
fn what_is_no_file_is_refused_by_what_it_is_and_never_waited_for() {
    let world = ready();
    let victim = world.write("victim", "secret\n");
    type Placed = fn(&World);
    let cases: [(&str, Placed); 7] = [
        ("a FIFO", |world| drop(world.tool("mkfifo", &["requests/x.csr"]).ok())),
        ("symbolic link", |world| symlink("/etc/passwd", world.path("requests/x.csr")).unwrap()),
        ("symbolic link", |world| symlink("/dev/zero", world.path("requests/x.csr")).unwrap()),
        ("symbolic link", |world| symlink("x.csr", world.path("requests/x.csr")).unwrap()),
        ("socket", |world| drop(std::os::unix::net::UnixListener::bind(world.path("requests/x.csr")).unwrap())),
        ("a directory", |world| std::fs::create_dir(world.path("requests/x.csr")).unwrap()),
        ("symbolic link", |world| {
            std::fs::create_dir(world.path("requests/p")).unwrap();
            symlink("../../victim", world.path("requests/p/request.json")).unwrap();
        }),
    ];
    let mut tried = cases.len();
    for (what, make) in cases {
        let world = copy(&world);
        make(&world);
        let output = refused(&world, 30);
        let text = output.refusal().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("request.file.kind") && text.contains(what), "{what}:\n{text}");
        assert!(!text.contains("secret"), "{text}");
    }
    if rustix::process::geteuid().is_root() {
        let world = copy(&world);
        world.tool("mknod", &["requests/x.csr", "c", "1", "5"]).ok();
        assert!(refused(&world, 30).refusal().contains("character device"));
        tried += 1;
    }
    assert_eq!(std::fs::read(victim).unwrap(), b"secret\n");
    tally::held("shapes of what is no file on a requests stick", tried);
}

#[test]
fn names_that_lie_are_shown_escaped_and_confuse_nothing() {
    let mut tried = 0;
    for name in [
        &b"a\x1b[2J\x1b[31m.csr"[..],
        "a\u{202e}rsc.exe.csr".as_bytes(),
        b"a\xff\xfe.csr",
        b"a\nerror: nothing is wrong.csr",
        b"..csr.csr..csr",
        b" .csr",
        b"-rf.csr",
        b"$(reboot).csr",
        &[b'n'; 251],
    ] {
        let world = ready();
        let mut name = name.to_vec();
        if name.len() > 250 {
            name.extend(b".csr");
        }
        // A request that is refused, so that its name is shown: another cluster's key, no words given.
        std::fs::write(world.path("requests").join(std::ffi::OsStr::from_bytes(&name)), b"not a request\n").unwrap();
        if name.starts_with(b".") {
            world.run(&SIGN).ok();
        } else {
            refused(&world, 30);
        }
        tried += 1;
    }
    tally::held("names that lie on a requests stick", tried);
}

#[test]
fn too_much_is_refused_in_bounded_time_and_memory() {
    let world = ready();
    // A file that is larger than the machine's memory is never read.
    let huge = copy(&world);
    std::fs::File::create(huge.path("requests/huge.csr")).unwrap().set_len(10 << 30).unwrap();
    assert!(refused(&huge, 30).refusal().contains("request.file.size"));
    let huge = copy(&world);
    for name in ["request.json", "request.sig"] {
        huge.write(format!("requests/p/{name}"), "{}");
    }
    std::fs::File::create(huge.path("requests/p/request.sig")).unwrap().set_len(10 << 30).unwrap();
    assert!(refused(&huge, 30).refusal().contains("request.file.size"));

    // As many names as a stick may hold, none of them a request: the good one is signed.
    let names = copy(&world);
    let others = if tally::full() { 19_000 } else { 3_000 };
    for n in 0..others {
        std::fs::File::create(names.path(format!("requests/holiday-{n}.jpg"))).unwrap();
    }
    names.run(&SIGN).ok();
    // Tens of thousands.
    let names = copy(&world);
    for n in 0..20_001 {
        std::fs::File::create(names.path(format!("requests/holiday-{n}.jpg"))).unwrap();
    }
    assert_text(
        &refused(&names, 30).error(),
        "
        error: too many files in requests: saw more than 20000, wanted at most 20000
        hint:  put what is meant on a medium of its own
        Nothing was signed.
        exit 30
    ",
    );
    // More requests than a session takes.
    let many = copy(&world);
    for n in 0..10_000 {
        many.write(format!("requests/{n}.csr"), "not a request\n");
    }
    assert_text(
        &refused(&many, 30).error(),
        "
        error: requests holds too many requests for one session: wanted at most 10000
        hint:  spread them over several sticks, a session each
        Nothing was signed.
        exit 30
    ",
    );
    // Requests that fill the memory together.
    let large = copy(&world);
    let padding = [PLAIN_CSR.as_bytes(), &vec![b'\n'; 60 * 1024]].concat();
    for n in 0..560 {
        large.write(format!("requests/{n}.csr"), &padding);
    }
    assert_text(
        &refused(&large, 30).error(),
        "
        error: requests holds requests that are too large together for one session:
               wanted at most 33554432 bytes
        hint:  spread them over several sticks, a session each
        Nothing was signed.
        exit 30
    ",
    );
    tally::held("sticks with too much on them", 6);
}

#[test]
fn the_same_request_under_two_names_and_two_under_one_are_told_apart() {
    // Names that differ in case only are two files here, and one on FAT: both are read, and the second is refused.
    let world = ready();
    world.write("requests/GOOD.csr", PLAIN_CSR);
    let twice = refused(&world, 10).refusal();
    assert!(twice.contains("policy.session"), "{twice}");
    // A hard link is the file itself.
    let world = ready();
    std::fs::hard_link(world.path("requests/good.csr"), world.path("requests/again.csr")).unwrap();
    let linked = refused(&world, 10).refusal();
    assert!(linked.contains("policy.session"), "{linked}");
}

#[test]
fn a_stick_that_fails_or_changes_while_it_is_read_signs_nothing() {
    if !faults::can_inject("a_stick_that_fails_or_changes_while_it_is_read_signs_nothing") {
        return;
    }
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut all = faults::every(&copy(&world), &SIGN, &["requests"], tally::full());
    // The stick is read more than once, before the people come and when they are there: in CI size the first time.
    all.retain(|fault| fault.nth_of_path() == 1 || tally::full());
    // A read that gives less than there is, as where the file was cut meanwhile.
    let cut: Vec<_> = all.iter().filter(|fault| fault.call == "read").filter_map(faults::Fault::cut).collect();
    all.extend(cut);
    each(&all, |fault| {
        let world = copy(&world);
        let output = faults::fail_there(&world, &SIGN, fault);
        // What cannot be closed was read all the same.
        if fault.call == "close" {
            output.ok();
            return;
        }
        // The stick is looked at again once it was read, and where it is only asked whether something is there.
        if output.code == Some(0) && fault.call == "statx" {
            output.ok();
            assert_eq!(world.bundles().len(), 1, "{fault}");
            return;
        }
        assert!(output.code == Some(30) || output.code == Some(10), "{fault}\n{}", output.refusal());
        assert!(output.refusal().contains("Nothing was signed."), "{fault}\n{}", output.refusal());
        assert_eq!(world.bundles().len(), 0, "{fault}");
        world.run(&SIGN).ok();
    });
    tally::held("failing calls of a requests stick that is read", all.len());
}
