//! Orders to revoke that are refused, each with its words; nothing is changed.

use super::*;

/// A refused order: nothing in the world changed.
fn refused(world: &World, command: &[&str], text: &str) {
    world.write("answers-crl.toml", answers(&[("west@1", "keyCompromise")]));
    world.refused(&arguments(LATER, command), text);
}

#[test]
fn an_order_without_a_reason_or_with_one_that_is_not_for_cas_is_refused() {
    let world = two_clusters();
    refused(
        &world,
        &["revoke", "west"],
        "
        error: a revocation has a reason: wanted --reason, one of unspecified,
               keyCompromise, cACompromise, affiliationChanged, superseded,
               cessationOfOperation, privilegeWithdrawn
        hint:  keyCompromise or cACompromise: its key is, or may be, in other hands.
               superseded: a newer one took its place. cessationOfOperation: the
               cluster is gone
        Nothing was signed.
        exit 2
    ",
    );
    refused(
        &world,
        &["revoke", "west", "--reason", "certificateHold"],
        "
        error: this reason is not for a certificate of this authority: saw
               certificateHold, wanted unspecified, keyCompromise, cACompromise,
               affiliationChanged, superseded, cessationOfOperation,
               privilegeWithdrawn
        hint:  a CA is not suspended: relying parties differ in what a hold means, and
               nothing lifts it everywhere
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_date_in_the_future_or_none_at_all_is_refused() {
    let world = two_clusters();
    refused(
        &world,
        &["revoke", "west", "--reason", "keyCompromise", "--date", "2026-12-02"],
        "
        error: the date lies in the future: saw 2026-12-02T00:00:00Z, wanted at most
               2026-12-01T10:00:00Z
        hint:  a revocation counts from now; --date says since when the key is
               suspected to be in other hands
        Nothing was changed.
        exit 2
    ",
    );
    refused(
        &world,
        &["revoke", "west", "--reason", "keyCompromise", "--date", "yesterday"],
        "
        error: --date is not a date: saw yesterday, wanted 2026-11-20, or
               2026-11-20T14:30:00Z
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn a_root_and_the_audit_key_in_use_are_not_revoked_and_it_is_said_what_is_done_instead() {
    let world = two_clusters();
    let of = |name: &str| {
        let file = format!("authority/public/{name}-cert.pem");
        let shown = world.tool("openssl", &["x509", "-in", &file, "-noout", "-serial"]).ok().stdout;
        shown.trim().trim_start_matches("serial=").to_lowercase()
    };
    refused(
        &world,
        &["revoke", &of("root"), "--reason", "cACompromise"],
        "
        error: this certificate cannot be revoked: saw …
        hint:  a root is not revoked by its own CRL: who holds its key would sign
               another
        hint:  the way out of a root is another root: the meshes change to it, then this
               authority is given up
        Nothing was changed.
        exit 2
    ",
    );
    refused(
        &world,
        &["revoke", &of("audit"), "--reason", "superseded"],
        "
        error: this certificate cannot be revoked: saw …
        hint:  it is the audit key in use: without it nothing new in this log could be
               verified
        hint:  change the audit key first; the one that it replaces can be revoked
        Nothing was changed.
        exit 2
    ",
    );
}

#[test]
fn what_is_revoked_already_is_not_revoked_again() {
    let world = two_clusters();
    revoke_west(&world).ok();
    refused(
        &world,
        &["revoke", "west@1", "--reason", "superseded"],
        "
        error: this certificate cannot be revoked: saw west@1
        hint:  it is revoked already
        Nothing was changed.
        exit 2
    ",
    );
}

/// What is said where the log has a revocation and its CRL was declined.
const WAITS: &str = "
    error: declined: no plan was approved
    hint:  the same command plans the CRL again, and so does: anchorite crl
    Nothing was signed.
    In the log and on no CRL yet: the revocation of west@1.
    exit 11
";

#[test]
fn a_revocation_whose_crl_was_declined_stays_and_its_crl_is_asked_for_again() {
    let world = two_clusters();
    let approved = answers(&[("west@1", "keyCompromise")]);
    let declined = approved.replace("\"approve\"", "{ decline = \"not today\" }");
    let order = ["revoke", "west", "--reason", "keyCompromise"];
    assert_text(&run(&world, LATER, &order, &declined).error(), WAITS);
    assert_eq!(published(&world).number, Some(1));
    let status = world.run(&["-C", AUTHORITY, "--now", LATER, "status"]).ok().stdout;
    assert!(status.contains("issue the CRL after number 1: a revocation waits"), "{status}");
    // The same command goes on to the CRL, and asks for the revocation no more; what was declined is asked for again,
    // and as often as it is declined nothing is signed.
    let again = run(&world, LATER, &order, &declined);
    assert_text(&again.error(), WAITS);
    let said = again.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("west@1 was revoked before, by a ceremony that was not completed."), "{said}");
    let without = format!("{PARTICIPANTS}[revoke]\n\"west@1\" = {{ revoke = \"keyCompromise\" }}\n");
    assert_eq!(run(&world, LATER, &order, &without).code, Some(2), "no answer about the CRL");
    assert_eq!(published(&world).number, Some(1));
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert_eq!((log.matches("certificate.revoked").count(), log.matches("sign.intent").count()), (1, 5), "{log}");
    run(&world, LATER, &order, &approved).ok();
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(2), 1));
    verified(&world);
}

#[test]
fn a_revocation_that_was_itself_declined_is_not_made_by_the_next_command() {
    let world = two_clusters();
    // Where nobody attends, an order that no answer confirms is one that was declined.
    let order = ["revoke", "west", "--reason", "keyCompromise"];
    run(&world, LATER, &order, &answers(&[])).error();
    refresh(&world, LATER).ok();
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(2), 0));
}

