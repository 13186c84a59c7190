//! An adopted root signs, renews and is refused like one that was made here.

use super::past::adopted;
use super::*;

#[test]
fn clusters_are_signed_and_their_bundles_opened_under_the_adopted_root() {
    let world = adopted();
    let bundle = world.issued("west");
    let root = fingerprint(&world);
    world
        .run(&[
            "--now",
            SIGNING,
            "open",
            bundle.to_str().unwrap(),
            "--into",
            "clusters/west",
            "--root-fingerprint",
            &root,
        ])
        .ok();
    let chain =
        ["verify", "-x509_strict", "-attime", "1795340000", "-CAfile", "old/root.pem", "clusters/west/ca-cert.pem"];
    world.tool("openssl", &chain).ok();
    let verify = ["log", "verify", AUTHORITY, "--root", "old/root.pem", "--at-rest"];
    assert!(world.run(&verify).ok().stdout.contains("consistent and authenticated"));
}

#[test]
fn a_key_that_the_old_root_certified_is_not_certified_again() {
    let world = adopted();
    let make = "openssl req -new -key old/a.key -config old/openssl.cnf -subj /CN=again -out requests/again.csr";
    world.tool("sh", &["-c", make]).ok();
    let sha256 = world.sha256("requests/again.csr");
    let output = world.sign(&world.signing_answers(&[], &[("again", &sha256)]));
    assert_eq!(output.code, Some(10), "{}", output.stderr);
    assert!(output.error().contains("the imported certificate 1001"), "{}", output.error());
}

#[test]
fn an_adoption_that_was_interrupted_after_the_root_was_adopted_goes_on_with_the_same_command() {
    let (world, token) = old_ca();
    old_issues(&world, "a");
    world.write("answers-adopt.toml", answers(&world).replace("\"approve\"", "{ decline = \"not today\" }"));
    let arguments = ["--issued", "old/index.txt"];
    let declined = adopt_with(&world, &token, &arguments);
    assert_eq!(declined.code, Some(11), "{}", declined.stderr);
    let unfinished = world.run(&SIGN);
    assert_text(
        &unfinished.refusal(),
        "
        error: the adoption of this authority's root is not finished
        hint:  finish it with: anchorite root adopt
        Nothing was signed.
        exit 2
    ",
    );
    world.write("answers-adopt.toml", answers(&world));
    let mut later = vec!["-C", AUTHORITY, "--now", SIGNING, "root", "adopt", "--certificate", "old/root.pem"];
    later.extend(arguments);
    later.extend(["--token-serial", &token, "--pin-file", "pin", "--answers", "answers-adopt.toml"]);
    world.run(&later).ok();
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert_eq!(log.matches(" key.adopted ").count(), 1, "{log}");
    assert_eq!(log.matches(" key.generated ").count(), 1, "{log}");
    assert_text(
        &world.run(&later).refusal(),
        "
        error: this authority has a root already: saw root …
        hint:  another root is another authority: anchorite new DIR
        Nothing was changed.
        exit 2
    ",
    );
}
