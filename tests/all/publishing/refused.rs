//! What is not published, and where: each refusal leaves everything as it was.

use super::*;
use serde_json::Value;

const NOTHING: &str = "Nothing was published.";

#[test]
fn an_older_log_is_not_published_over_a_newer_one() {
    let world = held();
    copy(&world, AUTHORITY, "older");
    sign(&world, "cluster2");
    world.run(&PUBLISH).ok();
    world.refused(
        &["-C", "older", "publish", "--to", "out"],
        "error: $WORLD/out/log is newer than this log: saw 105 entries, wanted 75 at most, which this log's newest
         checkpoint covers
         hint: this is an older copy of the authority: publish from the newer one
         It was left as it is.
         exit 30",
    );
}

#[test]
fn two_histories_of_one_log_never_meet_in_a_publication() {
    let world = held();
    copy(&world, AUTHORITY, "fork");
    copy(&world, "token", "token-of-fork");
    sign(&world, "cluster2");
    world.run(&PUBLISH).ok();
    // The other history: the same token as it was, and another intermediate.
    std::fs::remove_dir_all(world.path("token/tokens")).unwrap();
    copy(&world, "token-of-fork/tokens", "token/tokens");
    world.tool("mv", &[AUTHORITY, "first"]).ok();
    world.tool("mv", &["fork", AUTHORITY]).ok();
    sign(&world, "cluster3");
    world.refused(
        &PUBLISH,
        "error: $WORLD/out/log holds another history of this log: saw another entry 75
         hint: one of the two was changed: keep both, as evidence
         hint: which of them the people in the room signed: anchorite verify DIR --checkpoint-words
         It was left as it is.
         exit 40",
    );
}

#[test]
fn another_authority_s_publication_is_left_alone() {
    let (world, other) = (held(), held());
    other.run(&PUBLISH).ok();
    world.tool("cp", &["-a", &other.path("out").display().to_string(), "out"]).ok();
    world.refused(
        &PUBLISH,
        "error: $WORLD/out/log is the publication of another log
         hint: each log has a directory of its own; a restored authority has another log than before
         It was left as it is.
         exit 30",
    );
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    let world = held();
    world.write("out/README.md", "# Of somebody else\n");
    world.refused(
        &PUBLISH,
        "error: $WORLD/out/README.md is there already, and is not of a publication: wanted an empty directory, or a
         publication of this log
         hint: publish into a directory of its own, or move that file away
         Nothing was published.
         exit 30",
    );
    std::fs::remove_file(world.path("out/README.md")).unwrap();
    std::os::unix::fs::symlink(world.path("clusters"), world.path("out/records")).unwrap();
    world.refused(
        &PUBLISH,
        "error: $WORLD/out/records is not a directory of this authority: saw a symbolic link, wanted a directory, or
         nothing
         hint: move it away; the directory is made when it is needed
         exit 30",
    );
}

