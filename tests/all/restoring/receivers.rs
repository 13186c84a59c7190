//! Clusters accept a new log id only with the entry that accounts for what they saw.

use super::*;

#[test]
fn a_cluster_accepts_the_new_log_by_its_proof_that_it_took_the_place_of_the_one_it_saw() {
    let world = lost();
    restore(&world, &["--checkpoint", "lost/public/checkpoint"]).ok();
    let bundle = export(&world, "west");
    let shown = open(&world, &bundle, "west", &[]).ok().stderr;
    assert!(shown.contains("the authority's log was restored"), "{shown}");
    // And from then on the new log is the one that it follows.
    let next = export(&world, "west");
    open(&world, &next, "west", &[]).ok();
    assert_eq!(open(&world, &bundle, "west", &[]).code, Some(40));
}

#[test]
fn a_cluster_that_saw_more_than_the_restored_log_accounts_for_refuses_it_until_people_say_which_log_it_is() {
    let world = lost();
    // west saw the lost log at its end; the token's guard is what the restore knows it by, so it is taken away.
    world.write("answers-export.toml", PARTICIPANTS);
    world.tool("cp", &["-a", "token/tokens", "token/kept"]).ok();
    // The first export is no news for a cluster: its bundle is under the checkpoint of before. The second one's is not.
    let mut newest = None;
    for now in ["2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"] {
        let export_lost = ["-C", "lost", "--now", now, "export", "west", "--to", "medium", "--pin-file", "pin"];
        let before = world.bundles();
        world.run(&[&export_lost[..], &["--answers", "answers-export.toml"]].concat()).ok();
        newest = world.bundles().into_iter().find(|bundle| !before.contains(bundle));
    }
    let newest = newest.unwrap();
    open(&world, &newest, "west", &[]).ok();
    world.tool("sh", &["-c", "rm -rf token/tokens && mv token/kept token/tokens"]).ok();
    restore(&world, &[]).ok();
    let bundle = export(&world, "west");
    assert_text(
        &open(&world, &bundle, "west", &[]).refusal(),
        "
        error: the log was restored from less than was seen here: saw … entries of the
               lost log are accounted for, wanted … entries or more
        hint:  ask the authority's people: what was signed since may be known to nobody
               there
        hint:  or take its id from the new root card, which came another way:
               --accept-restore ID
        Nothing was written.
        exit 40
    ",
    );
    let other = "0".repeat(32);
    assert_text(
        &open(&world, &bundle, "west", &["--accept-restore", &other]).refusal(),
        "
        error: this bundle is of another log than the one that is accepted: saw …,
               wanted …
        hint:  the id is the last part of the line \"log\" on the new root card
        Nothing was written.
        exit 40
    ",
    );
    let card = String::from_utf8(world.read(format!("{NEW}/public/root-card.txt"))).unwrap();
    let id = log_id(&world, NEW);
    assert!(card.contains(&id), "{card}");
    open(&world, &bundle, "west", &["--accept-restore", &id.to_uppercase()]).ok();
}

#[test]
fn a_bundle_of_a_log_that_says_nothing_of_the_one_that_was_seen_is_refused() {
    let (world, other) = (World::ready(), World::ready());
    let bundle = world.issued("west");
    open(&world, &bundle, "west", &[]).ok();
    // Another authority's bundle for the same key and identity: another log, and no restore.
    for name in ["request.json", "request.sig"] {
        other.write(format!("requests/west/{name}"), world.read(format!("clusters/west/{name}")));
    }
    let sha256 = other.sha256("requests/west/request.json");
    other.sign(&other.signing_answers(&[&sha256], &[])).ok();
    let foreign = other.bundles().remove(0);
    world.tool("cp", &["-a", other.path(&foreign).to_str().unwrap(), "foreign"]).ok();
    let root = other.path("authority/public/root-cert.pem");
    let open = ["--now", SIGNING, "open", "foreign", "--into", "clusters/west", "--root", root.to_str().unwrap()];
    assert_text(
        &world.run(&open).refusal(),
        "
        error: this bundle comes from another log: saw …, wanted …
        hint:  an authority that was restored starts a new log: ask its people, and
               compare the root card
        hint:  or take its id from the new root card, which came another way:
               --accept-restore ID
        Nothing was written.
        exit 40
    ",
    );
}
