//! `rollover check`: the proof, over one cluster and several, and what was changed by hand.

use super::{CA, INTERMEDIATE, P256, Switch};
use crate::support::assert_text;
use serde_json::Value;

/// A second cluster of the mesh, `east`, under the same two roots.
fn with_east(next_root: &str) -> Switch {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let subject = "/O=Istio/CN=Intermediate CA/L=east";
    switch.pki.issue("east-now", "/O=Old/CN=Intermediate CA/L=east", "old-root", INTERMEDIATE, &[]);
    switch.pki.arrange("east-now", &["old-root"]);
    if next_root != "root" {
        switch.pki.root(next_root, "/O=Another/CN=Root CA", P256, CA, &[]);
    }
    switch.pki.issue("east-next", subject, next_root, INTERMEDIATE, &[]);
    switch.pki.arrange("east-next", &[next_root]);
    switch.world().run(&["rollover", "plan", "--current", "east-now", "--next", "east-next", "--out", "east"]).ok();
    switch
}

#[test]
fn a_screen_says_who_was_tried_and_when_each_stage_is_due() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    assert_text(
        &switch.check(&[]).ok().stdout,
        "
        Switch · good                                         everybody trusts everybody
          paths tried  10, 0 refused
                       without stage 1, 1 of 2 more would be refused

        good                                                                another root
          old          O=Old, CN=Intermediate CA, L=good, under O=Old, CN=Root CA
                       until …
          new          O=Istio, CN=Intermediate CA, L=good, under CN=Root CA
                       until …
          stage 0      prepare      due …
          stage 1      trust-both   due …
          stage 2      switch       due …
          stage 3      retire       no date forces it; the old key can sign until then
    ",
    );
}

#[test]
fn dates_are_counted_back_from_the_end_of_the_old_ca_by_leaf_lifetimes() {
    let switch = Switch::new();
    switch.plan(&["--leaf-lifetime", "90m"]).ok();
    let record = switch.record("switch");
    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    // The intermediate ends before its root does.
    let ends = time(&record["old"][0]["not_after"]);
    for (stage, lifetimes) in [(0, 3), (1, 2), (2, 1)] {
        let by = time(&record["stages"][stage]["apply_by"]);
        assert_eq!(ends.duration_since(by), jiff::SignedDuration::from_mins(90 * lifetimes));
    }
    assert!(record["stages"][3].get("apply_by").is_none());
}

#[test]
fn several_clusters_are_one_mesh() {
    let switch = with_east("root");
    let said = switch.world().run(&["--json", "rollover", "check", "switch", "east"]).ok().stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["verdict"], "holds");
    // Two clusters in four stages: who presents and who trusts are at most a stage apart.
    assert_eq!(said["tried"].as_array().unwrap().len(), 4 * 10);
    assert_eq!(said["without_stage_1"].as_array().unwrap().len(), 4 * 2);
    // Nobody has heard of the new root; the old one is still trusted.
    for tried in said["without_stage_1"].as_array().unwrap() {
        assert_eq!(tried["refused"].is_string(), tried["presents"]["stage"] == 2, "{tried}");
    }
}

#[test]
fn two_clusters_that_move_to_different_roots_are_refused_with_the_reason() {
    let switch = with_east("another");
    switch.world().refused_with_screen(
        &["rollover", "check", "switch", "east"],
        "
        error: the stages do not overlap: workloads would reject each other: saw 10 of
               40 paths refused, wanted every workload trusts what any other presents,
               in this stage and the next
        hint:  east in stage 1 rejects good in stage 2: CN=Root CA is not trusted
        hint:  east in stage 2 rejects good in stage 2: CN=Root CA is not trusted
        hint:  east in stage 3 rejects good in stage 2: CN=Root CA is not trusted
        hint:  east in stage 2 rejects good in stage 3: CN=Root CA is not trusted
        hint:  east in stage 3 rejects good in stage 3: CN=Root CA is not trusted
        hint:  and 5 more: anchorite --json rollover check …
        exit 10
    ",
    );
    // Each alone is proved.
    for out in ["switch", "east"] {
        switch.world().run(&["rollover", "check", out]).ok();
    }
}

