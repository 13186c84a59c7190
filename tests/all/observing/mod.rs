//! `rollover observe`: who is not ready for the next stage, from what proxies hold.

mod hostile;
mod proxies;
mod ztunnel;

use crate::istio;
use crate::support::{World, assert_text};
use proxies::{Proxy, config_dump, istioctl_with_domains};
use serde_json::{Value, json};

const CART: &str = "spiffe://cluster.local/ns/shop/sa/cart";
const TILL: &str = "spiffe://cluster.local/ns/bank/sa/till";

/// A world with the plan `switch` from Istio's own root to another one.
fn planned() -> World {
    let world = World::new();
    istio::own_ca(&world, "old");
    istio::plugged_in(&world, "new", &["west"]);
    let plan = ["rollover", "plan", "--current", "old/istio-ca-secret.json", "--next", "new/west", "--out", "switch"];
    world.run(&plan).ok();
    world
}

/// Cart and till, each with the leaf and the roots of these directories, as files in `seen/`.
fn seen(world: &World, cart: [&str; 2], till: [&str; 2]) {
    for (id, name, [leaf, roots]) in [(CART, "cart-7d9f.shop", cart), (TILL, "till-5c8b.bank.json", till)] {
        world.write(format!("seen/{name}"), Proxy::new(world, id, leaf, roots).shown().to_string());
    }
}

fn stage(number: u8) -> String {
    format!("switch/stage-{number}")
}

/// Observes what is in `seen/`: exit code and the JSON.
fn observe(world: &World, stage: u8) -> (Option<i32>, Value) {
    let output =
        world.run(&["--json", "rollover", "observe", "--stage", &stage.to_string(), "--plan", "switch", "seen"]);
    (output.code, serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.refusal())))
}

/// What a workload lacks.
fn lacks(report: &Value, workload: usize) -> Vec<&str> {
    let lacks = report["workloads"][workload]["lacks"].as_array().unwrap();
    lacks.iter().map(|lack| lack["what"].as_str().unwrap()).collect()
}

#[test]
fn each_stage_is_passed_when_every_workload_has_come_so_far() {
    let world = planned();
    for number in 1..=3 {
        let now = stage(number);
        seen(&world, [&now, &now], [&now, &now]);
        let (code, report) = observe(&world, number);
        assert_eq!((code, &report["ready"], &report["seen"]), (Some(0), &json!(true), &json!(2)), "{report:#}");
        assert_eq!(report["workloads"][0]["under_new"], number > 1);
        let before = if number == 1 { "old".to_owned() } else { stage(number - 1) };
        seen(&world, [&now, &now], [&before, &before]);
        let (code, report) = observe(&world, number);
        assert_eq!((code, &report["ready"], &report["not_ready"]), (Some(10), &json!(false), &json!(1)), "{number}");
        assert_eq!(report["workloads"][0]["name"], "till-5c8b.bank", "those that are not ready come first");
        assert_eq!(report["workloads"][0]["spiffe_id"], TILL);
    }
}

