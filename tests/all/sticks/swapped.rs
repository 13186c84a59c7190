//! Sticks that are wrong, swapped or pulled while a ceremony runs: named, asked for again, and nothing is lost.

use crate::seat::{APPROVE_1, APPROVE_2, Seat, approves_from, founded, from_sheet, introduces, plan_words};
use crate::support::{AUTHORITY, ENTRIES, PIN, World, assert_text, with_mounts};
use std::process::Command;

/// What is asked where a stick is not as it must be.
const MENDED: &str = "Enter: look again; no: other ways: ";
const OR_THIS: &str = "Enter: look again; this: use this one; no: other ways: ";
const SIGN: [&str; 7] = ["-C", AUTHORITY, "sign", "--from", "requests", "--to", "medium"];

/// A production authority with a request of cluster1 on a marked stick, a marked exports stick, and the sheet.
fn ready() -> (World, String) {
    let world = founded();
    world.request("cluster1");
    let sheet = world.run(&["words", "requests/cluster1/request.json"]).ok().stdout;
    world.run(&["medium", "prepare", "--role", "requests", "--label", "in", "requests"]).ok();
    world.run(&["medium", "prepare", "--role", "exports", "--label", "out", "medium"]).ok();
    (world, sheet)
}

fn swap(world: &World, stick: &str, place: &str, pocket: &str) {
    std::fs::rename(world.path(place), world.path(pocket)).unwrap();
    std::fs::rename(world.path(stick), world.path(place)).unwrap();
}

/// What was said since the last question, its first line gone.
fn said(shown: &str) -> String {
    let shown = shown.replace("\r\n", "\n");
    let said = shown.split_once("Not yet: ").unwrap_or_else(|| panic!("{shown}")).1;
    // Up to the line that says what can be typed beside an answer.
    format!("{}\n", said.split_once("\n──").unwrap_or_else(|| panic!("{shown}")).0)
}

/// Approves up to the last question, which waits; its answer.
fn last_words(seat: &mut Seat, sheet: &str) -> String {
    let plan = seat.asked("Witness: sheet words ");
    let (administrator, witness) = plan_words(&plan);
    let places = seat.reads(" (or no): ");
    seat.types(&from_sheet(sheet, &places));
    seat.answers(APPROVE_1, &administrator);
    seat.asked(APPROVE_2);
    witness
}

#[test]
fn a_wrong_stick_is_named_and_the_right_one_is_asked_for() {
    let (world, sheet) = ready();
    std::fs::create_dir(world.path("other")).unwrap();
    world.run(&["medium", "prepare", "--role", "exports", "--label", "other", "other"]).ok();
    let mut seat = Seat::at(&world, &SIGN);
    introduces(&mut seat);
    seat.asked("User PIN of the root token: ");
    swap(&world, "other", "requests", "pocket");
    seat.types(PIN);
    let shown = seat.answers(MENDED, "");
    assert_text(
        &said(&shown),
        "
        requests is another medium than the one wanted: saw an exports medium, id … \"other\", wanted a requests
        medium.
        hint: plug in the requests medium, or name its directory
    ",
    );
    // Pressed too early: the same again. Then nothing is plugged in at all.
    let shown = seat.asked(MENDED);
    assert!(shown.contains("another medium than the one wanted"), "{shown}");
    swap(&world, "pocket", "requests", "other");
    std::fs::rename(world.path("requests"), world.path("pocket")).unwrap();
    seat.types("");
    let shown = seat.asked(MENDED);
    assert!(shown.contains("requests is not there"), "{shown}");
    std::fs::rename(world.path("pocket"), world.path("requests")).unwrap();
    seat.types("");
    approves_from(&mut seat, &sheet);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.bundles().len(), 1);
}

#[test]
fn an_empty_stick_in_the_place_of_the_requests_is_no_end() {
    let (world, sheet) = ready();
    std::fs::create_dir(world.path("empty")).unwrap();
    let mut seat = Seat::at(&world, &SIGN);
    introduces(&mut seat);
    seat.asked("User PIN of the root token: ");
    swap(&world, "empty", "requests", "pocket");
    seat.types(PIN);
    let shown = seat.asked(MENDED);
    assert!(shown.contains("there is no request on the medium"), "{shown}");
    swap(&world, "pocket", "requests", "empty");
    seat.types("");
    approves_from(&mut seat, &sheet);
    assert_eq!(seat.ends().1, 0);
}

