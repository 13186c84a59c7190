//! The runbook and its scripts: whole for every kind of mesh, narrow enough for a terminal, and the scripts say what
//! is so, run here against a kubectl that prints what a cluster would.

use super::Switch;
use crate::istio;
use crate::present::have;
use crate::support::{Output, World};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// A kubectl that prints what the cluster of this test holds, by what it is asked for.
fn cluster(world: &World, answers: &[(&str, Value)]) {
    let mut script = "#!/bin/sh\ncase \"$*\" in\n".to_owned();
    for (number, (asked, answer)) in answers.iter().enumerate() {
        world.write(format!("answers/{number}"), answer.to_string());
        let path = world.path(format!("answers/{number}"));
        script.push_str(&format!("*\"{asked}\"*) cat {} ;;\n", path.display()));
    }
    script.push_str("*) echo \"not found: $*\" >&2; exit 1 ;;\nesac\n");
    let path = world.write("bin/kubectl", script);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(world: &World, script: &str) -> Output {
    let program = std::path::Path::new(crate::support::BINARY).parent().unwrap().display().to_string();
    let line = format!("PATH=\"$PWD/bin:{program}:$PATH\" sh switch/commands/{script}");
    world.tool("sh", &["-c", &line])
}

fn istiod(value: Option<&str>) -> Value {
    let env = value.map_or_else(|| json!([]), |value| json!([{ "name": "ISTIO_MULTIROOT_MESH", "value": value }]));
    json!({ "items": [{ "metadata": { "name": "istiod" },
        "spec": { "template": { "spec": { "containers": [{ "name": "discovery", "env": env }] } } } }] })
}

fn pod(name: &str, container: &str, agent: bool, native: bool) -> Value {
    let env = if agent { json!([{ "name": "PROXY_CONFIG_XDS_AGENT", "value": "true" }]) } else { json!([]) };
    let proxy = json!([{ "name": container, "env": env }]);
    let (containers, init) = if native { (json!([]), proxy) } else { (proxy, json!([])) };
    json!({ "metadata": { "name": name, "namespace": "shop", "ownerReferences": [{ "kind": "ReplicaSet", "name": name }] },
        "status": { "phase": "Running" }, "spec": { "containers": containers, "initContainers": init } })
}

#[test]
fn every_mesh_gets_a_whole_runbook_that_fits_a_terminal() {
    let switch = Switch::new();
    switch.live("live.json", "current", "istio.io/ca-root");
    istio::own_ca(switch.world(), "own");
    for (out, arguments, words) in [
        ("dir", &["--current", "current"][..], "where it exists"),
        ("live", &["--live", "live.json"], "kubectl replace -f stage-1/secret.yaml"),
        ("own", &["--current", "own/istio-ca-secret.json", "--sidecar-only"], "kubectl create -f stage-1/secret.yaml"),
    ] {
        let out = format!("out-{out}");
        let plan = ["rollover", "plan", "--next", "good", "--out", &out, "--leaf-lifetime", "12h"];
        switch.world().run(&[&plan[..], arguments].concat()).ok();
        let runbook = switch.text(&format!("{out}/RUNBOOK.md"));
        assert!(runbook.contains(words), "{runbook}");
        assert!(runbook.contains("12 hours"), "{runbook}");
        assert_eq!(runbook.contains("ztunnel"), !out.contains("own"), "{runbook}");
        for name in ["before", "setting", "unrestarted", "restart-istiod", "roots", "gather"] {
            assert!(name == "setting" || runbook.contains(&format!("sh commands/{name}.sh")), "{name}");
            let path = format!("{out}/commands/{name}.sh");
            let script = switch.text(&path);
            assert!(!script.contains("{{") && script.lines().all(|line| line.chars().count() <= 80), "{script}");
            switch.world().tool("sh", &["-n", &path]).ok();
        }
        assert!(!runbook.contains("{{"), "{runbook}");
        for line in runbook.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
        // What is dangerous at night is said where it is done, and the way back is saved once.
        let said = runbook.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in
            ["current-context", "`kubectl label`", "test -s before.json || kubectl", "it would reject workloads"]
        {
            assert!(said.contains(words), "{words}: {runbook}");
        }
        // Each fence is closed, each stage is there, and nobody is told to apply.
        assert_eq!(runbook.matches("```").count() % 2, 0);
        for stage in 0..=3 {
            assert!(runbook.contains(&format!("# Stage {stage}: ")));
        }
        assert!(!runbook.lines().any(|line| line.starts_with("kubectl apply")));
    }
}

#[test]
fn the_settings_script_wants_the_setting_of_every_istiod() {
    if !have("jq") {
        return;
    }
    let switch = Switch::new();
    switch.plan(&[]).ok();
    cluster(switch.world(), &[("get deployment -l app=istiod", istiod(Some("true")))]);
    run(switch.world(), "setting.sh").ok();
    for value in [None, Some("false")] {
        cluster(switch.world(), &[("get deployment -l app=istiod", istiod(value))]);
        let output = run(switch.world(), "setting.sh");
        assert_eq!(output.code, Some(1));
        assert!(output.stderr.contains("istiod lacks ISTIO_MULTIROOT_MESH: stage 0 is not in force"), "{output:?}");
    }
    cluster(switch.world(), &[("get deployment -l app=istiod", json!({ "items": [] }))]);
    assert_eq!(run(switch.world(), "setting.sh").code, Some(1));
    // A cluster that does not answer is no cluster that is ready.
    cluster(switch.world(), &[]);
    for script in ["setting.sh", "unrestarted.sh", "roots.sh 1", "gather.sh"] {
        assert_eq!(run(switch.world(), script).code, Some(1), "{script}");
    }
}

#[test]
fn the_pods_that_still_need_a_restart_are_named() {
    if !have("jq") {
        return;
    }
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let ready = [
        pod("cart", "istio-proxy", true, false),
        pod("till", "istio-proxy", true, true),
        pod("db", "db", false, false),
    ];
    cluster(switch.world(), &[("get pods -A", json!({ "items": ready }))]);
    run(switch.world(), "unrestarted.sh").ok();
    let late = [
        pod("cart", "istio-proxy", false, false),
        pod("till", "istio-proxy", false, true),
        pod("db", "db", false, false),
    ];
    cluster(switch.world(), &[("get pods -A", json!({ "items": late }))]);
    let output = run(switch.world(), "unrestarted.sh");
    assert_eq!(
        (output.code, output.stdout.as_str()),
        (Some(1), "shop  cart  ReplicaSet/cart\nshop  till  ReplicaSet/till\n")
    );
}

#[test]
fn the_roots_of_each_namespace_are_compared_with_the_stages() {
    if !have("jq") {
        return;
    }
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let handed_out = |roots: &str| {
        let map = |namespace: &str, pem: &str| json!({ "metadata": { "namespace": namespace }, "data": { "root-cert.pem": pem } });
        let maps = [map("bank", &switch.text("switch/stage-1/root-cert.pem")), map("shop", roots)];
        cluster(switch.world(), &[("get configmap -A", json!({ "items": maps }))]);
    };
    handed_out(&switch.text("switch/stage-2/root-cert.pem"));
    // A doubled root is one: whether istiod drops it does not matter.
    for stage in [1, 2] {
        run(switch.world(), &format!("roots.sh {stage}")).ok();
    }
    handed_out(&switch.pki.pem("old-root"));
    let output = run(switch.world(), "roots.sh 1");
    assert_eq!((output.code, output.stdout.as_str()), (Some(1), "shop\n"));
    assert!(output.stderr.contains("other roots than those of stage 1"), "{output:?}");
    assert_eq!(run(switch.world(), "roots.sh 3").stdout, "bank\nshop\n");
}

#[test]
fn a_stage_may_begin_only_after_the_one_before_it() {
    if !have("jq") {
        return;
    }
    let switch = Switch::new();
    switch.live("before.json", "current", "Opaque");
    switch.world().run(&["rollover", "plan", "--live", "before.json", "--next", "good", "--out", "switch"]).ok();
    let live = |dir: &str, value: Option<&str>| {
        switch.live("live.json", dir, "Opaque");
        let secret: Value = serde_json::from_slice(&switch.world().read("live.json")).unwrap();
        cluster(switch.world(), &[("get deployment", istiod(value)), ("get secret cacerts", secret)]);
    };
    for (dir, stage) in [("current", 1), ("switch/stage-1", 2), ("switch/stage-2", 3)] {
        live(dir, Some("true"));
        run(switch.world(), &format!("before.sh {stage}")).ok();
        let next = format!("before.sh {}", stage % 3 + 1);
        let output = run(switch.world(), &next);
        assert_eq!(output.code, Some(10), "{next}: {output:?}");
        assert!(output.stderr.contains("the live files are in another stage"), "{output:?}");
        live(dir, None);
        assert_eq!(run(switch.world(), &format!("before.sh {stage}")).code, Some(1));
    }
    // Planned for none, and there is one.
    istio::own_ca(switch.world(), "own");
    let plan = ["rollover", "plan", "--current", "own/istio-ca-secret.json", "--next", "good", "--out", "other"];
    switch.world().run(&plan).ok();
    switch.world().tool("mv", &["switch", "was"]).ok();
    switch.world().tool("mv", &["other", "switch"]).ok();
    live("current", Some("true"));
    let output = run(switch.world(), "before.sh 1");
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("and plan again with --live"), "{output:?}");
    cluster(switch.world(), &[("get deployment", istiod(Some("true")))]);
    run(switch.world(), "before.sh 1").ok();
}

#[test]
fn what_the_proxies_hold_is_gathered_into_a_file_for_each() {
    if !have("jq") {
        return;
    }
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let pods = [pod("cart", "istio-proxy", true, false), pod("db", "db", false, false)];
    let ztunnel = json!({ "items": [{ "metadata": { "name": "ztunnel-1", "namespace": "istio-system" } }] });
    cluster(switch.world(), &[("-l app=ztunnel", ztunnel), ("get pods -A", json!({ "items": pods }))]);
    let path = switch.world().write("bin/istioctl", "#!/bin/sh\necho \"$@\"\n");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    run(switch.world(), "gather.sh").ok();
    assert_eq!(switch.text("switch/seen/cart.shop"), "proxy-config secret cart.shop -o json\n");
    let ztunnel = switch.text("switch/seen/ztunnel-1.istio-system");
    assert_eq!(ztunnel, "ztunnel-config certificate ztunnel-1.istio-system -o json\n");
    assert_eq!(std::fs::read_dir(switch.world().path("switch/seen")).unwrap().count(), 2);
}