#[test]
fn a_stage_that_was_changed_by_hand_is_refused() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let (old, new) = (switch.pki.pem("old-root"), switch.pki.pem("root"));
    let refused = |path: &str, content: &str, text: &str| {
        let path = format!("switch/{path}");
        let whole = switch.world().read(&path);
        switch.world().write(&path, content);
        switch.world().refused(&["rollover", "check", "switch"], text);
        switch.world().write(&path, whole);
    };
    refused(
        "stage-1/root-cert.pem",
        &format!("{new}{old}"),
        "
        error: stage-1 of switch: root-cert.pem was changed since it was planned: saw
               its roots in another order, wanted the order in which they were planned
        hint:  plan again into a new directory: the stages are proved together, and an
               edited one is not proved
        hint:  agents up to Istio 1.29 compare roots by prefix: roots are only appended,
               never moved
        exit 40
    ",
    );
    let changed = |stage: &str, file: &str, seen: &str| {
        format!(
            "
        error: {stage} of switch: {file} was changed since it was planned{seen}
        hint:  plan again into a new directory: the stages are proved together, and an
               edited one is not proved
        exit 40
    "
        )
    };
    refused("stage-2/root-cert.pem", &new, &changed("stage-2", "root-cert.pem", ""));
    refused("stage-3/cert-chain.pem", &old, &changed("stage-3", "cert-chain.pem", ""));
    let yaml = switch.text("switch/stage-3/secret.yaml").replace("cacerts", "mine");
    let seen = ": saw another Secret than these files make";
    refused("stage-3/secret.yaml", &yaml, &changed("stage-3", "secret.yaml", seen));
    // A key of another CA makes another Secret as well.
    let other = switch.text("current/ca-key.pem");
    refused("stage-2/ca-key.pem", &other, &changed("stage-2", "secret.yaml", seen));
    switch.check(&[]).ok();
}

/// What plan.json says counts for nothing here: it was changed with the file.
#[test]
fn roots_that_are_not_appended_are_refused_whatever_the_plan_says() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let turned = format!("{}{}", switch.pki.pem("root"), switch.pki.pem("old-root"));
    let yaml = "switch/stage-1/secret.yaml";
    let was = data_encoding::BASE64.encode(&switch.world().read("switch/stage-1/root-cert.pem"));
    let manifest = switch.text(yaml).replace(&was, &data_encoding::BASE64.encode(turned.as_bytes()));
    switch.world().write(yaml, manifest);
    let before = switch.world().sha256("switch/stage-1/root-cert.pem");
    switch.world().write("switch/stage-1/root-cert.pem", turned);
    let after = switch.world().sha256("switch/stage-1/root-cert.pem");
    let plan = switch.text("switch/plan.json").replace(&before, &after);
    switch.world().write("switch/plan.json", plan);
    switch.world().refused(
        &["rollover", "check", "switch"],
        "
        error: switch: the roots of a stage do not begin with those of the stage before:
               saw stage 1
        hint:  plan again into a new directory
        hint:  agents up to Istio 1.29 compare roots by prefix: roots are only appended,
               never moved
        exit 40
    ",
    );
}

#[test]
fn what_is_no_plan_is_refused() {
    let switch = Switch::new();
    switch.world().refused(
        &["rollover", "check", "current"],
        "
        error: cannot read current/plan.json: there is no such file or directory
        hint:  name what `anchorite rollover plan --out` wrote; without plan.json
               current is unfinished
        exit 30
    ",
    );
    switch.plan(&[]).ok();
    let plan = switch.text("switch/plan.json");
    switch.world().write("switch/plan.json", plan.replace("\"stage-3\"", "\"../good\""));
    switch.world().refused(
        &["rollover", "check", "switch"],
        "
        error: ../good of switch: plan.json names a directory that is none of a plan's:
               saw ../good
        exit 40
    ",
    );
    // A newer form may have other fields: it is named before they are looked at.
    let newer = plan.replace("anchorite-rollover-v1", "anchorite-rollover-v9").replacen('{', "{\"waves\": [],", 1);
    switch.world().write("switch/plan.json", newer);
    switch.world().refused(
        &["rollover", "check", "switch"],
        "
        error: plan.json was written by a newer anchorite: saw
               anchorite-rollover-v9, wanted anchorite-rollover-v1
        hint:  use the version of anchorite that wrote it, or a later one
        exit 30
    ",
    );
    switch.world().write("switch/plan.json", plan.replace("anchorite-rollover-v1", "rollover"));
    switch.world().refused(
        &["rollover", "check", "switch"],
        "
        error: plan.json is of another type: saw rollover, wanted anchorite-rollover-v1
        exit 30
    ",
    );
}

#[test]
fn a_plan_that_time_has_passed_over_does_not_hold_any_more() {
    let switch = Switch::new();
    switch.plan(&[]).ok();
    let output = switch.world().run(&["--now", "2060-01-01T00:00:00Z", "rollover", "check", "switch"]);
    assert_eq!(output.code, Some(40));
    assert!(output.stderr.contains("consumer.certificate.expired"), "{}", output.stderr);
}
