//! Ambient: what ztunnel holds for the identities on its node.

use super::proxies::{Proxy, ztunnel};
use super::{CART, TILL, lacks, observe, planned};
use serde_json::json;

/// What ztunnel shows of a chain: without the roots.
fn without_roots(world: &crate::support::World, stage: u8) -> Vec<u8> {
    let dir = format!("switch/stage-{stage}");
    let proxy = Proxy::new(world, CART, &dir, &dir);
    let end = b"-----END CERTIFICATE-----\n";
    let leaf = proxy.chain.windows(end.len()).position(|at| at == end).unwrap() + end.len();
    let above = if stage == 1 { Vec::new() } else { world.read(format!("{dir}/ca-cert.pem")) };
    [&proxy.chain[..leaf], &above].concat()
}

#[test]
fn the_identities_of_a_ztunnel_are_observed_one_by_one() {
    let world = planned();
    let chain = without_roots(&world, 1);
    let [both, old] = ["switch/stage-1", "old"].map(|dir| world.read(format!("{dir}/root-cert.pem")));
    let list = json!([
        ztunnel(CART, &chain, Some(&both)),
        ztunnel(TILL, &chain, Some(&old)),
        { "identity": "spiffe://cluster.local/ns/a/sa/b", "state": "Initializing", "certChain": [] },
        { "identity": "spiffe://cluster.local/ns/a/sa/c",
          "state": "Unavailable: signing gRPC error (deadline \u{1b}[2J)", "certChain": [] },
    ]);
    // As istioctl prints it, and as ztunnel's own config_dump has it.
    for shown in [list.clone(), json!({ "workloads": {}, "certificates": list })] {
        world.write("seen/node-1.json", shown.to_string());
        let (code, report) = observe(&world, 1);
        assert_eq!((code, &report["seen"], &report["not_ready"]), (Some(10), &json!(4), &json!(3)), "{report:#}");
        assert_eq!(report["workloads"][0]["name"], "spiffe://cluster.local/ns/a/sa/b");
        assert_eq!(lacks(&report, 0), ["its certificate: ztunnel says Initializing"]);
        let refused = "its certificate: ztunnel says Unavailable: signing gRPC error (deadline \\u{1b}[2J)";
        assert_eq!(lacks(&report, 1), [refused]);
        assert!(lacks(&report, 2)[0].starts_with("its roots: without the new one, "), "{report:#}");
        assert_eq!(report["workloads"][3]["name"], CART);
    }
}

#[test]
fn an_older_istioctl_does_not_say_the_roots_and_only_stage_2_does_without() {
    let world = planned();
    for (stage, ready) in [(1, false), (2, true), (3, false)] {
        let shown = json!([ztunnel(CART, &without_roots(&world, stage), None)]);
        world.write("seen/node-1.json", shown.to_string());
        let (code, report) = observe(&world, stage);
        assert_eq!(code, Some(if ready { 0 } else { 10 }), "{report:#}");
        if !ready {
            assert_eq!(lacks(&report, 0), ["its roots: this output does not say them"]);
        }
    }
}

#[test]
fn a_ztunnel_without_workloads_keeps_nobody_from_being_ready() {
    let world = planned();
    let both = world.read("switch/stage-1/root-cert.pem");
    world.write("seen/node-1", json!([ztunnel(CART, &without_roots(&world, 1), Some(&both))]).to_string());
    // As Go writes a list that was never begun, and an empty one.
    world.write("seen/node-2", "null\n");
    world.write("seen/node-3", "[]\n");
    let (code, report) = observe(&world, 1);
    assert_eq!((code, &report["seen"]), (Some(0), &json!(1)), "{report:#}");
    assert_eq!(report["workloads"][0]["name"], "node-1");
    assert_eq!(report["workloads"][0]["spiffe_id"], CART);
}
