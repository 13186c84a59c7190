//! What `rollover plan` writes.

use super::{FOUR, Switch};
use crate::cross::old_root_and_cross;
use crate::istio;
use crate::present::{authority, certified, from_pypi};
use crate::workload::certify_ca;
use std::os::unix::fs::PermissionsExt;

#[test]
fn roots_are_only_appended_and_the_ca_changes_in_stage_2() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let (old, new) = (switch.pki.pem("old-root"), switch.pki.pem("root"));
    for (stage, signer, roots) in [
        (0, "current", old.clone()),
        (1, "current", format!("{old}{new}")),
        (2, "good", format!("{old}{new}{new}")),
        (3, "good", new.clone()),
    ] {
        let text = |name: &str| switch.text(&format!("switch/stage-{stage}/{name}"));
        assert_eq!(text("root-cert.pem"), roots, "stage {stage}");
        for name in ["ca-cert.pem", "cert-chain.pem"] {
            assert_eq!(text(name), switch.text(&format!("{signer}/{name}")), "stage {stage}");
        }
        let mode = |name: &str| {
            let about = std::fs::metadata(switch.world().path(format!("switch/stage-{stage}/{name}")));
            about.ok().map(|about| about.permissions().mode() & 0o777)
        };
        let private = (stage > 0).then_some(0o600);
        assert_eq!([mode("ca-key.pem"), mode("secret.yaml")], [private, private], "stage {stage}");
        if stage > 0 {
            assert_eq!(text("ca-key.pem"), switch.text(&format!("{signer}/ca-key.pem")));
        }
    }
}

#[test]
fn a_root_file_without_a_final_newline_is_not_glued() {
    let switch = Switch::new();
    let old = switch.pki.pem("old-root");
    switch.world().write("current/root-cert.pem", format!("the old root\n{}", old.trim_end()));
    switch.plan(&[]).ok();
    let both = switch.text("switch/stage-1/root-cert.pem");
    assert_eq!(both, format!("the old root\n{old}{}", switch.pki.pem("root")));
    switch.check(&[]).ok();
}

#[test]
fn istiods_own_ca_is_its_own_root_and_no_secret_is_there_yet() {
    let switch = Switch::new();
    istio::own_ca(switch.world(), "own");
    let plan = ["rollover", "plan", "--current", "own/istio-ca-secret.json", "--next", "good", "--out", "switch"];
    let output = switch.world().run(&plan).ok();
    let old = switch.text("own/ca-cert.pem");
    for name in ["ca-cert.pem", "cert-chain.pem"] {
        assert_eq!(switch.text(&format!("switch/stage-1/{name}")), old);
    }
    assert_eq!(switch.text("switch/stage-1/root-cert.pem"), format!("{old}{}", switch.pki.pem("root")));
    assert!(
        switch.text("switch/stage-1/secret.yaml").ends_with("metadata:\n  name: cacerts\n  namespace: istio-system\n")
    );
    assert!(switch.text("switch/RUNBOOK.md").contains("kubectl create -f stage-1/secret.yaml"));
    assert_eq!(switch.record("switch")["secret"]["exists"], false);
    // Nothing private is said.
    let key = switch.text("own/ca-key.pem");
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(key.lines().filter(|line| line.len() > 20).all(|line| !said.contains(line)));
    switch.check(&[]).ok();
    // The same, from a directory into which somebody saved the two files.
    let saved = ["ca-cert.pem", "ca-key.pem"].map(|name| switch.world().read(format!("own/{name}")));
    switch.world().write("saved/ca-cert.pem", &saved[0]);
    switch.world().write("saved/ca-key.pem", &saved[1]);
    switch.world().run(&["rollover", "plan", "--current", "saved", "--next", "good", "--out", "again"]).ok();
    assert_eq!(switch.text("again/stage-1/cert-chain.pem"), old);
}

#[test]
fn a_new_intermediate_of_the_same_root_is_one_secret_with_the_same_roots() {
    let switch = Switch::new();
    switch.pki.issue(
        "renewed",
        "/O=Old/CN=Intermediate CA/L=good/serialNumber=2",
        "old-root",
        super::INTERMEDIATE,
        &[],
    );
    switch.pki.arrange("renewed", &["old-root"]);
    let plan = ["rollover", "plan", "--current", "current", "--next", "renewed", "--out", "switch"];
    let said = switch.world().run(&plan).ok().stderr;
    assert!(said.contains("the root stays the same: no stages, one Secret"), "{said}");
    assert_eq!(switch.record("switch")["kind"], "renewal");
    assert!(!switch.world().path("switch/stage-1").exists() && !switch.world().path("switch/stage-2").exists());
    assert_eq!(switch.text("switch/renewal/root-cert.pem"), switch.text("current/root-cert.pem"));
    assert_eq!(switch.text("switch/renewal/ca-cert.pem"), switch.text("renewed/ca-cert.pem"));
    let runbook = switch.text("switch/RUNBOOK.md");
    assert!(runbook.contains("kubectl replace -f renewal/secret.yaml") && !runbook.contains("{{"), "{runbook}");
    let said = switch.check(&[]).ok().stdout;
    assert!(said.contains("a new intermediate, the same root"), "{said}");
}

#[test]
fn a_mesh_that_trusts_both_already_gets_no_root_twice_in_stage_1() {
    let switch = Switch::new();
    switch.pki.arrange("current", &["old-root", "root"]);
    let chain = format!("{}{}", switch.pki.pem("current"), switch.pki.pem("old-root"));
    switch.world().write("current/cert-chain.pem", chain);
    switch.plan(&[]).ok();
    assert_eq!(switch.text("switch/stage-1/root-cert.pem"), switch.text("current/root-cert.pem"));
    let again = format!("{}{}", switch.text("current/root-cert.pem"), switch.pki.pem("root"));
    assert_eq!(switch.text("switch/stage-2/root-cert.pem"), again);
    assert_eq!(switch.text("switch/stage-3/root-cert.pem"), switch.pki.pem("root"));
}

