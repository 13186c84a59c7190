//! Killed while the custodians are changed: at each write to the log, what the log says of the PINs is enough to go on.

use super::super::custody::change::{CHANGE, to_be_changed};
use super::super::custody::unattended::{participants, share_files, with_shares};
use super::*;

/// The set whose shares open the token now, and the sets that were dealt.
fn sets(world: &World) -> (String, usize) {
    let status = world.run(&["--json", "-C", AUTHORITY, "status"]).ok().stdout;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    let dealt = of_type(&entries(world), "custody.split").len();
    (status["custody"]["set"].as_str().unwrap().to_owned(), dealt)
}

#[test]
fn a_change_of_custodians_killed_at_any_write_to_the_log_is_completed_by_the_same_command() {
    if !instants::can_trace("a_change_of_custodians_killed_at_any_write_to_the_log_is_completed_by_the_same_command") {
        return;
    }
    let world = to_be_changed();
    let change = with_shares(&CHANGE);
    let change: Vec<&str> = change.iter().map(String::as_str).collect();
    let (old, _) = sets(&world);
    let all = instants::of_run(&copy(&world), &change, &["authority/log/entries.jsonl"]);
    assert!(all.len() > 10, "{all:?}");
    instants::each(&all, |at| {
        let world = copy(&world);
        instants::kill(&world, &change, at);
        let verified = world.run(&["log", "verify", AUTHORITY]);
        assert_eq!(verified.code, Some(0), "{at}\n{}", verified.stderr);
        let before = of_type(&entries(&world), "pin.changed").len();
        let dealt = sets(&world).1;
        let next = world.run(&change);
        assert_eq!(next.code, Some(0), "{at}\n{}", next.stderr);
        let (new, dealt_now) = sets(&world);
        assert_ne!(new, old, "{at}");
        // A set that the log knows is used, not dealt again, unless the killed change may have come to its end.
        assert!(dealt == 1 || before > 0 || dealt_now == dealt, "{at}: {dealt} {dealt_now}");
        // Only the shares of now are left, and they open the token.
        for path in share_files(&world) {
            if !path.to_string_lossy().contains(&format!("share-{new}-")) {
                std::fs::remove_file(path).unwrap();
            }
        }
        world.write("answers-export.toml", participants(2));
        let export = ["-C", AUTHORITY, "--now", "2026-11-23T09:00:00Z", "export", "--to", "medium"];
        let export = with_shares(&[&export[..], &["--answers", "answers-export.toml"]].concat());
        let opened = world.run(&export);
        assert_eq!(opened.code, Some(0), "{at}\n{}", opened.stderr);
        world.run(&["log", "verify", AUTHORITY, "--at-rest"]).ok();
    });
}
