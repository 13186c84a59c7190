//! Restores of authorities that are more than a root and its clusters: with a second root, with custodians, and as
//! people type them.

use super::copy;
use crate::custody::unattended::{self, participants, share_files, with_shares};
use crate::restoring::{NEW, RESTORING, log_id, open, restore};
use crate::seat::{Seat, approves, founded, introduces};
use crate::support::*;
use serde_json::Value;

const LATER: &str = "2026-11-25T09:30:00Z";
const ROOT: &str = "copy/public/root-cert.pem";

fn verified(world: &World) {
    let report = world.run(&["log", "verify", NEW, "--root", ROOT, "--at-rest"]).ok().stdout;
    assert!(report.contains("consistent and authenticated") && report.contains("not covered"), "{report}");
}

/// The authority was copied to `copy/`; what it did since is in `lost/`, and its directory is gone.
fn loses(world: &World) {
    world.tool("mv", &[AUTHORITY, "lost"]).ok();
}

#[test]
fn an_authority_with_two_roots_goes_on_with_both_and_with_the_audit_key_in_force() {
    let (world, old, new) = World::two_generations(true);
    let root = "authority/public/root-cert.pem";
    for (bundle, name) in [(&old, "old"), (&new, "new")] {
        let into = format!("clusters/{name}");
        let opened = ["--now", AFTER, "open", bundle.to_str().unwrap(), "--into", &into, "--root", root];
        world.run(&opened).ok();
    }
    copy(&world, AUTHORITY, "copy");
    world.issued_at("late", "2026-11-22T12:00:00Z", &[]);
    loses(&world);
    let log = log_id(&world, "copy");
    world.write(
        "answers-two.toml",
        format!(
            "{PARTICIPANTS}[restore]\nlog = \"{log}\"\nreason = \"both sticks burnt\"\n\
             [review]\n\"crl:1\" = \"approve\"\n\"crl:2\" = \"approve\"\n"
        ),
    );
    let command =
        ["-C", NEW, "--now", RESTORING, "restore", "--from", "copy", "--checkpoint", "lost/public/checkpoint"];
    world.run(&[&command[..], &["--pin-file", "pin", "--answers", "answers-two.toml"]].concat()).ok();
    verified(&world);
    for generation in [1, 2] {
        let own = format!("{NEW}/public/root-g{generation}.pem");
        assert_eq!(world.read(&own), world.read(format!("copy/public/root-g{generation}.pem")));
        let crl = format!("{NEW}/public/root-g{generation}.crl");
        let judged = world.tool("openssl", &["crl", "-in", &crl, "-CAfile", &own, "-noout"]).ok();
        assert!(judged.stderr.contains("verify OK"), "{}", judged.stderr);
        // Either root authenticates the whole of the new log.
        world.run(&["log", "verify", NEW, "--root", &own, "--at-rest"]).ok();
    }
    // It signs under the newest, and its clusters follow it.
    let before = world.bundles();
    let _ = std::fs::remove_dir_all(world.path("requests"));
    let sha256 = world.request("east");
    world.write("answers.toml", world.signing_answers(&[&sha256], &[]));
    let mut sign = SIGN;
    (sign[1], sign[3]) = (NEW, LATER);
    world.run(&sign).ok();
    let bundle = world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap();
    let root = format!("{NEW}/public/root-cert.pem");
    let opened = ["--now", LATER, "open", bundle.to_str().unwrap(), "--into", "clusters/east", "--root", &root];
    world.run(&opened).ok();
    let status: Value =
        serde_json::from_str(&world.run(&["--json", "-C", NEW, "--now", LATER, "status"]).ok().stdout).unwrap();
    let issued = status["certificates"].as_array().unwrap();
    let east = issued.iter().find(|issued| issued["cluster"] == "east").unwrap();
    assert_eq!(east["issuer_generation"], 2);
    let again = crate::restoring::export(&world, "old");
    open(&world, &again, "old", &[]).ok();
}

#[test]
fn an_authority_with_custodians_is_restored_by_their_shares_and_they_open_it_from_then_on() {
    let world = unattended::founded();
    copy(&world, AUTHORITY, "copy");
    let sha256 = world.request("west");
    let answers = world.signing_answers(&[&sha256], &[]).replacen(PARTICIPANTS, &participants(2), 1);
    world.write("answers.toml", answers);
    std::fs::remove_file(&share_files(&world)[0]).unwrap();
    world.run(&with_shares(&SIGN)).ok();
    loses(&world);
    let log = log_id(&world, "copy");
    let answers = format!(
        "{PARTICIPANTS}[restore]\nlog = \"{log}\"\nreason = \"both sticks burnt\"\n[review]\n\"crl:1\" = \"approve\"\n"
    );
    world.write("answers-restore.toml", answers);
    let command = ["-C", NEW, "--now", RESTORING, "restore", "--from", "copy", "--answers", "answers-restore.toml"];
    world.run(&with_shares(&command)).ok();
    verified(&world);
    let status = world.run(&["-C", NEW, "--now", RESTORING, "status"]).ok().stdout;
    assert!(status.contains("2 of 3 custodians, set "), "{status}");
    let log = world.run(&["log", "show", NEW]).ok().stdout;
    assert!(log.contains("2, 3 for unlock"), "{log}");
    // The lost log's certificate for west is nobody's here; west asks again.
    let answers = world.signing_answers(&[&sha256], &[]).replacen(PARTICIPANTS, &participants(2), 1);
    world.write("answers.toml", answers);
    let mut sign = SIGN;
    (sign[1], sign[3]) = (NEW, LATER);
    world.run(&with_shares(&sign)).ok();
}

