//! `inspect crl`: what is wrong with a CRL in anybody's hands.

use super::*;

/// An authority whose second CRL lists `west`; `first.crl` is the one before, `second.crl` the second.
fn second() -> World {
    let world = two_clusters();
    world.write("first.crl", world.read(CRL));
    revoke_west(&world).ok();
    world.write("second.crl", world.read(CRL));
    world
}

fn inspect(world: &World, arguments: &[&str]) -> Output {
    world.run(&[&["--now", "2026-12-02T10:00:00Z", "inspect", "crl"][..], arguments].concat())
}

#[test]
fn a_good_crl_is_shown_with_what_it_was_held_against() {
    let world = second();
    let shown = inspect(&world, &["second.crl", "--issuer", ROOT, "--last", "first.crl"]).ok().stdout;
    let west = serial(&world, "west");
    let pairs: Vec<&str> = (0..16).map(|at| &west[2 * at..2 * at + 2]).collect();
    for wanted in [
        "Certificate revocation list                                             number 2\n",
        "  revokes      1 certificate\n",
        &format!("               {}\n", pairs.join(":")),
        "                 keyCompromise since 2026-12-01 09:55:00 UTC\n",
        "  findings     0 refuse · 0 warn · 0 info\n",
        "  compared     with its issuer's certificate, the CRL before it\n",
    ] {
        assert!(shown.contains(wanted), "{wanted} is not in\n{shown}");
    }
    let of_log = inspect(&world, &["authority/public/root.crl.der", "-C", AUTHORITY]).ok().stdout;
    assert!(of_log.contains("west@1, keyCompromise since") && of_log.contains("with the authority's log"), "{of_log}");
    let bare = inspect(&world, &["second.crl"]).ok().stdout;
    assert!(bare.contains("Its signature was not checked"), "{bare}");
}

#[test]
fn an_older_crl_is_refused_beside_the_last_and_beside_the_log() {
    let world = second();
    let says = |arguments: &[&str], text: &str| assert_text(&inspect(&world, arguments).error(), text);
    says(
        &["first.crl", "--issuer", ROOT, "--last", "second.crl"],
        "
        error: the CRL is refused by the rule crl.succession.number: saw number 1 after
               number 2, wanted above number 2
        hint:  this is the last CRL itself or an older one: use the newest, or have the
               next one issued (anchorite crl)
        exit 10
    ",
    );
    says(
        &["first.crl", "-C", AUTHORITY],
        "
        error: the CRL is refused by the rule crl.succession.number: saw number 1,
               wanted number 2, the newest
        hint:  this is the last CRL itself or an older one: use the newest, or have the
               next one issued (anchorite crl)
        exit 10
    ",
    );
}

#[test]
fn a_crl_of_another_issuer_an_expired_one_and_a_changed_one_are_refused() {
    let (world, other) = (second(), World::ready());
    world.write("other.pem", other.read(ROOT));
    world.write("other.crl", other.read(CRL));
    let refused = |arguments: &[&str], rule: &str| {
        let error = inspect(&world, arguments).error();
        assert!(error.starts_with(&format!("error: the CRL is refused by the rule {rule}: ")), "{error}");
        assert!(error.ends_with("exit 10\n"), "{error}");
    };
    // The same name, another key.
    refused(&["second.crl", "--issuer", "other.pem"], "crl.issuer");
    refused(&["other.crl", "-C", AUTHORITY], "crl.issuer");
    let late = world.run(&["--now", "2027-05-31T00:00:00Z", "inspect", "crl", "second.crl", "--issuer", ROOT]);
    assert_text(
        &late.error(),
        "
        error: the CRL is refused by the rule crl.current: saw 2026-12-01T09:55:00Z to
               2027-05-30T09:54:59Z, wanted current at 2027-05-31T00:00:00Z
        hint:  get the newest one; where there is none, have it issued: anchorite crl.
               Or is the clock wrong? (date -u)
        exit 10
    ",
    );
    let mut changed = world.read("authority/public/root.crl.der");
    *changed.last_mut().unwrap() ^= 1;
    world.write("changed.crl", changed);
    refused(&["changed.crl", "--issuer", ROOT], "crl.signature");
}

#[test]
fn what_was_revoked_since_and_what_is_gone_is_said() {
    let world = second();
    // Revoked, and the CRL that says so declined: the newest in public lacks it.
    let declined = answers(&[("east@1", "superseded")]).replace("\"approve\"", "{ decline = \"not today\" }");
    run(&world, "2026-12-01T12:00:00Z", &["revoke", "east", "--reason", "superseded"], &declined);
    let error = inspect(&world, &["second.crl", "-C", AUTHORITY]).error();
    assert!(error.starts_with("error: the CRL is refused by the rule crl.succession.lost: "), "{error}");
    assert!(error.contains("who has this CRL accepts a revoked CA"), "{error}");
    // Where only the last CRL is at hand, what is gone may have ended: a warning, and the log would know.
    let shown = inspect(&world, &["first.crl", "--last", "second.crl"]).stdout;
    assert!(shown.contains("  warn         crl.succession.gone"), "{shown}");
    assert!(shown.contains("add -C DIR"), "{shown}");
}