#[test]
fn once_another_ceremony_was_held_a_revocation_without_crl_is_an_order_like_any_other() {
    let world = two_clusters();
    let declined = answers(&[("west@1", "keyCompromise")]).replace("\"approve\"", "{ decline = \"not today\" }");
    run(&world, LATER, &["revoke", "west", "--reason", "keyCompromise"], &declined).error();
    run(&world, LATER, &["export", "east", "--to", "medium"], PARTICIPANTS).ok();
    let again = run(&world, LATER, &["revoke", "west@1", "--reason", "keyCompromise"], &declined);
    assert_text(
        &again.error(),
        "
        error: this certificate cannot be revoked: saw west@1
        hint:  it is revoked already
        hint:  the CRL that lists it is not published yet: anchorite crl
        Nothing was changed.
        exit 2
    ",
    );
    refresh(&world, "2026-12-02T10:00:00Z").ok();
    assert_eq!((published(&world).number, published(&world).revoked.len()), (Some(2), 1));
    verified(&world);
}

#[test]
fn an_answer_for_another_reason_than_the_command_s_revokes_nothing() {
    let world = two_clusters();
    world.write("answers-crl.toml", answers(&[("west@1", "superseded")]));
    world.stopped(
        &arguments(LATER, &["revoke", "west", "--reason", "keyCompromise"]),
        r#"
        error: answers: [revoke] west@1 is out of form: saw superseded, wanted { revoke
               = "keyCompromise" }, the reason of the command
        Nothing was signed.
        exit 2
    "#,
    );
    let log = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(!log.contains("certificate.revoked"), "{log}");
}

#[test]
fn without_a_role_or_with_an_alternate_is_for_emergencies_only() {
    let world = two_clusters();
    refused(
        &world,
        &["revoke", "west", "--reason", "keyCompromise", "--waive", "witness"],
        "
        error: only an emergency does without a role, or with an alternate: saw kind =
               \"revocation\", wanted --emergency
        Nothing was signed.
        exit 2
    ",
    );
}

#[test]
fn the_answers_of_a_revocation_are_foreseen() {
    let world = two_clusters();
    let answers = |more: &[&str]| {
        let first = ["-C", AUTHORITY, "--now", LATER, "ceremony", "answers", "revocation"];
        world.run(&[&first[..], more].concat())
    };
    assert_text(
        &answers(&[]).error(),
        "
        error: a revocation is of one certificate or more: saw none
        hint:  name it: --cluster NAME, NAME@GENERATION, or a serial number; may be
               repeated
        exit 2
    ",
    );
    let template = answers(&["--cluster", "west"]).ok().stdout;
    assert!(template.contains("\"west@1\" = { revoke = \"\" }    # the reason, as the command gives it"), "{template}");
    assert!(
        template.contains("# the next CRL of root generation 1: number 2, from the log\n\"crl:1\" = \"\""),
        "{template}"
    );
}