#[test]
fn a_root_that_the_next_ca_does_not_bring_is_said_to_go() {
    let switch = Switch::new();
    switch.pki.root("third", "/CN=Third Root", super::P256, super::CA, &[]);
    switch.world().write("current/root-cert.pem", format!("{}{}", switch.pki.pem("old-root"), switch.pki.pem("third")));
    let said = switch.plan(&[]).ok().stderr.replace('\n', " ");
    assert!(said.contains("CN=Third Root") && said.contains("not any more in stage 3"), "{said}");
}

#[test]
fn the_type_of_a_live_secret_is_kept_and_decides_its_keys() {
    let switch = Switch::new();
    for (kind, file) in [("Opaque", "opaque"), ("istio.io/ca-root", "own"), ("kubernetes.io/tls", "tls")] {
        let json = format!("{file}.json");
        match kind {
            "kubernetes.io/tls" => switch.secret(
                &json,
                "cacerts",
                kind,
                &[
                    ("tls.crt", "current/cert-chain.pem"),
                    ("tls.key", "current/ca-key.pem"),
                    ("ca.crt", "current/root-cert.pem"),
                ],
            ),
            _ => switch.live(&json, "current", kind),
        }
        switch.world().run(&["rollover", "plan", "--live", &json, "--next", "good", "--out", file]).ok();
        let yaml = switch.text(&format!("{file}/stage-2/secret.yaml"));
        assert_eq!(yaml.contains("\ntype: "), kind != "Opaque");
        assert!(kind == "Opaque" || yaml.contains(&format!("\ntype: {kind}\n")), "{yaml}");
        assert_eq!(yaml.contains("  tls.crt: "), kind == "kubernetes.io/tls");
        assert_eq!(yaml.contains("  ca-cert.pem: "), kind != "kubernetes.io/tls");
        assert!(switch.text(&format!("{file}/RUNBOOK.md")).contains("kubectl replace -f stage-1/secret.yaml"));
        switch.world().run(&["rollover", "check", file, "--live", &json, "--stage", "0"]).ok();
    }
}

#[test]
fn each_stages_secret_has_the_data_that_kubectl_makes_of_its_files() {
    let Some(kubectl) = from_pypi("kubectl") else { return };
    let kubectl = kubectl.display().to_string();
    let switch = Switch::new();
    switch.plan(&[]).ok();
    for stage in [1, 2, 3] {
        let dir = format!("switch/stage-{stage}");
        let from = FOUR.map(|name| format!("--from-file={dir}/{name}"));
        let create = ["create", "secret", "generic", "cacerts", "-n", "istio-system", "--dry-run=client", "-o", "yaml"];
        let arguments: Vec<&str> = create.into_iter().chain(from.iter().map(String::as_str)).collect();
        let theirs = switch.world().tool(&kubectl, &arguments).ok().stdout.replace("  creationTimestamp: null\n", "");
        assert_eq!(switch.text(&format!("{dir}/secret.yaml")), theirs, "stage {stage}");
    }
}

#[test]
fn a_redacted_plan_holds_no_key_and_kubernetes_cannot_take_it() {
    let switch = Switch::new();
    switch.plan(&["--redact"]).ok();
    let keys = ["current", "good"].map(|dir| switch.text(&format!("{dir}/ca-key.pem")));
    for (path, (_, bytes)) in switch.world().tree("switch") {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("PRIVATE KEY"), "{}", path.display());
        for key in &keys {
            assert!(!text.contains(&data_encoding::BASE64.encode(key.as_bytes())), "{}", path.display());
        }
    }
    for stage in [1, 2, 3] {
        assert!(!switch.world().path(format!("switch/stage-{stage}/ca-key.pem")).exists());
        assert!(switch.text(&format!("switch/stage-{stage}/secret.yaml")).contains("  ca-key.pem: <redacted>\n"));
    }
    switch.world().refused(
        &["rollover", "check", "switch"],
        "
        error: good: a plan without its keys cannot be proved: saw the plan of good
        hint:  it was made with --redact, for review: plan again without it
        exit 10
    ",
    );
}

/// Envoy takes the first issuer of a name in what it is sent (`envoy/mod.rs` has the handshakes).
#[test]
fn a_cross_certificate_stands_before_its_root_and_goes_with_the_old_one() {
    let world = authority("ecdsa-p256");
    certified(&world, &["west"]);
    old_root_and_cross(&world);
    let extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n";
    certify_ca(&world, "old", "current", extensions);
    let text = |name: &str| String::from_utf8(world.read(name)).unwrap();
    let (own, root) = (text("clusters/west/ca-cert.pem"), text("clusters/west/root-cert.pem"));
    let cross = text("old/cross.pem");
    world.write("clusters/west/cert-chain.pem", format!("{own}{root}{cross}"));
    world.run(&["rollover", "plan", "--current", "current", "--next", "clusters/west", "--out", "switch"]).ok();
    assert_eq!(text("switch/stage-2/cert-chain.pem"), format!("{own}{cross}{root}"));
    assert_eq!(text("switch/stage-3/cert-chain.pem"), format!("{own}{root}"));
    let said = world.run(&["--json", "rollover", "check", "switch"]).ok().stdout;
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    let without = said["without_stage_1"].as_array().unwrap();
    // By the cross certificate the old root vouches for the new one; nobody vouches for the old one.
    let new_before_old = without.iter().find(|tried| tried["presents"]["stage"] == 2).unwrap();
    assert!(new_before_old["refused"].is_null(), "{without:?}");
}
