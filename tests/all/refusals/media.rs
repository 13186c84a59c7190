//! Sticks: missing, empty, full, read-only, of the wrong role, of another authority.

use crate::support::{AUTHORITY, SIGN, World};

fn ready() -> World {
    let world = World::ready();
    let sha256 = world.request("cluster1");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    world
}

#[test]
fn a_medium_that_is_missing_is_named() {
    let world = ready();
    std::fs::rename(world.path("requests"), world.path("elsewhere")).unwrap();
    world.refused(
        &SIGN,
        "
        error: requests is not there
        hint:  is the medium plugged in and mounted?
        Nothing was signed.
        exit 30
    ",
    );
    std::fs::rename(world.path("elsewhere"), world.path("requests")).unwrap();
    std::fs::remove_dir(world.path("medium")).unwrap();
    world.refused(
        &SIGN,
        "
        error: medium is not there
        hint:  is the medium plugged in and mounted?
        Nothing was signed.
        exit 30
    ",
    );
    world.refused(
        &["-C", AUTHORITY, "sign", "--from", "requests", "--pin-file", "pin", "--answers", "answers.toml"],
        r#"
        error: no medium for the bundles was named
        hint:  name it: --to DIR, or in local.toml: [media] exports = "DIR"
        Nothing was signed.
        exit 2
    "#,
    );
    world.refused(
        &["medium", "show", "medium"],
        "
        error: medium is not there
        hint:  is the medium plugged in and mounted?
        exit 30
    ",
    );
}

#[test]
fn a_medium_of_the_wrong_role_is_refused() {
    let world = ready();
    world.run(&["medium", "prepare", "--role", "requests", "requests"]).ok();
    world.run(&["medium", "prepare", "--role", "exports", "medium"]).ok();
    let mut swapped = SIGN;
    swapped.swap(6, 8);
    world.refused(
        &swapped,
        "
        error: medium is another medium than the one wanted: saw an exports medium, id
               …, wanted a requests medium
        hint:  plug in the requests medium, or name its directory
        Nothing was signed.
        exit 30
    ",
    );
    let mut same = SIGN;
    same[8] = "requests";
    world.refused(
        &same,
        "
        error: requests is another medium than the one wanted: saw a requests medium, id
               …, wanted an exports medium
        hint:  plug in the exports medium, or name its directory
        Nothing was signed.
        exit 30
    ",
    );
    world.refused(
        &["medium", "prepare", "--role", "export", "clusters"],
        r#"
        error: no such role of a medium: saw "export", wanted supplies, requests,
               exports, authority
        exit 2
    "#,
    );
    world.refused(
        &["medium", "prepare", "--role", "supplies", "medium"],
        "
        error: medium is marked already: saw an exports medium, id …
        hint:  remove anchorite-medium.json from it if it shall become a supplies medium
        exit 30
    ",
    );
}

#[test]
fn a_medium_of_another_authority_is_refused() {
    let world = ready();
    world.write("other/authority.toml", crate::support::configuration("test", "ecdsa-p256").replace("World", "Other"));
    world.run(&["-C", "other", "medium", "prepare", "--role", "exports", "medium"]).ok();
    world.refused(
        &SIGN,
        "
        error: medium is a medium of another authority: saw an exports medium of Other
               Mesh Root, id …, wanted an exports medium of World Mesh
               Root
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn an_unmarked_medium_with_files_on_it_gets_no_bundles() {
    let world = ready();
    world.write("medium/holiday.jpg", "sea");
    world.refused(
        &SIGN,
        "
        error: medium is not marked as an exports medium: saw files, and no
               anchorite-medium.json
        hint:  anchorite medium prepare --role exports medium
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_medium_without_requests_is_said_to_be_empty() {
    let world = ready();
    std::fs::remove_dir_all(world.path("requests/cluster1")).unwrap();
    world.write("requests/readme.txt", "not a request");
    world.stopped(
        &SIGN,
        "
        error: there is no request on the medium: saw requests, wanted a directory with
               request.json and request.sig, or a .csr or .pem file
        hint:  copy NAME/request.json and NAME/request.sig of `anchorite request NAME`
               to it
        Nothing was signed.
        exit 30
    ",
    );
    std::fs::remove_file(world.path("requests/readme.txt")).unwrap();
    world.stopped(
        &SIGN,
        "
        error: there is no request on the medium: saw requests, wanted a directory with
               request.json and request.sig, or a .csr or .pem file
        hint:  copy NAME/request.json and NAME/request.sig of `anchorite request NAME`
               to it
        Nothing was signed.
        exit 30
    ",
    );
}

#[test]
fn a_full_medium_is_found_before_anything_is_signed() {
    let world = ready();
    // A tmpfs of the least size, in a namespace of its own.
    let tiny = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=16k tiny medium && exec \"$0\" \"$@\""];
    let before = world.intents();
    let output = world.run_through(&tiny, &SIGN);
    crate::support::assert_text(
        &output.error(),
        "
        error: medium is nearly full: saw 16384 bytes free, wanted 57344 bytes free
        hint:  make room on it, or use another medium
        Nothing was signed.
        exit 30
    ",
    );
    assert_eq!(world.intents(), before);
    assert_eq!(world.bundles().len(), 0);
    // The same again with room for it.
    world.run(&SIGN).ok();
}

#[test]
fn a_read_only_medium_is_found_before_the_token_is_unlocked() {
    let world = ready();
    let read_only = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        "mount --bind medium medium && mount -o remount,bind,ro medium && exec \"$0\" \"$@\"",
    ];
    world.refused_through(
        &read_only,
        &SIGN,
        "
        error: cannot write to medium: the medium is read-only
        hint:  remount it for writing, or slide its write protection off
        Nothing was signed.
        exit 30
    ",
    );
}
