//! A rehearsal of an authority with custody: the same shares of another token, thrown away.

use super::seats::with_custody;
use crate::support::{AUTHORITY, World};

#[test]
fn every_ceremony_of_an_authority_with_custody_can_be_rehearsed() {
    let world = World::new();
    world.configure(&with_custody("production", 2, 3));
    for script in ["root-genesis-custody", "intermediate-signing", "custodian-change"] {
        let run = world.run(&["-C", AUTHORITY, "ceremony", "rehearse", script, "--unattended"]);
        assert_eq!(run.code, Some(0), "{script}\n{}", run.stderr);
        let shares = std::fs::read_dir(world.path(format!("rehearsal-{script}/shares"))).unwrap().count();
        assert_eq!(shares, if script == "custodian-change" { 6 } else { 3 }, "{script}");
    }
}
