//! A mesh that runs under strict mTLS moves to another root: no call between its workloads may fail on the way.

use super::walk::{Walker, walk};
use crate::istio;
use crate::present::{authority, certified, from_pypi};
use crate::support::World;

const CART: &str = "spiffe://cluster.local/ns/shop/sa/cart";
const TILL: &str = "spiffe://cluster.local/ns/bank/sa/till";

fn plan(world: &World, current: &str, next: &str, out: &str) {
    world.run(&["rollover", "plan", "--current", current, "--next", next, "--out", out]).ok();
}

#[test]
fn no_call_fails_while_a_mesh_moves_from_istios_own_root() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = authority("ecdsa-p256");
    certified(&world, &["west"]);
    istio::own_ca(&world, "old");
    plan(&world, "old/istio-ca-secret.json", "clusters/west", "out");
    let walkers = [CART, TILL].map(|id| Walker::from(id, "old", "out"));
    let tally = walk(&envoy, &world, "from Istio's own root", &walkers);
    assert_eq!(tally.failed, 0, "{}", tally.first_failure);
    for (stage, why) in [(1, "nobody has heard of the new root"), (2, "the old root's leaves are still about")] {
        let walkers = [CART, TILL].map(|id| Walker::from(id, "old", "out").without(stage));
        let tally = walk(&envoy, &world, &format!("the same without stage {stage} ({why})"), &walkers);
        assert!(tally.failed > 0, "{tally:?}");
    }
}

#[test]
fn no_call_fails_while_two_clusters_move_from_a_root_of_openssls() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = authority("ecdsa-p256");
    certified(&world, &["west", "east"]);
    istio::plugged_in(&world, "old", &["west", "east"]);
    for cluster in ["west", "east"] {
        plan(&world, &format!("old/{cluster}"), &format!("clusters/{cluster}"), &format!("switch-{cluster}"));
    }
    let walkers = || {
        [(CART, "west"), (TILL, "east")]
            .map(|(id, cluster)| Walker::from(id, &format!("old/{cluster}"), &format!("switch-{cluster}")))
    };
    let tally = walk(&envoy, &world, "from a plugged-in CA, two clusters", &walkers());
    assert_eq!(tally.failed, 0, "{}", tally.first_failure);
    let tally = walk(&envoy, &world, "the same without stage 1", &walkers().map(|walker| walker.without(1)));
    assert!(tally.failed > 0, "{tally:?}");
}
