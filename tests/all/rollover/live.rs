//! `rollover check --live`: which stage a Secret is in, and what may follow.

use super::Switch;
use serde_json::Value;

fn stage_of(switch: &Switch, live: &str) -> Value {
    let said = switch.world().run(&["--json", "rollover", "check", "switch", "--live", live]).ok().stdout;
    serde_json::from_str::<Value>(&said).unwrap()["live"]["stage"].clone()
}

#[test]
fn each_stage_is_found_in_a_directory_and_in_a_secret_of_any_type() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    assert_eq!(stage_of(&switch, "current"), 0);
    for stage in 1..=3 {
        let dir = format!("switch/stage-{stage}");
        assert_eq!(stage_of(&switch, &dir), stage);
        // A Secret that istiod made keeps its type when ours replaces its content.
        for kind in ["Opaque", "istio.io/ca-root"] {
            switch.live("live.json", &dir, kind);
            assert_eq!(stage_of(&switch, "live.json"), stage, "{kind}");
        }
    }
}

#[test]
fn the_screen_says_what_may_follow() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    for (live, words) in [
        ("current", "stage 0, prepare"),
        ("switch/stage-1", "Next: stage 2, once every cluster is ready"),
        ("switch/stage-2", "Back: stage 1."),
        ("switch/stage-3", "destroy the old keys"),
    ] {
        let said = switch.check(&["--live", live]).ok().stdout;
        assert!(said.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{said}");
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    }
}

#[test]
fn another_stage_than_the_one_asked_for_is_refused() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    switch.check(&["--live", "switch/stage-1", "--stage", "1"]).ok();
    switch.world().refused_with_screen(
        &["rollover", "check", "switch", "--live", "current", "--stage", "1"],
        "
        error: the live files are in another stage: saw stage 0, wanted stage 1
        hint:  stages follow each other: none is left out
        exit 10
    ",
    );
}

/// Files put together by hand, as by whoever left a stage out or mixed two.
#[test]
fn files_of_no_stage_are_named_with_what_puts_them_right() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let mix = |signs: &str, roots: &str| {
        for name in ["ca-cert.pem", "ca-key.pem", "cert-chain.pem"] {
            switch.world().write(format!("live/{name}"), switch.world().read(format!("switch/{signs}/{name}")));
        }
        switch.world().write("live/root-cert.pem", roots);
    };
    let refused = |text: &str| switch.world().refused_with_screen(&CHECK, text);
    const CHECK: [&str; 5] = ["rollover", "check", "switch", "--live", "live"];
    let (old, new) = (switch.pki.pem("old-root"), switch.pki.pem("root"));
    mix("stage-1", &new);
    refused(
        "
        error: these live files are none of the plan's stages: saw the old CA signs, and
               the roots are new root, wanted old root (stage 0) or old root, new root
               (stage 1)
        hint:  put stage 1 in place: kubectl replace -f switch/stage-1/secret.yaml
        exit 10
    ",
    );
    mix("stage-2", &format!("{new}{old}"));
    refused(
        "
        error: these live files are none of the plan's stages: saw the new CA signs, and
               the roots are new root, old root, wanted old root, new root, new root
               (stage 2) or new root (stage 3)
        hint:  put stage 2 in place: kubectl replace -f switch/stage-2/secret.yaml
        exit 10
    ",
    );
    mix("stage-2", &new);
    switch.world().write("live/cert-chain.pem", switch.pki.pem("good"));
    refused(
        "
        error: these live files are none of the plan's stages: saw cert-chain.pem holds
               new CA, wanted new CA, new root, as in stage 3
        hint:  put stage 3 in place: kubectl replace -f switch/stage-3/secret.yaml
        exit 10
    ",
    );
    switch.pki.cluster("other");
    switch.world().refused_with_screen(
        &["rollover", "check", "switch", "--live", "other"],
        "
        error: these live files are none of the plan's stages: saw it signs with
               O=Istio, CN=Intermediate CA, L=other, sha256 …, wanted the old CA or the
               new one
        hint:  this plan is of another cluster, or the CA was changed since: plan again
               from what is live
        exit 10
    ",
    );
}

#[test]
fn a_live_secret_is_of_one_cluster() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    switch.world().refused(
        &["rollover", "check", "switch", "switch", "--live", "current"],
        "
        error: --live is one cluster's: saw 2 plans, wanted the plan of that cluster
               alone
        exit 2
    ",
    );
}
