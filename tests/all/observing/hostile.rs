//! What is given to `rollover observe` is anybody's: nothing is obeyed, nothing stops the others from being seen.

use super::proxies::{Proxy, istioctl};
use super::{CART, lacks, observe, planned, seen};
use crate::support::{BINARY, World, assert_text};
use serde_json::json;

fn piped(world: &World, text: &str) -> String {
    world.write("piped", text);
    let command = format!("{BINARY} rollover observe --stage 1 --plan switch < piped");
    world.tool("sh", &["-c", &command]).refusal()
}

#[test]
fn a_pipe_without_what_istioctl_prints_is_refused() {
    let world = planned();
    assert_text(
        &piped(&world, " \n"),
        "
        error: not what istioctl prints of a proxy's secrets: saw nothing, wanted the
               JSON of one proxy, or of several after each other
        hint:  istioctl proxy-config secret POD.NAMESPACE -o json
        hint:  ambient: istioctl ztunnel-config certificate -o json
        exit 30
    ",
    );
    for (text, saw) in [
        ("{\"dynamicActiveSecrets\": [\n  \u{1b}[2J", "saw line 2, column 3"),
        ("{} {\"kind\": \"Secret\"}", "saw another kind of JSON as document 2"),
        ("[{\"kind\": \"Secret\"}]", "saw another kind of JSON as document 1"),
        ("\"secret\"", "saw another kind of JSON as document 1"),
        ("NAME TYPE STATUS", "saw line 1, column 1"),
    ] {
        let said = piped(&world, text).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(saw) && said.ends_with("exit 30"), "{text}: {said}");
    }
    let deep = "[".repeat(100_000);
    assert!(piped(&world, &deep).ends_with("exit 30\n"));
}

#[test]
fn a_file_that_says_nothing_is_a_workload_that_is_not_ready() {
    let world = planned();
    seen(&world, ["switch/stage-1", "switch/stage-1"], ["switch/stage-1", "switch/stage-1"]);
    world.write("seen/gone.json", "");
    let output = world.run(&["rollover", "observe", "--stage", "1", "--plan", "switch", "seen"]);
    assert_text(
        &output.stdout,
        "
        Rollover · stage 1, trust both 2 of 3 workloads ready

          not ready    what it holds: not what istioctl prints of a proxy's secrets: saw
                       nothing, wanted the JSON of one proxy, or of several after each
                       other
          who          gone
          to do        ask its proxy again: istioctl proxy-config secret POD.NAMESPACE -o
                       json

          leaves       the first that was seen ends …
        Stay in this stage.
        Only what was given was seen: istioctl proxy-status names every proxy.
    ",
    );
    assert_eq!(output.code, Some(10));
    std::fs::remove_file(world.path("seen/gone.json")).unwrap();
    std::os::unix::fs::symlink("cart-7d9f.shop", world.path("seen/link")).unwrap();
    let (code, report) = observe(&world, 1);
    assert_eq!((code, &report["not_ready"]), (Some(10), &json!(1)));
    assert!(lacks(&report, 0)[0].contains("symbolic link"), "{report:#}");
}

#[test]
fn names_and_certificates_of_anybody_are_shown_escaped_and_bounded() {
    let world = planned();
    let proxy = Proxy::new(&world, CART, "switch/stage-1", "switch/stage-1");
    let many = proxy.roots.repeat(40);
    for (shown, wanted) in [
        (
            istioctl(&proxy.chain, b"\x1b]52;c;\x07"),
            "its roots: no PEM block in the file: wanted -----BEGIN CERTIFICATE-----",
        ),
        (istioctl(b"", &proxy.roots), "its certificate: no PEM block in the file: wanted -----BEGIN CERTIFICATE-----"),
        (istioctl(&proxy.chain, &many), "its roots: 80 certificates in one, more than 64"),
        (
            json!({ "dynamicActiveSecrets": [
                { "name": "default", "secret": { "tlsCertificate": { "certificateChain": { "inlineBytes": "?" } } } },
                { "name": "ROOTCA", "secret": { "validationContext": { "trustedCa": { "filename": "/etc/x" } } } },
            ] }),
            "its certificate: not base64",
        ),
    ] {
        world.write("seen/cart\u{1b}[31m.json", shown.to_string());
        let (code, report) = observe(&world, 1);
        assert_eq!(code, Some(10));
        assert_eq!(lacks(&report, 0)[0], wanted);
        assert_eq!(report["workloads"][0]["name"], "cart\\u{1b}[31m");
    }
    let (_, report) = observe(&world, 1);
    assert_eq!(lacks(&report, 0)[1], "its roots: in a file, which the output does not show");
}

#[test]
fn a_directory_without_files_and_a_plan_that_is_none_are_refused() {
    let world = planned();
    std::fs::create_dir(world.path("empty")).unwrap();
    let observe = |plan: &str| world.run(&["rollover", "observe", "--stage", "1", "--plan", plan, "empty"]).refusal();
    assert_text(
        &observe("switch"),
        "
        error: there are no workloads here: wanted what proxies hold
        hint:  istioctl proxy-config secret POD.NAMESPACE -o json | anchorite rollover
               observe --stage N --plan OUT
        exit 30
    ",
    );
    assert_text(
        &observe("empty"),
        "
        error: cannot read empty/plan.json: there is no such file or directory
        hint:  --plan is the directory that `anchorite rollover plan` wrote, or its
               plan.json
        exit 30
    ",
    );
}

#[test]
fn a_renewal_under_the_same_root_has_nothing_to_observe() {
    let world = World::new();
    crate::istio::plugged_in(&world, "ca", &["west", "west2"]);
    world.run(&["rollover", "plan", "--current", "ca/west", "--next", "ca/west2", "--out", "renewed"]).ok();
    world.write("seen", "{}");
    assert_text(
        &world.run(&["rollover", "observe", "--stage", "1", "--plan", "renewed", "seen"]).refusal(),
        "
        error: this plan takes no root away: there is nothing to observe: saw west2
        hint:  a new intermediate under the same root is one Secret, which istiod reads
               by itself
        exit 2
    ",
    );
}
