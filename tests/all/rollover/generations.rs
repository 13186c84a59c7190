//! From the authority's own first root to its second, with cross-certificates and without.

use crate::support::{AFTER, World};
use serde_json::Value;

/// The clusters' directories; then the plan between them, and its check. Without `cross` the chain has none.
fn switched(cross: bool) -> (World, Value) {
    // A cluster that is new opens a bundle with two roots only where one vouches for the other.
    let (world, old, new) = World::two_generations(true);
    for (cluster, bundle) in [("old", old), ("new", new)] {
        let (into, root) = (format!("clusters/{cluster}"), "authority/public/root-g1.pem");
        world.run(&["--now", AFTER, "open", bundle.to_str().unwrap(), "--into", &into, "--root", root]).ok();
    }
    if !cross {
        let files = ["clusters/new/ca-cert.pem", "authority/public/root-g2.pem"].map(|file| world.read(file));
        world.write("clusters/new/cert-chain.pem", files.concat());
    }
    let plan = ["rollover", "plan", "--current", "clusters/old", "--next", "clusters/new", "--out", "switch"];
    world.run(&[&["--now", AFTER][..], &plan].concat()).ok();
    let said = world.run(&["--now", AFTER, "--json", "rollover", "check", "switch"]).ok().stdout;
    (world, serde_json::from_str(&said).unwrap())
}

#[test]
fn a_mesh_moves_from_the_first_generation_of_the_root_to_the_second() {
    let (world, said) = switched(false);
    let text = |name: &str| String::from_utf8(world.read(name)).unwrap();
    let [first, second] = [1, 2].map(|generation| text(&format!("authority/public/root-g{generation}.pem")));
    assert_eq!(text("switch/stage-1/root-cert.pem"), format!("{first}{second}"));
    assert_eq!(text("switch/stage-2/root-cert.pem"), format!("{first}{second}{second}"));
    assert_eq!(text("switch/stage-3/root-cert.pem"), second);
    assert_eq!((&said["verdict"], said["tried"].as_array().unwrap().len()), (&"holds".into(), 10));
    let refused = said["without_stage_1"].as_array().unwrap().iter().filter(|tried| tried["refused"].is_string());
    assert_eq!(refused.count(), 1);
}

#[test]
fn the_first_root_vouches_for_the_second_where_they_are_crossed() {
    let (world, said) = switched(true);
    assert_eq!(said["verdict"], "holds");
    // Stage 2 sends the cross-certificate, stage 3 has no use for it.
    let certificates = |stage: u8| {
        let chain = world.read(format!("switch/stage-{stage}/cert-chain.pem"));
        String::from_utf8(chain).unwrap().matches("BEGIN CERTIFICATE").count()
    };
    assert_eq!([certificates(2), certificates(3)], [3, 2]);
    // Whoever trusts only the first root believes the new leaves already.
    for tried in said["without_stage_1"].as_array().unwrap() {
        assert!(tried["refused"].is_null(), "{tried}");
    }
}