#[test]
fn people_give_a_log_up_by_typing_its_id_and_why() {
    let world = founded();
    copy(&world, AUTHORITY, "copy");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "crl"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves(&mut seat);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    loses(&world);

    const LOG: &str = "Administrator, type the first 8 digits of the lost log's id (or no): ";
    const WHY: &str = "Witness, why can no newer copy be had? (the log keeps it): ";
    let restore = ["-C", NEW, "restore", "--from", "copy", "--crl", "lost/public/root.crl"];
    // The paper of authority.toml that people hold is that of the copy.
    world.write("authority/authority.toml", world.read("copy/authority.toml"));
    let mut seat = Seat::at(&world, &restore);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    let shown = seat.asked(LOG);
    assert!(shown.contains("An older copy of the log takes the place of the newest"), "{shown}");
    let log = log_id(&world, "copy");
    // A slip, and too little of it, are helped.
    seat.types("00000000");
    seat.answers(LOG, &log[..4]);
    let helped = seat.answers(LOG, &log[..8]);
    assert!(helped.contains("this is not the id of the lost log"), "{helped}");
    seat.answers(WHY, "");
    let helped = seat.answers(WHY, "both sticks burnt");
    assert!(helped.contains("without a reason"), "{helped}");
    approves(&mut seat);
    let (shown, code) = seat.ends();
    assert_eq!(code, 0, "{shown}");
    verified(&world);
    assert_ne!(log_id(&world, NEW), log);
    let record = world.run(&["-C", NEW, "ceremony", "record"]).ok().stdout;
    assert!(record.contains("both sticks burnt") && record.contains("Wim Witness"), "{record}");
}

#[test]
fn people_who_find_the_newer_copy_after_all_give_nothing_up() {
    let world = founded();
    copy(&world, AUTHORITY, "copy");
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "crl"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves(&mut seat);
    assert_eq!(seat.ends().1, 0);
    let mut seat = Seat::at(&world, &["-C", NEW, "restore", "--from", "copy"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    seat.answers("Administrator, type the first 8 digits of the lost log's id (or no): ", "no");
    let (shown, code) = seat.ends();
    assert_eq!(code, 11, "{shown}");
    assert!(shown.contains("the log is not given up"), "{shown}");
    // The true one goes on: the token still remembers it, and nothing else.
    let mut seat = Seat::at(&world, &["-C", AUTHORITY, "crl"]);
    introduces(&mut seat);
    seat.answers("User PIN of the root token: ", PIN);
    approves(&mut seat);
    assert_eq!(seat.ends().1, 0);
}

#[test]
fn a_cluster_does_not_go_back_to_the_certificate_that_a_restored_log_knows() {
    let world = World::ready();
    let first = world.issued("west");
    open_at(&world, &first, "2026-11-21T10:30:00Z").ok();
    copy(&world, AUTHORITY, "copy");
    // The renewal is in the lost part alone, and nobody brings it to the restore.
    world
        .run(&[
            "--now",
            "2026-11-22T09:00:00Z",
            "request",
            "west",
            "--key",
            "ecdsa-p256",
            "--into",
            "clusters",
            "--renew",
        ])
        .ok();
    let _ = std::fs::remove_dir_all(world.path("requests"));
    for name in ["request.json", "request.sig", "renewal.sig"] {
        world.write(format!("requests/west/{name}"), world.read(format!("clusters/west.2/{name}")));
    }
    let sha256 = world.sha256("requests/west/request.json");
    let before = world.bundles();
    let answers = with_reason(&world.signing_answers(&[&sha256], &[]));
    world.sign_at(&answers, "2026-11-22T10:00:00Z", &[]).ok();
    let second = world.bundles().into_iter().find(|bundle| !before.contains(bundle)).unwrap();
    let into = ["--now", "2026-11-22T11:00:00Z", "open", second.to_str().unwrap(), "--into", "clusters/west.2"];
    world.run(&[&into[..], &["--root", "authority/public/root-cert.pem"]].concat()).ok();
    // One directory of a cluster: the receipt of the newest, beside the older key that is still at hand.
    world.write("clusters/west/receipt.json", world.read("clusters/west.2/receipt.json"));
    loses(&world);
    restore(&world, &["--checkpoint", "lost/public/checkpoint"]).ok();
    let again = crate::restoring::export(&world, "west");
    let refused = open(&world, &again, "west", &[]);
    assert_text(
        &refused.refusal(),
        "
        error: this bundle holds an older certificate than the one that is there: saw
               generation 1, wanted generation 2, or newer
        hint:  find the newest bundle of this cluster; anchorite export makes one again
               from the log
        hint:  --allow-older takes it all the same: going back is for a mesh that cannot
               run with the new one
        Nothing was written.
        exit 40
    ",
    );
}

fn open_at(world: &World, bundle: &std::path::Path, now: &str) -> Output {
    let bundle = bundle.to_str().unwrap();
    let root = "authority/public/root-cert.pem";
    world.run(&["--now", now, "open", bundle, "--into", "clusters/west", "--root", root])
}
