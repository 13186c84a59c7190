//! A vendor's own quorum: said before anybody types a PIN, printed, and kept in the log.

use super::{profile, world_of};
use crate::support::{AUTHORITY, ENTRIES};

const SAYS: &str = "Two of three keyholders turn their keys at the device.";
const BRING: &str = "Two of the three device keys";

#[test]
fn what_the_profile_says_of_quorum_is_on_the_screen_in_the_log_and_on_paper() {
    let world = world_of(&profile(&format!("[quorum]\nsays = [\"{SAYS}\"]\nbring = [\"{BRING}\"]")));
    let founded = world.found().ok();
    assert!(founded.stderr.contains(SAYS) && founded.stderr.contains(BRING), "{}", founded.stderr);
    let log = String::from_utf8(world.read(ENTRIES)).unwrap();
    assert!(log.lines().any(|line| line.contains("\"type\":\"token.quorum\"") && line.contains(SAYS)), "{log}");
    let record = world.run(&["-C", AUTHORITY, "ceremony", "record"]).ok().stdout;
    assert!(record.contains(SAYS) && record.contains("whether the device asked for that quorum"));
    let shown = world.run(&["log", "show", AUTHORITY]).ok().stdout;
    assert!(shown.contains("token.quorum"), "{shown}");
    // Every script that unlocks the token names who comes and what lies on the table; one that does not is silent.
    for (script, says) in [("intermediate-signing", true), ("restore-drill", true)] {
        let page = world.run(&["-C", AUTHORITY, "ceremony", "script", script]).ok().stdout;
        assert_eq!((page.contains(SAYS), page.contains(BRING)), (says, says), "{script}");
        assert!(page.contains("own quorum is here"), "{script}");
    }
    // Nor does paper that is printed for any authority.
    let any = world.run(&["ceremony", "script", "intermediate-signing"]).ok().stdout;
    assert!(!any.contains(SAYS) && !any.contains("own quorum"));
}

#[test]
fn a_token_without_a_quorum_of_its_own_says_nothing_of_one() {
    let world = world_of(&profile(""));
    world.found().ok();
    assert!(!String::from_utf8(world.read(ENTRIES)).unwrap().contains("token.quorum"));
    let page = world.run(&["-C", AUTHORITY, "ceremony", "script", "intermediate-signing"]).ok().stdout;
    assert!(!page.contains("own quorum"));
}