#[test]
fn a_publication_does_not_lie_in_the_authority_nor_around_it() {
    let world = held();
    for (to, _) in [
        ("authority", "itself"),
        ("authority/public", "in it"),
        ("authority/new/deep", "to be in it"),
        (".", "around it"),
    ] {
        let before = world.everything();
        let said = world.run(&["-C", AUTHORITY, "publish", "--to", to]).error();
        assert_text(
            &said,
            &format!(
                "error: a publication has a directory of its own, apart from the authority's: saw {to}
                 hint: what is published is copied, mailed and pushed: nothing else may lie in it
                 {NOTHING}
                 exit 2"
            ),
        );
        assert_eq!(differences(&before, &world.everything()), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_log_that_does_not_verify_is_not_published() {
    let world = held();
    world.run(&PUBLISH).ok();
    edit(&world, ENTRIES, |bytes| {
        let at = bytes.iter().position(|b| *b == b'W').unwrap();
        bytes[at] = b'V';
    });
    let before = world.tree("out");
    let said = world.run(&PUBLISH);
    assert_eq!(said.code, Some(40), "{said:?}");
    assert!(said.error().contains("line 1 "), "{said:?}");
    assert_eq!(differences(&before, &world.tree("out")), Vec::<PathBuf>::new());
}

#[test]
fn a_log_of_which_nothing_is_signed_is_not_published() {
    let world = World::configured("test", "ecdsa-p256");
    world.refused(
        &PUBLISH,
        "error: this authority has no log yet: saw authority
         hint: its root is made by: anchorite root create
         exit 30",
    );
    world.found().ok();
    let first = String::from_utf8(world.read(ENTRIES)).unwrap().lines().take(3).collect::<Vec<_>>().join("\n") + "\n";
    std::fs::remove_dir_all(world.path("authority/log")).unwrap();
    world.write(ENTRIES, first);
    let said = world.run(&PUBLISH).error();
    let said = said.split_once("error: ").map_or(said.clone(), |(_, rest)| format!("error: {rest}"));
    assert_text(
        &said,
        "error: nothing of this log is signed yet: saw 3 entries, none of them under a checkpoint
         hint: finish the ceremony that began it: anchorite ceremony run
         exit 2",
    );
}

#[test]
fn names_that_are_not_of_this_log_are_not_published() {
    let (world, other) = (held(), held());
    let names = |world: &World| {
        let all = names_in(world, "authority/records").into_iter().filter(|name| name.starts_with("participants-"));
        all.map(|name| format!("authority/records/{name}")).collect::<Vec<_>>()
    };
    let (ours, theirs) = (names(&world), names(&other));
    world.write("theirs.json", other.read(&theirs[0]));
    let with = |file: &'static str| [&PUBLISH[..], &["--names", file]].concat();
    world.refused(
        &with("theirs.json"),
        "error: a file of names is of no ceremony of this log: saw session …
         hint: the names of this log's ceremonies are in records/ of its authority
         Nothing was published.
         exit 2",
    );
    let mut forged: Value = serde_json::from_slice(&world.read(&ours[0])).unwrap();
    forged["participants"][1]["name"] = "Somebody Else".into();
    world.write("forged.json", forged.to_string());
    world.refused(
        &with("forged.json"),
        "error: a file of names does not open what the log holds: saw witness, entry …, wanted the name and the salt of
         that commitment
         hint: it is of another authority, or was changed: look at records/ of this one
         Nothing was published.
         exit 2",
    );
    world.write("no.json", "{}");
    world.refused(
        &with("no.json"),
        "error: no.json: not a file of participants: saw missing field `session` at line 1 column 2
         Nothing was published.
         exit 2",
    );
}

/// The log verifies, and the file beside it is another: whoever made it anew gave it a list of digests too.
#[test]
fn a_publication_whose_files_are_not_the_log_s_does_not_verify() {
    let (world, other) = (held(), held());
    other.run(&PUBLISH).ok();
    world.run(&PUBLISH).ok();
    let verify = || world.run(&["verify", "out"]);
    assert!(verify().ok().stdout.contains("files as the log has them"));
    let script = names_in(&world, "out").into_iter().find(|name| name.starts_with("scripts/")).unwrap();
    let mut tried = 0;
    for name in ["root-cert.pem", "root.crl", "root.crl.der", "audit-cert.pem", &script] {
        let path = format!("out/{name}");
        let whole = world.read(&path);
        let changed = if name == script { b"title = \"x\"\n".to_vec() } else { other.read(&path) };
        world.write(&path, changed);
        let shown = if name == script { "scripts/…" } else { name };
        let wanted = format!(
            "error: a file of the publication is not what the log says: saw {shown}
             hint: the log verifies: publish again from it, or take the publication from elsewhere
             exit 40"
        );
        assert_text(&verify().error(), &wanted);
        std::fs::remove_file(world.path(&path)).unwrap();
        assert_text(&verify().error(), &wanted.replace("is not what the log says", "is missing"));
        world.write(&path, whole);
        tried += 2;
    }
    // A page may be another version's: that is said.
    edit(&world, "out/root-card.html", |bytes| bytes.extend_from_slice(b"<!-- -->"));
    let said = verify().ok().stdout;
    assert!(said.contains("  otherwise    root-card.html\n") && said.contains("Go by the log."), "{said}");
    tally::held("files of a publication that were swapped or removed", tried);
}