#[test]
fn a_workload_without_the_new_root_is_named_with_what_to_do() {
    let world = planned();
    seen(&world, ["switch/stage-1", "switch/stage-1"], ["old", "old"]);
    let output = world.run(&["rollover", "observe", "--stage", "1", "--plan", "switch", "seen"]);
    assert_text(
        &output.stdout,
        "
        Rollover · stage 1, trust both 1 of 2 workloads ready

          not ready    its roots: without the new one, O=Istio, CN=Root CA (sha256
                       …
          who          till-5c8b.bank, until …
          to do        istiod pushes them within minutes; where they do not arrive, the
                       workload was injected before the settings of stage 0: kubectl
                       rollout restart

          leaves       the first that was seen ends …
        Stay in this stage.
        Only what was given was seen: istioctl proxy-status names every proxy.
    ",
    );
    assert_text(
        &output.refusal(),
        "
        error: the mesh is not ready for what follows stage 1, trust both: saw 1 of 2
               workloads that lack something, wanted none
        hint:  do what is said above, and look again; until then stay in this stage
        exit 10
    ",
    );
}

#[test]
fn the_end_of_a_stage_says_what_may_begin() {
    let world = planned();
    for (number, may) in [
        (1, "Stage 2 may begin once every cluster of the mesh has come this far."),
        (2, "Stage 3 may begin once every cluster of the mesh has come this far."),
        (3, "The old root is gone: its keys can be destroyed, as the runbook says."),
    ] {
        seen(&world, [&stage(number), &stage(number)], [&stage(number), &stage(number)]);
        let output =
            world.run(&["rollover", "observe", "--stage", &number.to_string(), "--plan", "switch/plan.json", "seen"]);
        let said = output.ok().stdout;
        assert!(said.contains(may) && said.contains("2 of 2 workloads ready"), "{said}");
    }
}

#[test]
fn what_a_workload_lacks_depends_on_the_stage() {
    let world = planned();
    let (one, two, three) = (stage(1), stage(2), stage(3));
    for (number, [leaf, roots], wanted) in [
        (1, [&one, &three], "its roots: without the old one, O=cluster.local (sha256 "),
        (2, [&one, &two], "its certificate: signed by O=cluster.local (sha256 "),
        (2, [&two, &"old".to_owned()], "its roots: without the new one, O=Istio, CN=Root CA (sha256 "),
        (3, [&two, &two], "its roots: still with the old one, O=cluster.local (sha256 "),
        (3, [&one, &three], "its certificate: signed by O=cluster.local (sha256 "),
    ] {
        seen(&world, [leaf, roots], [leaf, roots]);
        let (code, report) = observe(&world, number);
        assert_eq!((code, &report["not_ready"]), (Some(10), &json!(2)), "{report:#}");
        let lacks = lacks(&report, 0);
        assert!(lacks.len() == 1 && lacks[0].starts_with(wanted), "{number} {lacks:?}");
    }
}

#[test]
fn a_workload_that_is_ahead_of_its_stage_is_no_obstacle_but_is_noted() {
    let world = planned();
    seen(&world, ["switch/stage-2", "switch/stage-1"], ["switch/stage-1", "switch/stage-1"]);
    let (code, report) = observe(&world, 1);
    assert_eq!(code, Some(0));
    assert_eq!(
        report["workloads"][0]["notes"],
        json!(["its certificate: already the new intermediate's, as in stage 2"])
    );
    seen(&world, ["switch/stage-2", "switch/stage-3"], ["switch/stage-2", "switch/stage-2"]);
    let (code, report) = observe(&world, 2);
    assert_eq!(code, Some(0));
    assert_eq!(report["workloads"][0]["notes"], json!(["its roots: already without the old one, as in stage 3"]));
}

#[test]
fn a_certificate_whose_intermediate_is_not_shown_is_not_the_new_ones() {
    let world = planned();
    let mut proxy = Proxy::new(&world, CART, "switch/stage-2", "switch/stage-2");
    let end = b"-----END CERTIFICATE-----\n";
    let leaf = proxy.chain.windows(end.len()).position(|at| at == end).unwrap() + end.len();
    proxy.chain.truncate(leaf);
    world.write("seen/cart", proxy.shown().to_string());
    let (code, report) = observe(&world, 2);
    assert_eq!(code, Some(10));
    let lacks = lacks(&report, 0);
    assert!(lacks[0].contains("signed by O=Istio, CN=Intermediate CA, L=west, which is not shown"), "{lacks:?}");
}

/// A name is not enough: the plan's intermediate itself must be there, and must have signed.
#[test]
fn an_intermediate_of_the_same_name_is_not_the_new_one() {
    let world = planned();
    istio::plugged_in(&world, "other", &["west"]);
    let plan = ["rollover", "plan", "--current", "old/istio-ca-secret.json", "--next", "other/west", "--out", "others"];
    world.run(&plan).ok();
    seen(&world, ["others/stage-2", "switch/stage-2"], ["switch/stage-2", "switch/stage-2"]);
    let (code, report) = observe(&world, 2);
    assert_eq!((code, &report["not_ready"]), (Some(10), &json!(1)), "{report:#}");

    // Shown behind a certificate that another key of the same name signed.
    let mut proxy = Proxy::new(&world, CART, "others/stage-2", "switch/stage-2");
    let shown = [world.read("switch/stage-2/ca-cert.pem"), std::mem::take(&mut proxy.chain)];
    let leaf_first = [&shown[1][..], &shown[0]].concat();
    world.write("seen/cart-7d9f.shop", Proxy { chain: leaf_first, ..proxy }.shown().to_string());
    assert_eq!(observe(&world, 2).0, Some(10));
}

#[test]
fn an_expired_certificate_is_not_ready_whoever_signed_it() {
    let world = planned();
    seen(&world, ["switch/stage-1", "switch/stage-1"], ["switch/stage-1", "switch/stage-1"]);
    for (now, wanted) in [("2100-01-01T00:00:00Z", "expired at "), ("2020-01-01T00:00:00Z", "valid from ")] {
        let arguments = ["--json", "--now", now, "rollover", "observe", "--stage", "1", "--plan", "switch", "seen"];
        let output = world.run(&arguments);
        assert_eq!(output.code, Some(10));
        let report: Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(lacks(&report, 0)[0].starts_with(&format!("its certificate: {wanted}")), "{report:#}");
    }
}

#[test]
fn a_secret_that_envoy_waits_for_or_has_not_is_named() {
    let world = planned();
    let whole = Proxy::new(&world, CART, "switch/stage-1", "switch/stage-1").shown();
    let mut waiting = whole.clone();
    let roots = waiting["dynamicActiveSecrets"].as_array_mut().unwrap().remove(1);
    waiting["dynamicWarmingSecrets"] = json!([{ "name": "ROOTCA", "secret": { "name": roots["name"] } }]);
    let mut without = whole.clone();
    without["dynamicActiveSecrets"].as_array_mut().unwrap().remove(0);
    let mut credential = whole;
    credential["dynamicWarmingSecrets"] = json!([{ "name": "kubernetes://shop-credential" }]);
    for (shown, wanted) in [
        (waiting, vec!["its roots: Envoy still waits for the secret ROOTCA"]),
        (without, vec!["its certificate: Envoy has no secret default"]),
        (json!({}), vec!["its certificate: Envoy has no secret default", "its roots: Envoy has no secret ROOTCA"]),
        // A gateway's certificate for a host is nobody's identity in the mesh.
        (credential, vec![]),
    ] {
        world.write("seen/cart", shown.to_string());
        let (code, report) = observe(&world, 1);
        assert_eq!(lacks(&report, 0), wanted);
        assert_eq!(code, Some(if wanted.is_empty() { 0 } else { 10 }));
    }
}

#[test]
fn roots_are_asked_for_in_each_trust_domain() {
    let world = planned();
    let proxy = Proxy::new(&world, CART, "switch/stage-1", "switch/stage-1");
    let old = world.read("old/root-cert.pem");
    let shown = istioctl_with_domains(&proxy.chain, &[("cluster.local", &proxy.roots), ("east.local", &old)]);
    world.write("seen/cart", shown.to_string());
    let (code, report) = observe(&world, 1);
    assert_eq!(code, Some(10));
    let lacks = lacks(&report, 0);
    assert!(lacks.len() == 1 && lacks[0].starts_with("its roots for east.local: without the new one, "), "{lacks:?}");
}

#[test]
fn several_documents_after_each_other_are_read_from_a_pipe_and_envoys_own_dump_too() {
    let world = planned();
    let [cart, till] =
        [(CART, "switch/stage-1"), (TILL, "old")].map(|(id, roots)| Proxy::new(&world, id, "old", roots));
    let piped = format!("{:#}\n{}", cart.shown(), config_dump(&till.shown()));
    world.write("piped", piped);
    let output = world.tool(
        "sh",
        &["-c", &format!("{} --json rollover observe --stage 1 --plan switch < piped", crate::support::BINARY)],
    );
    assert_eq!(output.code, Some(10));
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(report["workloads"][0]["name"], TILL);
    assert_eq!(report["workloads"][1]["name"], CART);
    assert_eq!(report["not_ready"], 1);
}

#[test]
fn clusters_of_one_mesh_are_observed_together_and_others_are_refused() {
    let world = World::new();
    istio::plugged_in(&world, "old", &["west", "east"]);
    istio::plugged_in(&world, "new", &["west", "east"]);
    istio::plugged_in(&world, "other", &["north"]);
    for (current, next, out) in
        [("old/west", "new/west", "a"), ("old/east", "new/east", "b"), ("old/west", "other/north", "c")]
    {
        world.run(&["rollover", "plan", "--current", current, "--next", next, "--out", out]).ok();
    }
    seen(&world, ["a/stage-2", "a/stage-2"], ["b/stage-2", "b/stage-2"]);
    let observe = ["rollover", "observe", "--stage", "2", "seen", "--plan", "a"];
    world.run(&[&observe[..], &["--plan", "b"]].concat()).ok();
    assert_eq!(world.run(&observe).code, Some(10), "east's intermediate is in no plan that was given");
    assert_text(
        &world.run(&[&observe[..], &["--plan", "c"]].concat()).refusal(),
        "
        error: these plans move to different roots: saw north: O=Istio, CN=Root CA
               (sha256 …), wanted O=Istio, CN=Root CA (sha256
               …)
        hint:  clusters of one mesh move to one root; observe another mesh by itself
        exit 10
    ",
    );
}