#[test]
fn another_exports_stick_than_before_is_noticed_and_gets_nothing() {
    let (world, sheet) = ready();
    std::fs::create_dir(world.path("other")).unwrap();
    world.run(&["medium", "prepare", "--role", "exports", "--label", "twin", "other"]).ok();
    let mut seat = Seat::at(&world, &SIGN);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let witness = last_words(&mut seat, &sheet);
    swap(&world, "other", "medium", "pocket");
    seat.types(&witness);
    let shown = seat.asked(OR_THIS);
    assert_text(
        &said(&shown),
        "
        medium is not the medium that was there before: saw an exports medium, id … \"twin\", wanted an exports
        medium, id … \"out\".
        hint: plug in the one whose sticker says …
    ",
    );
    swap(&world, "pocket", "medium", "other");
    seat.types("");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.bundles().len(), 1);
    assert_eq!(std::fs::read_dir(world.path("other")).unwrap().count(), 1, "the twin holds its marker alone");
}

#[test]
fn people_may_say_that_another_exports_stick_is_meant_and_the_log_keeps_it() {
    // As sticks are mounted: each in a directory of its own below one that is of another file system.
    let mounts = "mount --make-rprivate / && mount -t tmpfs media media && mkdir media/out && \
        mount --bind medium media/out";
    let Some(mounted) = with_mounts(mounts) else { return };
    let (world, sheet) = ready();
    for dir in ["media", "other"] {
        std::fs::create_dir(world.path(dir)).unwrap();
    }
    world.run(&["medium", "prepare", "--role", "exports", "--label", "twin", "other"]).ok();
    let mut sign = SIGN;
    sign[6] = "media/out";
    let mut seat = Seat::through(&world, &mounted, &sign);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let witness = last_words(&mut seat, &sheet);
    in_there(&world, &seat, &["umount", "-l", "media/out"]);
    in_there(&world, &seat, &["mount", "--bind", "other", "media/out"]);
    seat.types(&witness);
    seat.answers(OR_THIS, "this");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(world.bundles().len(), 0);
    assert_eq!(std::fs::read_dir(world.path("other")).unwrap().count(), 2, "the marker and one bundle");
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.contains("\\\"twin\\\" instead of"), "the log says which stick was meant");
    world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
}

/// Runs a command among the mounts that the people's process sees.
fn in_there(world: &World, seat: &Seat, arguments: &[&str]) {
    let mut command = Command::new("nsenter");
    command.args(["-t", &seat.process(), "-m", "--wd"]).args(arguments).current_dir(world.path(""));
    assert!(command.status().unwrap().success(), "{arguments:?}");
}

#[test]
fn an_exports_stick_that_is_pulled_and_unmounted_is_asked_for_again() {
    let Some(mounted) = with_mounts("mount --make-rprivate / && mount --bind stick medium") else { return };
    let (world, sheet) = ready();
    // The mount point is an empty directory of the laptop's own disk.
    std::fs::rename(world.path("medium"), world.path("stick")).unwrap();
    std::fs::create_dir(world.path("medium")).unwrap();
    let mut seat = Seat::through(&world, &mounted, &SIGN);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let witness = last_words(&mut seat, &sheet);
    in_there(&world, &seat, &["umount", "-l", "medium"]);
    seat.types(&witness);
    let shown = seat.asked(MENDED);
    assert!(shown.contains("medium is not a medium of anchorite"), "{shown}");
    assert_eq!(std::fs::read_dir(world.path("medium")).unwrap().count(), 0, "nothing went to the laptop's disk");
    in_there(&world, &seat, &["mount", "--bind", "stick", "medium"]);
    seat.types("");
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(std::fs::read_dir(world.path("stick")).unwrap().count(), 2, "the marker and one bundle");
}

#[test]
fn a_stick_that_fails_while_a_bundle_is_written_gets_it_whole_on_the_next_try() {
    if !crate::present::have("strace") {
        return;
    }
    let (world, sheet) = ready();
    let stick = world.path("medium");
    let faults = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", stick.to_str().unwrap(), "-e", "trace=fsync"];
    // Half a second late, so that the line of progress is on the screen when it fails.
    let once = ["-e", "inject=fsync:error=EIO:delay_enter=500000:when=1"];
    let mut seat = Seat::through(&world, &[&faults[..], &once].concat(), &SIGN);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves_from(&mut seat, &sheet);
    let shown = seat.answers(MENDED, "");
    assert_text(
        &said(&shown),
        "
        cannot sync medium: input/output error: saw Input/output error (os error 5).
        hint: the medium was pulled or is failing: plug it in again, or use another, and run the same command again
    ",
    );
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    let [bundle] = world.bundles().try_into().unwrap();
    world.run(&["verify", bundle.to_str().unwrap(), "--root", "authority/public/root-cert.pem"]).ok();
    assert_eq!(std::fs::read_dir(stick).unwrap().count(), 2, "nothing unfinished is left on it");
}
