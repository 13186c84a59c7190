//! A mesh that runs under strict mTLS moves to another root: no call between its workloads may fail on the way.

use super::walk::{Walker, walk};
use crate::cross::old_root_and_cross;
use crate::istio;
use crate::present::{authority, certified, from_pypi, succeeded};
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
    assert_eq!(tally.failed, 0, "{}", tally.failure);
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
    assert_eq!(tally.failed, 0, "{}", tally.failure);
    let tally = walk(&envoy, &world, "the same without stage 1", &walkers().map(|walker| walker.without(1)));
    assert!(tally.failed > 0, "{tally:?}");
}

/// A cross certificate leads whoever has not heard of the new root from it to the old one.
#[test]
fn with_a_cross_certificate_no_call_fails_even_where_nobody_had_heard_of_the_new_root() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = authority("ecdsa-p256");
    certified(&world, &["west"]);
    old_root_and_cross(&world);
    let file = |path: &str| world.read(path);
    let chain = [file("clusters/west/ca-cert.pem"), file("old/cross.pem"), file("clusters/west/root-cert.pem")];
    world.write("clusters/west/cert-chain.pem", chain.concat());
    plan(&world, "old", "clusters/west", "switch");
    let walkers = [CART, TILL].map(|id| Walker::from(id, "old", "switch"));
    let tally = walk(&envoy, &world, "with a cross certificate", &walkers);
    assert_eq!(tally.failed, 0, "{}", tally.failure);
    let walkers = walkers.map(|walker| walker.without(1));
    let tally = walk(&envoy, &world, "the same without stage 1", &walkers);
    assert_eq!(tally.failed, 0, "{}", tally.failure);
}

#[test]
fn no_call_fails_while_two_clusters_move_to_the_authoritys_second_generation() {
    let Some(envoy) = from_pypi("envoy") else { return };
    for cross in [&[][..], &["--cross"]] {
        let world = authority("ecdsa-p256");
        certified(&world, &["west", "east"]);
        succeeded(&world, cross, &["west", "east"]);
        let walkers = || {
            [(CART, "west"), (TILL, "east")]
                .map(|(id, cluster)| Walker::from(id, &format!("clusters/{cluster}"), &format!("switch-{cluster}")))
        };
        for cluster in ["west", "east"] {
            let [current, next] = ["", ".2"].map(|generation| format!("clusters/{cluster}{generation}"));
            plan(&world, &current, &next, &format!("switch-{cluster}"));
        }
        let title = format!("from generation 1 to 2 {}", cross.concat());
        let tally = walk(&envoy, &world, &title, &walkers());
        assert_eq!(tally.failed, 0, "{}", tally.failure);
        let without = walkers().map(|walker| walker.without(1));
        let tally = walk(&envoy, &world, "the same without stage 1", &without);
        assert_eq!(tally.failed == 0, !cross.is_empty(), "{tally:?}");
    }
}

/// The plan refuses two roots of one name that nothing tells apart; these stages are what it would have written.
#[test]
fn calls_would_fail_between_two_roots_of_one_name_that_nothing_tells_apart() {
    let Some(envoy) = from_pypi("envoy") else { return };
    let world = World::new();
    for root in ["old", "new"] {
        istio::nameless(&world, root);
    }
    let refused = world.run(&["rollover", "plan", "--current", "old", "--next", "new", "--out", "switch"]);
    assert!(refused.refusal().contains("one name, and nothing tells them apart"), "{}", refused.refusal());
    let file = |ca: &str, name: &str| world.read(format!("{ca}/{name}"));
    let [old, new] = ["old", "new"].map(|ca| file(ca, "root-cert.pem"));
    let stages = [("old", [&old[..], &new].concat()), ("new", [&old[..], &new, &new].concat()), ("new", new.clone())];
    for (number, (ca, roots)) in (1..).zip(stages) {
        for name in ["ca-cert.pem", "ca-key.pem", "cert-chain.pem"] {
            world.write(format!("switch/stage-{number}/{name}"), file(ca, name));
        }
        world.write(format!("switch/stage-{number}/root-cert.pem"), roots);
    }
    let walkers = [CART, TILL].map(|id| Walker::from(id, "old", "switch"));
    let tally = walk(&envoy, &world, "between two roots of one name", &walkers);
    assert!(tally.failure.contains("BAD_SIGNATURE"), "{tally:?}");
}
